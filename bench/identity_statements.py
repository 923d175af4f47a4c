"""What up to four offices state of made-up people, wrong at the usual rates, in the shape stage merge compares; with the truth."""

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from bench.identity_numbers import CODE as NUMBER_CODE
from bench.identity_numbers import write_numbers
from bench.identity_people import COUNTIES, VILLAGES_OF_TOWN, People, draw_people
from bench.identity_rates import Rates
from bench.identity_spellings import BY_EAR, BY_EAR_IN_HAKKA, BY_EYE, IN_TRADITIONAL, lengths_of, texts_of
from schemas.idnumber import judge_column
from simulator.population import SOURCES
from simulator.texts import as_text, join, only_where
from transforms.columns import hash_texts, iso_dates, join_texts, texts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Flags = NDArray[np.bool_]

__all__ = ["NAME_ERRORS", "TODAY", "Stated", "state"]

TODAY = date(2026, 3, 2)
NAME_ERRORS = (
    "none", "homophone", "hakka_homophone", "look_alike", "traditional", "lost_character", "other_character", "swapped_characters",
    "other_name",
)  # fmt: skip
"""What can have happened to a row's name, by code."""

_LISTED = {
    "village_survey": 0.68,
    "health_incapacity": 0.26,
    "health_family_planning": 0.065,
    "disability_federation": 0.37,
}
_HAS_VILLAGE = np.array([True, False, False, False])
_FIRST, _SECOND = "上下大新龙石横长高黄白西东南福双古竹", "坑塘岗坪湖洞径寨陂角田排楼岭墩村坝屋"


@dataclass(frozen=True, slots=True, repr=False)
class Stated:
    """Rows as stage merge compares them, and of each row in the same order whose it is and what happened to it."""

    rows: pd.DataFrame
    truth: pd.DataFrame  # person, number_error, name_error, and the head of the person's family


def state(count: int, seed: int, *, today: date = TODAY, rates: Rates = Rates()) -> Stated:  # noqa: B008  frozen
    """Made-up people of whom one to four lists speak."""
    people = draw_people(count, seed, today, rates)
    rng = np.random.default_rng((seed, 12))
    person, source = _listed(count, rates, rng)
    number, as_number, number_error = _numbers(people, person, source, rates, rng)
    name, name_error = _names(people, person, rates, rng)
    judged = judge_column(texts(number), as_number, today=today)
    known = judged.key >= 0
    age = np.int64(today.year) - (judged.birth_date.astype("datetime64[Y]").astype(np.int64) + 1970)
    order = rng.permutation(len(person))
    is_male = people.is_male[person] ^ (rng.random(len(person)) < rates.wrong_sex)
    columns: dict[str, Any] = {
        "source": pa.array(list(SOURCES), pa.large_string()).take(pa.array(source)),
        "id_number": pc.coalesce(pa.array(judged.id_number, pa.large_string()), number),
        "name": name,
        "birth_date": pa.array(iso_dates(judged.birth_date), pa.large_string()),
        "sex": pa.array(["female", "male"], pa.large_string()).take(pa.array(is_male.astype(np.int64))),
        **_phones(people, person, source, rates, rng),
        **_places(people, person, source, rates, rng),
        "disability_certificate_number": _certificates(people, person, source, rng),
    }
    rows = pd.DataFrame({field: texts(values) for field, values in columns.items()})
    rows["id_key"] = pd.array(np.where(known, judged.key, 0), dtype="Int64")
    rows.loc[~known, "id_key"] = pd.NA
    # Whom a wrong birth date makes too young is held by that, though the number is good.
    rows["is_held"] = ~known | (age < 60) | (age > 120)
    rows["row_hash"] = hash_texts(join_texts([rows[field] for field in columns]))
    # Nothing says when a row was stated; which of two rows of one list is the better one is not asked here.
    rows["stated_date"] = texts(pa.nulls(len(rows), pa.large_string()))
    rows["filled_count"], rows["received_run"] = 1, 1
    name_birth = pd.Series(hash_texts(join_texts([rows["name"], rows["birth_date"]]))).astype("Int64")
    rows["name_birth_key"] = name_birth.mask(rows["id_key"].isna() | rows["name"].isna())
    rows["row_id"] = order + 1
    truth = pd.DataFrame(
        {"person": person, "family": people.head[person], "number_error": number_error, "name_error": name_error}
    )
    place = np.argsort(order)
    return Stated(rows.iloc[place].reset_index(drop=True), truth.iloc[place].reset_index(drop=True))


def _listed(count: int, rates: Rates, rng: np.random.Generator) -> tuple["Ints", "Ints"]:
    listed = np.stack([rng.random(count) < _LISTED[source] for source in SOURCES])
    listed[0] |= ~listed.any(axis=0)
    source, person = np.nonzero(listed)
    again = rng.random(len(person)) < rates.repeated
    return np.concatenate([person, person[again]]), np.concatenate([source, source[again]])


def _numbers(
    people: People, person: "Ints", source: "Ints", rates: Rates, rng: np.random.Generator
) -> tuple[Any, "Flags", "NDArray[np.int8]"]:
    count = len(person)
    takes_former = rng.random(count) < 0.5
    numbers = np.where(takes_former[:, None], people.former[person], people.numbers[person])
    is_former = (numbers != people.numbers[person]).any(axis=1)
    other_line = rng.random(count) < rates.other_line
    numbers[other_line] = people.numbers[(person[other_line] + 1) % len(people)]
    twin = people.twin[person]
    as_twin = (twin >= 0) & (rng.random(count) < rates.twins_number)
    numbers[as_twin] = people.numbers[twin[as_twin]]
    lists = source * (people.village.max() + 1) + people.village[person]
    damaged = (rng.random(lists.max() + 1) < rates.damaged_list)[lists]
    written, as_number, what = write_numbers(numbers, damaged, rates, rng)
    for name, mask in (("former", is_former), ("other_line", other_line), ("twins_number", as_twin)):
        what[mask & (what == 0)] = NUMBER_CODE[name]
    column = pa.array(written.astype("U20"), pa.large_string())
    return only_where(written != b"", column), as_number, what


def _names(people: People, person: "Ints", rates: Rates, rng: np.random.Generator) -> tuple[Any, "NDArray[np.int8]"]:
    """Names as they come to be written; only of three characters is one lost or two swapped."""
    names = people.names[person]
    what = np.zeros(len(person), dtype=np.int8)
    drawn, start = rng.random(len(person)), 0.0
    for code, error in enumerate(NAME_ERRORS[1:], 1):
        share = getattr(rates, error)
        rows = np.flatnonzero((drawn >= start) & (drawn < start + share))
        start += share
        changed = _changed(error, names[rows], people.other_names[person[rows]], rng)
        what[rows] = np.where((changed != names[rows]).any(axis=1), code, 0)
        names[rows] = changed
    return pa.array(texts_of(names), pa.large_string()), what


def _changed(error: str, names: "Ints", other_names: "Ints", rng: np.random.Generator) -> "Ints":
    tables = {
        "homophone": BY_EAR,
        "hakka_homophone": BY_EAR_IN_HAKKA,
        "look_alike": BY_EYE,
        "traditional": IN_TRADITIONAL,
    }
    if error in tables:
        return tables[error].change(names, rng)
    changed, long = names.copy(), lengths_of(names) == 3
    if error == "lost_character":
        changed[long, 1], changed[long, 2] = changed[long, 2], 0
    elif error == "swapped_characters":
        changed[long, 1], changed[long, 2] = names[long, 2], names[long, 1]
    elif error == "other_character":
        at = np.where(long & (rng.random(len(names)) < 0.6), 2, 1)
        changed[np.arange(len(names)), at] = np.roll(names[:, 1], 1)
    else:  # the surname stays
        changed[:, 1:] = other_names[:, 1:]
    return changed


def _phones(people: People, person: "Ints", source: "Ints", rates: Rates, rng: np.random.Generator) -> dict[str, Any]:
    count = len(person)
    phone = np.where(rng.random(count) < rates.old_phone, people.old_phones[person], people.phones[person])
    wrong = rng.random(count) < rates.wrong_phone
    phone = np.where(wrong, phone + rng.integers(1, 9, count) * 10 ** rng.integers(0, 8, count), phone)
    contact = np.where(rng.random(count) < 0.6, people.contacts[person], people.old_phones[person] + 1)
    return {
        "phone": only_where(rng.random(count) >= rates.missing_phone, as_text(phone)),
        "emergency_contact_phone": only_where((source == 0) & (rng.random(count) < 0.85), as_text(contact)),
    }


def _places(people: People, person: "Ints", source: "Ints", rates: Rates, rng: np.random.Generator) -> dict[str, Any]:
    """Codes as far down as a division table resolves what is written, the village's name, and addresses of one line."""
    columns: dict[str, Any] = {}
    for place, village in (("household", people.village[person]), ("residence", people.residence[person])):
        count = len(person)
        missing = rng.random(count) < rates.missing_village
        other = rng.random(count) < np.where(_HAS_VILLAGE[source], rates.other_spelling, 0.4)
        base = _village_names(village)
        ending = pa.array(["村委会", "村", "村民委员会", ""], pa.large_string()).take(
            pa.array(np.where(other, rng.integers(0, 4, count), 0))
        )
        has_columns = _HAS_VILLAGE[source]
        name = only_where(~missing & (has_columns | ~other), join(base, ending))
        columns[f"{place}_division_code"] = as_text(_codes(village, people.town_count, ~missing & ~other))
        columns[f"{place}_village"] = name
        house = join("第", as_text(person % 15 + 1), "组", as_text(people.head[person] % 200 + 1), "号")
        line = join(_town_names(village // VILLAGES_OF_TOWN), base, ending, house)
        columns[f"{place}_address"] = only_where(~has_columns & ~missing, line)
    return columns


def _codes(village: "Ints", towns: int, to_village: "Flags") -> "Ints":
    town = village // VILLAGES_OF_TOWN
    counties = int(np.clip(round(towns * VILLAGES_OF_TOWN * 450 / 125_000), 1, len(COUNTIES)))
    county = np.array([*map(int, COUNTIES)])[town * counties // towns]
    return (county * 1000 + 100 + town % 400) * 1000 + np.where(to_village, 200 + village % VILLAGES_OF_TOWN, 0)


def _village_names(village: "Ints") -> Any:
    names = [
        _FIRST[(place // VILLAGES_OF_TOWN * 7 + place % 18 * 5) % 18] + _SECOND[place % 18] for place in range(18 * 18)
    ]
    return pa.array(names, pa.large_string()).take(pa.array(village % len(names)))


def _town_names(town: "Ints") -> Any:
    names = [f"{first}{second}镇" for first in _SECOND for second in _FIRST]
    return pa.array(names, pa.large_string()).take(pa.array(town % len(names)))


def _certificates(people: People, person: "Ints", source: "Ints", rng: np.random.Generator) -> Any:
    """The federation's rows have one, a tenth of the survey's; it bears the number that the person had when it was issued."""
    count = len(person)
    of_person = np.random.default_rng(8).random((3, len(people)))
    had = np.where((of_person[0] < 0.5)[:, None], people.former, people.numbers)[person]
    numbers = pa.array(np.ascontiguousarray(had).view("S18").ravel().astype("U18"), pa.large_string())
    suffix = (of_person[1] * 7).astype(np.int64) * 10 + 10 + (of_person[2] * 4).astype(np.int64) + 1
    has_one = (source == 3) | ((source == 0) & (rng.random(count) < 0.1))
    return only_where(has_one, join(numbers, as_text(suffix[person])))

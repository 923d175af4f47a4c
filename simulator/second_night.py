"""The lists of a later night: sent whole again, with a few people changed, new or gone.

For lists written as plain ``csv`` by ``simulator.offices``; the files themselves are read, so nothing else needs to be kept.
"""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from schemas.idnumber import judge
from simulator.delivered_list import LAYOUTS, header_of
from simulator.files import write_text
from simulator.lists import draw_lists
from simulator.population import SOURCES, draw_phones, draw_population
from simulator.texts import as_text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

__all__ = ["SecondNight", "second_night"]

_BY_SURVIVORSHIP = ("village_survey", "disability_federation", "health_incapacity", "health_family_planning")
# What the shrink brake lets pass (config/rules.toml), with room to spare for people the first night did not admit.
_LIST_LOSS, _LIST_SHARE = 9, 0.04
_VILLAGE_LOSS, _VILLAGE_SHARE = 2, 0.04


@dataclass(frozen=True, slots=True)
class SecondNight:
    """How many people changed, are new, are gone; and the lists written."""

    changed: int
    new: int
    gone: int
    files: tuple[Path, ...]


def second_night(first: Path, to: Path, *, seed: int, today: date, changed_share: float = 0.01) -> SecondNight:
    """Sends the lists of ``write_sample(first, formats="csv")`` again with about ``changed_share`` of the people other.

    Half of these have another telephone, subsidy or address; a quarter are new; a quarter are gone, but fewer than the
    shrink brake (``config/rules.toml``) would hold. Only people with no planted defect change or go. Lists keep their
    file names, so that ``to`` may be ``first`` or another night's inbox. The answer key remains the first night's: its
    row numbers do not hold for the new lists.

    Args:
        first: folder of the first night, with its answer key.
        to: folder of this night.
        seed: another one takes other people.
        today: the business date of this night.
        changed_share: of the different ID numbers on the lists.

    Raises:
        FileNotFoundError: ``first`` has no plain lists, or no key.
    """
    rng = np.random.default_rng((seed, 5))
    tables = {source: _read(first / source / f"{source}.csv") for source in SOURCES}
    numbers = _distinct([_column(tables, source, "id_number") for source in SOURCES])
    people = rng.permutation(_sound(first / "answer_key.csv", tables, numbers, today))
    wanted = max(round(len(numbers) * changed_share), 1)
    rows = {source: pc.index_in(_column(tables, source, "id_number"), numbers) for source in SOURCES}
    on_row = {source: _row_of_each(rows[source], len(numbers)) for source in SOURCES}

    changed = people[: wanted - wanted // 2]
    _change(tables, on_row, changed, rng)
    gone = _within_brake(people[len(changed) :], tables["village_survey"], on_row, wanted // 4)
    is_gone = np.append(np.isin(np.arange(len(numbers)), gone), False)
    for source in SOURCES:
        person = pc.fill_null(rows[source], -1).to_numpy(zero_copy_only=False)
        tables[source] = tables[source].filter(pa.array(~is_gone[person]))
    new = _new_people(tables, numbers, seed, today, wanted // 4)
    files = []
    for source, table in tables.items():
        file = to / source / f"{source}.csv"
        file.parent.mkdir(parents=True, exist_ok=True)
        write_text(file, table)
        files.append(file)
    return SecondNight(len(changed), new, len(gone), tuple(files))


def _read(path: Path) -> Any:
    with path.open(encoding="utf-8") as file:
        headers = file.readline().rstrip("\n").split(",")
    types = dict.fromkeys(headers, pa.large_string())
    return csv.read_csv(
        path, convert_options=csv.ConvertOptions(column_types=types, null_values=[""], strings_can_be_null=True)
    ).combine_chunks()


def _column(tables: dict[str, Any], source: str, name: str) -> Any:
    column = tables[source][header_of(source, name)]
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _distinct(columns: list[Any]) -> Any:
    return pc.unique(pa.chunked_array(columns).drop_null())


def _sound(key: Path, tables: dict[str, Any], numbers: Any, today: date) -> "Ints":
    """Places of the numbers of people with no planted row, also none under another spelling of the number."""
    types = {"source": pa.large_string(), "row_number": pa.int64()}  # said, because a key may have no lines
    lines = csv.read_csv(key, convert_options=csv.ConvertOptions(column_types=types))
    written: set[str] = set()
    for source in SOURCES:
        rows = pc.subtract(lines.filter(pc.equal(lines["source"], source))["row_number"].combine_chunks(), 2)
        written.update(_column(tables, source, "id_number").take(rows).drop_null().to_pylist())
    meant = {number for text in written if (number := judge(text, today=today).id_number)}
    is_spoiled = pc.is_in(numbers, pa.array(sorted(written | meant), pa.large_string()))
    return np.flatnonzero(~np.asarray(is_spoiled.to_numpy(zero_copy_only=False), dtype=bool))


def _row_of_each(persons: Any, count: int) -> "Ints":
    """The row of each person, -1 who is not on the list."""
    row_of = np.full(count, -1, dtype=np.int64)
    listed = np.flatnonzero(np.asarray(persons.is_valid().to_numpy(zero_copy_only=False)))
    row_of[persons.drop_null().to_numpy(zero_copy_only=False)] = listed
    return row_of


def _change(tables: dict[str, Any], on_row: dict[str, "Ints"], people: "Ints", rng: np.random.Generator) -> None:
    """Changes a person where the registry believes it: on the first list, by survivorship, that has the person."""
    left = people
    for source in _BY_SURVIVORSHIP:
        rows = on_row[source][left]
        here, left = rows[rows >= 0], left[rows < 0]
        half = len(here) // 2
        other = "monthly_subsidy_fen" if source == "village_survey" else "residence_address"
        addresses = pa.array(
            [f"梅县区扶大镇三丰村委会第{n}组新屋" for n in rng.integers(1, 200, len(here) - half)], pa.large_string()
        )
        subsidies = as_text(rng.integers(1000, 1900, len(here) - half))  # more than any of the first night
        _write(tables, source, "phone", here[:half], draw_phones(half, rng))
        _write(tables, source, other, here[half:], subsidies if source == "village_survey" else addresses)


def _write(tables: dict[str, Any], source: str, name: str, rows: "Ints", texts: Any) -> None:
    column = _column(tables, source, name)
    order = np.arange(len(column))
    order[rows] = len(column) + np.arange(len(rows))
    place = LAYOUTS[source].index(name)
    written = pa.concat_arrays([column, texts]).take(pa.array(order))
    tables[source] = tables[source].set_column(place, header_of(source, name), written)


def _within_brake(people: "Ints", survey: Any, on_row: dict[str, "Ints"], wanted: int) -> "Ints":
    """The first ``wanted`` people with whom no list and no village loses too many."""
    villages = survey[header_of("village_survey", "household_village")].combine_chunks().dictionary_encode()
    codes = pc.fill_null(villages.indices, -1).to_numpy(zero_copy_only=False)
    sizes = np.bincount(codes[codes >= 0], minlength=len(villages.dictionary))
    # A village that is no longer listed loses nobody: absence counts only where the list has the village.
    limits = np.minimum(np.maximum(_VILLAGE_LOSS, _VILLAGE_SHARE * sizes), sizes // 2)
    village_lost = np.zeros(len(sizes))
    allowed = {s: max(_LIST_LOSS, _LIST_SHARE * int((on_row[s] >= 0).sum())) for s in SOURCES}
    list_lost = dict.fromkeys(SOURCES, 0)
    gone: list[int] = []
    for person in people.tolist():
        if len(gone) == wanted:
            break
        on_lists = [source for source in SOURCES if on_row[source][person] >= 0]
        row = on_row["village_survey"][person]
        village = codes[row] if row >= 0 else -1
        if any(list_lost[s] + 1 > allowed[s] for s in on_lists) or (
            village >= 0 and village_lost[village] + 1 > limits[village]
        ):
            continue
        gone.append(person)
        for source in on_lists:
            list_lost[source] += 1
        if village >= 0:
            village_lost[village] += 1
    return np.array(gone, dtype=np.int64)


def _new_people(tables: dict[str, Any], numbers: Any, seed: int, today: date, wanted: int) -> int:
    """Adds people drawn with another seed at the end of the lists; says how many."""
    if not wanted:
        return 0
    others = (seed + 1) * 7919  # far from the seeds a person would choose
    population = draw_population(wanted, others, today)
    is_new = ~np.asarray(pc.is_in(population.numbers, numbers).to_numpy(zero_copy_only=False), dtype=bool)
    for source, delivered in draw_lists(population, others, today, styled_dates=False).items():
        added = delivered.table().filter(pa.array(is_new[delivered.people]))
        tables[source] = pa.concat_tables([tables[source], added])
    return int(is_new.sum())

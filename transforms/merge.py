"""One record per elder from the bodies' statements, knowing for every field which row it came from."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from schemas.codes import CATEGORIES
from schemas.configuration import Configuration, Rules
from schemas.fields import ELDER_FIELDS, STATED_FIELDS
from schemas.findings import Finding
from transforms.columns import hash_texts, is_filled, join_texts, text_scalar, texts, to_arrow
from transforms.noted import Notes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Mask = NDArray[np.bool_]
    Matrix = NDArray[np.int64]

__all__ = ["CONTENT_FIELDS", "Merged", "merge", "source_letters"]

CONTENT_FIELDS = tuple(field for field in ELDER_FIELDS if field not in {"person_id", "status"})
"""What an elder's record says; a change in any of these is a change of the elder."""

MERGED_FIELDS = (*(f for f in STATED_FIELDS if f not in {"id_number", "birth_date", "sex", "categories"}),
                 "household_division_code", "residence_division_code")  # fmt: skip

_TOGETHER = {
    f"{place}_{part}": tuple(f"{place}_{other}" for other in ("county", "town", "village", "division_code"))
    for place in ("household", "residence")
    for part in ("county", "town", "village", "division_code")
}
"""County, town, village and code of a place are believed together: parts of two sources' places would be no place."""

_BIT = {category: 1 << place for place, category in enumerate(CATEGORIES)}
_COMBINATIONS = pa.array(
    ["|".join(c for c in CATEGORIES if bits & _BIT[c]) or None for bits in range(1 << len(CATEGORIES))],
    pa.large_string(),
)


class Merged(NamedTuple):
    """Elders and what they are made of.

    ``elders``: one row per ID number in the order of ``id_key``: ``CONTENT_FIELDS``, ``id_key``, ``row_ids`` (a
    PostgreSQL array in the order of :func:`source_letters`), ``winners`` and ``content_hash``.
    ``categories``: one row per statement of a category: ``id_key category source evidence row_id from_date``.
    """

    elders: pd.DataFrame
    categories: pd.DataFrame
    notes: Notes


def source_letters(configuration: Configuration) -> dict[str, str]:
    """The letter that stands for each source in ``winners``; also the order of ``row_ids``."""
    return {name: chr(ord("a") + place) for place, name in enumerate(sorted(configuration.sources))}


def merge(rows: pd.DataFrame, configuration: Configuration) -> Merged:
    """Merges the admitted statements of some people, at most one row of each source for each.

    Args:
        rows: columns of ``source_row``; texts, dates as ISO texts. ``position`` of a finding is a place in it.
        configuration: sources, survivorship and rules in force.
    """
    notes = Notes()
    letters = source_letters(configuration)
    keys, person = np.unique(rows["id_key"].to_numpy(dtype=np.int64), return_inverse=True)
    source = rows["source"].map({name: place for place, name in enumerate(letters)}).to_numpy(dtype=np.int64)
    places = np.full((len(keys), len(letters)), -1, dtype=np.int64)
    places[person, source] = np.arange(len(rows))
    elders, winners = _survivors(rows, places, configuration)
    anyone = places.max(axis=1)
    elders["id_number"] = _take(rows["id_number"], anyone)
    elders["birth_date"] = _take(rows["birth_date"], anyone)
    elders["sex"] = _sex(rows, places, elders["id_number"], configuration)
    stated = _stated_categories(rows, person, elders, configuration, notes)
    bits = np.zeros(len(keys), dtype=np.int64)
    for category, statements in stated.groupby("category"):
        bits[np.unique(person[statements["position"].to_numpy()])] |= _BIT[str(category)]
    elders["categories"] = texts(_COMBINATIONS.take(pa.array(bits)))
    table = pd.DataFrame({field: elders[field] for field in CONTENT_FIELDS})
    table["id_key"] = keys
    table["row_ids"] = _row_ids(rows, places)
    table["winners"] = winners
    table["content_hash"] = hash_texts(join_texts([table[field] for field in CONTENT_FIELDS]))
    return Merged(table, _category_table(rows, stated), notes)


def _survivors(
    rows: pd.DataFrame, places: "Matrix", configuration: Configuration
) -> tuple[dict[str, pd.Series], pd.Series]:
    """For each field the first filled value in the order of survivorship, and the letters of the sources that won."""
    order_of = {name: place for place, name in enumerate(sorted(configuration.sources))}
    letters = np.full((len(places), len(STATED_FIELDS)), ord("."), dtype=np.uint8)
    elders: dict[str, pd.Series] = {}
    for field in MERGED_FIELDS:
        filled = np.append(_says(rows, field), False)
        winner = np.full(len(places), -1, dtype=np.int64)
        letter = np.full(len(places), ord("."), dtype=np.uint8)
        for name in configuration.survivorship.order(field):
            candidate = places[:, order_of[name]]
            wins = (winner < 0) & filled[candidate]
            winner[wins] = candidate[wins]
            letter[wins] = ord("a") + order_of[name]
        elders[field] = _take(rows[field], winner)
        letter[~is_filled(elders[field])] = ord(".")
        if field in STATED_FIELDS:
            letters[:, STATED_FIELDS.index(field)] = letter
    any_place = np.where(places >= 0, np.arange(places.shape[1]), -1).max(axis=1)
    for field in ("id_number", "birth_date", "sex"):
        letters[:, STATED_FIELDS.index(field)] = ord("a") + any_place
    buffer = pa.py_buffer(np.ascontiguousarray(letters))
    fixed = pa.FixedSizeBinaryArray.from_buffers(pa.binary(len(STATED_FIELDS)), len(places), [None, buffer])
    return elders, texts(fixed.cast(pa.binary()).cast(pa.large_string()))


def _says(rows: pd.DataFrame, field: str) -> "Mask":
    """Which rows say something of a field, or of the place it is part of."""
    said: Mask = np.logical_or.reduce([is_filled(rows[other]) for other in _TOGETHER.get(field, (field,))])
    return said


def _take(values: pd.Series, positions: "NDArray[np.int64]") -> pd.Series:
    return texts(to_arrow(values).take(pa.array(positions, mask=positions < 0)))


def _sex(rows: pd.DataFrame, places: "Matrix", id_numbers: pd.Series, configuration: Configuration) -> pd.Series:
    """Sex by the 17th digit (GB 11643: odd is male); foreigners' cards do not tell it, so their sources do."""
    digit = pc.utf8_slice_codeunits(to_arrow(id_numbers), 16, 17).cast(pa.int8()).to_numpy(zero_copy_only=False)
    by_number = np.where(digit % 2 == 1, "male", "female")
    foreign = pc.starts_with(to_arrow(id_numbers), "9").to_numpy(zero_copy_only=False)
    if not foreign.any():
        return texts(pa.array(by_number, pa.large_string()))
    stated = np.full(len(places), -1, dtype=np.int64)
    filled = np.append(is_filled(rows["sex"]), False)
    order_of = {name: place for place, name in enumerate(sorted(configuration.sources))}
    for name in reversed(configuration.survivorship.order("sex")):
        candidate = places[:, order_of[name]]
        stated = np.where(filled[candidate], candidate, stated)
    told = _take(rows["sex"], stated)
    return texts(pc.if_else(pa.array(foreign), to_arrow(told), pa.array(by_number, pa.large_string())))


def _stated_categories(
    rows: pd.DataFrame,
    person: "NDArray[np.int64]",
    elders: dict[str, pd.Series],
    configuration: Configuration,
    notes: Notes,
) -> pd.DataFrame:
    """Every statement of a category that counts, and findings about those that do not or that contradict.

    A tick in the survey states a category. The owning body's evidence is the better one: a certificate that is not
    of a severe level, or cancelled, outweighs a tick of 重残 (notice.txt 附件1; the level rule is in rules.toml).
    """
    rules = configuration.rules
    parts: list[pd.DataFrame] = []

    def state(category: str, chosen: "Mask", evidence: str) -> None:
        positions = np.flatnonzero(chosen)
        parts.append(pd.DataFrame({"position": positions, "category": category, "evidence": evidence}))

    ticked = {category: _contains(rows["categories"], category) for category in CATEGORIES}
    ticked["severely_disabled"] = _weigh_ticks(ticked["severely_disabled"], person, elders, rules, notes)
    for category, mask in ticked.items():
        state(category, mask, "survey_tick")
    source = rows["source"].to_numpy(dtype=object)
    level = _small(rows["ability_level"])
    for name, settings in configuration.sources.items():
        if settings.states is None:
            continue
        listed = source == name
        if settings.states == "incapacitated":
            state("incapacitated", listed & (level >= rules.incapacitated_from_level), "assessment")
            state("incapacitated", listed & (level < 0), "list")
            able = np.zeros(len(elders["name"]), dtype=bool)
            able[person[listed & (level >= 0) & (level < rules.incapacitated_from_level)]] = True
            notes.add(Finding.SOURCES_CONTRADICT, ticked["incapacitated"] & able[person], "categories")
        elif settings.states == "severely_disabled":
            state(
                "severely_disabled",
                listed & _is_severe(rows, rules) & ~_is(rows["certificate_status"], "cancelled"),
                "certificate",
            )
        else:
            state(settings.states, listed, "list")
    # Where a row both ticks a category and states it by being listed, the list is the evidence.
    return pd.concat(parts, ignore_index=True).drop_duplicates(["position", "category"], keep="last")


def _weigh_ticks(
    ticked: "Mask",
    person: "NDArray[np.int64]",
    elders: dict[str, pd.Series],
    rules: Rules,
    notes: Notes,
) -> "Mask":
    """Which ticks of 重残 stand beside what the person's certificate says."""
    of_person = {f: elders[f] for f in ("disability_category", "disability_level", "certificate_status")}
    has_certificate = (is_filled(elders["disability_certificate_number"]) | is_filled(elders["disability_level"]))[
        person
    ]
    cancelled = _is(of_person["certificate_status"], "cancelled")[person]
    severe = _is_severe(pd.DataFrame(of_person), rules)[person]
    level_known = is_filled(elders["disability_level"])[person]
    notes.add(Finding.SOURCES_CONTRADICT, ticked & cancelled, "categories")
    notes.add(Finding.SEVERELY_DISABLED_WITHOUT_CERTIFICATE, ticked & ~has_certificate, "disability_certificate_number")
    too_light = ticked & ~cancelled & level_known & ~severe
    notes.add(Finding.SEVERELY_DISABLED_LEVEL, too_light, "disability_certificate_number")
    return ticked & ~cancelled & ~too_light


def _is_severe(rows: pd.DataFrame, rules: Rules) -> "Mask":
    severe = _is_in(rows["disability_level"], rules.severe_levels)
    if rules.severe_extended_categories:
        severe |= _is_in(rows["disability_level"], rules.severe_extended_levels) & _is_in(
            rows["disability_category"], rules.severe_extended_categories
        )
    return severe


def _row_ids(rows: pd.DataFrame, places: "Matrix") -> pd.Series:
    ids = np.append(rows["row_id"].to_numpy(dtype=np.int64), -1)[places]
    columns = [pa.array(ids[:, s], mask=places[:, s] < 0).cast(pa.large_string()) for s in range(places.shape[1])]
    joined = pc.binary_join_element_wise(*[pc.fill_null(column, "NULL") for column in columns], text_scalar(","))
    return texts(pc.binary_join_element_wise(text_scalar("{"), joined, text_scalar("}"), text_scalar("")))


def _category_table(rows: pd.DataFrame, stated: pd.DataFrame) -> pd.DataFrame:
    at = stated["position"].to_numpy()
    return pd.DataFrame(
        {
            "id_key": rows["id_key"].to_numpy(dtype=np.int64)[at],
            "category": stated["category"].astype("str"),
            "source": rows["source"].iloc[at].reset_index(drop=True),
            "evidence": stated["evidence"].astype("str"),
            "row_id": rows["row_id"].to_numpy(dtype=np.int64)[at],
            "from_date": rows["stated_date"].iloc[at].reset_index(drop=True),
        }
    )


def _contains(values: pd.Series, category: str) -> "Mask":
    found = pc.fill_null(pc.match_substring(to_arrow(values), category), False)  # noqa: FBT003
    return np.asarray(found.to_numpy(zero_copy_only=False), dtype=bool)


def _is(values: pd.Series, code: str) -> "Mask":
    return _is_in(values, (code,))


def _is_in(values: pd.Series, codes: tuple[str, ...]) -> "Mask":
    found = pc.is_in(to_arrow(values), pa.array(codes, pa.large_string()), skip_nulls=True)
    return np.asarray(found.to_numpy(zero_copy_only=False), dtype=bool)


def _small(values: pd.Series) -> "NDArray[np.int64]":
    """Digits as numbers, -1 where missing."""
    return np.asarray(pc.fill_null(to_arrow(values).cast(pa.int64()), -1))

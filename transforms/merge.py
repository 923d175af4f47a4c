"""One record per elder from the bodies' statements, knowing for every field which row it came from.

What the parts mean is in ``transforms.merging``: whom to believe, what a person has decided, which categories are stated.
"""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from schemas.codes import CATEGORIES
from schemas.configuration import Configuration
from schemas.fields import ELDER_FIELDS
from transforms.columns import hash_texts, is_filled, join_texts, text_scalar, texts, to_arrow
from transforms.merging.category_statements import stated_categories
from transforms.merging.masks import take
from transforms.merging.overrides import apply_overrides
from transforms.merging.survivors import MERGED_FIELDS, survivors, winners_text
from transforms.noted import Notes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.int64]

__all__ = ["CONTENT_FIELDS", "MERGED_FIELDS", "Merged", "merge", "source_letters"]

CONTENT_FIELDS = tuple(field for field in ELDER_FIELDS if field not in {"person_id", "status"})
"""What an elder's record says; a change in any of these is a change of the elder."""

_BIT = {category: 1 << place for place, category in enumerate(CATEGORIES)}
_COMBINATIONS = pa.array(
    ["|".join(c for c in CATEGORIES if bits & _BIT[c]) or None for bits in range(1 << len(CATEGORIES))],
    pa.large_string(),
)


class Merged(NamedTuple):
    """Elders and what they are made of.

    ``elders``: one row per ID number in the order of ``id_key``: ``CONTENT_FIELDS``, ``id_key``, ``row_ids`` (a
    PostgreSQL array in the order of :func:`source_letters`), ``winners``, ``carried`` and ``content_hash``.
    ``categories``: one row per statement of a category: ``id_key category source evidence row_id from_date``.
    ``retired``: decisions of overrides whose evidence is no longer what the sources say.
    """

    elders: pd.DataFrame
    categories: pd.DataFrame
    notes: Notes
    retired: "NDArray[np.int64]"


def source_letters(configuration: Configuration) -> dict[str, str]:
    """The letter that stands for each source in ``winners``; also the order of ``row_ids``."""
    return {name: chr(ord("a") + place) for place, name in enumerate(sorted(configuration.sources))}


def merge(
    rows: pd.DataFrame,
    configuration: Configuration,
    *,
    overrides: pd.DataFrame | None = None,
    carried: pd.DataFrame | None = None,
) -> Merged:
    """Merges the admitted statements of some people, at most one row of each source for each.

    Args:
        rows: columns of ``source_row``; texts, dates as ISO texts. ``position`` of a finding is a place in it. Rows that
            stand in for held ones (``transforms.merging.stand_ins``) have ``is_stand_in``; no finding is raised on them.
        configuration: sources, survivorship and rules in force.
        overrides: what people have decided, ``transforms.merging.overrides.OVERRIDE_COLUMNS``.
        carried: ``id_key carried`` of ``transforms.merging.kept_values``, where values were kept.
    """
    notes = Notes()
    order = list(source_letters(configuration))
    keys, person = np.unique(rows["id_key"].to_numpy(dtype=np.int64), return_inverse=True)
    source = rows["source"].map({name: place for place, name in enumerate(order)}).to_numpy(dtype=np.int64)
    places = np.full((len(keys), len(order)), -1, dtype=np.int64)
    places[person, source] = np.arange(len(rows))
    chosen, retired = survivors(rows, places, configuration.survivorship, order), np.zeros(0, dtype=np.int64)
    if overrides is not None and len(overrides):
        chosen, retired = apply_overrides(chosen, keys, overrides)
    elders = chosen.fields
    anyone = places.max(axis=1)
    elders["id_number"] = take(rows["id_number"], anyone)
    elders["birth_date"] = take(rows["birth_date"], anyone)
    elders["sex"] = _sex(rows, places, elders["id_number"], configuration)
    stated = stated_categories(rows, person, elders, configuration, notes)
    elders["categories"] = _joined_categories(stated, person, len(keys))
    table = pd.DataFrame({field: elders[field] for field in CONTENT_FIELDS})
    table["id_key"] = keys
    table["row_ids"] = _row_ids(rows, places)
    table["winners"] = winners_text(chosen.letters)
    table["carried"] = _carried(keys, carried)
    table["content_hash"] = hash_texts(join_texts([table[field] for field in CONTENT_FIELDS]))
    return Merged(table, _category_table(rows, stated), notes, retired)


def _sex(rows: pd.DataFrame, places: "Matrix", id_numbers: pd.Series, configuration: Configuration) -> pd.Series:
    """Sex by the 17th digit (GB 11643: odd is male); foreigners' cards do not tell it, so their sources do."""
    digit = pc.utf8_slice_codeunits(to_arrow(id_numbers), 16, 17).cast(pa.int8()).to_numpy(zero_copy_only=False)
    by_number = np.where(digit % 2 == 1, "male", "female")
    foreign = pc.starts_with(to_arrow(id_numbers), "9").to_numpy(zero_copy_only=False)
    if not foreign.any():
        return texts(pa.array(by_number, pa.large_string()))
    stated = np.full(len(places), -1, dtype=np.int64)
    filled = np.append(is_filled(rows["sex"]), False)
    order_of = {name: place for place, name in enumerate(source_letters(configuration))}
    for name in reversed(configuration.survivorship.order("sex")):
        candidate = places[:, order_of[name]]
        stated = np.where(filled[candidate], candidate, stated)
    told = take(rows["sex"], stated)
    return texts(pc.if_else(pa.array(foreign), to_arrow(told), pa.array(by_number, pa.large_string())))


def _joined_categories(stated: pd.DataFrame, person: "NDArray[np.int64]", people: int) -> pd.Series:
    """The categories stated of each person, in the registry's order."""
    bits = np.zeros(people, dtype=np.int64)
    for category, statements in stated.groupby("category"):
        bits[np.unique(person[statements["position"].to_numpy()])] |= _BIT[str(category)]
    return texts(_COMBINATIONS.take(pa.array(bits)))


def _row_ids(rows: pd.DataFrame, places: "Matrix") -> pd.Series:
    ids = np.append(rows["row_id"].to_numpy(dtype=np.int64), -1)[places]
    columns = [pa.array(ids[:, s], mask=places[:, s] < 0).cast(pa.large_string()) for s in range(places.shape[1])]
    joined = pc.binary_join_element_wise(*[pc.fill_null(column, "NULL") for column in columns], text_scalar(","))
    return texts(pc.binary_join_element_wise(text_scalar("{"), joined, text_scalar("}"), text_scalar("")))


def _carried(keys: "NDArray[np.int64]", carried: pd.DataFrame | None) -> pd.Series:
    """Which values were kept, by person; missing for most."""
    if carried is None or carried.empty:
        return texts(pa.nulls(len(keys), pa.large_string()))
    place = pd.Index(carried["id_key"].to_numpy(dtype=np.int64)).get_indexer(pd.Index(keys))
    return take(carried["carried"], place)


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

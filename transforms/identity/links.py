"""Rows rewritten by what people decided: whose they are, under which number. After this, the rest of the code knows persons only."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from schemas.identity_decisions import Links
from transforms.columns import text_scalar, texts, to_arrow

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Places = NDArray[np.int64]
    Mask = NDArray[np.bool_]

__all__ = ["apply_links", "is_excluded", "is_of_holder"]


def apply_links(rows: pd.DataFrame, links: Links) -> pd.DataFrame:
    """The rows with the key, the number and the birth date of the person they are of, as far as somebody decided it.

    Every row's answer depends on the row and the links alone, and doing it twice changes nothing.

    Args:
        rows: statements with ``source row_hash id_key id_number birth_date`` and whatever else.
        links: decisions in force.

    Returns:
        The same rows in the same order; besides, ``own_key`` and ``own_number``: what the row states itself. A row whose own
        number is damaged has no ``own_key``.

    >>> rows = pd.DataFrame({"source": ["a"], "row_hash": [7], "id_key": pd.array([5], "Int64"),
    ...                      "id_number": ["441421194503120018"], "birth_date": ["1945-03-12"]})
    >>> said = pd.DataFrame({"id_key": [5], "person_key": [9], "number": ["11010519491231002X"]})
    >>> linked = apply_links(rows, Links.none()._replace(numbers=said))
    >>> linked.loc[0, ["id_key", "id_number", "birth_date", "own_key", "own_number"]].astype(str).to_list()
    ['9', '11010519491231002X', '1949-12-31', '5', '441421194503120018']
    """
    own_key, own_number = (rows[own] if own in rows else rows[now] for own, now in _OWN.items())
    own_key = own_key.astype("Int64")
    by_row = _places_of_rows(rows, links.rows)
    own_key = own_key.mask(by_row >= 0)
    by_number = _places(own_key, links.numbers["id_key"])
    person_keys = _chosen(by_row, by_number, links.rows["person_key"], links.numbers["person_key"])
    numbers = _chosen(by_row, by_number, links.rows["number"], links.numbers["number"])
    id_numbers = pc.coalesce(numbers, to_arrow(own_number))
    birth_dates = pc.coalesce(_birth_dates(numbers), to_arrow(rows["birth_date"]))
    changed: dict[str, pd.Series] = {
        "id_key": pd.Series(_whole(person_keys), rows.index).fillna(own_key),
        "id_number": texts(id_numbers).set_axis(rows.index),
        "birth_date": texts(birth_dates).set_axis(rows.index),
        "own_key": own_key,
        "own_number": own_number,
    }
    return rows.assign(**changed)


def is_excluded(rows: pd.DataFrame, links: Links) -> "Mask":
    """Which rows of :func:`apply_links` somebody decided to be somebody else's than their number's holder."""
    return _holds(rows["own_key"].fillna(rows["id_key"]), rows["name"], links.excluded)


def is_of_holder(rows: pd.DataFrame, links: Links) -> "Mask":
    """Which rows of :func:`apply_links` bear a name that somebody decided to be their person's, whatever others are called."""
    return _holds(rows["id_key"], rows["name"], links.names)


_OWN = {"own_key": "id_key", "own_number": "id_number"}


def _places_of_rows(rows: pd.DataFrame, linked: pd.DataFrame) -> "Places":
    """For each row the place of its own link, -1 where it has none."""
    places = np.full(len(rows), -1, dtype=np.int64)
    few = np.flatnonzero(rows["row_hash"].isin(linked["row_hash"]).to_numpy(dtype=bool))
    if len(few):
        named = pd.MultiIndex.from_arrays([linked["source"].to_numpy(object), linked["row_hash"].to_numpy(np.int64)])
        mine = rows.iloc[few]
        sought = pd.MultiIndex.from_arrays([mine["source"].to_numpy(object), mine["row_hash"].to_numpy(np.int64)])
        places[few] = named.get_indexer(sought)
    return places


def _places(keys: pd.Series, known: pd.Series) -> "Places":
    """For each key its place among the known, -1 where it is none of them or missing."""
    found = pd.Index(known.to_numpy(np.int64)).get_indexer(pd.Index(keys.to_numpy(np.int64, na_value=-1)))
    return np.where(keys.isna().to_numpy(), -1, found)


def _chosen(by_row: "Places", by_number: "Places", of_rows: pd.Series, of_numbers: pd.Series) -> pa.Array:
    """What a row's own link says, else its number's; null where there is neither."""
    place = np.where(by_row >= 0, by_row, np.where(by_number >= 0, by_number + len(of_rows), -1))
    both = pd.concat([of_rows, of_numbers], ignore_index=True)
    values = to_arrow(both) if isinstance(both.dtype, pd.StringDtype) else pa.array(both, pa.int64(), from_pandas=True)
    return values.take(pa.array(place, mask=place < 0))


def _whole(keys: pa.Array) -> pd.arrays.IntegerArray:
    """Keys that may be missing; they have more digits than a double holds, so none may pass through one."""
    values = keys.fill_null(0).to_numpy(zero_copy_only=False)
    return pd.arrays.IntegerArray(values, np.asarray(keys.is_null().to_numpy(zero_copy_only=False)))


def _birth_dates(numbers: pa.Array) -> pa.Array:
    """The day of birth that 18 characters say, as an ISO text."""
    parts = [pc.utf8_slice_codeunits(numbers, *part) for part in ((6, 10), (10, 12), (12, 14))]
    return pc.binary_join_element_wise(*parts, text_scalar("-"))


def _holds(keys: pd.Series, names: pd.Series, said: pd.DataFrame) -> "Mask":
    """Which pairs of a key and a name are among those that were said."""
    mask = np.zeros(len(keys), dtype=bool)
    few = np.flatnonzero(keys.isin(said["id_key"]).to_numpy(dtype=bool) & names.notna().to_numpy())
    if len(few):
        pairs = pd.MultiIndex.from_arrays([said["id_key"].to_numpy(np.int64), said["name"].to_numpy(object)])
        mine = pd.MultiIndex.from_arrays([keys.iloc[few].to_numpy(np.int64), names.iloc[few].to_numpy(object)])
        mask[few] = mine.isin(pairs)
    return mask

"""Household and residence as divisions, from columns for county, town and village or from an address of one line."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa

from schemas.findings import Finding
from schemas.masking import mask_column
from transforms.addresses import Located
from transforms.cells import Setting, note_distinct, rows_of
from transforms.columns import UNIT_SEPARATOR, join_texts, map_distinct, take_distinct, texts
from transforms.divisions import Resolved

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["PLACES", "standardise_places"]

PLACES = ("household", "residence")
_LEVELS = ("county", "town", "village")


def standardise_places(rows: dict[str, pd.Series], setting: Setting) -> None:
    """Puts official names and the division code of each place beside what a source gives of it.

    A source with columns of its own for a place is believed by these; its address, if there is one too, is only kept.
    """
    for place in PLACES:
        if any(f"{place}_{level}" in rows for level in _LEVELS):
            _from_columns(rows, place, setting)
        elif f"{place}_address" in rows:
            _from_address(rows, place, setting)


def _from_columns(rows: dict[str, pd.Series], place: str, setting: Setting) -> None:
    """Three columns resolved in step; places repeat, so each distinct triple is resolved once."""
    names = [f"{place}_{level}" for level in _LEVELS]
    columns = [rows.get(name, _nothing(rows)) for name in names]

    def resolve(joined: str) -> Resolved:
        county, town, village = (None if part == "\x00" else part for part in joined.split(UNIT_SEPARATOR))
        return setting.locality.divisions.resolve(county, town, village)

    places, found = map_distinct(texts(join_texts(columns)), resolve)
    _put(rows, place, places, found)
    for fault in (Finding.DIVISION_UNKNOWN, Finding.DIVISION_INCONSISTENT):
        for level, name in zip(_LEVELS, names, strict=True):
            faulty = [resolved.fault is fault and resolved.at == level for resolved in found]
            note_distinct(setting.notes, fault, name, places, faulty, rows[name])


def _from_address(rows: dict[str, pd.Series], place: str, setting: Setting) -> None:
    """The columns a source does not have, as far down as its address is certain.

    An elder may be registered or live anywhere, so an address outside is no finding; a town that its county does not
    have is one, seen as the name that was written.
    """
    field = f"{place}_address"
    places, found = map_distinct(rows[field], setting.locality.addresses.locate)
    _put(rows, place, places, found)
    named = mask_column(take_distinct(places, [located.named for located in found]), "place")
    for fault in (Finding.DIVISION_UNKNOWN, Finding.DIVISION_INCONSISTENT):
        faulty = [located.fault is fault and located.at == "town" for located in found]
        setting.notes.add(fault, rows_of(places, faulty), field, named)


def _put(
    rows: dict[str, pd.Series], place: str, places: "NDArray[np.int64]", found: Sequence[Resolved | Located]
) -> None:
    for part in (*_LEVELS, "code"):
        name = f"{place}_division_code" if part == "code" else f"{place}_{part}"
        rows[name] = take_distinct(places, [getattr(resolved, part) for resolved in found])


def _nothing(rows: dict[str, pd.Series]) -> pd.Series:
    return texts(pa.nulls(len(next(iter(rows.values()))), pa.large_string()))

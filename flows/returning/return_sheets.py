"""The sheets of a returned file: the sender's columns and rows as they were read, what was found in them, and their keys."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from connectors.reading import DeliveryContents, DeliveryLayout
from connectors.reading.layouts.header import HeaderNames, normal_header
from connectors.reading.layouts.header_lines import joined
from connectors.reading.layouts.rowhash import row_hashes
from connectors.reading.looks.inspection import InspectedSheet, Inspection
from flows.intake.deliveries import layout_of
from reports.return_workbook import ReturnColumn, ReturnSheet
from schemas.codes import CODE_LISTS
from schemas.configuration import Source
from schemas.fields import FIELDS
from schemas.returns import OUR_HEADERS, ROW_KEY, ROW_KEY_HEADER, RowKey
from transforms.resend import match_rows

__all__ = ["Wanted", "return_sheets"]

_STAYS_NUMBER = frozenset({"id_number", "certificate", "date"})
"""Kinds of which a cell stored as a number means something else than its digits: damage, or days since 1900."""

_DAYS_TO_1904 = 1462
_OURS = frozenset(map(normal_header, (*OUR_HEADERS, ROW_KEY_HEADER)))


@dataclass(frozen=True, slots=True, repr=False)
class Wanted:
    """What is to be returned of a file.

    Attributes:
        found: its findings, from ``registry.returns``, with ``is_asked times has_vanished``.
        sha256: of the file.
        standing: where every row is wanted, the rows in force by table (``main``: ``row_id row_hash`` of the source,
            ``members``: ``row_id sheet row_number`` of the file), which name the rows without findings; ``None`` where
            only rows with findings are.
    """

    found: pd.DataFrame
    sha256: str
    standing: Mapping[str, pd.DataFrame] | None


class _Place(NamedTuple):
    """A column of the sheet: its header, its field if it has one, and its place in the sender's sheet if it has that."""

    header: str
    field: str | None
    place: int | None


def return_sheets(
    source: Source, contents: DeliveryContents, inspection: Inspection, wanted: Wanted
) -> list[ReturnSheet]:
    """The sheets of a returned file, those of the main list first; a list has a sheet even where none of its rows goes back."""
    layout = layout_of(source)
    sheets = [
        sheet
        for name in layout.tables
        if name in contents.tables
        for sheet in _Lists(source, layout, name, inspection, wanted).sheets(contents.tables[name].table)
    ]
    filled = [sheet for sheet in sheets if sheet.row_numbers]
    main = [sheet for sheet in sheets if sheet.name in _main_names(contents, source)]
    # A list is known by its main sheet: without one, a workbook of members alone could not be read when it comes back.
    return filled if any(sheet in filled for sheet in main) else [*main[:1], *filled]


def _main_names(contents: DeliveryContents, source: Source) -> set[str]:
    return {_shown_name(name, source) for name in contents.tables["main"].table["sheet"].unique().to_pylist()}


def _shown_name(sheet: str, source: Source) -> str:
    """What the sheet is called: as the sender calls it; a text or record has the list's own name."""
    return sheet.rpartition("/")[2] or source.label


class _Lists:
    """The sheets of one table of a file."""

    def __init__(
        self, source: Source, layout: DeliveryLayout, table: str, inspection: Inspection, wanted: Wanted
    ) -> None:
        self._source = source
        self._table = table
        self._columns = layout.tables[table].columns
        self._names = HeaderNames(layout.tables[table])
        likeness = "members" if table == "members" else "list"
        self._inspected = {sheet.name: sheet for sheet in inspection.sheets if sheet.likeness == likeness}
        self._wanted = wanted
        is_of_table = wanted.found["origin"].isin(["member"] if table == "members" else ["row", "merge", "push"])
        self._found = wanted.found[is_of_table & wanted.found["row_number"].notna()]

    def sheets(self, rows: pa.Table) -> list[ReturnSheet]:
        """A sheet for each of the sender's."""
        rows = rows.set_column(rows.schema.get_field_index("sheet"), "sheet", rows["sheet"].cast(pa.large_string()))
        row_ids = self._row_ids(rows)
        sheets = []
        for name in rows["sheet"].unique().to_pylist():
            is_here = np.asarray(pc.equal(rows["sheet"], name))
            here = rows.filter(pa.array(is_here))
            sheets.append(self._sheet(name, here, row_ids[is_here]))
        return sheets

    def _row_ids(self, rows: pa.Table) -> "np.ndarray":
        """The registry's number of each row, as far as it is known; 0 where it is not, -1 where the row is not wanted."""
        at = pd.MultiIndex.from_arrays([rows["sheet"].to_pylist(), rows["row_number"].to_pylist()])
        own = self._found.drop_duplicates(["sheet", "row_number"])
        by_place = pd.Series(
            own["row_id"].to_numpy(dtype=np.int64), pd.MultiIndex.from_frame(own[["sheet", "row_number"]])
        )
        row_ids = by_place.reindex(at, fill_value=-1).to_numpy(dtype=np.int64).copy()
        sent_back = self._found[self._found["is_asked"]]
        goes_back = at.isin(pd.MultiIndex.from_frame(sent_back[["sheet", "row_number"]]))
        if self._wanted.standing is None:
            row_ids[~goes_back] = -1
            return row_ids
        others = np.flatnonzero(row_ids < 0)
        row_ids[others] = self._standing(rows.take(pa.array(others)), at[others], set(row_ids.tolist()))
        return row_ids

    def _standing(self, rows: pa.Table, at: pd.MultiIndex, taken: set[int]) -> "np.ndarray":
        """The numbers of rows without findings, 0 where they are not in force any more."""
        assert self._wanted.standing is not None  # noqa: S101  for the type checker
        standing = self._wanted.standing[self._table]
        if self._table == "members":
            places = pd.MultiIndex.from_frame(standing[["sheet", "row_number"]])
            by_place = pd.Series(standing["row_id"].to_numpy(dtype=np.int64), places)
            return by_place.reindex(at, fill_value=0).to_numpy(dtype=np.int64)
        free = standing[~standing["row_id"].isin(taken)]
        same = match_rows(free["row_hash"].to_numpy(dtype=np.int64), rows["row_hash"].to_numpy())
        found = np.zeros(rows.num_rows, dtype=np.int64)
        found[same.kept_new] = free["row_id"].to_numpy(dtype=np.int64)[same.kept_old]
        return found

    def _sheet(self, name: str, rows: pa.Table, row_ids: "np.ndarray") -> ReturnSheet:
        chosen = np.flatnonzero(row_ids >= 0)
        rows, row_ids = rows.take(pa.array(chosen)).combine_chunks(), row_ids[chosen]
        found = self._found[self._found["sheet"] == name]
        inspected = self._inspected.get(name)
        places = self._places(inspected, rows, set(found["field"].dropna()))
        cells = [self._cells(place, rows, inspected) for place in places]
        numbers = {
            place: flags for place, column in enumerate(places) if (flags := self._numbers(column, rows)) is not None
        }
        return ReturnSheet(
            name=_shown_name(name, self._source),
            columns=[self._column(place) for place in places],
            cells=cells,
            numbers=numbers,
            row_numbers=rows["row_number"].to_pylist(),
            keys=self._keys(places, cells, numbers, row_ids),
            findings=_placed(found, rows["row_number"].to_pylist(), [place.field for place in places]),
        )

    def _places(self, inspected: InspectedSheet | None, rows: pa.Table, found: set[str]) -> list[_Place]:
        """The sender's columns, and behind them fields that have none there but a value or a finding all the same."""
        places = []
        known: set[str] = set()
        for place, header in enumerate(inspected.header if inspected else ()):
            if normal_header(header) in _OURS:
                continue
            field = self._field(header, known)
            known.update({field} if field else ())
            is_known = field is None or self._names.field(header) == field
            places.append(_Place(header if is_known else self._columns[field or ""][0], field, place))
        for field, headers in self._columns.items():
            if field not in known and (rows[field].null_count < len(rows) or field in found):
                places.append(_Place(headers[0], field, None))
        return places

    def _field(self, header: str, known: set[str]) -> str | None:
        """The field of a column; a header of two lines shows both with a stroke between them."""
        heading, _, cell = header.partition("/")
        for words in (header, joined(heading, cell) if cell else header, cell or header):
            field = self._names.field(words)
            if field is not None and field != ROW_KEY and field not in known:
                return field
        return None

    def _cells(self, column: _Place, rows: pa.Table, inspected: InspectedSheet | None) -> pa.Array:
        """A column as the night understood it; one that nobody agreed on, as it stands in the file."""
        if column.field is not None:
            cells = _whole(rows[column.field])
            flags = self._numbers(column, rows)
            return cells if flags is None or "date1904" not in rows.column_names else _from_1900(column, cells, rows)
        assert inspected is not None  # noqa: S101  a column without field is the sender's
        at = pc.index_in(rows["row_number"].cast(pa.int32()), _whole(inspected.cells["row_number"]).cast(pa.int32()))
        return _whole(inspected.cells[str(column.place)].take(_whole(at)))

    def _numbers(self, column: _Place, rows: pa.Table) -> pa.Array | None:
        """Which cells of a column stay numbers, if any."""
        flag = f"{column.field}__number"
        if column.field is None or FIELDS[column.field].kind not in _STAYS_NUMBER or flag not in rows.column_names:
            return None
        flags = _whole(rows[flag])
        return flags if pc.any(flags).as_py() else None

    def _column(self, column: _Place) -> ReturnColumn:
        if column.field is None:
            return ReturnColumn(column.header)
        field = FIELDS[column.field]
        if field.kind != "code" or field.codes is None:
            return ReturnColumn(column.header, field.kind)
        words = (*CODE_LISTS[field.codes].values(), *self._source.codes.get(field.codes, {}))
        return ReturnColumn(column.header, field.kind, tuple(dict.fromkeys(words)))

    def _keys(
        self,
        places: Sequence[_Place],
        cells: Sequence[pa.Array],
        numbers: Mapping[int, pa.Array],
        row_ids: "np.ndarray",
    ) -> list[str]:
        """The keys of the rows, with the fingerprint they will have when they come back as they are."""
        of_field = {column.field: place for place, column in enumerate(places) if column.field is not None}
        hashes = row_hashes(
            {field: cells[place] for field, place in of_field.items()},
            {field: numbers[place] for field, place in of_field.items() if place in numbers},
            len(row_ids),
        )
        delivery = self._wanted.sha256[:16]
        return [
            str(RowKey(self._table, row_id, delivery, row_hash))
            for row_id, row_hash in zip(row_ids.tolist(), hashes.to_pylist(), strict=True)
        ]


def _whole(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _from_1900(column: _Place, cells: pa.Array, rows: pa.Table) -> pa.Array:
    """Days that a sheet counts from 1904, counted from 1900 as the returned one does."""
    if FIELDS[column.field or ""].kind != "date":
        return cells
    flags = pc.and_(_whole(rows[f"{column.field}__number"]), pc.fill_null(_whole(rows["date1904"]), False))  # noqa: FBT003
    shifted = [
        f"{float(cell) + _DAYS_TO_1904:g}" if is_day and cell is not None else cell
        for cell, is_day in zip(cells.to_pylist(), flags.to_pylist(), strict=True)
    ]
    return pa.array(shifted, pa.large_string())


def _placed(found: pd.DataFrame, row_numbers: Sequence[int], fields: Sequence[str | None]) -> pd.DataFrame:
    """Findings of the rows that go back, each with the position of its row and the place of its column."""
    position = found["row_number"].map({number: place for place, number in enumerate(row_numbers)}).astype("Int64")
    place = found["field"].map({field: place for place, field in enumerate(fields) if field}).astype("Int64")
    placed = found.assign(position=position, place=place)[position.notna()]
    columns = ["finding_id", "position", "place", "code", "severity", "seen", "is_asked", "times", "has_vanished"]
    return placed[columns].reset_index(drop=True)

"""The platform's result workbook as rows of texts, read by the limited child process that reads deliveries.

Nothing is judged here but which sheets are lists of results: every row below their headers comes back, so that a
footer, too, is accounted for by whoever says what rows mean (``transforms.receipts``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

import pyarrow as pa

from connectors.reading import DeliveryLayout, FileFinding, ReadingLimits, TableLayout
from connectors.reading.contents import shown
from connectors.reading.grid import column_letter
from connectors.reading.layouts.header import normal_header
from connectors.reading.looks.inspection import InspectedSheet
from connectors.reading.parent import inspect_delivery
from schemas.findings import Finding
from schemas.platform_profile import PlatformProfile
from schemas.platform_receipts import REPEATED, ReceiptHeaders, ReceiptsFormat

__all__ = ["PlatformResults", "read_handed_in", "read_results"]

_WHO = ("person_number", "id_number", "feedback")
_WHAT = ("result", "code", "words", "feedback")
# A list of people is known by this field's column, which a list of results may lack.
_UNDER_ANOTHER_NAME = {"id_number": "their_id_number"}
_NO_ROWS = pa.table(
    {"sheet": pa.array([], pa.large_string()), "row_number": pa.array([], pa.int64())}
    | {name: pa.array([], pa.large_string()) for name in ReceiptHeaders.model_fields}
)


@dataclass(frozen=True, slots=True, repr=False)
class PlatformResults:
    """What a result workbook says; one that is refused has findings and no rows.

    Attributes:
        rows: every row below a header, in the file's order: ``sheet``, ``row_number`` as the spreadsheet shows it, and as
            texts the columns of ``ReceiptHeaders``, and ours that are repeated, after ``REPEATED``; null where the cell is
            empty or there is no such column.
        broken: lines of a text whose cells cannot be told apart.
        left_sheets: sheets with anything on them that are no lists of results.
        findings: why it is refused.
    """

    rows: pa.Table = field(default_factory=lambda: _NO_ROWS)
    broken: int = 0
    left_sheets: int = 0
    findings: tuple[FileFinding, ...] = ()

    @property
    def refused(self) -> bool:
        """Whether none of it can be used."""
        return bool(self.findings)


def read_results(
    path: Path, receipts: ReceiptsFormat, *, repeated: Sequence[str], limits: ReadingLimits, workspace: Path,
    password: str = "",
) -> PlatformResults:  # fmt: skip
    """The rows of a result workbook (``.xlsx``, ``.xls``, ``.csv`` and whatever else deliveries may be).

    Args:
        path: the file; it is only read.
        receipts: what its columns are called.
        repeated: headers of ours that may stand in it as they were handed in.
        limits: what reading it may cost.
        workspace: a private folder for the time of reading.
        password: that opens it, if it has one.

    Raises:
        SourceUnavailable: this machine cannot read at the moment; the file is not to blame.
    """
    found = inspect_delivery(path, _known(receipts, password), limits=limits, workspace=workspace)
    if found.refused:
        return PlatformResults(findings=tuple(found.findings))
    names = {normal_header(header): name for name, headers in receipts.headers for header in headers}
    lists, left, doubled = [], 0, []
    for sheet in found.sheets:
        columns, twice = _columns(sheet, names)
        if sheet.is_hidden or not _is_list_of_results(columns, receipts):
            left += sheet.rows > 0
            continue
        doubled += twice
        lists.append((sheet, columns))
    if doubled:
        return PlatformResults(findings=tuple(doubled))
    if not lists:
        return PlatformResults(
            findings=(FileFinding(Finding.HEADER_NOT_FOUND, seen="没有一张表有人员编号和处理结果两列"),)
        )
    rows = pa.concat_tables([_rows(sheet, columns, repeated) for sheet, columns in lists]).combine_chunks()
    return PlatformResults(rows, sum(_broken(sheet) for sheet, _ in lists), left)


def read_handed_in(path: Path, profile: PlatformProfile, *, limits: ReadingLimits, workspace: Path) -> pa.Table | None:
    """Who stands in which row of an import workbook of ours: ``row_number person_number``.

    ``None`` where that cannot be told: the file was altered so far that it has no such columns any more.

    Raises:
        SourceUnavailable: as in `read_results`.
    """
    header = next((column.header for column in profile.columns if column.field == "person_id"), None)
    columns: dict[str, tuple[str, ...]] = {column.header: (column.header,) for column in profile.columns}
    known = DeliveryLayout({"main": TableLayout(columns, tuple(columns))})
    found = inspect_delivery(path, known, limits=limits, workspace=workspace)
    sheets = [sheet for sheet in found.sheets if header in sheet.header]
    if len(sheets) != 1 or header is None:
        return None
    cells = sheets[0].cells
    number = cells[str(sheets[0].header.index(header))]
    return pa.table(
        {"row_number": cells["row_number"].cast(pa.int64()), "person_number": number.cast(pa.large_string())}
    )


def _known(receipts: ReceiptsFormat, password: str) -> DeliveryLayout:
    """The headers by which one of results is told: two that say whom and what, or any three."""
    headers = {_UNDER_ANOTHER_NAME.get(name, name): headers for name, headers in receipts.headers if headers}
    pairs = [
        tuple(_UNDER_ANOTHER_NAME.get(name, name) for name in pair)
        for pair in product(_WHO, _WHAT)
        if len(set(pair)) > 1
    ]
    told = [TableLayout(headers, pair) for pair in pairs if headers.keys() >= set(pair)]
    names = ["main", *(f"other-{number}" for number in range(1, len(told)))]
    tables = dict(zip(names, told or [TableLayout(headers, tuple(headers))], strict=True))
    return DeliveryLayout(tables, password=password)


def _columns(sheet: InspectedSheet, names: Mapping[str, str]) -> tuple[dict[str, int], list[FileFinding]]:
    """The place of each column that has a meaning, and those that have one another column has already."""
    columns: dict[str, int] = {}
    twice = []
    for place, header in enumerate(sheet.header):
        name = names.get(normal_header(header))
        if name is None:
            continue
        if name in columns:
            row_number = sheet.header_rows[-1]
            letter = column_letter(place)
            twice.append(FileFinding(Finding.COLUMN_DUPLICATED, sheet.name, row_number, letter, seen=shown(header)))
        columns.setdefault(name, place)
    return columns, twice


def _is_list_of_results(columns: Mapping[str, int], receipts: ReceiptsFormat) -> bool:
    what = _WHAT if receipts.reason_rejects else ("result",)
    return not columns.keys().isdisjoint(_WHO) and not columns.keys().isdisjoint(what)


def _rows(sheet: InspectedSheet, columns: Mapping[str, int], repeated: Sequence[str]) -> pa.Table:
    cells = sheet.cells
    places = {normal_header(header): place for place, header in enumerate(sheet.header)}
    made: dict[str, pa.Array] = {
        "sheet": pa.repeat(pa.scalar(sheet.name, pa.large_string()), len(cells)),
        "row_number": cells["row_number"].cast(pa.int64()),
    }
    wanted = {name: columns.get(name) for name in ReceiptHeaders.model_fields}
    wanted |= {f"{REPEATED}{header}": places.get(normal_header(header)) for header in repeated}
    for name, place in wanted.items():
        column = pa.nulls(len(cells), pa.large_string()) if place is None else cells[str(place)]
        made[name] = column.cast(pa.large_string())
    return pa.table(made)


def _broken(sheet: InspectedSheet) -> int:
    """Lines of a text below its header that are no rows; every row of a sheet is one."""
    return sheet.rows - len(sheet.header_rows) - len(sheet.cells) if sheet.is_text else 0

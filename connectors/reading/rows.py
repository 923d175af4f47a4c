"""From a grid to records: which rows carry one, their fields by name, their fingerprint; and that no row is lost."""

import re
import unicodedata
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from connectors.reading.contents import DeliveryRefusedError, FileFinding, Skipped, TableContents
from connectors.reading.grid import BLANKS, NO, Grid, column_letter, is_blank
from connectors.reading.header import normal_header
from connectors.reading.layout import TableLayout
from connectors.reading.rowhash import row_hashes
from schemas.findings import Finding

__all__ = ["records_of"]

_IDENTITY_FIELDS = ("id_number", "elder_id_number")
_NAME_FIELD = "name"

_FOOTER = re.compile(
    r"""(?:.{0,12}(?:合计|小计|总计)|(?:共计|累计|总数)
        |(?:制表|填表|填报|审核|审批|复核|经办|经手|负责|联系|统计|报送)(?:人|单位|日期|时间|部门|机构|说明)
        |(?:单位|部门|村\(?居?\)?|主要)负责人|制表|审核|复核|审批|\(?(?:签名|签字|签章|盖章|公章)
        |备注说明|填表说明|(?:备注|说明|注|日期):|注\d|本表|本页|以上|以下空白|此行以下
        |第\d+页|共\d+[页人条户]|年月日$)""",
    re.VERBOSE,
)
"""What a cell begins with when its row speaks of the list instead of a person (after NFKC, without blanks)."""

_COUNT = re.compile(r"[共计:]*[\d.,]+[人名户元]?$")

_ID_LIKE = r"[0-9０-９]{6}"
_BEGINS_WITH_HAN = r"^\s*\p{Han}"
_WHOLE_ID = re.compile(r"[0-9A-Za-z]{15,}")
_PART_OF_ID = re.compile(r"[0-9A-Za-z]{6,}")


def records_of(grid: Grid, table: TableLayout) -> tuple[TableContents, list[FileFinding]]:
    """The records of a grid, with the columns and lines that were left out.

    Raises:
        DeliveryRefusedError: rows counted before and after reading differ (a fault of ours or of a library; nothing is used).
    """
    skipped = _rows_without_record(grid)
    columns = {field: grid.columns[index].combine_chunks() for field, index in grid.header.column_of.items()}
    numbers = {
        field: flags.combine_chunks()
        for field, index in grid.header.column_of.items()
        if (flags := grid.stored_as_number[index]) is not None
    }
    row_numbers = grid.row_numbers
    if skipped:
        kept = np.ones(len(row_numbers), dtype=bool)
        kept[list(skipped)] = False
        mask = pa.array(kept)
        columns = {field: column.filter(mask) for field, column in columns.items()}
        numbers = {field: flags.filter(mask) for field, flags in numbers.items()}
        row_numbers = row_numbers[kept]
    numbers = {field: flags for field, flags in numbers.items() if pc.any(flags).as_py()}
    contents = TableContents(
        table=_table(grid.sheet, row_numbers, columns, numbers, tuple(table.columns)),
        received=grid.received,
        blank=len(skipped),
        broken=len(grid.broken),
        header_row=grid.header.row_number,
        sheet=grid.sheet,
        skipped=[Skipped(int(grid.row_numbers[index]), reason) for index, reason in skipped.items()],
    )
    if contents.received != contents.table.num_rows + contents.blank + contents.broken:
        raise DeliveryRefusedError(FileFinding(Finding.FILE_UNREADABLE, grid.sheet, seen="两次清点的行数不一致"))
    broken = [FileFinding(Finding.LINE_BROKEN, grid.sheet, line, seen=why) for line, why in grid.broken]
    return contents, [*_nameless_columns(grid), *broken]


def _table(
    sheet: str,
    row_numbers: npt.NDArray[np.int32],
    columns: dict[str, pa.Array],
    numbers: dict[str, pa.Array],
    fields: Sequence[str],
) -> pa.Table:
    rows = len(row_numbers)
    sheets = pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, np.int32)), pa.array([sheet], pa.string()))
    made: dict[str, pa.Array] = {
        "sheet": sheets,
        "row_number": pa.array(row_numbers, pa.int32()),
        "row_hash": row_hashes(columns, numbers, rows),
    }
    for field in fields:
        made[field] = columns.get(field, pa.nulls(rows, pa.large_string()))
    for field, flags in numbers.items():
        made[f"{field}__number"] = flags
    return pa.table(made)


def _nameless_columns(grid: Grid) -> list[FileFinding]:
    """Columns that hold something under an empty header; delimiters at the end of every line are no columns."""
    findings = []
    for index, cell in enumerate(grid.header.cells):
        if is_blank(cell) and grid.columns[index].null_count < len(grid.columns[index]):
            letter = column_letter(index)
            findings.append(FileFinding(Finding.COLUMN_UNKNOWN, grid.sheet, grid.header.row_number, letter))
    return findings


def _rows_without_record(grid: Grid) -> dict[int, str]:
    """Index of each row that carries no record, and why; only rows without an ID number are looked at."""
    column_of = grid.header.column_of
    doubtful = np.ones(len(grid.row_numbers), dtype=bool)
    for field in _IDENTITY_FIELDS:
        if field in column_of:
            doubtful &= ~_looks_like_id(grid.columns[column_of[field]])
    suspects = np.flatnonzero(doubtful)
    if not len(suspects):
        return {}
    taken = pa.array(suspects)
    cells = zip(*(column.take(taken).to_pylist() for column in grid.columns), strict=True)
    headers = [normal_header(cell) for cell in grid.header.cells]
    verdicts = (_why_no_record(row, headers, column_of) for row in cells)
    return {int(index): why for index, why in zip(suspects, verdicts, strict=True) if why}


def _looks_like_id(column: pa.ChunkedArray) -> npt.NDArray[np.bool_]:
    digits = pc.match_substring_regex(column, _ID_LIKE)
    words = pc.match_substring_regex(column, _BEGINS_WITH_HAN)
    return np.asarray(pc.and_not(digits, words).fill_null(NO))


def _why_no_record(row: Sequence[str | None], headers: Sequence[str], column_of: dict[str, int]) -> str | None:
    """Why a row is no record, None if it is one; in doubt it is one, and its missing ID number will be said."""
    filled = {index: cell for index, cell in enumerate(row) if cell and cell.strip(BLANKS)}
    plain = {index: "".join(unicodedata.normalize("NFKC", cell).split()) for index, cell in filled.items()}
    identities = [plain[column_of[field]] for field in _IDENTITY_FIELDS if column_of.get(field) in plain]
    if any(_WHOLE_ID.search(text) or (_PART_OF_ID.search(text) and not _FOOTER.match(text)) for text in identities):
        return None
    same = sum(normal_header(cell) == headers[index] for index, cell in filled.items())
    if same >= 2 and same * 2 >= len(filled):
        return "repeated-header"
    name = plain.get(column_of.get(_NAME_FIELD, -1), "")
    nameless = not name or _FOOTER.match(name) or _COUNT.match(name)
    if nameless and any(map(_FOOTER.match, plain.values())):
        return "footer"
    if not any(index in plain for index in column_of.values()):
        return "no-content"
    return None

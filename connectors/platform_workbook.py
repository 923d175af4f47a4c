"""The platform's import workbook and its twin in JSON lines, as files in a folder.

What the rows say is decided before (``transforms.render``); here they are laid out, split and put on disk so that
writing the same rows again, after a crash at any instant, leaves exactly the same files.
"""

import hashlib
import re
import zipfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, time
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import xlsxwriter

from connectors.sheet_cells import rows_of_text_cells, text_bytes
from schemas.durable import flush_folder, replace_file
from schemas.errors import ContractBroken, PushFailed
from schemas.platform_profile import PlatformColumn, PlatformProfile

__all__ = ["WrittenFile", "write_platform_files"]

# An archive entry without a date of its own: the earliest a ZIP can say.
_NO_DATE = (1980, 1, 1, 0, 0, 0)
# A part is compressed as it is made, this many rows at a time. Level 1 takes half the time of level 6 for 1.2 times the size.
_ROWS_AT_ONCE = 5_000
_LEVEL = 1
_THREADS = 2
# Officers who correct a part by hand may add people below the last one.
_SPARE_ROWS = 200


class WrittenFile(NamedTuple):
    """A file that is on disk, whole: its name in the folder, how many people are in it, its SHA-256."""

    name: str
    rows: int
    sha256: str


def write_platform_files(
    rows: pd.DataFrame,
    json_lines: pa.Array | Sequence[str],
    profile: PlatformProfile,
    folder: Path,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> list[WrittenFile]:
    """Writes workbooks of at most the profile's number of rows each, and one JSON-lines file with all rows.

    Names and bytes depend on the arguments alone. Files of an earlier writing that are no longer part of it, and what a
    killed writer left half done, are removed last. No rows make no files.

    Args:
        rows: texts under the profile's headers, empty where there is no value.
        json_lines: one JSON text per row, in the same order.
        profile: the platform's format.
        folder: made where it is missing; 0700, its files 0600.
        progress: told after each workbook how many of how many rows are in workbooks on disk.

    Returns:
        The workbooks in order, then the JSON lines.

    Raises:
        ContractBroken: the columns are not the profile's, or there is not one JSON text per row.
        PushFailed: the disk is full or the folder not writable; files that were there are whole, old or new.
    """
    if tuple(rows.columns) != profile.headers:
        raise ContractBroken("rendered columns differ from the profile's headers")
    if len(json_lines) != len(rows):
        raise ContractBroken(f"{len(json_lines)} JSON lines for {len(rows)} rendered rows")
    columns = [_column_of(rows[header]) for header in profile.headers]
    limit, stem = profile.workbook.row_limit, profile.workbook.file_name
    written: list[WrittenFile] = []

    def write_part(start: int) -> WrittenFile:
        block = [column.slice(start, limit) for column in columns]
        name = f"{stem}_{start // limit + 1:03}.xlsx"
        return _write(folder / name, [workbook_bytes(block, profile)], len(block[0]))

    try:
        _make_private(folder)
        # Arrow and zlib, where the time goes, let go of the interpreter: two threads keep two cores busy.
        with ThreadPoolExecutor(max_workers=_THREADS) as threads:
            for file in threads.map(write_part, range(0, len(rows), limit)):
                written.append(file)
                if progress:
                    progress(sum(part.rows for part in written), len(rows))
        if len(rows):
            written.append(_write(folder / f"{stem}.jsonl", _lines(json_lines), len(rows)))
        _remove_leftovers(folder, stem, keep={file.name for file in written})
    except OSError as error:
        reason = error.strerror or type(error).__name__
    else:
        return written
    raise PushFailed(f"{folder}: the platform's files could not be written: {reason}")


def workbook_bytes(columns: list[pa.Array], profile: PlatformProfile) -> bytes:
    """One import workbook with at least one row; the same bytes for the same arguments, whenever it is made."""
    count, first_row = len(columns[0]), len(profile.note_rows) + 2
    made = BytesIO()
    with (
        zipfile.ZipFile(BytesIO(_frame(profile, count))) as frame,
        zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as archive,
    ):
        for name in frame.namelist():
            entry = zipfile.ZipInfo(name, _NO_DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            if name != "xl/worksheets/sheet1.xml":
                archive.writestr(entry, frame.read(name))
                continue
            before, style, after = _around_the_rows(frame.read(name), first_row + count - 1)
            with archive.open(entry, "w", force_zip64=True) as sheet:
                sheet.write(before)
                for start in range(0, count, _ROWS_AT_ONCE):
                    block = [column.slice(start, _ROWS_AT_ONCE) for column in columns]
                    sheet.write(rows_of_text_cells(block, first_row=first_row + start, style=style))
                sheet.write(after)
    return made.getvalue()


def _frame(profile: PlatformProfile, count: int) -> bytes:
    """The workbook without its people: notes, header, comments, drop-downs, and one blank cell in the last place."""
    buffer = BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(buffer, options)
    # The clock of whoever writes must not be in the bytes.
    made = datetime.combine(profile.effective_from, time(), UTC)
    book.set_properties({"title": profile.label, "comments": profile.notice, "created": made})
    text = book.add_format({"num_format": "@"})
    look = {"num_format": "@", "bold": True, "bg_color": "#DDEBF7", "border": 1, "align": "center", "valign": "vcenter"}
    optional, required = book.add_format(look), book.add_format({**look, "font_color": "#C00000"})
    note = book.add_format({"num_format": "@", "font_color": "#C00000"})
    sheet = book.add_worksheet(profile.workbook.sheet)
    header_row = len(profile.note_rows)
    last_row = header_row + count
    for row, words in enumerate(profile.note_rows):
        sheet.write_string(row, 0, words, note)
    for place, column in enumerate(profile.columns):
        sheet.set_column(place, place, column.width, text)
        sheet.write_string(header_row, place, column.header, required if column.required else optional)
        if words := _explanation(column):
            sheet.write_comment(header_row, place, words, {"x_scale": 1.5, "y_scale": 1 + words.count("\n") / 6})
        if column.drop_down:
            choice = {"validate": "list", "source": list(column.drop_down)}
            sheet.data_validation(header_row + 1, place, last_row + _SPARE_ROWS, place, choice)
    sheet.freeze_panes(header_row + 1, 0)
    sheet.write_blank(last_row, len(profile.columns) - 1, None, text)
    book.close()
    return buffer.getvalue()


def _around_the_rows(sheet: bytes, last_row: int) -> tuple[bytes, str, bytes]:
    """What XlsxWriter wrote before and after its one blank cell in ``last_row``, and the index of that cell's format."""
    found = re.search(
        rb'<row r="%d"[^>]*><c r="[A-Z]+%d" s="(\d+)"/></row>(?=</sheetData>)' % (last_row, last_row), sheet
    )
    if not found:
        raise ContractBroken("XlsxWriter lays out a worksheet in a way this program does not know")
    return sheet[: found.start()], found[1].decode(), sheet[found.end() :]


def _explanation(column: PlatformColumn) -> str:
    """What the comment on a header says: the note, then what each code means."""
    meanings = [f"{code}:{column.labels[word]}" for word, code in column.codes.items() if code != column.labels[word]]
    several = [f"可填多项,以“{column.separator}”分隔"] if column.separator else []
    return "\n".join([*filter(None, [column.note]), *meanings, *several])


def _column_of(values: pd.Series) -> pa.Array:
    array = pa.array(values, from_pandas=True)
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    return pc.fill_null(array.cast(pa.large_string()), "")


def _lines(json_lines: pa.Array | Sequence[str]) -> Iterator[memoryview]:
    texts = json_lines if isinstance(json_lines, pa.Array) else pa.array(json_lines, pa.large_string())
    for start in range(0, len(texts), _ROWS_AT_ONCE):
        block = texts.slice(start, _ROWS_AT_ONCE).cast(pa.large_string())
        empty, line_end = pa.scalar("", pa.large_string()), pa.scalar("\n", pa.large_string())
        yield text_bytes(pc.binary_join_element_wise(block, empty, line_end))


def _write(path: Path, blocks: Sequence[bytes] | Iterator[memoryview], rows: int) -> WrittenFile:
    digest = hashlib.sha256()
    with replace_file(path) as temporary, temporary.open("wb") as file:
        for block in blocks:
            digest.update(block)
            file.write(block)
    return WrittenFile(path.name, rows, digest.hexdigest())


def _make_private(folder: Path) -> None:
    is_new = not folder.is_dir()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    if is_new:
        flush_folder(folder.parent)


def _remove_leftovers(folder: Path, stem: str, *, keep: set[str]) -> None:
    ours = re.compile(rf"{stem}(_\d{{3,}}\.xlsx|\.jsonl)|\.{stem}.*\.part")
    leftovers = [path for path in folder.iterdir() if ours.fullmatch(path.name) and path.name not in keep]
    for path in leftovers:
        path.unlink()
    if leftovers:
        flush_folder(folder)

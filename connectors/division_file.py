"""Tables of administrative divisions as files: an office's own workbook or text, read into rows by header."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from python_calamine import CalamineError, CalamineWorkbook

from schemas.errors import ConfigurationInvalid

__all__ = ["read_division_rows"]

_ARCHIVE = b"PK\x03\x04"


def read_division_rows(path: Path) -> list[dict[str, str]]:
    """The rows below the header of a ``.csv`` (UTF-8 or GB18030) or of the first sheet of an ``.xlsx``.

    Raises:
        ConfigurationInvalid: the file cannot be read, is neither, or holds no rows.
    """
    try:
        rows = list(_workbook_rows(path) if path.read_bytes()[:4] == _ARCHIVE else _text_rows(path))
    except OSError as error:
        problem = error.strerror or "it cannot be read"
    except UnicodeDecodeError:
        problem = "neither UTF-8 nor GB18030"
    except CalamineError:
        problem = "not readable as a workbook"
    else:
        if rows:
            return rows
        problem = "no rows below a header"
    raise ConfigurationInvalid(f"{path}: {problem}")


def _text_rows(path: Path) -> Iterator[dict[str, str]]:
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("gb18030")
    rows = csv.reader(io.StringIO(text, newline=""))
    return _by_header(rows)


def _workbook_rows(path: Path) -> Iterator[dict[str, str]]:
    with CalamineWorkbook.from_path(path) as book:
        rows = book.get_sheet_by_index(0).iter_rows()
        return _by_header(iter([[_text(cell) for cell in row] for row in rows]))


def _text(cell: object) -> str:
    """A cell as text; a code stored as a number has twelve digits, which a number keeps."""
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)


def _by_header(rows: Iterator[list[str]]) -> Iterator[dict[str, str]]:
    header = [cell.strip() for cell in next(rows, [])]
    return (dict(zip(header, row, strict=False)) for row in rows if any(cell.strip() for cell in row))

"""Delimited text (.csv, .txt and what is renamed .xls): encoding, delimiter and header, then the rows piece by piece."""

from collections.abc import Iterator
from itertools import chain
from typing import NamedTuple

from connectors.reading.contents import FileFinding
from connectors.reading.formats.raw import Raw
from connectors.reading.formats.refusal import hostile, refused
from connectors.reading.grid import Grid, is_blank
from connectors.reading.layout import DeliveryLayout, ReadingLimits
from connectors.reading.text.text_encoding import encoding_of, utf8_pieces
from connectors.reading.text.text_header import SEARCHED_LINES, TextHeader, find_text_header
from connectors.reading.text.text_rows import TextRows
from schemas.findings import Finding

__all__ = ["DelimitedText", "read_delimited"]


class DelimitedText(NamedTuple):
    """The grid of a text, the columns nobody agreed on, and the name of its encoding."""

    grid: Grid
    unknown: list[FileFinding]
    encoding: str


def read_delimited(raw: Raw, layout: DeliveryLayout, limits: ReadingLimits, *, sheet: str = "") -> DelimitedText:
    """The rows of a text.

    Args:
        raw: the text.
        layout: what it should look like; a text holds the main table alone.
        limits: of its rows and columns.
        sheet: the name its rows are found by, where it is one of several.

    Raises:
        DeliveryRefusedError: the text cannot be decoded, holds nothing, or its header is not as agreed.
    """
    encoding = encoding_of(raw, layout.encoding)
    pieces = utf8_pieces(raw, encoding)
    first = next(pieces)
    header = _header(first, pieces, layout, sheet)
    if len(header.header.cells) > limits.columns:
        raise hostile(f"{len(header.header.cells)} 列")
    rows = TextRows(header.header, header.delimiter, first_line=header.after)
    below = first.split(b"\n", header.after)
    piece = below[-1] if len(below) > header.after else b""
    del first, below
    for following in pieces:
        rows.take(piece)
        piece = following
        _check_height(rows, limits)
    rows.take(piece, is_last=True)
    _check_height(rows, limits)
    return DelimitedText(rows.grid(sheet), header.unknown, encoding.label)


def _header(first: bytes, others: Iterator[bytes], layout: DeliveryLayout, sheet: str) -> TextHeader:
    lines = [line.decode() for line in first.split(b"\n", SEARCHED_LINES)[:SEARCHED_LINES]]
    if all(map(is_blank, lines)) and all(is_blank(piece.decode()) for piece in chain([first], others)):
        raise refused(Finding.FILE_EMPTY)
    return find_text_header(lines, layout.tables["main"], sheet)


def _check_height(rows: TextRows, limits: ReadingLimits) -> None:
    if rows.lines > limits.rows:
        raise hostile(f"超过 {limits.rows} 行")

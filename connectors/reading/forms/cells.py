"""A page with a form on it as cells, whatever format it came in: what ``form`` looks at."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from connectors.reading.contents import DeliveryRefusedError, FileFinding, shown
from connectors.reading.grid import is_blank
from connectors.reading.sheets import Block, SheetCells
from schemas.findings import Finding

__all__ = ["FormCell", "FormCells", "form_from_cells", "form_of_sheet"]

_MOST_COVERED = 4  # times the sheet: merged cells do not overlap, so honest ones cover it at most once


@dataclass(frozen=True, slots=True, repr=False)
class FormCell:
    """One cell of a page: where it begins (from 0), how far it goes, what it says."""

    row: int
    column: int
    text: str
    row_span: int = 1
    column_span: int = 1
    stored_as_number: bool = False

    @property
    def is_blank(self) -> bool:
        """Whether the cell shows nothing."""
        return is_blank(self.text)


@dataclass(slots=True, repr=False)
class FormCells:
    """A page: the cells that begin in each row, and the number of each row as a person counts it.

    ``place`` is the sheet's name. A document has none; its forms are told apart by their order.
    """

    place: str
    rows: list[list[FormCell]]
    row_numbers: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        if not self.row_numbers:
            self.row_numbers = list(range(1, len(self.rows) + 1))

    def lines(self) -> Iterator[list[FormCell]]:
        """The cells each row shows from left to right, with those that reach into it from above."""
        reaching: list[FormCell] = []
        for index, row in enumerate(self.rows):
            reaching = [cell for cell in reaching if cell.row + cell.row_span > index]
            yield sorted([*reaching, *row], key=lambda cell: cell.column)
            reaching += [cell for cell in row if cell.row_span > 1]


def form_from_cells(
    rows: Sequence[Sequence[str | None]],
    numbers: Sequence[Sequence[bool] | None],
    merged: Sequence[Block],
    sheet: str,
) -> FormCells:
    """The page of a sheet.

    Args:
        rows: texts row by row from A1 on, all of one length.
        numbers: for each column which rows of it were stored as numbers, ``None`` where none was.
        merged: merged cells; only the first cell of each has a text.
        sheet: the sheet's name.

    Raises:
        DeliveryRefusedError: merged cells cover each other over and over.
    """
    height, width = len(rows), max(map(len, rows), default=0)
    spans: dict[tuple[int, int], tuple[int, int]] = {}
    covered = [bytearray(width) for _ in range(height)]
    left = _MOST_COVERED * height * width
    for first_row, first_column, last_row, last_column in merged:
        if first_row >= height or first_column >= width:
            continue
        row_span = min(last_row, height - 1) - first_row + 1
        column_span = min(last_column, width - 1) - first_column + 1
        left -= row_span * column_span
        if left < 0:
            raise DeliveryRefusedError(FileFinding(Finding.FILE_HOSTILE, shown(sheet), seen="合并单元格互相重叠"))
        spans[first_row, first_column] = row_span, column_span
        for row in range(first_row, first_row + row_span):
            covered[row][first_column : first_column + column_span] = b"\x01" * column_span
    for row, column in spans:
        covered[row][column] = 0
    return FormCells(
        sheet,
        [
            [
                FormCell(
                    row,
                    column,
                    text or "",
                    *spans.get((row, column), (1, 1)),
                    stored_as_number=bool(flags[row]) if (flags := numbers[column]) is not None else False,
                )
                for column, text in enumerate(texts)
                if not covered[row][column]
            ]
            for row, texts in enumerate(rows)
        ],
    )


def form_of_sheet(sheet: SheetCells, *, rows: int | None = None) -> FormCells:
    """The page of a sheet, or of its first rows: enough to see whether it is a form."""
    last = sheet.height if rows is None else min(rows, sheet.height)
    numbers = [None if flags is None else flags.slice(0, last).to_pylist() for flags in sheet.numbers]
    return form_from_cells(sheet.texts(0, last), numbers, sheet.merged, sheet.name)

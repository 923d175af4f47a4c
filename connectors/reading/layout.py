"""What a delivery should look like, and how much of the machine reading it may use. Plain data, exchanged as JSON."""

from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Self

__all__ = ["DeliveryLayout", "Policy", "ReadingLimits", "TableLayout"]

Policy = Literal["take", "leave"]
"""Whether something that may or may not be part of a list is."""


@dataclass(frozen=True, slots=True)
class TableLayout:
    """One table of a delivery: the headers its fields go by, and how its rows are to be understood.

    Attributes:
        columns: the headers of each field, the agreed one first.
        required: fields without whose column the delivery is refused.
        sheet_names: sheets the table may be on, best first.
        optional_table: whether a delivery may do without it.
        ignored: headers of columns that are known and not wanted; any other unknown column is said.
        same_as_above: fields in which an empty cell means what the cell above it says.
        sheet_name_field: the field that is the sheet's name where a row or the table does not state it.
    """

    columns: dict[str, tuple[str, ...]]
    required: tuple[str, ...]
    sheet_names: tuple[str, ...] = ()
    optional_table: bool = False
    ignored: tuple[str, ...] = ()
    same_as_above: tuple[str, ...] = ()
    sheet_name_field: str | None = None

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Self:
        """The layout that ``dataclasses.asdict`` and JSON made a document of."""
        lists = {key: tuple(document[key]) for key in ("required", "sheet_names", "ignored", "same_as_above")}
        columns = {name: tuple(headers) for name, headers in document["columns"].items()}
        return cls(**{**document, **lists, "columns": columns})


@dataclass(frozen=True, slots=True)
class DeliveryLayout:
    """The tables of a delivery by name; ``main`` is the list itself and the only one a text file can hold.

    Attributes:
        tables: by name.
        hidden_rows: whether hidden rows of a sheet are part of the list.
        hidden_sheets: whether hidden sheets are looked at.
        other_sheets: whether sheets beside the agreed ones are taken where they read like the list; where no sheet has an
            agreed name they always are.
        encoding: of a text; told from the text itself where empty.
        password: that opens the file; it is never shown.
    """

    tables: dict[str, TableLayout]
    hidden_rows: Policy = "take"
    hidden_sheets: Policy = "leave"
    other_sheets: Policy = "leave"
    encoding: str = ""
    password: str = field(default="", repr=False)

    def to_json(self) -> dict[str, Any]:
        """A document of it. It holds the password: it may be handed on by a pipe, and never be stored."""
        return asdict(self)

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Self:
        """The layout that :meth:`to_json` made a document of."""
        tables = {name: TableLayout.from_json(table) for name, table in document["tables"].items()}
        return cls(**{**document, "tables": tables})


@dataclass(frozen=True, slots=True)
class ReadingLimits:
    """What one file may cost. A workbook of 100,000 elders needs about a tenth of each."""

    file_bytes: int = 200_000_000
    memory_bytes: int = 4 << 30
    cpu_seconds: int = 120
    wall_seconds: float = 300.0
    zip_entries: int = 200
    unpacked_bytes: int = 300_000_000
    unpacked_ratio: int = 200
    columns: int = 500
    rows: int = 1_000_000

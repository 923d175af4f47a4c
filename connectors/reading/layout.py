"""What a delivery should look like, and how much of the machine reading it may use. Plain data, exchanged as JSON."""

from dataclasses import dataclass
from typing import Any, Self

__all__ = ["DeliveryLayout", "ReadingLimits", "TableLayout"]


@dataclass(frozen=True, slots=True)
class TableLayout:
    """One table of a delivery: the headers its fields go by, and the sheets it may be on (best first)."""

    columns: dict[str, tuple[str, ...]]
    required: tuple[str, ...]
    sheet_names: tuple[str, ...] = ()
    optional_table: bool = False


@dataclass(frozen=True, slots=True)
class DeliveryLayout:
    """The tables of a delivery by name; ``main`` is the list itself and the only one a text file can hold."""

    tables: dict[str, TableLayout]

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Self:
        """The layout that ``dataclasses.asdict`` and JSON made a document of."""
        return cls(
            {
                name: TableLayout(
                    columns={field: tuple(headers) for field, headers in table["columns"].items()},
                    required=tuple(table["required"]),
                    sheet_names=tuple(table["sheet_names"]),
                    optional_table=table["optional_table"],
                )
                for name, table in document["tables"].items()
            }
        )


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

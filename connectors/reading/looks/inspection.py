"""What was found in a file that nobody agreed on: its sheets, their headers, and the cells below, for somebody to map.

How it is found is in ``inspect_sheets``; which field a column is, in ``transforms.header_guess``.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, Self

import pyarrow as pa

from connectors.reading.contents import FileFinding, ReadingNote

__all__ = ["InspectedSheet", "Inspection", "Likeness"]

Likeness = Literal["list", "members", "form", "other"]


@dataclass(frozen=True, slots=True, repr=False)
class InspectedSheet:
    """One sheet as it was found.

    Attributes:
        name: as a person sees it; in an archive after that of its file, which is that of a text.
        is_text: whether it is a text and no sheet of a workbook.
        rows: how many rows show anything, titles and header included.
        is_hidden: whether the sheet is hidden.
        hidden_rows: how many of its rows are hidden.
        likeness: whether it reads like a list of people, of members of their households, like the registration form, or
            like none of these.
        header_rows: the rows of the header as the spreadsheet shows them; none where there is no header.
        header: what the header says of each column from A on.
        cells: the rows below the header that show anything: ``row_number``, and for each column its text under its place
            from 0 (``large_string``, null where empty) and under ``<place>__number`` which cells were stored as numbers,
            where any was.
        delimiter: of a text.
    """

    name: str
    is_text: bool
    rows: int
    is_hidden: bool
    hidden_rows: int
    likeness: Likeness
    header_rows: tuple[int, ...]
    header: tuple[str, ...]
    cells: pa.Table
    delimiter: str = ""


@dataclass(frozen=True, slots=True)
class Inspection:
    """All that was found in a file; one that is refused has findings and no sheets."""

    refused: bool
    findings: Sequence[FileFinding] = ()
    notes: Sequence[ReadingNote] = ()
    sheets: Sequence[InspectedSheet] = ()

    @classmethod
    def refusal(cls, *findings: FileFinding) -> Self:
        """A file that cannot be read, and why."""
        return cls(refused=True, findings=findings)

    def save(self, folder: Path) -> None:
        """Leaves it in a folder for :meth:`load`."""
        sheets = []
        for place, sheet in enumerate(self.sheets):
            with (
                pa.OSFile(str(folder / f"{place}.arrow"), "wb") as file,
                pa.ipc.new_file(file, sheet.cells.schema) as to,
            ):
                to.write_table(sheet.cells)
            sheets.append({name: getattr(sheet, name) for name in InspectedSheet.__slots__ if name != "cells"})
        document = {
            "refused": self.refused, "findings": [asdict(finding) for finding in self.findings],
            "notes": [asdict(note) for note in self.notes], "sheets": sheets,
        }  # fmt: skip
        (folder / "inspection.json").write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Self:
        """What :meth:`save` left; the cells outlive the folder."""
        document: dict[str, Any] = json.loads((folder / "inspection.json").read_text(encoding="utf-8"))
        sheets = []
        for place, sheet in enumerate(document["sheets"]):
            with pa.memory_map(str(folder / f"{place}.arrow")) as file:
                cells = pa.ipc.open_file(file).read_all()
            lists = {name: tuple(sheet[name]) for name in ("header_rows", "header")}
            sheets.append(InspectedSheet(**{**sheet, **lists}, cells=cells))
        return cls(
            document["refused"],
            [FileFinding.from_json(finding) for finding in document["findings"]],
            [ReadingNote.from_json(note) for note in document["notes"]],
            sheets,
        )

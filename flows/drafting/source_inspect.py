"""What ``source inspect`` tells of a file: format, sheets, columns with the fields they may be, codes, masked rows."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from connectors.reading import DeliveryContents, FileFinding, ReadingNote, TableContents
from connectors.reading.contents import shown
from connectors.reading.layouts.filling import own_name
from connectors.reading.looks.inspection import InspectedSheet
from flows.drafting.masked_sample import sample_rows
from flows.drafting.source_look import Look, look_at
from schemas.codes import CODE_LISTS
from schemas.column_guess import REASON_LABELS, ColumnGuess
from schemas.configuration import Configuration
from schemas.fields import FIELDS
from schemas.findings import CATALOGUE, Finding
from schemas.idnumber import ID_NUMBER_FAULTS, judge_column
from schemas.reading_notes import NOTE_LABELS, ReadingNoteKind
from transforms.columns import is_filled, texts
from transforms.crosswalk import CodeWord

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["file_finding", "inspect", "noted"]

_K = ReadingNoteKind
_SAID_BY_THE_SHEETS = frozenset(
    {_K.FORMAT, _K.ENCODING, _K.DECRYPTED, _K.MEMBER_LEFT, _K.SHEET_LEFT, _K.HIDDEN_SHEET_LEFT, _K.HIDDEN_SHEET_TAKEN}
)
"""Notes of a file read under its guesses that only repeat what looking at it said."""


def inspect(
    home: Path,
    config: Path,
    file: Path,
    *,
    source: str | None = None,
    header_row: int | None = None,
    password_secret: str | None = None,
) -> dict[str, Any]:
    """A file as far as it can be understood; no cell in clear, unless it is one of a few words that stand there often.

    ``refused`` where the file cannot be read at all, or holds no list.
    """
    look = look_at(home, config, file, source=source, header_row=header_row, password_secret=password_secret)
    inspection, rules = look.inspection, look.configuration
    found: dict[str, Any] = {
        "refused": inspection.refused or look.sheet is None,
        "findings": [file_finding(finding, rules) for finding in inspection.findings],
        "notes": [noted(note) for note in inspection.notes],
        "sheets": [
            {
                "name": _name(sheet), "rows": sheet.rows, "is_hidden": sheet.is_hidden, "hidden_rows": sheet.hidden_rows,
                "reads_like": sheet.likeness, "header_rows": list(sheet.header_rows),
                "delimiter": sheet.delimiter or None,
                "columns": sum(1 for header in sheet.header if header.strip()),
            }
            for sheet in inspection.sheets
        ],
        "sheet": None if look.sheet is None else _name(look.sheet),
        "source": _source(look, given=source is not None),
        "sources": [
            {"name": match.name, "label": match.label, "matched": match.matched, "complete": match.is_complete}
            for match in look.matches
        ],
        "columns": [],
        "unknown_columns": [],
        "rows": None,
        "id_numbers": None,
        "sample_rows": [],
    }  # fmt: skip
    if look.sheet is None:
        return found
    found["columns"] = [_column(look, guess) for guess in look.guesses]
    found["unknown_columns"] = [
        guess.header for guess in look.guesses if not guess.field and not guess.candidates and guess.header
    ]
    found["id_numbers"] = _id_numbers(look)
    if look.reading is not None:
        found["notes"] += [noted(note) for note in look.reading.notes if note.kind not in _SAID_BY_THE_SHEETS]
        found["findings"] += [file_finding(finding, rules) for finding in look.reading.findings]
        found["rows"] = _rows(look.reading)
    found["sample_rows"] = sample_rows(look)
    return found


def _name(sheet: InspectedSheet) -> str:
    """The name of a sheet; that of its file in an archive only before a list, for it may name somebody."""
    return shown(sheet.name if sheet.likeness in {"list", "members"} or sheet.is_text else own_name(sheet.name))


def file_finding(finding: FileFinding, configuration: Configuration) -> dict[str, Any]:
    """What is wrong with a file, in words."""
    return {
        "code": str(finding.code), "label": CATALOGUE[finding.code].label,
        "severity": str(configuration.rules.severity(finding.code)), "sheet": finding.sheet,
        "row_number": finding.row_number, "column": finding.column, "field": finding.field, "seen": finding.seen,
    }  # fmt: skip


def noted(note: ReadingNote) -> dict[str, Any]:
    """How a file was read, in words."""
    return {
        "kind": str(note.kind), "label": NOTE_LABELS[note.kind], "sheet": note.sheet, "rows": note.rows,
        "column": FIELDS[note.field].label if note.field else "",
        "count": note.count, "field": note.field, "seen": note.seen,
    }  # fmt: skip


def _source(look: Look, *, given: bool) -> dict[str, Any] | None:
    if look.source is None:
        return None
    matched = next((match.matched for match in look.matches if match.name == look.source.name), 0)
    columns = sum(1 for column in look.columns if column.normal)
    return {
        "name": look.source.name,
        "label": look.source.label,
        "given": given,
        "matched": matched,
        "columns": columns,
    }


def _column(look: Look, guess: ColumnGuess) -> dict[str, Any]:
    assert look.sheet is not None  # noqa: S101  for the type checker: there are columns
    place = look.guesses.index(guess)
    filled = is_filled(look.columns[place].cells)
    return {
        "letter": guess.letter,
        "header": guess.header,
        "field": guess.field,
        "label": FIELDS[guess.field].label if guess.field else None,
        "confidence": str(guess.confidence),
        "reasons": [str(reason) for reason in guess.reasons],
        "why": "、".join(REASON_LABELS[reason] for reason in guess.reasons),
        "candidates": list(guess.candidates),
        "filled": round(float(filled.mean()), 4) if len(filled) else 0.0,
        "stored_as_number": int(_as_number(look.sheet, place).sum()),
        "codes": [_code(word, guess.field) for word in look.codes.get(guess.field or "", ())],
    }


def _code(word: CodeWord, field: str | None) -> dict[str, Any]:
    labels = CODE_LISTS[FIELDS[field or ""].codes or ""]
    return {
        "word": word.word, "times": word.times, "code": word.code, "label": labels.get(word.code or ""),
        "proven": word.proven, "proven_label": labels.get(word.proven or ""), "proven_rows": word.rows,
        "proven_share": round(word.share, 4),
    }  # fmt: skip


def _id_numbers(look: Look) -> dict[str, Any] | None:
    """How many of the records' own ID numbers are good, and what is wrong with the others."""
    if (
        look.reading is None
        or look.reading.refused
        or "id_number" not in look.reading.tables["main"].table.column_names
    ):
        return None
    records = look.reading.tables["main"].table
    numbers = texts(records["id_number"])
    as_number = np.zeros(len(numbers), dtype=bool)
    if "id_number__number" in records.column_names:
        as_number = np.asarray(records["id_number__number"].to_numpy(), dtype=bool)
    judged = judge_column(numbers, as_number, today=look.today)
    faults = judged.fault.value_counts()
    counts = {str(fault): int(faults.get(fault, 0)) for fault in ID_NUMBER_FAULTS if faults.get(fault, 0)}
    return {
        "valid": int((judged.key >= 0).sum()),
        "stored_as_number": int(as_number.sum()),
        "faults": {code: {"label": CATALOGUE[Finding(code)].label, "count": count} for code, count in counts.items()},
    }


def _as_number(sheet: InspectedSheet, place: int) -> "NDArray[np.bool_]":
    """Which cells of a column were stored as numbers."""
    name = f"{place}__number"
    if name not in sheet.cells.column_names:
        return np.zeros(len(sheet.cells), dtype=bool)
    return np.asarray(sheet.cells[name].to_numpy(), dtype=bool)


def _rows(reading: DeliveryContents) -> dict[str, int] | None:
    if reading.refused:
        return None
    main: TableContents = reading.tables["main"]
    return {
        "received": main.received, "records": main.table.num_rows, "blank": main.blank, "broken": main.broken,
    }  # fmt: skip

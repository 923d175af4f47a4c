"""Columns of numbers that a spreadsheet ruined as a whole: said once per column, so that the sender does not mend row by row."""

from collections.abc import Iterator

import numpy as np

from connectors.reading import DeliveryContents, ReadingNote
from schemas.fields import FIELDS
from schemas.reading_notes import ReadingNoteKind
from transforms.columns import texts
from transforms.signatures import signature_of

__all__ = ["column_notes"]


def column_notes(contents: DeliveryContents) -> Iterator[ReadingNote]:
    """A note for each column of ID or certificate numbers of a delivery that looks typed into numeric cells, or rounded."""
    for contained in contents.tables.values():
        table = contained.table
        for field in table.column_names:
            if field not in FIELDS or FIELDS[field].kind not in {"id_number", "certificate"}:
                continue
            flags = f"{field}__number"
            is_number = table[flags].to_numpy() if flags in table.column_names else np.zeros(len(table), dtype=bool)
            signature = signature_of(texts(table[field]), is_number)
            if signature.is_typed_as_numbers:
                damaged = signature.total - signature.intact
                seen = f"共 {signature.total} 个，{damaged} 个已损坏，未损坏的 {signature.intact} 个均以 X 结尾"
                yield ReadingNote(ReadingNoteKind.NUMBERS_TYPED, count=damaged, field=field, seen=seen)
            elif signature.is_rounded:
                count = signature.multiples
                yield ReadingNote(
                    ReadingNoteKind.NUMBERS_ROUNDED, count=count, field=field, seen=f"共 {signature.total} 个"
                )

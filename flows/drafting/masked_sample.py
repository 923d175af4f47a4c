"""The first rows of a list nobody agreed on, masked: a column that is taken for nothing, or wrongly, must tell nobody."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from flows.drafting.source_look import Look
from schemas.column_guess import ColumnGuess
from schemas.field_masks import mask_kind
from schemas.fields import FIELDS
from schemas.masking import mask_column
from transforms.columns import map_distinct, take_distinct, texts
from transforms.crosswalk import CodeWord
from transforms.text import clean_text
from transforms.words import parts_of

__all__ = ["sample_rows"]

_SHOWN_ROWS = 5


def sample_rows(look: Look) -> list[dict[str, Any]]:
    """The first records, masked by what each column is taken for; a column that is taken for nothing is masked wholly."""
    assert look.sheet is not None  # noqa: S101  for the type checker
    cells = look.sheet.cells
    numbers = cells["row_number"].to_pylist()
    records = set(numbers[:_SHOWN_ROWS])
    if look.reading is not None and not look.reading.refused:
        main = look.reading.tables["main"].table
        of_sheet = main.filter(pc.equal(main["sheet"].cast(pa.string()), look.sheet.name))
        records = set(of_sheet["row_number"].slice(0, _SHOWN_ROWS).to_pylist()) or records
    chosen = [place for place, number in enumerate(numbers) if number in records]
    masked = {
        guess.letter: _masked(texts(cells[str(place)].take(pa.array(chosen, pa.int64()))), guess, look.codes)
        for place, guess in enumerate(look.guesses)
        if guess.header
    }
    return [
        {"row_number": numbers[row], "cells": {letter: _shown(column.iloc[at]) for letter, column in masked.items()}}
        for at, row in enumerate(chosen)
    ]


def _shown(cell: object) -> str:
    return cell if isinstance(cell, str) else ""


def _masked(cells: pd.Series, guess: ColumnGuess, codes: Mapping[str, Sequence[CodeWord]]) -> pd.Series:
    if guess.field is None:
        return _mapped(cells, _first_character)
    field = FIELDS[guess.field]
    if kind := mask_kind(guess.field):
        return mask_column(cells, kind)
    if field.kind == "date":
        return mask_column(cells, "date")
    if field.kind in {"code", "categories"}:
        words = {word.word for word in codes.get(guess.field, ()) if word.word}
        return _mapped(
            cells, lambda text: text if words.issuperset(_words(text, guess.field)) else _first_character(text)
        )
    if field.kind == "fen":
        return _mapped(cells, lambda text: text if re.fullmatch(r"[\d.,元 ]{1,10}", text) else _first_character(text))
    return _mapped(cells, _first_character)


def _words(text: str, field: str | None) -> list[str]:
    """The words of a code cell, as ``transforms.crosswalk`` counts them."""
    cleaned = clean_text(text) or ""
    return parts_of(cleaned) if field == "categories" else [cleaned.replace(" ", "").removesuffix(".0")]


def _mapped(cells: pd.Series, mask: Callable[[str], str]) -> pd.Series:
    codes, masked = map_distinct(cells, mask)
    return take_distinct(codes, masked)


def _first_character(text: str) -> str:
    """A text of which only the first character is seen, and of no text how long it is beyond twenty."""
    printable = "".join(character for character in text if character.isprintable())
    return printable[:1] + "*" * min(len(printable) - 1, 20) if len(printable) > 1 else "*" * len(printable)

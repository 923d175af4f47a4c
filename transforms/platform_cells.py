"""What one column of the platform's table says of our values: codes, dates, amounts, words; and what it does not say."""

import re

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from schemas.platform_profile import PlatformColumn

__all__ = ["say", "texts_of"]

_NOTHING = pa.scalar("", pa.large_string())


def say(values: pa.Array, column: PlatformColumn) -> pa.Array:
    """The values in the column's own format; null where there is none, or no code for it.

    Args:
        values: dates as ISO texts, amounts as whole fen, several words joined by ``|``; null where there is none.
        column: its type, codes and forms.
    """
    if column.type == "code":
        return _say_words(values, dict(column.codes), column.separator)
    if column.type == "date":
        return _say_dates(values, column.date_format)
    if column.type == "amount":
        return _say_yuan(values)
    return _say_words(values, dict(column.labels), "") if column.labels else values


def texts_of(values: pd.Series) -> pa.Array:
    """A column of texts or whole numbers as texts."""
    array = pa.array(values, from_pandas=True)
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    if pa.types.is_floating(array.type):  # whole numbers that pandas keeps as floats because some are missing
        array = array.cast(pa.int64())
    return array.cast(pa.large_string())


def _say_words(values: pa.Array, words: dict[str, str], separator: str) -> pa.Array:
    encoded = values.dictionary_encode()

    def say_one(given: str) -> str | None:
        said = [words.get(part) for part in (given.split("|") if separator else [given])]
        known = [word for word in said if word is not None]
        return separator.join(known) if len(known) == len(said) else None

    return pa.array(map(say_one, encoded.dictionary.to_pylist()), pa.large_string()).take(encoded.indices)


def _say_dates(values: pa.Array, date_format: str) -> pa.Array:
    if date_format == "YYYY-MM-DD":
        return values
    places = {"YYYY": (0, 4), "MM": (5, 7), "DD": (8, 10)}
    pieces = [
        pc.utf8_slice_codeunits(values, *places[piece]) if piece in places else pa.scalar(piece, pa.large_string())
        for piece in re.split("(YYYY|MM|DD)", date_format)
    ]
    return pc.binary_join_element_wise(*pieces, _NOTHING)


def _say_yuan(fen: pa.Array) -> pa.Array:
    """Whole fen as yuan with two decimals: ``-5`` is ``-0.05``."""
    sign = pc.if_else(pc.starts_with(fen, "-"), pa.scalar("-", pa.large_string()), _NOTHING)
    digits = pc.utf8_lpad(pc.utf8_ltrim(fen, "-"), 3, "0")
    yuan = pc.binary_join_element_wise(sign, pc.utf8_slice_codeunits(digits, 0, -2), _NOTHING)
    return pc.binary_join_element_wise(yuan, pc.utf8_slice_codeunits(digits, -2), pa.scalar(".", pa.large_string()))

"""Columns of text made at random or joined from others: all ``large_string``, null for an empty cell."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Flags = NDArray[np.bool_]

__all__ = ["as_text", "choose", "join", "only_where", "pick", "repeat", "some_missing"]

_TEXT = pa.large_string()


def as_text(values: "Ints") -> Any:
    """Numbers written out."""
    return pa.array(values).cast(_TEXT)


def join(*parts: Any) -> Any:
    """Texts joined row by row; a part is a column or one word for all rows."""
    columns = [pa.scalar(part, _TEXT) if isinstance(part, str) else part for part in parts]
    return pc.binary_join_element_wise(*columns, pa.scalar("", _TEXT))


def choose(chosen: "Flags", word: str, otherwise: str) -> Any:
    """One word where chosen, another where not."""
    return pa.array([otherwise, word], _TEXT).take(pa.array(chosen.astype(np.int64)))


def pick(words: Sequence[str], count: int, rng: np.random.Generator) -> Any:
    """Words drawn at random, all equally likely."""
    return pa.array(words, _TEXT).take(pa.array(rng.integers(0, len(words), count)))


def repeat(word: str, count: int) -> Any:
    """The same word in every row."""
    return pa.repeat(pa.scalar(word, _TEXT), count)


def only_where(chosen: "Flags", values: Any) -> Any:
    """The values where chosen, else null."""
    return pc.if_else(pa.array(chosen), values, pa.scalar(None, _TEXT))


def some_missing(values: Any, share: float, rng: np.random.Generator) -> Any:
    """The values with about a share of them null."""
    return only_where(rng.random(len(values)) >= share, values)

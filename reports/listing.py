"""Findings as pages count and carry them: every column as its different words and each row's place among them.

Made once from a night's findings; the pages about a body, a township or a rule take their rows out of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from reports.cells import arrow_table, is_text

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Coded", "Listing", "listing_of"]

_OF_THE_RULE = ("label", "meaning", "expected", "remedy")
_WORDS = (
    "severity", "source", "source_label", "delivery", "sheet", "column", "code", "owner_label", "seen", "town", "village",
    "state", "since",
)  # fmt: skip
_NUMBERS = ("finding_id", "row_number", "times_returned")


@dataclass(frozen=True, slots=True, eq=False)
class Coded:
    """A column of texts: its different words, and for each row the place of its own (-1: none)."""

    words: list[str]
    at: "NDArray[np.int32]"

    def take(self, rows: "NDArray[np.int64]") -> "Coded":
        """The column of some of the rows; all words are kept."""
        return Coded(self.words, self.at[rows])

    def compact(self) -> "Coded":
        """The same column with no word that no row has."""
        used = np.unique(self.at[self.at >= 0])
        place = np.full(len(self.words) + 1, -1, np.int32)  # the last is for -1
        place[used] = np.arange(len(used), dtype=np.int32)
        return Coded([self.words[word] for word in used], place[self.at])

    def word(self, row: int) -> str:
        """The text of a row; empty where there is none."""
        place = int(self.at[row])
        return self.words[place] if place >= 0 else ""


@dataclass(frozen=True, slots=True, eq=False)
class Listing:
    """Findings, gravest first.

    Attributes:
        words: columns of texts.
        numbers: columns of whole numbers that are not negative; -1 stands for none.
        rules: code to its ``label meaning expected remedy``.
        row: place of the row that a finding is of, in ``cells``; -1 where it is not carried.
        cells: masked cells of rows, by the labels an officer reads.
    """

    words: Mapping[str, Coded]
    numbers: Mapping[str, "NDArray[np.int64]"]
    rules: Mapping[str, dict[str, str]]
    row: "NDArray[np.int64]"
    cells: Mapping[str, Coded]

    def __len__(self) -> int:
        return len(self.row)

    def take(self, rows: "NDArray[np.int64]") -> "Listing":
        """Some of the findings, in the order of ``rows``."""
        return replace(
            self, words={name: column.take(rows) for name, column in self.words.items()},
            numbers={name: column[rows] for name, column in self.numbers.items()}, row=self.row[rows],
        )  # fmt: skip

    def count(self, column: str, word: str) -> int:
        """How many have a word in a column."""
        coded = self.words[column]
        return int((coded.at == coded.words.index(word)).sum()) if word in coded.words else 0

    def tally(self, column: str) -> list[tuple[str, int]]:
        """The words of a column that are there, with how many rows have each, the most first."""
        words, places = self.words[column].words, self.words[column].at
        counts = np.bincount(places[places >= 0], minlength=len(words))
        pairs = [(word, int(count)) for word, count in zip(words, counts, strict=True) if count]
        return sorted(pairs, key=lambda pair: (-pair[1], pair[0]))

    def groups(self, columns: list[str]) -> "tuple[NDArray[np.int64], NDArray[np.int64]]":
        """The first row of each different combination of words, in order, and for each row the place of its combination."""
        key = np.zeros(len(self), np.int64)
        for column in columns:
            coded = self.words[column]
            key = key * (len(coded.words) + 1) + coded.at + 1
        _, first, which = np.unique(key, return_index=True, return_inverse=True)
        order = np.argsort(first)
        place = np.empty_like(order)
        place[order] = np.arange(len(order))
        return first[order], place[which]


def listing_of(findings: pd.DataFrame, context: pd.DataFrame | None = None) -> Listing:
    """Makes a listing.

    Args:
        findings: columns of ``reports.night.FINDING_COLUMNS``, gravest first.
        context: masked cells of the rows named by ``row_key``, its index, under the headers an officer reads.
    """
    rules = findings.drop_duplicates("code").set_index("code")[list(_OF_THE_RULE)].fillna("")
    numbers = findings[list(_NUMBERS)].fillna(-1).astype("int64")
    row = np.full(len(findings), -1, np.int64)
    if context is not None and len(context):
        row = context.index.get_indexer(pd.Index(findings["row_key"].fillna(0).astype("int64")))
    return Listing(
        words=_coded(findings[list(_WORDS)]),
        numbers={name: numbers[name].to_numpy() for name in _NUMBERS},
        rules={str(code): {str(name): str(said) for name, said in rule.items()} for code, rule in rules.to_dict("index").items()},
        row=row,
        cells={} if context is None else _coded(context),
    )  # fmt: skip


def _coded(frame: pd.DataFrame) -> dict[str, Coded]:
    table = arrow_table(frame)
    return {name: _code(table.column(name)) for name in table.column_names}


def _code(column: Any) -> Coded:
    text = column if is_text(column) else column.cast(pa.string())
    coded = text.combine_chunks().dictionary_encode()
    return Coded(
        coded.dictionary.to_pylist(), pc.fill_null(coded.indices, -1).to_numpy(zero_copy_only=False).astype(np.int32)
    )

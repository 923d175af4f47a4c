"""The words and numbers a list uses for our codes: what each means, how often it stands there, and what other columns prove.

A bare 1 is 男 in one export and 女 in another. Where the ID number's sex digit or the certificate's last digits say what a
word stands for, that is measured; otherwise a person decides.
"""

import re
from collections import Counter
from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

import numpy as np
import pandas as pd

from schemas.certificate import judge_certificates
from schemas.fields import FIELDS
from schemas.idnumber import judge_column
from transforms.columns import map_distinct, take_distinct
from transforms.text import clean_column
from transforms.words import parts_of, read_word, words_of

__all__ = ["CodeWord", "code_words", "known_otherwise"]

_PROVEN_ROWS, _PROVEN_SHARE = 20, 0.95
_OFTEN, _OFTEN_SHARE = 3, 0.001
_LONGEST_WORD, _MOST_WORDS = 12, 40


class CodeWord(NamedTuple):
    """A word a list uses where one of our codes belongs.

    ``word`` is ``None`` for all words together that may be somebody's name or number; ``times`` how often it stands there; ``code`` what it means by our words
    or the source's own; ``proven`` what other columns of the same rows say it means, in ``rows`` rows of which ``share`` agree.
    """

    word: str | None
    times: int
    code: str | None = None
    proven: str | None = None
    rows: int = 0
    share: float = 0.0


def code_words(
    cells: pd.Series, field: str, own: Mapping[str, str] | None = None, known: pd.Series | None = None
) -> list[CodeWord]:
    """The words of a code column, the commonest first.

    Args:
        cells: texts as delivered.
        field: a field of kind ``code`` or ``categories``.
        own: the source's own words.
        known: for each row the code that other columns prove (:func:`known_otherwise`).
    """
    words = words_of(FIELDS[field].codes or "", own or {})
    if FIELDS[field].kind == "categories":
        counted = _parts(cells)
        found = [CodeWord(word, count, words.get(word)) for word, count in counted.items()]
    else:
        codes, bare = map_distinct(clean_column(cells), _bare_word)
        spelling = take_distinct(codes, bare)
        codes, distinct = map_distinct(spelling, str)
        counts = np.bincount(codes[codes >= 0], minlength=len(distinct))
        proofs = _proofs(codes, len(distinct), known)
        found = [
            CodeWord(word, int(counts[place]), read_word(word, words), *proofs.get(place, (None, 0, 0.0)))
            for place, word in enumerate(distinct)
        ]
    return _fit_to_be_shown(found, len(cells))


def known_otherwise(field: str, cells: Mapping[str, pd.Series], *, today: date) -> pd.Series | None:
    """For each row the code of a field that another column proves; ``None`` where no column can.

    Args:
        field: a field of kind ``code``.
        cells: the list's columns by the fields they are taken for.
        today: the business date.
    """
    if field == "sex" and "id_number" in cells:
        numbers = cells["id_number"]
        sexes = judge_column(numbers, np.zeros(len(numbers), dtype=bool), today=today).sex
        return take_distinct(sexes.astype(np.int64) - 1, ["male", "female"])
    if field in {"disability_category", "disability_level"} and "disability_certificate_number" in cells:
        judged = judge_certificates(cells["disability_certificate_number"], today=today)
        return judged.category if field == "disability_category" else judged.level
    return None


def _bare_word(text: str) -> str:
    return text.replace(" ", "").removesuffix(".0")


def _parts(cells: pd.Series) -> Counter[str]:
    codes, parts = map_distinct(clean_column(cells), parts_of)
    times = np.bincount(codes[codes >= 0], minlength=len(parts)).tolist()
    counted: Counter[str] = Counter()
    for words, often in zip(parts, times, strict=True):
        counted.update(dict.fromkeys(words, often))
    return counted


def _proofs(
    codes: "np.ndarray[tuple[int], np.dtype[np.int64]]", words: int, known: pd.Series | None
) -> dict[int, tuple[str, int, float]]:
    """For words (by place) that enough rows prove: the code, the rows, the share that agrees."""
    if known is None:
        return {}
    truth, meanings = map_distinct(known, str)
    both = (codes >= 0) & (truth >= 0)
    table = np.bincount(codes[both] * len(meanings) + truth[both], minlength=words * len(meanings))
    table = table.reshape(words, len(meanings))
    rows, best = table.sum(axis=1), table.max(axis=1, initial=0)
    proven = np.flatnonzero((rows >= _PROVEN_ROWS) & (best >= _PROVEN_SHARE * rows))
    return {
        int(word): (meanings[table[word].argmax()], int(rows[word]), float(best[word] / rows[word])) for word in proven
    }


def _fit_to_be_shown(found: list[CodeWord], rows: int) -> list[CodeWord]:
    """The words that are vocabulary, by themselves; all others together, since they may be somebody's name or number."""
    often = max(_OFTEN, rows * _OFTEN_SHARE)
    shown = [
        word for word in found
        if word.code is not None or (word.times >= often and len(word.word or "") <= _LONGEST_WORD and not re.search(r"\d{5}", word.word or ""))
    ]  # fmt: skip
    shown = sorted(shown, key=lambda word: (-word.times, word.word or ""))[:_MOST_WORDS]
    hidden = sum(word.times for word in found) - sum(word.times for word in shown)
    return [*shown, CodeWord(None, hidden)] if hidden else shown

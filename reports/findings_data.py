"""The findings as a page carries them: a JSON of dictionaries and places, which no text can climb out of.

What is the same for a rule is there once, and a row's other cells (masked already) once however much was found in it.
"""

import json
from typing import Any

import numpy as np

from reports.listing import Coded, Listing

__all__ = ["MOST_FINDINGS", "MOST_ROWS", "embeddable", "list_json"]

MOST_FINDINGS = 50_000
"""Findings a page carries, gravest first; the workbook has them all."""
MOST_ROWS = 5_000
"""Rows whose other cells a page carries: those of its gravest findings. A page of one town or rule has fewer, mostly all."""

# What could end the <script> element or a line of script, written so that JSON reads it back the same (HTML 13.2.5.4).
_ESCAPES = {ord(letter): f"\\u{ord(letter):04x}" for letter in "<>&\u2028\u2029"}


def list_json(listing: Listing) -> str:
    """A list of findings for a page's script.

    ``count``; ``words``, ``at``: for each column its different words, and each row's place among them (-1: none);
    ``numbers``: columns of numbers (-1: none); ``rules``: code to its words; ``rows``: cells of rows, which the column
    ``row`` points into.

    Returns:
        JSON that may stand inside ``<script type="application/json">``.
    """
    shown = listing.take(np.arange(min(len(listing), MOST_FINDINGS)))
    words = {name: column.compact() for name, column in shown.words.items()}
    named = shown.row[shown.row >= 0]
    _, first = np.unique(named, return_index=True)
    carried = named[np.sort(first)][:MOST_ROWS]
    place = np.full(int(max(shown.row.max(initial=0), 0)) + 2, -1, np.int64)  # the last is for -1
    place[carried] = np.arange(len(carried))
    cells = {label: column.take(carried).compact() for label, column in shown.cells.items()}
    return embeddable(
        {
            "count": len(shown),
            **_columns(words),
            "numbers": {**{name: column.tolist() for name, column in shown.numbers.items()}, "row": place[shown.row].tolist()},
            "rules": {code: listing.rules[code] for code in words["code"].words},
            "rows": _columns({label: column for label, column in cells.items() if column.words}),
        }
    )  # fmt: skip


def _columns(columns: dict[str, Coded]) -> dict[str, Any]:
    return {
        "words": {name: column.words for name, column in columns.items()},
        "at": {name: column.at.tolist() for name, column in columns.items()},
    }


def embeddable(value: Any) -> str:
    r"""JSON in which no letter means anything to HTML.

    >>> embeddable(["</script>"])
    '["\\u003c/script\\u003e"]'
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.translate(_ESCAPES)

"""The findings as the page carries them: a JSON of dictionaries and places, which no text can climb out of."""

import json
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from reports.cells import arrow_table, is_text

__all__ = ["embeddable", "findings_json"]

# What could end the <script> element or a line of script, written so that JSON reads it back the same (HTML 13.2.5.4).
_ESCAPES = {ord(letter): f"\\u{ord(letter):04x}" for letter in "<>&\u2028\u2029"}


def findings_json(findings: pd.DataFrame) -> str:
    """Every column as its different words and each row's place among them (-1: none); numbers as they are.

    ``{"count": 2, "words": {"code": ["name-missing"]}, "at": {"code": [0, 0]}, "numbers": {"row_number": [7, null]}}``

    Returns:
        JSON that may stand inside ``<script type="application/json">``.
    """
    table = arrow_table(findings)
    words: dict[str, list[str]] = {}
    at: dict[str, list[int]] = {}
    numbers: dict[str, list[Any]] = {}
    for name in table.column_names:
        column = table.column(name)
        if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
            whole = column.cast(pa.int64(), safe=False)
            numbers[name] = whole.to_pylist()
            continue
        text = column if is_text(column) else column.cast(pa.string())
        coded = text.combine_chunks().dictionary_encode()
        words[name] = coded.dictionary.to_pylist()
        at[name] = pc.fill_null(coded.indices, -1).to_pylist()
    return embeddable({"count": table.num_rows, "words": words, "at": at, "numbers": numbers})


def embeddable(value: Any) -> str:
    r"""JSON in which no letter means anything to HTML.

    >>> embeddable(["</script>"])
    '["\\u003c/script\\u003e"]'
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.translate(_ESCAPES)

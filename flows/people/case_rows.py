"""Questions about who is who as rows for people: a row a statement, in official words, masked, with what differs between sides."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import pandas as pd
import sqlalchemy as sa

from registry.case_statements import STATED, case_sides, case_statements
from schemas import masking
from schemas.codes import CODE_LISTS
from schemas.configuration import Configuration
from schemas.field_masks import mask_kind
from schemas.fields import FIELDS
from schemas.identity_cases import CaseKind, CaseReason

__all__ = [
    "CaseRows",
    "case_rows",
    "differing",
    "kind_label",
    "masked_fields",
    "reason_words",
    "source_labels",
    "worded_fields",
]


class CaseRows(NamedTuple):
    """Rows of questions, and where their sides differ.

    ``rows``: ``case_id side person_id status source delivery sheet row_number outcome`` and the fields; a side of which nothing
    is stated has a row without them. ``differs``: for each field whether the row's question knows several values of it.
    """

    rows: pd.DataFrame
    differs: pd.DataFrame


def case_rows(connection: sa.Connection, case_id: int | None = None) -> CaseRows:
    """The rows of a question, or of all that are open, with values as the registry has them."""
    statements = case_statements(connection, case_id)
    sides = case_sides(connection, case_id)[["case_id", "side", "person_id", "status"]]
    rows = sides.merge(statements, on=["case_id", "side"], how="left")
    return CaseRows(rows, differing(rows))


def differing(rows: pd.DataFrame) -> pd.DataFrame:
    """For each row and field whether its question knows more than one value of the field; empty ones are none.

    >>> differing(pd.DataFrame({"case_id": [1, 1, 2], "name": ["张三", "张山", "张三"]}))["name"].tolist()
    [True, True, False]
    """
    fields = [field for field in STATED if field in rows]
    return rows.groupby("case_id")[fields].transform("nunique") > 1


def worded_fields(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with codes as labels, categories as labels with 、, amounts in yuan."""
    changed = {}
    for field in STATED:
        kind, codes = FIELDS[field].kind, FIELDS[field].codes
        if field not in rows:
            continue
        if kind == "categories":
            changed[field] = _by_value(
                rows[field], lambda text: "、".join(CODE_LISTS["category"][c] for c in text.split("|"))
            )
        elif kind == "code" and codes:
            changed[field] = _by_value(rows[field], partial(_label, codes))
        elif kind == "fen":
            changed[field] = _by_value(rows[field], lambda text: f"{int(text) // 100}.{int(text) % 100:02d}")
    return rows.assign(**changed)


def masked_fields(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with identifiers masked."""
    kinds = {field: kind for field in STATED if field in rows and (kind := mask_kind(field))}
    return rows.assign(**{field: masking.mask_column(rows[field], kind) for field, kind in kinds.items()})


def kind_label(kind: str) -> str:
    """A question in a clerk's words."""
    return CaseKind(kind).label


def reason_words(reasons: str) -> Sequence[str]:
    """Reasons in a clerk's words.

    >>> reason_words("same_name|first_15")
    ['姓名相同', '前15位相同']
    """
    return [CaseReason(reason).label for reason in reasons.split("|") if reason]


def source_labels(configuration: Configuration) -> dict[str, str]:
    """What each source is called."""
    return {name: source.label for name, source in configuration.sources.items()}


def _label(codes: str, value: str) -> str:
    return CODE_LISTS[codes].get(value, value)


def _by_value(values: pd.Series, word: Callable[[str], str]) -> pd.Series:
    known = {value: word(value) for value in values.dropna().unique()}
    return values.map(known).astype("str")

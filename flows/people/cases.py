"""The open questions about who is who as a file: for people a workbook to answer in, for programs a list."""

from pathlib import Path
from typing import Any

import pandas as pd

from flows.people.case_rows import (
    CaseRows,
    case_rows,
    kind_label,
    masked_fields,
    reason_words,
    source_labels,
    worded_fields,
)
from flows.people.decision_desk import disclose, looking
from registry.case_statements import STATED
from registry.cases import open_cases
from reports.case_workbook import CaseSheet, write_case_workbook
from reports.lists import write_list
from schemas.case_answers import WORDS_OF_KIND, CaseKey
from schemas.configuration import Configuration
from schemas.fields import FIELDS
from schemas.identity_cases import CaseKind

__all__ = ["export_cases"]

_OF_CASES = ("case_id", "kind", "reasons", "score", "from_run", "evidence", "earlier_decision_id")
_PLACES = ("side", "person_id", "source", "delivery", "sheet", "row_number", "outcome")
_OUTCOMES = {"admitted": "已采用", "held": "暂缓", "duplicate": "重复"}


def export_cases(home: Path, config: Path, to: Path, *, unmasked: bool, reason: str) -> dict[str, Any]:
    """Writes the open questions, a row for each statement on each side; ``cases rows file unmasked``.

    Raises:
        ConfigurationInvalid: the file cannot be written there, or unmasked data is asked for without a reason.
    """
    with looking(home, config) as (configuration, connection):
        cases = open_cases(connection)
        found = case_rows(connection)
        people = len(found.rows.drop_duplicates(["case_id", "side"]))
        disclose(connection, configuration, "cases-unmasked", unmasked=unmasked, reason=reason, people=people)
    ordered = _in_order(found, cases)
    shown = ordered._replace(rows=ordered.rows if unmasked else masked_fields(ordered.rows))
    if to.suffix.lower() == ".xlsx" and to.parent.is_dir():
        write_case_workbook(to, _sheet(shown, cases, configuration))
    else:
        with_cases = shown.rows.merge(cases[list(_OF_CASES)], on="case_id", how="left")
        write_list(with_cases[[*_OF_CASES, *_PLACES, *STATED]], to, title="待核定")
    return {"cases": len(cases), "rows": len(ordered.rows), "file": str(to), "unmasked": unmasked}


def _in_order(found: CaseRows, cases: pd.DataFrame) -> CaseRows:
    """The rows in the order of the questions."""
    rank = pd.Series(range(len(cases)), index=cases["case_id"].astype("int64"))
    order = found.rows["case_id"].astype("int64").map(rank).argsort(kind="stable")
    return CaseRows(found.rows.iloc[order].reset_index(drop=True), found.differs.iloc[order].reset_index(drop=True))


def _sheet(found: CaseRows, cases: pd.DataFrame, configuration: Configuration) -> CaseSheet:
    case_of = cases.set_index(cases["case_id"].astype("int64"))
    numbers = found.rows["case_id"].astype("int64")
    kinds, evidence = numbers.map(case_of["kind"]), numbers.map(case_of["evidence"])
    filled = [field for field in STATED if found.rows[field].notna().any()]
    worded = worded_fields(found.rows)
    shown = pd.DataFrame(
        {
            "案件号": numbers.astype("str"),
            "方": found.rows["side"].astype("str"),
            "问题": kinds.map(kind_label),
            "相同之处": numbers.map(case_of["reasons"]).map(lambda reasons: "；".join(reason_words(reasons))),
            "人员编号": found.rows["person_id"].astype("str"),
            "来源": found.rows["source"].map(source_labels(configuration)),
            "文件": found.rows["delivery"],
            "行号": found.rows["row_number"].astype("str"),
            "采用": found.rows["outcome"].map(_OUTCOMES),
            **{FIELDS[field].label: worded[field] for field in filled},
        }
    )
    marks = pd.DataFrame(data=False, index=shown.index, columns=shown.columns)
    for field in filled:
        marks[FIELDS[field].label] = found.differs[field] & found.rows[field].notna()
    keys = [
        str(CaseKey(int(case_id), int(side), str(digest)[:16]))
        for case_id, side, digest in zip(numbers, found.rows["side"], evidence, strict=True)
    ]
    choices = [tuple(map(str, WORDS_OF_KIND[CaseKind(kind)])) for kind in kinds]
    return CaseSheet(shown.astype("str"), marks, numbers.tolist(), keys, choices)

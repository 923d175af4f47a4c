"""Answers that come back in the workbook of open questions: read by the limited child, taken one by one or refused with a reason."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import sqlalchemy as sa

from flows.people.answers import Answer, AnswerRefused, Opinion
from flows.people.at_rest import Decider
from flows.people.decide import answer_case
from flows.people.decision_desk import DecisionDesk, Question, deciding, open_question
from flows.returning.filled_workbooks import FilledRow, FormHeaders, half_filled, read_filled_in
from registry.case_statements import case_sides
from registry.cases import read_case
from schemas.case_answers import BY_HEADER, KEY_HEADER, OPINION_HEADER, REASON_HEADER, AnswerWord, CaseKey
from schemas.configuration import load_configuration
from schemas.identity_cases import CaseKind

__all__ = ["import_answers"]

_HEADERS = FormHeaders(KEY_HEADER, OPINION_HEADER, REASON_HEADER, BY_HEADER)
_OPINIONS = {
    AnswerWord.SAME: Opinion.SAME, AnswerWord.SAME_THIS_NUMBER: Opinion.SAME, AnswerWord.DIFFERENT: Opinion.DIFFERENT,
    AnswerWord.HOLDER: Opinion.DIFFERENT, AnswerWord.ACCEPT: Opinion.ACCEPT, AnswerWord.DECEASED: Opinion.DECEASED,
    AnswerWord.LIVING: Opinion.LIVING,
}  # fmt: skip
_NAMES_A_SIDE = frozenset({AnswerWord.SAME_THIS_NUMBER, AnswerWord.HOLDER})


class _Filled(NamedTuple):
    """A row whose answer can be understood by itself."""

    row_number: int
    key: CaseKey
    word: AnswerWord
    reason: str
    by: str


class _Refused(NamedTuple):
    row_number: int
    case_id: int | None
    why: str


def import_answers(home: Path, config: Path, file: Path, *, by: str, write: bool) -> dict[str, Any]:
    """Reads answers to open questions from a workbook of ours, and records them when told to.

    Args:
        home: of the installation.
        config: the configuration folder.
        file: the workbook; it is only read.
        by: who decides, where a row does not name anybody.
        write: record; else it is only said what would be.

    Returns:
        ``rows`` filled in, ``answered`` questions by decision, ``next_night`` in numbers, ``decisions`` recorded,
        ``refused``: each with ``row_number case_id why``; ``faults`` of a file that cannot be used; ``is_done``.

    Raises:
        ConfigurationInvalid: there is no such file.
        AnotherRunIsActive: a run is going on.
    """
    read = read_filled_in(file, home, load_configuration(config).rules, _HEADERS)
    if read.faults:
        return {**_nothing(), "faults": read.faults}
    with deciding(home, config, Decider(by or "eldersync decide import", "as each row says")) as desk:
        filled, refused = _understood(desk.connection, read.rows, by)
        answered, not_taken = _answered(desk, filled, write=write)
    refused = sorted([*refused, *not_taken])
    next_night: Counter[str] = Counter()
    for answer in answered:
        next_night.update(answer["next_night"])
    return {
        "rows": len(read.rows),
        "answered": dict(sorted(Counter(answer["decision"] for answer in answered).items())),
        "next_night": dict(next_night),
        "decisions": [answer["decision_id"] for answer in answered] if write else [],
        "refused": [line._asdict() for line in refused],
        "faults": [],
        "is_done": write,
    }


def _nothing() -> dict[str, Any]:
    return {
        "rows": 0, "answered": {}, "next_night": {}, "decisions": [], "refused": [], "faults": [], "is_done": False,
    }  # fmt: skip


def _understood(
    connection: sa.Connection, lines: Sequence[FilledRow], by: str
) -> tuple[dict[int, list[_Filled]], list[_Refused]]:
    """Answers by question, and the rows that say none, each with the reason."""
    filled: dict[int, list[_Filled]] = {}
    refused = []
    for line in lines:
        key = CaseKey.read(line.key)
        why = half_filled(line, by, _HEADERS, [str(word) for word in AnswerWord]) or _stale(connection, key)
        if why or key is None:
            refused.append(_Refused(line.row_number, key.case_id if key else None, why))
        else:
            word, reason = AnswerWord(line.opinion or ""), line.reason or ""
            filled.setdefault(key.case_id, []).append(_Filled(line.row_number, key, word, reason, line.by or by))
    return filled, refused


def _stale(connection: sa.Connection, key: CaseKey | None) -> str:
    """Why a row is of no question that is asked now; empty where it is."""
    if key is None:
        return f"“{KEY_HEADER}”被改动或缺少，无法对应到案件"
    case = read_case(connection, key.case_id)
    if case is None or key.side not in case_sides(connection, key.case_id)["side"].tolist():
        return "登记册中没有这一案件或这一方"
    if case["to_run"] is not None:
        return "案件已经了结"
    return "" if case["evidence"].startswith(key.evidence) else "名单有变化，案件内容与写出时不同，请重新导出"


def _answered(
    desk: DecisionDesk, filled: dict[int, list[_Filled]], *, write: bool
) -> tuple[list[dict[str, Any]], list[_Refused]]:
    """Answers the questions one after the other; without ``write`` all of it is taken back at the end."""
    answered, refused = [], []
    attempt = desk.connection.begin_nested()
    for case_id, rows in sorted(filled.items()):
        asked = open_question(desk.connection, case_id)
        try:
            by, reason = _one_decider(asked, rows)
            deciding_desk = desk._replace(deed=desk.deed._replace(by=by, reason=reason))
            answered.append(answer_case(deciding_desk, asked, _one_answer(asked, rows)))
        except AnswerRefused as refusal:
            refused += [_Refused(row.row_number, case_id, refusal.words) for row in rows]
    if write:
        attempt.commit()
    else:
        attempt.rollback()
    return answered, refused


def _one_answer(asked: Question, rows: Sequence[_Filled]) -> Answer:
    """What the rows of a question say together.

    Raises:
        AnswerRefused: they contradict each other.
    """
    opinions = {_OPINIONS[row.word] for row in rows}
    if len(opinions) > 1:
        raise AnswerRefused(asked, "its rows say different things", "同一案件各行的处理意见互相矛盾")
    sides = {row.key.side for row in rows if row.word in _NAMES_A_SIDE}
    if asked.record["kind"] == CaseKind.NUMBER_DAMAGED and opinions == {Opinion.SAME}:
        candidates = asked.sides.dropna(subset="id_key")["side"]
        sides = {row.key.side for row in rows} & set(candidates.tolist())
    if opinions == {Opinion.SAME} and len(sides) > 1:
        raise AnswerRefused(asked, "several sides are meant", "同一案件的几方都选作现用号码或本人，互相矛盾")
    return Answer(opinions.pop(), tuple(sorted(sides)))


def _one_decider(asked: Question, rows: Sequence[_Filled]) -> tuple[str, str]:
    """Who decides a question and why; reasons of several rows are all kept."""
    by = {row.by.strip() for row in rows}
    if len(by) > 1:
        raise AnswerRefused(asked, "its rows name different people", "同一案件各行的经办人不同")
    return by.pop(), "；".join(dict.fromkeys(row.reason for row in rows))

"""Decisions on findings that come back in the workbook of findings: each taken, or refused with its row and a reason.

All that can be taken is taken in one transaction, and recorded like a single ``findings confirm``.
"""

import getpass
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from flows.people.at_rest import Decider, registry_at_rest
from flows.returning.filled_workbooks import FilledRow, FormHeaders, half_filled, read_filled_in
from flows.returning.finding_desk import judged_from
from registry.finding_answers import close_each, standing_findings
from schemas.configuration import load_configuration
from schemas.finding_answers import (
    BY_HEADER,
    CLOSING_OF_WORD,
    KEY_HEADER,
    NUMBER_HEADERS,
    OPINION_HEADER,
    REASON_HEADER,
    FindingKey,
    FindingWord,
)
from schemas.finding_states import STATE_WORDS, Closing, NotClosable, why_not_closable
from schemas.findings import Finding, Severity

__all__ = ["import_decisions"]

_KEYED, *_NUMBERED = (
    FormHeaders(key, OPINION_HEADER, REASON_HEADER, BY_HEADER) for key in (KEY_HEADER, *NUMBER_HEADERS)
)
_WORDS = [str(word) for word in FindingWord]
_WHY = {
    NotClosable.ONLY_THE_SENDER: "只能由报送单位更正，不能核实无误",
    NotClosable.HOLDS_ITS_ROW: "该行因此暂缓，不能免予更正",
    NotClosable.HAS_VANISHED: "退回后名单中已没有此行：只能登记“确已注销”，或由报送单位补报",
    NotClosable.STILL_LISTED: "该行仍在名单中，不能登记“确已注销”",
}


class _Decided(NamedTuple):
    """A row whose decision can be understood by itself; ``evidence`` is empty where the list had only numbers."""

    row_number: int
    finding_id: int
    evidence: str
    kind: Closing
    reason: str
    by: str


class _Refused(NamedTuple):
    row_number: int
    finding_id: int | None
    why: str


def import_decisions(home: Path, config: Path, file: Path, *, by: str, write: bool) -> dict[str, Any]:
    """Reads decisions on findings from a workbook of ours, and records them when told to.

    Args:
        home: of the installation.
        config: the configuration folder.
        file: the workbook; it is only read.
        by: who decides, where a row does not name anybody.
        write: record; else it is only said what would be.

    Returns:
        ``rows`` filled in, ``decided`` rows by decision, ``findings`` closed, with those of rows equal in every cell,
        ``rows_judged_again``, ``refused``: each with ``row_number finding_id why``; ``faults`` of a file that cannot be used;
        ``is_done``.

    Raises:
        ConfigurationInvalid: there is no such file.
        AnotherRunIsActive: a run is judging rows at this moment.
    """
    configuration = load_configuration(config)
    read = read_filled_in(file, home, configuration.rules, _KEYED, *_NUMBERED)
    decided, refused = _understood(read.rows, read.headers, by)
    findings = rows = 0
    if decided:
        decider = Decider(by or "eldersync findings import", "as each row says")
        with registry_at_rest(home, configuration, decider, "decisions on findings") as at_rest:
            taken, not_taken = _sorted(
                decided, standing_findings(at_rest.connection, [one.finding_id for one in decided])
            )
            attempt = at_rest.connection.begin_nested()
            findings, rows = close_each(
                at_rest.connection, taken, account=getpass.getuser(), at=at_rest.now, judge_on=judged_from(at_rest)
            )
            if write:
                attempt.commit()
            else:
                attempt.rollback()
        refused = sorted([*refused, *not_taken])
        gone = {line.row_number for line in not_taken}
        decided = [one for one in decided if one.row_number not in gone]
    return {
        "rows": len(read.rows),
        "decided": dict(sorted(Counter(str(one.kind) for one in decided).items())),
        "findings": findings,
        "rows_judged_again": rows,
        "refused": [line._asdict() for line in refused],
        "faults": read.faults,
        "is_done": write and not read.faults,
    }


def _understood(rows: Sequence[FilledRow], headers: FormHeaders, by: str) -> tuple[list[_Decided], list[_Refused]]:
    """What each row says, and the rows that say nothing that can be understood."""
    decided, refused = [], []
    for row in rows:
        key = _key(row.key, headers)
        why = half_filled(row, by, headers, _WORDS)
        if key is None:
            why = why or f"“{headers.key}”被改动或缺少，无法对应到问题"
        if why or key is None:
            refused.append(_Refused(row.row_number, key.finding_id if key else None, why))
        else:
            kind = CLOSING_OF_WORD[row.opinion or ""]
            said = ((row.reason or "").strip(), (row.by or by).strip())
            decided.append(_Decided(row.row_number, key.finding_id, key.evidence, kind, *said))
    return decided, refused


def _key(text: str | None, headers: FormHeaders) -> FindingKey | None:
    """The finding that a row is of; a list without keys has only its number."""
    if headers == _KEYED:
        return FindingKey.read(text)
    number = (text or "").strip()
    return FindingKey(int(number), "") if number.isascii() and number.isdigit() and len(number) <= 18 else None


def _sorted(decided: Sequence[_Decided], standing: pd.DataFrame) -> tuple[pd.DataFrame, list[_Refused]]:
    """Decisions that can be taken, each evidence once: ``evidence kind closed_by reason``; and the others with the reason."""
    known: dict[int, dict[Any, Any]] = {int(row["finding_id"]): row for row in standing.to_dict("records")}
    refused = []
    of_evidence: dict[str, list[_Decided]] = {}
    for one in decided:
        found = known.get(one.finding_id)
        if why := _why_not(one, found):
            refused.append(_Refused(one.row_number, one.finding_id, why))
        elif found is not None:
            of_evidence.setdefault(found["evidence"], []).append(one)
    taken = []
    for evidence, rows in of_evidence.items():
        if len({(row.kind, row.reason, row.by) for row in rows}) == 1:
            taken.append((evidence, str(rows[0].kind), rows[0].by, rows[0].reason))
        else:
            words = "与同一问题（或内容完全相同的行）的另一行填得不同，互相矛盾"
            refused += [_Refused(row.row_number, row.finding_id, words) for row in rows]
    return pd.DataFrame(taken, columns=["evidence", "kind", "closed_by", "reason"], dtype="str"), refused


def _why_not(one: _Decided, found: dict[Any, Any] | None) -> str:
    """Why a decision cannot be taken; empty where it can."""
    if found is None:
        return "问题已经了结，或没有这个编号"
    if not found["evidence"].startswith(one.evidence):
        return "名单有变化，问题与写出时不同，请重新导出"
    if isinstance(found["closed_as"], str):
        return f"问题已经销号（{STATE_WORDS[found['closed_as']]}）"
    why = why_not_closable(
        Finding(found["code"]), Severity(found["severity"]), one.kind, is_vanished=bool(found["is_vanished"])
    )
    return _WHY[why] if why else ""

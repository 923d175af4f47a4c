"""One elder in the order of time: what each night, decision and push did, a line an event, without a value of the person."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import sqlalchemy as sa

from registry.tables import elder, elder_history, run
from schemas.categories import CATEGORY_END_LABELS, EVIDENCE_LABELS, CategoryEnd, Evidence
from schemas.codes import CODE_LISTS
from schemas.fields import ELDER_FIELDS, FIELDS
from schemas.identity_cases import CASE_LABELS, CaseKind
from schemas.identity_decisions import DECISION_WORDS
from schemas.life_states import LIFE_END_LABELS, LifeEnd

__all__ = ["history_of"]

_SAID = tuple(field for field in ELDER_FIELDS if field not in {"person_id", "status"})
_NUMBERS = {"id_number": "身份证号码", "disability_certificate": "残疾人证号"}
_ENDED_AS = {"decided": "已有决定", "gone": "情形已不存在", "changed": "依据有变，另行提出", "undone": "有关运行已撤销"}
_TOLD = {"new": "新增", "changed": "变更", "withdrawn": "退出"}
_PUSHED = {
    "pending": "等待上报", "inflight": "正在上报", "processing": "平台处理中", "unknown": "结果不明", "held": "暂缓", "sent": "已写入导入表",
    "accepted": "平台已受理", "rejected": "平台退回", "superseded": "由较新的变更取代",
}  # fmt: skip


class Event(NamedTuple):
    """Something that happened in a run: ``event`` for programs, ``text`` for people."""

    run_id: int
    event: str
    text: str


def history_of(connection: sa.Connection, explained: dict[str, Any], run_id: int | None) -> list[dict[str, Any]]:
    """Everything in the order of time: ``run_id date event text undone_by``; nights that were taken back are among it.

    Args:
        connection: in the caller's transaction.
        explained: what ``registry.explain`` has found of the person.
        run_id: nothing after this run.
    """
    events = [
        *_records(connection, explained["person_id"]),
        *_dated(explained),
        *_decided(explained["decisions"]),
        *(event for push in explained["pushes"] for event in _pushed(push)),
    ]
    told = [event for event in events if run_id is None or event.run_id <= run_id]
    nights = _nights(connection, {event.run_id for event in told})
    return [
        {
            "run_id": event.run_id,
            "date": str(nights[event.run_id]["business_date"]) if event.run_id in nights else None,
            "event": event.event,
            "text": event.text,
            "undone_by": nights[event.run_id]["undone_by"] if event.run_id in nights else None,
        }
        for event in sorted(told, key=lambda event: event.run_id)
    ]


def _nights(connection: sa.Connection, run_ids: set[int]) -> dict[int, sa.RowMapping]:
    query = sa.select(run.c.run_id, run.c.business_date, run.c.kind, run.c.undone_by).where(run.c.run_id.in_(run_ids))
    return {row["run_id"]: row for row in connection.execute(query).mappings()}


def _records(connection: sa.Connection, person_id: int) -> Iterator[Event]:
    """What became of the record: every one it ever was, against the one before it."""
    columns = [column.name for column in elder.columns]
    records = [
        row
        for table in (elder_history, elder)
        for row in connection.execute(
            sa.select(*(table.c[name] for name in columns)).where(table.c.person_id == person_id)
        ).mappings()
    ]
    records.sort(key=lambda row: (row["from_run"], row["revision"]))
    nights = _nights(connection, {row["from_run"] for row in records})
    before: sa.RowMapping | None = None
    for row in records:
        is_undo = row["from_run"] in nights and nights[row["from_run"]]["kind"] == "undo"
        event, text = _became(before, row)
        yield Event(row["from_run"], f"{event}-by-undo" if is_undo else event, f"撤销：{text}" if is_undo else text)
        before = row


def _became(before: sa.RowMapping | None, row: sa.RowMapping) -> tuple[str, str]:
    changed = [] if before is None else [field for field in _SAID if row[field] != before[field]]
    labels = "、".join(FIELDS[field].label for field in changed)
    if row["status"] == "withdrawn":
        return "withdrawn", "退出名册"
    if before is None:
        return "registered", "首次入册"
    if before["status"] == "withdrawn":
        return "returned", "重新入册" + (f"，改变：{labels}" if labels else "")
    if labels:
        return "changed", f"改变：{labels}"
    if row["row_ids"] != before["row_ids"] or row["winners"] != before["winners"]:
        return "restated", "内容不变，依据的行改变"
    return "renumbered", "内容不变，版本号提高"


def _dated(explained: dict[str, Any]) -> Iterator[Event]:
    for line in explained["identifiers"]:
        yield from _interval("identifier", _NUMBERS.get(line["kind"], line["kind"]), "登记", line, "不再使用")
    for line in explained["categories"]:
        what = f"类别“{CODE_LISTS['category'].get(line['category'], line['category'])}”（{line['source']}，{_evidence(line)}）"
        yield from _interval("category", what, "开始", line, _end_reason(line, CATEGORY_END_LABELS, CategoryEnd))
    for line in explained["states"]:
        what = f"状态“{CODE_LISTS['life_status'].get(line['state'], line['state'])}”（{line['source']}）"
        yield from _interval("state", what, "开始", line, _end_reason(line, LIFE_END_LABELS, LifeEnd))
    for line in explained["cases"]:
        what = f"身份疑问 {line['case_id']}“{CASE_LABELS[CaseKind(line['kind'])]}”"
        yield from _interval("case", what, "提出", line, _ENDED_AS.get(line["ended_as"] or "", ""))


def _evidence(line: dict[str, Any]) -> str:
    return EVIDENCE_LABELS[Evidence(line["evidence"])] if line["evidence"] in set(Evidence) else str(line["evidence"])


def _end_reason(line: dict[str, Any], labels: Any, kind: Any) -> str:
    reason = line["end_reason"]
    return labels[kind(reason)] if reason in set(kind) else str(reason or "")


def _interval(event: str, what: str, begins: str, line: dict[str, Any], why: str) -> Iterator[Event]:
    since = f"，自 {line['from_date']}" if line.get("from_date") else ""
    yield Event(line["from_run"], f"{event}-begins", f"{what}{begins}{since}")
    if line["to_run"] is not None:
        yield Event(line["to_run"], f"{event}-ends", f"{what}终止" + (f"：{why}" if why else ""))


def _decided(decisions: list[dict[str, Any]]) -> Iterator[Event]:
    """A decision stands after the night before it; it takes effect in the next."""
    for line in decisions:
        what = f"{line['decided_by']}决定 {line['decision_id']}“{DECISION_WORDS.get(line['kind'], line['kind'])}”"
        field = f"（{FIELDS[line['field']].label}）" if line["field"] in FIELDS else ""
        yield Event(line["after_run"], "decided", f"{what}{field}，{line['decided_at'][:10]}")
        if line["ended_after_run"] is not None:
            by = f"由{line['ended_by']}撤回" if line["ended_by"] else "自行失效"
            yield Event(line["ended_after_run"], "decision-ends", f"决定 {line['decision_id']} {by}")


def _pushed(push: dict[str, Any]) -> Iterator[Event]:
    told = _TOLD.get(push["sent_as"] or push["operation"], push["operation"])
    at = push["sent_run"] or push["plan_run"] or push["run_id"]
    yield Event(
        at,
        f"push-{push['state']}",
        f"上报“{told}”（版本 {push['revision']}）：{_PUSHED.get(push['state'], push['state'])}",
    )

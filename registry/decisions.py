"""What people decided of who is who and of persons: recorded with who, why and when, taken back, retired; never deleted.

A decision takes effect in the night after it. What follows from one is in ``registry.decision_links``; questions are
``registry.cases``'s.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

import pyarrow as pa
import sqlalchemy as sa

from registry.bulk import copy_in
from registry.decision_links import Link
from registry.runs import next_id
from registry.tables import decision, elder, identity_case, identity_link, source_row
from schemas.errors import ConfigurationInvalid
from schemas.identity_decisions import SETTLING, CaseEnd, DecisionKind, LinkKind

__all__ = [
    "Deed", "TakenBack", "all_decisions", "lowest_registered", "newest_same", "read_decision", "record", "retire", "take_back",
]  # fmt: skip

# Keys have more digits than a double holds, so no column of them may be guessed from its values.
_LINK_TYPES = {
    name: pa.int64() if name in {"id_key", "other_key", "row_hash", "person_key"} else pa.string()
    for name in Link._fields
}


class Deed(NamedTuple):
    """Who decides, why, when, and after which night; ``judge_on`` is a business date that every coming night has reached."""

    by: str
    account: str
    reason: str
    at: datetime
    after_run: int
    judge_on: date


class TakenBack(NamedTuple):
    """What taking a decision back does: ``links`` end, ``rows`` are judged again, the case is asked again at once or tonight."""

    links: int
    rows: int
    is_asked_again: bool


def record(
    connection: sa.Connection, kind: DecisionKind, deed: Deed, *, evidence: str = "", case_id: int | None = None,
    person_id: int | None = None, field: str | None = None, value: str | None = None, links: Sequence[Link] = (),
) -> int:  # fmt: skip
    """Records a decision with what follows from it, and closes the case it answers; returns its number.

    Rows that are linked are judged again in the next night, which admits them.
    """
    decision_id = next_id(connection, decision.c.decision_id)
    connection.execute(
        decision.insert().values(
            decision_id=decision_id, kind=str(kind), case_id=case_id, person_id=person_id, field=field, value=value,
            evidence=evidence, decided_at=deed.at, decided_by=deed.by, account=deed.account, reason=deed.reason,
            after_run=deed.after_run,
        )
    )  # fmt: skip
    if links:
        first = next_id(connection, identity_link.c.link_id)
        columns = {name: pa.array([getattr(link, name) for link in links], kind) for name, kind in _LINK_TYPES.items()}
        numbered = {
            "link_id": list(range(first, first + len(links))),
            "decision_id": [decision_id] * len(links),
            "after_run": [deed.after_run] * len(links),
        }
        copy_in(connection, identity_link, pa.table({**columns, **numbered}))
        _judge_again(connection, decision_id, deed.judge_on)
    if case_id is not None and kind in SETTLING:
        # It stood after the newest night, and stands no longer after the next.
        closed = {"to_run": deed.after_run + 1, "ended_as": str(CaseEnd.DECIDED), "decision_id": decision_id}
        is_open = (identity_case.c.case_id == case_id) & identity_case.c.to_run.is_(None)
        connection.execute(identity_case.update().where(is_open).values(**closed))
    return decision_id


_RESTING = sa.text("""
    SELECT min(later.decision_id) FROM identity_link mine JOIN identity_link later
    ON later.decision_id > mine.decision_id AND later.ended_after_run IS NULL AND (
        (mine.kind = 'number' AND later.kind = 'number'
         AND (later.person_key = mine.person_key OR later.id_key IN (mine.id_key, mine.person_key)))
        OR (mine.kind = 'row' AND later.kind = 'row' AND (later.source, later.row_hash) = (mine.source, mine.row_hash))
    ) WHERE mine.decision_id = :decision
""")


def take_back(connection: sa.Connection, decision_id: int, deed: Deed) -> TakenBack:
    """Ends a decision; what held before it holds again from the next night on.

    Raises:
        ConfigurationInvalid: there is no such decision, it has ended, or a later one in force rests on it.
    """
    known = read_decision(connection, decision_id)
    if known is None:
        raise ConfigurationInvalid(f"there is no decision {decision_id}")
    if known["ended_after_run"] is not None:
        raise ConfigurationInvalid(f"decision {decision_id} is not in force any more")
    later = connection.execute(_RESTING, {"decision": decision_id}).scalar_one()
    if later is not None:
        raise ConfigurationInvalid(f"decision {later} rests on decision {decision_id}: take that one back first")
    rows = _judge_again(connection, decision_id, deed.judge_on)
    links = _end(connection, [decision_id], deed.after_run, ended_at=deed.at, ended_by=deed.by, end_reason=deed.reason)
    return TakenBack(links, rows, _ask_again(connection, decision_id, deed.after_run))


def retire(connection: sa.Connection, decision_ids: Sequence[int], run_id: int, at: datetime, reason: str) -> None:
    """Ends decisions in a run because what they rested on has changed; they have ended by themselves, so by nobody."""
    _end(connection, list(decision_ids), run_id, ended_at=at, ended_by=None, end_reason=reason)


def read_decision(connection: sa.Connection, decision_id: int) -> sa.RowMapping | None:
    """A decision as it was recorded."""
    return connection.execute(sa.select(decision).where(decision.c.decision_id == decision_id)).mappings().first()


def all_decisions(connection: sa.Connection) -> list[sa.RowMapping]:
    """Every decision ever made, the newest first."""
    return list(connection.execute(sa.select(decision).order_by(decision.c.decision_id.desc())).mappings())


def newest_same(connection: sa.Connection, person_key: int) -> sa.RowMapping | None:
    """The newest decision in force that put two numbers, or a row and a number, together as this person's."""
    about = sa.select(identity_link.c.decision_id).where(
        identity_link.c.person_key == person_key, identity_link.c.ended_after_run.is_(None),
        identity_link.c.kind.in_([str(LinkKind.NUMBER), str(LinkKind.ROW)]),
    )  # fmt: skip
    query = (
        sa.select(decision)
        .where(decision.c.kind == str(DecisionKind.SAME), decision.c.ended_after_run.is_(None))
        .where(decision.c.decision_id.in_(about))
        .order_by(decision.c.decision_id.desc())
    )
    return connection.execute(query.limit(1)).mappings().first()


def lowest_registered(connection: sa.Connection, id_keys: Iterable[int]) -> int | None:
    """Of some people's keys that of the one with the lowest ``person_id``; ``None`` where the registry has none of them."""
    query = sa.select(elder.c.id_key).where(elder.c.id_key.in_(list(id_keys))).order_by(elder.c.person_id).limit(1)
    found = connection.execute(query).scalar_one_or_none()
    return None if found is None else int(found)


def _judge_again(connection: sa.Connection, decision_id: int, judge_on: date) -> int:
    linked = sa.select(identity_link.c.source, identity_link.c.row_hash).where(
        identity_link.c.decision_id == decision_id, identity_link.c.kind == str(LinkKind.ROW)
    )
    again = (
        source_row.update()
        .where(source_row.c.to_run.is_(None), sa.tuple_(source_row.c.source, source_row.c.row_hash).in_(linked))
        .values(recheck_on=judge_on)
    )
    return connection.execute(again).rowcount


def _end(connection: sa.Connection, decision_ids: list[int], after_run: int, **said: Any) -> int:
    of_decisions = decision.c.decision_id.in_(decision_ids) & decision.c.ended_after_run.is_(None)
    connection.execute(decision.update().where(of_decisions).values(ended_after_run=after_run, **said))
    of_links = identity_link.c.decision_id.in_(decision_ids) & identity_link.c.ended_after_run.is_(None)
    return connection.execute(identity_link.update().where(of_links).values(ended_after_run=after_run)).rowcount


def _ask_again(connection: sa.Connection, decision_id: int, after_run: int) -> bool:
    """Opens the case again that a decision closed, if no night has been since; a later night finds it anew by itself."""
    reopened = (
        identity_case.update()
        .where(identity_case.c.decision_id == decision_id, identity_case.c.to_run == after_run + 1)
        .values(to_run=None, ended_as=None, decision_id=None)
    )
    return connection.execute(reopened).rowcount > 0

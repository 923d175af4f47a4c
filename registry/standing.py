"""How things stand, in counts, for who only looks. No tables of rows are made here, and what makes them is not loaded."""

from datetime import datetime

import sqlalchemy as sa

from registry.finding_evidence import CLOSED, EVIDENT
from registry.outbox import OPEN
from registry.tables import elder, identity_case
from schemas.identity_cases import CaseKind

__all__ = ["active_count", "case_counts", "not_yet_taken", "open_counts", "without_answer"]


def active_count(connection: sa.Connection) -> int:
    """How many elders are in the registry now."""
    query = sa.select(sa.func.count()).select_from(elder).where(elder.c.status == "active")
    return int(connection.execute(query).scalar_one())


def open_counts(connection: sa.Connection) -> dict[str, int]:
    """How many findings stand now that nobody has closed, by severity."""
    query = sa.text(
        f"SELECT s.severity, count(*) FROM ({EVIDENT} WHERE f.to_run IS NULL) s "  # noqa: S608
        f"LEFT JOIN finding_closure c ON {CLOSED} WHERE c.closure_id IS NULL GROUP BY s.severity"
    )
    return {severity: int(count) for severity, count in connection.execute(query)}


def case_counts(connection: sa.Connection) -> dict[str, int]:
    """How many questions of each kind are open."""
    query = (
        sa.select(identity_case.c.kind, sa.func.count())
        .where(identity_case.c.to_run.is_(None))
        .group_by(identity_case.c.kind)
    )
    counted = {kind: int(count) for kind, count in connection.execute(query)}
    return {str(kind): counted.get(kind, 0) for kind in CaseKind}


def not_yet_taken(connection: sa.Connection, profile: str) -> int:
    """How many people were let go to be told of and have not been, because the platform was away or put them off."""
    query = f"""
        SELECT count(DISTINCT o.person_id) FROM outbox o
        WHERE o.profile = :profile AND {OPEN} AND o.state = 'pending' AND o.is_released AND o.payload IS NOT NULL
          AND NOT EXISTS (SELECT FROM person_hold h WHERE h.person_id = o.person_id AND h.released_at IS NULL)
    """  # noqa: S608
    return int(connection.execute(sa.text(query), {"profile": profile}).scalar_one())


def without_answer(connection: sa.Connection, profile: str, since: datetime, *, is_online: bool) -> int:
    """How many people the platform was told of longer ago, and nobody knows what became of it."""
    query = sa.text(
        "SELECT count(DISTINCT person_id) FROM outbox WHERE profile = :profile "
        "AND (state = 'sent' AND :is_online OR state IN ('inflight', 'processing', 'unknown', 'sent') "
        "AND first_sent_at <= :since)"
    )
    return int(connection.execute(query, {"profile": profile, "since": since, "is_online": is_online}).scalar_one())

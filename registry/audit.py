"""Who looked at unmasked data, when, why, and at how many people. Written before the data is given."""

from datetime import datetime

import sqlalchemy as sa

from registry.runs import next_id
from registry.tables import audit

__all__ = ["record_disclosure"]


def record_disclosure(
    connection: sa.Connection, *, at: datetime, actor: str, action: str, reason: str, people: int
) -> None:
    """Adds one entry; entries are never changed."""
    values = {"at": at, "actor": actor, "action": action, "reason": reason, "people": people}
    connection.execute(audit.insert().values(audit_id=next_id(connection, audit.c.audit_id), **values))

"""What the registry's present state still stands on, so that only the rest is let go when its time is over."""

from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from registry.tables import delivery, outbox, run
from schemas.push import OPEN_STATES

__all__ = ["Original", "known_contents", "note_pruned", "runs_before", "runs_still_told", "unneeded_originals"]

# A file is needed by rows in force or that ended in a run younger than the limit (an undo brings them back), by values carried
# from earlier rows, by decisions that rest on a row, by records that wait to be told, by findings that stand, and where a list has
# not been taken yet or may be taken again.
_NEEDED = """
    SELECT delivery_id FROM source_row WHERE to_run IS NULL OR to_run > :ended_after
    UNION SELECT delivery_id FROM member_row WHERE to_run IS NULL OR to_run > :ended_after
    UNION SELECT source_row.delivery_id FROM source_row WHERE row_id IN (
        SELECT carried.value::bigint FROM elder, jsonb_each_text(elder.carried::jsonb) AS carried
        UNION SELECT waiting.row_id FROM (
            SELECT unnest(row_ids) AS row_id FROM elder WHERE person_id IN (SELECT person_id FROM outbox WHERE state = ANY(:open))
            UNION SELECT unnest(row_ids) FROM elder_history WHERE person_id IN (SELECT person_id FROM outbox WHERE state = ANY(:open))
        ) AS waiting
    )
    UNION SELECT source_row.delivery_id FROM source_row JOIN identity_link USING (source, row_hash)
        WHERE identity_link.ended_after_run IS NULL
    UNION SELECT delivery_id FROM finding WHERE to_run IS NULL AND delivery_id IS NOT NULL
    UNION SELECT delivery_id FROM delivery WHERE state IN ('received', 'held', 'refused', 'undone') OR received_at >= :before
"""
_UNNEEDED = sa.text(f"""
    SELECT sha256, max(size) AS size FROM delivery GROUP BY sha256
    HAVING bool_and(delivery_id NOT IN ({_NEEDED})) ORDER BY sha256
""")  # noqa: S608  nothing but our own text


class Original(NamedTuple):
    """A kept file that nothing stands on any more."""

    sha256: str
    size: int


def unneeded_originals(connection: sa.Connection, before: datetime) -> list[Original]:
    """Kept files received before an instant, on which nothing has stood since; one that two sources sent needs both to let go."""
    newest_old_run = sa.select(sa.func.coalesce(sa.func.max(run.c.run_id), 0)).where(run.c.started_at < before)
    values = {
        "before": before,
        "ended_after": connection.execute(newest_old_run).scalar_one(),
        "open": [str(state) for state in OPEN_STATES],
    }
    return [Original(*row) for row in connection.execute(_UNNEEDED, values)]


def known_contents(connection: sa.Connection) -> set[str]:
    """SHA-256 of every file that was ever delivered: it is kept, or was let go on purpose."""
    return set(connection.execute(sa.select(delivery.c.sha256).distinct()).scalars())


def note_pruned(connection: sa.Connection, originals: list[Original], at: datetime) -> None:
    """Remembers that files were let go on purpose; what is known of their deliveries stays."""
    noted = delivery.c.detail.concat(sa.cast({"pruned_at": at.isoformat(timespec="seconds")}, JSONB))
    names = [original.sha256 for original in originals]
    connection.execute(delivery.update().where(delivery.c.sha256.in_(names)).values(detail=noted))


def runs_before(connection: sa.Connection, before: datetime) -> set[int]:
    """Runs that began before an instant."""
    return set(connection.execute(sa.select(run.c.run_id).where(run.c.started_at < before)).scalars())


def runs_still_told(connection: sa.Connection) -> set[int]:
    """Runs of which a change has left and nobody knows yet what became of it."""
    open_still = sa.select(outbox.c.sent_run).where(outbox.c.state.in_(OPEN_STATES), outbox.c.sent_run.is_not(None))
    return set(connection.execute(open_still.distinct()).scalars())

"""The outbox: changes the platform must hear, written in the transaction of the change, leaving when they are delivered.

What the platform is told is decided when it is told: of several revisions nobody sent, only the newest counts.
"""

import pandas as pd
import pyarrow as pa
import sqlalchemy as sa

from registry.bulk import copy_out, load_temp
from registry.findings import to_frame
from schemas.fields import ELDER_FIELDS

__all__ = ["mark_sent", "pending_changes", "waiting_count"]

_CHANGES = pa.schema(
    [
        ("person_id", pa.int64()), ("revision", pa.int64()), ("operation", pa.large_string()),
        *((field, pa.large_string()) for field in ELDER_FIELDS if field != "person_id"),
    ]
)  # fmt: skip


def pending_changes(connection: sa.Connection) -> pd.DataFrame:
    """What the platform must be told now, one row per person in the order of ``person_id``.

    Columns: ``person_id revision operation`` and the fields of an elder as texts. ``operation`` is seen from the
    platform: ``new`` to it, ``changed``, ``withdrawn``. People of no category are not the platform's: they are told to
    it only as withdrawn, when it knows them.
    """
    columns = ", ".join(f'e."{field}"' for field in ELDER_FIELDS if field != "person_id")
    query = f"""
        WITH open AS (
            SELECT person_id, max(revision) AS revision FROM outbox WHERE state = 'pending' GROUP BY person_id
        ), told AS (
            SELECT DISTINCT ON (person_id) person_id, sent_as FROM outbox JOIN open USING (person_id)
            WHERE outbox.state = 'sent' AND sent_as IS NOT NULL ORDER BY person_id, outbox.revision DESC
        )
        SELECT e.person_id, open.revision,
               CASE WHEN NOT (e.status = 'active' AND e.categories IS NOT NULL)
                    THEN CASE WHEN coalesce(told.sent_as, 'withdrawn') = 'withdrawn' THEN 'nothing' ELSE 'withdrawn' END
                    WHEN coalesce(told.sent_as, 'withdrawn') = 'withdrawn' THEN 'new' ELSE 'changed' END,
               {columns}
        FROM open JOIN elder e USING (person_id) LEFT JOIN told USING (person_id)
        ORDER BY e.person_id
    """  # noqa: S608  names of ours only
    return to_frame(copy_out(connection, query, _CHANGES))


def mark_sent(connection: sa.Connection, run_id: int, sent: pd.DataFrame) -> None:
    """Takes people's pending entries out of the outbox.

    Args:
        connection: in a transaction of its own, after the files are durably written.
        run_id: the run that delivered them.
        sent: ``person_id revision operation``; ``nothing`` where the platform needs not hear of it.
    """
    if sent.empty:
        return
    table = pa.Table.from_pandas(sent[["person_id", "revision", "operation"]], preserve_index=False)
    load_temp(connection, "sent", table)
    connection.execute(sa.text("ANALYZE sent"))
    connection.execute(
        sa.text(
            "UPDATE outbox o SET state = CASE WHEN o.revision < s.revision OR s.operation = 'nothing' THEN 'superseded' "
            "ELSE 'sent' END, sent_run = :run, sent_as = CASE WHEN o.revision = s.revision AND s.operation <> 'nothing' "
            "THEN s.operation END FROM sent s "
            "WHERE o.person_id = s.person_id AND o.revision <= s.revision AND o.state = 'pending'"
        ),
        {"run": run_id},
    )


def waiting_count(connection: sa.Connection) -> int:
    """How many people's changes the platform has still to hear."""
    query = sa.text("SELECT count(DISTINCT person_id) FROM outbox WHERE state = 'pending'")
    return int(connection.execute(query).scalar_one())

"""What results that came back as a file settle in the outbox, and the findings of what the platform refused.

A file is handed in and answered by people, so nothing here takes a fence: a change that a sender is asking about at the
moment is left to it.
"""

from collections.abc import Sequence
from datetime import datetime

import numpy as np
import pandas as pd
import pyarrow as pa
import sqlalchemy as sa

from registry.bulk import copy_out, load_temp
from registry.findings import add_findings, to_frame
from registry.outbox_delivery import drop_older

__all__ = [
    "refused_changes", "replace_push_findings", "settle_results", "statements_of_people", "told_changes",
]  # fmt: skip

_TEXT, _NUMBER = pa.large_string(), pa.int64()
_TOLD = pa.schema(
    [
        ("person_id", _NUMBER), ("revision", _NUMBER), ("sent_as", _TEXT), ("state", _TEXT), ("sent_run", _NUMBER),
        ("key", _TEXT), ("receipt", _TEXT), ("id_number", _TEXT), ("payload", _TEXT),
    ]
)  # fmt: skip
_REFUSED = pa.schema(
    [
        ("person_id", _NUMBER), ("revision", _NUMBER), ("state", _TEXT), ("code", _TEXT), ("words", _TEXT),
        ("payload", _TEXT),
    ]
)  # fmt: skip
_STATEMENTS = pa.schema(
    [
        ("person_id", _NUMBER), ("winners", _TEXT), ("letter", _TEXT), ("row_id", _NUMBER), ("source", _TEXT),
        ("delivery_id", _NUMBER), ("sheet", _TEXT), ("row_number", _NUMBER),
    ]
)  # fmt: skip


def told_changes(connection: sa.Connection, profile: str, id_number_headers: Sequence[str]) -> pd.DataFrame:
    """Every change the platform was told: ``person_id revision sent_as state sent_run key receipt id_number payload``.

    ``id_number`` is what it was told under one of the headers, missing where that is no longer kept; ``payload`` is given of
    people who have several changes.
    """
    query = sa.text(
        "SELECT person_id, revision, sent_as, state, sent_run, key, receipt, "
        "(SELECT value FROM jsonb_each_text(payload::jsonb) WHERE key = ANY(:headers) LIMIT 1), "
        "CASE WHEN count(*) OVER (PARTITION BY person_id) > 1 THEN payload END FROM outbox "
        "WHERE profile = :profile AND sent_as IS NOT NULL AND (sent_run IS NOT NULL OR first_sent_at IS NOT NULL) "
        "ORDER BY person_id, revision"
    )
    return to_frame(copy_out(connection, query.bindparams(profile=profile, headers=list(id_number_headers)), _TOLD))


def settle_results(connection: sa.Connection, profile: str, now: datetime, outcomes: pd.DataFrame) -> int:
    """Settles changes as a file of results says, in the caller's transaction.

    Args:
        connection: in a transaction.
        profile: the platform's.
        now: the instant.
        outcomes: ``person_id revision state code words receipt``; ``pending`` goes out again with the next files.

    Returns:
        How many were settled; less than were given where a sender is asking about some, or they are no longer open.
    """
    if outcomes.empty:
        return 0
    load_temp(connection, "answered", outcomes.rename(columns={"receipt": "their_receipt"}))
    given = {"profile": profile, "now": now}
    settled = connection.execute(
        sa.text(
            "UPDATE outbox o SET state = a.state, code = nullif(a.code, ''), words = nullif(a.words, ''), "
            "receipt = coalesce(a.their_receipt, o.receipt), settled_at = CASE WHEN a.state <> 'pending' THEN :now END, "
            "next_at = NULL, fence = NULL, lease_until = NULL FROM answered a "
            "WHERE o.profile = :profile AND o.person_id = a.person_id AND o.revision = a.revision "
            "AND o.state IN ('sent', 'processing', 'unknown') AND (o.lease_until IS NULL OR o.lease_until <= :now)"
        ),
        given,
    )
    accepted = outcomes.loc[outcomes["state"] == "accepted", "person_id"]
    drop_older(connection, profile, accepted.tolist())
    connection.execute(sa.text("DROP TABLE answered"))
    return settled.rowcount


def refused_changes(connection: sa.Connection, profile: str) -> pd.DataFrame:
    """Changes that stand refused or unknown: the newest of each person that has an outcome, if it is no acceptance.

    Columns: ``person_id revision state code words payload``; ``unknown`` and ``held`` are outcomes nobody knows.
    """
    query = sa.text(
        "SELECT person_id, revision, state, code, words, payload FROM ("
        "SELECT DISTINCT ON (person_id) * FROM outbox WHERE profile = :profile "
        "AND state IN ('accepted', 'rejected', 'unknown', 'held') ORDER BY person_id, revision DESC) newest "
        "WHERE state <> 'accepted' AND NOT EXISTS (SELECT FROM outbox later WHERE later.profile = :profile "
        "AND later.person_id = newest.person_id AND later.revision > newest.revision "
        "AND later.code IN ('nothing-to-tell', 'told-already')) ORDER BY person_id"
    )
    return to_frame(copy_out(connection, query.bindparams(profile=profile), _REFUSED))


def statements_of_people(connection: sa.Connection, person_ids: pd.Series) -> pd.DataFrame:
    """The rows that some elders' records are made of: ``person_id winners letter row_id source delivery_id sheet row_number``."""
    asked = pa.table({"person_id": pa.array(person_ids.to_numpy(dtype=np.int64), pa.int64())})
    load_temp(connection, "asked", asked)
    query = (
        "SELECT e.person_id, e.winners, chr(96 + s.place::int), r.row_id, r.source, r.delivery_id, r.sheet, r.row_number "
        "FROM asked JOIN elder e USING (person_id), unnest(e.row_ids) WITH ORDINALITY AS s(row_id, place) "
        "JOIN source_row r ON r.row_id = s.row_id ORDER BY e.person_id, s.place"
    )
    found = to_frame(copy_out(connection, query, _STATEMENTS))
    connection.execute(sa.text("DROP TABLE asked"))
    return found


# The place is not compared: a row that comes again in a newer file takes its findings there.
_SAME = (
    "f.origin = 'push' AND f.to_run IS NULL AND f.code = n.code AND f.source = n.source "
    "AND f.row_id IS NOT DISTINCT FROM n.row_id AND f.seen IS NOT DISTINCT FROM n.seen"
)


def replace_push_findings(connection: sa.Connection, run_id: int, found: pd.DataFrame) -> tuple[int, int]:
    """Lets exactly these findings of the push stand: those that do stay as they are, others end, missing ones begin.

    So a finding ends when the change is accepted at last or superseded, when the row it points to is replaced, or when the
    platform gives another reason; and saying the same again changes nothing.

    Args:
        connection: in a transaction.
        run_id: the run that says so.
        found: as ``transforms.platform_findings.platform_findings`` gives them, of all people of the profile.

    Returns:
        How many began, and how many ended.
    """
    load_temp(connection, "standing", found.assign(place=np.arange(len(found))))
    began = copy_out(
        connection,
        f"SELECT n.place FROM standing n WHERE NOT EXISTS (SELECT 1 FROM finding f WHERE {_SAME})",  # noqa: S608
        pa.schema([("place", pa.int64())]),
    )["place"].to_numpy()
    ended = connection.execute(
        sa.text(
            "UPDATE finding SET to_run = :run WHERE (finding_id, from_run) IN (SELECT f.finding_id, f.from_run "  # noqa: S608
            "FROM finding f WHERE f.origin = 'push' AND f.to_run IS NULL "
            f"AND NOT EXISTS (SELECT 1 FROM standing n WHERE {_SAME}))"
        ),
        {"run": run_id},
    )
    add_findings(connection, run_id, "push", None, found.iloc[np.sort(began)].reset_index(drop=True))
    connection.execute(sa.text("DROP TABLE standing"))
    return len(began), ended.rowcount

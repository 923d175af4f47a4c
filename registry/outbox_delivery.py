"""How outbox entries leave: claimed for a time by one sender, told with no transaction open, settled one by one.

A sender has a number, its fence; only the newest may claim, and only who claimed an entry may settle it. ``next_at`` is the
instant from which an entry may be looked at again: empty is at once, so an index over these finds the next hundred of a
million in their order. Claims are transactions of their own, short ones.
"""

from datetime import datetime, timedelta
from typing import Any

import pandas as pd
import pyarrow as pa
import sqlalchemy as sa

from registry import platform_state
from registry.bulk import copy_out
from registry.findings import to_frame
from registry.outbox import OPEN, TOLD
from registry.tables import platform
from schemas.errors import ContractBroken, StageFailed
from schemas.push import PushState

__all__ = ["claim", "claim_open", "drop_older", "mark_sent", "next_due", "settle", "take_over"]

_TEXT, _NUMBER, _INSTANT = pa.large_string(), pa.int64(), pa.timestamp("us", "UTC")
_WAKE_AT_MOST = 2_000
_LONGEST_REST = timedelta(days=1, hours=1)  # poll_seconds is a day at most

_CLAIMED = pa.schema(
    [
        ("key", _TEXT), ("person_id", _NUMBER), ("revision", _NUMBER), ("sent_as", _TEXT), ("fields", _TEXT),
        ("attempts", _NUMBER), ("largest_batch", _NUMBER),
    ]
)  # fmt: skip
_CLAIMED_OPEN = pa.schema(
    [
        ("key", _TEXT), ("person_id", _NUMBER), ("revision", _NUMBER), ("sent_as", _TEXT), ("payload", _TEXT),
        ("fields", _TEXT), ("receipt", _TEXT), ("first_sent_at", _INSTANT), ("attempts", _NUMBER), ("batch", _TEXT),
    ]
)  # fmt: skip
_OUTCOMES: dict[str, tuple[pa.DataType, str]] = {
    "person_id": (_NUMBER, "bigint"), "revision": (_NUMBER, "bigint"), "state": (_TEXT, "text"), "code": (_TEXT, "text"),
    "words": (_TEXT, "text"), "receipt": (_TEXT, "text"), "next_at": (_INSTANT, "timestamptz"),
    "largest_batch": (_NUMBER, "bigint"),
}  # fmt: skip
_SETTLED_AS = frozenset(
    {PushState.PENDING, PushState.PROCESSING, PushState.UNKNOWN, PushState.HELD, PushState.ACCEPTED, PushState.REJECTED}
)

# What had to wait for an instant and has done so; the longest waiting first, so that no transaction is long.
_WAKE = sa.text(f"""
    WITH woken AS (
        SELECT profile, person_id, revision FROM outbox
        WHERE profile = :profile AND next_at <= :now AND next_at IS NOT NULL AND state IN ('pending', 'processing', 'unknown')
        ORDER BY next_at LIMIT {_WAKE_AT_MOST} FOR UPDATE SKIP LOCKED
    )
    UPDATE outbox o SET next_at = NULL FROM woken w
    WHERE o.profile = w.profile AND o.person_id = w.person_id AND o.revision = w.revision
""")  # noqa: S608

# Of a person, the lowest pending revision, when nothing is open and nothing newer was told: so order is kept even between
# two claimers of which neither sees yet what the other has claimed. OFFSET 0 has the conditions asked person by person: a
# join would read the whole outbox to find the first hundred.
_CLAIMABLE = f"""
    o.profile = :profile AND o.state = 'pending' AND o.is_released AND o.next_at IS NULL AND o.payload IS NOT NULL
    AND o.sent_as = ANY(CAST(:operations AS text[]))
    AND NOT EXISTS (SELECT FROM person_hold h WHERE h.person_id = o.person_id AND h.released_at IS NULL OFFSET 0)
    AND NOT EXISTS (SELECT FROM outbox b WHERE b.profile = o.profile AND b.person_id = o.person_id AND {OPEN}
                    AND b.revision <> o.revision AND (b.state <> 'pending' OR b.revision < o.revision) OFFSET 0)
    AND NOT EXISTS (SELECT FROM outbox t WHERE t.profile = o.profile AND t.person_id = o.person_id AND {TOLD}
                    AND t.revision > o.revision OFFSET 0)
"""  # noqa: S608
_FIRST = sa.text(f"""
    SELECT o.person_id, o.largest_batch FROM outbox o WHERE {_CLAIMABLE}
    ORDER BY o.person_id LIMIT 1 FOR UPDATE OF o SKIP LOCKED
""")  # noqa: S608
_CHOOSE = sa.text(f"""
    SELECT o.person_id, o.revision FROM outbox o
    WHERE {_CLAIMABLE} AND o.person_id >= :first AND o.largest_batch IS NOT DISTINCT FROM CAST(:group AS integer)
    ORDER BY o.person_id LIMIT :most FOR UPDATE OF o SKIP LOCKED
""")  # noqa: S608
_CHOOSE_OPEN = sa.text("""
    SELECT o.person_id, o.revision FROM outbox o
    WHERE o.profile = :profile AND o.state = :state AND o.is_released AND o.next_at IS NULL
    ORDER BY o.person_id LIMIT :most FOR UPDATE OF o SKIP LOCKED
""")

# For this transaction: PostgreSQL thinks that hardly anything is left by the conditions above, and would rather look at
# everything pending and sort it than walk along an index and stop after a hundred.
_WALK = sa.text("SELECT set_config('enable_sort', 'off', true)")

_CHOSEN = """
    FROM unnest(CAST(:people AS bigint[]), CAST(:revisions AS bigint[])) AS c(person_id, revision)
    WHERE o.profile = :profile AND o.person_id = c.person_id AND o.revision = c.revision
"""
_CLAIM = f"""
    UPDATE outbox o SET state = 'inflight', fence = :fence, lease_until = :lease_until, next_at = :lease_until, batch = :batch,
           attempts = o.attempts + 1, first_sent_at = coalesce(o.first_sent_at, :now)
    {_CHOSEN}
    RETURNING o.key, o.person_id, o.revision, o.sent_as, coalesce(o.sent_fields, o.payload), o.attempts, o.largest_batch
"""  # noqa: S608
_CLAIM_OPEN = f"""
    UPDATE outbox o SET fence = :fence, lease_until = :lease_until, next_at = :lease_until, attempts = o.attempts + 1
    {_CHOSEN}
    RETURNING o.key, o.person_id, o.revision, o.sent_as, o.payload, coalesce(o.sent_fields, o.payload), o.receipt,
              o.first_sent_at, o.attempts, o.batch
"""  # noqa: S608

_GIVEN = ", ".join(f"CAST(:{name} AS {kind}[])" for name, (_, kind) in _OUTCOMES.items())
_IS_END = "g.state IN ('accepted', 'rejected')"
_SETTLE = f"""
    UPDATE outbox o SET state = g.state, code = nullif(g.code, ''), words = nullif(g.words, ''),
           receipt = coalesce(g.receipt, o.receipt), largest_batch = coalesce(g.largest_batch, o.largest_batch),
           next_at = CASE WHEN {_IS_END} OR g.state = 'held' THEN NULL ELSE g.next_at END,
           settled_at = CASE WHEN {_IS_END} THEN CAST(:now AS timestamptz) END,
           sent_run = CASE WHEN {_IS_END} THEN coalesce(o.sent_run, CAST(:run AS bigint)) ELSE o.sent_run END,
           fence = NULL, lease_until = NULL
    FROM unnest({_GIVEN}) AS g({", ".join(_OUTCOMES)})
    WHERE o.profile = :profile AND o.person_id = g.person_id AND o.revision = g.revision AND
"""  # noqa: S608
_SETTLE_OURS = sa.text(f"{_SETTLE} o.fence = :fence AND o.state IN ('inflight', 'processing', 'unknown')")
# What the platform held before is not needed any more once it has accepted something newer.
_DROP_OLDER = sa.text("""
    UPDATE outbox o SET payload = NULL, sent_fields = NULL FROM outbox n
    WHERE n.profile = :profile AND n.person_id = ANY(CAST(:people AS bigint[])) AND n.state = 'accepted' AND n.sent_as IS NOT NULL
      AND o.profile = :profile AND o.person_id = n.person_id AND o.revision < n.revision AND o.payload IS NOT NULL
      AND o.state NOT IN ('pending', 'inflight', 'processing', 'unknown', 'held')
""")

_MARK_SENT = sa.text("""
    UPDATE outbox o SET state = 'sent', sent_run = :run, batch = :batch, first_sent_at = coalesce(o.first_sent_at, :now),
           attempts = o.attempts + 1, next_at = NULL
    FROM unnest(CAST(:people AS bigint[]), CAST(:revisions AS bigint[])) AS g(person_id, revision)
    WHERE o.profile = :profile AND o.person_id = g.person_id AND o.revision = g.revision
      AND o.state = 'pending' AND o.is_released AND o.payload IS NOT NULL
""")

_NEXT_AT = sa.text("""
    SELECT min(o.next_at) FROM outbox o WHERE o.profile = :profile AND o.next_at IS NOT NULL AND (
        o.state IN ('inflight', 'processing', 'unknown')
        OR o.state = 'pending' AND o.is_released
           AND NOT EXISTS (SELECT FROM person_hold h WHERE h.person_id = o.person_id AND h.released_at IS NULL))
""")
_ANY_AT_ONCE = sa.text(f"""
    SELECT EXISTS (SELECT FROM outbox o WHERE {_CLAIMABLE}) OR EXISTS (
        SELECT FROM outbox o WHERE o.profile = :profile AND o.state IN ('processing', 'unknown') AND o.is_released
        AND o.next_at IS NULL)
""")  # noqa: S608


def take_over(connection: sa.Connection, profile: str, now: datetime) -> int:
    """Makes the caller the platform's only sender and returns its fence.

    What others had claimed is unknown from now on, and is read back when their claim's time is over: until then a call of
    theirs may still arrive.
    """
    platform_state.read(connection, profile)
    fence = connection.execute(
        platform.update()
        .where(platform.c.profile == profile)
        .values(fence=platform.c.fence + 1)
        .returning(platform.c.fence)
    ).scalar_one()
    # Nothing waits so long: the clock was ahead when it was written, and has been set back.
    connection.execute(
        sa.text("UPDATE outbox SET next_at = :now WHERE profile = :profile AND next_at > :latest AND fence IS NULL"),
        {"profile": profile, "now": now, "latest": now + _LONGEST_REST},
    )
    connection.execute(
        sa.text(
            "UPDATE outbox SET state = CASE WHEN state = 'inflight' THEN 'unknown' ELSE state END, "
            "next_at = least(coalesce(lease_until, :now), CAST(:latest AS timestamptz)), fence = NULL "
            "WHERE profile = :profile AND next_at IS NOT NULL AND fence IS NOT NULL "
            "AND state IN ('inflight', 'processing', 'unknown')"
        ),
        {"profile": profile, "now": now, "latest": now + _LONGEST_REST},
    )
    return int(fence)


def claim(
    connection: sa.Connection, profile: str, *, fence: int, now: datetime, lease_until: datetime, batch: str, most: int,
    operations: tuple[str, ...] = ("new", "changed", "withdrawn"),
) -> pd.DataFrame:  # fmt: skip
    """Claims what may be sent now, for one call, in the order of ``person_id``.

    That is what is released and due, of people whom no officer holds and of whom nothing is under way. Entries whose batch
    was refused whole travel only with those of the same ``largest_batch``, and no more of them than that.

    Returns:
        ``key person_id revision sent_as fields attempts largest_batch``, at most ``most``; ``attempts`` counts this one.

    Raises:
        StageFailed: another sender has taken over.
    """
    _assert_newest(connection, profile, fence)
    values: dict[str, Any] = {"profile": profile, "operations": list(operations)}
    connection.execute(_WAKE, {"profile": profile, "now": now})
    connection.execute(_WALK)
    first = connection.execute(_FIRST, values).first()
    if first is None:
        return to_frame(_CLAIMED.empty_table())
    group = first.largest_batch
    values |= {"first": first.person_id, "group": group, "most": most if group is None else min(most, group)}
    chosen = _chosen(connection, _CHOOSE, values)
    lease = {"fence": fence, "now": now, "lease_until": lease_until, "batch": batch}
    return _in_order(copy_out(connection, sa.text(_CLAIM).bindparams(profile=profile, **chosen, **lease), _CLAIMED))


def claim_open(
    connection: sa.Connection, profile: str, *, state: str, fence: int, now: datetime, lease_until: datetime, most: int
) -> pd.DataFrame:
    """Claims entries whose outcome is to be found out: ``unknown`` ones to be read back, ``processing`` ones to be polled.

    Their state stays; nobody else gets the same ones before ``lease_until``.

    Returns:
        ``key person_id revision sent_as payload fields receipt first_sent_at attempts batch``, at most ``most``, in the order of
        ``person_id``; ``attempts`` counts this one.

    Raises:
        StageFailed: another sender has taken over.
    """
    if state not in {PushState.UNKNOWN, PushState.PROCESSING}:
        raise ContractBroken(f"entries that are {state} have no outcome to be found out")
    _assert_newest(connection, profile, fence)
    connection.execute(_WAKE, {"profile": profile, "now": now})
    chosen = _chosen(connection, _CHOOSE_OPEN, {"profile": profile, "state": str(state), "most": most})
    if not chosen["people"]:
        return to_frame(_CLAIMED_OPEN.empty_table())
    lease = {"fence": fence, "lease_until": lease_until}
    return _in_order(
        copy_out(connection, sa.text(_CLAIM_OPEN).bindparams(profile=profile, **chosen, **lease), _CLAIMED_OPEN)
    )


def settle(
    connection: sa.Connection, profile: str, *, fence: int, now: datetime, outcomes: pd.DataFrame, run_id: int
) -> int:
    """Stores what became of entries the sender had claimed; returns of how many. Of others' entries nothing changes.

    Args:
        connection: in the caller's transaction.
        profile: whose outbox.
        fence: the sender's, as of its claims.
        now: when it is known.
        outcomes: ``person_id revision state code words receipt next_at largest_batch``. ``pending`` keeps bytes and key;
            ``accepted`` lets go of what the platform held of the person before.
        run_id: the run that delivered.

    Raises:
        ContractBroken: a state is none that an outcome can be.
    """
    return _settle(connection, profile, _SETTLE_OURS, outcomes, {"fence": fence, "now": now, "run": run_id})


def mark_sent(
    connection: sa.Connection, profile: str, run_id: int, now: datetime, rows: pd.DataFrame, *, batch: str
) -> int:
    """Planned entries are in a workbook for a person to hand in; the files are durably written before.

    Args:
        connection: in the caller's transaction.
        profile: whose outbox.
        run_id: the run whose workbook it is.
        now: when it was written.
        rows: ``person_id revision``.
        batch: the folder its files are in.

    Raises:
        ContractBroken: one of them is not released, or not pending any more.
    """
    if rows.empty:
        return 0
    values = {"people": rows["person_id"].tolist(), "revisions": rows["revision"].tolist()}
    marked = connection.execute(
        _MARK_SENT, {**values, "profile": profile, "run": run_id, "now": now, "batch": batch}
    ).rowcount
    if marked != len(rows):
        raise ContractBroken(f"{len(rows)} entries are in a workbook, of which only {marked} were to be sent")
    return marked


def next_due(connection: sa.Connection, profile: str, now: datetime) -> datetime | None:
    """The instant from which there is something to send or to find out: ``now`` or later; ``None`` where nothing is.

    What waits for a plan, a release or an officer is no reason to come back.
    """
    values = {"profile": profile, "operations": ["new", "changed", "withdrawn"]}
    if connection.execute(_ANY_AT_ONCE, values).scalar_one():
        return now
    found: datetime | None = connection.execute(_NEXT_AT, {"profile": profile}).scalar_one()
    return None if found is None else max(found, now)


def _settle(
    connection: sa.Connection, profile: str, statement: sa.TextClause, outcomes: pd.DataFrame, values: dict[str, object]
) -> int:
    if outcomes.empty:
        return 0
    given = {
        name: pa.array(outcomes[name], kind, from_pandas=True).to_pylist() for name, (kind, _) in _OUTCOMES.items()
    }
    if foreign := set(given["state"]) - _SETTLED_AS:
        raise ContractBroken(f"no outcome can be {sorted(map(str, foreign))[0]}")
    settled = connection.execute(statement, {**values, **given, "profile": profile}).rowcount
    if PushState.ACCEPTED in given["state"]:
        drop_older(connection, profile, given["person_id"])
    return settled


def drop_older(connection: sa.Connection, profile: str, people: list[int]) -> None:
    """Lets go of the payloads of people's entries before the newest one that was accepted."""
    connection.execute(_DROP_OLDER, {"profile": profile, "people": people})


def _assert_newest(connection: sa.Connection, profile: str, fence: int) -> None:
    """Keeps others from taking over before this transaction has ended, so that they find what it claimed."""
    query = sa.select(platform.c.fence).where(platform.c.profile == profile).with_for_update(read=True)
    if connection.execute(query).scalar_one_or_none() != fence:
        raise StageFailed("another sender has taken over; this one must not send any more")


def _chosen(connection: sa.Connection, query: sa.TextClause, values: dict[str, Any]) -> dict[str, list[int]]:
    """Entries locked for this transaction; the ones that another has locked are passed over."""
    entries = connection.execute(query, values).all()
    return {"people": [entry.person_id for entry in entries], "revisions": [entry.revision for entry in entries]}


def _in_order(claimed: pa.Table) -> pd.DataFrame:
    """Claimed entries by person; PostgreSQL returns them in any order."""
    return to_frame(claimed.sort_by("person_id"))

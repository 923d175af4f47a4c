"""The outbox: what a platform must hear, entered in the transaction of the change; who enters, who gives way, who waits.

An entry is a revision of a person for a profile. What it says is planned by ``registry.outbox_plan``, how it leaves is
``registry.outbox_delivery``'s, and what is read back from the platform comes in through ``registry.outbox_observed``.
"""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from registry.tables import outbox
from schemas.errors import ConfigurationInvalid
from schemas.push import OPEN_STATES, PushState

__all__ = [
    "BUSY", "OPEN", "TOLD", "UNSETTLED", "adopt_profile", "analyse", "coalesce", "enqueue_everyone", "handed_in", "held_back_count",
    "history", "incomplete_count", "open_count", "refused_count", "resend", "told_count", "told_in_run", "unreleased_count",
    "unsettled_count", "waiting", "waiting_count",
]  # fmt: skip

# Written as the partial indexes of the table have them, so that PostgreSQL sees that these apply.
OPEN = "state IN ('pending', 'inflight', 'processing', 'unknown', 'held')"
"""SQL: the platform has not heard, or we do not know."""

BUSY = "state IN ('inflight', 'processing', 'unknown', 'held')"
"""SQL: open, and nothing else of the same person may be sent meanwhile."""

UNSETTLED = "state IN ('inflight', 'processing', 'unknown')"
"""SQL: told, and what became of it is found out by asking where it was told."""

TOLD = "state IN ('sent', 'accepted') AND sent_as IS NOT NULL"
"""SQL: the newest of a person's entries of which this is true is what the platform holds of the person."""

_COALESCE = sa.text(f"""
    UPDATE outbox o SET state = 'superseded', payload = NULL, sent_fields = NULL, next_at = NULL
    FROM (
        SELECT person_id, max(revision) AS revision FROM outbox WHERE profile = :profile AND {OPEN}
        GROUP BY person_id HAVING count(*) > 1
    ) newest
    WHERE o.profile = :profile AND o.person_id = newest.person_id AND o.revision < newest.revision AND o.state = 'pending'
""")  # noqa: S608  words of ours only

_ENQUEUE = sa.text("""
    INSERT INTO outbox (profile, person_id, revision, operation, run_id, state)
    SELECT :profile, person_id, revision, 'new', :run, 'pending' FROM elder
    WHERE status = 'active' AND categories IS NOT NULL
    ON CONFLICT DO NOTHING
""")
# Both ends of the primary key, so that nothing is read where no other platform was ever named.
_HAS_OTHERS = sa.text("""
    SELECT EXISTS (SELECT FROM outbox WHERE profile < :profile) OR EXISTS (SELECT FROM outbox WHERE profile > :profile)
""")
_NEWEST_RUNS = sa.text("""
    SELECT max(run_id) FILTER (WHERE profile = :profile AND run_id < :run) AS ours,
           max(run_id) FILTER (WHERE profile <> :profile) AS others
    FROM outbox
""")
# Whoever has changed since, too: after a restore a platform may have seen numbers that ours has not reached yet.
_CATCH_UP = sa.text("""
    INSERT INTO outbox (profile, person_id, revision, operation, run_id, state)
    SELECT :profile, person_id, revision, CASE status WHEN 'withdrawn' THEN 'withdrawn' ELSE 'changed' END, :run, 'pending'
    FROM elder e
    WHERE e.from_run > :ours OR NOT EXISTS (
        SELECT FROM outbox o WHERE o.profile = :profile AND o.person_id = e.person_id AND o.revision >= e.revision
    )
    ON CONFLICT DO NOTHING
""")

_HISTORY = (
    "profile", "revision", "operation", "run_id", "state", "sent_as", "plan_run", "digest", "key", "attempts", "batch",
    "first_sent_at", "sent_run", "settled_at", "next_at", "code", "receipt",
)  # fmt: skip


def adopt_profile(connection: sa.Connection, profile: str) -> int:
    """Entries from before profiles were told apart become those of the profile now in force; returns how many."""
    return connection.execute(outbox.update().where(outbox.c.profile == "").values(profile=profile)).rowcount


def enqueue_everyone(connection: sa.Connection, profile: str, run_id: int) -> int:
    """Has a platform hear of everybody whose changes were never entered for it.

    One that had no entry in any run before this one: of every active elder of a category. One that was in force, then another,
    and now is again: of everybody who has come, changed or left meanwhile.

    Returns:
        How many entries were added to those this run has made already.
    """
    earlier = sa.exists().where(outbox.c.profile == profile, outbox.c.run_id < run_id)
    given = {"profile": profile, "run": run_id}
    if not connection.execute(sa.select(earlier)).scalar_one():
        return connection.execute(_ENQUEUE, given).rowcount
    if not connection.execute(_HAS_OTHERS, {"profile": profile}).scalar_one():
        return 0
    newest = connection.execute(_NEWEST_RUNS, given).one()
    if newest.others <= newest.ours:
        return 0
    return connection.execute(_CATCH_UP, {**given, "ours": newest.ours}).rowcount


def coalesce(connection: sa.Connection, profile: str) -> int:
    """Of several open revisions of a person only the newest stays pending; the others give way, and so many are returned.

    What is under way is left alone.
    """
    return connection.execute(_COALESCE, {"profile": profile}).rowcount


def analyse(connection: sa.Connection) -> None:
    """Lets PostgreSQL know how the outbox looks now: after a night's many entries it would look for each one by one."""
    connection.execute(sa.text("ANALYZE outbox"))


def waiting(connection: sa.Connection, profile: str) -> dict[str, int]:
    """People with something open, by its state; every open state is named."""
    query = f"SELECT state, count(DISTINCT person_id) FROM outbox WHERE profile = :profile AND {OPEN} GROUP BY state"  # noqa: S608
    counts = {state: int(people) for state, people in connection.execute(sa.text(query), {"profile": profile})}
    return {str(state): counts.get(state, 0) for state in OPEN_STATES}


def waiting_count(connection: sa.Connection, profile: str) -> int:
    """How many people the platform has something still to hear of, or has heard something that is not settled."""
    query = sa.text(f"SELECT count(DISTINCT person_id) FROM outbox WHERE profile = :profile AND {OPEN}")  # noqa: S608
    return int(connection.execute(query, {"profile": profile}).scalar_one())


def open_count(connection: sa.Connection, profile: str) -> int:
    """How many entries are open; of one person there may be several."""
    query = sa.text(f"SELECT count(*) FROM outbox WHERE profile = :profile AND {OPEN}")  # noqa: S608
    return int(connection.execute(query, {"profile": profile}).scalar_one())


def told_count(connection: sa.Connection, profile: str) -> int:
    """How many people the platform was told of, ever."""
    query = sa.text(f"SELECT count(DISTINCT person_id) FROM outbox WHERE profile = :profile AND {TOLD}")  # noqa: S608
    return int(connection.execute(query, {"profile": profile}).scalar_one())


def unreleased_count(connection: sa.Connection, profile: str) -> int:
    """How many people's planned changes wait for approval."""
    query = sa.text(
        f"SELECT count(*) FROM outbox WHERE profile = :profile AND {OPEN} AND state = 'pending' "  # noqa: S608
        "AND payload IS NOT NULL AND NOT is_released"
    )
    return int(connection.execute(query, {"profile": profile}).scalar_one())


def unsettled_count(connection: sa.Connection, profile: str) -> int:
    """How many people were told something that is still to be asked about where it was told."""
    query = sa.text(f"SELECT count(DISTINCT person_id) FROM outbox WHERE profile = :profile AND {OPEN} AND {UNSETTLED}")  # noqa: S608
    return int(connection.execute(query, {"profile": profile}).scalar_one())


def held_back_count(connection: sa.Connection, profile: str) -> int:
    """Of how many people whom an officer holds a change waits."""
    query = sa.text(
        f"SELECT count(DISTINCT o.person_id) FROM outbox o WHERE o.profile = :profile AND {OPEN} AND o.state = 'pending' "  # noqa: S608
        "AND EXISTS (SELECT FROM person_hold h WHERE h.person_id = o.person_id AND h.released_at IS NULL)"
    )
    return int(connection.execute(query, {"profile": profile}).scalar_one())


def incomplete_count(connection: sa.Connection, profile: str) -> int:
    """How many people cannot be told, because something is missing or cannot be said in the platform's format."""
    query = sa.text(
        f"SELECT count(DISTINCT person_id) FROM outbox WHERE profile = :profile AND {OPEN} AND state = 'pending' "  # noqa: S608
        "AND code = 'incomplete'"
    )
    return int(connection.execute(query, {"profile": profile}).scalar_one())


def refused_count(connection: sa.Connection, profile: str) -> int:
    """How many people's newest change the platform has refused; one after which there was nothing to tell is over."""
    query = sa.text(
        "SELECT count(DISTINCT r.person_id) FROM outbox r WHERE r.profile = :profile AND r.state = 'rejected' "
        "AND NOT EXISTS (SELECT FROM outbox n WHERE n.profile = :profile AND n.person_id = r.person_id "
        "AND n.revision > r.revision AND (n.state <> 'superseded' OR n.code IN ('nothing-to-tell', 'told-already')))"
    )
    return int(connection.execute(query, {"profile": profile}).scalar_one())


def handed_in(connection: sa.Connection) -> set[str]:
    """The folders of files that changes have left in, for whichever platform; files elsewhere never left the outbox."""
    # Before folders were noted, each was called like its run.
    query = sa.text("SELECT DISTINCT coalesce(batch, sent_run::text) FROM outbox WHERE sent_run IS NOT NULL")
    return set(connection.execute(query).scalars())


def told_in_run(connection: sa.Connection, profile: str, run_id: int) -> dict[str, int]:
    """People told in a run whose entry has come to an end or lies in a workbook: ``sent accepted rejected``."""
    query = sa.text(
        "SELECT state, count(DISTINCT person_id) FROM outbox WHERE profile = :profile AND sent_run = :run "
        "AND operation <> 'observed' GROUP BY state"
    )
    counts = {state: int(people) for state, people in connection.execute(query, {"profile": profile, "run": run_id})}
    return {str(state): counts.get(state, 0) for state in (PushState.SENT, PushState.ACCEPTED, PushState.REJECTED)}


def history(connection: sa.Connection, person_id: int) -> list[dict[str, Any]]:
    """Everything platforms were told of a person or must hear, by profile and revision, without a value of the person."""
    columns = [outbox.c[name] for name in _HISTORY]
    query = sa.select(*columns).where(outbox.c.person_id == person_id).order_by(outbox.c.profile, outbox.c.revision)
    return [dict(row) for row in connection.execute(query).mappings()]


def resend(
    connection: sa.Connection, profile: str, person_id: int, *, now: datetime, is_comparable: bool = True
) -> int:
    """Has what the platform refused, or nobody can tell of, told again under the same key; returns the revision.

    Args:
        connection: in the caller's transaction.
        profile: whose outbox.
        person_id: of whom.
        now: from when on.
        is_comparable: whether the platform offers a list, so that comparing with it is the way out of two truths.

    Raises:
        ConfigurationInvalid: the person's newest entry is neither held nor rejected, or the platform holds something else, so
            that it would be held again.
    """
    newest = (
        sa.select(outbox.c.revision, outbox.c.state, outbox.c.code)
        .where(outbox.c.profile == profile, outbox.c.person_id == person_id)
        .where(outbox.c.state != PushState.SUPERSEDED)
        .order_by(outbox.c.revision.desc())
        .with_for_update()
    )
    entries = connection.execute(newest).all()
    # A newer change waits behind what is held: that one is told again, or rather gives way to the newer one.
    found = next((entry for entry in entries if entry.state == PushState.HELD), entries[0] if entries else None)
    if found is None:
        raise ConfigurationInvalid(f"person {person_id}: there is nothing for platform {profile} to be told again")
    if found.state not in {PushState.HELD, PushState.REJECTED}:
        raise ConfigurationInvalid(
            f"person {person_id}: nothing to be told again: revision {found.revision} {_WHY_NOT[found.state]}"
        )
    if is_comparable and found.state == PushState.HELD and found.code in _TWO_TRUTHS:
        raise ConfigurationInvalid(
            f"person {person_id}: the platform holds something else ({found.code}), so told again it would be held again; "
            "see what it holds with `eldersync reconcile`, tell ours over it with `eldersync reconcile --reassert`"
        )
    connection.execute(
        outbox.update()
        .where(outbox.c.profile == profile, outbox.c.person_id == person_id, outbox.c.revision == found.revision)
        .values(state=PushState.PENDING, attempts=0, next_at=now, settled_at=None, code=None, words=None)
    )
    return int(found.revision)


_TWO_TRUTHS = frozenset({"there-already", "other-content", "newer-there"})

_WHY_NOT = {
    PushState.PENDING: "is waiting to be sent",
    PushState.INFLIGHT: "is being sent",
    PushState.PROCESSING: "is being processed by the platform",
    PushState.UNKNOWN: "is going to be read back",
    PushState.SENT: "is in a workbook whose result has not come back",
    PushState.ACCEPTED: "was accepted",
}

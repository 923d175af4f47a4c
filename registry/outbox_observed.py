"""What the platform was told and what is read back from it: the two sides compared, and our changes numbered above theirs."""

from collections.abc import Iterable
from datetime import datetime

import pandas as pd
import pyarrow as pa
import sqlalchemy as sa

from registry.bulk import copy_out, load_temp
from registry.findings import to_frame
from registry.outbox import OPEN, TOLD
from registry.tables import elder
from schemas.arrow_strings import flat_strings

__all__ = ["held_up_people", "lift_records", "observe", "open_people", "overtaken", "raise_revisions", "told_people"]

_TEXT, _NUMBER = pa.large_string(), pa.int64()
_TOLD_PEOPLE = pa.schema(
    [
        ("person_id", _NUMBER),
        ("revision", _NUMBER),
        ("sent_as", _TEXT),
        ("payload", _TEXT),
        ("current_revision", _NUMBER),
    ]
)

_NEWEST_TOLD = f"""
    SELECT t.revision FROM outbox t WHERE t.profile = :profile AND t.person_id = {{person}} AND {TOLD}
    ORDER BY t.revision DESC LIMIT 1
"""  # noqa: S608

_NUMBER_THE_UNNUMBERED = sa.text(
    f"UPDATE observed n SET revision = coalesce(({_NEWEST_TOLD.format(person='n.person_id')}), 0) WHERE revision IS NULL"  # noqa: S608
)
# A workbook that a person has still to hand in is not contradicted by what the platform holds meanwhile.
_CONTRADICT_NEWER = sa.text("""
    UPDATE outbox o SET state = 'superseded', code = 'not-held', payload = NULL, sent_fields = NULL FROM observed n
    WHERE o.profile = :profile AND o.person_id = n.person_id AND o.revision > n.revision AND o.state = 'accepted'
""")
_KEEPS_KEY = "CASE WHEN o.payload = excluded.payload THEN o.{0} END"
_OBSERVE = sa.text(f"""
    INSERT INTO outbox AS o (profile, person_id, revision, operation, run_id, state, sent_as, payload, sent_run, settled_at)
    SELECT :profile, person_id, revision, 'observed', :run, 'accepted', CASE WHEN is_present THEN 'changed' ELSE 'withdrawn' END,
           payload, :run, :now
    FROM observed
    ON CONFLICT (profile, person_id, revision) DO UPDATE SET
        operation = 'observed', state = 'accepted', sent_run = excluded.sent_run, settled_at = excluded.settled_at,
        sent_as = CASE WHEN o.sent_as = 'new' AND excluded.sent_as = 'changed' THEN 'new' ELSE excluded.sent_as END,
        key = {_KEEPS_KEY.format("key")}, digest = {_KEEPS_KEY.format("digest")}, payload = excluded.payload,
        sent_fields = NULL, next_at = NULL, fence = NULL, lease_until = NULL, code = NULL, words = NULL
""")  # noqa: S608
_DROP_OLDER = sa.text(f"""
    UPDATE outbox o SET payload = NULL, sent_fields = NULL FROM observed n
    WHERE o.profile = :profile AND o.person_id = n.person_id AND o.revision < n.revision AND o.payload IS NOT NULL
      AND NOT ({OPEN})
""")  # noqa: S608

_OVERTAKEN = f"""
    SELECT o.person_id FROM (
        SELECT person_id, max(revision) AS revision FROM outbox WHERE profile = :profile AND {OPEN}
        GROUP BY person_id HAVING bool_or(state = 'pending')
    ) o
    WHERE o.revision <= ({_NEWEST_TOLD.format(person="o.person_id")}) ORDER BY o.person_id
"""  # noqa: S608

# Our numbers go on above what was read back: the next change must not be given one that is there. Those no integer of ours can
# hold are left alone, as no change of ours ever comes to them.
_LIFT = sa.text("""
    UPDATE elder e SET revision = t.revision FROM (
        SELECT person_id, max(revision) AS revision FROM outbox WHERE profile = :profile AND operation = 'observed'
        GROUP BY person_id
    ) t
    WHERE e.person_id = t.person_id AND e.revision < t.revision AND t.revision < 2147483647
""")

_HISTORY = ", ".join(f'"{column.name}"' for column in elder.columns)
_RAISED = sa.text("""
    CREATE TEMP TABLE raised ON COMMIT DROP AS
    SELECT e.person_id, greatest(e.revision, (
        SELECT max(o.revision) FROM outbox o WHERE o.profile = :profile AND o.person_id = e.person_id
    )) + 1 AS revision
    FROM elder e JOIN reasserted USING (person_id)
""")
# A person whom this run has changed already has the record before it in the history; the one in between never was told.
_KEEP_RECORD = sa.text(
    f"INSERT INTO elder_history ({_HISTORY}, to_run) SELECT {_HISTORY}, :run FROM elder "  # noqa: S608
    "WHERE person_id IN (SELECT person_id FROM raised) ON CONFLICT DO NOTHING"
)
_RAISE = sa.text(
    "UPDATE elder e SET revision = r.revision, from_run = :run FROM raised r WHERE e.person_id = r.person_id"
)
_ENTER = sa.text("""
    INSERT INTO outbox (profile, person_id, revision, operation, run_id, state)
    SELECT :profile, person_id, revision, 'resent', :run, 'pending' FROM raised
""")


def told_people(connection: sa.Connection, profile: str, *, after: int, limit: int) -> pd.DataFrame:
    """What the platform holds of people by what it was told last, in the order of ``person_id``, a page at a time.

    Columns: ``person_id revision sent_as payload`` and ``current_revision``, the one of our own record (missing where we
    have none). An empty page is the last.
    """
    query = f"""
        SELECT t.*, e.revision FROM (
            SELECT DISTINCT ON (profile, person_id) person_id, revision, sent_as, payload FROM outbox
            WHERE profile = :profile AND person_id > :after AND {TOLD} ORDER BY profile, person_id, revision DESC LIMIT :limit
        ) t LEFT JOIN elder e USING (person_id) ORDER BY person_id
    """  # noqa: S608
    values = {"profile": profile, "after": after, "limit": limit}
    return to_frame(copy_out(connection, sa.text(query).bindparams(**values), _TOLD_PEOPLE))


def open_people(connection: sa.Connection, profile: str) -> pd.Series:
    """``person_id`` of everybody of whom the platform has something to hear, or of whom an outcome is going to be known.

    Whose change is held is not among them, whatever waits behind it: that goes on only when somebody sees to it.
    """
    query = f"""
        SELECT person_id FROM outbox WHERE profile = :profile AND {OPEN}
        GROUP BY person_id HAVING NOT bool_or(state = 'held') ORDER BY person_id
    """  # noqa: S608
    return _people(connection, query, profile)


def held_up_people(connection: sa.Connection, profile: str) -> pd.Series:
    """``person_id`` of everybody whose change is held, because nobody can tell what became of it or there are two truths."""
    query = f"""
        SELECT DISTINCT person_id FROM outbox WHERE profile = :profile AND {OPEN} AND state = 'held' ORDER BY person_id
    """  # noqa: S608
    return _people(connection, query, profile)


def observe(connection: sa.Connection, profile: str, run_id: int, now: datetime, records: pd.DataFrame) -> None:
    """What was read back from the platform becomes what it was told last; what says otherwise gives way.

    An open entry of the same revision is settled by it. Changes of ours that wait under a number the platform has
    already seen are found by :func:`overtaken`.

    Args:
        connection: in the caller's transaction; nobody sends meanwhile.
        profile: whose outbox.
        run_id: the run that read it.
        now: when.
        records: ``person_id revision is_present payload``, a row per person; a missing revision is the one told last, 0
            where nothing was; a missing payload is not known.
    """
    if records.empty:
        return
    columns = {name: pa.array(records[name], _NUMBER, from_pandas=True) for name in ("person_id", "revision")}
    columns["is_present"] = pa.array(records["is_present"], pa.bool_(), from_pandas=True)
    columns["payload"] = flat_strings(records["payload"])
    load_temp(connection, "observed", pa.table(columns))
    connection.execute(_NUMBER_THE_UNNUMBERED, {"profile": profile})
    connection.execute(_CONTRADICT_NEWER, {"profile": profile})
    connection.execute(_OBSERVE, {"profile": profile, "run": run_id, "now": now})
    connection.execute(_DROP_OLDER, {"profile": profile})
    connection.execute(sa.text("DROP TABLE observed"))


def lift_records(connection: sa.Connection, profile: str) -> int:
    """Has our own records counted on from what was read back of their people; returns how many were behind it.

    They do not change otherwise.
    """
    return connection.execute(_LIFT, {"profile": profile}).rowcount


def overtaken(connection: sa.Connection, profile: str) -> pd.Series:
    """``person_id`` of people whose changes wait under a number not above what the platform holds; these are raised first.

    That happens after a restore: the platform remembers numbers that the registry does not.
    """
    return _people(connection, _OVERTAKEN, profile)


def raise_revisions(connection: sa.Connection, profile: str, run_id: int, people: Iterable[int]) -> int:
    """Has people told anew under a revision above everything the platform can have seen; returns how many there are.

    Their records do not change otherwise; the entry's operation is ``resent``.
    """
    ids = pa.array(sorted(set(people)), _NUMBER)
    if not len(ids):
        return 0
    load_temp(connection, "reasserted", pa.table({"person_id": ids}))
    connection.execute(_RAISED, {"profile": profile})
    connection.execute(_KEEP_RECORD, {"run": run_id})
    connection.execute(_RAISE, {"run": run_id})
    entered = connection.execute(_ENTER, {"profile": profile, "run": run_id}).rowcount
    connection.execute(sa.text("DROP TABLE raised, reasserted"))
    return entered


def _people(connection: sa.Connection, query: str, profile: str) -> pd.Series:
    found = copy_out(connection, sa.text(query).bindparams(profile=profile), pa.schema([("person_id", _NUMBER)]))
    return to_frame(found)["person_id"]

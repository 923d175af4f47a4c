"""Planning the outbox: what each person's newest change is to the platform, in which bytes, under which key, and its release.

What it says is made by ``transforms``; here the people are read, and what was made is stored. Whatever is under way is
not planned: what the platform will hold is not known before it is settled.
"""

import hashlib
import hmac
from collections.abc import Iterator, Sequence

import pandas as pd
import pyarrow as pa
import sqlalchemy as sa

from registry.bulk import copy_out, load_temp
from registry.findings import to_frame
from registry.outbox import BUSY, OPEN, TOLD
from registry.platform_state import key_material
from schemas.arrow_strings import flat_strings
from schemas.fields import ELDER_FIELDS

__all__ = [
    "plan_counts", "plan_digest", "plan_rows", "plannable", "release", "store_plan", "under_way", "unplannable",
]  # fmt: skip

_ROWS_AT_ONCE = 50_000
_WORTH_TELLING = 1_000
_FIELDS = tuple(field for field in ELDER_FIELDS if field != "person_id")
_TEXT, _NUMBER = pa.large_string(), pa.int64()

_PLANNABLE = pa.schema(
    [
        ("person_id", _NUMBER), ("revision", _NUMBER), ("operation", _TEXT), ("told_payload", _TEXT), ("told_as", _TEXT),
        ("run_id", _NUMBER), ("changed_on", _TEXT), ("reason", _TEXT), *((field, _TEXT) for field in _FIELDS),
    ]
)  # fmt: skip
_ROWS = pa.schema(
    [
        ("person_id", _NUMBER), ("revision", _NUMBER), ("run_id", _NUMBER), ("sent_as", _TEXT), ("payload", _TEXT),
        ("sent_fields", _TEXT), ("digest", _TEXT), ("is_released", pa.bool_()), ("is_held", pa.bool_()),
        ("told_payload", _TEXT), ("told_as", _TEXT),
    ]
)  # fmt: skip
_DIGESTS = pa.schema([("person_id", _NUMBER), ("revision", _NUMBER), ("digest", _TEXT)])

# What the platform holds of the person of ``o``.
_TOLD_OF_PERSON = f"""
    LEFT JOIN LATERAL (
        SELECT t.revision, t.sent_as, t.payload FROM outbox t
        WHERE t.profile = :profile AND t.person_id = o.person_id AND {TOLD} ORDER BY t.revision DESC LIMIT 1
    ) told ON true
"""  # noqa: S608
_NOTHING_BUSY = f"""
    NOT EXISTS (SELECT FROM outbox b WHERE b.profile = o.profile AND b.person_id = o.person_id AND {BUSY})
"""

_FIND = f"""
    WITH due AS MATERIALIZED (
        SELECT o.person_id, o.revision, told.revision AS told_revision, told.payload AS told_payload, told.sent_as AS told_as
        FROM (
            SELECT person_id, max(revision) AS revision FROM outbox
            WHERE profile = :profile AND person_id > :after AND {OPEN}
            GROUP BY person_id HAVING bool_and(state = 'pending')
        ) o {_TOLD_OF_PERSON}
        WHERE o.revision > coalesce(told.revision, -1)
        ORDER BY o.person_id LIMIT :limit
    ), seen AS (
        SELECT due.*, o.run_id, coalesce(told_as, 'withdrawn') <> 'withdrawn' AS is_known,
               e.status = 'active' AND e.categories IS NOT NULL AS is_theirs,
               {", ".join(f'e."{field}"' for field in _FIELDS)}
        FROM due JOIN elder e USING (person_id)
        JOIN outbox o ON o.profile = :profile AND o.person_id = due.person_id AND o.revision = due.revision
    )
    SELECT seen.person_id, seen.revision,
           CASE WHEN is_theirs THEN CASE WHEN is_known THEN 'changed' ELSE 'new' END
                ELSE CASE WHEN is_known THEN 'withdrawn' ELSE 'nothing' END END,
           told_payload, told_as, run_id, r.business_date,
           CASE WHEN is_theirs OR NOT is_known THEN NULL WHEN seen.status = 'active' THEN 'no-category' ELSE 'not-listed' END,
           {", ".join(f'seen."{field}"' for field in _FIELDS)} {{more}}
    FROM seen LEFT JOIN run r USING (run_id) {{join}} ORDER BY seen.person_id
"""  # noqa: S608  names of ours only

# Our own record as it was when the platform was told last.
_RECORD_THEN = """
    LEFT JOIN LATERAL (
        SELECT {columns} FROM (
            SELECT revision, {columns} FROM elder WHERE person_id = seen.person_id
            UNION ALL SELECT revision, {columns} FROM elder_history WHERE person_id = seen.person_id
        ) h WHERE h.revision = seen.told_revision LIMIT 1
    ) record_then ON true
"""

_SUPERSEDE_LOWER = sa.text("""
    UPDATE outbox o SET state = 'superseded', payload = NULL, sent_fields = NULL, next_at = NULL FROM planned p
    WHERE o.profile = :profile AND o.person_id = p.person_id AND o.revision < p.revision AND o.state = 'pending'
""")

_NOTHING_TO_TELL = sa.text(f"""
    UPDATE outbox o SET state = 'superseded', plan_run = :run, payload = NULL, sent_fields = NULL, next_at = NULL,
                        code = CASE WHEN n.sent_as = 'nothing' THEN 'nothing-to-tell' ELSE 'told-already' END
    FROM (
        SELECT o.person_id, o.revision, o.sent_as FROM planned o {_TOLD_OF_PERSON}
        WHERE o.sent_as = 'nothing' OR (o.sent_as = 'changed' AND told.sent_as <> 'withdrawn' AND told.payload = o.payload)
    ) n
    WHERE o.profile = :profile AND o.person_id = n.person_id AND o.revision = n.revision AND o.state = 'pending'
      AND {_NOTHING_BUSY}
""")  # noqa: S608

# Column by column, what an entry keeps as long as its key is the same.
_KEPT = {
    "attempts": "0", "next_at": "NULL", "largest_batch": "NULL", "batch": "NULL", "first_sent_at": "NULL", "receipt": "NULL",
    "code": "NULL", "words": "NULL",
}  # fmt: skip
_STORE = sa.text(f"""
    UPDATE outbox o SET plan_run = :run, sent_as = p.sent_as, payload = p.payload, sent_fields = p.sent_fields,
           digest = p.digest, key = p.key, is_released = o.is_released AND o.digest = p.digest,
           {", ".join(f"{name} = CASE WHEN o.key = p.key THEN o.{name} ELSE {reset} END" for name, reset in _KEPT.items())}
    FROM planned p
    WHERE o.profile = :profile AND o.person_id = p.person_id AND o.revision = p.revision AND o.state = 'pending'
      AND p.sent_as <> 'nothing' AND {_NOTHING_BUSY}
""")  # noqa: S608

_UNPLAN = sa.text("""
    UPDATE outbox o SET plan_run = NULL, sent_as = NULL, payload = NULL, sent_fields = NULL, digest = NULL, key = NULL,
           is_released = false, next_at = NULL, code = f.code
    FROM faulty f
    WHERE o.profile = :profile AND o.person_id = f.person_id AND o.revision = f.revision AND o.state = 'pending'
""")


def plannable(
    connection: sa.Connection, profile: str, *, after: int, limit: int, told_fields: Sequence[str] = ()
) -> pd.DataFrame:
    """People with a change the platform must hear and nothing under way, in the order of ``person_id``.

    Args:
        connection: in the caller's transaction.
        profile: whose outbox.
        after: the last ``person_id`` of the page before; ``-1`` or 0 for the first.
        limit: people a page; an empty page is the last.
        told_fields: fields of which our own value when the platform was told last is needed as well.

    Returns:
        ``person_id revision operation told_payload told_as run_id changed_on reason``, an elder's fields as texts, and
        ``told_FIELD`` of those asked for.
        ``operation`` is seen from the platform: ``new`` to it, ``changed``, ``withdrawn``, or ``nothing`` where it need not
        hear: people of no category are told to it only as withdrawn, when it knows them. ``told_…`` is what it holds now.
        ``changed_on`` is the business date of the run that made the change. ``reason`` of a withdrawal: ``not-listed`` by
        any source, or of ``no-category``. Whom the platform was told under a higher number is left out until
        ``raise_revisions``.
    """
    columns = [field for field in _FIELDS if field in told_fields]
    more = "".join(f', record_then."{field}"' for field in columns)
    join = _RECORD_THEN.format(columns=", ".join(f'"{field}"' for field in columns)) if columns else ""
    schema = _PLANNABLE
    for field in columns:
        schema = schema.append(pa.field(f"told_{field}", _TEXT))
    query = sa.text(_FIND.format(more=more, join=join)).bindparams(profile=profile, after=after, limit=limit)
    return to_frame(copy_out(connection, query, schema))


def store_plan(connection: sa.Connection, profile: str, run_id: int, planned: pd.DataFrame) -> int:
    """Stores what people's pending entries say; returns how many now wait to be released or sent.

    What says the same under the same key as an earlier plan keeps its attempts and its next instant, and its release as
    long as it says the same. Where the platform holds the very same already, or need not hear, the entry is superseded.
    Entries that were claimed since they were read stay as they are.

    Args:
        connection: in the caller's transaction.
        profile: whose outbox.
        run_id: the run that plans.
        planned: ``person_id revision sent_as payload sent_fields digest``, a row per person; where ``sent_as`` is
            ``nothing``, the rest may be missing.
    """
    if planned.empty:
        return 0
    columns = {name: pa.array(planned[name], _NUMBER, from_pandas=True) for name in ("person_id", "revision")}
    columns |= {name: flat_strings(planned[name]) for name in ("sent_as", "payload", "sent_fields", "digest")}
    columns["key"] = _keys(connection, profile, columns)
    load_temp(connection, "planned", pa.table(columns), key=["person_id"])
    values = {"profile": profile, "run": run_id}
    connection.execute(_SUPERSEDE_LOWER, {"profile": profile})
    connection.execute(_NOTHING_TO_TELL, values)
    stored = connection.execute(_STORE, values).rowcount
    connection.execute(sa.text("DROP TABLE planned"))
    return stored


def unplannable(connection: sa.Connection, profile: str, faults: pd.DataFrame) -> int:
    """Entries that cannot be said in the platform's format wait without a plan; returns how many.

    Args:
        connection: in the caller's transaction.
        profile: whose outbox.
        faults: ``person_id revision code``; of several faults of a person the first counts.
    """
    if faults.empty:
        return 0
    faulty = faults[["person_id", "revision", "code"]].drop_duplicates(["person_id", "revision"])
    load_temp(connection, "faulty", faulty.astype({"code": "str"}))
    unplanned = connection.execute(_UNPLAN, {"profile": profile}).rowcount
    connection.execute(sa.text("DROP TABLE faulty"))
    return unplanned


def plan_rows(connection: sa.Connection, profile: str, run_id: int) -> Iterator[pd.DataFrame]:
    """The entries of a run's plan that are still to be sent, in the order of ``person_id``, some 50,000 at a time.

    Columns: ``person_id revision run_id sent_as payload sent_fields digest is_released is_held`` (by an officer) and
    ``told_payload told_as``, what the platform holds now.
    """
    query = f"""
        SELECT o.person_id, o.revision, o.run_id, o.sent_as, o.payload, o.sent_fields, o.digest, o.is_released,
               EXISTS (SELECT FROM person_hold h WHERE h.person_id = o.person_id AND h.released_at IS NULL),
               told.payload, told.sent_as
        FROM outbox o {_TOLD_OF_PERSON}
        WHERE o.profile = :profile AND o.person_id > :after AND o.state = 'pending' AND o.payload IS NOT NULL
          AND o.plan_run = :run
        ORDER BY o.person_id LIMIT {_ROWS_AT_ONCE}
    """  # noqa: S608
    after = -1
    while True:
        page = copy_out(connection, sa.text(query).bindparams(profile=profile, run=run_id, after=after), _ROWS)
        if not page.num_rows:
            return
        yield to_frame(page)
        after = page["person_id"][-1].as_py()


def plan_counts(connection: sa.Connection, profile: str, run_id: int) -> dict[str, int]:
    """How many people a run's plan still tells of: ``new changed withdrawn``."""
    query = sa.text(
        "SELECT sent_as, count(*) FROM outbox WHERE profile = :profile AND state = 'pending' AND payload IS NOT NULL "
        "AND plan_run = :run GROUP BY sent_as"
    )
    counts = {told: int(people) for told, people in connection.execute(query, {"profile": profile, "run": run_id})}
    return {told: counts.get(told, 0) for told in ("new", "changed", "withdrawn")}


def under_way(connection: sa.Connection, profile: str, run_id: int) -> dict[str, int]:
    """How many of a run's plan were told with an outcome that is not known, by state; only states that occur."""
    query = sa.text(
        f"SELECT state, count(*) FROM outbox WHERE profile = :profile AND {BUSY} AND {OPEN} AND plan_run = :run "  # noqa: S608
        "GROUP BY state ORDER BY state"
    )
    return {state: int(count) for state, count in connection.execute(query, {"profile": profile, "run": run_id})}


def plan_digest(connection: sa.Connection, profile: str) -> str:
    """SHA-256 of exactly what waits to be released: who, which revision, in which bytes."""
    query = f"""
        SELECT person_id, revision, digest FROM outbox
        WHERE profile = :profile AND person_id > :after AND state = 'pending' AND payload IS NOT NULL AND NOT is_released
        ORDER BY person_id LIMIT {_ROWS_AT_ONCE}
    """  # noqa: S608
    seen, after = hashlib.sha256(), -1
    while True:
        page = copy_out(connection, sa.text(query).bindparams(profile=profile, after=after), _DIGESTS)
        if not page.num_rows:
            return seen.hexdigest()
        parts = zip(*(column.to_pylist() for column in page.columns), strict=True)
        seen.update("".join(f"{person}.{revision}.{digest}\n" for person, revision, digest in parts).encode())
        after = page["person_id"][-1].as_py()


def release(connection: sa.Connection, profile: str, run_id: int) -> int:
    """Lets the entries of a run's plan leave; returns how many were not released before."""
    query = sa.text(
        "UPDATE outbox SET is_released = true WHERE profile = :profile AND state = 'pending' AND payload IS NOT NULL "
        "AND NOT is_released AND plan_run = :run"
    )
    released = connection.execute(query, {"profile": profile, "run": run_id}).rowcount
    if released > _WORTH_TELLING:
        connection.execute(sa.text("ANALYZE outbox"))  # the claims that follow are planned by what is there now
    return released


def _keys(connection: sa.Connection, profile: str, columns: dict[str, pa.Array]) -> pa.Array:
    """The idempotency keys: the same entry saying the same has the same one, whenever and wherever it is computed."""
    secret, epoch = key_material(connection, profile)
    parts = zip(*(columns[name].to_pylist() for name in ("person_id", "revision", "digest")), strict=True)
    keys = [
        hmac.digest(secret, b"%d.%d.%b.%d" % (person, revision, digest.encode(), epoch), "sha256").hex()
        if digest
        else None
        for person, revision, digest in parts
    ]
    return pa.array(keys, _TEXT)

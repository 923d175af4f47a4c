"""People as they were before some nights, and what platforms must hear of it.

A record never goes back to a lower revision: what platforms were told must stay countable. Whoever entered the registry
in these nights leaves it again and keeps the number.
"""

import sqlalchemy as sa

from registry.tables import elder

__all__ = ["take_back_elders"]

_COLUMNS = [column.name for column in elder.columns]
_RECORD = [name for name in _COLUMNS if name not in {"person_id", "revision", "from_run"}]
_ALL = ", ".join(f'"{name}"' for name in _COLUMNS)

# Whoever was touched since, with the record that stood before; missing for those who were not there.
_TOUCHED = sa.text(f"""
    CREATE TEMP TABLE taken_back ON COMMIT DROP AS
    SELECT e.person_id, b.person_id IS NOT NULL AS was_there, e.status AS status_now, b.status AS status_before,
           e.revision AS revision_now, b.content_hash IS DISTINCT FROM e.content_hash OR b.status <> e.status AS is_told
    FROM elder e LEFT JOIN elder_history b
      ON b.person_id = e.person_id AND b.from_run < :first AND b.to_run >= :first
    WHERE e.from_run >= :first AND CASE WHEN b.person_id IS NULL THEN e.status <> 'withdrawn'
      ELSE ({", ".join(f'e."{name}"' for name in _RECORD)}) IS DISTINCT FROM ({", ".join(f'b."{name}"' for name in _RECORD)})
      END
""")  # noqa: S608  names of ours only
# Above everything a platform can have seen, as far as our numbers reach.
_NEXT_REVISION = """
    CASE WHEN t.is_told THEN 1 + greatest(t.revision_now, coalesce((
        SELECT max(o.revision) FROM outbox o WHERE o.person_id = t.person_id AND o.revision < 2147483647), 0))
    ELSE t.revision_now END
"""
_KEEP = sa.text(
    f"INSERT INTO elder_history ({_ALL}, to_run) SELECT {_ALL}, :run FROM elder JOIN taken_back USING (person_id)"  # noqa: S608
)
_GO_BACK = sa.text(f"""
    UPDATE elder e SET {", ".join(f'"{name}" = b."{name}"' for name in _RECORD)}, revision = {_NEXT_REVISION}, from_run = :run
    FROM taken_back t JOIN elder_history b ON b.person_id = t.person_id AND b.from_run < :first AND b.to_run >= :first
    WHERE e.person_id = t.person_id
""")  # noqa: S608
_LEAVE = sa.text(f"""
    UPDATE elder e SET status = 'withdrawn', revision = {_NEXT_REVISION}, from_run = :run
    FROM taken_back t WHERE e.person_id = t.person_id AND NOT t.was_there
""")  # noqa: S608

# Of each platform and person: whether something of these nights was told or may have been, whether something only waits,
# and whether something from before them has still to be told, or had when theirs took its place.
_IS_OVER = "coalesce({}.code, '') IN ('nothing-to-tell', 'told-already', 'not-held', 'undone')"
_OF_PLATFORMS = sa.text(f"""
    CREATE TEMP TABLE concerned ON COMMIT DROP AS
    SELECT o.profile, o.person_id,
           bool_or(o.run_id >= :first AND (o.state NOT IN ('pending', 'superseded') OR o.first_sent_at IS NOT NULL)) AS was_told,
           bool_or(o.run_id >= :first AND o.state = 'pending') AS is_pending,
           bool_or(o.run_id < :first AND (o.state = 'pending' OR o.state = 'superseded' AND NOT {_IS_OVER.format("o")}
               AND NOT EXISTS (
                   SELECT FROM outbox n WHERE n.profile = o.profile AND n.person_id = o.person_id AND n.revision > o.revision
                   AND n.run_id < :first AND (n.state <> 'superseded' OR {_IS_OVER.format("n")})))) AS was_waiting
    FROM outbox o JOIN taken_back t USING (person_id) WHERE t.is_told
    GROUP BY o.profile, o.person_id
""")  # noqa: S608
_DROP = sa.text("""
    UPDATE outbox o SET state = 'superseded', payload = NULL, sent_fields = NULL, next_at = NULL, is_released = false,
                        code = 'undone'
    FROM taken_back t WHERE o.person_id = t.person_id AND t.is_told AND o.run_id >= :first AND o.state = 'pending'
""")
_CORRECT = sa.text("""
    INSERT INTO outbox (profile, person_id, revision, operation, run_id, state)
    SELECT c.profile, c.person_id, e.revision,
           CASE WHEN e.status = 'withdrawn' THEN 'withdrawn' WHEN t.status_now = 'withdrawn' THEN 'new' ELSE 'changed' END,
           :run, 'pending'
    FROM concerned c JOIN taken_back t USING (person_id) JOIN elder e USING (person_id) WHERE c.was_told OR c.was_waiting
""")


def take_back_elders(connection: sa.Connection, *, first: int, run_id: int) -> tuple[dict[str, int], dict[str, int]]:
    """Gives everybody the record of before run ``first`` under a new revision, and enters what platforms must hear.

    What a later plan tells is decided there, by what the platform was told last.

    Returns:
        People who ``returned_to`` what they were, ``left_again`` and are ``back``; and people of whom a change told already
        is ``corrected``, one only planned is ``dropped``, or one from before is ``still_to_tell``.
    """
    given = {"first": first, "run": run_id}
    connection.execute(_TOUCHED, {"first": first})
    connection.execute(sa.text("ALTER TABLE taken_back ADD PRIMARY KEY (person_id)"))
    connection.execute(sa.text("ANALYZE taken_back"))
    connection.execute(_KEEP, {"run": run_id})
    connection.execute(_OF_PLATFORMS, {"first": first})
    connection.execute(_GO_BACK, given)
    connection.execute(_LEAVE, {"run": run_id})
    connection.execute(_DROP, {"first": first})
    connection.execute(_CORRECT, {"run": run_id})
    return _elders(connection), _push(connection)


def _elders(connection: sa.Connection) -> dict[str, int]:
    query = """
        SELECT count(*) FILTER (WHERE was_there AND status_before = status_now),
               count(*) FILTER (WHERE status_now <> 'withdrawn' AND (NOT was_there OR status_before = 'withdrawn')),
               count(*) FILTER (WHERE status_now = 'withdrawn' AND status_before <> 'withdrawn')
        FROM taken_back
    """
    counts = connection.execute(sa.text(query)).one()
    return dict(zip(("returned_to", "left_again", "back"), map(int, counts), strict=True))


def _push(connection: sa.Connection) -> dict[str, int]:
    query = """
        SELECT count(DISTINCT person_id) FILTER (WHERE was_told),
               count(DISTINCT person_id) FILTER (WHERE is_pending AND NOT was_told),
               count(DISTINCT person_id) FILTER (WHERE was_waiting AND NOT was_told)
        FROM concerned
    """
    counts = connection.execute(sa.text(query)).one()
    return dict(zip(("corrected", "dropped", "still_to_tell"), map(int, counts), strict=True))

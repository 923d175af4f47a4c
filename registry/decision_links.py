"""What follows from decisions about who is who, as the registry keeps it: links in force, and whom the next night must look at.

Deciding and taking back is ``registry.decisions``'s; rewriting rows is ``transforms.identity.links``'s.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import sqlalchemy as sa

from registry.bulk import copy_out
from registry.finding_evidence import CLOSED, EVIDENT
from registry.findings import to_frame
from registry.tables import identity_link
from schemas.identity_decisions import LinkKind, Links
from schemas.idnumber import ID_NUMBER_FAULTS

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "NUMBERS_IN_FORCE", "NUMBER_OF_KEY", "Link", "admit_linked", "concerned_keys", "links_in_force", "merging_links", "number_keys", "numbers_of",
    "overrides_in_force", "person_keys", "states_decided", "unmerged",
]  # fmt: skip


class Link(NamedTuple):
    """One link to be recorded; which columns each kind fills is ``schemas.identity_decisions.LinkKind``'s."""

    kind: LinkKind
    id_key: int | None = None
    other_key: int | None = None
    source: str | None = None
    row_hash: int | None = None
    name: str | None = None
    person_key: int | None = None
    number: str | None = None
    evidence: str | None = None


def _newest(kinds: str, thing: str, columns: str) -> str:
    """SQL: of the links in force about the same thing the one that was decided last."""
    return (
        f"SELECT DISTINCT ON ({thing}) {columns} FROM identity_link WHERE kind IN ({kinds}) AND ended_after_run IS NULL "  # noqa: S608
        f"ORDER BY {thing}, decision_id DESC, link_id DESC"
    )


NUMBERS_IN_FORCE = _newest("'number'", "id_key", "id_key, person_key, number, decision_id")
"""SQL: for each number with a decision in force whose it is: ``id_key person_key number decision_id``."""

# The number that was said last to be a person's is the person's; else it is the one the person is known by.
_PRESENT = f"""
    numbers AS MATERIALIZED ({NUMBERS_IN_FORCE}),
    present AS (SELECT DISTINCT ON (person_key) person_key, number FROM numbers ORDER BY person_key, decision_id DESC, id_key)
"""  # noqa: S608
NUMBER_OF_KEY = "lpad(({key} / 11)::text, 17, '0') || substr('0123456789X', mod({key}, 11)::int + 1, 1)"
"""SQL: the ID number that the expression ``key`` is the key of."""

_ROWS_IN_FORCE = _newest("'row'", "source, row_hash", "source, row_hash, person_key")

_INTEGER, _TEXT = pa.int64(), pa.large_string()
_TABLES = {
    "numbers": (
        "WITH {present} SELECT n.id_key, n.person_key, p.number FROM numbers n JOIN present p USING (person_key) ORDER BY 1",
        {"id_key": _INTEGER, "person_key": _INTEGER, "number": _TEXT},
    ),
    "rows": (
        (
            "WITH {present}, linked AS ({rows}) SELECT source, row_hash, l.person_key, coalesce(p.number, {number}) "
            "FROM linked l LEFT JOIN present p USING (person_key) ORDER BY 1, 2"
        ),
        {"source": _TEXT, "row_hash": _INTEGER, "person_key": _INTEGER, "number": _TEXT},
    ),
    "names": ("SELECT id_key, name FROM ({names}) n WHERE kind = 'name'", {"id_key": _INTEGER, "name": _TEXT}),
    "excluded": ("SELECT id_key, name FROM ({names}) n WHERE kind = 'excluded'", {"id_key": _INTEGER, "name": _TEXT}),
    "separated": ("{pairs}", {"id_key": _INTEGER, "other_key": _INTEGER, "evidence": _TEXT}),
    "not_rows": ("{not_rows}", {"source": _TEXT, "row_hash": _INTEGER, "id_key": _INTEGER}),
}
_PARTS = {
    "present": _PRESENT,
    "number": NUMBER_OF_KEY.format(key="l.person_key"),
    "rows": _ROWS_IN_FORCE,
    "names": _newest("'name', 'excluded'", "id_key, name", "id_key, name, kind"),
    "pairs": _newest("'separate'", "id_key, other_key", "id_key, other_key, evidence"),
    "not_rows": _newest("'not_row'", "source, row_hash, id_key", "source, row_hash, id_key"),
}


def links_in_force(connection: sa.Connection) -> Links:
    """All decisions in force as tables; see ``schemas.identity_decisions.Links``."""
    found = {
        name: to_frame(copy_out(connection, query.format(**_PARTS), pa.schema(list(columns.items()))))
        for name, (query, columns) in _TABLES.items()
    }
    return Links(**found)


def person_keys(connection: sa.Connection, id_keys: Iterable[int]) -> dict[int, int]:
    """For each key of a number the key of the person it is of by decisions in force."""
    wanted = list(id_keys)
    query = sa.text(f"SELECT id_key, person_key FROM ({NUMBERS_IN_FORCE}) n WHERE id_key = ANY(:keys)")  # noqa: S608
    linked = dict(connection.execute(query, {"keys": wanted}).tuples().all())
    return {key: linked.get(key, key) for key in wanted}


def number_keys(connection: sa.Connection, person_key: int) -> set[int]:
    """The keys of all numbers that are a person's: those linked to it, and its own."""
    query = sa.text(f"SELECT id_key FROM ({NUMBERS_IN_FORCE}) n WHERE person_key = :key")  # noqa: S608
    return {person_key, *connection.execute(query, {"key": person_key}).scalars()}


def numbers_of(connection: sa.Connection, keys: Iterable[int]) -> dict[int, str]:
    """The present ID number of each person, by the person's key."""
    query = sa.text(
        f"WITH {_PRESENT} SELECT k, coalesce(p.number, {NUMBER_OF_KEY.format(key='k')}) "  # noqa: S608
        "FROM unnest(CAST(:keys AS bigint[])) k LEFT JOIN present p ON p.person_key = k"
    )
    return {int(key): str(number) for key, number in connection.execute(query, {"keys": list(keys)})}


def merging_links(
    connection: sa.Connection, survivor: int, merged_away: int, number: str, names: Iterable[str]
) -> list[Link]:
    """The links by which two people are one from now on.

    What was linked to the one who is merged away is linked to the survivor by the same decision, so that everything is as it
    was when this decision is taken back.

    Args:
        connection: in the transaction of the decision.
        survivor: the key under which the person goes on.
        merged_away: the other's key.
        number: the person's present number.
        names: how the person is spelled on either side.
    """
    keys = sorted({survivor, *number_keys(connection, merged_away)})
    numbers = [Link(LinkKind.NUMBER, id_key=key, person_key=survivor, number=number) for key in keys]
    query = sa.text(f"SELECT source, row_hash FROM ({_ROWS_IN_FORCE}) n WHERE person_key = :key ORDER BY 1, 2")  # noqa: S608
    rows = [
        Link(LinkKind.ROW, source=source, row_hash=row_hash, person_key=survivor, number=number)
        for source, row_hash in connection.execute(query, {"key": merged_away})
    ]
    spelled = sa.select(identity_link.c.name).where(
        identity_link.c.kind == LinkKind.NAME, identity_link.c.id_key == merged_away, identity_link.c.ended_after_run.is_(None)
    )  # fmt: skip
    known = sorted({*names, *connection.execute(spelled).scalars()})
    return [*numbers, *rows, *(Link(LinkKind.NAME, id_key=survivor, name=name) for name in known)]


_CONCERNED = """
    WITH RECURSIVE since AS MATERIALIZED (
        SELECT decision_id, case_id, person_id FROM decision WHERE after_run >= {run} OR ended_after_run >= {run}
    ), named AS (
        SELECT unnest(ARRAY[l.id_key, l.other_key, l.person_key]) AS id_key FROM identity_link l JOIN since USING (decision_id)
        UNION SELECT e.id_key FROM since JOIN elder e USING (person_id)
        UNION SELECT s.id_key FROM since JOIN case_side s USING (case_id)
    ), numbers AS MATERIALIZED (
        SELECT id_key, person_key FROM identity_link WHERE kind = 'number' AND id_key <> person_key
    ), concerned AS (
        SELECT id_key FROM named WHERE id_key IS NOT NULL
        UNION
        SELECT CASE WHEN n.id_key = c.id_key THEN n.person_key ELSE n.id_key END
        FROM concerned c JOIN numbers n ON c.id_key IN (n.id_key, n.person_key)
    )
    SELECT id_key FROM concerned ORDER BY id_key
"""


def concerned_keys(connection: sa.Connection, since_run: int) -> "NDArray[np.int64]":
    """Whom decisions concern that were made, taken back or retired after a run: keys of the people and of all their numbers."""
    query = _CONCERNED.format(run=int(since_run))
    return np.asarray(copy_out(connection, query, pa.schema([("id_key", pa.int64())]))["id_key"].to_numpy(), np.int64)


def unmerged(connection: sa.Connection, since_run: int) -> pd.DataFrame:
    """Numbers that were one person's by a decision that was taken back after a run: ``decision_id id_key``."""
    query = (
        "SELECT DISTINCT decision_id, id_key FROM identity_link "  # noqa: S608
        f"WHERE kind = 'number' AND ended_after_run >= {int(since_run)} ORDER BY 1, 2"
    )
    return to_frame(copy_out(connection, query, pa.schema([("decision_id", pa.int64()), ("id_key", pa.int64())])))


_OVERRIDES = f"""
    WITH numbers AS ({NUMBERS_IN_FORCE})
    SELECT DISTINCT ON (1, 2) coalesce(n.person_key, e.id_key), d.field, d.value, d.evidence, d.decision_id
    FROM decision d JOIN elder e USING (person_id) LEFT JOIN numbers n ON n.id_key = e.id_key
    WHERE d.kind = '{{kind}}' AND d.ended_after_run IS NULL ORDER BY 1, 2, d.decision_id DESC
"""  # noqa: S608
_DECIDED = pa.schema(
    [
        ("id_key", pa.int64()), ("field", pa.large_string()), ("value", pa.large_string()), ("evidence", pa.large_string()),
        ("decision_id", pa.int64()),
    ]
)  # fmt: skip


def overrides_in_force(connection: sa.Connection) -> pd.DataFrame:
    """What people decided that fields say, one a person and field: ``id_key field value evidence decision_id``.

    ``id_key`` is the person's, of a person who was merged away the survivor's; ``evidence`` is of
    ``schemas.override_evidence``.
    """
    return to_frame(copy_out(connection, _OVERRIDES.format(kind="override"), _DECIDED))


def states_decided(connection: sa.Connection) -> pd.DataFrame:
    """States that people decided, the newest decision of each person and state: ``id_key state from_date decision_id``."""
    found = to_frame(copy_out(connection, _OVERRIDES.format(kind="state"), _DECIDED))
    return found.rename(columns={"field": "state", "value": "from_date"}).drop(columns="evidence")


_LINK_ROWS = sa.text("""
    CREATE TEMP TABLE linked ON COMMIT DROP AS
    SELECT r.row_id, l.person_key, l.severity FROM source_row r JOIN (
        SELECT DISTINCT ON (row_hash) row_hash, person_key, CASE d.kind WHEN 'accept' THEN 'note' ELSE 'warn' END AS severity
        FROM identity_link k JOIN decision d USING (decision_id)
        WHERE k.kind = 'row' AND k.source = :source AND k.ended_after_run IS NULL ORDER BY row_hash, decision_id DESC, link_id DESC
    ) l USING (row_hash) WHERE r.source = :source AND r.from_run = :run AND r.to_run IS NULL
""")
_KEY_ROWS = sa.text("UPDATE source_row r SET id_key = l.person_key FROM linked l WHERE r.row_id = l.row_id")
# The sender is still told of the number, but it holds the row no longer.
_EASE_FINDINGS = sa.text("""
    UPDATE finding f SET severity = l.severity FROM linked l
    WHERE f.row_id = l.row_id AND f.origin = 'row' AND f.to_run IS NULL AND f.code = ANY(CAST(:codes AS text[]))
""")
_ADMIT_ROWS = sa.text(f"""
    UPDATE source_row r SET is_held = false, outcome = 'admitted' FROM linked l
    WHERE r.row_id = l.row_id AND r.is_held AND NOT EXISTS (
        SELECT FROM (
            {EVIDENT} WHERE f.origin = 'row' AND f.source = :source AND f.from_run = :run AND f.to_run IS NULL
            AND f.severity IN ('reject', 'hold') AND f.row_id IN (SELECT row_id FROM linked)
        ) s LEFT JOIN finding_closure c ON {CLOSED} AND c.kind = 'confirmed'
        WHERE s.row_id = r.row_id AND c.closure_id IS NULL)
""")  # noqa: S608


def admit_linked(connection: sa.Connection, run_id: int, source: str) -> int:
    """Gives rows of a source judged in a run the person somebody decided they are of, and admits those; returns how many.

    A row that is held for something else as well stays held, as that person's. What is said of its number stays said: as a
    warning, or as a note where the number was accepted.
    """
    any_row = sa.select(
        sa.exists().where(
            identity_link.c.kind == LinkKind.ROW, identity_link.c.source == source, identity_link.c.ended_after_run.is_(None)
        )
    )  # fmt: skip
    if not connection.execute(any_row).scalar_one():
        return 0
    given = {"source": source, "run": run_id}
    connection.execute(_LINK_ROWS, given)
    connection.execute(_KEY_ROWS)
    connection.execute(_EASE_FINDINGS, {"codes": list(map(str, ID_NUMBER_FAULTS))})
    admitted = connection.execute(_ADMIT_ROWS, given).rowcount
    connection.execute(sa.text("DROP TABLE linked"))
    return admitted

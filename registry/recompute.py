"""What the registry held before it was computed again in a transaction that is rolled back, and what differs since.

Everything here is about the temporary tables ``…_was``; whoever calls takes care that nothing is committed.
"""

import pandas as pd
import pyarrow as pa
import sqlalchemy as sa

from registry.bulk import copy_out, load_temp
from registry.findings import to_frame
from registry.tables import elder, run, source_row
from schemas.fields import ELDER_FIELDS

__all__ = [
    "as_if_no_night_had_merged", "differing_elders", "differing_people", "differing_rows", "distrust_records",
    "finding_changes", "kept_members", "remember_registry", "row_finding_differences", "standing_counts", "trust_untouched",
]  # fmt: skip

CONTENT = tuple(field for field in ELDER_FIELDS if field != "person_id")
_PROVENANCE = ("id_key", "row_ids", "winners", "carried", "content_hash")

# The statements in force of each kind, with what makes two of them the same; the person first.
_STATEMENTS = {
    "categories": "SELECT person_id, category, source, evidence, row_id, from_date FROM category WHERE to_run IS NULL",
    "states": "SELECT person_id, state, source, evidence, from_date, decision_id FROM elder_state WHERE to_run IS NULL",
    "identifiers": "SELECT person_id, kind, value FROM identifier WHERE to_run IS NULL",
    "outcomes": (
        "SELECT e.person_id, r.row_id, r.outcome FROM source_row r LEFT JOIN elder e USING (id_key) WHERE r.to_run IS NULL"
    ),
    "merge_findings": (
        "SELECT e.person_id, f.row_id, f.code, f.severity, f.field, f.seen FROM finding f JOIN source_row r USING (row_id) "
        "LEFT JOIN elder e USING (id_key) WHERE f.to_run IS NULL AND f.origin = 'merge'"
    ),
    "cases": (
        "SELECT NULL::bigint AS person_id, subject, kind, evidence, reasons FROM identity_case WHERE to_run IS NULL"
    ),
}
_FINDINGS = """
    SELECT f.code, f.origin, f.source, f.severity, f.field, f.seen, coalesce(r.row_hash, 0) AS row_hash, d.sha256
    FROM finding f LEFT JOIN source_row r ON r.row_id = f.row_id LEFT JOIN delivery d ON d.delivery_id = f.delivery_id
    WHERE f.to_run IS NULL AND f.origin IN ('row', 'merge')
"""
_JUDGED = [
    column.name for column in source_row.columns
    if column.name not in {"row_id", "from_run", "to_run", "outcome", "recheck_on"}
]  # fmt: skip
_PEOPLE = pa.schema([("person_id", pa.int64())])
_DIFFERENCES = pa.schema(
    [
        ("person_id", pa.int64()),
        ("field", pa.large_string()),
        ("before", pa.large_string()),
        ("after", pa.large_string()),
    ]
)
_MEMBERS = pa.schema(
    [
        ("row_id", pa.int64()), ("delivery_id", pa.int64()), ("sha256", pa.large_string()), ("sheet", pa.large_string()),
        ("row_number", pa.int64()), ("row_hash", pa.int64()), ("outcome", pa.large_string()), ("scope", pa.large_string()),
        ("elder_id_number", pa.large_string()),
    ]
)  # fmt: skip


def remember_registry(connection: sa.Connection) -> None:
    """Keeps the records, statements and findings of now in temporary tables."""
    queries = {**_STATEMENTS, "elder": "SELECT * FROM elder", "finding": _FINDINGS}
    for name, query in queries.items():
        connection.execute(sa.text(f"CREATE TEMP TABLE {name}_was ON COMMIT DROP AS {query}"))
    connection.execute(sa.text("ALTER TABLE elder_was ADD PRIMARY KEY (person_id)"))


def as_if_no_night_had_merged(connection: sa.Connection, run_id: int) -> None:
    """Has a merge look at everybody: nothing before it counts as done. To be rolled back."""
    connection.execute(run.update().where(run.c.run_id < run_id).values(undone_by=run_id))


def distrust_records(connection: sa.Connection) -> None:
    """Has a merge write everybody anew, statements and numbers with them, although nothing has changed. To be rolled back."""
    connection.execute(sa.text("UPDATE elder SET content_hash = ~content_hash"))


def trust_untouched(connection: sa.Connection, run_id: int) -> None:
    """Ends :func:`distrust_records` for people whom the merge did not touch: those in dispute and those who left."""
    connection.execute(
        sa.text(
            "UPDATE elder e SET content_hash = w.content_hash FROM elder_was w "
            "WHERE w.person_id = e.person_id AND e.from_run < :run"
        ),
        {"run": run_id},
    )


def standing_counts(connection: sa.Connection) -> dict[str, int]:
    """How many records and statements of each kind were remembered."""
    names = ["elder", *_STATEMENTS]
    counts = {name: connection.execute(sa.text(f"SELECT count(*) FROM {name}_was")).scalar_one() for name in names}  # noqa: S608
    return {"elders": int(counts.pop("elder")), **{name: int(count) for name, count in counts.items()}}


def differing_people(connection: sa.Connection) -> dict[str, tuple[int, pd.Series]]:
    """For each kind of statement how many were not what they are now, or are now what they were not, and of whom."""
    found = {}
    for name, query in _STATEMENTS.items():
        differing = (
            f"SELECT * FROM (TABLE {name}_was EXCEPT ALL ({query})) gone "  # noqa: S608
            f"UNION ALL SELECT * FROM (({query}) EXCEPT ALL TABLE {name}_was) come"
        )
        people = copy_out(connection, f"SELECT person_id FROM ({differing}) d", _PEOPLE)  # noqa: S608
        found[name] = people.num_rows, to_frame(people)["person_id"].dropna().drop_duplicates()
    return found


def differing_elders(connection: sa.Connection, *, with_provenance: bool) -> pd.DataFrame:
    """What records say otherwise than they did: ``person_id field before after``, as texts.

    Somebody who was not there has no ``before``; ``status`` is among the fields.
    """
    fields = [*CONTENT, *(_PROVENANCE if with_provenance else ())]
    known = {column.name for column in elder.columns}
    parts = [
        f"SELECT person_id, '{field}' AS field, w.{field}::text AS before, e.{field}::text AS after "  # noqa: S608
        f"FROM elder e FULL JOIN elder_was w USING (person_id) WHERE e.{field} IS DISTINCT FROM w.{field}"
        for field in fields
        if field in known
    ]
    return to_frame(copy_out(connection, " UNION ALL ".join(parts) + " ORDER BY 1, 2", _DIFFERENCES))


def finding_changes(connection: sa.Connection) -> dict[str, dict[str, int]]:
    """How many findings of rows have ``come`` and ``gone`` since they were remembered, by code."""
    changes: dict[str, dict[str, int]] = {}
    both = {"come": f"({_FINDINGS}) EXCEPT ALL TABLE finding_was", "go": f"TABLE finding_was EXCEPT ALL ({_FINDINGS})"}
    for change, query in both.items():
        counted = sa.text(f"SELECT code, count(*) FROM ({query}) f GROUP BY code")  # noqa: S608
        for code, count in connection.execute(counted):
            changes.setdefault(code, {"come": 0, "go": 0})[change] = int(count)
    return dict(sorted(changes.items()))


def differing_rows(connection: sa.Connection, pairs: pa.Table) -> pd.DataFrame:
    """Rows that judged again say something else in a cell, a key or whether they are held: ``person_id field``.

    Args:
        connection: after rows were judged again.
        pairs: ``row_id again``: what rows were, and what they are judged again.
    """
    load_temp(connection, "judged_pairs", pairs, key=["row_id"])
    parts = [
        f"SELECT p.row_id, '{name}' AS field FROM judged_pairs p JOIN source_row b USING (row_id) "  # noqa: S608
        f"JOIN source_row a ON a.row_id = p.again WHERE a.{name} IS DISTINCT FROM b.{name}"
        for name in _JUDGED
    ]
    query = (
        f"SELECT e.person_id, d.field FROM ({' UNION ALL '.join(parts)}) d JOIN source_row r USING (row_id) "  # noqa: S608
        "LEFT JOIN elder e USING (id_key) ORDER BY 1, 2"
    )
    schema = pa.schema([("person_id", pa.int64()), ("field", pa.large_string())])
    return to_frame(copy_out(connection, query, schema))


def row_finding_differences(connection: sa.Connection, run_id: int) -> pd.Series:
    """``person_id`` of whom rows judged again (``differing_rows``) have other findings, once for each finding."""
    cells = "f.code, f.severity, f.field, f.header, f.seen"
    was = (
        f"SELECT p.row_id, {cells} FROM judged_pairs p JOIN finding f ON f.row_id = p.row_id "  # noqa: S608
        f"WHERE f.origin = 'row' AND f.to_run = {int(run_id)}"
    )
    now = (
        f"SELECT p.row_id, {cells} FROM judged_pairs p JOIN finding f ON f.row_id = p.again "  # noqa: S608
        "WHERE f.origin = 'row' AND f.to_run IS NULL"
    )
    query = (
        f"SELECT e.person_id FROM (SELECT * FROM (({was}) EXCEPT ALL ({now})) gone UNION ALL "  # noqa: S608
        f"SELECT * FROM (({now}) EXCEPT ALL ({was})) come) d JOIN source_row r USING (row_id) LEFT JOIN elder e USING (id_key)"
    )
    return to_frame(copy_out(connection, query, _PEOPLE))["person_id"]


def kept_members(connection: sa.Connection, source: str) -> pd.DataFrame:
    """Household members of a source in force, and where they stand in the kept originals; the registry's own columns of them."""
    query = sa.text(
        "SELECT m.row_id, m.delivery_id, d.sha256, coalesce(m.sheet, ''), m.row_number, m.row_hash, m.outcome, m.scope, "
        "m.elder_id_number FROM member_row m JOIN delivery d USING (delivery_id) "
        "WHERE m.source = :source AND m.to_run IS NULL ORDER BY m.row_id"
    )
    return to_frame(copy_out(connection, query.bindparams(source=source), _MEMBERS))

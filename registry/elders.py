"""The elders: who must be looked at tonight, what all sources state of them, and how changes are stored."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import sqlalchemy as sa

from registry.bulk import copy_out, fill, load_temp
from registry.findings import to_frame
from registry.runs import next_id
from registry.tables import category, elder, identifier, outbox
from schemas.codes import CATEGORIES
from schemas.fields import ELDER_FIELDS, STATED_FIELDS

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "active_count", "all_elders", "apply_changes", "category_counts", "numbered", "registered_people", "rows_of_people", "select_people", "set_outcomes",
]  # fmt: skip

_TEXTS = (
    "source", "outcome", "sheet", "stated_date", "scope", *STATED_FIELDS, "household_division_code", "residence_division_code",
)  # fmt: skip
_NUMBERS = ("row_id", "delivery_id", "row_number", "row_hash", "received_run", "filled_count", "id_key", "name_birth_key",
            "name_place_key")  # fmt: skip
ROWS = pa.schema(
    [
        *((name, pa.int64()) for name in _NUMBERS),
        ("is_held", pa.bool_()),
        *((name, pa.large_string()) for name in _TEXTS),
    ]
)
_REGISTERED = pa.schema(
    [
        ("person_id", pa.int64()), ("id_key", pa.int64()), ("revision", pa.int64()), ("content_hash", pa.int64()),
        ("row_ids", pa.large_string()), ("winners", pa.large_string()), ("status", pa.large_string()),
    ]
)  # fmt: skip


def select_people(connection: sa.Connection, since_run: int) -> int:
    """Puts into a temporary table ``people`` the ID keys that rows changed after a run could concern; returns how many.

    People who may turn out to be the same as these (equal name and birth date, or name and place of issue) are included.
    """
    query = f"""
        CREATE TEMP TABLE people ON COMMIT DROP AS
        WITH changed AS (
            SELECT id_key, name_birth_key, name_place_key FROM source_row
            WHERE id_key IS NOT NULL AND (from_run > {int(since_run)} OR to_run > {int(since_run)})
        )
        SELECT id_key FROM changed
        UNION
        SELECT r.id_key FROM source_row r JOIN changed c USING (name_birth_key) WHERE r.to_run IS NULL
        UNION
        SELECT r.id_key FROM source_row r JOIN changed c USING (name_place_key) WHERE r.to_run IS NULL
    """  # noqa: S608
    if not since_run:
        query = (
            "CREATE TEMP TABLE people ON COMMIT DROP AS SELECT DISTINCT id_key FROM source_row WHERE id_key IS NOT NULL"
        )
    connection.execute(sa.text(query))
    connection.execute(sa.text("ALTER TABLE people ADD PRIMARY KEY (id_key)"))
    if since_run:
        connection.execute(sa.text(_ADD_DISPUTANTS))
    connection.execute(sa.text("ANALYZE people"))
    return int(connection.execute(sa.text("SELECT count(*) FROM people")).scalar_one())


# Whoever is selected and in dispute is judged together with the other side, and with the other side's other sides.
_ADD_DISPUTANTS = """
    WITH RECURSIVE disputed AS MATERIALIZED (
        SELECT DISTINCT id_key, name_birth_key, name_place_key FROM source_row
        WHERE to_run IS NULL AND id_key IN (
            SELECT r.id_key FROM finding f JOIN source_row r USING (row_id)
            WHERE f.code = 'same-person-different-number' AND f.origin = 'merge' AND f.to_run IS NULL
        )
    ), together AS (
        SELECT d.* FROM disputed d JOIN people USING (id_key)
        UNION
        SELECT d.* FROM disputed d JOIN together t
        ON d.id_key = t.id_key OR d.name_birth_key = t.name_birth_key OR d.name_place_key = t.name_place_key
    )
    INSERT INTO people SELECT DISTINCT id_key FROM together ON CONFLICT DO NOTHING
"""


def rows_of_people(connection: sa.Connection, where: str = "id_key IN (SELECT id_key FROM people)") -> pd.DataFrame:
    """All rows in force of the selected people; dates as ISO texts, amounts as digits.

    ``received_run`` is the run their delivery came in; unlike their own first run it does not change when they are
    judged again.
    """
    columns = ", ".join(f'd."{name}"' if name == "received_run" else f'r."{name}"' for name in ROWS.names)
    query = f"SELECT {columns} FROM source_row r JOIN delivery d USING (delivery_id) WHERE to_run IS NULL AND {where}"  # noqa: S608  names of ours only
    return to_frame(copy_out(connection, query, ROWS))


def registered_people(connection: sa.Connection) -> pd.DataFrame:
    """What the registry holds of the selected people: ``person_id id_key revision content_hash row_ids winners status``."""
    query = "SELECT person_id, id_key, revision, content_hash, row_ids::text, winners, status FROM elder JOIN people USING (id_key)"
    return to_frame(copy_out(connection, query, _REGISTERED))


def set_outcomes(connection: sa.Connection, row_ids: "NDArray[np.int64]", outcomes: pd.Series) -> None:
    """Says what rows came to once they were compared with others."""
    if not len(row_ids):
        return
    load_temp(
        connection, "outcomes", pa.table({"row_id": pa.array(row_ids), "outcome": pa.array(outcomes, pa.string())})
    )
    connection.execute(sa.text("UPDATE source_row r SET outcome = o.outcome FROM outcomes o WHERE r.row_id = o.row_id"))


def numbered(connection: sa.Connection, written: pd.DataFrame) -> pd.DataFrame:
    """Gives people who are new a ``person_id``, in the order of their ID keys, so that it does not depend on arrival."""
    person_id = written["person_id"].to_numpy(dtype=np.int64).copy()
    new = np.flatnonzero(person_id == 0)
    # After a restore the platform may know numbers that the registry has forgotten; they are never given to somebody else.
    first = max(next_id(connection, elder.c.person_id), next_id(connection, outbox.c.person_id))
    order = np.argsort(written["id_key"].to_numpy(dtype=np.int64)[new], kind="stable")
    person_id[new[order]] = first + np.arange(len(new))
    return written.assign(person_id=person_id)


def apply_changes(
    connection: sa.Connection,
    profile: str,
    run_id: int,
    written: pd.DataFrame,
    withdrawn: pd.DataFrame,
    categories: pd.DataFrame,
) -> None:
    """Stores tonight's changes of elders with their categories, identifiers and outbox entries.

    Args:
        connection: in the stage's transaction; whoever is not named keeps everything as it is.
        profile: the platform that must hear of them.
        run_id: tonight's run.
        written: records of ``transforms.compare`` with their ``person_id``.
        withdrawn: ``person_id revision`` of people no source states any longer.
        categories: ``id_key category source evidence row_id from_date`` of (at least) everyone written.
    """
    _store_elders(connection, run_id, written, withdrawn)
    _store_categories(connection, run_id, written, withdrawn, categories)
    _store_identifiers(connection, run_id, written)
    _store_outbox(connection, profile, run_id, written, withdrawn)


def _store_elders(connection: sa.Connection, run_id: int, written: pd.DataFrame, withdrawn: pd.DataFrame) -> None:
    columns = [column.name for column in elder.columns]
    names = ", ".join(f'"{name}"' for name in columns)
    known = written.loc[~_is_first(written), "person_id"]
    touched = np.concatenate([known.to_numpy(dtype=np.int64), withdrawn["person_id"].to_numpy(dtype=np.int64)])
    if len(touched):
        load_temp(connection, "touched", pa.table({"person_id": pa.array(touched)}))
        connection.execute(
            sa.text(
                f"INSERT INTO elder_history ({names}, to_run) SELECT {names}, :run FROM elder JOIN touched USING (person_id)"  # noqa: S608
            ),
            {"run": run_id},
        )
    if len(withdrawn):
        load_temp(connection, "gone", pa.Table.from_pandas(withdrawn[["person_id", "revision"]], preserve_index=False))
        connection.execute(
            sa.text(
                "UPDATE elder e SET status = 'withdrawn', revision = g.revision, from_run = :run "
                "FROM gone g WHERE e.person_id = g.person_id"
            ),
            {"run": run_id},
        )
    if len(known):
        load_temp(connection, "known", pa.table({"person_id": pa.array(known.to_numpy(dtype=np.int64))}))
        connection.execute(sa.text("DELETE FROM elder e USING known k WHERE e.person_id = k.person_id"))
    fill(connection, elder, written.assign(from_run=run_id)[columns])


def _store_categories(
    connection: sa.Connection, run_id: int, written: pd.DataFrame, withdrawn: pd.DataFrame, categories: pd.DataFrame
) -> None:
    """Statements that no longer hold end; new ones begin. A statement repeated by another row is ended and begun anew."""
    place = pd.Index(written["id_key"]).get_indexer(pd.Index(categories["id_key"]))
    stated = categories[place >= 0].drop(columns="id_key").reset_index(drop=True)
    place = place[place >= 0]
    stated["person_id"] = written["person_id"].to_numpy(dtype=np.int64)[place]
    first = _is_first(written)[place]
    fill(connection, category, stated[first].assign(from_run=run_id))
    known = written.loc[~_is_first(written), "person_id"].to_numpy(dtype=np.int64)
    looked_at = np.concatenate([known, withdrawn["person_id"].to_numpy(dtype=np.int64)])
    if not len(looked_at):
        return
    load_temp(connection, "stated", stated[~first])
    load_temp(connection, "looked_at", pa.table({"person_id": pa.array(looked_at)}))
    connection.execute(
        sa.text(
            "UPDATE category c SET to_run = :run FROM looked_at l WHERE c.person_id = l.person_id AND c.to_run IS NULL "
            "AND NOT EXISTS (SELECT FROM stated s WHERE (s.person_id, s.category, s.source, s.evidence, s.row_id) "
            "= (c.person_id, c.category, c.source, c.evidence, c.row_id))"
        ),
        {"run": run_id},
    )
    connection.execute(
        sa.text(
            "INSERT INTO category (person_id, category, source, from_run, evidence, row_id, from_date) "
            "SELECT s.person_id, s.category, s.source, :run, s.evidence, s.row_id, CAST(s.from_date AS date) FROM stated s "
            "WHERE NOT EXISTS (SELECT FROM category c WHERE c.to_run IS NULL AND c.person_id = s.person_id "
            "AND c.category = s.category AND c.source = s.source)"
        ),
        {"run": run_id},
    )


def _store_identifiers(connection: sa.Connection, run_id: int, written: pd.DataFrame) -> None:
    """ID numbers are added for good; a certificate number is dated from and to the run that saw it."""
    changed = written[written["operation"] != "restated"]
    parts = []
    for kind, field in (("id_number", "id_number"), ("disability_certificate", "disability_certificate_number")):
        given = changed[changed[field].notna()]
        kinds = pd.array([kind] * len(given), dtype="str")
        part = {"kind": kinds, "value": given[field], "person_id": given["person_id"], "is_first": _is_first(given)}
        parts.append(pd.DataFrame(part))
    numbers = pd.concat(parts, ignore_index=True)
    first = numbers.pop("is_first").to_numpy(dtype=bool)
    fill(connection, identifier, numbers[first].assign(from_run=run_id))
    if first.all():
        return
    load_temp(connection, "numbers", numbers[~first])
    connection.execute(
        sa.text(
            "UPDATE identifier i SET to_run = :run FROM numbers n WHERE i.person_id = n.person_id AND i.kind = n.kind "
            "AND i.to_run IS NULL AND i.value <> n.value AND i.kind = 'disability_certificate'"
        ),
        {"run": run_id},
    )
    connection.execute(
        sa.text(
            "INSERT INTO identifier (kind, value, person_id, from_run) SELECT n.kind, n.value, n.person_id, :run FROM numbers n "
            "WHERE NOT EXISTS (SELECT FROM identifier i WHERE i.to_run IS NULL "
            "AND (i.kind, i.value, i.person_id) = (n.kind, n.value, n.person_id))"
        ),
        {"run": run_id},
    )


def _is_first(written: pd.DataFrame) -> "NDArray[np.bool_]":
    """Who enters the registry for the first time: there is nothing of theirs to compare with."""
    return np.asarray((written["revision"] == 1) & (written["operation"] == "new"), dtype=bool)


def _store_outbox(
    connection: sa.Connection, profile: str, run_id: int, written: pd.DataFrame, withdrawn: pd.DataFrame
) -> None:
    told = written.loc[written["operation"] != "restated", ["person_id", "revision", "operation"]]
    gone = withdrawn[["person_id", "revision"]].assign(operation="withdrawn")
    entries = pd.concat([told, gone], ignore_index=True).astype({"operation": "str"})
    profiles, states = (pd.Series(value, entries.index, dtype="str") for value in (profile, "pending"))
    fill(connection, outbox, entries.assign(profile=profiles, run_id=run_id, state=states))


def active_count(connection: sa.Connection) -> int:
    """How many elders are in the registry now."""
    query = sa.select(sa.func.count()).select_from(elder).where(elder.c.status == "active")
    return int(connection.execute(query).scalar_one())


_EXPORT = pa.schema([("person_id", pa.int64()), *((f, pa.large_string()) for f in ELDER_FIELDS if f != "person_id")])


def all_elders(connection: sa.Connection) -> pd.DataFrame:
    """The active elders in the order of ``person_id``, every field as text."""
    columns = ", ".join(f'"{column}"' for column in _EXPORT.names)
    query = f"SELECT {columns} FROM {elder.name} WHERE status = 'active' ORDER BY person_id"  # noqa: S608
    return to_frame(copy_out(connection, query, _EXPORT))


def category_counts(connection: sa.Connection) -> dict[str, int]:
    """How many active elders are of each category, in the registry's order."""
    parts = ", ".join(f"count(*) FILTER (WHERE categories LIKE '%{name}%')" for name in CATEGORIES)
    counts = connection.execute(sa.text(f"SELECT {parts} FROM elder WHERE status = 'active'")).one()  # noqa: S608
    return dict(zip(CATEGORIES, map(int, counts), strict=True))

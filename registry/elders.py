"""The elders: who must be looked at tonight, what all sources state of them, and how changes are stored."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import sqlalchemy as sa

from registry.bulk import copy_out, fill, load_temp
from registry.elder_categories import is_first, store_categories
from registry.findings import to_frame
from registry.identifiers import assign_numbers, store_identifiers
from registry.row_journal import remember_rows
from registry.runs import next_id
from registry.standing import active_count
from registry.tables import elder, outbox
from schemas.codes import CATEGORIES
from schemas.fields import ELDER_FIELDS, LIFE_FIELDS, STATED_FIELDS

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "active_count", "all_elders", "apply_changes", "category_counts", "numbered", "registered_people", "rows_of_people", "set_outcomes",
]  # fmt: skip

_TEXTS = (
    "source", "outcome", "sheet", "stated_date", "scope", *STATED_FIELDS, "household_division_code", "residence_division_code",
    *LIFE_FIELDS,
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
        ("row_ids", pa.large_string()), ("winners", pa.large_string()), ("carried", pa.large_string()), ("status", pa.large_string()),
    ]
)  # fmt: skip


def rows_of_people(connection: sa.Connection, where: str = "id_key IN (SELECT id_key FROM people)") -> pd.DataFrame:
    """All rows in force of the selected people; dates as ISO texts, amounts as digits.

    ``received_run`` is the run their delivery came in; unlike their own first run it does not change when they are
    judged again.
    """
    columns = ", ".join(f'd."{name}"' if name == "received_run" else f'r."{name}"' for name in ROWS.names)
    query = f"SELECT {columns} FROM source_row r JOIN delivery d USING (delivery_id) WHERE to_run IS NULL AND {where}"  # noqa: S608  names of ours only
    return to_frame(copy_out(connection, query, ROWS))


def registered_people(connection: sa.Connection) -> pd.DataFrame:
    """What the registry holds of the selected people: ``person_id id_key revision content_hash row_ids winners carried status``."""
    columns = ", ".join(f"{name}::text" if name == "row_ids" else name for name in _REGISTERED.names)
    query = f"SELECT {columns} FROM elder JOIN people USING (id_key)"  # noqa: S608  names of ours only
    return to_frame(copy_out(connection, query, _REGISTERED))


def set_outcomes(connection: sa.Connection, run_id: int, row_ids: "NDArray[np.int64]", outcomes: pd.Series) -> None:
    """Says what rows came to once they were compared with others; what they were before the run is kept."""
    if not len(row_ids):
        return
    load_temp(
        connection, "outcomes", pa.table({"row_id": pa.array(row_ids), "outcome": pa.array(outcomes, pa.string())})
    )
    remember_rows(connection, run_id, "SELECT row_id FROM outcomes")
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
    category_ends: pd.DataFrame | None = None,
) -> None:
    """Stores tonight's changes of elders with their categories, identifiers and outbox entries.

    Args:
        connection: in the stage's transaction; whoever is not named keeps everything as it is.
        profile: the platform that must hear of them.
        run_id: tonight's run.
        written: records of ``transforms.compare`` with their ``person_id``.
        withdrawn: ``person_id revision`` of people no source states any longer.
        categories: ``id_key category source evidence row_id from_date`` of (at least) everyone written.
        category_ends: why statements are gone, ``registry.elder_categories``.
    """
    _store_elders(connection, run_id, written, withdrawn)
    store_categories(connection, run_id, written, withdrawn, categories, category_ends)
    store_identifiers(connection, run_id, written)
    assign_numbers(connection, run_id)
    _store_outbox(connection, profile, run_id, written, withdrawn)


def _store_elders(connection: sa.Connection, run_id: int, written: pd.DataFrame, withdrawn: pd.DataFrame) -> None:
    columns = [column.name for column in elder.columns]
    names = ", ".join(f'"{name}"' for name in columns)
    known = written.loc[~is_first(written), "person_id"]
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
    given = written.assign(from_run=run_id)
    fill(connection, elder, given[[name for name in columns if name in given]])


def _store_outbox(
    connection: sa.Connection, profile: str, run_id: int, written: pd.DataFrame, withdrawn: pd.DataFrame
) -> None:
    told = written.loc[written["operation"] != "restated", ["person_id", "revision", "operation"]]
    gone = withdrawn[["person_id", "revision"]].assign(operation="withdrawn")
    entries = pd.concat([told, gone], ignore_index=True).astype({"operation": "str"})
    profiles, states = (pd.Series(value, entries.index, dtype="str") for value in (profile, "pending"))
    fill(connection, outbox, entries.assign(profile=profiles, run_id=run_id, state=states))


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

"""Statements that people are of a category, as intervals: since when, on what evidence, and why one holds no longer."""

import numpy as np
import pandas as pd
import pyarrow as pa
import sqlalchemy as sa

from registry.bulk import copy_out, fill, load_temp
from registry.findings import to_frame
from registry.tables import category
from schemas.categories import CategoryEnd

__all__ = ["is_first", "standing_categories", "store_categories"]

_STANDING = pa.schema(
    [
        ("id_key", pa.int64()), ("category", pa.large_string()), ("source", pa.large_string()),
        ("evidence", pa.large_string()), ("row_id", pa.int64()), ("from_date", pa.large_string()), ("row_hash", pa.int64()),
    ]
)  # fmt: skip


def standing_categories(connection: sa.Connection) -> pd.DataFrame:
    """What is stated now of the people in the table ``people``, with ``row_hash`` of the row each statement rests on."""
    query = """
        SELECT e.id_key, c.category, c.source, c.evidence, c.row_id, c.from_date::text, r.row_hash
        FROM category c JOIN elder e USING (person_id) JOIN people p USING (id_key) LEFT JOIN source_row r ON r.row_id = c.row_id
        WHERE c.to_run IS NULL ORDER BY e.id_key, c.category, c.source
    """
    return to_frame(copy_out(connection, query, _STANDING))


def store_categories(
    connection: sa.Connection,
    run_id: int,
    written: pd.DataFrame,
    withdrawn: pd.DataFrame,
    categories: pd.DataFrame,
    ends: pd.DataFrame | None = None,
) -> None:
    """Statements that no longer hold end; new ones begin. A statement repeated by another row is ended and begun anew.

    Args:
        connection: in the stage's transaction; the elders are stored.
        run_id: tonight's run.
        written: records of ``transforms.compare`` with their ``person_id``.
        withdrawn: ``person_id`` of people who leave.
        categories: ``id_key category source evidence row_id from_date`` of (at least) everyone written.
        ends: ``id_key category source end_reason to_date`` of statements that are gone; where nothing is told of one, it
            was replaced, or its person withdrawn, or else is no longer listed.
    """
    place = pd.Index(written["id_key"]).get_indexer(pd.Index(categories["id_key"]))
    stated = categories[place >= 0].drop(columns="id_key").reset_index(drop=True)
    place = place[place >= 0]
    stated["person_id"] = written["person_id"].to_numpy(dtype=np.int64)[place]
    first = is_first(written)[place]
    fill(connection, category, stated[first].assign(from_run=run_id))
    known = written.loc[~is_first(written), "person_id"].to_numpy(dtype=np.int64)
    gone = withdrawn["person_id"].to_numpy(dtype=np.int64)
    if not len(known) and not len(gone):
        return
    load_temp(connection, "stated", stated[~first])
    leaves = np.repeat([False, True], [len(known), len(gone)])
    load_temp(
        connection, "looked_at", pa.table({"person_id": pa.array(np.r_[known, gone]), "leaves": pa.array(leaves)})
    )
    load_temp(connection, "ends", _NO_ENDS if ends is None else ends[_NO_ENDS.column_names])
    connection.execute(sa.text(_END), {"run": run_id, **_REASONS})
    connection.execute(
        sa.text(
            "INSERT INTO category (person_id, category, source, from_run, evidence, row_id, from_date) "
            "SELECT s.person_id, s.category, s.source, :run, s.evidence, s.row_id, CAST(s.from_date AS date) FROM stated s "
            "WHERE NOT EXISTS (SELECT FROM category c WHERE c.to_run IS NULL AND c.person_id = s.person_id "
            "AND c.category = s.category AND c.source = s.source)"
        ),
        {"run": run_id},
    )
    connection.execute(sa.text("DROP TABLE stated, looked_at, ends"))


_NO_ENDS = pa.table(
    {
        "id_key": pa.array([], pa.int64()), "category": pa.array([], pa.large_string()), "source": pa.array([], pa.large_string()),
        "end_reason": pa.array([], pa.large_string()), "to_date": pa.array([], pa.large_string()),
    }
)  # fmt: skip
_REASONS = {
    "replaced": str(CategoryEnd.REPLACED),
    "person_withdrawn": str(CategoryEnd.PERSON_WITHDRAWN),
    "no_longer_listed": str(CategoryEnd.NO_LONGER_LISTED),
}
_END = """
    UPDATE category c SET to_run = :run, to_date = CAST(w.to_date AS date), end_reason = w.end_reason
    FROM (
        SELECT c.person_id, c.category, c.source, c.from_run, x.to_date, coalesce(
            x.end_reason, CASE WHEN s.person_id IS NOT NULL THEN :replaced WHEN l.leaves THEN :person_withdrawn
            ELSE :no_longer_listed END) AS end_reason
        FROM category c JOIN looked_at l USING (person_id) JOIN elder e USING (person_id)
        LEFT JOIN stated s ON (s.person_id, s.category, s.source) = (c.person_id, c.category, c.source)
        LEFT JOIN ends x ON (x.id_key, x.category, x.source) = (e.id_key, c.category, c.source)
        WHERE c.to_run IS NULL AND (s.person_id IS NULL OR (s.evidence, s.row_id) <> (c.evidence, c.row_id))
    ) w
    WHERE (c.person_id, c.category, c.source, c.from_run) = (w.person_id, w.category, w.source, w.from_run)
"""


def is_first(written: pd.DataFrame) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
    """Who enters the registry for the first time: there is nothing of theirs to compare with."""
    return np.asarray((written["revision"] == 1) & (written["operation"] == "new"), dtype=bool)

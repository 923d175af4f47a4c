"""Returned rows that a new whole list leaves out: cancelled, or forgotten? They stay in force until that is answered.

Whoever is left out of a full list leaves it, behind the brake. But a row that went back to its sender because something was
wrong, and then is gone, may have been deleted instead of corrected; nobody leaves the registry for that in silence.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import sqlalchemy as sa

from registry.statements import end_rows
from registry.tables import source_row
from registry.vanished import rows_awaiting_answer, rows_cancelled
from transforms.judge import JudgedRows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from flows.intake.take import Taken

    Positions = NDArray[np.int64]

__all__ = ["end_cancelled", "told_of_vanished", "vanished_among"]


def vanished_among(
    connection: sa.Connection, current: pa.Table, ended: "Positions", kept: "Positions", judged: JudgedRows
) -> "Positions":
    """Which rows that a full list leaves out were returned, and have nobody in it who may be the person meant.

    The person is told by the number, or by name and village where both lists name one. A returned row that came back with
    its key is a correction, and not looked at here.

    Args:
        connection: in the stage's transaction.
        current: the rows in force.
        ended: positions of those that would end.
        kept: positions of those that came again.
        judged: the rows that came new.

    Returns:
        Positions in ``current``.
    """
    if not len(ended):
        return ended
    row_ids = current["row_id"].to_numpy()
    asked = rows_awaiting_answer(connection, row_ids[ended])
    if asked.empty:
        return ended[:0]
    keys = set(judged.rows["id_key"].dropna().astype("int64")) | set(
        current["id_key"].take(pa.array(kept)).drop_null().to_pylist()
    )
    came = asked["id_key"].isin(keys) | _is_named(asked, judged.rows)
    return np.flatnonzero(np.isin(row_ids, asked.loc[~came, "row_id"].to_numpy("int64")))


def end_cancelled(connection: sa.Connection, run_id: int, vanished: Sequence[int]) -> list[int]:
    """Ends vanished rows of which a person has said that the sender cancelled them; gives their ids."""
    if not vanished:
        return []
    row_ids = rows_cancelled(connection, np.array(vanished, dtype=np.int64))
    end_rows(connection, source_row, run_id, row_ids)
    return [int(row_id) for row_id in row_ids]


def told_of_vanished(taken: "Taken", in_force: "NDArray[np.int64]") -> "Taken":
    """Says how many returned rows of a source have vanished, and keeps only those in its account that still stand."""
    stands = set(in_force.tolist())
    vanished = [row_id for row_id in taken.standing["vanished"] if row_id in stands]
    taken = replace(taken, standing={**taken.standing, "vanished": vanished})
    if not vanished:
        return taken
    words = f"{len(vanished)} 行退回后名单中已没有（注销还是漏报，待报送单位答复），暂予保留。"
    return replace(taken, message=f"{taken.message}{words}", needs_a_look=True)


def _is_named(asked: pd.DataFrame, rows: pd.DataFrame) -> pd.Series:
    """Whether a new row has the name, and the village where both say one."""
    village = rows["household_village"]
    if "residence_village" in rows:
        village = village.fillna(rows["residence_village"])
    named = rows.assign(came_village=village)[["name", "came_village"]].dropna(subset=["name"]).drop_duplicates()
    pairs = asked[["row_id", "name", "village"]].merge(named, on="name")
    is_here = pairs["village"].isna() | pairs["came_village"].isna() | (pairs["village"] == pairs["came_village"])
    return asked["row_id"].isin(pairs.loc[is_here.astype(bool), "row_id"])

"""Dated states of people (deceased, moved away, in an institution, refusing): what stands, and how a night changes it."""

from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa
import sqlalchemy as sa

from registry.bulk import copy_out, load_temp
from registry.findings import to_frame
from schemas.life_states import LifeEnd, LifeEvidence

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["standing_states", "store_states"]

_STATES = pa.schema(
    [
        ("id_key", pa.int64()), ("state", pa.large_string()), ("source", pa.large_string()), ("from_date", pa.large_string()),
        ("evidence", pa.large_string()), ("row_id", pa.int64()), ("decision_id", pa.int64()),
    ]
)  # fmt: skip


def standing_states(connection: sa.Connection) -> pd.DataFrame:
    """What stands now of the people in the table ``people``: ``id_key state source from_date evidence row_id decision_id``."""
    query = """
        SELECT e.id_key, t.state, t.source, t.from_date::text, t.evidence, t.row_id, t.decision_id
        FROM elder_state t JOIN elder e USING (person_id) JOIN people p USING (id_key)
        WHERE t.to_run IS NULL ORDER BY e.id_key, t.source
    """
    return to_frame(copy_out(connection, query, _STATES))


def store_states(connection: sa.Connection, run_id: int, states: pd.DataFrame, disputed: "NDArray[np.int64]") -> None:
    """Ends states of the people in the table ``people`` that hold no longer, and begins those that are new.

    A state said again for the same day goes on, whatever row says it now: the row that said it first is its evidence.
    People the registry has never had have no states.

    Args:
        connection: in the stage's transaction; the elders are stored.
        run_id: tonight's run.
        states: ``id_key state source from_date evidence row_id decision_id`` of everybody looked at.
        disputed: whose states are left as they are.
    """
    load_temp(connection, "states", pa.Table.from_pandas(states[_STATES.names], schema=_STATES, preserve_index=False))
    load_temp(connection, "untouched", pa.table({"id_key": pa.array(disputed, pa.int64())}))
    reasons = {
        "said_otherwise": str(LifeEnd.SAID_OTHERWISE), "decided": str(LifeEnd.DECIDED),
        "taken_back": str(LifeEnd.TAKEN_BACK), "decision": str(LifeEvidence.DECISION),
    }  # fmt: skip
    connection.execute(sa.text(_END), {"run": run_id, **reasons})
    connection.execute(sa.text(_BEGIN), {"run": run_id})
    connection.execute(sa.text("DROP TABLE states, untouched"))


_HOLDS = """(s.id_key, s.state, s.source) = (e.id_key, t.state, t.source)
    AND (s.from_date::date, s.decision_id) IS NOT DISTINCT FROM (t.from_date, t.decision_id)"""
# What follows says since when the state before it is over; else only that it is not said any more is known.
_END = f"""
    UPDATE elder_state t SET to_run = :run, to_date = (
        SELECT min(s.from_date::date) FROM states s
        WHERE s.id_key = e.id_key AND s.source = t.source AND s.from_date::date > t.from_date
    ), end_reason = CASE
        WHEN t.evidence = :decision THEN :taken_back
        WHEN EXISTS (SELECT FROM states s WHERE s.id_key = e.id_key AND s.evidence = :decision) THEN :decided
        ELSE :said_otherwise END
    FROM elder e JOIN people p USING (id_key)
    WHERE t.person_id = e.person_id AND t.to_run IS NULL AND NOT EXISTS (SELECT FROM untouched u WHERE u.id_key = e.id_key)
    AND NOT EXISTS (SELECT FROM states s WHERE {_HOLDS})
"""  # noqa: S608  words of ours only
_BEGIN = f"""
    INSERT INTO elder_state (person_id, state, source, from_run, from_date, evidence, row_id, decision_id)
    SELECT e.person_id, s.state, s.source, :run, s.from_date::date, s.evidence, s.row_id, s.decision_id
    FROM states s JOIN elder e USING (id_key)
    WHERE NOT EXISTS (SELECT FROM untouched u WHERE u.id_key = s.id_key)
    AND NOT EXISTS (SELECT FROM elder_state t WHERE t.person_id = e.person_id AND t.to_run IS NULL AND {_HOLDS})
"""  # noqa: S608  words of ours only

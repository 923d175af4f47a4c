"""Rows of sources by their ids, ended ones too: what the registry's records rest on."""

from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa
import sqlalchemy as sa

from registry.bulk import copy_out, load_temp
from registry.elders import ROWS
from registry.findings import to_frame

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["rows_by_id"]


def rows_by_id(connection: sa.Connection, row_ids: "NDArray[np.int64]") -> pd.DataFrame:
    """Rows with the columns of ``registry.elders.rows_of_people``, in the order of ``row_id``."""
    if not len(row_ids):
        return to_frame(ROWS.empty_table())
    load_temp(connection, "sought", pa.table({"row_id": pa.array(row_ids, pa.int64())}))
    columns = ", ".join(f'd."{name}"' if name == "received_run" else f'r."{name}"' for name in ROWS.names)
    query = f"SELECT {columns} FROM source_row r JOIN sought USING (row_id) JOIN delivery d USING (delivery_id) ORDER BY r.row_id"  # noqa: S608  names of ours only
    rows = to_frame(copy_out(connection, query, ROWS))
    connection.execute(sa.text("DROP TABLE sought"))
    return rows

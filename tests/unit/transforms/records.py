"""Records as the registry holds them after a merge, for tests of what the next night makes of them."""

import numpy as np
import pandas as pd
from made_up_rows import CONFIGURATION, in_force

from schemas.configuration import Configuration
from transforms.columns import texts
from transforms.merge import Merged, merge
from transforms.merging.earlier_rows import earlier_row_ids
from transforms.merging.kept_values import Kept, keep_values

NOBODY = pd.DataFrame({"source": texts([]), "id_key": np.zeros(0, np.int64)})


def registered(merged: Merged, status: str = "active") -> pd.DataFrame:
    """What the registry has of everybody merged."""
    elders = merged.elders
    return pd.DataFrame(
        {
            "person_id": np.arange(1, len(elders) + 1), "id_key": elders["id_key"], "revision": 1,
            "content_hash": elders["content_hash"], "row_ids": elders["row_ids"], "winners": elders["winners"],
            "carried": elders["carried"], "status": texts([status] * len(elders)),
        }
    )  # fmt: skip


class Nights:
    """Nights one after another, each with all statements in force; equal statements keep their row, as a re-sent list does."""

    def __init__(self, configuration: Configuration = CONFIGURATION) -> None:
        self.configuration = configuration
        self.every_row = pd.DataFrame()
        self.merged: Merged | None = None
        self.kept: Kept | None = None

    def rows(self, statements) -> pd.DataFrame:
        rows = in_force(statements)
        key = ["source", "row_hash"]
        known = self.every_row.set_index(key)["row_id"].to_dict() if len(self.every_row) else {}
        fresh = iter(range(len(self.every_row) + 1, len(self.every_row) + len(rows) + 1))
        ids = [known.get(pair) or next(fresh) for pair in zip(rows["source"], rows["row_hash"], strict=True)]
        rows["row_id"] = np.array(ids, dtype=np.int64)
        new = rows[~rows["row_id"].isin(known.values())]
        self.every_row = pd.concat([self.every_row, new], ignore_index=True)
        return rows

    def earlier(self, rows: pd.DataFrame, registered: pd.DataFrame) -> pd.DataFrame:
        ended = self.every_row[self.every_row["row_id"].isin(earlier_row_ids(rows, registered))]
        return pd.concat([ended, rows[ended.columns]], ignore_index=True)

    def night(self, statements, *, status: str = "active") -> dict[str, dict]:
        """Every record after a night, by ID number."""
        rows, carried = self.rows(statements), None
        if self.merged is not None:
            before = registered(self.merged, status)
            self.kept = keep_values(rows, self.earlier(rows, before), before, self.configuration)
            rows, carried = self.kept
        self.merged = merge(rows, self.configuration, carried=carried)
        elders = self.merged.elders.astype(object).where(self.merged.elders.notna(), None)
        return {elder["id_number"]: elder for elder in elders.to_dict("records")}

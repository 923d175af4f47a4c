"""Questions about people whom one source reports dead and another goes on naming."""

import numpy as np
import pandas as pd
import pyarrow as pa

from schemas.identity_cases import CaseKind
from transforms.columns import texts
from transforms.identity.cases import Cases

__all__ = ["death_cases"]


def death_cases(contradicted: pd.DataFrame) -> Cases:
    """One question a person: on side 1 who says so, on side 2 who does not know of it.

    Args:
        contradicted: ``id_key side row_id evidence`` of ``transforms.merging.life_states``, in the order of persons and sides.
    """
    subject = "death:" + contradicted["id_key"].astype("str")
    first = ~contradicted["id_key"].duplicated().to_numpy(dtype=bool)
    count = int(first.sum())
    found = pd.DataFrame(
        {
            "subject": subject[first].reset_index(drop=True),
            "kind": texts([str(CaseKind.DEATH_CONTRADICTED)] * count),
            "evidence": contradicted["evidence"][first].reset_index(drop=True),
            "reasons": texts([""] * count),
            "score": np.zeros(count),
        }
    )
    place = contradicted.groupby("id_key").cumcount().to_numpy(dtype=np.int64) + 1
    sides = pd.DataFrame(
        {
            "subject": subject,
            "side": place,
            "id_key": contradicted["id_key"].astype("Int64"),
            "row_id": contradicted["row_id"].astype("Int64"),
            "name": texts(pa.nulls(len(contradicted), pa.large_string())),
        }
    )
    return Cases(found, sides.reset_index(drop=True))

"""What the registry asks about rows: pairs and candidates of ``transforms.identity``, and numbers whose names disagree."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from bench.identity_judged import Asked
from schemas.configuration import load_configuration
from schemas.identity_cases import CaseKind
from transforms.between import resolve
from transforms.identity.candidates import find_pairs

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["ask"]

_COMPARED = ("name", "sex", "phone", "household_village", "residence_village", "household_address", "residence_address")
_CONFIG = Path(__file__).resolve().parents[1] / "config"


def ask(rows: pd.DataFrame, changed: "NDArray[np.bool_] | None" = None) -> Asked:
    """All questions about the rows, or those that a night asks after some rows have changed.

    Args:
        rows: statements as stage merge has them.
        changed: which rows have; all, if not given.
    """
    everybody = np.ones(len(rows), dtype=bool)
    found = find_pairs(rows, everybody if changed is None else changed, load_configuration(_CONFIG).identity).frame
    is_damaged = (found["kind"] == str(CaseKind.NUMBER_DAMAGED)).to_numpy(dtype=bool)
    pairs = found.loc[~is_damaged, ["one", "other"]].reset_index(drop=True)
    offered = found.loc[is_damaged, ["one", "other"]].reset_index(drop=True).set_axis(["row", "id_key"], axis=1)
    concerned = rows if changed is None else _rows_of_people(rows, changed, pairs)
    conflicts = resolve(concerned, list(_COMPARED), pairs=pairs).conflicts
    return Asked(pairs, offered, conflicts["id_key"].unique().astype(np.int64))


def _rows_of_people(rows: pd.DataFrame, changed: "NDArray[np.bool_]", pairs: pd.DataFrame) -> pd.DataFrame:
    keys = rows["id_key"]
    concerned = np.concatenate([keys[changed].dropna().to_numpy(dtype=np.int64), pairs["one"], pairs["other"]])
    return rows[keys.isin(np.unique(concerned))].reset_index(drop=True)

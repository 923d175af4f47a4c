"""Questions about held rows whose number looks ruined by a spreadsheet and yet is whole: about one person in eleven hundred."""

from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from schemas.identity_cases import CaseKind
from schemas.idnumber_values import fault_of
from transforms.columns import texts, to_arrow
from transforms.identity.cases import Cases

__all__ = ["whole_number_cases"]


def whole_number_cases(statements: pd.DataFrame, asked: pd.Series, *, today: date) -> Cases:
    """A question for every damaged row that may be accepted as it stands and that nothing else is asked about.

    Args:
        statements: as ``candidates.find_pairs`` had them.
        asked: subjects of the questions there are.
        today: the business date.
    """
    numbers = to_arrow(statements["id_number"])
    looks_so = pc.and_(pc.equal(pc.utf8_length(numbers), 18), pc.ends_with(numbers, "000"))
    looks_so = pc.fill_null(looks_so, False).to_numpy(zero_copy_only=False)  # noqa: FBT003
    at = np.flatnonzero(looks_so & statements["is_held"].to_numpy(dtype=bool) & statements["id_key"].isna().to_numpy())
    whole = [fault_of(number, today=today) is None for number in numbers.take(pa.array(at)).to_pylist()]
    rows = statements.iloc[at[np.array(whole, dtype=bool)]]
    subject = "row:" + rows["source"].astype("str") + ":" + rows["row_hash"].astype("str")
    rows = rows.assign(subject=subject).drop_duplicates("subject")
    rows = rows[~rows["subject"].isin(asked)].reset_index(drop=True)
    nothing, count = texts([""] * len(rows)), len(rows)
    found = pd.DataFrame(
        {
            "subject": rows["subject"],
            "kind": texts([str(CaseKind.NUMBER_DAMAGED)] * count),
            # It rests on the row's cells alone, which the subject names.
            "evidence": rows["subject"],
            "reasons": nothing,
            "score": np.zeros(count),
        }
    )
    sides = pd.DataFrame(
        {
            "subject": rows["subject"],
            "side": np.ones(count, dtype=np.int64),
            "id_key": pd.array([pd.NA] * count, "Int64"),
            "row_id": rows["row_id"].astype("Int64"),
            "name": texts(pa.nulls(count, pa.large_string())),
        }
    )
    return Cases(found, sides)

"""Statements as candidates are sought among: a row is what it differs in from one woman in one village."""

from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from schemas.configuration import load_configuration
from schemas.idnumber import check_character, judge_column
from transforms.columns import hash_texts, iso_dates, join_texts, texts

RULES = load_configuration(Path(__file__).parents[4] / "config").identity
TODAY = date(2024, 6, 30)
FIELDS = (
    "source", "id_number", "name", "birth_date", "sex", "phone", "emergency_contact_phone", "household_division_code",
    "residence_division_code", "household_village", "residence_village", "household_address", "residence_address",
    "disability_certificate_number",
)  # fmt: skip
VILLAGE, SAME_TOWN, ELSEWHERE = "441403133201", "441403133200", "441403100000"

Row = Mapping[str, str | None]


def with_check(first17: str) -> str:
    return first17 + check_character(first17)


def number(born: date = date(1940, 5, 16), order: int = 122, region: str = "441421") -> str:
    return with_check(f"{region}{born:%Y%m%d}{order:03d}")


MEI = {
    "source": "village_survey", "id_number": number(), "name": "张玉梅", "sex": "female", "household_division_code": VILLAGE,
    "residence_division_code": VILLAGE, "household_village": "三葵村委会", "residence_village": "三葵村委会",
}  # fmt: skip


def statements(rows: Iterable[Row], numeric: Iterable[int] = ()) -> pd.DataFrame:
    """Rows in force; ``numeric`` are those whose number stood in a spreadsheet's numeric cell."""
    rows = [{**MEI, **row} for row in rows]
    columns = {field: texts([row.get(field) for row in rows]) for field in FIELDS}
    judged = judge_column(columns["id_number"], np.isin(np.arange(len(rows)), list(numeric)), today=TODAY)
    known = judged.key >= 0
    whole = judged.id_number.where(known, columns["id_number"])
    table = pd.DataFrame(columns).assign(id_number=texts(list(whole.astype(object).where(whole.notna(), None))))
    table["birth_date"] = iso_dates(judged.birth_date)
    table["id_key"] = pd.Series(np.where(known, judged.key, 0), dtype="Int64").mask(~known)
    table["is_held"] = ~known
    table["row_hash"] = hash_texts(join_texts([columns[field] for field in FIELDS]))
    table["row_id"] = np.arange(1, len(rows) + 1)
    return table


def everybody(table: pd.DataFrame) -> np.ndarray:
    return np.ones(len(table), dtype=bool)


def key(of: str) -> int:
    return int(judge_column(texts([of]), np.zeros(1, dtype=bool), today=TODAY).key[0])

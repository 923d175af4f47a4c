"""Typed rows of made-up elders, a few of which break each of the forty rules; written once as Parquet and as CSV."""

from pathlib import Path

import numpy as np
import pandas as pd

from bench.validation_rules import CATEGORIES, COLUMNS, RULES, check_characters

__all__ = ["write_rows"]

_SHARE = 0.001  # of the rows break each rule
_HAN = np.array([chr(0x4E00 + 37 * n) for n in range(400)])
_WRONG = {
    "filled": None, "form": "?", "one_of": "unknown", "at_most": 9_999_999, "not_after": "1970-01-01",
}  # fmt: skip


def write_rows(rows: int, to: Path) -> None:
    """Writes ``rows.parquet`` and ``rows.csv``; the same number of rows is the same rows."""
    random = np.random.default_rng(rows)
    table = _sound(rows, random)
    for rule in RULES:
        at = random.choice(rows, max(int(rows * _SHARE), 1), replace=False)
        _break(table, rule.kind, rule.column, at)
    table = table[list(COLUMNS)]
    table.to_parquet(to / "rows.parquet")
    table.to_csv(to / "rows.csv", index=False)


def _sound(rows: int, random: np.random.Generator) -> pd.DataFrame:
    born = np.datetime64("1925-01-01") + random.integers(0, 14_000, rows)
    day = pd.Series(born).dt.strftime("%Y-%m-%d").astype("str")
    serial = pd.Series(random.integers(0, 1000, rows)).astype("str").str.zfill(3)
    region = pd.Series(np.arange(rows) // 400 % 800_000 + 110_000).astype("str")  # keeps numbers apart
    first17 = region + day.str.replace("-", "") + serial
    number = first17 + check_characters(first17 + "0")
    is_male = number.str[16].astype("int64") % 2 == 1
    has_certificate = random.random(rows) < 0.4
    name = pd.Series(["".join(letters) for letters in _HAN[random.integers(0, 400, (rows, 3))]])
    kind, level = (random.integers(1, top, rows).astype(str) for top in (8, 5))
    issued = pd.Series(np.datetime64("2015-01-01") + random.integers(0, 3000, rows))

    def text(values: object) -> pd.Series:
        return pd.Series(values, dtype="str")

    def words(*choices: str) -> pd.Series:
        return text(np.array(choices)[random.integers(0, len(choices), rows)])

    def of_holders(values: pd.Series) -> pd.Series:
        return values.where(has_certificate)

    return pd.DataFrame({
        "name": text(name), "id_number": text(number), "sex": text(np.where(is_male, "male", "female")), "birth_date": day,
        "categories": words(*CATEGORIES, "living_alone|incapacitated", "empty_nest|severely_disabled"), "status": words("active", "active", "withdrawn"),
        "phone": text("139" + pd.Series(random.integers(10**7, 10**8, rows)).astype("str")),
        "emergency_contact_phone": text("0753-" + pd.Series(random.integers(10**6, 10**7, rows)).astype("str")),
        "household_division_code": text("4414210" + pd.Series(random.integers(10_000, 99_999, rows)).astype("str")),
        "residence_division_code": text("4414210" + pd.Series(random.integers(10_000, 99_999, rows)).astype("str")),
        "disability_certificate_number": of_holders(text(number + text(kind) + text(level))),
        "certificate_issued_date": of_holders(issued.dt.strftime("%Y-%m-%d").astype("str")),
        "certificate_expiry_date": of_holders((issued + np.timedelta64(3652, "D")).dt.strftime("%Y-%m-%d").astype("str")),
        "ability_assessed_date": words("2024-01-05", "2024-02-17", "2023-11-30", "2024-05-06"),
        "registered_date": words("2023-01-05", "2022-02-17", "2021-11-30", "2020-05-06"),
        "disability_category": of_holders(text(kind)), "disability_level": of_holders(text(level)),
        "certificate_status": of_holders(words("valid", "valid", "expired")), "ability_level": words(*"01234"),
        "family_planning_type": words("bereaved", "disabled_child"),
        **{name: words("yes", "no") for name in ("drinking_water_safe", "electricity_safe", "gas_safe", "housing_safe")},
        **{name: random.integers(0, 400_000, rows) for name in (
            "household_monthly_income_fen", "monthly_pension_fen", "monthly_subsidy_fen",
        )},
    })  # fmt: skip


def _break(table: pd.DataFrame, kind: str, column: str, at: "np.ndarray[tuple[int], np.dtype[np.int64]]") -> None:
    if kind in _WRONG:
        table.loc[at, column] = _WRONG[kind]
    elif kind == "unique":
        pairs = at[: len(at) // 2 * 2].reshape(-1, 2)
        table.loc[pairs[:, 0], column] = table[column].iloc[pairs[:, 1]].to_numpy()
    elif column == "sex":
        table.loc[at, column] = table.loc[at, column].map({"male": "female", "female": "male"})
    elif kind == "order":
        table.loc[at, column] = "2001-01-01"
    elif column == "id_number":
        table.loc[at, column] = table.loc[at, column].str[:17] + "0"
    elif column == "birth_date":
        table.loc[at, column] = "1930-01-01"
    else:
        table.loc[at, column] = "110101193001011234" + "41"

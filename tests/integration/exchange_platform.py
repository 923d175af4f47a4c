"""An exchange table for tests, made by our own statements in another body's database, and the platform's side of it."""

# ruff: noqa: S608 - statements are written here, with names and values of these tests only

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Literal

import pandas as pd
import sqlalchemy as sa
from foreign_databases import Database

from connectors.exchange_tables.ddl import create_table
from connectors.exchange_tables.exchange import ExchangeTables
from schemas.platform_profile import PlatformProfile

NOW = datetime(2026, 1, 31, 18, 0, 5, tzinfo=UTC)  # 02:00:05 in Beijing

COLUMNS: list[dict[str, Any]] = [
    {"header": "姓名", "field": "name", "required": True, "max_length": 50},
    {"header": "证件号码", "name": "sfzh", "field": "id_number", "required": True, "max_length": 18},
    {"header": "居住村(居)", "field": "residence_village", "max_length": 200},
    {"header": "家庭每月收入(元)", "field": "household_monthly_income_fen", "type": "amount", "max_length": 20},
    {"header": "帮扶措施 100%", "name": "MEASURES$", "field": "assistance_measures", "max_length": 5000},
]


def profile_of(**exchange: Any) -> PlatformProfile:
    """A profile whose table is ``share.推送表`` unless it is said otherwise."""
    section = {
        "url_secret": "exchange",
        "table": "share.推送表",
        "control": {"key": "推送键", "error_code": "CW_DM", **exchange.pop("control", {})},
        "statuses": {"working": ["3"]},
        "columns": {"居住村(居)": "居住村", "家庭每月收入(元)": "order"},
        **exchange,
    }
    return PlatformProfile.model_validate(
        {
            "name": "tried", "label": "试用", "version": "1", "effective_from": "2024-01-01", "is_example": False,
            "workbook": {"sheet": "a", "row_limit": 10, "file_name": "a"}, "exchange": section, "columns": COLUMNS,
        }
    )  # fmt: skip


def made_in(database: Database, profile: PlatformProfile) -> ExchangeTables:
    """The profile's table, made by what we tell the platform to run, with no more rights for our account than we ask for."""
    dialect: Literal["postgresql", "mysql"] = "postgresql" if database.kind == "postgresql" else "mysql"
    for statement in create_table(profile, dialect).split(";\n"):
        if statement:
            database.run(statement)
    database.run(f"GRANT SELECT, INSERT ON {table_of(database)} TO {database.account}")
    return ExchangeTables(profile, database.url)


def table_of(database: Database) -> str:
    return 'share."推送表"' if database.kind == "postgresql" else "share.`推送表`"


def quoted(database: Database, name: str) -> str:
    return f'"{name}"' if database.kind == "postgresql" else f"`{name}`"


def items_of(payloads: Sequence[Mapping[str, str]], sent_as: str = "new", revision: int = 1) -> pd.DataFrame:
    """Changes of people 1, 2, 3 … with a key of 64 characters each."""
    people = range(1, len(payloads) + 1)
    return pd.DataFrame(
        {
            "key": [f"{person:056x}{revision:08x}" for person in people],
            "person_id": list(people),
            "revision": revision,
            "sent_as": sent_as,
            "fields": [json.dumps(payload, ensure_ascii=False, separators=(",", ":")) for payload in payloads],
        }
    )


def payload_of(number: int, **changed: str) -> dict[str, str]:
    return {
        "姓名": f"测试{number}", "sfzh": "", "居住村(居)": "扶大镇三葵村", "家庭每月收入(元)": f"{number}.50", "MEASURES$": "",
    } | changed  # fmt: skip


def rows_in(database: Database) -> list[dict[str, Any]]:
    """Everything in the table, in the order of people and revisions."""
    query = (
        f"SELECT * FROM {table_of(database)} ORDER BY {quoted(database, 'PERSON_ID')}, {quoted(database, 'REVISION')}"
    )
    with database.admin.connect() as connection:
        return [dict(row._mapping) for row in connection.exec_driver_sql(query)]


def platform_takes(database: Database, failures: Mapping[str, tuple[str, str]] | None = None) -> int:
    """The platform's side: works through the waiting rows, oldest revision first, and says what became of each.

    Args:
        failures: error code and words of the keys it does not take.
    """
    failures = failures or {}
    names = ("推送键", "PERSON_ID", "REVISION", "STATUS", "ERROR_TEXT", "CW_DM", "RECEIPT")
    key, person, revision, status, error, code, receipt = (quoted(database, name) for name in names)
    waiting = f"SELECT {key} FROM {table_of(database)} WHERE {status} = '0' ORDER BY {person}, {revision}"
    answer = sa.text(f"UPDATE {table_of(database)} SET {status} = :status, {error} = :words, {code} = :code, "
                     f"{receipt} = :receipt WHERE {key} = :key")  # fmt: skip
    with database.admin.connect() as connection:
        keys = list(connection.exec_driver_sql(waiting).scalars())
        for number, each in enumerate(keys, 1):
            said = failures.get(each)
            answered = {"status": "2", "code": said[0], "words": said[1], "receipt": None} if said else {
                "status": "1", "code": None, "words": None, "receipt": f"HZ{number:06}"}  # fmt: skip
            connection.execute(answer, {"key": each, **answered})
    return len(keys)

"""Questions about who is who put into a bureau's registry by hand, as a night would, and decisions given by command."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa
from nights import Bureau, command, fresh_database

from flows.context import Home, open_registry
from registry.cases import renew
from registry.decision_links import links_in_force
from registry.engine import transaction
from schemas.configuration import load_configuration
from schemas.identity_decisions import Links, key_of_number

BY = ("--by", "李核", "--reason", "已调阅户籍档案")


def answer(bureau: Bureau, capsys: pytest.CaptureFixture[str], *words: str | int, expect: int = 0) -> dict[str, Any]:
    capsys.readouterr()
    code = command(bureau, *words, "--json")
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert code == expect, found
    return found


@contextmanager
def registry(bureau: Bureau) -> Iterator[sa.Connection]:
    configuration = load_configuration(bureau.config)
    with (
        bureau.environment(),
        open_registry(Home(bureau.home.resolve()), configuration) as engine,
        transaction(engine) as connection,
    ):
        yield connection


def put_aside(bureau: Bureau) -> None:
    """Forgets what the night itself asked: these tests ask their own questions."""
    with registry(bureau) as connection:
        connection.execute(sa.text("TRUNCATE identity_case, case_side"))


@contextmanager
def evening_after(first_night: Callable[[Bureau], None], server: sa.Engine, folder: Path) -> Iterator[Bureau]:
    """A bureau after its first night, to be copied for each test."""
    with fresh_database(server) as url:
        bureau = Bureau(folder / "home", url)
        first_night(bureau)
        yield bureau


Side = dict[str, Any]
Question = tuple[str, str, str, Sequence[Side]]


def pair(one: str, other: str, evidence: str = "e1") -> Question:
    """That two numbers may be one person's."""
    first, second = sorted((key_of_number(one), key_of_number(other)))
    sides = [{"id_key": first}, {"id_key": second}]
    return f"pair:{first}:{second}", "same-person-different-number", digest(evidence), sides


def shared(number: str, names: Sequence[str], evidence: str = "e1") -> Question:
    """That one number may be of several people."""
    key = key_of_number(number)
    return f"number:{key}", "same-number-different-person", digest(evidence), [
        {"id_key": key, "name": name} for name in names
    ]  # fmt: skip


def damaged(bureau: Bureau, source: str, row_number: int, candidates: Sequence[str], evidence: str = "e1") -> Question:
    """That a row without a usable number may be somebody's."""
    [row] = bureau.query(
        "SELECT row_id, row_hash FROM source_row WHERE source = :source AND row_number = :row AND to_run IS NULL",
        source=source, row=row_number,
    )  # fmt: skip
    sides: list[Side] = [{"row_id": row["row_id"]}, *({"id_key": key_of_number(number)} for number in candidates)]
    return f"row:{source}:{row['row_hash']}", "number-damaged", digest(evidence), sides


def digest(evidence: str) -> str:
    return evidence.encode().hex().ljust(64, "0")


def ask(
    bureau: Bureau, run_id: int, *questions: Question, looked_at: Sequence[str] = (), rows: Sequence[str] = ()
) -> dict[str, int]:
    """A night that finds exactly these questions, having looked at everybody in them and some others."""
    found = pd.DataFrame(
        [(subject, kind, evidence, "same_name|first_15", 0.8) for subject, kind, evidence, _ in questions],
        columns=["subject", "kind", "evidence", "reasons", "score"],
    )
    lines = [
        {"subject": subject, "side": number, "id_key": None, "row_id": None, "name": None} | side
        for subject, _, _, sides in questions
        for number, side in enumerate(sides, 1)
    ]
    kinds = {"subject": "str", "side": "Int64", "id_key": "Int64", "row_id": "Int64", "name": "str"}
    sides = pd.DataFrame({name: pd.array([line[name] for line in lines], dtype=kind) for name, kind in kinds.items()})
    keys = [*sides["id_key"].dropna().tolist(), *map(key_of_number, looked_at)]
    with registry(bureau) as connection:
        return renew(connection, run_id, np.array(keys, dtype=np.int64), rows, found, sides)


def links(bureau: Bureau) -> Links:
    with registry(bureau) as connection:
        return links_in_force(connection)


def as_sets(found: Links) -> dict[str, set[tuple[Any, ...]]]:
    """Links without their order."""
    return {name: set(table.itertuples(index=False, name=None)) for name, table in found._asdict().items()}


def cases(bureau: Bureau) -> list[dict[str, Any]]:
    return bureau.query("SELECT * FROM identity_case ORDER BY case_id")

"""Increments of other bodies' databases: over many nights every change is delivered once, whenever it was committed."""

# ruff: noqa: S608 - statements are written here, with names and values of these tests only

import random
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from foreign_databases import NOW, AfterStatement, Database, lines_of, pull

from schemas.errors import SourceRefusesUs, SourceUnavailable

pytest_plugins = ["database_fixtures"]

PULLED = datetime(2026, 2, 1, 2, 0)  # noqa: DTZ001 - NOW on Beijing's wall clock, as databases there keep it


def stamp_of(database: Database, minutes: float) -> str:
    """The time so many minutes before the pull."""
    return f"'{PULLED - timedelta(minutes=minutes):%Y-%m-%d %H:%M:%S.%f}'"


def changing_view(database: Database, stamp: str = "timestamp(6)") -> None:
    null = " NULL" if database.kind == "mariadb" else ""
    database.run(
        f"CREATE TABLE share.elders (id int, version int, changed {stamp}{null})",
        "CREATE VIEW share.v_elders AS SELECT * FROM share.elders",
    )


def next_pull(
    database: Database, received: Path, position: dict[str, object], **keys: Any
) -> tuple[list[str], dict[str, object]]:
    """Ids and versions of the rows the next pull delivers, and where the one after goes on."""
    fetched = pull(database, received, position, mode="cursor", cursor_column="changed", **keys)
    records = lines_of(fetched)[1:] if fetched.deliveries else []
    assert len(records) == fetched.position["rows"]
    return sorted(":".join(record.split(",")[:2]) for record in records), fetched.position


def test_a_night_without_changes_delivers_nothing(database: Database, received: Path) -> None:
    changing_view(database)
    rows = ", ".join(f"({number}, 1, {stamp_of(database, 600 - number)})" for number in range(500))
    database.run(f"INSERT INTO share.elders VALUES {rows}")
    first, position = next_pull(database, received, {}, chunk_rows=100)
    assert len(first) == 500
    second, after = next_pull(database, received, position, chunk_rows=100)
    assert second == []
    assert {**after, "rows": 500} == position


def test_rows_with_the_newest_stamp_are_neither_lost_nor_delivered_twice(database: Database, received: Path) -> None:
    changing_view(database)
    newest = stamp_of(database, 100)
    database.run(f"INSERT INTO share.elders VALUES (1, 1, {newest}), (2, 1, {newest})")
    first, position = next_pull(database, received, {}, lag_minutes=0)
    database.run(f"INSERT INTO share.elders VALUES (3, 1, {newest}), (4, 1, {stamp_of(database, 99)})")
    second, position = next_pull(database, received, position, lag_minutes=0)
    database.run(f"INSERT INTO share.elders VALUES (5, 1, {stamp_of(database, 99)})")
    third, _ = next_pull(database, received, position, lag_minutes=0)
    assert (first, second, third) == (["1:1", "2:1"], ["3:1", "4:1"], ["5:1"])


def test_what_is_committed_late_is_delivered_once_while_the_lag_lasts(database: Database, received: Path) -> None:
    changing_view(database)
    late = sa.create_engine(database.admin.url)
    with late.connect() as first, late.connect() as second:
        first.exec_driver_sql(f"INSERT INTO share.elders VALUES (1, 1, {stamp_of(database, 50)})")
        second.exec_driver_sql(f"INSERT INTO share.elders VALUES (2, 1, {stamp_of(database, 45)})")
        database.run(f"INSERT INTO share.elders VALUES (3, 1, {stamp_of(database, 1)})")
        pulled, position = next_pull(database, received, {})
        first.commit()
        afterwards, position = next_pull(database, received, position)
        second.commit()
        last, position = next_pull(database, received, position)
    late.dispose()
    nothing, _ = next_pull(database, received, position)
    assert (pulled, afterwards, last, nothing) == (["3:1"], ["1:1"], ["2:1"], [])


@pytest.mark.parametrize("seed", range(2))
def test_every_version_that_a_night_could_see_is_delivered_exactly_once(
    database: Database, received: Path, seed: int
) -> None:
    # Stamps are whole tens of minutes, so most are shared; commits follow up to an hour later.
    changing_view(database)
    chance = random.Random(seed)  # noqa: S311 - a schedule, no secret
    coming = sorted(
        (minute + chance.randrange(60), minute, number % 60, number)
        for number, minute in enumerate(sorted(chance.randrange(0, 2000, 10) for _ in range(200)))
    )
    delivered: Counter[str] = Counter()
    expected: Counter[str] = Counter()
    visible: dict[int, int] = {}
    position: dict[str, object] = {}
    start = PULLED - timedelta(minutes=2200)
    for minute in range(50, 2150, 50):
        while coming and coming[0][0] <= minute:
            _, stamp, person, version = coming.pop(0)
            if visible.get(person, -1) < version:
                visible[person] = version
                at = f"'{start + timedelta(minutes=stamp)}'"
                database.run(
                    f"DELETE FROM share.elders WHERE id = {person}",
                    f"INSERT INTO share.elders VALUES ({person}, {version}, {at})",
                )
        expected |= Counter(f"{person}:{version}" for person, version in visible.items())
        pulled, position = next_pull(database, received, position, chunk_rows=100)
        delivered.update(pulled)
    assert not coming
    assert delivered == expected


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        pytest.param("date", ["'2026-01-01'", "'2026-01-02'", "'2026-01-02'", "'2026-01-30'"], id="day"),
        pytest.param("bigint", ["1", "20", "20", "9007199254740993"], id="number"),
        pytest.param("decimal(20, 2)", ["1.5", "2", "2.00", "10.25"], id="decimal"),
        pytest.param("varchar(20)", ["'20260101'", "'20260102'", "'20260102'", "'20260130'"], id="text"),
    ],
)
def test_stamps_may_be_days_numbers_or_texts(database: Database, received: Path, kind: str, values: list[str]) -> None:
    changing_view(database, kind)
    lag = 60 if kind == "date" else 0
    position: dict[str, object] = {}
    pulled = []
    for number, value in enumerate(values):
        database.run(f"INSERT INTO share.elders VALUES ({number}, 1, {value})")
        rows, position = next_pull(database, received, position, lag_minutes=lag)
        pulled.append(rows)
    nothing, _ = next_pull(database, received, position, lag_minutes=lag)
    assert pulled == [["0:1"], ["1:1"], ["2:1"], ["3:1"]]
    assert nothing == []


def test_instants_with_a_zone_are_stamps_too(at_postgresql: Database, received: Path) -> None:
    changing_view(at_postgresql, "timestamptz")
    at_postgresql.run("INSERT INTO share.elders VALUES (1, 1, '2026-01-31 17:00Z')")
    first, position = next_pull(at_postgresql, received, {})
    at_postgresql.run("INSERT INTO share.elders VALUES (2, 1, '2026-01-31 16:30Z'), (3, 1, '2026-01-31 15:00Z')")
    second, _ = next_pull(at_postgresql, received, position)
    assert (first, second) == (["1:1"], ["2:1"])  # the third came later than the lag allows


def test_a_number_has_no_minutes_to_begin_earlier_by(database: Database, received: Path) -> None:
    changing_view(database, "bigint")
    database.run("INSERT INTO share.elders VALUES (1, 1, 5)")
    with pytest.raises(SourceRefusesUs, match="cursor_column changed is no time, so lag_minutes must be 0"):
        next_pull(database, received, {})


def test_a_stamp_from_the_future_does_not_hide_what_comes_before_it(database: Database, received: Path) -> None:
    changing_view(database)
    database.run(f"INSERT INTO share.elders VALUES (1, 1, {stamp_of(database, 30)}), (2, 1, '2037-01-01')")
    first, position = next_pull(database, received, {})
    database.run(f"INSERT INTO share.elders VALUES (3, 1, {stamp_of(database, -30)})")
    second, position = next_pull(database, received, position, now=NOW + timedelta(hours=1))
    third, _ = next_pull(database, received, position, now=NOW + timedelta(hours=2))
    assert (first, second, third) == (["1:1", "2:1"], ["3:1"], [])


def test_a_row_without_a_stamp_is_delivered_when_it_comes_and_when_it_changes(
    database: Database, received: Path
) -> None:
    changing_view(database)
    database.run("INSERT INTO share.elders VALUES (1, 1, NULL)")
    first, position = next_pull(database, received, {})
    database.run(f"INSERT INTO share.elders VALUES (2, 1, {stamp_of(database, 300)})")
    also, position = next_pull(database, received, position)
    database.run(f"INSERT INTO share.elders VALUES (3, 1, {stamp_of(database, 10)})")
    second, position = next_pull(database, received, position)
    database.run("UPDATE share.elders SET version = 2 WHERE id = 1")
    third, _ = next_pull(database, received, position)
    assert (first, also, second, third) == (["1:1"], ["2:1"], ["3:1"], ["1:2"])


def test_too_many_rows_to_remember_are_delivered_again_rather_than_lost(database: Database, received: Path) -> None:
    series = {
        "postgresql": "generate_series(1, 6000) AS n",
        "mariadb": "(SELECT seq AS n FROM share.seq_1_to_6000) AS t",
    }
    newest = stamp_of(database, 10)
    database.run(
        f"CREATE VIEW share.v_elders AS SELECT n AS id, 1 AS version, cast({newest} AS {cast(database)}) AS changed"
        f" FROM {series[database.kind]}"
    )
    first, position = next_pull(database, received, {})
    second, _ = next_pull(database, received, position)
    assert len(first) == len(second) == 6000
    assert position["seen"] == ""


def cast(database: Database) -> str:
    return {"postgresql": "timestamp", "mariadb": "datetime(6)"}[database.kind]


def test_the_stamp_need_not_be_part_of_the_list(database: Database, received: Path) -> None:
    changing_view(database)
    database.run(f"INSERT INTO share.elders VALUES (1, 1, {stamp_of(database, 10)})")
    keys: dict[str, Any] = {"mode": "cursor", "cursor_column": "changed", "columns": ["version", "id"]}
    first = pull(database, received, **keys)
    assert lines_of(first) == ["version,id", "1,1"]
    # The same content under a newer stamp is a statement made again.
    database.run(f"UPDATE share.elders SET changed = {stamp_of(database, 5)}")
    assert lines_of(pull(database, received, first.position, **keys)) == ["version,id", "1,1"]


def test_other_columns_begin_anew(database: Database, received: Path) -> None:
    changing_view(database)
    database.run(f"INSERT INTO share.elders VALUES (1, 1, {stamp_of(database, 5000)}), (2, 1, {stamp_of(database, 1)})")
    _, position = next_pull(database, received, {})
    database.run(
        "DROP VIEW share.v_elders",
        "CREATE VIEW share.v_elders AS SELECT id, version, changed, 'x' AS 姓名 FROM share.elders",
    )
    again, _ = next_pull(database, received, position)
    assert again == ["1:1", "2:1"]


def test_another_database_begins_anew(at_mariadb: Database, received: Path) -> None:
    changing_view(at_mariadb)
    at_mariadb.run(f"INSERT INTO share.elders VALUES (1, 1, {stamp_of(at_mariadb, 5000)})")
    _, position = next_pull(at_mariadb, received, {})
    assert next_pull(at_mariadb, received, position)[0] == []
    other = replace(
        at_mariadb, url=sa.make_url(at_mariadb.url).set(database="share").render_as_string(hide_password=False)
    )
    assert next_pull(other, received, position)[0] == ["1:1"]


def test_a_pull_that_breaks_is_repeated_from_where_it_began(
    database: Database, received: Path, after_statement: AfterStatement
) -> None:
    changing_view(database)
    database.run(f"INSERT INTO share.elders VALUES (1, 1, {stamp_of(database, 20)})")
    _, position = next_pull(database, received, {})
    database.run(f"INSERT INTO share.elders VALUES (2, 1, {stamp_of(database, 10)})")
    after_statement("WHERE false", lambda: database.our_sessions("connection"))
    with pytest.raises(SourceUnavailable):
        next_pull(database, received, dict(position))
    assert next_pull(database, received, position)[0] == ["2:1"]

"""Whole tables in and out of a real PostgreSQL: nothing changes on the way, and what cannot travel is said."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pandas as pd
import pyarrow as pa
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from registry.bulk import copy_in, copy_out, load_temp
from registry.engine import transaction
from schemas.errors import ContractBroken, StageFailed

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
ODD = [
    "",
    " ",
    "NULL",
    "\\N",
    "\\.",
    '"',
    '""',
    ",",
    "\n",
    "\r\n",
    "\\",
    "\ufeff张",
    "t",
    "null",
    "\\x41",
    "{a}",
    "'",
    "%s",
    "𠮷",
]


def copied(engine: sa.Engine, rows: pa.Table) -> pa.Table:
    """The rows after a journey into a table and out again, in their order."""
    numbered = rows.append_column("row_order", pa.array(range(rows.num_rows), pa.int64()))
    with transaction(engine) as connection:
        table = load_temp(connection, "journey", numbered)
        found = sa.select(*(table.c[name] for name in rows.column_names)).order_by(table.c.row_order)
        return copy_out(connection, found, rows.schema)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example([None]).via("an only empty line")
@example(["\ufeff"]).via("a byte order mark first of all")
@example([""])
@example([])
@example(ODD)
@given(st.lists(st.none() | TEXT, max_size=30))
def test_text_arrives_as_it_was_whatever_it_holds(empty_engine: sa.Engine, values: list[str | None]) -> None:
    alone = pa.table({"value": pa.array(values, pa.string())})
    beside = pa.table({"left": pa.array(values, pa.string()), "right": pa.array(values[::-1], pa.string())})
    assert copied(empty_engine, alone).equals(alone)
    assert copied(empty_engine, beside).equals(beside)


def test_each_type_arrives_as_it_was(empty_engine: sa.Engine) -> None:
    rows = pa.table(
        {
            "truth": pa.array([True, False, None]),
            "whole": pa.array([2**63 - 1, -(2**63), None]),
            "small": pa.array([1, -1, None], pa.int16()),
            "double": pa.array([0.1, float("-inf"), None]),
            "money": pa.array([Decimal("1234567890123456.78"), Decimal("-0.01"), None], pa.decimal128(18, 2)),
            "day": pa.array([date(1949, 10, 1), date(9999, 12, 31), None]),
            "instant": pa.array(
                [datetime(2026, 2, 28, 18, 0, 0, 1, tzinfo=UTC), datetime(1970, 1, 1, tzinfo=UTC), None],
                pa.timestamp("us", "UTC"),
            ),
            "local": pa.array(["2026-02-28 18:00:00.000001", "1899-12-31 23:59:59", None]).cast(pa.timestamp("us")),
            "hash": pa.array([b"\x00\xff\\", b"", None], pa.large_binary()),
            "digest": pa.array([bytes(range(32)), bytes(32), None], pa.binary(32)),
            "code": pa.array(["male", "female", None]).dictionary_encode(),
            "nothing": pa.array(["a", "b", "c"], pa.large_string()),
        }
    )
    assert copied(empty_engine, rows).equals(rows)


def test_a_slice_of_a_table_arrives_as_the_slice(empty_engine: sa.Engine) -> None:
    whole = pa.table(
        {"hash": [b"a", b"bc", None, b"def"], "tags": [["a"], ["b"], None, ["c", "d"]], "name": ["a", "", None, "d"]}
    )
    part = pa.concat_tables([whole.slice(1, 2), whole.slice(3)])
    with transaction(empty_engine) as connection:
        table = load_temp(connection, "part", part)
        found = connection.execute(sa.select(table).order_by(table.c.hash)).all()
    assert [tuple(row) for row in found] == [(b"bc", ["b"], ""), (b"def", ["c", "d"], "d"), (None, None, None)]


def test_lists_become_arrays(empty_engine: sa.Engine) -> None:
    lists = {"tags": [["独居", 'a"b\\c', "", "NULL", None, "{,}"], [], None], "numbers": [[1, -2], [None], []]}
    with transaction(empty_engine) as connection:
        table = load_temp(connection, "lists", pa.table(lists))
        found = connection.execute(sa.select(table.c.tags, table.c.numbers)).all()
    assert [list(column) for column in zip(*found, strict=True)] == list(lists.values())


def test_frames_of_pandas_are_loaded_too(empty_engine: sa.Engine) -> None:
    frame = pd.DataFrame({"name": ["张三", None, ""], "age": pd.array([61, None, 99], dtype="Int64")}, index=[7, 8, 9])
    with transaction(empty_engine) as connection:
        table = load_temp(connection, "frame", frame)
        assert [tuple(row) for row in connection.execute(sa.select(table))] == [("张三", 61), (None, None), ("", 99)]


def test_a_load_belongs_to_the_transaction_around_it(empty_engine: sa.Engine) -> None:
    with transaction(empty_engine) as connection:
        connection.exec_driver_sql("CREATE TABLE elder (name text PRIMARY KEY)")
    with transaction(empty_engine) as connection, connection.begin_nested() as half_way:
        assert copy_in(connection, "elder", pa.table({"name": ["张三", "李四"]})) == 2
        half_way.rollback()
    with transaction(empty_engine) as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM elder")) == 0


def test_columns_are_matched_by_name_and_names_are_quoted(empty_engine: sa.Engine) -> None:
    with transaction(empty_engine) as connection:
        connection.exec_driver_sql(
            'CREATE SCHEMA "Odd one"; CREATE TABLE "Odd one"."order" (id serial, "Name" text, "or""der" text)'
        )
        table = sa.table("order", sa.column("Name"), sa.column('or"der'), schema="Odd one")
        copy_in(connection, table, pa.table({'or"der': ["b"], "Name": ["a"]}))
        assert connection.execute(sa.select(table)).one() == ("a", "b")


def test_bound_values_are_quoted_in_what_is_read(empty_engine: sa.Engine) -> None:
    name = sa.column("name", sa.Text)
    names = sa.values(name, name="names").data([("O'Neil 100%",), ("\\back",), ("other",)])
    asked = (
        sa.select(name, sa.literal(date(2026, 2, 1)), name.like("%N%"))
        .where(name.in_(["O'Neil 100%", "\\back"]))
        .select_from(names)
    )
    schema = pa.schema({"name": pa.string(), "day": pa.date32(), "has_n": pa.bool_()})
    with transaction(empty_engine) as connection:
        found = copy_out(connection, asked, schema)
        text = copy_out(
            connection,
            sa.text("SELECT :name, '%'").bindparams(name="a'b"),
            pa.schema({"a": pa.string(), "b": pa.string()}),
        )
        plain = copy_out(connection, "SELECT '%s', 1", pa.schema({"a": pa.string(), "b": pa.int64()}))
    assert found["name"].to_pylist() == ["O'Neil 100%", "\\back"]
    assert found["day"].to_pylist() == [date(2026, 2, 1)] * 2
    assert found["has_n"].to_pylist() == [True, False]
    assert text.to_pylist() == [{"a": "a'b", "b": "%"}]
    assert plain.to_pylist() == [{"a": "%s", "b": 1}]


def test_a_temporary_table_has_a_key_if_wanted_and_goes_with_its_transaction(empty_engine: sa.Engine) -> None:
    rows = pa.table({"person_id": [1, 2], "name": ["张三", "李四"]})
    with transaction(empty_engine) as connection:
        load_temp(connection, "wanted", rows, key=["person_id"])
        assert connection.scalar(sa.text("SELECT count(*) FROM pg_index WHERE indrelid = 'wanted'::regclass")) == 1
    with transaction(empty_engine) as connection:
        assert connection.scalar(sa.text("SELECT to_regclass('wanted')")) is None
        load_temp(connection, "wanted", rows)


def test_a_refused_row_is_told_by_its_place_never_by_its_content(empty_engine: sa.Engine) -> None:
    with transaction(empty_engine) as connection:
        connection.exec_driver_sql("CREATE TABLE elder (name text CONSTRAINT one_per_name PRIMARY KEY, age integer)")
    for rows in ({"name": ["张三canary"] * 2}, {"name": ["x"], "age": ["canary"]}, {"name": ["canary\0"]}):
        with pytest.raises(StageFailed) as refused, transaction(empty_engine) as connection:
            copy_in(connection, "elder", pa.table(rows))
        assert "canary" not in f"{refused.value!r}"
        assert refused.value.__suppress_context__
    with (
        pytest.raises(StageFailed, match=r"SQLSTATE 23505, table elder, constraint one_per_name"),
        transaction(empty_engine) as connection,
    ):
        copy_in(connection, "elder", pa.table({"name": ["张三", "张三"]}))


@pytest.mark.parametrize(
    "rows",
    [{"a": [{"b": 1}]}, {"a": pa.array([1], pa.duration("s"))}, {"a": [[[1]]]}],
    ids=["struct", "duration", "nested list"],
)
def test_what_has_no_counterpart_is_refused_by_column(empty_engine: sa.Engine, rows: dict[str, object]) -> None:
    with transaction(empty_engine) as connection:
        connection.exec_driver_sql("CREATE TABLE anything (a text)")
        with pytest.raises(ContractBroken, match="column a"):
            copy_in(connection, "anything", pa.table(rows))


def test_an_answer_that_does_not_fit_is_told_without_its_content(empty_engine: sa.Engine) -> None:
    for query, schema in (("SELECT 'canary'", {"a": pa.int64()}), ("SELECT 'canary', 2", {"a": pa.string()})):
        with transaction(empty_engine) as connection, pytest.raises(ContractBroken) as broken:
            copy_out(connection, query, pa.schema(schema))
        assert "canary" not in f"{broken.value!r}"
    with transaction(empty_engine) as connection, pytest.raises(ContractBroken, match="select it as text"):
        copy_out(connection, "SELECT ARRAY[1]", pa.schema({"a": pa.list_(pa.int64())}))

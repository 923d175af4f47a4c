"""Changes laid in an exchange table and read back, in a real PostgreSQL and a real MariaDB."""

# ruff: noqa: S608 - statements are written here, with names and values of these tests only

import os
import signal
from typing import Any

import pandas as pd
import pytest
import requests.certs
import sqlalchemy as sa
from exchange_platform import (
    NOW,
    items_of,
    made_in,
    payload_of,
    platform_takes,
    profile_of,
    quoted,
    rows_in,
    table_of,
)  # fmt: skip
from foreign_databases import AfterStatement, Database
from mariadb_server import Mariadb

from connectors.exchange_tables.exchange import ExchangeTables
from schemas.errors import ConfigurationInvalid, ContractBroken, DatabaseUnavailable, PushFailed
from schemas.push import ItemOutcome, PushState

pytest_plugins = ["database_fixtures"]

HOSTILE = "'; DROP TABLE share.推送表; -- \" ` \\ \\' %s %(a)s :a {x} \t"


@pytest.fixture
def exchange(database: Database) -> ExchangeTables:
    return made_in(database, profile_of())


# Written and read back


def test_what_is_written_is_what_was_said_to_the_last_character(database: Database, exchange: ExchangeTables) -> None:
    payloads = [
        payload_of(1, 姓名="𠮷野𬱖", sfzh="44142119450312003X"),
        payload_of(2, **{"MEASURES$": HOSTILE}),
        payload_of(3, **{"MEASURES$": "𠮷" * 5000, "居住村(居)": " 一\n二 "}),
    ]
    assert exchange.write(items_of(payloads), "7-a-1", NOW) == (3, [])
    first, second, third = rows_in(database)
    control = ["推送键", "OP_FLAG", "BATCH_NO", "PERSON_ID", "REVISION", "STATUS", "ERROR_TEXT", "CW_DM", "RECEIPT"]
    assert [first[name] for name in control] == [f"{1:056x}{1:08x}", "I", "7-a-1", 1, 1, "0", None, None, None]
    assert str(first["CREATED_AT"]) == "2026-02-01 02:00:05"
    people = ["姓名", "sfzh", "居住村", "order", "MEASURES$"]
    assert [first[name] for name in people] == ["𠮷野𬱖", "44142119450312003X", "扶大镇三葵村", "1.50", None]
    assert second["MEASURES$"] == HOSTILE
    assert (third["居住村"], third["MEASURES$"]) == (" 一\n二 ", "𠮷" * 5000)
    platform_takes(database)
    (page,) = exchange.records()
    assert page.fields.to_dict("records") == payloads


def test_the_same_batch_twice_writes_nothing_the_second_time(database: Database, exchange: ExchangeTables) -> None:
    items = items_of([payload_of(number) for number in range(1, 1601)])
    assert exchange.write(items.head(300), "first", NOW).rows == 300
    platform_takes(database)
    before = rows_in(database)
    assert exchange.write(items, "second", NOW) == (1300, [])
    assert exchange.write(items, "third", NOW) == (0, [])
    after = rows_in(database)
    assert after[:300] == before
    assert {row["BATCH_NO"] for row in after} == {"first", "second"}
    assert exchange.present([*items["key"], "another"]) == set(items["key"])


def test_nothing_to_write_and_nobody_to_ask_about_need_no_row(exchange: ExchangeTables) -> None:
    assert exchange.write(items_of([]), "b", NOW) == (0, [])
    assert exchange.poll([]) == []
    assert exchange.present([]) == set()
    assert list(exchange.records()) == []


def test_each_status_says_what_became_of_a_change(database: Database, exchange: ExchangeTables) -> None:
    items = items_of([payload_of(number) for number in range(1, 7)])
    exchange.write(items, "b", NOW)
    taken, failed, working, strange, blank, waiting = items["key"]
    status, key, error = (quoted(database, name) for name in ("STATUS", "推送键", "ERROR_TEXT"))
    later = f"UPDATE {table_of(database)} SET {status} = '9' WHERE {key} IN ('{working}', '{strange}', '{blank}', '{waiting}')"
    database.run(later)
    assert platform_takes(database, {failed: ("E-07", f" 身份证号码{HOSTILE}")}) == 2
    for each, word in ((working, "3"), (strange, "XX"), (blank, ""), (waiting, "0")):
        database.run(f"UPDATE {table_of(database)} SET {status} = '{word}', {error} = '?' WHERE {key} = '{each}'")
    never = "0" * 64
    assert exchange.poll([never, *reversed(items["key"])]) == [
        ItemOutcome(never, PushState.PENDING),
        ItemOutcome(waiting, PushState.PROCESSING),
        ItemOutcome(blank, PushState.HELD, "status-unknown", "?"),
        ItemOutcome(strange, PushState.HELD, "status-unknown", "?"),
        ItemOutcome(working, PushState.PROCESSING),
        ItemOutcome(failed, PushState.REJECTED, "E-07", f"身份证号码{HOSTILE}".strip()),
        ItemOutcome(taken, PushState.ACCEPTED, receipt="HZ000001"),
    ]


def test_a_row_that_was_there_and_is_gone_is_held_for_a_person(database: Database, exchange: ExchangeTables) -> None:
    items = items_of([payload_of(1), payload_of(2)])
    exchange.write(items, "b", NOW)
    gone, stays = items["key"]
    database.run(f"DELETE FROM {table_of(database)} WHERE {quoted(database, '推送键')} = '{gone}'")
    assert exchange.poll([gone, stays], are_written=True) == [
        ItemOutcome(gone, PushState.HELD, "row-gone"),
        ItemOutcome(stays, PushState.PROCESSING),
    ]


def test_the_words_and_columns_of_another_platform_are_a_matter_of_configuration(database: Database) -> None:
    profile = profile_of(
        control={"error_code": "", "receipt": "", "status": "状态"},
        operations={"new": "新增", "changed": "修改", "withdrawn": "删除"},
        statuses={"waiting": "未处理", "taken": ["成功", "已处理"], "failed": ["失败"]},
    )
    exchange = made_in(database, profile)
    items = items_of([payload_of(1), payload_of(2)], sent_as="withdrawn")
    exchange.write(items, "b", NOW)
    assert [(row["OP_FLAG"], row["状态"]) for row in rows_in(database)] == [("删除", "未处理")] * 2
    database.run(f"UPDATE {table_of(database)} SET {quoted(database, '状态')} = '已处理'")
    assert exchange.poll([items["key"][0]]) == [ItemOutcome(items["key"][0], PushState.ACCEPTED)]
    (page,) = exchange.records()
    assert list(page.rows["sent_as"]) == ["withdrawn"] * 2
    assert page.rows["receipt"].isna().all()
    assert exchange.check() == []


def test_control_columns_may_be_of_other_types(database: Database) -> None:
    profile = profile_of()
    exchange = made_in(database, profile)
    table = table_of(database)
    changes = ("STATUS", "smallint"), ("推送键", "char(70)"), ("PERSON_ID", "varchar(20)"), ("REVISION", "varchar(20)")
    for name, kind in changes:
        column = quoted(database, name)
        database.run(
            f"ALTER TABLE {table} ALTER COLUMN {column} TYPE {kind} USING {column}::text::{kind}"
            if database.kind == "postgresql"
            else f"ALTER TABLE {table} MODIFY {column} {kind} NOT NULL"
        )
    for revision in (9, 10):
        exchange.write(items_of([payload_of(revision)], revision=revision), "b", NOW)
        assert exchange.write(items_of([payload_of(revision)], revision=revision), "b", NOW).rows == 0
    database.run(f"UPDATE {table} SET {quoted(database, 'STATUS')} = 1")
    key = items_of([payload_of(1)], revision=10)["key"][0]
    assert exchange.poll([key]) == [ItemOutcome(key, PushState.ACCEPTED)]
    (page,) = exchange.records()
    assert page.rows[["key", "person_id", "revision"]].to_numpy().tolist() == [[key, 1, 10]]


def test_columns_of_the_person_may_be_of_other_types_too(database: Database, exchange: ExchangeTables) -> None:
    amount, table = quoted(database, "order"), table_of(database)
    kinds = {"postgresql": "ALTER COLUMN {0} TYPE {1} USING NULL", "mariadb": "MODIFY {0} {1}"}
    database.run(f"ALTER TABLE {table} {kinds[database.kind].format(amount, 'numeric(12, 2)')}")
    payloads = [payload_of(1), payload_of(2, **{"家庭每月收入(元)": ""})]
    exchange.write(items_of(payloads), "b", NOW)
    platform_takes(database)
    (page,) = exchange.records()
    assert page.fields.to_dict("records") == payloads
    binary = {"postgresql": "bytea", "mariadb": "varbinary(9)"}[database.kind]
    database.run(
        f"ALTER TABLE {table} {kinds[database.kind].format(amount, binary)}", f"UPDATE {table} SET {amount} = 'x'"
    )
    with pytest.raises(PushFailed, match="of a type that no text can be read back from"):
        list(exchange.records())


def test_of_every_person_the_newest_row_that_was_taken_is_what_the_platform_holds(
    database: Database, exchange: ExchangeTables
) -> None:
    people = 5_500
    exchange.write(items_of([payload_of(n) for n in range(1, people + 1)]), "a", NOW)
    exchange.write(items_of([payload_of(n, 姓名="改名") for n in range(1, 101)], "changed", 10), "b", NOW)
    platform_takes_all = (
        f"UPDATE {table_of(database)} SET {quoted(database, 'STATUS')} = '1', {quoted(database, 'RECEIPT')} = 'R'"
    )
    database.run(platform_takes_all)
    exchange.write(items_of([payload_of(n, 姓名="再改") for n in range(1, 11)], "changed", 11), "c", NOW)
    platform_takes(database, dict.fromkeys(items_of([{}] * 10, revision=11)["key"][:5], ("E", "x")))
    exchange.write(items_of([payload_of(n, 姓名="未处理") for n in range(1, 21)], "withdrawn", 12), "d", NOW)
    pages = list(exchange.records())
    assert [len(page.rows) for page in pages] == [5000, 500]
    rows = pd.concat([page.rows for page in pages]).set_index("person_id")
    names = pd.concat([page.fields for page in pages])["姓名"].to_numpy()
    assert rows.index.tolist() == list(range(1, people + 1))
    assert rows.loc[[1, 6, 11, 101], "revision"].tolist() == [10, 11, 10, 1]
    assert rows.loc[[1, 6, 11, 101], "sent_as"].tolist() == ["changed"] * 3 + ["new"]
    assert names[[0, 5, 10, 100]].tolist() == ["改名", "再改", "改名", "测试101"]


def test_of_one_revision_told_twice_after_a_restore_the_later_row_stands(
    database: Database, exchange: ExchangeTables
) -> None:
    again = items_of([payload_of(1, 姓名="后来")])
    again["key"] = "00"
    exchange.write(items_of([payload_of(1), payload_of(2)]), "a", NOW)
    exchange.write(again, "b", NOW.replace(hour=19))
    platform_takes(database)
    (page,) = exchange.records()
    assert page.rows["key"].tolist() == ["00", items_of([{}] * 2)["key"][1]]
    assert page.fields["姓名"].tolist() == ["后来", "测试2"]


def test_taken_rows_that_are_none_of_ours_stop_the_comparison(database: Database, exchange: ExchangeTables) -> None:
    exchange.write(items_of([payload_of(1)]), "a", NOW)
    database.run(
        f"UPDATE {table_of(database)} SET {quoted(database, 'OP_FLAG')} = 'X', {quoted(database, 'STATUS')} = '1'"
    )
    with pytest.raises(PushFailed, match="none of ours"):
        list(exchange.records())


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param('{"姓名":1,"sfzh":"","居住村(居)":"","家庭每月收入(元)":"","MEASURES$":""}', id="number"),
        pytest.param('{"姓名":"张三"', id="broken"),
        pytest.param("", id="empty"),
        pytest.param(None, id="nothing"),
    ],
)
def test_a_payload_that_is_not_the_profiles_is_a_fault_of_ours_and_not_quoted(
    at_postgresql: Database, fields: str | None
) -> None:
    exchange = made_in(at_postgresql, profile_of())
    items = items_of([payload_of(1), payload_of(2)])
    items.loc[1, "fields"] = fields
    with pytest.raises(ContractBroken, match="payload") as caught:
        exchange.write(items, "b", NOW)
    assert "张三" not in str(caught.value)
    assert caught.value.__context__ is None
    assert rows_in(at_postgresql) == []


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param('{"姓名":"甲"}', id="column-younger-than-the-payload"),
        pytest.param(
            '{"姓名":"甲","sfzh":"","居住村(居)":"","家庭每月收入(元)":"","MEASURES$":"","x":"1"}',
            id="column-dropped-since",
        ),
    ],
)
def test_a_payload_planned_under_another_version_of_the_profile_is_written_as_far_as_it_goes(
    at_postgresql: Database, fields: str
) -> None:
    exchange = made_in(at_postgresql, profile_of())
    items = items_of([payload_of(1)])
    items.loc[0, "fields"] = fields
    assert exchange.write(items, "b", NOW).rows == 1
    [row] = rows_in(at_postgresql)
    assert "甲" in row.values() if isinstance(row, dict) else "甲" in tuple(row)


# What does not fit


def test_a_row_that_does_not_fit_is_refused_alone(database: Database, exchange: ExchangeTables) -> None:
    payloads = [payload_of(number) for number in range(1, 301)]
    payloads[7] = payload_of(8, sfzh="44142119450312003X多余")
    payloads[299] = payload_of(300, 姓名="长" * 51)
    items = items_of(payloads)
    written = exchange.write(items, "b", NOW)
    assert written.rows == 298
    assert [(item.key, item.state, item.code) for item in written.refused] == [
        (items["key"][place], PushState.REJECTED, "row-refused") for place in (7, 299)
    ]
    assert all("超过列的长度" in item.words and "4414" not in item.words for item in written.refused)
    assert exchange.write(items, "b", NOW) == (0, written.refused)
    assert len(rows_in(database)) == 298


def test_a_value_that_must_be_unique_is_a_refusal_not_a_repetition(
    database: Database, exchange: ExchangeTables
) -> None:
    database.run(f"CREATE UNIQUE INDEX ix_name ON {table_of(database)} ({quoted(database, '姓名')})")
    items = items_of([payload_of(1), payload_of(1), payload_of(3)])
    written = exchange.write(items, "b", NOW)
    assert written.rows == 2
    assert [(item.key, "不允许重复" in item.words) for item in written.refused] == [(items["key"][1], True)]


def test_a_table_that_takes_no_row_at_all_stops_the_push(database: Database, exchange: ExchangeTables) -> None:
    database.run(f"ALTER TABLE {table_of(database)} ADD COLUMN more varchar(9) NOT NULL DEFAULT '' CHECK (more <> '')")
    items = items_of([payload_of(number) for number in range(1, 2001)])
    with pytest.raises(
        PushFailed, match=r"^tried: the exchange table takes not one of 10 rows tried: a rule"
    ) as caught:
        exchange.write(items, "b", NOW)
    assert "测试" not in str(caught.value)
    assert rows_in(database) == []
    assert len(exchange.write(items.head(9), "b", NOW).refused) == 9


def test_many_refused_together_do_not_keep_the_others_out(database: Database, exchange: ExchangeTables) -> None:
    village = {"居住村(居)": "长" * 201}
    payloads = [payload_of(number, **(village if number <= 40 else {})) for number in range(1, 101)]
    written = exchange.write(items_of(payloads), "b", NOW)
    assert (written.rows, len(written.refused)) == (60, 40)


def test_nul_is_no_character_of_postgresql_and_costs_its_own_row_only(at_postgresql: Database) -> None:
    exchange = made_in(at_postgresql, profile_of())
    written = exchange.write(items_of([payload_of(1), payload_of(2, 姓名="a\x00b"), payload_of(3)]), "b", NOW)
    assert written.rows == 2
    assert [item.code for item in written.refused] == ["row-refused"]


def test_a_narrow_character_set_is_not_written_to_with_question_marks(at_mariadb: Database) -> None:
    exchange = made_in(at_mariadb, profile_of())
    at_mariadb.run("ALTER TABLE share.`推送表` MODIFY `姓名` varchar(50) CHARACTER SET utf8mb3")
    written = exchange.write(items_of([payload_of(1), payload_of(2, 姓名="𠮷")]), "b", NOW)
    assert (written.rows, len(written.refused)) == (1, 1)
    assert exchange.check() == ["column 姓名 cannot hold rare characters of names (utf8mb4 can)"]


# What breaks


def test_a_connection_lost_after_any_statement_leaves_nothing_or_everything(
    database: Database, exchange: ExchangeTables
) -> None:
    rounds = 0
    said: list[DatabaseUnavailable] = []
    for statements in range(1, 30):
        rounds += 1
        items = items_of([payload_of(number) for number in range(1, 41)], revision=statements)
        with ended_after(database, statements) as ended:
            try:
                exchange.write(items, "b", NOW)
            except DatabaseUnavailable as lost:
                said.append(lost)
        there = exchange.present(list(items["key"]))
        assert there in (set(), set(items["key"]))
        assert exchange.write(items, "b", NOW).rows == 40 - len(there)
        if not ended:
            break
    assert len(said) > 5
    assert all(str(lost).startswith("tried: the exchange database is not available: ") for lost in said)
    assert all(lost.__context__ is None for lost in said)
    assert len(rows_in(database)) == rounds * 40


class ended_after:  # noqa: N801 - reads as a phrase
    """Our sessions are ended after so many statements; holds whether that point was reached."""

    def __init__(self, database: Database, statements: int) -> None:
        self._database, self._left, self._reached = database, statements, []

    def __enter__(self) -> list[bool]:
        sa.event.listen(sa.Engine, "after_cursor_execute", self._count)
        sa.event.listen(sa.Engine, "commit", self._before_commit)
        return self._reached

    def __exit__(self, *_: object) -> None:
        sa.event.remove(sa.Engine, "after_cursor_execute", self._count)
        sa.event.remove(sa.Engine, "commit", self._before_commit)

    def _count(self, connection: sa.Connection, *_: Any) -> None:
        if connection.engine.url.username == self._database.account:
            self._step()

    def _before_commit(self, connection: sa.Connection) -> None:
        if connection.engine.url.username == self._database.account:
            self._step()

    def _step(self) -> None:
        self._left -= 1
        if self._left == 0:
            self._reached.append(True)
            self._database.our_sessions("connection")


def test_a_connection_lost_in_the_middle_of_the_rows_leaves_nothing(
    database: Database, exchange: ExchangeTables
) -> None:
    dies_at(database, 777)
    items = items_of([payload_of(number) for number in range(1, 2001)])
    with pytest.raises(DatabaseUnavailable):
        exchange.write(items, "b", NOW)
    assert exchange.present(list(items["key"])) == set()


def dies_at(database: Database, person: int) -> None:
    """A trigger by which the server ends the session that writes a row of this person."""
    if database.kind == "postgresql":
        database.run(
            """CREATE FUNCTION share.die() RETURNS trigger LANGUAGE plpgsql AS $$
               BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END $$""",
            f"""CREATE TRIGGER dies BEFORE INSERT ON {table_of(database)} FOR EACH ROW
                WHEN (NEW."PERSON_ID" = {person}) EXECUTE FUNCTION share.die()""",
        )
    else:
        database.run(
            f"""CREATE TRIGGER share.dies BEFORE INSERT ON {table_of(database)} FOR EACH ROW
                BEGIN IF NEW.`PERSON_ID` = {person} THEN KILL CONNECTION_ID(); END IF; END"""
        )


def test_a_change_written_by_another_sender_meanwhile_is_no_refusal(
    database: Database, exchange: ExchangeTables, after_statement: AfterStatement
) -> None:
    items = items_of([payload_of(number) for number in range(1, 6)])
    other = ExchangeTables(profile_of(), database.url)
    after_statement("SAVEPOINT", lambda: other.write(items.iloc[2:3], "other", NOW))
    assert exchange.write(items, "ours", NOW) == (4, [])
    assert [row["BATCH_NO"] for row in rows_in(database)] == ["ours", "ours", "other", "ours", "ours"]


def test_a_table_that_is_locked_is_given_up_in_time(database: Database) -> None:
    exchange = made_in(database, profile_of(deadline_seconds=1))
    exchange.write(items_of([payload_of(1)]), "b", NOW)
    lock = {
        "postgresql": f"LOCK TABLE {table_of(database)}",
        "mariadb": f"SELECT * FROM {table_of(database)} FOR UPDATE",
    }
    held = database.admin.execution_options(isolation_level="REPEATABLE READ")
    with held.connect() as connection:
        connection.exec_driver_sql(lock[database.kind])
        with pytest.raises(DatabaseUnavailable, match=r"^tried: the exchange database") as caught:
            exchange.write(items_of([payload_of(2)], revision=2), "b", NOW)
        connection.rollback()
    assert caught.value.__context__ is None


def test_a_server_that_falls_silent_is_given_up(
    database: Database, mariadb: Mariadb, after_statement: AfterStatement
) -> None:
    exchange = made_in(database, profile_of(deadline_seconds=1))
    stopped: list[int] = []

    def fall_silent() -> None:
        stopped.extend(database.our_sessions("") if database.kind == "postgresql" else [mariadb.process.pid])
        for process in stopped:
            os.kill(process, signal.SIGSTOP)

    after_statement("SAVEPOINT", fall_silent)
    try:
        with pytest.raises(DatabaseUnavailable, match=r"^tried: .* took longer than deadline_seconds = 1$"):
            exchange.write(items_of([payload_of(1)]), "b", NOW)
    finally:
        for process in stopped:
            os.kill(process, signal.SIGCONT)
    assert stopped


# Who may do what


def test_reading_back_happens_in_transactions_that_cannot_write(database: Database, exchange: ExchangeTables) -> None:
    adding = f"INSERT INTO {table_of(database)} ({quoted(database, '推送键')}) VALUES ('x')"
    with pytest.raises(PushFailed, match="only reads"):
        exchange._sessions.reading(lambda connection: connection.exec_driver_sql(adding))


def test_a_table_made_by_our_statements_is_fit(database: Database, exchange: ExchangeTables) -> None:
    assert exchange.check() == []
    assert rows_in(database) == []


def test_what_is_wrong_with_a_table_is_said_in_words(database: Database, exchange: ExchangeTables) -> None:
    def altered(*changes: str) -> list[str]:
        for change in changes:
            database.run(f"ALTER TABLE {table_of(database)} {change}")
        return exchange.check()

    column = {name: quoted(database, name) for name in ("姓名", "order", "STATUS", "sfzh", "推送键")}
    is_postgresql = database.kind == "postgresql"
    typed = "ALTER COLUMN {0} TYPE {1}" if is_postgresql else "MODIFY {0} {1}"
    assert altered(typed.format(column["姓名"], "varchar(10)"), "ADD COLUMN more integer NOT NULL") == [
        "column more may not be empty, has no default, and we do not fill it",
        "column 姓名 holds 10 characters, the profile lets 姓名 have 50",
    ]
    filled = "ADD COLUMN filled integer NOT NULL DEFAULT 7"
    assert altered("DROP COLUMN more", typed.format(column["姓名"], "varchar(50)"), filled) == []
    primary = 'DROP CONSTRAINT "推送表_pkey"' if is_postgresql else "DROP PRIMARY KEY"
    assert altered(primary) == ["column 推送键 needs a unique index of its own: a change could be there twice"]
    assert altered(f"ADD PRIMARY KEY ({column['推送键']})") == []
    assert altered(
        f"RENAME COLUMN {column['sfzh']} TO {quoted(database, 'SFZH')}", f"DROP COLUMN {column['order']}"
    ) == [
        "column sfzh is missing; there is SFZH, and case counts",
        "column order is missing",
    ]
    database.run(f"DROP TABLE {table_of(database)}")
    assert exchange.check() == ["there is no table share.推送表, or our account may not see it"]
    with pytest.raises(PushFailed, match="refuses us: the table is not there"):
        exchange.write(items_of([payload_of(1)]), "b", NOW)


def test_a_table_without_transactions_is_not_fit(at_mariadb: Database) -> None:
    exchange = made_in(at_mariadb, profile_of())
    at_mariadb.run("ALTER TABLE share.`推送表` ENGINE = MyISAM")
    (fault,) = exchange.check()
    assert "knows no transactions" in fault


def test_an_account_that_may_not_add_rows_is_told_so_without_trying(
    database: Database, exchange: ExchangeTables
) -> None:
    database.run(f"REVOKE INSERT ON {table_of(database)} FROM {database.account}")
    (fault,) = exchange.check()
    assert "our account may not read and add rows of the table" in fault
    with pytest.raises(PushFailed, match="our account may not read and add rows"):
        exchange.write(items_of([payload_of(1)]), "b", NOW)


def test_who_is_not_let_in_or_meets_nobody_is_told_why_in_words_without_names(
    database: Database, exchange: ExchangeTables
) -> None:
    url = sa.make_url(database.url)
    for wrong, error in (
        (url.set(username="nobody_here", password="hidden"), PushFailed),
        (url.set(host="127.0.0.1", port=1, query={}), DatabaseUnavailable),
    ):
        with pytest.raises(error, match=r"^tried: the exchange database") as caught:
            ExchangeTables(profile_of(), wrong.render_as_string(hide_password=False)).poll(["x"])
        assert "nobody" not in str(caught.value)
        assert caught.value.__context__ is None


def test_tls_is_what_the_url_asks_for(mariadb: Mariadb, at_mariadb: Database) -> None:
    made_in(at_mariadb, profile_of())
    at_mariadb.run("ALTER USER reader REQUIRE SSL")

    def checked(**query: str) -> list[str]:
        return ExchangeTables(profile_of(), mariadb.network_url("reader", "secret", **query)).check()

    assert checked(ssl_ca=str(mariadb.certificate), ssl_check_hostname="true") == []
    with pytest.raises(PushFailed, match="no connection as secure as the URL asks for"):
        checked(ssl_ca=requests.certs.where())


@pytest.mark.parametrize(
    ("url", "said"),
    [
        pytest.param("mysql://us:hidden@h/db?local_infile=1", "sets local_infile", id="option"),
        pytest.param("us:hidden@h", "cannot be read", id="no-url"),
        pytest.param("oracle://us:hidden@h/db", "Oracle", id="oracle"),
        pytest.param("sqlite:////etc/passwd", "not of this database", id="file"),
    ],
)
def test_an_address_that_will_not_do_is_a_fault_of_the_configuration(url: str, said: str) -> None:
    with pytest.raises(ConfigurationInvalid, match=said) as caught:
        ExchangeTables(profile_of(), url)
    assert "hidden" not in str(caught.value)
    assert caught.value.__context__ is None

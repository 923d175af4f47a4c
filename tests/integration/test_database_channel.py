"""Views of other bodies' databases, pulled from a real PostgreSQL and a real MariaDB; increments are in a module of their own."""

# ruff: noqa: S608 - statements are written here, with names and values of these tests only

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
import requests.certs
import sqlalchemy as sa
from foreign_databases import NOW, AfterStatement, Database, lines_of, nothing_is_kept, pull
from mariadb_server import Mariadb

from connectors.database.deadline import Deadline
from connectors.database.servers import open_engine
from connectors.database.view import _reading
from connectors.reading import DeliveryLayout, ReadingLimits, TableLayout, read_delivery
from schemas.errors import SourceNotBelieved, SourceRefusesUs, SourceUnavailable

pytest_plugins = ["database_fixtures"]

# What is delivered


TYPES = {
    "postgresql": (
        """CREATE TABLE share.elders (id bigint, name text, code char(6), born date, seen timestamptz, noted timestamp,
           amount numeric(12, 2), id_number numeric(18), is_alone boolean, weight float8, height float4, at_time time, until date)""",
        """INSERT INTO share.elders VALUES
           (1, '张三 "老张", 扶大', 'a', '1950-01-02', '2026-01-01 16:30:00.5Z', '2026-01-01 08:00', 1200.50,
            441421194503120018, true, 51.25, 1.5, '08:30', 'infinity'),
           (2, E' 一\\r\\n二\\n三\\r四 ', '', '0044-03-15 BC', '1988-07-01 00:00+09', '10000-01-01', -0.05, 5, false, 1e-7, 0, '0:0', NULL),
           (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
           (9223372036854775807, '', '', NULL, NULL, NULL, NULL, NULL, NULL, 123456789012345, NULL, NULL, NULL)""",
    ),
    "mariadb": (
        """CREATE TABLE share.elders (id bigint unsigned, name text, code char(6), born date, seen timestamp(6) NULL,
           noted datetime, amount decimal(12, 2), id_number decimal(18), is_alone bit(1), weight double, height float,
           at_time time, until year)""",
        "SET time_zone = '+00:00', sql_mode = ''",
        r"""INSERT INTO share.elders VALUES
           (1, '张三 "老张", 扶大', 'a', '1950-01-02', '2026-01-01 16:30:00.5', '2026-01-01 08:00', 1200.50,
            441421194503120018, b'1', 51.25, 1.5, '08:30', 2026),
           (2, ' 一\r\n二\n三\r四\0 ', '', '0000-00-00', NULL, '9999-12-31', -0.05, 5, b'0', 1e-7, 0, '-0:0:1', NULL),
           (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
           (18446744073709551615, '', '', NULL, NULL, NULL, NULL, NULL, NULL, 123456789012345, NULL, NULL, NULL)""",
    ),
}
WRITTEN = {
    "postgresql": [
        '1,"张三 ""老张"", 扶大",a     ,1950-01-02,2026-01-02 00:30:00.500000,2026-01-01 08:00:00,1200.50,441421194503120018,是,51.25,1.5,08:30:00,infinity',
        "2, 一\u2028二\u2028三\u2028四 ,      ,0044-03-15 BC,1988-07-01 00:00:00,10000-01-01 00:00:00,-0.05,5,否,0.0000001,0,00:00:00,",
        "3,,,,,,,,,,,,",
        "9223372036854775807,,      ,,,,,,,123456789012345,,,",
    ],
    "mariadb": [
        '1,"张三 ""老张"", 扶大",a,1950-01-02,2026-01-02 00:30:00.500000,2026-01-01 08:00:00,1200.50,441421194503120018,1,51.25,1.5,08:30:00,2026',
        "2, 一\u2028二\u2028三\u2028四␀ ,,0000-00-00,,9999-12-31 00:00:00,-0.05,5,0,0.0000001,0,-00:00:01,",
        "3,,,,,,,,,,,,",
        "18446744073709551615,,,,,,,,,123456789012345,,,",
    ],
}


def test_every_value_is_written_with_all_its_digits_whatever_the_chunk(database: Database, received: Path) -> None:
    database.run(*TYPES[database.kind], "CREATE VIEW share.v_elders AS SELECT * FROM share.elders")
    fetched = pull(database, received)
    header, *records = lines_of(fetched)
    assert header == "id,name,code,born,seen,noted,amount,id_number,is_alone,weight,height,at_time,until"
    assert records == WRITTEN[database.kind]
    assert fetched.position == {"pulled_at": NOW.isoformat(), "rows": 4}
    assert fetched.deliveries[0].original_name == "other_body.csv"


def test_a_delivery_reads_back_through_the_ordinary_reader(database: Database, received: Path) -> None:
    forged = '第一行"\n王五,44142119450312003X,伪造\n"'
    database.run(
        "CREATE TABLE share.elders (id int, 姓名 varchar(40), 身份证号码 varchar(18), 备注 varchar(200))",
        "INSERT INTO share.elders VALUES (2, '李四', '441421194503120026', NULL), (1, '张三', '441421194503120018',"
        f" '{forged}'), (3, 'NA', '', '')",
        "CREATE VIEW share.v_elders AS SELECT 姓名, 身份证号码, 备注, id FROM share.elders",
    )
    fetched = pull(database, received, columns=["姓名", "身份证号码", "备注"])
    headers = {"name": ("姓名",), "id_number": ("身份证号码",), "remarks": ("备注",)}
    layout = DeliveryLayout({"main": TableLayout(columns=headers, required=("name", "id_number"))})
    kept = fetched.deliveries[0].kept_path
    contents = read_delivery(kept, layout, limits=ReadingLimits(), workspace=received)
    assert not contents.refused, contents.findings
    main = contents.tables["main"]
    assert (main.received, main.broken, main.blank) == (3, 0, 0)
    assert main.table.select(["name", "id_number", "remarks"]).to_pylist() == [
        {"name": "张三", "id_number": "441421194503120018", "remarks": forged.replace("\n", "\u2028")},
        {"name": "李四", "id_number": "441421194503120026", "remarks": None},
        {"name": "NA", "id_number": None, "remarks": None},
    ]


def test_equal_contents_are_equal_bytes_in_whatever_order_and_chunks_they_come(
    database: Database, received: Path
) -> None:
    rows = [f"({number}, {number / 8}, NULL)" for number in range(250)]
    fetched = []
    for order, chunk_rows in ((rows, 100), (rows[::-1], 249)):
        database.run(
            "DROP VIEW IF EXISTS share.v_elders",
            "DROP TABLE IF EXISTS share.elders",
            "CREATE TABLE share.elders (id int, amount numeric(20, 6), nothing date)",
            f"INSERT INTO share.elders VALUES {', '.join(order)}",
            "CREATE VIEW share.v_elders AS SELECT * FROM share.elders",
        )
        fetched.append(pull(database, received, chunk_rows=chunk_rows).deliveries[0])
    assert fetched[0].sha256 == fetched[1].sha256
    assert fetched[0].kept_path == fetched[1].kept_path


def test_a_view_without_rows_is_a_header_alone(database: Database, received: Path) -> None:
    database.run("CREATE VIEW share.v_elders AS SELECT 1 AS id, 'x' AS 姓名 FROM (SELECT 1 AS one) AS t WHERE one = 2")
    assert lines_of(pull(database, received)) == ["id,姓名"]


def test_names_of_columns_are_quoted_never_believed(database: Database, received: Path) -> None:
    quote = {"postgresql": '"{}"', "mariadb": "`{}`"}[database.kind].format
    names = ["id", "select", "家庭每月收入(元)", "100%", "%(x)s", ":a", "x'; DROP TABLE share.elders; --", "Ä b"]
    columns = ", ".join(f"{number} AS {quote(name)}" for number, name in enumerate(names))
    database.run(f"CREATE VIEW share.v_elders AS SELECT {columns}")
    assert lines_of(pull(database, received)) == [",".join(names), "0,1,2,3,4,5,6,7"]
    assert lines_of(pull(database, received, columns=names[:0:-1]))[1] == "7,6,5,4,3,2,1"


@pytest.mark.parametrize(
    ("kinds", "said"),
    [
        pytest.param({"postgresql": "float8", "mariadb": "double"}, "floating", id="double"),
        pytest.param({"postgresql": "float4", "mariadb": "float"}, "floating", id="single"),
        pytest.param({"postgresql": "bytea", "mariadb": "varbinary(20)"}, "bytes", id="bytes"),
    ],
)
def test_a_column_that_cannot_be_right_refuses_the_view_by_its_name(
    database: Database, received: Path, kinds: dict[str, str], said: str
) -> None:
    database.run(
        f"CREATE TABLE share.elders (id int, id_number {kinds[database.kind]})",
        "INSERT INTO share.elders VALUES (1, NULL), (2, '441421194503120018')",
        "CREATE VIEW share.v_elders AS SELECT * FROM share.elders",
    )
    with pytest.raises(SourceRefusesUs, match=rf"^other_body: column id_number .*{said}") as caught:
        pull(database, received)
    assert "4414" not in str(caught.value)
    assert nothing_is_kept(received)


def test_short_numbers_in_a_column_of_single_precision_are_taken_and_long_ones_are_not(
    database: Database, received: Path
) -> None:
    kind = {"postgresql": "float4", "mariadb": "float"}[database.kind]
    database.run(
        f"CREATE TABLE share.v_elders (id int, phone {kind})", "INSERT INTO share.v_elders VALUES (1, 87654.5)"
    )
    assert lines_of(pull(database, received))[1] == "1,87654.5"
    database.run("INSERT INTO share.v_elders VALUES (2, 13812345678)")
    with pytest.raises(SourceRefusesUs, match="column phone is of a floating type"):
        pull(database, received)


# One state, read only


def test_what_others_commit_during_a_pull_belongs_to_the_next(
    database: Database, received: Path, after_statement: AfterStatement
) -> None:
    database.run(
        "CREATE TABLE share.elders (id int, n int)",
        "INSERT INTO share.elders VALUES (1, 1), (2, 1)",
        "CREATE VIEW share.v_elders AS SELECT * FROM share.elders",
    )
    changes = (
        "INSERT INTO share.elders VALUES (0, 9)",
        "UPDATE share.elders SET n = 9",
        "DELETE FROM share.elders WHERE id = 2",
    )
    after_statement("WHERE false", lambda: database.run(*changes))
    assert lines_of(pull(database, received))[1:] == ["1,1", "2,1"]
    assert lines_of(pull(database, received))[1:] == ["0,9", "1,9"]


def test_the_transaction_itself_cannot_write_even_where_the_account_could(database: Database) -> None:
    database.run("CREATE TABLE share.elders (id int)", f"GRANT INSERT ON share.elders TO {database.account}")
    with Deadline(30, "other_body") as deadline:
        server, engine = open_engine(database.url, "other_body", deadline)
        with _reading(engine, server, deadline) as connection, pytest.raises(sa.exc.DBAPIError, match=r"(?i)read.only"):
            connection.exec_driver_sql("INSERT INTO share.elders VALUES (1)")
    with database.admin.connect() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM share.elders")) == 0


WRITING = {
    "postgresql": [
        ("INSERT", "GRANT INSERT ON share.elders TO {account}"),
        ("UPDATE", "GRANT UPDATE (id) ON share.elders TO {account}"),
        ("DELETE", "GRANT DELETE ON share.v_elders TO PUBLIC"),
        ("TRUNCATE", "GRANT TRUNCATE ON share.elders TO {account}"),
        ("CREATE", "GRANT CREATE ON SCHEMA share TO {account}"),
        ("OWNERSHIP", "ALTER TABLE share.elders OWNER TO {account}"),
        ("OWNERSHIP OF THE SCHEMA", "ALTER SCHEMA share OWNER TO {account}"),
        ("SUPERUSER", "ALTER ROLE {account} SUPERUSER"),
        ("DELETE", "GRANT pg_write_all_data TO {account} WITH INHERIT FALSE"),
    ],
    "mariadb": [
        ("INSERT", "GRANT INSERT ON share.elders TO {account}"),
        ("UPDATE", "GRANT UPDATE (id) ON share.elders TO {account}"),
        ("DELETE", "GRANT DELETE ON share.v_elders TO {account}"),
        ("DROP", "GRANT SELECT, DROP ON `sh_re`.* TO {account}"),
        ("ALL PRIVILEGES", "GRANT ALL ON *.* TO {account}"),
        ("CREATE", "GRANT writers TO {account}"),
        ("ALL PRIVILEGES", "GRANT ALL ON share.* TO {account}", "SET GLOBAL sql_mode = 'ANSI_QUOTES'"),
    ],
}


@pytest.mark.parametrize(
    ("kind", "privilege", "statements"),
    [
        pytest.param(kind, privilege, statements, id=f"{kind}-{number}-{privilege}")
        for kind, cases in WRITING.items()
        for number, (privilege, *statements) in enumerate(cases)
    ],
)
def test_an_account_that_could_write_is_refused_by_the_privileges_name(
    request: pytest.FixtureRequest, received: Path, kind: str, privilege: str, statements: list[str]
) -> None:
    database: Database = request.getfixturevalue(f"at_{kind}")
    database.run(
        "CREATE TABLE share.elders (id int)",
        "CREATE VIEW share.v_elders AS SELECT * FROM share.elders",
        *(["CREATE OR REPLACE ROLE makers", "GRANT CREATE ON share.* TO makers"] if kind == "mariadb" else []),
        *(["CREATE OR REPLACE ROLE writers", "GRANT makers TO writers"] if kind == "mariadb" else []),
        *(statement.format(account=database.account) for statement in statements),
    )
    with pytest.raises(SourceRefusesUs, match=rf"our account could write there \([A-Z, ]*\b{privilege}\b"):
        pull(database, received)
    assert nothing_is_kept(received)
    assert lines_of(pull(database, received, allow_write_account=True)) == ["id"]


def test_what_an_account_may_write_elsewhere_is_no_concern_of_ours(database: Database, received: Path) -> None:
    database.run(
        "CREATE VIEW share.v_elders AS SELECT 1 AS id",
        *{
            "postgresql": ("CREATE SCHEMA theirs", f"GRANT ALL ON SCHEMA theirs TO {database.account}"),
            "mariadb": ("CREATE DATABASE IF NOT EXISTS theirs", f"GRANT ALL ON theirs.* TO {database.account}"),
        }[database.kind],
    )
    assert lines_of(pull(database, received)) == ["id", "1"]


# What goes wrong


@pytest.mark.parametrize(
    ("statement", "keys", "said"),
    [
        pytest.param("SELECT 1", {}, "the database refuses us: the view is not there", id="no-view"),
        pytest.param("CREATE VIEW share.v_elders AS SELECT 1 AS id", {"columns": ["name"]}, "the view has no column name", id="no-column"),
        pytest.param("CREATE VIEW share.v_elders AS SELECT 1 AS other", {}, "the view has no column id", id="no-key"),
    ],
)  # fmt: skip
def test_a_view_that_is_not_as_configured_is_said_in_our_words(
    database: Database, received: Path, statement: str, keys: dict[str, Any], said: str
) -> None:
    database.run(statement)
    with pytest.raises(SourceRefusesUs) as caught:
        pull(database, received, **keys)
    assert str(caught.value).startswith(f"other_body: {said}")
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_a_view_we_may_not_read_is_refused(database: Database, received: Path) -> None:
    database.run(
        "CREATE VIEW share.v_elders AS SELECT 1 AS id",
        {
            "postgresql": f"REVOKE SELECT ON share.v_elders FROM {database.account}",
            "mariadb": f"REVOKE SELECT ON share.* FROM {database.account}",
        }[database.kind],
    )
    with pytest.raises(SourceRefusesUs, match="our account may not read the view"):
        pull(database, received)


def test_wrong_addresses_and_passwords_are_told_apart(
    database: Database, received: Path, mariadb: Mariadb, tmp_path: Path
) -> None:
    url = sa.make_url(database.url)
    nobody = url.set(username="nobody_here", password="wrong")  # the test's PostgreSQL asks for no password
    nowhere = url.set(host="127.0.0.1", port=1, query={})
    other = url.set(database="not_there")
    for wrong, error, said in (
        (nobody, SourceRefusesUs, "does not admit our account|the account is not there"),
        (nowhere, SourceUnavailable, "not available"),
        (other, SourceRefusesUs, "database .*is not there|may not use that database"),
    ):
        asked = Database(database.kind, database.admin, "", wrong.render_as_string(hide_password=False))
        with pytest.raises(error, match=f"^other_body: .*({said})"):
            pull(asked, received)


def test_tls_is_what_the_url_asks_for(mariadb: Mariadb, at_mariadb: Database, received: Path) -> None:
    at_mariadb.run("CREATE VIEW share.v_elders AS SELECT 1 AS id", "ALTER USER reader REQUIRE SSL")

    def pulled(**query: str) -> list[str]:
        url = mariadb.network_url("reader", "secret", **query)
        return lines_of(pull(Database("mariadb", mariadb.root, "reader", url), received))

    assert pulled(ssl_ca=str(mariadb.certificate)) == ["id", "1"]
    assert pulled(ssl_ca=str(mariadb.certificate), ssl_check_hostname="true") == ["id", "1"]
    with pytest.raises(SourceRefusesUs, match="no connection as secure as the URL asks for"):
        pulled(ssl_ca=requests.certs.where())
    with pytest.raises(SourceRefusesUs, match="a file the URL names cannot be read"):
        pulled(ssl_ca="/nowhere")


def test_a_value_the_view_cannot_compute_is_never_quoted(at_postgresql: Database, received: Path) -> None:
    at_postgresql.run(
        "CREATE VIEW share.v_elders AS SELECT n AS id, CASE n WHEN 900 THEN '441421194503120018x' ELSE '1' END::bigint AS x"
        " FROM generate_series(1, 1000) AS n"
    )
    with pytest.raises(SourceRefusesUs) as caught:
        pull(at_postgresql, received, chunk_rows=100)
    assert (
        str(caught.value)
        == "other_body: the database refuses us: the view meets a value it cannot compute with (22P02)"
    )
    assert nothing_is_kept(received)


@pytest.mark.parametrize(
    ("keys", "kept"), [({"most_rows": 999}, False), ({"most_rows": 1000}, True), ({"most_megabytes": 1}, True)]
)
def test_a_view_larger_than_the_source_may_be_is_not_believed(
    database: Database, received: Path, keys: dict[str, int], kept: bool
) -> None:
    database.run(view_of(database, 1000))
    if kept:
        assert len(lines_of(pull(database, received, chunk_rows=100, **keys))) == 1001
        return
    with pytest.raises(SourceNotBelieved, match="more than 999 rows"):
        pull(database, received, chunk_rows=100, **keys)
    assert nothing_is_kept(received)


def view_of(database: Database, rows: int) -> str:
    """A view of so many rows of about 80 bytes."""
    series = {
        "postgresql": f"generate_series(1, {rows}) AS n",
        "mariadb": f"(SELECT seq AS n FROM share.seq_1_to_{rows}) AS t",
    }
    columns = "n AS id, concat('张三', n) AS 姓名, '广东省梅州市梅县区扶大镇三葵村委会' AS 户籍地址, n * 1.25 AS 金额"
    return f"CREATE VIEW share.v_elders AS SELECT {columns} FROM {series[database.kind]}"


@pytest.mark.parametrize(
    ("kind", "end"), [("postgresql", "connection"), ("mariadb", "connection"), ("mariadb", "query")]
)
def test_a_pull_that_breaks_at_four_fifths_leaves_nothing(
    request: pytest.FixtureRequest, received: Path, kind: str, end: str
) -> None:
    database: Database = request.getfixturevalue(f"at_{kind}")
    database.run(view_of(database, 100_000))
    whole = pull(database, received / "first", chunk_rows=1000).deliveries[0]
    reached: list[int] = []
    is_over = threading.Event()

    def break_off() -> None:
        while not is_over.wait(0.001):
            arrived = sum(path.stat().st_size for path in received.glob(".arriving-*"))
            if arrived >= whole.size * 0.8:
                reached.append(arrived)
                database.our_sessions(end)
                return

    breaker = threading.Thread(target=break_off)
    breaker.start()
    try:
        with pytest.raises(SourceUnavailable, match=r"^other_body: the database is not available: ") as caught:
            pull(database, received, chunk_rows=1000)
    finally:
        is_over.set()
        breaker.join()
    assert caught.value.__context__ is None
    assert [path.name for path in received.iterdir()] == ["first"]
    assert whole.size * 0.8 <= reached[0] < whole.size
    assert pull(database, received, chunk_rows=1000).deliveries[0].sha256 == whole.sha256


def test_a_view_that_computes_for_too_long_is_given_up(database: Database, received: Path) -> None:
    slow = {"postgresql": "pg_sleep(30)::text", "mariadb": "sleep(30)"}[database.kind]
    database.run(f"CREATE VIEW share.v_elders AS SELECT 1 AS id, {slow} AS x")
    began = time.monotonic()
    with pytest.raises(SourceUnavailable, match=r"took (too long|longer than deadline_seconds = 1)"):
        pull(database, received, deadline_seconds=1)
    assert time.monotonic() - began < 10
    assert nothing_is_kept(received)


def test_a_server_that_falls_silent_is_given_up(
    database: Database, received: Path, mariadb: Mariadb, after_statement: AfterStatement
) -> None:
    database.run(view_of(database, 1000))
    stopped: list[int] = []

    def fall_silent() -> None:
        stopped.extend(database.our_sessions("") if database.kind == "postgresql" else [mariadb.process.pid])
        for process in stopped:
            os.kill(process, signal.SIGSTOP)

    after_statement("WHERE false", fall_silent)
    try:
        with pytest.raises(SourceUnavailable, match="longer than deadline_seconds = 2"):
            pull(database, received, deadline_seconds=2)
    finally:
        for process in stopped:
            os.kill(process, signal.SIGCONT)
    assert stopped
    assert nothing_is_kept(received)


MEASURED = """
import resource, sys, tempfile
from datetime import UTC, datetime
from pathlib import Path
from connectors.database.view import fetch_view
from schemas.channels import DatabaseChannel
def peak(view):
    channel = DatabaseChannel(kind="database", url_secret="s", view=view, key_columns=["id"])
    with tempfile.TemporaryDirectory() as received:
        fetched = fetch_view(channel, Path(received), url=sys.argv[1], name="s", position={}, now=datetime.now(UTC))
    return fetched.deliveries[0].size, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(*peak("share.v_few"), *peak("share.v_elders"))
"""


def test_memory_is_bounded_by_the_chunk_not_by_the_view(database: Database) -> None:
    database.run(view_of(database, 300_000), view_of(database, 10_000).replace("v_elders", "v_few"))
    measured = subprocess.run(
        [sys.executable, "-c", MEASURED, database.url], capture_output=True, text=True, check=True, timeout=120
    )
    _, before, size, after = map(int, measured.stdout.split())
    assert size > 24_000_000
    assert after - before < 20_000  # kB: less than the delivery itself

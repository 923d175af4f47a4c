"""The table we tell a platform to make, what errors of its database mean, and what a profile must say to have one."""

from pathlib import Path
from typing import Any

import psycopg
import pymysql
import pytest
import sqlalchemy as sa

from connectors.exchange_tables.ddl import create_table
from connectors.exchange_tables.errors import exchange_error, row_fault
from connectors.exchange_tables.layout import layout_of
from schemas.errors import ConfigurationInvalid, DatabaseUnavailable, PushFailed
from schemas.platform_profile import PlatformProfile, load_profile

PRIVATE = "张三 44142119450312003X secret-host"
EXAMPLE = Path(__file__).resolve().parents[3] / "config" / "platform" / "example.toml"


def profile_of(**keys: Any) -> PlatformProfile:
    columns = [
        {"header": "姓名", "field": "name", "max_length": 50},
        {"header": r"措施 100%'\n(:x)", "name": "CS", "field": "assistance_measures", "max_length": 1000},
    ]
    return PlatformProfile.model_validate(
        {
            "name": "tried", "label": "试用", "version": "1", "effective_from": "2024-01-01", "is_example": False,
            "workbook": {"sheet": "a", "row_limit": 10, "file_name": "a"}, "columns": columns,
            "exchange": {"url_secret": "x", "table": "qzk.T", "control": {"receipt": ""}}, **keys,
        }
    )  # fmt: skip


CONTROL = [
    ("PUSH_KEY", "VARCHAR(64) NOT NULL", "幂等键:同一变更重复推送时不变"),
    ("OP_FLAG", "VARCHAR(20) NOT NULL", "操作标志:I 新增,U 变更,D 退出"),
    ("BATCH_NO", "VARCHAR(64) NOT NULL", "批次号"),
    ("PERSON_ID", "BIGINT NOT NULL", "人员编号"),
    ("REVISION", "BIGINT NOT NULL", "该人员的变更序号,大者为新"),
    ("CREATED_AT", "DATETIME NOT NULL", "写入时间(北京时间)"),
    ("STATUS", "VARCHAR(20) NOT NULL", "处理状态:0 待处理,1 成功,2 失败"),
    ("ERROR_TEXT", "VARCHAR(1000)", "平台填写:失败原因"),
]


def test_mysqls_table_has_comments_transactions_and_every_character() -> None:
    control = "".join(f"\t`{name}` {kind} COMMENT '{words}', \n" for name, kind, words in CONTROL)
    assert create_table(profile_of(), "mysql") == (
        f"CREATE TABLE `qzk`.`T` (\n{control}"
        "\t`姓名` VARCHAR(50), \n\t`CS` TEXT COMMENT '措施 100%''＼n(:x)', \n\tPRIMARY KEY (`PUSH_KEY`)\n"
        ")ENGINE=InnoDB CHARSET=utf8mb4;\n"
        "CREATE INDEX `ix_T_status` ON `qzk`.`T` (`STATUS`);\n"
        "CREATE INDEX `ix_T_person` ON `qzk`.`T` (`PERSON_ID`, `REVISION`);\n"
    )


def test_postgresqls_table_has_its_comments_beside_it() -> None:
    statements = create_table(profile_of(), "postgresql").split(";\n")
    assert '"CREATED_AT" TIMESTAMP WITHOUT TIME ZONE NOT NULL' in statements[0]
    assert '"CS" VARCHAR(1000)' in statements[0]
    assert statements[1] == 'CREATE INDEX "ix_T_status" ON "qzk"."T" ("STATUS")'
    assert """COMMENT ON COLUMN "qzk"."T"."CS" IS '措施 100%''＼n(:x)'""" in statements
    assert statements[-1] == ""


def test_a_row_of_mysql_that_would_be_too_long_is_made_of_texts_kept_apart() -> None:
    columns = [{"header": f"c{number}", "field": "name", "max_length": 200} for number in range(100)]
    made = create_table(profile_of(columns=columns), "mysql")
    assert made.count("TEXT") - made.count("ERROR_TEXT") == 100


def test_the_shipped_example_has_a_table() -> None:
    profile = load_profile(EXAMPLE)
    for dialect in ("postgresql", "mysql"):
        made = create_table(profile, dialect)
        assert all(name in made for name in layout_of(profile).columns)
    assert len(layout_of(profile).written) == 7 + len(profile.columns)


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        pytest.param({"exchange": None}, r"no section \[exchange\]", id="no-section"),
        pytest.param({"sends": "changed"}, "every column of a person", id="changed-columns-only"),
    ],
)
def test_a_profile_without_a_table_that_can_hold_it_has_none(keys: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationInvalid, match=rf"platform profile tried: .*{said}"):
        layout_of(profile_of(**keys))


def test_a_header_that_is_no_name_needs_one() -> None:
    columns = profile_of(exchange=None, columns=[{"header": "家庭(户)", "field": "name"}]).columns
    with pytest.raises(ConfigurationInvalid, match=r"家庭\(户\) cannot be the name of a column; give it one here"):
        layout_of(profile_of().model_copy(update={"columns": columns}))


def wrapped(cause: Exception) -> sa.exc.DBAPIError:
    return sa.exc.DBAPIError(f"INSERT {PRIVATE}", None, cause)


@pytest.mark.parametrize(
    ("cause", "error", "said"),
    [
        pytest.param(psycopg.errors.AdminShutdown(PRIVATE), DatabaseUnavailable, "an administrator or a time limit (57P01)", id="shutdown"),
        pytest.param(psycopg.errors.LockNotAvailable(PRIVATE), DatabaseUnavailable, "a lock was not to be had in time (55P03)", id="lock"),
        pytest.param(psycopg.errors.UndefinedTable(PRIVATE), PushFailed, "the table is not there (42P01)", id="table"),
        pytest.param(psycopg.errors.InsufficientPrivilege(PRIVATE), PushFailed, "may not read and add rows of the table (42501)", id="privilege"),
        pytest.param(psycopg.errors.ReadOnlySqlTransaction(PRIVATE), PushFailed, "it only reads, or our account only may (25006)", id="standby"),
        pytest.param(psycopg.errors.InvalidTextRepresentation(PRIVATE), PushFailed, "a value is not what its column holds (22P02)", id="value"),
        pytest.param(psycopg.errors.InvalidPassword(PRIVATE), PushFailed, "does not admit our account or password (28P01)", id="password"),
        pytest.param(pymysql.err.OperationalError(2013, PRIVATE), DatabaseUnavailable, "the connection was lost", id="mysql-lost"),
        pytest.param(pymysql.err.OperationalError(1205, PRIVATE), DatabaseUnavailable, "a lock was not to be had in time (1205)", id="mysql-lock"),
        pytest.param(pymysql.err.OperationalError(1290, PRIVATE), PushFailed, "it only reads at present (1290)", id="mysql-read-only"),
        pytest.param(pymysql.err.OperationalError(1364, PRIVATE), PushFailed, "a column that we do not fill has no default (1364)", id="mysql-no-default"),
        pytest.param(pymysql.err.ProgrammingError(1146, PRIVATE), PushFailed, "the table is not there (1146)", id="mysql-table"),
    ],
)  # fmt: skip
def test_errors_are_said_in_words_of_ours(cause: Exception, error: type[Exception], said: str) -> None:
    failure = exchange_error(wrapped(cause), "tried")
    assert type(failure) is error
    assert str(failure).startswith("tried: the exchange database ")
    assert said in str(failure)
    assert not any(word in str(failure) for word in PRIVATE.split())


@pytest.mark.parametrize(
    ("cause", "said"),
    [
        pytest.param(psycopg.errors.StringDataRightTruncation(PRIVATE), "文字超过列的长度(22001)", id="long"),
        pytest.param(psycopg.errors.NotNullViolation(PRIVATE), "列不允许为空(23502)", id="empty"),
        pytest.param(psycopg.errors.UniqueViolation(PRIVATE), "不允许重复的值已存在(23505)", id="unique"),
        pytest.param(psycopg.errors.CheckViolation(PRIVATE), "不符合表的约束(23514)", id="rule"),
        pytest.param(psycopg.DataError(PRIVATE), "值与列的类型或字符集不符", id="nul"),
        pytest.param(pymysql.err.DataError(1406, PRIVATE), "文字超过列的长度(1406)", id="mysql-long"),
        pytest.param(pymysql.err.DataError(1366, PRIVATE), "值与列的类型或字符集不符(1366)", id="mysql-characters"),
        pytest.param(pymysql.err.IntegrityError(1062, PRIVATE), "不允许重复的值已存在(1062)", id="mysql-unique"),
        pytest.param(pymysql.err.OperationalError(4025, PRIVATE), "不符合表的约束(4025)", id="mysql-rule"),
    ],
)
def test_what_lies_with_one_row_is_told_from_what_does_not(cause: Exception, said: str) -> None:
    fault = row_fault(wrapped(cause))
    assert fault is not None
    assert fault.words == said


@pytest.mark.parametrize(
    "cause",
    [
        psycopg.errors.AdminShutdown(PRIVATE), psycopg.errors.UndefinedColumn(PRIVATE), psycopg.OperationalError(PRIVATE),
        pymysql.err.OperationalError(2006, PRIVATE), pymysql.err.OperationalError(1364, PRIVATE), pymysql.err.InterfaceError(0, ""),
    ],
    ids=lambda cause: type(cause).__name__,
)  # fmt: skip
def test_no_row_is_blamed_for_what_befalls_all(cause: Exception) -> None:
    assert row_fault(wrapped(cause)) is None

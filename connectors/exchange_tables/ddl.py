"""The statements that make an exchange table, for whoever keeps the platform's database; never run from here."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.schema import CreateIndex, CreateTable, SetColumnComment
from sqlalchemy.sql import quoted_name
from sqlalchemy.types import TypeEngine

from connectors.database.servers import SERVERS
from connectors.exchange_tables.layout import Layout, layout_of
from schemas.platform_profile import OPERATIONS, PlatformProfile

__all__ = ["create_table"]

# A row of MySQL has 65,535 bytes, four to a character; texts of type TEXT count for a few only.
_LONGEST_IN_ROW, _ROW_CHARACTERS = 255, 14_000

_CONTROL: Mapping[str, tuple[TypeEngine[Any], str]] = MappingProxyType(
    {
        "key": (sa.String(64), "幂等键:同一变更重复推送时不变"),
        "operation": (sa.String(20), "操作标志"),
        "batch": (sa.String(64), "批次号"),
        "person": (sa.BigInteger(), "人员编号"),
        "revision": (sa.BigInteger(), "该人员的变更序号,大者为新"),
        "created_at": (sa.DateTime(), "写入时间(北京时间)"),
        "status": (sa.String(20), "处理状态"),
        "error": (sa.String(1000), "平台填写:失败原因"),
        "error_code": (sa.String(64), "平台填写:失败代码"),
        "receipt": (sa.String(200), "平台填写:回执号"),
    }
)
_THEIRS = frozenset({"error", "error_code", "receipt"})


def create_table(profile: PlatformProfile, dialect: Literal["postgresql", "mysql"]) -> str:
    """The statements for a table as the profile describes it, with comments; ``mysql`` is MariaDB's as well.

    Raises:
        ConfigurationInvalid: the profile has no exchange table, or one that cannot hold what it sends.
    """
    layout = layout_of(profile)
    schema, name = (quoted_name(part, quote=True) for part in layout.place)
    table = sa.Table(
        name, sa.MetaData(), *_control_columns(layout), *_people_columns(layout, profile, dialect),
        schema=schema, mysql_engine="InnoDB", mysql_charset="utf8mb4",
    )  # fmt: skip
    control = layout.exchange.control
    indexes = [
        sa.Index(f"ix_{table.name[:15]}_status", table.c[control.status]),
        sa.Index(f"ix_{table.name[:15]}_person", table.c[control.person], table.c[control.revision]),
    ]
    statements: list[Any] = [CreateTable(table), *map(CreateIndex, indexes)]
    if dialect == "postgresql":
        statements += [SetColumnComment(column) for column in table.columns if column.comment]
    # Named parameters: with the drivers' own, a percent sign in a comment would be doubled.
    speaks: type[Any] = sa.make_url(f"{SERVERS[dialect].driver}://").get_dialect()
    spoken = speaks(paramstyle="named")
    return "".join(f"{str(statement.compile(dialect=spoken)).strip()};\n" for statement in statements)


def _control_columns(layout: Layout) -> list[sa.Column[Any]]:
    words = {"operation": _operation_words(layout), "status": _status_words(layout)}
    return [
        _column(
            name,
            _CONTROL[purpose][0],
            _CONTROL[purpose][1] + words.get(purpose, ""),
            key=purpose == "key",
            null=purpose in _THEIRS,
        )
        for purpose, name in layout.exchange.control.names.items()
    ]


def _operation_words(layout: Layout) -> str:
    known = layout.exchange.operations.model_dump()
    return ":" + ",".join(f"{known[operation]} {label}" for operation, label in OPERATIONS.items())


def _status_words(layout: Layout) -> str:
    known = layout.exchange.statuses
    meant = ((known.waiting,), "待处理"), (known.working, "处理中"), (known.taken, "成功"), (known.failed, "失败")
    return ":" + ",".join(f"{'/'.join(words)} {label}" for words, label in meant if words)


def _people_columns(layout: Layout, profile: PlatformProfile, dialect: str) -> list[sa.Column[Any]]:
    short = [column.max_length for column in profile.columns if column.max_length <= _LONGEST_IN_ROW]
    longest = _LONGEST_IN_ROW if sum(short) <= _ROW_CHARACTERS else 0
    return [
        _column(
            layout.people[column.key],
            sa.Text() if dialect == "mysql" and column.max_length > longest else sa.String(column.max_length),
            column.header,
        )
        for column in profile.columns
    ]


def _column(name: str, kind: TypeEngine[Any], comment: str, *, key: bool = False, null: bool = True) -> sa.Column[Any]:
    words = None if comment == name else comment.replace("\\", "\uff3c")  # each reads a backslash in a text its own way
    return sa.Column(
        quoted_name(name, quote=True), kind, primary_key=key, nullable=null, autoincrement=False, comment=words
    )

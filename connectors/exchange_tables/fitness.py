"""Whether an exchange table is what the profile says, and whether our account may do there what it has to; nothing is written."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from connectors.exchange_tables.errors import exchange_error
from connectors.exchange_tables.layout import Layout
from schemas.errors import DatabaseUnavailable
from schemas.platform_profile import OPERATIONS, PlatformProfile

__all__ = ["faults_of"]


@dataclass(frozen=True, slots=True)
class _Catalogue:
    """What one database is asked of a table.

    Attributes:
        columns: name, whether it may be empty, whether it fills itself, longest text, and whether it holds all of Unicode.
        unique: columns whose values the table keeps unique by themselves.
        keeps: whether a transaction that breaks off leaves nothing behind.
    """

    columns: sa.TextClause
    unique: sa.TextClause
    keeps: sa.TextClause


_POSTGRESQL = _Catalogue(
    columns=sa.text("""
        SELECT column_name, is_nullable = 'YES',
               column_default IS NOT NULL OR is_identity = 'YES' OR is_generated <> 'NEVER', character_maximum_length,
               current_setting('server_encoding') = 'UTF8'
        FROM information_schema.columns WHERE table_schema = :schema AND table_name = :table ORDER BY ordinal_position
    """),
    unique=sa.text("""
        SELECT a.attname FROM pg_catalog.pg_index AS i
        JOIN pg_catalog.pg_class AS c ON c.oid = i.indrelid JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
        JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]
        WHERE n.nspname = :schema AND c.relname = :table
          AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indnkeyatts = 1
    """),
    keeps=sa.text("SELECT true WHERE CAST(:schema AS text) <> '' AND CAST(:table AS text) <> ''"),
)
_MYSQL = _Catalogue(
    columns=sa.text("""
        SELECT column_name, is_nullable = 'YES', column_default IS NOT NULL OR extra <> '', character_maximum_length,
               character_set_name IS NULL OR character_set_name IN ('utf8mb4', 'gb18030')
        FROM information_schema.columns WHERE table_schema = :schema AND table_name = :table ORDER BY ordinal_position
    """),
    unique=sa.text("""
        SELECT MIN(column_name) FROM information_schema.statistics
        WHERE table_schema = :schema AND table_name = :table AND non_unique = 0
        GROUP BY index_name HAVING COUNT(*) = 1 AND MAX(sub_part) IS NULL
    """),
    keeps=sa.text("""
        SELECT e.transactions = 'YES' FROM information_schema.tables AS t
        JOIN information_schema.engines AS e ON e.engine = t.engine WHERE t.table_schema = :schema AND t.table_name = :table
    """),
)
_CATALOGUES: Mapping[str, _Catalogue] = MappingProxyType(
    {"postgresql": _POSTGRESQL, "mysql": _MYSQL, "mariadb": _MYSQL}
)


@dataclass(frozen=True, slots=True)
class _Column:
    may_be_empty: bool
    fills_itself: bool
    longest: int | None
    holds_unicode: bool


def faults_of(connection: sa.Connection, layout: Layout, profile: PlatformProfile) -> list[str]:
    """What is wrong, in words for whoever keeps the table."""
    schema, table = layout.place
    asked, catalogue = {"schema": schema, "table": table}, _CATALOGUES[connection.dialect.name]
    found = {name: _Column(bool(null), bool(fills), longest, bool(unicode))
             for name, null, fills, longest, unicode in connection.execute(catalogue.columns, asked)}  # fmt: skip
    if not found:
        return [f"there is no table {layout.exchange.table}, or our account may not see it"]
    if missing := list(_missing(layout, found)):
        return missing
    faults = [*_of_columns(layout, profile, found)]
    if layout.exchange.control.key not in connection.scalars(catalogue.unique, asked).all():
        faults.append(
            f"column {layout.exchange.control.key} needs a unique index of its own: a change could be there twice"
        )
    if not connection.scalar(catalogue.keeps, asked):
        faults.append("the table knows no transactions (InnoDB does): of a batch that breaks off a part would stay")
    return faults + list(_of_account(connection, layout))


def _missing(layout: Layout, found: Mapping[str, _Column]) -> Iterator[str]:
    like = {name.casefold(): name for name in found}
    for name in layout.columns:
        if name not in found:
            other = like.get(name.casefold())
            yield f"column {name} is missing" + (f"; there is {other}, and case counts" if other else "")


def _of_columns(layout: Layout, profile: PlatformProfile, found: Mapping[str, _Column]) -> Iterator[str]:
    for name, column in found.items():
        if name not in layout.written and not (column.may_be_empty or column.fills_itself):
            yield f"column {name} may not be empty, has no default, and we do not fill it"
    for declared in profile.columns:
        name = layout.people[declared.key]
        column = found[name]
        if column.longest is not None and column.longest < declared.max_length:
            yield f"column {name} holds {column.longest} characters, the profile lets {declared.header} have {declared.max_length}"
        if not column.may_be_empty and len(declared.required) < len(OPERATIONS):
            yield f"column {name} may not be empty, and the profile does not always require {declared.header}"
        if not column.holds_unicode:
            yield f"column {name} cannot hold rare characters of names (utf8mb4 can)"


def _of_account(connection: sa.Connection, layout: Layout) -> Iterator[str]:
    """Our statements: questions are asked, and what adds rows is explained, which takes the same privileges."""
    adding = layout.insert().values(dict.fromkeys(layout.written, sa.null())).compile(connection)
    asking = (layout.answers_to([""]), layout.keys_among([""]), layout.newest_taken(None, 1))
    for statement in (sa.text(f"EXPLAIN {adding}"), *asking):
        try:
            with connection.begin_nested():
                connection.execute(statement)
        except DBAPIError as error:
            failure = exchange_error(error, layout.exchange.table)
        else:
            continue
        if isinstance(failure, DatabaseUnavailable):
            raise failure
        yield str(failure)

"""An exchange table as SQLAlchemy knows it, and every statement on it. Names are the profile's, quoted; values are bound."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql import quoted_name
from sqlalchemy.types import NULLTYPE

from schemas.errors import ConfigurationInvalid
from schemas.platform_exchange import ExchangeFormat
from schemas.platform_profile import PlatformProfile

__all__ = ["Layout", "layout_of"]


@dataclass(frozen=True, slots=True)
class Layout:
    """A profile's exchange table; ``people`` has the database column of each key of a payload."""

    exchange: ExchangeFormat
    people: Mapping[str, str]
    table: sa.TableClause

    def __getitem__(self, purpose: str) -> sa.ColumnClause[Any]:
        """A column of the change itself, by what it is for."""
        return self.table.c[self.exchange.control.names[purpose]]

    @property
    def place(self) -> tuple[str, str]:
        """The table's schema and name."""
        schema, _, name = self.exchange.table.partition(".")
        return schema, name

    @property
    def columns(self) -> list[str]:
        """All columns of the table that we know."""
        return [*self.exchange.control.names.values(), *self.people.values()]

    @property
    def written(self) -> list[str]:
        """The columns that we fill, in the order of a row."""
        ours = ("key", "operation", "batch", "person", "revision", "created_at", "status")
        return [self.exchange.control.names[purpose] for purpose in ours] + list(self.people.values())

    def insert(self) -> sa.Insert:
        """Adds rows, given as a value for each column that we fill; a key that is there is an error."""
        return sa.insert(self.table)

    def keys_among(self, keys: Sequence[str]) -> sa.Select[Any]:
        """Those of the keys that are in the table."""
        return sa.select(self["key"]).select_from(self.table).where(self._is_among(keys))

    def answers_to(self, keys: Sequence[str]) -> sa.Select[Any]:
        """Key, status, error text, error code and receipt of the rows with these keys; NULL where there is no such column."""
        asked = [self[purpose] if purpose in self.exchange.control.names else sa.null()
                 for purpose in ("key", "status", "error", "error_code", "receipt")]  # fmt: skip
        return sa.select(*asked).select_from(self.table).where(self._is_among(keys))

    def newest_taken(self, after: object, most: int) -> sa.Select[Any]:
        """The newest row that was taken of each of the next people: key, person, revision, operation, receipt, the person's columns.

        Args:
            after: the last person of the page before, as the database gave it; None for the first page.
            most: how many people.
        """
        # A text, also where the table keeps a number: to MySQL any word equals 0.
        is_taken = sa.cast(self["status"], sa.String).in_(self.exchange.statuses.taken)
        # Numbers, also where the table keeps them as texts: "10" is newer than "9".
        number = sa.cast(self["revision"], sa.BigInteger)
        person = self["person"]
        newest = sa.select(person.label("person"), sa.func.max(number).label("revision"))
        newest = newest.select_from(self.table).where(is_taken)
        if after is not None:
            newest = newest.where(person > sa.bindparam("after", after, NULLTYPE))
        page = newest.group_by(person).order_by(person).limit(most).subquery("newest")
        receipt = self["receipt"] if "receipt" in self.exchange.control.names else sa.null()
        told = [self["key"], person, self["revision"], self["operation"], receipt]
        return (
            sa.select(*told, *(self.table.c[name] for name in self.people.values()))
            .select_from(self.table.join(page, sa.and_(person == page.c.person, number == page.c.revision)))
            .where(is_taken)
            .order_by(person, self["created_at"], self["key"])
        )

    def _is_among(self, keys: Sequence[str]) -> sa.ColumnElement[bool]:
        # Of no type, so that the database takes the column's: a cast could keep it from using an index.
        return self["key"].in_(sa.bindparam("keys", list(keys), NULLTYPE, expanding=True))


def layout_of(profile: PlatformProfile) -> Layout:
    """The exchange table of a profile.

    Raises:
        ConfigurationInvalid: the profile has none, or one that cannot hold what the profile sends.
    """
    exchange, problem = profile.exchange, "there is no section [exchange]"
    if exchange is not None and profile.sends != "whole":
        exchange, problem = None, 'sends: a row of an exchange table holds every column of a person; "whole" is needed'
    if exchange is not None:
        try:
            people = exchange.people_columns({column.header: column.key for column in profile.columns})
        except ValueError as invalid:
            problem = str(invalid)
        else:
            return Layout(exchange, people, _table(exchange, people))
    raise ConfigurationInvalid(f"platform profile {profile.name}: {problem}")


def _table(exchange: ExchangeFormat, people: Mapping[str, str]) -> sa.TableClause:
    """With every name quoted, so that it is exactly the one configured."""
    schema, table, *columns = (
        quoted_name(name, quote=True)
        for name in (*exchange.table.split("."), *exchange.control.names.values(), *people.values())
    )
    return sa.table(table, *map(sa.column, columns), schema=schema)

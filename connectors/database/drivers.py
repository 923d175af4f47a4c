"""What drivers need so that every value arrives as the database has it; each driver is imported only where it is used."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from connectors.database.deadline import Deadline

__all__ = ["abandon_result", "mysql_values", "no_preparation", "prepare_oracle", "prepare_postgresql"]


def no_preparation(_connection: Any, _deadline: Deadline) -> None:
    """A connection is right as it comes."""


def prepare_postgresql(connection: Any, deadline: Deadline) -> None:
    """The connection ends with the deadline: psycopg itself waits for an answer for ever.

    Days and instants that Python does not have (infinity, BC, the year 10000) come as PostgreSQL's own text.
    """
    from psycopg import DataError
    from psycopg.abc import AdaptContext, Buffer
    from psycopg.adapt import Loader
    from psycopg.types.datetime import DateLoader, TimestampLoader, TimestamptzLoader

    def or_text(typed_loader: type[Loader]) -> type[Loader]:
        class OrText(Loader):
            def __init__(self, oid: int, context: AdaptContext | None = None) -> None:
                super().__init__(oid, context)
                self._typed = typed_loader(oid, context)

            def load(self, data: Buffer) -> Any:
                try:
                    return self._typed.load(data)
                except DataError:
                    return bytes(data).decode()

        return OrText

    deadline.watch(connection.fileno())
    for kind, loader in (("date", DateLoader), ("timestamp", TimestampLoader), ("timestamptz", TimestamptzLoader)):
        connection.adapters.register_loader(kind, or_text(loader))


def mysql_values() -> Mapping[Any, Any]:
    """PyMySQL's conversions, but a BIT is a number instead of bytes, and a time of day the text MySQL writes."""
    from pymysql.constants import FIELD_TYPE
    from pymysql.converters import conversions

    values = {**conversions, FIELD_TYPE.BIT: lambda bits: int.from_bytes(bits, "big")}
    del values[FIELD_TYPE.TIME]
    return values


def prepare_oracle(connection: Any, deadline: Deadline) -> None:
    """No answer is waited for longer than the pull may last."""
    connection.call_timeout = deadline.seconds * 1000


def abandon_result(cursor: Any) -> None:
    """Lets go of a result that was not read to its end, whose connection is closed next.

    PyMySQL would read on to the end first, or stumble over the closed socket when the garbage is collected; psycopg would
    warn of a cursor left open.
    """
    unread: Any = getattr(cursor, "_result", None)
    if getattr(unread, "unbuffered_active", False):
        unread.unbuffered_active = False
    with suppress(Exception):  # what is wrong with the connection was said before, in words of ours
        cursor.close()

"""Whether a view in another body's database can be read by us, and only read, without taking a row."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from connectors.database.deadline import Deadline
from connectors.database.errors import source_error
from connectors.database.privileges import WRITE_PRIVILEGES
from connectors.database.servers import open_engine
from schemas.channels import DatabaseChannel
from schemas.errors import SourceRefusesUs

__all__ = ["look_at_view"]

_SECONDS = 20


def look_at_view(channel: DatabaseChannel, *, url: str, name: str) -> int:
    """How many columns the view has.

    Args:
        channel: which view.
        url: where the database is, with the password in it.
        name: of the source.

    Raises:
        SourceUnavailable: the database does not answer within twenty seconds.
        SourceRefusesUs: it does not let us in, the view is not as configured, or the account could write.
    """
    with Deadline(_SECONDS, name) as deadline:
        server, engine = open_engine(url, name, deadline)
        try:
            with engine.connect() as connection:
                for statement in server.session:
                    connection.exec_driver_sql(statement.format(seconds=_SECONDS))
                connection.commit()
                columns = _columns(connection, channel)
                held = _write_privileges(connection, channel)
        except (SQLAlchemyError, UnicodeError, OSError) as error:
            failure = source_error(error, name)
        else:
            _refuse(channel, name, columns, held)
            return len(columns)
        finally:
            engine.dispose()
        deadline.check()
    raise failure


def _columns(connection: sa.Connection, channel: DatabaseChannel) -> list[str]:
    schema, _, view = channel.view.partition(".")
    nothing: sa.Select[Any] = (
        sa.select(sa.literal_column("*")).select_from(sa.table(view, schema=schema)).where(sa.false())
    )
    return list(connection.execute(nothing).keys())


def _write_privileges(connection: sa.Connection, channel: DatabaseChannel) -> set[str] | None:
    ask = WRITE_PRIVILEGES.get(connection.dialect.name)
    if channel.allow_write_account:
        return set()
    return None if ask is None else set(ask(connection, channel.view.partition(".")[0]))


def _refuse(channel: DatabaseChannel, name: str, columns: list[str], held: set[str] | None) -> None:
    wanted = (*channel.columns, *channel.key_columns, *filter(None, [channel.cursor_column]))
    if missing := [column for column in wanted if column not in columns]:
        raise SourceRefusesUs(f"{name}: the view has no column {missing[0]}")
    if held is None:
        raise SourceRefusesUs(f"{name}: whether our account could write cannot be asked of this database")
    if held:
        raise SourceRefusesUs(f"{name}: our account could write there ({', '.join(sorted(held))})")

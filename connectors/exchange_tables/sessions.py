"""Calls of an exchange database: each in a connection and transaction of its own, with an end in time, and errors in our words."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from connectors.database.deadline import Deadline
from connectors.database.servers import SERVERS, Server, open_engine
from connectors.exchange_tables.errors import exchange_error
from schemas.errors import ConfigurationInvalid, DatabaseUnavailable, PushFailed, SourceRefusesUs

__all__ = ["Sessions"]

T = TypeVar("T")

# Sessions begin as those that read a view, which cannot write; these let one of them write, and no value be cut or replaced.
_MYSQL_WRITES = (
    "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED, READ WRITE",
    "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,NO_ENGINE_SUBSTITUTION'",
    "SET SESSION innodb_lock_wait_timeout = 10",
)
_WRITES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "postgresql": ("SET default_transaction_read_only = off", "SET lock_timeout = '10s'"),
        "mysql": _MYSQL_WRITES,
        "mariadb": _MYSQL_WRITES,
    }
)


class Sessions:
    """Nothing is open between two calls, so whatever breaks one is of no concern to the next.

    Raises:
        ConfigurationInvalid: the URL cannot be read, sets what it may not, or means a database we cannot write into.
    """

    def __init__(self, url: str, name: str, *, seconds: int) -> None:
        self._url, self._name, self._seconds = url, name, seconds
        with Deadline(seconds, name) as deadline:
            self._engine(deadline)[1].dispose()

    def reading(self, work: Callable[[sa.Connection], T]) -> T:
        """What ``work`` finds, in a transaction that cannot write.

        Raises:
            DatabaseUnavailable: the database does not answer, or gave up; it may pass.
            PushFailed: it does not let us in, or the table is not as configured.
        """
        return self._run(work, ())

    def writing(self, work: Callable[[sa.Connection], T]) -> T:
        """What ``work`` gives, all of it committed; of a call that breaks off, nothing.

        Where the connection is lost while committing, nobody knows which: the table has to be asked.

        Raises:
            DatabaseUnavailable: the database does not answer, or gave up; it may pass.
            PushFailed: it does not let us in, or the table is not as configured.
        """
        return self._run(work, _WRITES[sa.make_url(self._url).get_backend_name()])

    def _run(self, work: Callable[[sa.Connection], T], statements: tuple[str, ...]) -> T:
        failure: DatabaseUnavailable | PushFailed
        with Deadline(self._seconds, self._name) as deadline:
            server, engine = self._engine(deadline)
            try:
                return self._in_transaction(engine, [*server.session, *statements], work)
            except (SQLAlchemyError, UnicodeError, OSError) as error:
                failure = exchange_error(error, self._name)
            finally:
                engine.dispose()
            if deadline.is_over:
                failure = DatabaseUnavailable(
                    f"{self._name}: the exchange database took longer than deadline_seconds = {self._seconds}"
                )
        raise failure

    def _in_transaction(self, engine: sa.Engine, session: list[str], work: Callable[[sa.Connection], T]) -> T:
        with engine.connect() as connection:
            try:
                for statement in session:
                    connection.exec_driver_sql(statement.format(seconds=self._seconds))
                connection.commit()
                with connection.begin():
                    return work(connection)
            except BaseException:
                connection.invalidate()
                raise

    def _engine(self, deadline: Deadline) -> tuple[Server, sa.Engine]:
        try:
            server, engine = open_engine(self._url, self._name, deadline)
        except SourceRefusesUs as refused:
            problem = str(refused)
        else:
            if any(server is SERVERS[dialect] for dialect in _WRITES):
                return server, engine
            problem = f"{self._name}: exchange tables are known of PostgreSQL, MySQL and MariaDB; not of {server.label}"
        raise ConfigurationInvalid(problem)

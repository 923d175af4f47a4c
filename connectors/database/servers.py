"""The databases a view can be read from, a row each: its driver, and how to read one state of it without writing.

Another database is another row of :data:`SERVERS`. What errors mean is ``errors``'s, whether an account may write
``privileges``'s. The rows of Oracle and Dameng follow the makers' documentation; a statement that is refused there
stops the pull, it is never left out.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.pool import NullPool

from connectors.database.deadline import Deadline
from connectors.database.drivers import abandon_result, mysql_values, no_preparation, prepare_oracle, prepare_postgresql
from schemas.errors import SourceRefusesUs

__all__ = ["SERVERS", "Server", "open_engine"]


@dataclass(frozen=True, slots=True)
class Server:
    """What is particular to one database.

    Attributes:
        driver: the name by which SQLAlchemy finds the driver.
        package: what to install where it is missing.
        url_options: what may follow ``?`` in the URL: TLS and where the server is, nothing that changes how values are read.
        session: statements for the whole session; ``{seconds}`` is how long a pull may last.
        snapshot: statements that begin a transaction which only reads, and reads one state.
        arguments: of the driver's ``connect``, given the seconds a pull may last.
        prepare: what else a new connection needs.
        single_precision: the driver's codes for floating types of six digits.
    """

    label: str
    driver: str
    package: str
    url_options: frozenset[str]
    session: tuple[str, ...]
    snapshot: tuple[str, ...]
    arguments: Callable[[int], dict[str, Any]]
    prepare: Callable[[Any, Deadline], None] = no_preparation
    single_precision: frozenset[object] = frozenset()


_POSTGRESQL = Server(
    label="PostgreSQL",
    driver="postgresql+psycopg",
    package="psycopg[binary]",
    url_options=frozenset(
        {
            "host", "port", "sslmode", "sslrootcert", "sslcert", "sslkey", "sslcrl", "sslcrldir", "sslsni", "sslcertmode",
            "ssl_min_protocol_version", "ssl_max_protocol_version", "channel_binding", "require_auth",
            "target_session_attrs",
        }
    ),
    session=(
        "SET default_transaction_read_only = on",
        "SET statement_timeout = '{seconds}s'",
        "SET idle_in_transaction_session_timeout = '{seconds}s'",
        "SET TIME ZONE 'Asia/Shanghai'",
        "SET datestyle = 'ISO, YMD'",
        "SET extra_float_digits = 1",
    ),
    snapshot=("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY",),
    arguments=lambda _: {
        "application_name": "eldersync", "client_encoding": "utf8", "connect_timeout": 10, "keepalives_idle": 30,
        "keepalives_interval": 10, "keepalives_count": 3, "tcp_user_timeout": 60_000,
    },
    prepare=prepare_postgresql,
    single_precision=frozenset({700}),
)  # fmt: skip

_MYSQL = Server(
    label="MySQL or MariaDB",
    driver="mysql+pymysql",
    package="PyMySQL",
    url_options=frozenset(
        {
            "unix_socket", "ssl_ca", "ssl_capath", "ssl_cert", "ssl_key", "ssl_cipher", "ssl_check_hostname",
        }
    ),
    session=(
        "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY",
        # MariaDB alone reads /*M! */; it leaves /*!50708 */ to MySQL.
        "SET SESSION time_zone = '+08:00', net_write_timeout = 600",
        "SET SESSION /*M!100101 max_statement_time = {seconds} */ /*!50708 max_execution_time = {seconds}000 */",
    ),
    snapshot=("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",),
    arguments=lambda seconds: {
        "charset": "utf8mb4", "connect_timeout": 10, "read_timeout": seconds, "write_timeout": 60, "conv": mysql_values(),
    },
    single_precision=frozenset({4}),
)  # fmt: skip

_ORACLE = Server(
    label="Oracle",
    driver="oracle+oracledb",
    package="oracledb",
    url_options=frozenset(
        {
            "service_name", "protocol", "ssl_server_dn_match", "ssl_server_cert_dn", "wallet_location", "config_dir",
        }
    ),
    session=("ALTER SESSION SET TIME_ZONE = '+08:00'",),
    snapshot=("SET TRANSACTION READ ONLY",),
    arguments=lambda _: {"tcp_connect_timeout": 10.0},
    prepare=prepare_oracle,
)  # fmt: skip

_DAMENG = Server(
    label="Dameng 达梦",
    driver="dm+dmPython",
    package="dmPython and dmSQLAlchemy",
    url_options=frozenset({"ssl_path", "ssl_pwd"}),
    # A session that only reads still sees what others commit; the isolation level gives one state.
    session=("CALL SP_SET_SESSION_READONLY(1)",),
    snapshot=("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE",),
    arguments=lambda _: {"local_code": 1, "connection_timeout": 10},
)

SERVERS: Mapping[str, Server] = MappingProxyType(
    {"postgresql": _POSTGRESQL, "mysql": _MYSQL, "mariadb": _MYSQL, "oracle": _ORACLE, "dm": _DAMENG}
)


def open_engine(url: str, name: str, deadline: Deadline) -> tuple[Server, sa.Engine]:
    """The row of a URL's database and an engine on it; nothing is connected yet.

    Connections begin with what the row says, and end with the deadline.

    Raises:
        SourceRefusesUs: the URL cannot be read, sets what it may not, or means a database without row or driver.
    """
    server, parsed = _server_of(url, name)
    try:
        engine = sa.create_engine(
            parsed,
            poolclass=NullPool,
            pool_reset_on_return=None,
            hide_parameters=True,
            connect_args=server.arguments(deadline.seconds),
        )
    except (ImportError, NoSuchModuleError):
        engine = None
    if engine is None:
        raise SourceRefusesUs(f"{name}: no driver for {server.label} is installed here; install {server.package}")
    # Before SQLAlchemy's own questions to a new connection.
    sa.event.listen(engine, "connect", lambda connection, _: server.prepare(connection, deadline), insert=True)
    sa.event.listen(engine, "handle_error", _let_go)
    return server, engine


def _let_go(failing: sa.ExceptionContext) -> None:
    if failing.execution_context is not None:
        abandon_result(failing.execution_context.cursor)


def _server_of(url: str, name: str) -> tuple[Server, sa.URL]:
    try:
        parsed = sa.make_url(url)
    except (ArgumentError, ValueError):
        parsed = None
    if parsed is None:  # not quoted: it may hold a password
        raise SourceRefusesUs(f"{name}: the database's URL cannot be read; it is like mysql://user@host:3306/database")
    server = SERVERS.get(parsed.get_backend_name())
    if server is None:
        known = ", ".join(SERVERS)
        raise SourceRefusesUs(
            f"{name}: how to only read, and read one state, is known of {known}; not of this database"
        )
    strange = sorted(set(parsed.query) - server.url_options)
    if strange:
        raise SourceRefusesUs(f"{name}: the database's URL sets {strange[0]}, which is neither TLS nor an address")
    return server, parsed.set(drivername=server.driver)

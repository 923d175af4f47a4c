"""What drivers raise, told as what may pass and what does not, without a word of theirs."""

import socket
import ssl

import psycopg
import pymysql
import pytest
import sqlalchemy as sa

from connectors.database.errors import source_error
from schemas.errors import SourceRefusesUs, SourceUnavailable, Transient

PRIVATE = "Key (name, id_number)=(张三, 441421194503120018) password=secret host 10.0.0.7"


class OracleError:
    """The shape of what python-oracledb puts into its exceptions."""

    def __init__(self, full_code: str) -> None:
        self.full_code = full_code
        self.message = PRIVATE


class DamengError:
    """The shape of what dmPython puts into its exceptions."""

    def __init__(self, code: int) -> None:
        self.code = code
        self.message = PRIVATE


class DatabaseError(Exception):
    """As both drivers name theirs."""


class OperationalError(DatabaseError):
    """As both drivers name theirs."""


def certificate_error() -> Exception:
    failure = pymysql.err.OperationalError(2003, PRIVATE)
    failure.original_exception = ssl.SSLCertVerificationError(PRIVATE)
    return failure


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        pytest.param(psycopg.errors.QueryCanceled(PRIVATE), "cancelled or took too long (57014)", id="timeout"),
        pytest.param(psycopg.errors.AdminShutdown(PRIVATE), "it ended the connection", id="shutdown"),
        pytest.param(psycopg.errors.DeadlockDetected(PRIVATE), "it gave up our transaction (40P01)", id="deadlock"),
        pytest.param(psycopg.errors.TooManyConnections(PRIVATE), "it is short of", id="connections"),
        pytest.param(psycopg.OperationalError(f"connection refused {PRIVATE}"), "the connection failed", id="refused"),
        pytest.param(psycopg.OperationalError("SSL connection has been closed unexpectedly"), "the connection failed", id="ssl-lost"),
        pytest.param(pymysql.err.OperationalError(2003, PRIVATE), "nothing answers at that address (2003)", id="nothing"),
        pytest.param(pymysql.err.OperationalError(1927, PRIVATE), "ended by an administrator (1927)", id="killed"),
        pytest.param(pymysql.err.OperationalError(1213, PRIVATE), "it gave up our transaction", id="mysql-deadlock"),
        pytest.param(pymysql.err.OperationalError(4999, PRIVATE), "the connection failed or was lost (4999)", id="unknown"),
        pytest.param(pymysql.err.InterfaceError(0, ""), "the connection failed or was lost", id="closed"),
        pytest.param(OperationalError(OracleError("DPY-6005")), "nothing answers at that address (DPY-6005)", id="oracle"),
        pytest.param(DatabaseError(OracleError("ORA-01555")), "too old for it to keep (ORA-01555)", id="oracle-snapshot"),
        pytest.param(socket.gaierror(-2, PRIVATE), "the connection failed or was lost", id="oracle-host"),
        pytest.param(DatabaseError(DamengError(-70028)), "nothing answers at that address (DM-70028)", id="dameng"),
    ],
)  # fmt: skip
def test_what_may_pass(failure: Exception, said: str) -> None:
    error = source_error(failure, "other_body")
    assert isinstance(error, SourceUnavailable)
    assert isinstance(error, Transient)
    assert str(error).startswith("other_body: the database is not available: ")
    assert said in str(error)
    assert not any(word in str(error) for word in PRIVATE.split())


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        pytest.param(psycopg.errors.InvalidPassword(PRIVATE), "does not admit our account or password (28P01)", id="password"),
        pytest.param(psycopg.errors.UndefinedTable(PRIVATE), "the view is not there (42P01)", id="view"),
        pytest.param(psycopg.errors.InsufficientPrivilege(PRIVATE), "may not read the view (42501)", id="privilege"),
        pytest.param(psycopg.errors.DivisionByZero(PRIVATE), "cannot compute with (22012)", id="computing"),
        pytest.param(psycopg.OperationalError(f'FATAL: password authentication failed for "{PRIVATE}"'), "account or password", id="words"),
        pytest.param(psycopg.OperationalError(f'致命错误: 用户 "{PRIVATE}" Password 认证失败'), "account or password", id="chinese-words"),
        pytest.param(psycopg.OperationalError("server does not support SSL, but SSL was required"), "as secure as", id="no-tls"),
        pytest.param(pymysql.err.OperationalError(1045, PRIVATE), "does not admit our account or password (1045)", id="mysql-password"),
        pytest.param(pymysql.err.ProgrammingError(1146, PRIVATE), "the view is not there (1146)", id="mysql-view"),
        pytest.param(pymysql.err.OperationalError(2026, PRIVATE), "as secure as the URL asks for (2026)", id="mysql-no-tls"),
        pytest.param(certificate_error(), "as secure as", id="mysql-certificate"),
        pytest.param(pymysql.err.ProgrammingError(1064, PRIVATE), "does not do what we ask (ProgrammingError)", id="unknown"),
        pytest.param(DatabaseError(OracleError("ORA-01017")), "account or password (ORA-01017)", id="oracle"),
        pytest.param(DatabaseError(DamengError(-2501)), "account or password (DM-2501)", id="dameng"),
        pytest.param(DatabaseError(DamengError(-9999)), "does not do what we ask (DatabaseError) (DM-9999)", id="dameng-unknown"),
        pytest.param(UnicodeDecodeError("utf-8", PRIVATE.encode(), 0, 1, "invalid"), "a text is not in the encoding", id="encoding"),
        pytest.param(FileNotFoundError(2, PRIVATE), "a file the URL names cannot be read", id="certificate-file"),
        pytest.param(sa.exc.CompileError(PRIVATE), "does not do what we ask (CompileError)", id="our-own"),
    ],
)  # fmt: skip
def test_what_trying_again_does_not_change(failure: Exception, said: str) -> None:
    error = source_error(failure, "other_body")
    assert isinstance(error, SourceRefusesUs)
    assert not isinstance(error, Transient)
    assert said in str(error)
    assert not any(word in str(error) for word in PRIVATE.split())


def test_a_drivers_error_is_found_in_sqlalchemys() -> None:
    wrapped = sa.exc.DBAPIError(f"SELECT {PRIVATE}", None, psycopg.errors.UndefinedTable(PRIVATE))
    assert (
        str(source_error(wrapped, "other_body")) == "other_body: the database refuses us: the view is not there (42P01)"
    )

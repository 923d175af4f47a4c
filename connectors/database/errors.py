"""What went wrong at another body's database, told by its code: whether it may pass, and why, in words of ours.

Drivers and servers quote values, hosts and users in their messages. Nothing of a message is passed on; where a connection
fails without a code, words of it are only looked for.
"""

import re
import ssl
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from sqlalchemy.exc import DBAPIError

from schemas.errors import SourceRefusesUs, SourceUnavailable

__all__ = ["Diagnosis", "diagnosis", "known", "source_error"]

_NO_TLS = "no connection as secure as the URL asks for"

# SQLSTATEs and their classes (PostgreSQL, appendix A), numbers of MySQL and MariaDB, of Oracle (ORA-, DPY-) and of Dameng.
_PASSES: Mapping[str, str] = MappingProxyType(
    {
        "08": "the connection was lost",
        "25P03": "our transaction was idle for too long",
        "40": "it gave up our transaction",
        "53": "it is short of connections, memory or disk",
        "55P03": "a lock was not to be had in time",
        "57": "it ended the connection or the statement: a shutdown, an administrator or a time limit",
        "57014": "the statement was cancelled or took too long",
        "72": "the state we read is too old for it to keep",
        "1040": "it has no connection left",
        "1053": "it is shutting down",
        "1129": "it blocks our host after failed connections",
        "1203": "it has no connection left",
        "1205": "a lock was not to be had in time",
        "1213": "it gave up our transaction",
        "1226": "our account has used up what it may",
        "1317": "the statement was cancelled",
        "1927": "the connection was ended by an administrator",
        "1969": "the statement took too long",
        "2002": "nothing answers at that address",
        "2003": "nothing answers at that address",
        "2006": "the connection was lost",
        "2013": "the connection was lost or did not answer in time",
        "3024": "the statement took too long",
        "4031": "our connection was idle for too long",
        "ORA-00060": "it gave up our transaction",
        "ORA-01033": "it is starting or stopping",
        "ORA-01034": "it is not started",
        "ORA-01089": "it is shutting down",
        "ORA-01555": "the state we read is too old for it to keep",
        "ORA-03113": "the connection was lost",
        "ORA-03114": "the connection was lost",
        "ORA-03135": "the connection was lost",
        "ORA-12170": "it did not answer in time",
        "ORA-12541": "nothing answers at that address",
        "DPY-4011": "the connection was lost",
        "DPY-4024": "it did not answer in time",
        "DPY-6005": "nothing answers at that address",
        "DM-6001": "the connection was lost",
        "DM-70028": "nothing answers at that address",
    }
)
_REFUSES: Mapping[str, str] = MappingProxyType(
    {
        "22": "the view meets a value it cannot compute with",
        "25006": "the view itself writes, and our transaction only reads",
        "28": "it does not admit our account or password",
        "3D000": "the database is not there",
        "3F000": "the schema is not there",
        "42501": "our account may not read the view",
        "42703": "a column is not there",
        "42804": "cursor_column is of another type than before",
        "42883": "cursor_column is of another type than before",
        "42P01": "the view is not there",
        "1044": "our account may not use that database",
        "1045": "it does not admit our account or password",
        "1049": "the database is not there",
        "1054": "a column is not there",
        "1130": "it does not admit our host",
        "1142": "our account may not read the view",
        "1143": "our account may not read a column",
        "1146": "the view is not there",
        "1251": "it wants another way of logging in",
        "1356": "the view means tables that are not there, or that its owner may not read",
        "1370": "our account may not run a function the view uses",
        "1698": "it does not admit our account or password",
        "1792": "the view itself writes, and our transaction only reads",
        "1820": "our password has expired",
        "2026": _NO_TLS,
        "2059": "it wants another way of logging in",
        "ORA-00904": "a column is not there",
        "ORA-00942": "the view is not there, or our account may not read it",
        "ORA-01017": "it does not admit our account or password",
        "ORA-01031": "our account lacks a privilege",
        "ORA-12505": "the database is not there",
        "ORA-12514": "the database is not there",
        "ORA-28000": "our account is locked",
        "ORA-28001": "our password has expired",
        "DM-2106": "the view is not there",
        "DM-2111": "a column is not there",
        "DM-2501": "it does not admit our account or password",
        "DM-5504": "our account may not read the view",
    }
)
# libpq gives failed connections no code, and the server's words may be Chinese.
_WORDS_THAT_REFUSE = (
    (r"authentication failed|认证失败|no password supplied|require_auth", "it does not admit our account or password"),
    (r"pg_hba\.conf", "its pg_hba.conf does not admit us"),
    (r"does not exist|不存在", "the database or the account is not there"),
    (r"certificate|does not support ssl|sslmode", _NO_TLS),
)
_MAY_PASS = frozenset({"OperationalError", "InterfaceError", "ConnectionError", "TimeoutError", "gaierror"})


class Diagnosis(NamedTuple):
    """What an error of a driver means: whether it may pass, why in words of ours, and its code if it has one."""

    may_pass: bool
    why: str
    code: str

    @property
    def words(self) -> str:
        """Why, with the code."""
        return f"{self.why} ({self.code})" if self.code else self.why


def source_error(failure: Exception, name: str) -> SourceUnavailable | SourceRefusesUs:
    """The error of ours for one of a driver's.

    Args:
        failure: of SQLAlchemy, of a driver, or of decoding a text.
        name: the source's.
    """
    found = diagnosis(failure)
    if found.may_pass:
        return SourceUnavailable(f"{name}: the database is not available: {found.words}")
    return SourceRefusesUs(f"{name}: the database refuses us: {found.words}")


def diagnosis(failure: Exception) -> Diagnosis:
    """What an error of SQLAlchemy, of a driver, or of decoding a text means where a view is read."""
    cause = failure.orig if isinstance(failure, DBAPIError) and failure.orig is not None else failure
    code = _code(cause)
    if (why := known(_PASSES, code)) is not None and not _is_tls(cause):
        return Diagnosis(may_pass=True, why=why, code=code)
    may_pass = bool(_MAY_PASS & {kind.__name__ for kind in type(cause).__mro__})
    why = known(_REFUSES, code) or _reading(cause, may_pass=may_pass) or _connecting(cause, code)
    if why is None and may_pass:
        return Diagnosis(may_pass=True, why="the connection failed or was lost", code=code)
    return Diagnosis(may_pass=False, why=why or f"it does not do what we ask ({type(cause).__name__})", code=code)


def known(words: Mapping[str, str], code: str) -> str | None:
    """The words for a code, or for the class of a SQLSTATE."""
    is_sqlstate = re.fullmatch(r"[0-9A-Z]{5}", code)
    return words.get(code) or (words.get(code[:2]) if is_sqlstate else None)


def _code(cause: BaseException) -> str:
    """A SQLSTATE, a number of MySQL, ``ORA-…``, ``DPY-…`` or ``DM-…``; empty where there is none."""
    first = cause.args[0] if cause.args and not isinstance(cause, OSError) else None
    if isinstance(first, int):  # PyMySQL
        return str(first) if first else ""
    if sqlstate := getattr(cause, "sqlstate", None):  # psycopg
        return str(sqlstate)
    if full_code := getattr(first, "full_code", None):  # oracledb
        return str(full_code)
    number = getattr(first, "code", None)  # dmPython
    return f"DM{number}" if isinstance(number, int) and number < 0 else ""


def _is_tls(cause: BaseException) -> bool:
    """PyMySQL has one number for a server that is not there and for one whose certificate is not believed."""
    return isinstance(getattr(cause, "original_exception", None), ssl.SSLError)


def _reading(cause: BaseException, *, may_pass: bool) -> str | None:
    if _is_tls(cause):
        return _NO_TLS
    if isinstance(cause, UnicodeError):
        return "a text is not in the encoding the database says it is in"
    if isinstance(cause, OSError) and not may_pass:
        return "a file the URL names cannot be read, or TLS fails"
    return None


def _connecting(cause: BaseException, code: str) -> str | None:
    text = "" if code else str(cause).lower()
    return next((why for words, why in _WORDS_THAT_REFUSE if re.search(words, text)), None)

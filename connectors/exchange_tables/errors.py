"""What went wrong at the exchange database, in words of ours: whether it may pass, and whether it lies with one row.

Codes that mean the same where a view is read are ``connectors.database.errors``'s.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from sqlalchemy.exc import DBAPIError

from connectors.database.errors import diagnosis, known
from schemas.errors import DatabaseUnavailable, PushFailed

__all__ = ["RowFault", "exchange_error", "row_fault"]


class RowFault(NamedTuple):
    """Why the database does not take one row: for the log, and for officers."""

    why: str
    words: str


_TOO_LONG = RowFault("a text is too long for its column", "文字超过列的长度")
_NOT_TAKEN = RowFault("a value is not what its column holds", "值与列的类型或字符集不符")
_EMPTY = RowFault("a column may not be empty", "列不允许为空")
_NOT_UNIQUE = RowFault("a value that may occur once is there already", "不允许重复的值已存在")
_RULE = RowFault("a rule of the table forbids it", "不符合表的约束")

# SQLSTATEs and their classes, and numbers of MySQL and MariaDB.
_OF_ONE_ROW: Mapping[str, RowFault] = MappingProxyType(
    {
        "22": _NOT_TAKEN, "22001": _TOO_LONG, "23": _RULE, "23502": _EMPTY, "23505": _NOT_UNIQUE,
        "1048": _EMPTY, "1062": _NOT_UNIQUE, "1264": _NOT_TAKEN, "1265": _NOT_TAKEN, "1292": _NOT_TAKEN, "1366": _NOT_TAKEN,
        "1406": _TOO_LONG, "1411": _NOT_TAKEN, "1452": _RULE, "3819": _RULE, "4025": _RULE,
    }
)  # fmt: skip
_MEANT_OTHERWISE: Mapping[str, str] = MappingProxyType(
    {
        "25006": "it only reads, or our account only may",
        "42501": "our account may not read and add rows of the table",
        "42804": "a column is of a type that takes no text",
        "42883": "a column is of a type that takes no text",
        "42P01": "the table is not there",
        "1142": "our account may not read and add rows of the table",
        "1143": "our account may not read and fill in a column",
        "1146": "the table is not there",
        "1290": "it only reads at present",
        "1364": "a column that we do not fill has no default",
        "1792": "it only reads, or our account only may",
        "1836": "it only reads at present",
    }
)


def row_fault(failure: DBAPIError) -> RowFault | None:
    """Why a row was not taken; None where it does not lie with a row."""
    found = diagnosis(failure)
    if not found.code:  # psycopg itself refuses NUL in a text
        return _NOT_TAKEN if type(failure.orig).__name__ == "DataError" else None
    is_sqlstate = len(found.code) == 5
    fault = _OF_ONE_ROW.get(found.code) or (_OF_ONE_ROW.get(found.code[:2]) if is_sqlstate else None)
    return fault and RowFault(f"{fault.why} ({found.code})", f"{fault.words}({found.code})")


def exchange_error(failure: Exception, name: str) -> DatabaseUnavailable | PushFailed:
    """The error of ours for one of a driver's.

    Args:
        failure: of SQLAlchemy, of a driver, or of decoding a text.
        name: the profile's.
    """
    found = diagnosis(failure)
    if why := known(_MEANT_OTHERWISE, found.code):
        return PushFailed(f"{name}: the exchange database refuses us: {why} ({found.code})")
    if isinstance(failure, DBAPIError) and (fault := row_fault(failure)) is not None:
        return PushFailed(f"{name}: the exchange database refuses us: {fault.why}")
    if found.may_pass:
        return DatabaseUnavailable(f"{name}: the exchange database is not available: {found.words}")
    return PushFailed(f"{name}: the exchange database refuses us: {found.words}")

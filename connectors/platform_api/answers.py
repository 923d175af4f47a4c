"""An answer as a document: read strictly, found by paths, compared by type. What it means is decided elsewhere."""

import json
import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, NoReturn

from connectors.http_calls.call import Answer

__all__ = [
    "MISSING", "NotReadable", "as_text", "at_path", "clean", "is_one_of", "is_web_page", "read_document", "safe_code",
]  # fmt: skip

MISSING: Any = object()
"""Nothing is at a path; null is something."""

_CHARSETS = {"": "utf-8-sig", "utf-8": "utf-8-sig", "utf8": "utf-8-sig"} | dict.fromkeys(
    ("gbk", "gb2312", "gb18030"), "gb18030"
)
_CHARSET = re.compile(r"""charset\s*=\s*"?([\w-]+)""", re.IGNORECASE)
_CODE = re.compile(r"(?!.*[0-9]{8})[A-Za-z0-9_.-]{1,32}")
_LONGEST = 500


class NotReadable(Exception):
    """An answer is not whole JSON, or says one thing twice; nothing of it is quoted."""


def read_document(answer: Answer) -> Any:
    """The answer's JSON. Fractions keep the digits they were written with.

    Raises:
        NotReadable: empty, cut off, no JSON, a key twice in one object, nested without end, in an encoding nobody declared.
    """
    found = _CHARSET.search(answer.headers.get("content-type", ""))
    charset = _CHARSETS.get(found[1].lower() if found else "")
    if charset is not None:
        try:
            return json.loads(
                answer.body.decode(charset), object_pairs_hook=_object, parse_float=Decimal, parse_constant=_refuse
            )
        except (ValueError, RecursionError):
            pass
    raise NotReadable


def is_web_page(answer: Answer) -> bool:
    """Whether the body begins as pages do: a login page, a gateway's own words."""
    return answer.body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")


def at_path(value: Any, path: str) -> Any:
    """What a path leads to, ``MISSING`` where it leads nowhere; an empty path stays where it is.

    >>> at_path({"data": {"total": 12}}, "data.total")
    12
    """
    for key in path.split(".") if path else ():
        if not isinstance(value, dict) or key not in value:
            return MISSING
        value = value[key]
    return value


def is_one_of(value: Any, accepted: Iterable[bool | int | str]) -> bool:
    """Whether a value is one of these, and of the same type.

    >>> is_one_of(200, [200]), is_one_of("200", [200]), is_one_of(True, [1])
    (True, False, False)
    """
    return any(type(value) is type(one) and value == one for one in accepted)


def as_text(value: Any) -> str:
    """A value as the text of a column; nothing is the empty text."""
    if isinstance(value, str):
        return value
    if value is None or value is MISSING:
        return ""
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
    return str(value).lower() if isinstance(value, bool) else str(value)


def clean(value: Any) -> str:
    """A text that a database can keep: no NUL, no half characters, not endless."""
    text = as_text(value)[:_LONGEST].replace("\x00", " ")
    return text.encode("utf-8", "replace").decode()


def safe_code(values: Sequence[Any]) -> str:
    """The first of these as a code that may be printed; ``other`` where it may say more than a code does."""
    code = next(filter(None, map(as_text, values)), "")
    return code if not code or _CODE.fullmatch(code) else "other"


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError
    return members


def _refuse(_: str) -> NoReturn:
    raise ValueError

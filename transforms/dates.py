"""Dates and amounts as people type them, read one distinct value at a time."""

import re
from datetime import date
from decimal import Decimal, InvalidOperation

__all__ = ["read_amount", "read_date"]

_DATE = re.compile(
    r"^(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:[T ]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?$"
)
_COMPACT = re.compile(r"^(\d{4})(\d{2})(\d{2})$")


def read_date(text: str) -> date | None:
    """The day a cleaned text names with year, month and day; ``None`` where it is not certain which day is meant.

    >>> read_date("2023年5月3日"), read_date("2023.5.3"), read_date("20230503"), read_date("2023-05-03 00:00:00")
    (datetime.date(2023, 5, 3), datetime.date(2023, 5, 3), datetime.date(2023, 5, 3), datetime.date(2023, 5, 3))
    >>> read_date("23-5-3") is None and read_date("2023-02-30") is None
    True
    """
    found = _DATE.match(text) or _COMPACT.match(text)
    if not found or (not text.isascii() and not set(text) & set("年月日")):
        return None
    try:
        return date(*(int(part) for part in found.groups()))
    except ValueError:
        return None


def read_amount(text: str) -> int | None:
    """An amount of money in fen; ``None`` where the text is not an amount in yuan with at most two decimals.

    >>> read_amount("1,280.50"), read_amount("300元"), read_amount("-5")
    (128050, 30000, -500)
    >>> read_amount("约300") is None
    True
    """
    bare = text.replace(",", "").replace(" ", "").removesuffix("元").removeprefix("¥").removeprefix("￥")
    if not re.fullmatch(r"[-+]?\d{1,9}(\.\d{1,10})?", bare, re.ASCII):
        return None
    try:
        fen = Decimal(bare) * 100
    except InvalidOperation:
        return None
    # Excel stores 280.1 as a binary fraction; anything finer than a fen is rounded to the nearest fen.
    return int(fen.to_integral_value())

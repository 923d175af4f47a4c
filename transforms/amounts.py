"""Amounts of money as people type them, read one distinct value at a time."""

import re
from decimal import Decimal, InvalidOperation

import pandas as pd

from schemas.findings import Finding
from transforms.cells import Column, Setting, note_distinct
from transforms.columns import map_distinct, take_distinct

__all__ = ["read_amount", "standard_amounts"]


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


def standard_amounts(column: Column, setting: Setting) -> pd.Series:
    """Digits, in fen."""
    places, amounts = map_distinct(column.cleaned, read_amount)
    unreadable, negative = [fen is None for fen in amounts], [fen is not None and fen < 0 for fen in amounts]
    note_distinct(setting.notes, Finding.AMOUNT_FORMAT, column.field, places, unreadable, column.delivered)
    note_distinct(setting.notes, Finding.AMOUNT_NEGATIVE, column.field, places, negative, column.delivered)
    return take_distinct(places, [None if fen is None or fen < 0 else str(fen) for fen in amounts])

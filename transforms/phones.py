"""Telephone numbers as people type them and spreadsheets leave them."""

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa

from schemas.findings import Finding
from schemas.masking import mask_column
from transforms.cells import Column, Setting, matches
from transforms.columns import is_filled, to_arrow
from transforms.text import replace_at

__all__ = ["read_phone", "standard_phones"]

_USUAL = r"^(1[3-9]\d{9}|0\d{2,3}-?\d{7,8})$"
_LINE = re.compile(r"(1[3-9]\d{9}|0\d{2,3}-?\d{7,8})", re.ASCII)
_MOBILE = re.compile(r"1[3-9]\d{9}", re.ASCII)


def read_phone(text: str, area_codes: Sequence[str] = ()) -> tuple[str, bool]:
    """The numbers of a cleaned cell joined by ``/``, and whether each was a telephone number as it should be written.

    Blanks, a country code and Excel's ``.0`` are removed in silence. A number of the neighbourhood that has lost the zero
    before its area code, as it does in a numeric cell, gets it back, but its cell is not as it should be.

    >>> read_phone("+86 138-0000-0000、0753-2222222"), read_phone("7532222222", ["0753"]), read_phone("1.38E+10")
    (('13800000000/0753-2222222', True), ('07532222222', False), ('1.38E+10', False))
    """
    lines = _lines(text)
    whole = [_with_zero(line, area_codes) for line in lines]
    return "/".join(whole), whole == lines and all(map(_LINE.fullmatch, whole or [""]))


def standard_phones(column: Column, setting: Setting) -> pd.Series:
    """Numbers joined by ``/``; what is no number stays as it was written."""
    cleaned = column.cleaned
    strange = np.flatnonzero(~matches(cleaned, _USUAL) & is_filled(cleaned))
    if not len(strange):
        return cleaned
    cells = to_arrow(cleaned).take(pa.array(strange)).to_pylist()
    read = [read_phone(cell, setting.locality.area_codes) for cell in cells]
    wrong = np.array([not is_right for _, is_right in read], dtype=bool)
    phones = replace_at(cleaned, strange, [phone for phone, _ in read])
    seen = replace_at(phones, strange, ["/".join(_lines(cell)) for cell in cells])
    setting.notes.add(Finding.PHONE_FORMAT, strange[wrong], column.field, mask_column(seen, "phone"))
    return phones


def _lines(text: str) -> list[str]:
    """The numbers of a cell. Blanks group the digits of one number, unless what they separate are whole numbers."""
    lines = []
    for part in re.split(r"[、,;/]", text):
        whole = _bare(part)
        several = [_bare(word) for word in part.split()]
        is_several = not _LINE.fullmatch(whole) and all(map(_LINE.fullmatch, several))
        lines += several if is_several else [whole]
    return [line for line in lines if line]


def _bare(text: str) -> str:
    bare = re.sub(r"^(\+|00)?86-?(?=1)", "", re.sub(r"[\s()]|\.0$", "", text))
    digits = bare.replace("-", "")
    return digits if _MOBILE.fullmatch(digits) else bare


def _with_zero(line: str, area_codes: Sequence[str]) -> str:
    lost = any(re.fullmatch(rf"{code[1:]}-?\d{{7,8}}", line, re.ASCII) for code in area_codes)
    return f"0{line}" if lost and not _LINE.fullmatch(line) else line

"""Checks that a spreadsheet makes while somebody types: the formulas and drop-downs behind ``eldersync``'s own rules.

They warn, they do not forbid: a number that is really on the card can always be entered. Pasted cells are not checked by
spreadsheet programs. No formula holds a list in braces (Excel refuses it here) or names rows that move when a row is
inserted; Excel allows 255 characters.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Any

__all__ = [
    "Check", "amount_check", "certificate_check", "date_check", "hint", "id_number_check", "phone_check", "place_check",
    "word_check",
]  # fmt: skip

Check = dict[str, Any]
"""A check as XlsxWriter's ``data_validation`` takes it."""

# GB 11643-1999: the digit at place i from the left has the weight 2^(18-i) mod 11; the sum mod 11 chooses the last one.
_WEIGHED = 'SUMPRODUCT(MID({cell},ROW(INDIRECT("1:17")),1)*2^(18-ROW(INDIRECT("1:17"))))'
_LAST = 'MID("10X98765432",MOD(' + _WEIGHED + ",11)+1,1)"
_BORN = '--TEXT(MID({cell},7,8),"0000-00-00")<=TODAY()'
_ID_NUMBER = "AND(LEN({cell})=18,{born},{last}=UPPER(RIGHT({cell})))"
_CERTIFICATE = (
    'AND(OR(LEN({cell})=20,AND(LEN({cell})=22,MID({cell},21,1)="B")),{last}=UPPER(MID({cell},18,1)),'
    "ABS(MID({cell},19,1)-4)<4,ABS(MID({cell},20,1)-2.5)<2)"
)
_PHONE = (
    'OR(AND(LEN({cell})=11,LEFT({cell})="1",MID({cell},2,1)>="3",ISNUMBER(--{cell})),'
    'AND(LEFT({cell})="0",ABS(LEN(SUBSTITUTE({cell},"-",""))-11.5)<1,ISNUMBER(--SUBSTITUTE({cell},"-",""))),'
    'ISNUMBER(FIND("/",{cell})),ISNUMBER(FIND("、",{cell})))'
)
_EARLIEST, _LATEST = dt.date(1900, 1, 1), dt.date(2199, 12, 31)


def id_number_check(cell: str) -> Check:
    """Eighteen characters, a birth date that exists and is not to come, the check character (ISO 7064 MOD 11-2)."""
    return _formula(_ID_NUMBER, cell, "身份证号码", "应为18位，出生日期真实存在，末位校验码相符。请按证件原件核对。")


def certificate_check(cell: str) -> Check:
    """An ID number with category 1 to 7 and level 1 to 4, and for a re-issued card B and a digit."""
    return _formula(_CERTIFICATE, cell, "残疾人证号", "应为20位，补办的为22位(末尾B和一位数字)。请按证件原件核对。")


def phone_check(cell: str) -> Check:
    """A mobile number, a landline with its area code, or several of these divided by / or 、."""
    return _formula(_PHONE, cell, "电话", "应为11位手机号码，或区号加固定电话；几个号码用/或顿号分开。")


def date_check(*, may_be_later: bool = False) -> Check:
    """A day up to today, or a day to come where that makes sense."""
    latest = _LATEST if may_be_later else "=TODAY()"
    between = {"validate": "date", "criteria": "between", "minimum": _EARLIEST, "maximum": latest}
    return between | _words("日期", "应为公历年月日，如2024-06-30" + ("。" if may_be_later else "，不晚于今天。"))


def amount_check() -> Check:
    """An amount of at least nothing."""
    return {"validate": "decimal", "criteria": ">=", "value": 0} | _words("金额", "以元为单位的数字，没有的填0。")


def word_check(words: Sequence[str], name: str) -> Check:
    """One of the words; another is warned of."""
    return {"validate": "list", "source": list(words)} | _words(name, "不在下拉列表之内，请核对。")


def place_check(name_of_list: str, name: str, *, is_complete: bool) -> Check:
    """A drop-down of the places a name of the workbook stands for.

    Others are told to be others where the list is complete for its area, and may be right: people move here and away.
    """
    check = {"validate": "list", "source": f"={name_of_list}", "show_error": is_complete}
    return check | _words(name, "不在下拉列表之内，请核对；外地的照实填写。") | {"error_type": "information"}


def hint(name: str, words: str) -> Check:
    """No check, only words shown beside the cell."""
    return {"validate": "any", "input_title": name, "input_message": words}


def _formula(text: str, cell: str, name: str, words: str) -> Check:
    formula = text.format(cell=cell, born=_BORN.format(cell=cell), last=_LAST.format(cell=cell))
    return {"validate": "custom", "value": f"={formula}"} | _words(name, words)


def _words(name: str, words: str) -> Check:
    return {"error_type": "warning", "error_title": f"请核对{name}", "error_message": words}

"""How personal values look where people look: enough to recognise a row, too little to know the person.

Everything printed, exported or reported passes through here unless somebody asked for the clear value with a reason.
Missing stays missing. A value that does not have the expected form is hidden whole, since its ends may say anything.
"""

import re
from collections.abc import Callable
from types import MappingProxyType
from typing import Any, Literal

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from schemas.arrow_strings import flat_strings, series_of

__all__ = ["MaskKind", "mask_column", "mask_id_number", "mask_name", "mask_phone", "mask_text"]

MaskKind = Literal["id_number", "certificate", "name", "phone", "address", "text", "date", "place"]

# ID numbers (15 or 18 characters, one or two mistyped) and disability certificates (20 or 22).
_ID_NUMBER = "^[0-9A-Za-z]{15,22}$"
_PHONE = "^[+0-9 -]{11,16}$"
_DATE = "^[0-9]{4}[-/.年]"
_PLACE = "(省|市|区|县|旗|镇|乡|街道|办事处|村|社区|居|街|场|委会|委员会|水库)$"
_HIDDEN_TAIL = 8
# Somebody's number or telephone that stands in a sentence.
_LONG_NUMBER = "[0-9０-９][0-9０-９ -]{3,}[0-9０-９Xx]"
_NOTHING = pa.scalar("", pa.large_string())


def mask_id_number(text: str) -> str:
    """An ID or certificate number with its first four and last four characters; region, birth date and order are hidden.

    >>> mask_id_number("44140219450312001X"), mask_id_number("44142119450312001823"), mask_id_number("12345")
    ('4414**********001X', '4414************1823', '*****')
    """
    return _keep_ends(text, 4, 4) if re.fullmatch(_ID_NUMBER, text) else "*" * len(text)


def mask_name(text: str) -> str:
    """A name with its first character and a star for each other one; a name of one character is hidden.

    >>> mask_name("张三"), mask_name("欧阳兰"), mask_name("张")
    ('张*', '欧**', '*')
    """
    return text[:1] + "*" * (len(text) - 1) if len(text) > 1 else "*" * len(text)


def mask_phone(text: str) -> str:
    """A telephone number with its first three and last four digits; anything shorter than eleven is hidden.

    >>> mask_phone("13800001234"), mask_phone("2589123")
    ('138****1234', '*******')
    """
    return _keep_ends(text, 3, 4) if re.fullmatch(_PHONE, text) else "*" * len(text)


def mask_text(text: str) -> str:
    """An address or remark without its last eight characters, where house and door stand, and without long numbers.

    >>> mask_text("梅县区扶大镇三葵村老屋下12号"), mask_text("三葵村12号"), mask_text("可拨打 138 0000 1234 找邻居问问就知道了")
    ('梅县区扶大镇三********', '******', '可拨打 **** 找********')
    """
    text = re.sub(_LONG_NUMBER, "****", text)
    shown = max(len(text) - _HIDDEN_TAIL, 0)
    return text[:shown] + "*" * (len(text) - shown)


def mask_column(values: pd.Series, kind: MaskKind) -> pd.Series:
    """The column as it may be shown: ``str``, same index and name, missing stays missing.

    Args:
        values: texts; for ``date`` also days or instants, of which the year remains.
        kind: what the texts are; ``address`` and ``text`` are hidden alike. A ``place`` is shown where its name ends like
            a division's; anything else in its column may have slipped in from another and is masked like a name.
    """
    array: Any
    if kind == "date" and pd.api.types.is_datetime64_any_dtype(values.dtype):
        array = pc.year(pa.array(values, from_pandas=True)).cast(pa.large_string())
    else:
        array = _MASKS[kind](flat_strings(values))
    return series_of(array, values)


def _keep_ends(text: str, first: int, last: int) -> str:
    return text[:first] + "*" * (len(text) - first - last) + text[-last:]


def _mask_by_form(texts: Any, form: str, first: int, last: int) -> Any:
    length = pc.utf8_length(texts)
    fits = pc.match_substring_regex(texts, form)
    hidden = pc.max_element_wise(pc.subtract(length, first + last), 0)
    masked = pc.binary_join_element_wise(
        pc.utf8_slice_codeunits(texts, 0, first), _stars(hidden), pc.utf8_slice_codeunits(texts, -last), _NOTHING
    )
    return pc.if_else(fits, masked, _stars(length))


def _mask_names(texts: Any) -> Any:
    length = pc.utf8_length(texts)
    shown = pc.utf8_slice_codeunits(texts, 0, 1)
    masked = pc.binary_join_element_wise(shown, _stars(pc.max_element_wise(pc.subtract(length, 1), 0)), _NOTHING)
    return pc.if_else(pc.greater(length, 1), masked, _stars(length))


def _mask_texts(texts: Any) -> Any:
    texts = pc.replace_substring_regex(texts, _LONG_NUMBER, "****")
    hidden = pc.min_element_wise(pc.utf8_length(texts), _HIDDEN_TAIL)
    return pc.binary_join_element_wise(pc.utf8_slice_codeunits(texts, 0, -_HIDDEN_TAIL), _stars(hidden), _NOTHING)


def _mask_dates(texts: Any) -> Any:
    is_date = pc.match_substring_regex(texts, _DATE)
    return pc.if_else(is_date, pc.utf8_slice_codeunits(texts, 0, 4), _stars(pc.utf8_length(texts)))


def _stars(counts: Any) -> Any:
    return pc.binary_repeat(pa.scalar("*", pa.large_string()), counts)


_MASKS: MappingProxyType[str, Callable[[Any], Any]] = MappingProxyType(
    {
        "id_number": lambda texts: _mask_by_form(texts, _ID_NUMBER, 4, 4),
        "certificate": lambda texts: _mask_by_form(texts, _ID_NUMBER, 4, 4),
        "name": _mask_names,
        "phone": lambda texts: _mask_by_form(texts, _PHONE, 3, 4),
        "address": _mask_texts,
        "text": _mask_texts,
        "date": _mask_dates,
        "place": lambda texts: pc.if_else(pc.match_substring_regex(texts, _PLACE), texts, _mask_names(texts)),
    }
)

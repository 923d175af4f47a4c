"""Which fields a person may decide, and what each can hold: a value as an officer writes it, as the registry writes it."""

import unicodedata
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation

from schemas.certificate import judge_certificate
from schemas.codes import CODE_LISTS
from schemas.configuration import Configuration
from schemas.errors import ConfigurationInvalid
from schemas.fields import FIELDS, STATED_FIELDS
from schemas.idnumber import judge
from transforms.merging.overrides import OVERRIDABLE_FIELDS
from transforms.phones import read_phone

__all__ = ["field_value", "overridable_field"]

_LONGEST = 200
_EXPECTED: Mapping[str, str] = {
    "code": "one of the codes of its list, or a label of it", "date": "a day as YYYY-MM-DD", "fen": "an amount in yuan",
    "phone": "a telephone number", "id_number": "a valid ID number", "certificate": "a valid certificate number",
}  # fmt: skip


def overridable_field(field: str) -> str:
    """The field that is meant by its name or its Chinese label.

    >>> overridable_field("联系电话")
    'phone'

    Raises:
        ConfigurationInvalid: there is none, or it cannot be decided by itself.
    """
    name = {FIELDS[name].label: name for name in STATED_FIELDS}.get(field, field)
    if name not in FIELDS:
        raise ConfigurationInvalid("FIELD: the registry has no such field; see docs/data-dictionary.md")
    if name not in STATED_FIELDS or name not in OVERRIDABLE_FIELDS:
        raise ConfigurationInvalid(
            f"{name} follows from the ID number or from statements, and cannot be decided by itself"
        )
    if FIELDS[name].kind == "division":
        raise ConfigurationInvalid(
            f"{name}: county, town and village belong together; have the source correct the place"
        )
    return name


def field_value(field: str, value: str, configuration: Configuration, *, today: date) -> str | None:
    """The value as the registry writes it; ``None`` where the field is to be empty.

    Raises:
        ConfigurationInvalid: the field cannot hold it; it is not quoted.
    """
    kind = FIELDS[field].kind
    # A text stays as it is written: the plain form of some rare characters of names is another character.
    text = (unicodedata.normalize("NFKC", value) if kind in _EXPECTED else value).strip()
    if not text:
        return None
    found = _phone(text, configuration) if kind == "phone" else _READINGS.get(kind, _text)(field, text, today)
    if found is None or len(found) > _LONGEST or not found.isprintable():
        raise ConfigurationInvalid(f"VALUE: {field} takes {_EXPECTED.get(kind, 'a text of one line')}")
    return found


def _phone(text: str, configuration: Configuration) -> str | None:
    number, is_right = read_phone(text, configuration.bureau.area_codes)
    return number if is_right else None


def _code(field: str, text: str, _today: date) -> str | None:
    codes = CODE_LISTS[FIELDS[field].codes or ""]
    return text if text in codes else {label: code for code, label in codes.items()}.get(text)


def _date(_field: str, text: str, _today: date) -> str | None:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return None


def _fen(_field: str, text: str, _today: date) -> str | None:
    try:
        fen = Decimal(text) * 100
    except InvalidOperation:
        return None
    return str(int(fen)) if fen.is_finite() and fen >= 0 and fen == int(fen) else None


def _id_number(_field: str, text: str, today: date) -> str | None:
    return judge(text, today=today).id_number


def _certificate(_field: str, text: str, today: date) -> str | None:
    judged = judge_certificate(text, today=today)
    return judged.number if judged.is_well_formed else None


def _text(_field: str, text: str, _today: date) -> str | None:
    return text


_READINGS: Mapping[str, Callable[[str, str, date], str | None]] = {
    "code": _code, "date": _date, "fen": _fen, "id_number": _id_number, "certificate": _certificate,
}  # fmt: skip

"""What the platform checks in one item by itself: the profile's required fields, codes, lengths and forms.

Reasons are Chinese, name the column, and never quote a value.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import NamedTuple

from schemas.idnumber import check_character
from schemas.platform_profile import OPERATIONS, PlatformColumn, PlatformProfile
from simulator.province.items import Item

__all__ = ["ItemRules", "Objection"]

_ID_NUMBER = re.compile(r"[1-9][0-9]{16}[0-9X]")
_WHOLE = re.compile(r"-?[0-9]{1,18}")
_AMOUNT = re.compile(r"-?[0-9]{1,15}\.[0-9]{2}")


class Objection(NamedTuple):
    """Why an item is not taken."""

    code: str
    reason: str


class _ColumnRule(NamedTuple):
    max_length: int
    too_long: Objection
    is_well_formed: Callable[[str], bool] | None
    malformed: Objection


class ItemRules:
    """The rules of a profile, made ready once."""

    def __init__(self, profile: PlatformProfile) -> None:
        self._rules = {column.header: _rule_of(column) for column in profile.columns}
        self._required = {
            operation: tuple(column.header for column in profile.columns if operation in column.required)
            for operation in OPERATIONS
        }
        self._repeated = tuple(column for column in profile.columns if column.field in {"operation", "person_id"})
        self._id_header = next((column.header for column in profile.columns if column.field == "id_number"), "")

    def id_number(self, item: Item) -> str:
        """The ID number an item states; empty where it states none."""
        return item.fields.get(self._id_header, "")

    def objection(self, item: Item, operations: frozenset[str]) -> Objection | None:
        """The first thing wrong with an item, None where nothing is.

        Args:
            item: to look at.
            operations: those its endpoint takes.
        """
        if item.operation not in operations:
            return Objection("1009", "操作类型与接口不符")
        for header in self._required[item.operation]:
            if not item.fields.get(header):
                return Objection("1001", f"「{header}」为必填项")
        return next(filter(None, map(self._objection_to, item.fields.items())), None) or self._contradiction(item)

    def _objection_to(self, cell: tuple[str, str]) -> Objection | None:
        header, value = cell
        rule = self._rules.get(header)
        if rule is None:
            return Objection("1008", "含有模板以外的字段")
        if len(value) > rule.max_length:
            return rule.too_long
        if value and rule.is_well_formed and not rule.is_well_formed(value):
            return rule.malformed
        return None

    def _contradiction(self, item: Item) -> Objection | None:
        """Some columns repeat what the item says beside its fields."""
        for column in self._repeated:
            told = item.person if column.field == "person_id" else column.codes.get(item.operation, "")
            if item.fields.get(column.header, told) not in {told, ""}:
                return Objection("1010", f"「{column.header}」与报文不一致")
        return None


def _rule_of(column: PlatformColumn) -> _ColumnRule:
    too_long = Objection("1002", f"「{column.header}」超过{column.max_length}个字符")
    return _ColumnRule(column.max_length, too_long, *_form_of(column))


def _form_of(column: PlatformColumn) -> tuple[Callable[[str], bool] | None, Objection]:
    header = column.header
    if column.type == "code":
        return _in_codes(column.codes, column.separator), Objection("1003", f"「{header}」不在代码表内")
    if column.type == "date":
        return _is_date(column.date_format), Objection("1004", f"「{header}」日期格式应为{column.date_format}")
    if column.type == "number":
        return (lambda text: _WHOLE.fullmatch(text) is not None), Objection("1005", f"「{header}」应为整数")
    if column.type == "amount":
        return (lambda text: _AMOUNT.fullmatch(text) is not None), Objection("1006", f"「{header}」应为两位小数的金额")
    if column.field == "id_number":
        return _is_id_number, Objection("1007", f"「{header}」不是有效的公民身份号码")
    return None, Objection("", "")


def _in_codes(codes: Mapping[str, str], separator: str) -> Callable[[str], bool]:
    known = frozenset(codes.values())
    if not separator:
        return known.__contains__

    def are_known(text: str) -> bool:
        given = text.split(separator)
        return known.issuperset(given) and len(given) == len(set(given))

    return are_known


def _is_date(date_format: str) -> Callable[[str], bool]:
    named = re.escape(date_format)
    for part, digits in (("YYYY", "year"), ("MM", "month"), ("DD", "day")):
        named = named.replace(part, rf"(?P<{digits}>[0-9]{{{len(part)}}})")
    pattern = re.compile(named)

    def is_date(text: str) -> bool:
        found = pattern.fullmatch(text)
        if found is None:
            return False
        try:
            date(int(found["year"]), int(found["month"]), int(found["day"]))
        except ValueError:
            return False
        return True

    return is_date


def _is_id_number(text: str) -> bool:
    return _ID_NUMBER.fullmatch(text) is not None and check_character(text[:17]) == text[17]

"""What is printed on 附件1: the labels of its fields, how a page is recognised as the form, and where each form begins."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache, partial

from connectors.reading.forms.cells import FormCell, FormCells
from connectors.reading.grid import BLANKS
from connectors.reading.layout import DeliveryLayout
from connectors.reading.layouts.header import normal_header

__all__ = [
    "BENEFITS", "END", "FORM_ROWS", "HOUSEHOLD", "REQUIRED", "RESIDENCE", "Labels", "Said", "form_starts", "is_heading",
    "looks_like_form", "takes_forms",
]  # fmt: skip

FORM_ROWS = 120
"""A sheet of which these first rows show no form is none; a form with its title has about forty."""

REQUIRED = ("name", "id_number", "categories")
"""Without the labels of these a form says nothing about anybody."""

HOUSEHOLD, RESIDENCE, BENEFITS, END = "household", "residence", "benefits", "end"
"""Labels that stand for several fields, or for none: the line of the signature."""

# Labels as the form has them (notice 管委会〔2024〕2号, 附件1). A source's own headers are known besides.
_PRINTED: dict[str, tuple[str, ...]] = {
    "registered_date": ("建档日期", "建档时间"),
    "name": ("姓名", "老人姓名", "服务对象姓名"),
    "sex": ("性别",),
    "id_number": ("身份证号码", "身份证号", "公民身份号码"),
    "phone": ("联系电话", "本人电话", "联系方式", "电话"),
    "emergency_contact_name": ("紧急联系人", "紧急联系人姓名"),
    "emergency_contact_phone": ("紧急联系人电话", "紧急联系人联系电话", "紧急联系电话"),
    HOUSEHOLD: ("户籍地址", "户籍地", "户籍所在地", "户口所在地"),
    RESIDENCE: ("居住地址", "居住地", "现居住地址", "现居住地", "现住址", "家庭住址"),
    "categories": ("对象类型", "服务对象类型", "对象类别", "老年人类型"),
    "disability_certificate_number": ("残疾人证号", "残疾证号", "残疾人证号码"),
    "drinking_water_safe": ("饮水是否安全",),
    "electricity_safe": ("生活用电是否安全", "用电是否安全"),
    "gas_safe": ("生活用气是否安全", "用气是否安全"),
    "housing_safe": ("住房是否安全",),
    "household_monthly_income_fen": ("家庭每月收入(元)", "家庭每月收入", "家庭月收入"),
    BENEFITS: ("家庭每月领取养老保险、社会救助和社会福利补贴等情况", "家庭每月领取养老保险、社会救助和社会福利补贴情况"),
    "assistance_organisation": ("帮扶单位(组织)", "帮扶单位"),
    "assistance_person": ("帮扶责任人",),
    "assistance_measures": ("帮扶措施",),
    "remarks": ("备注",),
    END: ("工作人员(签字)", "工作人员签字", "工作人员", "填表人", "填表人(签字)"),
}  # fmt: skip
_PRINTED_OF_MEMBERS: dict[str, tuple[str, ...]] = {
    "name": ("姓名", "成员姓名"),
    "sex": ("性别",),
    "id_number": ("身份证号码", "身份证号"),
    "relation_to_head": ("与户主关系",),
    "health_condition": ("健康状况",),
    "assistance_status": ("是否为低保对象/特困人员", "是否低保特困"),
}
_OF_MEMBERS_ONLY = frozenset({"relation_to_head", "health_condition", "assistance_status"})
_LONGEST, _LONGEST_LINE = 60, 2000  # of a label, and of a line with several of them
_OTHER_PEOPLE = ("emergency_contact_name", "assistance_person")
"""Labels of other people: 姓名 behind one in the same line is theirs."""

_OPENING = ("name", "id_number", "categories")
_HEADING = re.compile(rf"[{BLANKS}]*[一二三四五六七八九十]+[、.．]")
_DATE_LABEL = re.compile(r"\s*(建\s*档\s*(?:日\s*期|时\s*间))\s*(?=[\d年_ ])")


class Said:
    """A piece of a line: a label, or a cell that is none and belongs to the label before it."""

    __slots__ = ("cell", "label")

    def __init__(self, cell: FormCell, label: str | None = None) -> None:
        self.cell = cell
        self.label = label


class Labels:
    """The labels of the form under a source's layout."""

    def __init__(self, layout: DeliveryLayout) -> None:
        members = layout.tables["members"].columns if "members" in layout.tables else {}
        self._main = _known(_PRINTED, layout.tables["main"].columns)
        self._of = cache(partial(_field, self._main))
        self._of_member = cache(partial(_field, _known(_PRINTED_OF_MEMBERS, members)))

    def of(self, text: str) -> str | None:
        """The field a cell is the label of, with or without words in brackets behind it."""
        return self._of(text)

    def of_member(self, text: str) -> str | None:
        """The field a cell heads in the table of household members."""
        return self._of_member(text)

    def is_member_header(self, line: Sequence[FormCell]) -> bool:
        """Whether a line heads the table of household members."""
        fields = {self.of_member(cell.text) for cell in line}
        return {"name"} < fields and bool(fields & _OF_MEMBERS_ONLY)

    def said(self, line: Sequence[FormCell]) -> Iterator[Said]:
        """The labels and other cells of a line; a cell that holds labels and values is both, in their order."""
        other: str | None = None
        for cell in line:
            label = self.of(cell.text)
            pieces = [Said(cell, label)] if label else self._split(cell)
            for piece in pieces:
                if piece.label in _OTHER_PEOPLE:
                    other = piece.label
                elif piece.label == "name" and other:
                    piece.label = other
                yield piece

    def _split(self, cell: FormCell) -> list[Said]:
        parts = list(self._labelled(cell.text))
        pieces = [(Said(replace(cell, text=label), label), Said(replace(cell, text=text))) for label, text in parts]
        return [piece for pair in pieces for piece in pair] or [Said(cell)]

    def _labelled(self, text: str) -> Iterator[tuple[str, str]]:
        """Labels inside a cell that begins with one, each with the text up to the next."""
        if date := _DATE_LABEL.match(text):
            yield "registered_date", text[date.end() :]
            return
        label, begin = None, 0
        for colon in re.finditer("[:：]", text[:_LONGEST_LINE]):
            near = max(begin, colon.start() - _LONGEST)
            for word in re.finditer(r"(?:^|(?<=\s))\S", text[near : colon.start()]):
                at = near + word.start()
                found = self._main.get(normal_header(text[at : colon.start()]))
                if found and (label or not text[:at].strip()):
                    if label:
                        yield label, text[begin:at]
                    label, begin = found, colon.end()
                    break
            if label is None:
                return
        if label:
            yield label, text[begin:]


def takes_forms(layout: DeliveryLayout) -> bool:
    """Whether a source's list can come as forms: it has what a form is about."""
    return set(REQUIRED) <= layout.tables["main"].columns.keys()


def looks_like_form(page: FormCells, layout: DeliveryLayout) -> bool:
    """Whether a page holds the form: its labels stand in many rows, several of them beside others.

    A list has them in its header alone, filling instructions one in each row. A form that lost a label or two is still
    one, so that it can be said which.
    """
    labels, found, rows, crowded = Labels(layout), set[str](), 0, 0
    for index, line in enumerate(page.lines()):
        if labels.is_member_header(line):
            rows, crowded = rows + 1, crowded + 1
            continue
        fields = {said.label for said in labels.said(line) if said.label and said.cell.row == index} - {END}
        if {"name", "categories"} <= fields:
            return False
        found |= fields
        rows += bool(fields)
        crowded += len(fields) > 1
    return len(found) >= 7 and rows >= 5 and crowded >= 2


def form_starts(lines: Sequence[Sequence[FormCell]], labels: Labels) -> list[int]:
    """The line each form of a page begins with: its title, date or first heading, else the line of the person's name."""
    of_line = [_own_labels(index, line, labels) for index, line in enumerate(lines)]
    opening = next((field for field in _OPENING if any(field in fields for fields in of_line)), None)
    anchors = [index for index, fields in enumerate(of_line) if opening in fields]
    starts: list[int] = []
    for anchor in anchors:
        start = anchor
        while start > 0 and (not starts or start - 1 > starts[-1]) and _opens(lines[start - 1], of_line[start - 1]):
            start -= 1
        starts.append(start)
    return starts


def _own_labels(index: int, line: Sequence[FormCell], labels: Labels) -> set[str]:
    if labels.is_member_header(line):
        return set()
    return {said.label for said in labels.said(line) if said.label and said.cell.row == index}


def _opens(line: Sequence[FormCell], fields: set[str]) -> bool:
    """Whether a line above the person's name is part of the same form: title, date, heading, or nothing."""
    if fields:
        return fields == {"registered_date"}
    text = "".join(cell.text for cell in line).strip(BLANKS)
    return not text or is_heading(text) or "登记表" in text or text.startswith("附件")


def is_heading(text: str) -> bool:
    """Whether a text heads a part of the form.

    >>> is_heading("二、家庭基本情况"), is_heading("二女儿")
    (True, False)
    """
    return _HEADING.match(text) is not None


def _known(printed: dict[str, tuple[str, ...]], headers: dict[str, tuple[str, ...]]) -> dict[str, str]:
    known: dict[str, str] = {}
    for field, names in [*printed.items(), *headers.items()]:
        for name in names:
            known.setdefault(normal_header(name), field)
    return known


def _field(known: dict[str, str], text: str) -> str | None:
    if not text or len(text) > _LONGEST:
        return None
    return known.get(normal_header(text)) or known.get(normal_header(_without_brackets(text)))


def _without_brackets(text: str) -> str:
    return re.sub(r"\([^()]*\)", "", unicodedata.normalize("NFKC", text))

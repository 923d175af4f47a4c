"""Blank forms and lists filled in as a person would: the Word form by python-docx, workbooks by openpyxl."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import docx
from docx.oxml.ns import qn
from openpyxl.worksheet.worksheet import Worksheet

W14 = "{http://schemas.microsoft.com/office/word/2010/wordml}"

ZHANG, LI, WANG = "441421194503120018", "441421194801150020", "441421197205060014"
CERTIFICATE = "44142119450312001843"

PERSON: dict[str, str] = {
    "name": "张三",
    "sex": "男",
    "id_number": ZHANG,
    "phone": "13800138000",
    "emergency_contact_name": "李四",
    "emergency_contact_phone": "0753-2561234",
    "household_county": "梅县区",
    "household_town": "扶大镇",
    "household_village": "三葵村委会",
    "residence_county": "梅江区",
    "residence_town": "江南街道",
    "residence_village": "梅龙社区",
    "categories": "独居、重残",
    "disability_certificate_number": CERTIFICATE,
    "drinking_water_safe": "是",
    "electricity_safe": "是",
    "gas_safe": "否",
    "housing_safe": "是",
    "household_monthly_income_fen": "1200",
    "monthly_pension_fen": "180.5",
    "monthly_subsidy_fen": "0",
    "assistance_organisation": "乡镇(街道)、村(居)委员会；志愿者",
    "assistance_person": "王五",
    "assistance_measures": "每月上门两次",
    "registered_date": "2024年3月5日",
}
MEMBERS: list[dict[str, str]] = [
    {
        "name": "张三",
        "sex": "男",
        "id_number": ZHANG,
        "relation_to_head": "户主",
        "health_condition": "一般",
        "assistance_status": "否",
    },
    {
        "name": "李梅",
        "sex": "女",
        "id_number": LI,
        "relation_to_head": "配偶",
        "health_condition": "高血压、糖尿病",
        "assistance_status": "低保对象",
    },
]
TICKED = ("独居老年人", "重残老年人", "有领取养老保险", "未享受社会救助", "乡镇(街道)、村(居)委员会", "志愿者")

BEHIND: dict[str, str] = {
    "drinking_water_safe": "饮水是否安全",
    "electricity_safe": "生活用电是否安全",
    "gas_safe": "生活用气是否安全",
    "housing_safe": "住房是否安全",
    "household_monthly_income_fen": "家庭每月收入(元)",
    "assistance_person": "帮扶责任人",
}


def fill_docx(
    path: Path, person: Mapping[str, str], members: Sequence[Mapping[str, str]], ticked: Sequence[str]
) -> None:
    """Fills the blank Word form: texts typed into cells and sentences, boxes clicked."""
    document = docx.Document(str(path))
    people, household, conditions, assistance = (table._tbl for table in document.tables)
    _type_person(people, person)
    for row, member in enumerate(members, 1):
        for cell, text in zip(household.tr_lst[row].tc_lst[1:], member.values(), strict=True):
            _type(cell, text)
    _type_behind_labels([*conditions.tr_lst, *assistance.tr_lst], person)
    _type(assistance.tr_lst[2].tc_lst[3], person.get("assistance_measures", ""))
    body = document.element.body
    _fill_blank(body, "残疾人证号:", person.get("disability_certificate_number"))
    _fill_blank(body, "有领取养老保险，每月", person.get("monthly_pension_fen"))
    _type_date(document, person.get("registered_date", ""))
    _click(body, ticked)
    document.save(str(path))


def _type_person(people: Any, person: Mapping[str, str]) -> None:
    for row, places in (
        (0, {1: "name", 3: "sex", 5: "id_number", 7: "phone"}),
        (1, {1: "emergency_contact_name", 3: "emergency_contact_phone"}),
    ):
        for place, field in places.items():
            _type(people.tr_lst[row].tc_lst[place], person.get(field, ""))
    for row, prefix in ((2, "household"), (3, "residence")):
        for place, level in enumerate(("county", "town", "village"), 1):
            _type(people.tr_lst[row].tc_lst[place], person.get(f"{prefix}_{level}", ""), at_front=True)


def _type_behind_labels(rows: Sequence[Any], person: Mapping[str, str]) -> None:
    field_of = {label: field for field, label in BEHIND.items()}
    for row in rows:
        for label, cell in zip(row.tc_lst, row.tc_lst[1:], strict=False):
            if field := field_of.get(_text(label)):
                _type(cell, person.get(field, ""))


def _click(body: Any, ticked: Sequence[str]) -> None:
    for control in body.iter(qn("w:sdt")):
        behind = "".join(text.text or "" for run in control.itersiblings() for text in run.iter(qn("w:t")))
        if behind.startswith(tuple(ticked)):
            next(control.iter(f"{W14}checked")).set(f"{W14}val", "1")
            next(control.iter(qn("w:t"))).text = "☑"


def _text(cell: Any) -> str:
    return "".join(text.text or "" for text in cell.iter(qn("w:t")))


def _type(cell: Any, text: str, *, at_front: bool = False) -> None:
    run = cell.p_lst[0].add_r()
    run.text = text
    if at_front:
        cell.p_lst[0].remove(run)
        cell.p_lst[0].insert(1, run)


def _fill_blank(body: Any, words: str, text: str | None) -> None:
    """Writes over the blanks that follow some printed words."""
    runs = list(body.iter(qn("w:t")))
    place = next(index for index, run in enumerate(runs) if (run.text or "").rstrip().endswith(words))
    blank = next(run for run in runs[place + 1 :] if not (run.text or "").strip() and len(run.text or "") > 4)
    if text:
        blank.text = f" {text} "


def _type_date(document: Any, date: str) -> None:
    run = next(paragraph for paragraph in document.paragraphs if "建档日期" in paragraph.text).runs[0]
    for unit in "年月日":
        number, _, date = date.partition(unit)
        run.text = run.text.replace(f"   {unit}", f" {number} {unit}", 1)


class _Sheet:
    """A form on a sheet, by what is printed on it."""

    def __init__(self, sheet: Worksheet) -> None:
        self._sheet = sheet
        self.printed: dict[str, list[Any]] = {}
        for row in sheet.iter_rows():
            for cell in row:
                if isinstance(cell.value, str):
                    self.printed.setdefault(cell.value, []).append(cell)

    def behind(self, label: str, nth: int = 0) -> Any:
        """The cell behind a printed one, merged as both may be."""
        cell = self.printed[label][nth]
        area = self._area(cell)
        return self._sheet.cell(cell.row, (area.max_col if area else cell.column) + 1)

    def before(self, label: str, nth: int = 0) -> Any:
        """The cell before a printed one."""
        cell = self.printed[label][nth]
        cell = self._sheet.cell(cell.row, cell.column - 1)
        area = self._area(cell)
        return self._sheet.cell(area.min_row, area.min_col) if area else cell

    def _area(self, cell: Any) -> Any:
        return next((area for area in self._sheet.merged_cells.ranges if cell.coordinate in area), None)


def fill_xlsx(
    sheet: Worksheet, person: Mapping[str, str], members: Sequence[Mapping[str, str]], ticked: Sequence[str]
) -> None:
    """Fills the blank form on a sheet: texts typed into cells, boxes chosen from their drop-downs."""
    form = _Sheet(sheet)
    first = {"name": "姓名", "sex": "性别", "id_number": "身份证号码", "phone": "联系电话"}
    blanks = {
        "emergency_contact_name": "紧急联系人",
        "disability_certificate_number": "重残老年人(残疾人证号:",
        "assistance_measures": "其他",
    }
    for field, label in {**first, **blanks, **BEHIND}.items():
        form.behind(label).value = person.get(field)
    form.behind("联系电话", 1).value = person.get("emergency_contact_phone")
    pension = person.get("monthly_pension_fen")
    form.behind("有领取养老保险，每月").value = pension and float(pension)
    for level, unit in {"county": "县(市、区)", "town": "乡镇(街道)", "village": "村(居)"}.items():
        form.before(unit, 0).value = person.get(f"household_{level}")
        form.before(unit, 1).value = person.get(f"residence_{level}")
    for unit, number in zip("年月日", re.findall(r"\d+", person.get("registered_date", "")), strict=False):
        form.before(unit).value = int(number)
    for label in [text for text in form.printed if text.startswith(tuple(ticked))]:
        form.before(label).value = "☑"
    _type_members(sheet, form.printed["户主"][0].row, members)


def _type_members(sheet: Worksheet, first: int, members: Sequence[Mapping[str, str]]) -> None:
    heads = [cell for cell in sheet[first - 1] if cell.value and cell.value != "序号"]
    for row, member in enumerate(members, first):
        for head, text in zip(heads, member.values(), strict=True):
            sheet.cell(row, head.column).value = text


def fill_list(sheet: Worksheet, rows: Sequence[Mapping[str, Any]]) -> None:
    """Types rows under the headers of a list; keys are headers."""
    headers = {cell.value: cell.column for cell in sheet[1]}
    for number, row in enumerate(rows, 2):
        for header, value in row.items():
            sheet.cell(number, headers[header]).value = value

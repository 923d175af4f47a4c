"""Files of lists that nobody agreed on, with made-up people. Nobody in them exists."""

import io
import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import xlsxwriter
import xlwt
from msoffcrypto.format.ooxml import OOXMLFile

from schemas.idnumber import check_character

__all__ = [
    "HEADER", "Person", "locked", "packed", "people", "row", "write_form", "write_html", "write_json_lines", "write_text",
    "write_workbook", "write_xls",
]  # fmt: skip

HEADER = (
    "序号", "持证人姓名", "性别", "证件号码", "残疾人证编号", "残疾类型", "残疾级别", "发证时间", "街道", "户籍所在地",
    "家庭住址", "手机", "监护人联系电话", "年龄",
)  # fmt: skip

_SURNAMES, _GIVEN = "钟谢温曾赖古邓叶罗廖丘饶", ("阿妹", "金水", "福生", "玉兰", "秀英", "建国")


@dataclass(frozen=True, slots=True)
class Person:
    """Someone who does not exist."""

    name: str
    number: str
    is_man: bool
    place: int

    @property
    def phone(self) -> str:
        return f"138{20000000 + self.place * 7919:08}"


def people(count: int) -> list[Person]:
    """The same people each time."""
    made = []
    for place in range(count):
        born = date(1941, 2, 3) + timedelta(days=37 * place % 9000)
        serial = 11 + place % 900
        first17 = f"441421{born:%Y%m%d}{serial:03}"
        name = _SURNAMES[place % 12] + _GIVEN[place // 12 % 6]
        made.append(Person(name, first17 + check_character(first17), serial % 2 == 1, place))
    return made


def row(person: Person, sexes: tuple[str, str] = ("女", "男")) -> list[str]:
    """A person's row below ``HEADER``; ``sexes`` are the words for women and men."""
    kind, level = "1234567"[person.place % 7], "1234"[person.place % 4]
    names = ("视力", "听力", "言语", "肢体", "智力", "精神", "多重")
    return [
        str(person.place + 1), person.name, sexes[person.is_man], person.number, person.number + kind + level,
        names[int(kind) - 1], level, f"2021-03-{1 + person.place % 28:02}", "扶大镇",
        f"梅县区扶大镇三葵村{person.place + 1}号", f"梅县区扶大镇三丰村{person.place + 1}号", person.phone,
        f"139{30000000 + person.place * 6007:08}", "80",
    ]  # fmt: skip


def write_workbook(path: Path, sheets: dict[str, Sequence[Sequence[Any]]], hidden: Sequence[str] = ()) -> Path:
    """A workbook; numbers become numeric cells."""
    with xlsxwriter.Workbook(path) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            if name in hidden:
                sheet.hide()
            for place, cells in enumerate(rows):
                for column, cell in enumerate(cells):
                    if isinstance(cell, str):
                        sheet.write_string(place, column, cell)
                    elif cell is not None:
                        sheet.write(place, column, cell)
    return path


def write_text(path: Path, rows: Sequence[Sequence[str]], encoding: str = "utf-8", delimiter: str = ",") -> Path:
    """A delimited text."""
    path.write_bytes("".join(delimiter.join(cells) + "\r\n" for cells in rows).encode(encoding))
    return path


def write_html(path: Path, rows: Sequence[Sequence[str]]) -> Path:
    """A page with a table, as many systems export under the name of a workbook."""
    lines = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>" for cells in rows)
    path.write_text(
        f'<html><head><meta charset="utf-8"></head><body><table>{lines}</table></body></html>', encoding="utf-8"
    )
    return path


def write_xls(path: Path, rows: Sequence[Sequence[str]]) -> Path:
    """An old workbook."""
    book = xlwt.Workbook()
    sheet = book.add_sheet("名单")
    for place, cells in enumerate(rows):
        for column, cell in enumerate(cells):
            sheet.write(place, column, cell)
    book.save(str(path))
    return path


def write_json_lines(path: Path, header: Sequence[str], rows: Sequence[Sequence[str]]) -> Path:
    """A record a line."""
    lines = (json.dumps(dict(zip(header, cells, strict=True)), ensure_ascii=False) for cells in rows)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def locked(path: Path, password: str) -> Path:
    """A workbook with a password."""
    plain = io.BytesIO(path.read_bytes())
    with path.open("wb") as file:
        OOXMLFile(plain).encrypt(password, file)
    return path


def packed(path: Path, files: dict[str, Path]) -> Path:
    """A zip archive of files under other names."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, file in files.items():
            archive.write(file, name)
    return path


def write_form(path: Path, person: Person) -> Path:
    """附件1 of one person, on a sheet."""
    rows = [
        ["特殊困难老年人基本信息登记表"],
        ["建档日期：2024年3月5日"],
        ["姓名", person.name, "性别", "男" if person.is_man else "女", "身份证号码", person.number],
        ["联系电话", person.phone, "紧急联系人", "甲某某", "联系电话", "13900000000"],
        ["户籍地址", "梅县区", "扶大镇", "三葵村"],
        ["居住地址", "梅县区", "扶大镇", "三葵村"],
        ["对象类型", "☑独居 □空巢 □留守 □失能"],
        ["饮水是否安全", "是", "生活用电是否安全", "是"],
        ["生活用气是否安全", "是", "住房是否安全", "是"],
        ["家庭每月收入(元)", "500"],
        ["帮扶单位", "某单位", "帮扶责任人", "乙某某"],
        ["帮扶措施", "探访"],
    ]
    return write_workbook(path, {"登记表": rows})

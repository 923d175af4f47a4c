"""Lists as villages might write them, drawn at random: tables below each other, titles, subtotals, blank rows, stray quotes.

And an oracle that knows nothing of how they were drawn: a dozen lines that tell the records of a page of cells.
"""

import csv
import io
import random
import re
from dataclasses import dataclass, field
from pathlib import Path

import xlsxwriter

from connectors.reading import DeliveryLayout, TableLayout
from schemas.idnumber import check_character

HEADERS = {
    "name": ("姓名", "老人姓名"),
    "sex": ("性别",),
    "id_number": ("身份证号码", "身份证号"),
    "household_village": ("户籍村(居)", "户籍村"),
    "phone": ("联系电话", "手机号码"),
    "remarks": ("备注",),
}
LAYOUT = DeliveryLayout({"main": TableLayout(columns=HEADERS, required=("name", "id_number"), ignored=("序号",))})
VILLAGES = ("三葵村", "所里村", "三丰村", "铁炉桥村")

Rows = list[list[str]]


@dataclass
class Page:
    """One sheet: its cells, and which of them are merged (row, column and last row, last column, from 0)."""

    name: str
    rows: Rows = field(default_factory=list)
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)


def id_number(picked: random.Random) -> str:
    body = f"441421{picked.randrange(1925, 1964)}{picked.randrange(1, 13):02d}{picked.randrange(1, 29):02d}{picked.randrange(1000):03d}"
    return body + check_character(body)


def draw_page(picked: random.Random, name: str = "名单") -> Page:
    """A page with one to three tables, all as wide as the widest."""
    page = Page(name)
    for village in picked.sample(VILLAGES, picked.randint(1, 3)):
        _draw_table(page, picked, village)
    width = max(map(len, page.rows)) + picked.randint(0, 1)
    page.rows = [row + [""] * (width - len(row)) for row in page.rows]
    return page


def _draw_table(page: Page, picked: random.Random, village: str) -> None:
    fields = ["serial", *HEADERS]
    picked.shuffle(fields)
    place = {name: index for index, name in enumerate(fields)}

    def row(**cells: str) -> list[str]:
        made = [""] * len(fields)
        for name, cell in cells.items():
            made[place[name]] = cell
        return made

    def sometimes(share: float, *rows: list[str]) -> None:
        if picked.random() < share:
            page.rows += [list(cells) for cells in rows]

    header = [picked.choice(HEADERS[name]) if name in HEADERS else "序号" for name in fields]
    sometimes(0.6, [f"{village}特殊困难老年人登记表"])
    sometimes(0.4, [picked.choice([village, "单位：扶大镇", f"（一）{village}"])])
    sometimes(0.3, [])
    page.rows.append(header)
    sometimes(0.2, [str(number) for number in range(1, len(fields) + 1)])
    first = len(page.rows)
    is_merged = picked.random() < 0.3
    for serial in range(1, picked.randint(0, 8) + 1):
        page.rows.append(row(
            serial=str(serial), name=picked.choice("张王李赵") + picked.choice("玉梅桂兰秀英") + picked.choice(["", "华", "芳"]),
            sex=picked.choice("男女"), phone=picked.choice(["", "13800138000"]), remarks=picked.choice(["", "", "合计500元", "注：独居"]),
            id_number=_written(picked), household_village="" if is_merged and serial > 1 else village,
        ))  # fmt: skip
        if is_merged:
            continue
        sometimes(0.1, [])
        sometimes(0.08, row(name="小计", phone="3人"), header)
        sometimes(0.05, row(serial=str(serial)))
        sometimes(0.05, row(name="", id_number=id_number(picked), remarks="姓名不详"))
    if is_merged and len(page.rows) > first + 1:
        page.merged.append((first, place["household_village"], len(page.rows) - 1, place["household_village"]))
    sometimes(0.5, row(serial="合计", name="12人"))
    sometimes(0.4, row(name="制表人：赵六", phone="审核：钱七"), row(id_number="填表日期：20250102"))
    sometimes(0.2, ["备注：本表一式两份"])
    sometimes(0.3, [], [])


def _written(picked: random.Random) -> str:
    number = id_number(picked)
    return picked.choice(
        [*[number] * 8, "", number[:15], number.lower(), f" {number[:6]} {number[6:14]} {number[14:]}", "待补"]
    )


def records_on(rows: Rows) -> tuple[list[int], int]:
    """The oracle: the numbers of rows that are records, and how many rows below the first header have anything in them."""
    found, received, header = [], 0, None
    for number, cells in enumerate(rows, 1):
        if any("姓名" in cell for cell in cells) and any("身份证" in cell for cell in cells):
            received += header is not None
            header = cells
        elif header is not None and any(cell.strip() for cell in cells):
            received += 1
            who = {("姓名" if "姓名" in head else head[:3]): cell for head, cell in zip(header, cells, strict=True)}
            is_numbered = re.search(r"\d{6}", who["身份证"]) and "日期" not in who["身份证"]
            if is_numbered or re.fullmatch("[张王李赵][玉梅桂兰秀英].?", who["姓名"]):
                found.append(number)
    return found, received


def write_workbook(path: Path, pages: list[Page]) -> None:
    with xlsxwriter.Workbook(path) as book:
        for page in pages:
            sheet = book.add_worksheet(page.name)
            for first_row, first_column, last_row, last_column in page.merged:
                sheet.merge_range(first_row, first_column, last_row, last_column, "")
            for number, cells in enumerate(page.rows):
                for column, cell in enumerate(cells):
                    if cell:
                        sheet.write_string(number, column, cell)


def as_text(page: Page, encoding: str = "utf-8") -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(page.rows)
    return out.getvalue().encode(encoding)

"""Small made-up deliveries, and nights run on them in this process: what the tests of whole nights share.

Every number is valid (``schemas.idnumber``), every name unlike the others, and every row as its builder makes it is
without a finding; a test changes what it is about.
"""

import csv
import io
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from shutil import copytree
from typing import Any, TypeVar
from unittest.mock import patch

import pandas as pd
import sqlalchemy as sa
import xlsxwriter
from copied_databases import database

from flows.cli import call
from flows.operate import run_night
from registry.tables import metadata
from schemas.idnumber import check_character

TODAY = date(2024, 6, 30)
SHIPPED_CONFIG = Path(os.environ["ELDERSYNC_CONFIG"])
SURVEY, INCAPACITY, FAMILY, DISABILITY = (
    "village_survey", "health_incapacity", "health_family_planning", "disability_federation",
)  # fmt: skip

_SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨"
_GIVEN = "玉梅桂兰秀英建国志强春花文华德明金凤月娥"

Cell = str | int | float | None
Row = dict[str, Cell]


@dataclass(frozen=True)
class Person:
    """Somebody made up."""

    name: str
    number: str
    phone: str
    town: str = "程江镇"
    village: str = "大黄村"

    @property
    def sex(self) -> str:
        return "男" if self.number[16] in "13579" else "女"


def id_number(born: date, serial: int = 120, region: str = "441421") -> str:
    """A valid number; the serial's last digit is odd for a man."""
    first17 = f"{region}{born:%Y%m%d}{serial:03d}"
    return first17 + check_character(first17)


def person(n: int, *, born: date | None = None, **changes: Any) -> Person:
    """The n-th person, n below 1000; alike neither in name nor in number to any other."""
    name = _SURNAMES[n % 16] + _GIVEN[n // 16 % 20] + _GIVEN[(n // 320 + n // 16 + 7) % 20]
    number = id_number(born or date(1936, 1, 1) + timedelta(days=23 * n % 8900), 101 + n % 890)
    return replace(Person(name, number, f"139{n:08d}"), **changes)


def people(count: int, first: int = 0, **changes: Any) -> list[Person]:
    return [person(n, **changes) for n in range(first, first + count)]


def survey_row(who: Person, **changes: Cell) -> Row:
    return {
        "姓名": who.name, "性别": who.sex, "身份证号码": who.number, "联系电话": who.phone, "户籍乡镇(街道)": who.town,
        "户籍村(居)": who.village, "对象类型": "独居", "残疾人证号": "", "建档日期": "2024-01-05", "备注": "",
    } | changes  # fmt: skip


def incapacity_row(who: Person, **changes: Cell) -> Row:
    return {
        "姓名": who.name, "性别": who.sex, "身份证号": who.number, "联系电话": who.phone,
        "户籍地址": f"梅县区{who.town}{who.village}", "能力等级": "重度失能", "评估标准": "GB/T 42195-2022",
        "评估日期": "2024-03-01", "评估机构": "梅县区评估中心", "备注": "",
    } | changes  # fmt: skip


def family_row(who: Person, **changes: Cell) -> Row:
    return {
        "姓名": who.name, "性别": who.sex, "身份证号": who.number, "联系电话": who.phone,
        "户籍地址": f"梅县区{who.town}{who.village}", "家庭类型": "失独", "确认日期": "2020-05-01",
    } | changes  # fmt: skip


def disability_row(who: Person, kind: str = "4", level: str = "1", **changes: Cell) -> Row:
    return {
        "姓名": who.name, "性别": who.sex, "身份证号": who.number, "残疾人证号": f"{who.number}{kind}{level}",
        "残疾类别": kind, "残疾等级": level, "发证日期": "2019-04-01", "有效期至": "2029-03-31", "证件状态": "正常",
        "户籍地址": f"梅县区{who.town}{who.village}", "联系电话": who.phone,
    } | changes  # fmt: skip


ROWS = {SURVEY: survey_row, INCAPACITY: incapacity_row, FAMILY: family_row, DISABILITY: disability_row}


def member_row(elder: Person, name: str, number: str, relation: str) -> Row:
    sex = "男" if number[16:17] in "13579" else "女"
    return {"服务对象身份证号码": elder.number, "姓名": name, "性别": sex, "身份证号码": number, "与户主关系": relation}


def csv_text(rows: Sequence[Mapping[str, Cell]]) -> str:
    target = io.StringIO()
    writer = csv.DictWriter(target, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return target.getvalue()


def write_workbook(path: Path, sheets: Mapping[str, Sequence[Mapping[str, Cell]]], *, first_row: int = 0) -> None:
    """A workbook in which texts are text and numbers are numbers; the header stands in row ``first_row`` (from 0)."""
    with xlsxwriter.Workbook(path, {"strings_to_numbers": False, "strings_to_formulas": False}) as book:
        for sheet, rows in sheets.items():
            page = book.add_worksheet(sheet)
            for place, cells in enumerate([list(rows[0]), *(list(row.values()) for row in rows)], start=first_row):
                for column, cell in enumerate(cells):
                    if isinstance(cell, str):
                        page.write_string(place, column, cell)
                    elif cell is not None:
                        page.write_number(place, column, cell)


fresh_database = database
"""For tests that need more than the fixture's one."""

B = TypeVar("B", bound="Bureau")


@contextmanager
def copied(evening: B, server: sa.Engine, folder: Path) -> Iterator[B]:
    """A bureau once more, with a home and a database of its own: nights that many tests begin with pass once."""
    with database(server, like=sa.make_url(evening.url).database) as url:
        bureau = type(evening)(copytree(evening.home, folder / "home"), url)
        if evening.config != SHIPPED_CONFIG:
            bureau.config = copytree(evening.config, folder / "home-config")
        yield bureau


class Bureau:
    """One installation: its home, its configuration, its database."""

    def __init__(self, home: Path, url: str, config: Path = SHIPPED_CONFIG) -> None:
        self.home, self.url, self.config = home, url, config

    def own_configuration(self) -> Path:
        """A copy of the shipped configuration to be changed."""
        self.config = copytree(SHIPPED_CONFIG, self.home.parent / f"{self.home.name}-config")
        return self.config

    def set_rule(self, line: str, *, instead_of: str | None = None, file: str = "rules.toml") -> None:
        """Changes one line of an own configuration file, or puts one before all others."""
        path = self.config / file
        text = path.read_text(encoding="utf-8")
        if instead_of is not None:
            assert instead_of in text
        path.write_text(text.replace(instead_of, line) if instead_of else f"{line}\n{text}", encoding="utf-8")

    def inbox(self, source: str) -> Path:
        folder = self.home / "inbox" / source
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def deliver(self, source: str, rows: Sequence[Mapping[str, Cell]] | str | bytes, name: str = "list.csv") -> Path:
        """Drops a text file, in the place of one of that name."""
        path = self.inbox(source) / name
        content = rows if isinstance(rows, str | bytes) else csv_text(rows)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def deliver_workbook(
        self, source: str, sheets: Mapping[str, Sequence[Mapping[str, Cell]]], name: str = "list.xlsx", **layout: int
    ) -> Path:
        path = self.inbox(source) / name
        write_workbook(path, sheets, **layout)
        return path

    def night(
        self, day: date = TODAY, *, sources: list[str] | None = None, send: bool = True, expect: str | None = None
    ) -> dict[str, Any]:
        """Runs a night; its summary, in which ``sources`` are by name."""
        with self.environment():
            summary = run_night(self.home, self.config, day, sources, send=send)
        summary["sources"] = {line["name"]: line for line in summary["sources"]}
        for line in summary["sources"].values():
            assert line["received"] == line["admitted"] + line["held"] + line["duplicate"] + line["blank"]
        assert expect is None or summary["status"] == expect, summary["reasons"]
        return summary

    @contextmanager
    def environment(self) -> Iterator[None]:
        with patch.dict(os.environ, {"ELDERSYNC_DATABASE_URL": self.url}):
            os.environ.pop("PREFECT_API_URL", None)
            yield

    def query(self, text: str, **parameters: Any) -> list[dict[str, Any]]:
        engine = sa.create_engine(self.url, poolclass=sa.NullPool)
        with engine.connect() as connection:
            return [dict(row) for row in connection.execute(sa.text(text), parameters).mappings()]

    def elders(self) -> dict[str, dict[str, Any]]:
        """Everybody the registry has, withdrawn people too, by ID number."""
        return {row["id_number"]: row for row in self.query("SELECT * FROM elder")}

    def active(self) -> set[str]:
        return {number for number, elder in self.elders().items() if elder["status"] == "active"}

    def findings(self, *, besides: Iterable[str] = ()) -> Counter[tuple[str, str, int | None, str | None]]:
        """What stands now: how often each code, source, row number and field."""
        rows = self.query("SELECT code, source, row_number, field FROM finding WHERE to_run IS NULL")
        return Counter(tuple(row.values()) for row in rows if row["code"] not in set(besides))

    def codes(self, *, besides: Iterable[str] = ()) -> Counter[str]:
        counted: Counter[str] = Counter()
        for (code, *_), times in self.findings(besides=besides).items():
            counted[code] += times
        return counted

    def outbox(self) -> Counter[tuple[str, str]]:
        """How many entries of each operation are in each state."""
        return Counter((row["operation"], row["state"]) for row in self.query("SELECT operation, state FROM outbox"))

    def platform_rows(self, run_id: int) -> int:
        """Rows of people in the platform files of a run, by the JSON lines beside the workbook."""
        folder = self.home / "outgoing" / str(run_id)
        return (
            sum(len(file.read_text("utf-8").splitlines()) for file in folder.glob("*.jsonl")) if folder.is_dir() else 0
        )

    def content(self) -> dict[str, list[str]]:
        """Every table's rows in force as texts, in order; without the names of runs and instants."""
        engine = sa.create_engine(self.url, poolclass=sa.NullPool)
        tables = {}
        with engine.connect() as connection:
            for table in metadata.sorted_tables:
                if table.name in {"run", "stage", "audit", "delivery", "plan"}:
                    continue
                query = sa.select(*(column for column in table.columns if not column.name.endswith(("_run", "run_id"))))
                if "to_run" in table.columns and table.name != "elder_history":
                    query = query.where(table.c.to_run.is_(None))
                if table.name == "finding":
                    query = query.where(table.c.code != "delivery-repeated")
                tables[table.name] = sorted(map(repr, connection.execute(query)))
        return tables

    def statements(self) -> pd.DataFrame:
        """Elders as the registry exports them, without our own numbers of people; in the order of ID numbers."""
        rows = sorted(self.elders().values(), key=lambda elder: elder["id_number"])
        ours = {"person_id", "row_ids", "from_run", "revision", "winners"}
        return pd.DataFrame([{name: value for name, value in row.items() if name not in ours} for row in rows])


def command(bureau: Bureau, *words: str | int) -> int:
    """Runs a command line at a bureau; its exit code."""
    with bureau.environment():
        return call([*map(str, words), "--home", str(bureau.home), "--config", str(bureau.config)])


def funnel(line: Mapping[str, Any]) -> tuple[int, int, int, int, int]:
    """received, admitted, held, duplicate, blank of a source."""
    received, admitted, held, duplicate, blank = (
        line[part] for part in ("received", "admitted", "held", "duplicate", "blank")
    )
    return received, admitted, held, duplicate, blank

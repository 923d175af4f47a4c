"""Small made-up deliveries of all four sources, with known people and a few planted defects. Nobody in them exists."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import xlsxwriter

__all__ = ["SOURCES", "Person", "clean_lists", "deliver", "id_number", "make_people", "replace", "spoilt_lists"]

SOURCES = ("village_survey", "health_incapacity", "health_family_planning", "disability_federation")

_SURNAMES = "张李王刘陈杨黄赵周吴徐孙朱马胡郭林何高罗"
_GIVEN = ("阿妹", "金水", "福生", "玉兰", "秀英", "建国", "桂花", "运来", "添福", "春娣")
_VILLAGES = ("三葵村", "三丰村", "所里村", "铁炉桥村")
_CATEGORIES = ("独居", "空巢", "留守", "独居、空巢")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)

Row = Sequence[str]
Lists = dict[str, list[Row]]

SURVEY = (
    "姓名", "性别", "身份证号码", "联系电话", "紧急联系人", "紧急联系人电话", "户籍县(市、区)", "户籍乡镇(街道)",
    "户籍村(居)", "居住县(市、区)", "居住乡镇(街道)", "居住村(居)", "对象类型", "残疾人证号", "饮水是否安全",
    "家庭每月收入(元)", "建档日期", "备注",
)  # fmt: skip
INCAPACITY = (
    "姓名", "性别", "身份证号", "联系电话", "户籍地址", "现住址", "能力等级", "评估标准", "评估日期", "评估机构", "备注",
)  # fmt: skip
FAMILY = (
    "姓名", "性别", "身份证号", "联系电话", "户籍地址", "现住址", "家庭类型", "确认日期", "配偶姓名", "配偶身份证号", "备注",
)  # fmt: skip
FEDERATION = (
    "姓名", "性别", "身份证号", "残疾人证号", "残疾类别", "残疾等级", "发证日期", "有效期至", "证件状态", "户籍地址", "现住址",
    "监护人", "监护人电话", "联系电话",
)  # fmt: skip
MEMBERS = (
    "服务对象身份证号码", "姓名", "性别", "身份证号码", "与户主关系", "健康状况", "是否为低保对象/特困人员",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Person:
    """Someone who does not exist."""

    name: str
    is_woman: bool
    number: str
    phone: str
    village: str
    category: str

    @property
    def sex(self) -> str:
        return "女" if self.is_woman else "男"

    @property
    def address(self) -> str:
        return f"梅县区扶大镇{self.village}{int(self.number[14:17])}号"


def id_number(first_17: str) -> str:
    """The 18 characters with the check character of GB 11643, worked out here once more."""
    total = sum(int(digit) * weight for digit, weight in zip(first_17, _WEIGHTS, strict=True))
    return first_17 + "10X98765432"[total % 11]


def make_people(count: int, *, first: int = 0) -> list[Person]:
    """People numbered from ``first``; the same number is always the same person."""
    return [_person(number) for number in range(first, first + count)]


def _person(number: int) -> Person:
    # Names and birth dates differ from one to the next, so that nobody looks like somebody else.
    born = f"19{40 + number % 17:02}{1 + number % 12:02}{1 + number % 28:02}"
    order = 2 * (number % 480) + number % 2
    return Person(
        name=_SURNAMES[number % 20] + _GIVEN[number // 20 % 10] + ("" if number < 200 else chr(0x4E00 + number)),
        is_woman=order % 2 == 0,
        number=id_number(f"441421{born}{order:03}"),
        phone=f"138{20000000 + number * 7919:08}",
        village=_VILLAGES[number % 4],
        category=_CATEGORIES[number % 4],
    )


def clean_lists(people: list[Person]) -> Lists:
    """Lists without any fault: everyone in the survey, every third incapacitated, every fifth disabled, two special families."""
    ill, disabled, special = people[::3], people[::5], people[1:3]
    return {
        "village_survey": [SURVEY, *map(survey_row, people)],
        "members": [MEMBERS, *(member_row(person) for person in people[:6])],
        "health_incapacity": [INCAPACITY, *map(incapacity_row, ill)],
        "health_family_planning": [FAMILY, *map(family_row, special)],
        "disability_federation": [FEDERATION, *map(federation_row, disabled)],
    }


def spoilt_lists(people: list[Person]) -> Lists:
    """The same with defects of many kinds, each in rows of its own at the end."""
    lists = clean_lists(people)
    last = people[-1]
    other = "0" if last.number[-1] != "0" else "1"
    lists["village_survey"] += [
        _changed(survey_row(last), SURVEY, 姓名="错号码", 身份证号码=last.number[:-1] + other),
        _changed(survey_row(people[0]), SURVEY, 联系电话="123", 建档日期="2024-02-01"),
        survey_row(people[1]),
        _changed(survey_row(_person(901)), SURVEY, 身份证号码=id_number("44142120010203123")),
        _changed(survey_row(_person(902)), SURVEY, 户籍村="火星村", 对象类型=""),
        _changed(survey_row(_person(903)), SURVEY, **{"户籍村(居)": "火星村", "饮水是否安全": "也许"}),
    ]
    lists["members"] += [_changed(member_row(people[2]), MEMBERS, 身份证号码="44140219700101001")]
    lists["health_incapacity"] += [
        _changed(incapacity_row(people[3]), INCAPACITY, 姓名="完全另一人"),
        _changed(incapacity_row(people[4]), INCAPACITY, 能力等级="", 评估日期="2020-01-01"),
        ("合计", "2", *[""] * 9),
    ]
    lists["health_family_planning"] += [_changed(family_row(people[7]), FAMILY, 家庭类型="不知道")]
    lists["disability_federation"] += [
        _changed(federation_row(people[8]), FEDERATION, 残疾人证号=people[9].number + "41"),
        _changed(federation_row(people[11]), FEDERATION, 残疾等级="三级"),
    ]
    return lists


def survey_row(person: Person) -> Row:
    place = ("梅县区", "扶大镇", person.village)
    return (
        person.name, person.sex, person.number, person.phone, f"{person.name[0]}家人", "13900139000", *place, *place,
        person.category, "", "是", "1200.50", "2024-03-01", "",
    )  # fmt: skip


def incapacity_row(person: Person) -> Row:
    return (
        person.name, person.sex, person.number, person.phone, person.address, person.address, "中度失能",
        "GB/T 42195-2022", "2026-01-15", "区人民医院", "",
    )  # fmt: skip


def family_row(person: Person) -> Row:
    return (
        person.name, person.sex, person.number, person.phone, person.address, person.address, "独生子女死亡", "2015-06-01",
        "", "", "",
    )  # fmt: skip


def federation_row(person: Person) -> Row:
    return (
        person.name, person.sex, person.number, person.number + "41", "肢体", "一级", "2020-05-06", "2030-05-05", "有效",
        person.address, person.address, f"{person.name[0]}家人", "13900139000", person.phone,
    )  # fmt: skip


def member_row(person: Person) -> Row:
    return (person.number, person.name, person.sex, person.number, "户主", "一般", "否")


def _changed(row: Row, headers: Row, **cells: str) -> Row:
    """A row with other values in the columns whose headers begin with the given words."""
    changed = list(row)
    for header, value in cells.items():
        changed[next(place for place, name in enumerate(headers) if name.startswith(header))] = value
    return changed


def deliver(home: Path, lists: Lists, sources: Sequence[str] = SOURCES) -> None:
    """Drops lists into a home's inbox: the survey as a workbook of text cells, the others as CSV, one in GB 18030."""
    for source in sources:
        folder = home / "inbox" / source
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if source == "village_survey":
            sheets = {"服务对象": lists[source], "家庭成员": lists["members"]}
            (folder / "登记表.xlsx").write_bytes(workbook(sheets))
        else:
            encoding = "gb18030" if source == "disability_federation" else "utf-8-sig"
            (folder / "名单.csv").write_bytes(csv_text(lists[source]).encode(encoding))


def workbook(sheets: dict[str, list[Row]]) -> bytes:
    made = io.BytesIO()
    with xlsxwriter.Workbook(made, {"in_memory": True}) as book:
        text = book.add_format({"num_format": "@"})
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                for place, cell in enumerate(row):
                    sheet.write_string(number, place, cell, text)
    return made.getvalue()


def csv_text(rows: list[Row]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()

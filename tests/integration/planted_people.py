"""Made-up people for lists with defects: alike neither in name nor in number, and the rows each office would write of them."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

from nights import (
    DISABILITY,
    FAMILY,
    INCAPACITY,
    SURVEY,
    Person,
    Row,
    disability_row,
    family_row,
    id_number,
    incapacity_row,
    survey_row,
)

__all__ = ["clean_row", "people_without_end", "with_number"]

_SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨"
_GIVEN = "玉梅桂兰秀英建国志强春花文华德明金凤月娥松柏江河海洋山川田野云霞雪霜风雷电光星辰"

SURVEY_CELLS: Row = {
    "出生日期": "", "户籍县(市、区)": "", "居住乡镇(街道)": "程江镇", "居住村(居)": "大黄村", "紧急联系人": "王小华",
    "紧急联系人电话": "13800001111", "饮水是否安全": "是", "生活用电是否安全": "是", "生活用气是否安全": "是", "住房是否安全": "是",
    "家庭每月收入(元)": "800", "每月养老保险(元)": "120", "每月补贴(元)": "0",
}  # fmt: skip


def people_without_end() -> Iterator[Person]:
    """Somebody else each time; 25,600 at most."""
    many = len(_GIVEN)
    for n in range(len(_SURNAMES) * many * many):
        if n % 890 % 100 == 99:
            continue  # a number that ends in 000 looks damaged
        name = _SURNAMES[n % 16] + _GIVEN[n // 16 % many] + _GIVEN[n // 16 // many]
        born = date(1931, 1, 1) + timedelta(days=37 * n % 9000)
        yield Person(name, id_number(born, 101 + n % 890), f"139{n:08d}")


def with_number(who: Person, *, years: int = 0, region: str = "441421") -> Person:
    """The person under a number that says another year of birth or place of issue."""
    number = who.number
    born = date(int(number[6:10]) + years, int(number[10:12]), min(int(number[12:14]), 28 if years else 31))
    return replace(who, number=id_number(born, int(number[14:17]), region))


def clean_row(source: str, who: Person) -> Row:
    """A row without a defect, with every column that one may be planted in."""
    if source == SURVEY:
        return SURVEY_CELLS | survey_row(who)
    if source == INCAPACITY:
        return incapacity_row(who, 现住址="")
    if source == FAMILY:
        return family_row(who, 现住址="", 配偶姓名="")
    assert source == DISABILITY
    return disability_row(who, 监护人="", 监护人电话="", 现住址="")

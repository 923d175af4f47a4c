"""Files in which something is wrong as a whole: each comes back with exactly what was planted in it, two or three faults too."""

import io
import zipfile
from collections import Counter

import pytest
from nights import (
    FAMILY,
    INCAPACITY,
    SURVEY,
    Bureau,
    csv_text,
    family_row,
    fresh_database,
    incapacity_row,
    people,
    survey_row,
)

from schemas.findings import CATALOGUE, Finding

OLE = bytes.fromhex("d0cf11e0a1b11ae1")
WHO = people(3, first=500, village="好村")
GOOD = csv_text([survey_row(who) for who in WHO])


def with_header(**renamed: str) -> bytes:
    header, _, rows = GOOD.partition("\n")
    names = [renamed.get(name, name) for name in header.split(",")]
    return f"{','.join(names)}\n{rows}".encode()


def zip_bomb() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("[Content_Types].xml", "<Types/>")
        book.writestr("xl/workbook.xml", "<workbook/>")
        book.writestr("xl/worksheets/sheet1.xml", b"0" * 20_000_000)
    return content.getvalue()


# Of a file: row, code and field of everything that is found in it.
FILES = {
    "unreadable": (OLE + b"\0" * 600, [(None, "file-unreadable", None)]),
    "encrypted": (OLE + "EncryptedPackage".encode("utf-16-le"), [(None, "file-encrypted", None)]),
    "empty": (b"\n \n", [(None, "file-empty", None)]),
    "too large": (GOOD.encode() + b"\n" * 1_100_000, [(None, "file-too-large", None)]),
    "hostile": (zip_bomb(), [(None, "file-hostile", None)]),
    "undecodable": (b"\xff\xff\x80" * 100, [(1, "encoding-undecodable", None)]),
    "no header": ("通知\n各镇\n".encode(), [(None, "header-not-found", None)]),
    "missing": (
        with_header(对象类型="别的"), [(1, "column-missing", "categories"), (1, "column-unknown", None)],
    ),
    "duplicated": (with_header(备注="姓名"), [(1, "column-duplicated", "name")]),
    "unknown": (with_header(备注="属相"), [(1, "column-unknown", None)]),
    "broken": ((GOOD + "赵玉").encode(), [(5, "line-broken", None)]),
    "missing, duplicated and unknown": (
        with_header(对象类型="别的", 备注="姓名", 建档日期="属相"),
        [(1, "column-missing", "categories"), (1, "column-duplicated", "name"), *[(1, "column-unknown", None)] * 2],
    ),
    "two missing": (
        with_header(对象类型="甲", 姓名="乙"),
        [(1, "column-missing", "categories"), (1, "column-missing", "name"), *[(1, "column-unknown", None)] * 2],
    ),
    "unknown and two broken": (
        with_header(备注="属相") + "赵玉\n钱,兰\n".encode(),
        [(1, "column-unknown", None), (5, "line-broken", None), (6, "line-broken", None)],
    ),
}  # fmt: skip
OVER_TWO_NIGHTS = {"delivery-repeated", "delivery-shrunk"}


@pytest.fixture(scope="module")
def night(tmp_path_factory, server_engine):
    """What is said of each file after a night in which all of them lay in the inbox."""
    with fresh_database(server_engine) as url:
        bureau = Bureau(tmp_path_factory.mktemp("files") / "home", url)
        bureau.own_configuration()
        bureau.set_rule("file_megabytes = 1", instead_of="file_megabytes = 200")
        for name, (content, _) in FILES.items():
            bureau.deliver(SURVEY, content, name=f"{name}.csv")
        bureau.night(expect="yellow")
        found = bureau.query(
            "SELECT d.file_name, f.row_number, f.code, f.field FROM finding f JOIN delivery d USING (delivery_id) "
            "WHERE f.to_run IS NULL AND f.origin = 'file'"
        )
    return Counter(tuple(row.values()) for row in found)


@pytest.mark.parametrize("name", FILES)
def test_a_file_comes_back_with_exactly_what_is_wrong_with_it(night, name):
    said = Counter({place: times for place, times in night.items() if place[0] == f"{name}.csv"})
    assert said == Counter((f"{name}.csv", *found) for found in FILES[name][1])


def test_faults_of_two_sheets_are_said_together(tmp_path, fresh_url):
    bureau = Bureau(tmp_path / "home", fresh_url)
    rows = [{("别的" if name == "对象类型" else name): cell for name, cell in survey_row(who).items()} for who in WHO]
    bureau.deliver_workbook(
        SURVEY,
        {
            "服务对象": rows,
            "家庭成员": [{"服务对象身份证号码": "", "性别": "", "身份证号码": "", "与户主关系": "户主"}],
        },
    )
    bureau.night()
    said = bureau.query("SELECT sheet, code, field FROM finding WHERE to_run IS NULL AND code = 'column-missing'")
    assert {tuple(row.values()) for row in said} == {
        ("服务对象", "column-missing", "categories"), ("家庭成员", "column-missing", "name"),
    }  # fmt: skip


def test_a_file_that_came_before_and_a_list_that_lost_too_many(tmp_path, fresh_url):
    bureau = Bureau(tmp_path / "home", fresh_url)
    bureau.deliver(INCAPACITY, [incapacity_row(who) for who in people(20)], name="first.csv")
    bureau.deliver(FAMILY, [family_row(who) for who in people(2)], name="again.csv")
    bureau.night()
    bureau.deliver(INCAPACITY, [incapacity_row(who) for who in people(5)], name="shrunk.csv")
    (bureau.inbox(INCAPACITY) / "first.csv").unlink()
    bureau.night(expect="yellow")
    found = bureau.query(
        "SELECT d.file_name, f.code FROM finding f JOIN delivery d USING (delivery_id) "
        "WHERE f.to_run IS NULL AND f.origin = 'file'"
    )
    assert {tuple(row.values()) for row in found} == {
        ("again.csv", "delivery-repeated"), ("shrunk.csv", "delivery-shrunk"),
    }  # fmt: skip


def test_every_code_of_a_file_is_planted_here():
    planted = {code for _, found in FILES.values() for _, code, _ in found} | OVER_TWO_NIGHTS
    assert planted == {code.value for code in Finding if CATALOGUE[code].group == "file"}

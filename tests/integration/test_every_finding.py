"""Every code of the catalogue is produced by a delivery made for it: on the row and field planted, and nowhere else."""

import io
import zipfile
from collections import Counter
from dataclasses import dataclass, field
from datetime import date

import pytest
from nights import (
    DISABILITY,
    FAMILY,
    INCAPACITY,
    SURVEY,
    Bureau,
    csv_text,
    disability_row,
    family_row,
    fresh_database,
    id_number,
    incapacity_row,
    member_row,
    people,
    person,
    survey_row,
)

from schemas.findings import CATALOGUE, Finding
from schemas.idnumber import check_character

SHEET = {SURVEY: "服务对象"}


@dataclass
class Case:
    """Rows to plant, each with its source and the codes and fields expected on it."""

    name: str
    rows: list[tuple[str, dict, list[tuple[str, str | None]]]]
    members: list[tuple[dict, list[tuple[str, str]]]] = field(default_factory=list)


def survey(name, field_, n, *, born=None, **changes):
    """One row of the survey with one fault, found under the code that gives the case its name."""
    row = BLANK | survey_row(person(n, born=born)) | changes
    return Case(name, [(SURVEY, row, [(name, field_)])])


BLANK = {"出生日期": "", "户籍县(市、区)": "", "家庭每月收入(元)": ""}
A, B, C, D, E, F, G = (person(n) for n in range(200, 207))
TWIN = person(207)
TWIN_NUMBER = TWIN.number[:16] + str((int(TWIN.number[16]) + 2) % 10)
TWIN_NUMBER += check_character(TWIN_NUMBER)


def wrong_check(number):
    return number[:17] + ("0" if number[17] != "0" else "1")


CASES = [
    survey("id-number-missing", "id_number", 1, 身份证号码=""),
    survey("id-number-characters", "id_number", 2, 身份证号码="4414211936A1011013"),
    survey("id-number-length", "id_number", 3, 身份证号码="44142119360101"),
    survey("id-number-birth-date", "id_number", 4, 身份证号码="44142119361301101" + check_character("44142119361301101")),
    survey("id-number-checksum", "id_number", 5, 身份证号码=wrong_check(person(5).number)),
    survey("id-number-stored-as-number", "id_number", 6, 身份证号码=441421193605181060),
    survey("id-number-upgraded", "id_number", 7, 身份证号码=person(7).number[:6] + person(7).number[8:17]),
    survey("id-number-repaired", "id_number", 8, 身份证号码=person(8).number[:6] + " " + person(8).number[6:]),
    survey("id-number-region-unknown", "id_number", 9, 身份证号码=id_number(date(1940, 2, 3), 111, "100000"), 性别="男"),
    survey("id-type-unsupported", "id_number", 10, 身份证号码="E12345678"),
    survey("sex-mismatch", "sex", 11, 性别="女" if person(11).sex == "男" else "男"),
    survey("birth-date-mismatch", "birth_date", 12, 出生日期="1930-01-01"),
    survey("age-under-sixty", "id_number", 13, born=date(1964, 7, 1)),
    survey("age-implausible", "id_number", 14, born=date(1903, 6, 30)),
    survey("name-missing", "name", 15, 姓名=""),
    survey("name-characters", "name", 16, 姓名="张@三"),
    survey("phone-format", "phone", 17, 联系电话="1391234"),
    survey("code-unknown", "sex", 18, 性别="不详"),
    survey("date-format", "registered_date", 19, 建档日期="去年春天"),
    survey("date-future", "registered_date", 20, 建档日期="2024-07-01"),
    survey("amount-format", "household_monthly_income_fen", 21, **{"家庭每月收入(元)": "约三百"}),
    survey("amount-negative", "household_monthly_income_fen", 22, **{"家庭每月收入(元)": "-5"}),
    survey("division-unknown", "household_town", 23, **{"户籍乡镇(街道)": "无此镇"}),
    survey("division-inconsistent", "household_town", 24, **{"户籍县(市、区)": "大埔县"}),
    survey("address-missing", "household_county", 25, **{"户籍乡镇(街道)": "", "户籍村(居)": ""}),
    survey("category-missing", "categories", 26, 对象类型=""),
    survey("category-unknown", "categories", 27, 对象类型="独居、高龄"),
    survey("certificate-format", "disability_certificate_number", 28, 残疾人证号="残字第123号"),
    survey("certificate-id-mismatch", "disability_certificate_number", 29, 残疾人证号=person(300).number + "41"),
    survey("severely-disabled-without-certificate", "disability_certificate_number", 30, 对象类型="重残"),
    survey("severely-disabled-level", "disability_certificate_number", 31, 对象类型="重残", 残疾人证号=person(31).number + "43"),
    Case("certificate-category-mismatch", [
        (DISABILITY, disability_row(person(40), 残疾类别="2"), [("certificate-category-mismatch", "disability_category")]),
    ]),
    Case("certificate-level-mismatch", [
        (DISABILITY, disability_row(person(41), 残疾等级="2"), [("certificate-level-mismatch", "disability_level")]),
    ]),
    Case("certificate-expired", [
        (DISABILITY, disability_row(person(42), 有效期至="2024-06-29"), [("certificate-expired", "certificate_expiry_date")]),
        (DISABILITY, disability_row(person(43), 有效期至="2024-06-30"), []),
        (DISABILITY, disability_row(person(44), 证件状态="过期"), [("certificate-expired", "certificate_expiry_date")]),
    ]),
    Case("certificate-cancelled", [
        (DISABILITY, disability_row(person(45), 证件状态="注销"), [("certificate-cancelled", "certificate_status")]),
    ]),
    Case("ability-level-missing", [
        (INCAPACITY, incapacity_row(person(46), 能力等级=""), [("ability-level-missing", "ability_level")]),
    ]),
    Case("ability-assessment-old", [
        (INCAPACITY, incapacity_row(person(47), 评估日期="2023-06-29"), [("ability-assessment-old", "ability_assessed_date")]),
        (INCAPACITY, incapacity_row(person(48), 评估日期="2023-06-30"), []),
    ]),
    Case("family-type-unknown", [
        (FAMILY, family_row(person(49), 家庭类型=""), [("family-type-unknown", "family_planning_type")]),
        (FAMILY, family_row(person(50), 家庭类型="独居"), [("family-type-unknown", "family_planning_type")]),
    ]),
    Case("duplicate-exact", [
        (FAMILY, family_row(A), []), (FAMILY, family_row(A), [("duplicate-exact", "id_number")]),
    ]),
    Case("duplicate-conflicting", [
        (FAMILY, family_row(B, 确认日期="2019-05-01", 联系电话="13800000000"), [("duplicate-conflicting", "id_number")]),
        (FAMILY, family_row(B), []),
    ]),
    Case("same-number-different-person", [
        (FAMILY, family_row(C), [("same-number-different-person", "name")]),
        (INCAPACITY, incapacity_row(C, 姓名="欧阳建军"), [("same-number-different-person", "name")]),
    ]),
    Case("same-person-different-number", [
        (FAMILY, family_row(TWIN), [("same-person-different-number", "id_number")]),
        (FAMILY, family_row(TWIN, 身份证号=TWIN_NUMBER), [("same-person-different-number", "id_number")]),
    ]),
    Case("sources-contradict", [
        (SURVEY, BLANK | survey_row(D, 对象类型="失能"), [("sources-contradict", "categories")]),
        (INCAPACITY, incapacity_row(D, 能力等级="能力完好"), [("sources-contradict", "ability_level")]),
    ]),
    Case("household-head-missing", [(SURVEY, BLANK | survey_row(E), [])], [
        (member_row(E, "赵小明", id_number(date(1990, 5, 5)), "长子"), [("household-head-missing", "relation_to_head")]),
        (member_row(E, "赵小红", id_number(date(1992, 5, 5), 122), "女儿"), []),
    ]),
    Case("household-relation-unknown", [(SURVEY, BLANK | survey_row(F), [])], [
        (member_row(F, F.name, F.number, "户主"), []),
        (member_row(F, "钱小明", id_number(date(1990, 6, 5)), "邻居的朋友"), [("household-relation-unknown", "relation_to_head")]),
    ]),
    Case("household-member-id", [(SURVEY, BLANK | survey_row(G), [])], [
        (member_row(G, G.name, G.number, "户主"), []),
        (member_row(G, "孙小明", "44142119900705", "长子"), [("household-member-id", "id_number")]),
        (member_row(person(301), "孙小红", id_number(date(1990, 8, 5)), "户主"), [("household-member-id", "elder_id_number")]),
    ]),
]  # fmt: skip


@pytest.fixture(scope="module")
def planted(tmp_path_factory, server_engine):
    """One night on all cases together, among clean rows; what was found and what was planted, by place."""
    tables = {source: [] for source in (SURVEY, INCAPACITY, FAMILY, DISABILITY)}
    members = []
    expected = {}
    tables[SURVEY] += [BLANK | survey_row(who) for who in people(20, first=400)]
    tables[INCAPACITY] += [incapacity_row(who) for who in people(20, first=420)]
    tables[FAMILY] += [family_row(who) for who in people(20, first=440)]
    tables[DISABILITY] += [disability_row(who) for who in people(20, first=460)]
    for case in CASES:
        places = expected[case.name] = Counter()
        for source, row, found in case.rows:
            tables[source].append(row)
            for code, name in found:
                places[code, source, SHEET.get(source), len(tables[source]) + 1, name] += 1
        for row, found in case.members:
            members.append(row)
            for code, name in found:
                places[code, SURVEY, "家庭成员", len(members) + 1, name] += 1
    with fresh_database(server_engine) as url:
        bureau = Bureau(tmp_path_factory.mktemp("planted") / "home", url)
        bureau.deliver_workbook(SURVEY, {"服务对象": tables[SURVEY], "家庭成员": members})
        for source in (INCAPACITY, FAMILY, DISABILITY):
            bureau.deliver(source, tables[source])
        bureau.night(expect="yellow")
        rows = bureau.query(
            "SELECT code, source, nullif(sheet, '') AS sheet, row_number, field, severity FROM finding WHERE to_run IS NULL"
        )
        held = bureau.query("SELECT source, row_number FROM source_row WHERE to_run IS NULL AND outcome = 'held'")
    severities = {row["code"]: row.pop("severity") for row in rows}
    return expected, Counter(tuple(row.values()) for row in rows), severities, {tuple(row.values()) for row in held}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_planted_fault_is_found_on_its_row_and_field(planted, case):
    expected, found, severities, _ = planted
    assert {place: found[place] for place in expected[case.name]} == dict(expected[case.name])
    assert severities[case.name] == CATALOGUE[Finding(case.name)].severity


def test_nothing_is_found_where_nothing_was_planted(planted):
    expected, found, *_ = planted
    assert found - sum(expected.values(), Counter()) == Counter()


def test_exactly_the_rows_with_a_grave_finding_are_held(planted):
    expected, *_, held = planted
    grave = {
        (source, row)
        for (code, source, sheet, row, _) in sum(expected.values(), Counter())
        if CATALOGUE[Finding(code)].severity in {"reject", "hold"} and sheet != "家庭成员"
    }
    assert held == grave


GOOD = csv_text([survey_row(person(500, village="好村"))])


def zip_bomb():
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("[Content_Types].xml", "<Types/>")
        book.writestr("xl/workbook.xml", "<workbook/>")
        book.writestr("xl/worksheets/sheet1.xml", b"0" * 20_000_000)
    return content.getvalue()


OLE = bytes.fromhex("d0cf11e0a1b11ae1")

FILES = {
    "file-unreadable": OLE + b"\0" * 600,
    "file-encrypted": OLE + "EncryptedPackage".encode("utf-16-le"),
    "file-empty": b"\n \n",
    "file-too-large": GOOD.encode() + b"\n" * 1_100_000,
    "file-hostile": zip_bomb(),
    "encoding-undecodable": b"\xff\xff\x80" * 100,
    "header-not-found": "通知\n各镇\n".encode(),
    "column-missing": GOOD.replace("对象类型", "别的").encode(),
    "column-duplicated": GOOD.replace("备注", "姓名").encode(),
    "column-unknown": GOOD.replace("备注", "属相").encode(),
    "line-broken": (GOOD + "赵玉").encode(),
}
OVER_TWO_NIGHTS = {"delivery-repeated", "delivery-shrunk"}


def test_what_is_wrong_with_a_file_is_said_of_that_file(tmp_path, fresh_url):
    bureau = Bureau(tmp_path / "home", fresh_url)
    bureau.own_configuration()
    bureau.set_rule("file_megabytes = 1", instead_of="file_megabytes = 200")
    for code, content in FILES.items():
        bureau.deliver(SURVEY, content, name=f"{code}.csv")
    bureau.deliver(SURVEY, GOOD, name="good.csv")
    bureau.deliver(INCAPACITY, [incapacity_row(who) for who in people(20)], name="first.csv")
    bureau.deliver(FAMILY, [family_row(who) for who in people(2)], name="delivery-repeated.csv")
    bureau.night(expect="yellow")
    bureau.deliver(INCAPACITY, [incapacity_row(who) for who in people(5)], name="delivery-shrunk.csv")
    (bureau.inbox(INCAPACITY) / "first.csv").unlink()
    bureau.night(expect="yellow")
    rows = bureau.query(
        "SELECT d.file_name, f.code FROM finding f JOIN delivery d USING (delivery_id) "
        "WHERE f.to_run IS NULL AND f.origin = 'file'"
    )
    said = {(row["file_name"], row["code"]) for row in rows}
    planted = {(f"{code}.csv", code) for code in {*FILES, *OVER_TWO_NIGHTS}}
    assert planted <= said
    assert {code for _, code in said - planted} <= {"delivery-repeated", "column-unknown"}


def test_every_code_of_the_catalogue_is_planted_here():
    planted = {case.name for case in CASES} | set(FILES) | OVER_TWO_NIGHTS
    of_the_platform = {code.value for code in Finding if code.startswith("platform-")}
    assert planted | of_the_platform == {code.value for code in Finding}

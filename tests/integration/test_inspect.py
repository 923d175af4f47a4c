"""A file that nobody agreed on, through the process that reads it: what is told of it, and what never is."""

import json
import re
import shutil
import stat
import tomllib
from pathlib import Path

import pytest
import xlsxwriter
from foreign_files import (
    HEADER,
    locked,
    packed,
    people,
    row,
    write_form,
    write_html,
    write_json_lines,
    write_text,
    write_workbook,
    write_xls,
)

from connectors.reading.looks.inspect_sheets import likely_header
from flows.drafting.source_add import Wishes, add
from flows.drafting.source_inspect import inspect
from flows.drafting.source_learn import learn
from flows.drafting.source_try import try_file
from schemas.configuration import load_configuration
from schemas.errors import ConfigurationInvalid

CONFIG = Path(__file__).parents[2] / "config"
PEOPLE = people(48)
ROWS = [row(person) for person in PEOPLE]
TITLE = ["持证残疾人名单（2026年）"]
FOOTER = ["制表人：某某", "", "", "", "合计", "48"]

FIELDS = {
    "B": "name", "C": "sex", "D": "id_number", "E": "disability_certificate_number", "F": "disability_category",
    "G": "disability_level", "H": "certificate_issued_date", "J": "household_address", "K": "residence_address",
    "L": "phone", "M": "guardian_phone",
}  # fmt: skip


@pytest.fixture
def home(tmp_path):
    return tmp_path / "home"


@pytest.fixture
def config(tmp_path):
    return shutil.copytree(CONFIG, tmp_path / "config")


@pytest.fixture
def workbook(tmp_path):
    return write_workbook(tmp_path / "sample", {"名单": [TITLE, HEADER, *ROWS, FOOTER]})


@pytest.fixture
def look(home, config):
    def at(path, **more):
        found = inspect(home, config, path, **more)
        assert list((home / "reading").iterdir()) == []
        return found

    return at


def fields(found):
    return {column["letter"]: column["field"] for column in found["columns"] if column["field"]}


def column(found, letter):
    return next(column for column in found["columns"] if column["letter"] == letter)


def drafted(config, name):
    return load_configuration(config).sources[name]


def test_a_workbook_is_understood(look, workbook):
    found = look(workbook)
    assert not found["refused"]
    assert fields(found) == FIELDS
    assert found["rows"] == {"received": 49, "records": 48, "blank": 1, "broken": 0}
    assert [(sheet["name"], sheet["reads_like"], sheet["header_rows"]) for sheet in found["sheets"]] == [
        ("名单", "list", [2])
    ]
    assert found["unknown_columns"] == ["序号", "年龄"]
    assert column(found, "I")["candidates"] == ["household_town", "residence_town"]
    assert found["id_numbers"] == {"valid": 48, "stored_as_number": 0, "faults": {}}


@pytest.mark.parametrize(
    ("encoding", "delimiter"),
    [("utf-8", ","), ("gb18030", "\t"), ("utf-8-sig", ";")],
    ids=["plain", "GBK, tabs", "mark"],
)
def test_a_text_is_understood(look, tmp_path, encoding, delimiter):
    found = look(write_text(tmp_path / "sample", [HEADER, *ROWS], encoding, delimiter))
    assert fields(found) == FIELDS
    assert found["rows"]["records"] == 48
    assert (found["sheets"][0]["name"], found["sheets"][0]["delimiter"]) == ("", delimiter)


@pytest.mark.parametrize(
    "write",
    [
        pytest.param(lambda path: write_xls(path, [TITLE, HEADER, *ROWS]), id="xls"),
        pytest.param(lambda path: write_html(path, [HEADER, *ROWS]), id="web page"),
        pytest.param(lambda path: write_json_lines(path, HEADER, ROWS), id="JSON lines"),
    ],
)
def test_other_formats_are_understood_as_well(look, tmp_path, write):
    found = look(write(tmp_path / "sample"))
    assert {column["header"]: column["field"] for column in found["columns"] if column["field"]} == {
        HEADER["ABCDEFGHIJKLMN".index(letter)]: field for letter, field in FIELDS.items()
    }
    assert found["rows"]["records"] == 48


def test_a_locked_workbook_is_opened_with_the_secret_that_is_named(look, home, tmp_path, monkeypatch):
    path = locked(write_workbook(tmp_path / "sample", {"名单": [HEADER, *ROWS]}), "梅县2026")
    refused = look(path)
    assert [finding["code"] for finding in refused["findings"]] == ["file-encrypted"]
    monkeypatch.setenv("ELDERSYNC_SECRET_STREET_PASSWORD", "梅县2026")
    found = look(path, password_secret="street_password")
    assert fields(found) == FIELDS
    assert "梅县2026" not in json.dumps(found, ensure_ascii=False)


def test_the_names_of_files_in_an_archive_are_told_only_of_lists(look, tmp_path):
    one = write_workbook(tmp_path / "one", {"名单": [HEADER, *ROWS]})
    other = write_workbook(tmp_path / "other", {"谈话": [["某"], ["某"]]})
    found = look(packed(tmp_path / "sample", {"三葵村.xlsx": one, "张三丰的情况.xlsx": other}))
    assert fields(found) == FIELDS
    assert [sheet["name"] for sheet in found["sheets"]] == ["三葵村.xlsx/名单", "谈话"]
    assert "张三丰" not in json.dumps(found, ensure_ascii=False)


def test_a_registration_form_is_no_list_but_can_be_tried(look, home, config, tmp_path):
    path = write_form(tmp_path / "sample", PEOPLE[0])
    found = look(path)
    assert [sheet["reads_like"] for sheet in found["sheets"]] == ["form"]
    assert found["refused"]
    tried = try_file(home, config, "village_survey", path)
    assert tried["funnel"] == {"received": 1, "admitted": 1, "held": 0, "blank": 0, "broken": 0}


def test_no_person_is_told(look, workbook):
    told = json.dumps(look(workbook), ensure_ascii=False)
    for person in PEOPLE:
        for secret in (person.name, person.number, person.number[6:14], person.phone, f"三葵村{person.place + 1}号"):
            assert secret not in told


def test_rows_are_shown_masked_by_what_their_column_is(look, workbook):
    first = look(workbook)["sample_rows"][0]
    assert first["row_number"] == 3
    cells = first["cells"]
    assert cells["B"] == PEOPLE[0].name[0] + "**"
    assert cells["D"] == f"4414**********{PEOPLE[0].number[-4:]}"
    assert (cells["C"], cells["F"]) == ("男", "视力")
    assert cells["H"] == "2021"
    assert cells["I"] == "扶**"  # no field yet: only its first character
    assert (cells["A"], cells["N"]) == ("*", "8*")


def test_five_rows_are_shown_and_no_more(look, workbook):
    assert [row["row_number"] for row in look(workbook)["sample_rows"]] == [3, 4, 5, 6, 7]


def test_a_source_that_is_named_makes_its_headers_certain(look, tmp_path):
    header = ("姓名", "性别", "身份证号", "残疾人证号", "别的")
    rows = [[cells[1], cells[2], cells[3], cells[4], "某"] for cells in ROWS]
    path = write_workbook(tmp_path / "sample", {"Sheet1": [header, *rows]})
    found = look(path, source="disability_federation")
    assert found["source"] == {
        "name": "disability_federation", "label": "残联持证残疾人名单", "given": True, "matched": 4, "columns": 5,
    }  # fmt: skip
    assert {column["confidence"] for column in found["columns"][:4]} == {"certain"}
    assert look(path)["source"]["name"] == "disability_federation"


def test_sex_in_digits_is_told_by_the_id_numbers(look, tmp_path):
    path = write_workbook(tmp_path / "sample", {"名单": [HEADER, *(row(person, ("1", "0")) for person in PEOPLE)]})
    codes = column(look(path), "C")["codes"]
    assert {(code["word"], code["code"], code["proven"]) for code in codes} == {
        ("0", None, "male"),
        ("1", None, "female"),
    }


def test_numbers_ruined_by_a_spreadsheet_are_counted(look, tmp_path):
    rows = [
        [*cells[:3], float(cells[3][:17]) * 10 if not cells[3].endswith("X") else cells[3], *cells[4:]]
        for cells in ROWS
    ]
    found = look(write_workbook(tmp_path / "sample", {"名单": [HEADER, *rows]}))
    ruined = sum(not person.number.endswith("X") for person in PEOPLE)
    assert fields(found)["D"] == "id_number"
    assert found["id_numbers"]["stored_as_number"] == ruined
    assert column(found, "D")["stored_as_number"] == ruined


def test_sheets_are_told_apart(look, tmp_path):
    members = [("服务对象身份证号码", "姓名", "与户主关系"), (PEOPLE[0].number, "甲某某", "子")]
    path = write_workbook(
        tmp_path / "sample",
        {"说明": [["填表说明"], ["请勿修改表头"]], "一村": [HEADER, *ROWS], "二村": [HEADER, *ROWS[:3]], "家庭成员": members, "旧": [HEADER]},
        hidden=["旧"],
    )  # fmt: skip
    found = look(path)
    assert [(sheet["name"], sheet["reads_like"], sheet["is_hidden"]) for sheet in found["sheets"]] == [
        ("说明", "other", False), ("一村", "list", False), ("二村", "list", False), ("家庭成员", "members", False), ("旧", "list", True),
    ]  # fmt: skip
    assert found["sheet"] == "一村"
    assert found["rows"]["records"] == 51


def test_a_header_of_two_lines_is_agreed_on_as_a_whole(home, config, tmp_path):
    upper = ["姓名", "性别", "身份证号码", "户籍地址", "", "", "对象类型"]
    lower = ["", "", "", "县(市、区)", "乡镇(街道)", "村(居)", ""]
    rows = [[cells[1], cells[2], cells[3], "梅县区", "扶大镇", "三葵村", "独居"] for cells in ROWS]
    path = write_workbook(tmp_path / "sample", {"名单": [upper, lower, *rows]})
    assert inspect(home, config, path)["sheets"][0]["header_rows"] == [1, 2]
    add(home, config, "street_list", path, Wishes(body="civil_affairs"), config_named=True)
    columns = drafted(config, "street_list").main.columns
    assert {field for field in columns if field.startswith("household_")} == {
        "household_county",
        "household_town",
        "household_village",
    }
    assert try_file(home, config, "street_list", path)["funnel"]["admitted"] == 48


def test_columns_of_one_header_are_told_apart_by_nobody(look, home, config, tmp_path):
    header = ("姓名", "性别", "身份证号", "电话", "电话", "备注", "备注")
    rows = [[cells[1], cells[2], cells[3], cells[11], cells[12], "", ""] for cells in ROWS]
    for path in (
        write_workbook(tmp_path / "book", {"表": [header, *rows]}),
        write_text(tmp_path / "text", [header, *rows]),
    ):
        found = look(path)
        assert fields(found) == {"A": "name", "B": "sex", "C": "id_number"}
        assert column(found, "D")["reasons"][-1] == "same-header"
        assert found["rows"]["records"] == 48
    add(home, config, "street_list", path, Wishes(body="civil_affairs"), config_named=True)
    assert drafted(config, "street_list").main.ignored == ("电话", "备注")
    assert try_file(home, config, "street_list", path)["funnel"]["admitted"] == 48


def test_headers_of_which_no_word_is_known_are_found_by_their_endings(look, tmp_path):
    header = ("登记编号", "患者姓名", "就诊编号", "家属电话")
    path = write_workbook(tmp_path / "sample", {"表": [header, *([*cells[:2], cells[3], cells[11]] for cells in ROWS)]})
    found = look(path)
    assert [column["header"] for column in found["columns"]] == list(header)
    assert fields(found) == {"B": "name", "C": "id_number"}


def test_a_row_of_people_is_never_taken_for_a_header(look, tmp_path):
    path = write_workbook(tmp_path / "sample", {"表": ROWS})
    found = look(path)
    assert found["refused"]
    assert (found["columns"], found["sheets"][0]["reads_like"]) == ([], "other")
    assert PEOPLE[0].name not in json.dumps(found, ensure_ascii=False)


def test_a_person_may_say_where_the_header_is(look, tmp_path):
    path = write_workbook(
        tmp_path / "sample", {"表": [["甲", "乙", "丙"], *([cells[1], cells[3], cells[2]] for cells in ROWS)]}
    )
    assert look(path)["refused"]
    assert fields(look(path, header_row=1)) == {"A": "name", "B": "id_number", "C": "sex"}
    assert look(path, header_row=900)["refused"]


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        pytest.param([["名单"], ["登记编号", "患者姓名", "家属电话"]], 1, id="endings of headers"),
        pytest.param([["张三", "男", "扶大镇", "三葵村", "是", "一级"]], None, id="a person's row"),
        pytest.param([["登记编号", "患者姓名", "13800138000号"]], None, id="a long number"),
        pytest.param([["登记编号", "患者姓名"]], None, id="too few"),
        pytest.param([["编号", "姓名", "电话", "某", "某", "某", "某"]], None, id="most say nothing"),
        pytest.param([], None, id="no row"),
    ],
)
def test_what_reads_like_a_header(rows, found):
    assert likely_header(rows) == found


@pytest.mark.parametrize(
    ("content", "code"),
    [
        pytest.param(b"", "file-empty", id="empty"),
        pytest.param(b"%PDF-1.7 and so on", "file-unreadable", id="another format"),
        pytest.param(b"PK\x03\x04" + b"\x00" * 200, "file-unreadable", id="damaged"),
    ],
)
def test_a_file_that_cannot_be_read_is_said_to_be_so(look, tmp_path, content, code):
    path = tmp_path / "sample"
    path.write_bytes(content)
    found = look(path)
    assert found["refused"]
    assert [finding["code"] for finding in found["findings"]] == [code]
    assert found["sheets"] == []


def test_a_hostile_file_is_refused_as_a_night_refuses_it(look, tmp_path):
    with xlsxwriter.Workbook(tmp_path / "sample") as book:
        sheet = book.add_worksheet()
        sheet.write_string(0, 0, "姓名")
        sheet.write_string(1048575, 16383, "某")
    assert [finding["code"] for finding in look(tmp_path / "sample")["findings"]] == ["file-hostile"]


def test_a_draft_of_a_source_reads_its_sample(home, config, workbook):
    done = add(home, config, "street_list", workbook, Wishes(label="街道名单", body="civil_affairs"), config_named=True)
    source = drafted(config, "street_list")
    assert set(source.main.columns) == set(FIELDS.values())
    assert source.stated_on == "certificate_issued_date"
    assert done["left"] == ["序号", "街道", "年龄"]
    found = try_file(home, config, "street_list", workbook)
    assert found["funnel"] == {"received": 49, "admitted": 48, "held": 0, "blank": 1, "broken": 0}
    assert stat.S_IMODE((config / "sources/street_list.toml").stat().st_mode) == stat.S_IMODE(
        (config / "bureau.toml").stat().st_mode
    )


def test_a_draft_says_of_which_sample_it_is_without_its_name(home, config, tmp_path):
    path = write_workbook(tmp_path / "张三丰的名单.xlsx", {"名单": [HEADER, *ROWS]})
    add(home, config, "street_list", path, Wishes(body="civil_affairs"), config_named=True)
    text = (config / "sources/street_list.toml").read_text(encoding="utf-8")
    assert "SHA-256" in text
    assert "张三丰" not in text
    for person in PEOPLE:
        assert person.name not in text
        assert person.number not in text


def test_a_proven_code_is_drafted_and_used(home, config, tmp_path):
    path = write_workbook(tmp_path / "sample", {"名单": [HEADER, *(row(person, ("1", "0")) for person in PEOPLE)]})
    add(home, config, "street_list", path, Wishes(body="civil_affairs"), config_named=True)
    assert drafted(config, "street_list").codes == {"sex": {"0": "male", "1": "female"}}
    assert not [
        line for line in try_file(home, config, "street_list", path)["findings"] if line["code"] == "code-unknown"
    ]


def test_codes_that_nothing_proves_are_left_to_a_person(home, config, tmp_path):
    rows = [row(person, ("1", "0")) for person in PEOPLE[:12]]
    path = write_workbook(tmp_path / "sample", {"名单": [HEADER, *rows]})
    done = add(home, config, "street_list", path, Wishes(body="civil_affairs"), config_named=True)
    assert drafted(config, "street_list").codes == {"sex": {}}
    assert done["undecided_codes"] == 2


def test_a_list_without_sex_or_date_can_be_a_source(home, config, tmp_path):
    path = write_workbook(
        tmp_path / "sample",
        {"表": [["姓名", "身份证号", "电话"], *([cells[1], cells[3], cells[11]] for cells in ROWS)]},
    )
    done = add(home, config, "street_list", path, Wishes(body="civil_affairs"), config_named=True)
    assert done["date_to_agree_on"] == "registered_date"
    assert try_file(home, config, "street_list", path)["funnel"]["admitted"] == 48


def test_ability_levels_without_a_date_can_be_a_source(home, config, tmp_path):
    rows = [[cells[1], cells[3], "轻度失能"] for cells in ROWS]
    path = write_workbook(tmp_path / "sample", {"表": [["姓名", "身份证号", "能力等级"], *rows]})
    add(home, config, "hospital", path, Wishes(body="health", states="incapacitated"), config_named=True)
    assert try_file(home, config, "hospital", path)["funnel"]["admitted"] == 48


@pytest.mark.parametrize(
    ("name", "wishes", "why"),
    [
        pytest.param("street_list", Wishes(), "say who delivers", id="nobody delivers"),
        pytest.param(
            "street_list", Wishes(body="nobody"), "civil_affairs, health, disability_federation", id="no such body"
        ),
        pytest.param("street_list", Wishes(body="health", states="old"), "is not a category", id="no such category"),
        pytest.param("street_list", Wishes(body="health", stated_on="name"), "is not a date field", id="no date"),
        pytest.param(
            "street_list", Wishes(body="health", given={"A": "nothing"}), "is not a field", id="no such field"
        ),
        pytest.param("street_list", Wishes(body="health", given={"ZZ": "name"}), "no column ZZ", id="no such column"),
        pytest.param("Street", Wishes(body="health"), "small letters", id="no such name"),
        pytest.param("../street", Wishes(body="health"), "small letters", id="a path"),
        pytest.param("village_survey", Wishes(body="health"), "is there already", id="taken"),
    ],
)
def test_what_is_no_source_is_not_written(home, config, workbook, name, wishes, why):
    before = sorted(config.rglob("*"))
    with pytest.raises(ConfigurationInvalid, match=why):
        add(home, config, name, workbook, wishes, config_named=True)
    assert sorted(config.rglob("*")) == before


def test_a_sample_without_a_number_is_no_source_until_a_person_says_which_it_is(home, config, tmp_path):
    rows = [[cells[1], cells[3], other[3], cells[2]] for cells, other in zip(ROWS, reversed(ROWS), strict=True)]
    path = write_workbook(tmp_path / "sample", {"表": [["姓名", "号码甲", "号码乙", "性别"], *rows]})
    with pytest.raises(ConfigurationInvalid, match="--field id_number=LETTER"):
        add(home, config, "street_list", path, Wishes(body="health"), config_named=True)
    add(home, config, "street_list", path, Wishes(body="health", given={"B": "id_number"}), config_named=True)
    assert drafted(config, "street_list").main.columns["id_number"] == ("号码甲",)


def test_the_shipped_configuration_is_written_to_only_by_name(home, workbook):
    with pytest.raises(ConfigurationInvalid, match="copy it"):
        add(home, CONFIG, "street_list", workbook, Wishes(body="health"), config_named=False)


def test_headers_are_learnt_only_when_a_person_says_so(home, config, tmp_path):
    header = ("姓名", "性别", "有效证件号码", "残疾人证号", "残疾类别", "残疾等级", "发证日期", "证件有效期")
    rows = [[*cells[1:8], "2031-01-01"] for cells in ROWS]
    path = write_workbook(tmp_path / "sample", {"持证残疾人": [header, *rows]})
    file = config / "sources/disability_federation.toml"
    before = file.read_text(encoding="utf-8")
    seen = learn(home, config, "disability_federation", path, given=None, write=False, config_named=True)
    assert file.read_text(encoding="utf-8") == before
    assert seen["added"] == {"id_number": ["有效证件号码"]}
    assert [guess["field"] for guess in seen["to_confirm"]] == ["certificate_expiry_date"]
    given = {"H": "certificate_expiry_date"}
    done = learn(home, config, "disability_federation", path, given=given, write=True, config_named=True)
    assert done["written"]
    source = drafted(config, "disability_federation")
    assert source.aliases_version == 2
    assert source.main.columns["id_number"][-1] == "有效证件号码"
    assert source.main.columns["certificate_expiry_date"][-1] == "证件有效期"
    old, new = tomllib.loads(before), tomllib.loads(file.read_text(encoding="utf-8"))
    assert new.pop("aliases_version") == 2
    assert {key: new[key] for key in new if key != "main"} == {key: old[key] for key in old if key != "main"}
    again = learn(home, config, "disability_federation", path, given=None, write=True, config_named=True)
    assert (again["added"], again["written"], drafted(config, "disability_federation").aliases_version) == (
        {},
        False,
        2,
    )


def test_a_header_of_one_field_is_never_given_to_another(home, config, tmp_path):
    header = ("姓名", "性别", "身份证号", "残疾人证号")
    path = write_workbook(tmp_path / "sample", {"名单": [header, *(cells[1:5] for cells in ROWS)]})
    with pytest.raises(ConfigurationInvalid, match="is one of name"):
        learn(home, config, "disability_federation", path, given={"A": "guardian_name"}, write=True, config_named=True)


def test_a_column_that_was_agreed_to_be_left_is_not_learnt(home, config, tmp_path):
    file = config / "sources/disability_federation.toml"
    text = re.sub(r"^ignored = .*\n", "", file.read_text(encoding="utf-8"), flags=re.MULTILINE)
    file.write_text(text.replace("[main]", '[main]\nignored = ["有效证件号码"]'), encoding="utf-8")
    header = ("姓名", "性别", "有效证件号码", "残疾人证号")
    path = write_workbook(tmp_path / "sample", {"名单": [header, *(cells[1:5] for cells in ROWS)]})
    learnt = learn(home, config, "disability_federation", path, given=None, write=False, config_named=True)
    assert learnt["added"] == {}


def test_trying_keeps_nothing(home, config, workbook):
    before = {path.relative_to(config) for path in config.rglob("*")}
    add(home, config, "street_list", workbook, Wishes(body="civil_affairs"), config_named=True)
    try_file(home, config, "street_list", workbook)
    assert sorted(path.name for path in home.rglob("*")) == ["inbox", "reading", "received"]
    assert {path.relative_to(config) for path in config.rglob("*")} - before == {Path("sources/street_list.toml")}


def test_a_trial_tells_what_a_night_would_say(home, config, tmp_path):
    spoilt = [list(cells) for cells in ROWS]
    spoilt[0][3] = spoilt[0][3][:17] + ("0" if spoilt[0][3][17] != "0" else "1")
    spoilt[1][11] = "123"
    spoilt[2][11] = "12"
    path = write_workbook(tmp_path / "sample", {"名单": [HEADER, *spoilt, FOOTER]})
    add(home, config, "street_list", path, Wishes(body="civil_affairs"), config_named=True)
    found = try_file(home, config, "street_list", path)
    assert found["funnel"] == {"received": 49, "admitted": 47, "held": 1, "blank": 1, "broken": 0}
    told = {line["code"]: line for line in found["findings"]}
    assert told["id-number-checksum"]["severity"] == "reject"
    assert told["id-number-checksum"]["first_rows"] == [{"sheet": "名单", "row_number": 2}]
    assert (told["phone-format"]["count"], [row["row_number"] for row in told["phone-format"]["first_rows"]]) == (
        2,
        [3, 4],
    )
    assert [note["rows"] for note in found["notes"] if note["kind"] in {"footer", "subtotal"}] == ["50"]
    told = json.dumps(found, ensure_ascii=False)
    assert not any(person.name in told or person.number in told for person in PEOPLE)


def test_progress_is_told(home, config, workbook):
    add(home, config, "street_list", workbook, Wishes(body="civil_affairs"), config_named=True)
    heard = []
    try_file(home, config, "street_list", workbook, progress=lambda *said: heard.append(said))
    assert heard == [("reading", 0, 0), ("judging", 48, 48)]


def test_a_refused_file_is_tried_without_a_funnel(home, config, tmp_path):
    path = write_workbook(tmp_path / "sample", {"名单": [["姓名", "性别"], ["甲某", "男"]]})
    found = try_file(home, config, "disability_federation", path)
    assert found["refused"]
    assert found["funnel"] is None
    assert [finding["code"] for finding in found["file_findings"]] == ["header-not-found"]


def test_members_of_households_are_tried_too(home, config, tmp_path):
    header = ("姓名", "性别", "身份证号码", "对象类型", "户籍乡镇(街道)", "户籍村(居)")
    rows = [[cells[1], cells[2], cells[3], "独居", "扶大镇", "三葵村"] for cells in ROWS]
    members = [
        ("服务对象身份证号码", "姓名", "与户主关系"),
        (PEOPLE[0].number, "甲某某", "户主"),
        (PEOPLE[0].number[:17] + "?", "乙某某", "子"),
    ]
    path = write_workbook(tmp_path / "sample", {"服务对象": [header, *rows], "家庭成员": members})
    found = try_file(home, config, "village_survey", path)
    assert {name: found["members"][name] for name in ("received", "linked", "held", "blank", "broken")} == {
        "received": 2, "linked": 1, "held": 1, "blank": 0, "broken": 0,
    }  # fmt: skip
    assert [line["code"] for line in found["members"]["findings"]] == ["household-member-id"]


def test_what_a_killed_command_left_is_removed_and_what_a_running_one_reads_is_not(home, config, workbook):
    left, running = home / "reading/inspecting-99999999-x", home / "reading/inspecting-1-x"
    for folder in (left, running):
        folder.mkdir(parents=True)
    inspect(home, config, workbook)
    assert [path.name for path in (home / "reading").iterdir()] == [running.name]


@pytest.mark.parametrize("kind", ["missing", "folder"])
def test_what_is_no_file_is_not_named(home, config, tmp_path, kind):
    path = tmp_path / "张三丰"
    if kind == "folder":
        path.mkdir()
    with pytest.raises(ConfigurationInvalid) as caught:
        inspect(home, config, path)
    assert "张三丰" not in str(caught.value)

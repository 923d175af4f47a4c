"""Nights on bad deliveries: a clear finding or a clear stop of that source alone, every row counted, the others untouched."""

import zipfile

import pytest
from nights import (
    DISABILITY,
    FAMILY,
    INCAPACITY,
    SURVEY,
    Bureau,
    family_row,
    funnel,
    incapacity_row,
    people,
    survey_row,
)

from connectors.reading import ReadingLimits

OTHERS = people(3, first=900)
FOUR = people(4)


@pytest.fixture
def bureau(tmp_path, fresh_url):
    """A bureau whose family-planning list is good and brings three elders, whatever else comes."""
    made = Bureau(tmp_path / "home", fresh_url)
    made.deliver(FAMILY, [family_row(who) for who in OTHERS])
    return made


def night_beside(bureau, **expected):
    """Runs a night in which the good list beside must have been taken whole."""
    summary = bureau.night(**expected)
    assert funnel(summary["sources"][FAMILY]) == (3, 3, 0, 0, 0)
    assert {who.number for who in OTHERS} <= bureau.active()
    return summary


def lines_of(rows):
    """Header and lines of a delimited list, without quotes."""
    return [",".join(rows[0]), *(",".join(map(str, row.values())) for row in rows)]


def test_an_empty_inbox_is_absent_and_takes_nothing_away(bureau):
    summary = night_beside(bureau, expect="green")
    assert {name: line["status"] for name, line in summary["sources"].items()} == {
        FAMILY: "green", SURVEY: "absent", INCAPACITY: "absent", DISABILITY: "absent",
    }  # fmt: skip
    assert (summary["elders"]["total"], summary["push"]["sent"], sum(bureau.findings().values())) == (3, 3, 0)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file-empty"),
        ("姓名,身份证号码,对象类型\n".encode(), "file-empty"),
        ("名册\n第一页\n".encode(), "header-not-found"),
        (b"\x00\x01\x02" * 500, "encoding-undecodable"),
        (bytes.fromhex("d0cf11e0a1b11ae1") + b"\x00" * 600, "file-unreadable"),
    ],
    ids=["no-byte", "header-only", "no-header", "noise", "cut-off-xls"],
)
def test_a_file_that_is_no_list_stops_its_source_alone(bureau, content, code):
    bureau.deliver(SURVEY, content)
    summary = night_beside(bureau, expect="yellow")
    assert summary["sources"][SURVEY]["status"] == "yellow"
    assert funnel(summary["sources"][SURVEY]) == (0, 0, 0, 0, 0)
    assert [(found, source) for found, source, *_ in bureau.findings()] == [(code, SURVEY)]
    assert any("文件" in reason for reason in summary["reasons"])


def test_a_stray_quote_breaks_its_own_line_and_no_other(bureau):
    lines = lines_of([survey_row(who) for who in FOUR])
    lines[2] = '"' + lines[2]
    bureau.deliver(SURVEY, "\n".join(lines))
    summary = night_beside(bureau, expect="yellow")
    assert funnel(summary["sources"][SURVEY]) == (4, 3, 1, 0, 0)
    assert bureau.findings() == {("line-broken", SURVEY, 3, None): 1}
    assert FOUR[1].number not in bureau.active()


def test_quotes_inside_a_cell_are_text(bureau):
    rows = [survey_row(FOUR[0], 备注='人称"大伯"'), survey_row(FOUR[1])]
    bureau.deliver(SURVEY, "\n".join(lines_of(rows)))
    summary = night_beside(bureau, expect="green")
    assert funnel(summary["sources"][SURVEY]) == (2, 2, 0, 0, 0)
    assert bureau.elders()[FOUR[0].number]["remarks"] == '人称"大伯"'


def test_trailing_commas_on_every_row_shift_nothing(bureau):
    header, *rows = lines_of([survey_row(who) for who in FOUR])
    bureau.deliver(SURVEY, "\n".join([header, *(row + ",,," for row in rows)]))
    summary = night_beside(bureau, expect="green")
    assert funnel(summary["sources"][SURVEY]) == (4, 4, 0, 0, 0)
    assert {bureau.elders()[who.number]["name"] for who in FOUR} == {who.name for who in FOUR}


def test_a_person_named_na_and_a_village_named_null_are_texts(bureau):
    bureau.deliver(
        SURVEY,
        [
            survey_row(FOUR[0], 姓名="NA"),
            survey_row(FOUR[1], **{"户籍村(居)": "null"}),
            survey_row(FOUR[2], 姓名="None"),
        ],
    )
    summary = night_beside(bureau, expect="green")
    assert funnel(summary["sources"][SURVEY]) == (3, 3, 0, 0, 0)
    elders = bureau.elders()
    assert (elders[FOUR[0].number]["name"], elders[FOUR[2].number]["name"]) == ("NA", "None")
    assert elders[FOUR[1].number]["household_village"] == "null"


def test_a_column_given_twice_stops_the_source(bureau):
    lines = lines_of([survey_row(who) for who in FOUR])
    bureau.deliver(SURVEY, "\n".join(line + extra for line, extra in zip(lines, [",姓 名", *",,,,"], strict=True)))
    summary = night_beside(bureau, expect="yellow")
    assert summary["sources"][SURVEY]["status"] == "yellow"
    assert bureau.findings() == {("column-duplicated", SURVEY, 1, "name"): 1}


def test_a_required_column_that_is_missing_is_named_and_stops_the_source(bureau):
    bureau.deliver(SURVEY, [{k: v for k, v in survey_row(who).items() if k != "对象类型"} for who in FOUR])
    night_beside(bureau, expect="yellow")
    assert bureau.findings() == {("column-missing", SURVEY, 1, "categories"): 1}
    assert not {who.number for who in FOUR} & bureau.active()


def test_an_optional_column_that_is_missing_does_no_harm(bureau):
    bureau.deliver(
        SURVEY, [{k: v for k, v in survey_row(who).items() if k not in {"备注", "联系电话"}} for who in FOUR]
    )
    summary = night_beside(bureau, expect="green")
    assert funnel(summary["sources"][SURVEY]) == (4, 4, 0, 0, 0)


def test_a_column_nobody_agreed_on_is_reported_and_ignored(bureau):
    bureau.deliver(SURVEY, [survey_row(who, 属相="龙") for who in FOUR])
    summary = night_beside(bureau, expect="green")
    assert funnel(summary["sources"][SURVEY]) == (4, 4, 0, 0, 0)
    assert bureau.findings() == {("column-unknown", SURVEY, 1, None): 1}


def rewritten(path, sheet_xml):
    """The workbook with its first sheet's XML changed."""
    with zipfile.ZipFile(path) as book:
        parts = {name: book.read(name) for name in book.namelist()}
    name = "xl/worksheets/sheet1.xml"
    parts[name] = sheet_xml(parts[name].decode()).encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        for part, content in parts.items():
            book.writestr(part, content)


@pytest.mark.parametrize("claimed", ["A1:B2", "A1:XFD1048576"])
def test_a_lying_dimension_tag_hides_no_row(bureau, claimed):
    path = bureau.deliver_workbook(SURVEY, {"服务对象": [survey_row(who) for who in FOUR]})
    rewritten(path, lambda xml: xml.replace('<dimension ref="A1:J5"/>', f'<dimension ref="{claimed}"/>'))
    summary = night_beside(bureau, expect="green")
    assert funnel(summary["sources"][SURVEY]) == (4, 4, 0, 0, 0)


def test_a_value_in_the_last_cell_of_the_sheet_is_refused_as_hostile_or_left_out(bureau):
    path = bureau.deliver_workbook(SURVEY, {"服务对象": [survey_row(who) for who in FOUR]})
    far = '<row r="1048576"><c r="XFD1048576" t="inlineStr"><is><t>x</t></is></c></row></sheetData>'
    rewritten(path, lambda xml: xml.replace("</sheetData>", far))
    summary = night_beside(bureau, expect="yellow")
    assert summary["sources"][SURVEY]["status"] == "yellow"
    assert set(bureau.codes()) <= {"file-hostile", "file-too-large"}
    assert ReadingLimits().rows < 1_048_576


def test_a_header_in_row_four_is_found_and_rows_keep_their_numbers(bureau):
    rows = [survey_row(FOUR[0]), survey_row(FOUR[1], 身份证号码="44142119360101"), survey_row(FOUR[2])]
    bureau.deliver_workbook(SURVEY, {"服务对象": rows}, first_row=3)
    summary = night_beside(bureau, expect="yellow")
    assert funnel(summary["sources"][SURVEY]) == (3, 2, 1, 0, 0)
    assert bureau.findings() == {("id-number-length", SURVEY, 6, "id_number"): 1}


def test_a_last_line_cut_off_after_two_characters_is_held_and_said(bureau):
    bureau.deliver(SURVEY, "\n".join([*lines_of([survey_row(who) for who in FOUR]), "赵玉"]))
    summary = night_beside(bureau, expect="yellow")
    assert funnel(summary["sources"][SURVEY]) == (5, 4, 1, 0, 0)
    assert bureau.findings() == {("line-broken", SURVEY, 6, None): 1}


def test_control_characters_in_a_name_are_removed_and_reported(bureau):
    rows = [survey_row(FOUR[0], 姓名="赵\x07玉国"), survey_row(FOUR[1], 姓名="钱\u200b玉国"), survey_row(FOUR[2])]
    bureau.deliver(SURVEY, rows)
    summary = night_beside(bureau, expect="green")
    assert funnel(summary["sources"][SURVEY]) == (3, 3, 0, 0, 0)
    assert bureau.findings() == {("name-characters", SURVEY, 2, "name"): 1}
    assert (bureau.elders()[FOUR[0].number]["name"], bureau.elders()[FOUR[1].number]["name"]) == ("赵玉国", "钱玉国")


def test_columns_and_cells_written_like_sql_are_only_words(bureau):
    hostile = "x'); DROP TABLE elder; --"
    rows = [survey_row(FOUR[0], 备注=hostile) | {hostile: "1", 'a"; SELECT': "2"}]
    bureau.deliver(SURVEY, rows)
    summary = night_beside(bureau, expect="green")
    assert funnel(summary["sources"][SURVEY]) == (1, 1, 0, 0, 0)
    assert bureau.codes() == {"column-unknown": 2}
    assert bureau.elders()[FOUR[0].number]["remarks"] == hostile


def test_an_id_number_in_a_numeric_cell_is_held_even_though_it_may_look_whole(bureau):
    rows = [survey_row(FOUR[0]), survey_row(FOUR[1], 身份证号码=int(FOUR[1].number.replace("X", "0")))]
    bureau.deliver_workbook(SURVEY, {"服务对象": rows})
    summary = night_beside(bureau, expect="yellow")
    assert funnel(summary["sources"][SURVEY]) == (2, 1, 1, 0, 0)
    assert bureau.findings() == {("id-number-stored-as-number", SURVEY, 3, "id_number"): 1}


def test_two_files_of_one_source_are_one_list(bureau):
    bureau.deliver(INCAPACITY, [incapacity_row(who) for who in FOUR[:2]], name="a.csv")
    bureau.deliver(INCAPACITY, [incapacity_row(who) for who in FOUR[1:]], name="b.csv")
    summary = night_beside(bureau, expect="green")
    assert summary["sources"][INCAPACITY]["deliveries"] == 2
    assert funnel(summary["sources"][INCAPACITY]) == (5, 4, 0, 1, 0)
    assert bureau.codes() == {"duplicate-exact": 1}


def test_the_same_file_under_two_names_counts_once(bureau):
    for name in ("a.csv", "b.csv"):
        bureau.deliver(INCAPACITY, [incapacity_row(who) for who in FOUR], name=name)
    summary = night_beside(bureau, expect="green")
    assert funnel(summary["sources"][INCAPACITY]) == (4, 4, 0, 0, 0)


def test_a_hostile_file_in_one_source_leaves_the_next_source_alone(bureau):
    path = bureau.inbox(SURVEY) / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("[Content_Types].xml", "<Types/>")
        book.writestr("xl/workbook.xml", "<workbook/>")
        book.writestr("xl/worksheets/sheet1.xml", b"0" * 50_000_000)
    bureau.deliver(INCAPACITY, [incapacity_row(who) for who in FOUR])
    summary = night_beside(bureau, expect="yellow")
    assert funnel(summary["sources"][INCAPACITY]) == (4, 4, 0, 0, 0)
    assert bureau.findings() == {("file-hostile", SURVEY, None, None): 1}
    assert summary["elders"]["total"] == 7


def test_a_good_village_is_taken_beside_a_broken_one_but_half_a_list_is_no_list(bureau):
    bureau.deliver(SURVEY, [survey_row(who) for who in FOUR], name="good.csv")
    bureau.deliver(SURVEY, b"", name="broken.csv")
    bureau.deliver(INCAPACITY, [incapacity_row(who) for who in people(3, first=40)], name="good.csv")
    bureau.deliver(INCAPACITY, b"", name="broken.csv")
    summary = night_beside(bureau, expect="yellow")
    assert funnel(summary["sources"][SURVEY]) == (4, 4, 0, 0, 0)
    assert funnel(summary["sources"][INCAPACITY]) == (0, 0, 0, 0, 0)
    assert summary["sources"][INCAPACITY]["status"] == "yellow"
    assert summary["elders"]["total"] == 7


def test_titles_footers_and_blank_rows_are_counted_for_what_they_are(bureau):
    header, *rows = lines_of([survey_row(who) for who in FOUR])
    lines = ["程江镇大黄村摸底登记表", "", header, *rows[:2], "", ",,,", *rows[2:], "合计,4人,,,,,,,,",
             "填表人:某某,审核人:某某,,,,,,,,"]  # fmt: skip
    bureau.deliver(SURVEY, "\n".join(lines))
    summary = night_beside(bureau, expect="green")
    assert funnel(summary["sources"][SURVEY]) == (6, 4, 0, 0, 2)


def test_a_chinese_legacy_encoding_is_read(bureau):
    bureau.deliver(SURVEY, "\n".join(lines_of([survey_row(who) for who in FOUR])).encode("gb18030"))
    summary = night_beside(bureau, expect="green")
    assert bureau.elders()[FOUR[0].number]["name"] == FOUR[0].name
    assert funnel(summary["sources"][SURVEY]) == (4, 4, 0, 0, 0)


def test_only_regular_finished_files_are_deliveries(bureau, tmp_path):
    folder = bureau.inbox(SURVEY)
    elsewhere = tmp_path / "elsewhere.csv"
    elsewhere.write_text("\n".join(lines_of([survey_row(who) for who in FOUR])))
    (folder / "link.csv").symlink_to(elsewhere)
    (folder / "arriving.csv.part").write_text("姓名")
    (folder / "folder").mkdir()
    summary = night_beside(bureau, expect="green")
    assert summary["sources"][SURVEY]["status"] == "absent"


def test_a_column_typed_into_numeric_cells_is_named_as_a_whole(bureau):
    damaged = [who for who in people(40) if who.number.isdigit()][:8]
    intact = [who for who in people(400, first=40) if who.number.endswith("X")][:2]
    rows = [incapacity_row(who, 身份证号=int(who.number)) for who in damaged] + [incapacity_row(who) for who in intact]
    bureau.deliver_workbook(INCAPACITY, {"失能老年人": rows})
    summary = night_beside(bureau, expect="yellow")
    assert funnel(summary["sources"][INCAPACITY]) == (10, 2, 8, 0, 0)
    [note] = [
        note
        for row in bureau.query("SELECT detail FROM delivery WHERE source = :source", source=INCAPACITY)
        for note in row["detail"]["notes"]
        if note["kind"] == "numbers-typed"
    ]
    assert (note["field"], note["count"], note["seen"]) == (
        "id_number", 8, "共 10 个，8 个已损坏，未损坏的 2 个均以 X 结尾",
    )  # fmt: skip
    report = (bureau.home / "reports" / "1" / "index.html").read_text(encoding="utf-8")
    assert "整列号码曾以数值格式录入，后几位已丢失" in report

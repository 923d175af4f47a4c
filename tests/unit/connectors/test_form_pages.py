"""Pages of cells that are forms: recognised, divided, read the same however they are laid out, refused where not whole."""

from contextlib import suppress

import pytest
from form_pages import (
    BENEFITS,
    CATEGORIES,
    CERTIFICATE,
    LAYOUT,
    LI,
    MEMBERS,
    PERSON,
    WANG,
    ZHANG,
    assistance_rows,
    expected,
    form_rows,
    layout_of,
    members,
    page,
    person_rows,
)
from hypothesis import given
from hypothesis import strategies as st

from connectors.reading.contents import DeliveryRefusedError
from connectors.reading.forms.answers import UNCLEAR
from connectors.reading.forms.cells import FormCell, form_from_cells
from connectors.reading.forms.form import FormRecord, read_forms
from connectors.reading.forms.labels import looks_like_form, takes_forms
from schemas.findings import Finding
from schemas.reading_notes import ReadingNoteKind


def rows_of(read, table="main"):
    extra = {"sheet", "row_number", "row_hash"}
    return [
        {name: value for name, value in row.items() if value is not None and name not in extra}
        for row in read.tables[table].table.to_pylist()
    ]


def read_page(rows, merged=()):
    one = page(rows, merged)
    assert looks_like_form(one, LAYOUT)
    return read_forms([one], LAYOUT)


def shifted(rows, right, down):
    return [[None]] * down + [[None] * right + row for row in rows]


def with_columns_between(rows):
    """Each cell merged with an empty one to its right, as a sheet of narrow columns has it."""
    wide = [[text for cell in row for text in (cell, None)] for row in rows]
    merged = [(r, 2 * c, r, 2 * c + 1) for r, row in enumerate(rows) for c in range(len(row))]
    return wide, merged


def merged_benefits():
    rows = form_rows()
    first = next(index for index, row in enumerate(rows) if row[0] == BENEFITS)
    return rows, [(first, 0, first + 2, 0)]


def with_headings_at_the_side():
    """The headings of the parts in a column of their own, merged over the rows of the part."""
    rows, merged, start = [], [], None
    for row in [row for row in form_rows() if row != ["附件 1"]]:
        if str(row[0]).startswith(("一、", "二、", "三、", "四、")):
            start = len(rows), row[0]
            continue
        is_first = start is not None and len(rows) == start[0]
        rows.append([start[1] if is_first else None, *row] if start else [*row])
    firsts = [index for index, row in enumerate(rows) if str(row[0]).startswith(("一、", "二、", "三、", "四、"))]
    for first, after in zip(firsts, [*firsts[1:], len(rows) - 3], strict=True):
        merged.append((first, 0, after - 1, 0))
    return rows, merged


SAME = {
    "headings down the side": with_headings_at_the_side,
    "as printed": lambda: (form_rows(), ()),
    "further down and to the right": lambda: (shifted(form_rows(), 2, 3), ()),
    "narrow columns merged in pairs": lambda: with_columns_between(form_rows()),
    "label of the benefits merged over its rows": merged_benefits,
    "labels with blanks and colons": lambda: (
        form_rows(person=[
            ["建档日期：", "2024", "年", "3", "月", "5", "日"],
            ["姓    名：", "张三", "性 别", "男", "身份证\n号  码", ZHANG, "联系电话:", "13800138000"],
            ["紧急联系人：", "李四", "联系\n电话", "0753-2561234"],
        ]),
        (),
    ),
    "labels and values in the same cells": lambda: (
        form_rows(
            person=[
                ["建档日期：2024年3月5日"],
                [f"姓名：张三   性别：男   身份证号码：{ZHANG}   联系电话：13800138000"],
                ["紧急联系人：李四  联系电话：0753-2561234"],
            ],
            conditions=[["饮水是否安全：是", "生活用电是否安全：是"], ["生活用气是否安全：否 住房是否安全：是"], ["家庭每月收入（元）：1200"]],
        ),
        (),
    ),
    "a character of the number in each cell": lambda: (
        form_rows(person=[
            ["建档日期 2024-3-5 "], ["姓名", "张三", "性别", "男"], ["身份证号码", *map(int, ZHANG)], ["联系电话", "13800138000"],
            ["紧急联系人", "李四", "联系电话", "0753-2561234"],
        ]),
        (),
    ),
    "names of others labelled as names": lambda: (
        form_rows(
            person=[*person_rows()[:-1], ["紧急联系人", "姓名", "李四", "联系电话", "0753-2561234"]],
            assistance=[*assistance_rows()[2:], ["帮扶单位", "☑乡镇(街道)、村(居)委员会"], ["帮扶责任人", "姓名：王五"]],
        ),
        (),
    ),
    "units in cells of their own": lambda: (
        form_rows(places=[
            ["户籍地址", "梅县区", "县(市、区)", "扶大镇", "乡镇(街道)", "三葵村", "村(居)"],
            ["居住地址", "梅江区", "县(市、区)", "江南街道", "乡镇(街道)", "梅龙社区", "村(居)"],
        ]),
        (),
    ),
    "addresses as words": lambda: (
        form_rows(places=[["户籍地址", "梅县区 扶大镇 三葵村"], ["现住址", "广东省梅州市梅江区江南街道梅龙社区"]]), (),
    ),
    "a type in each cell": lambda: (
        form_rows(categories=[
            ["对象类型", "☑独居老年人", "□空巢老年人", "□留守老年人"],
            ["", "□失能老年人", f"☑重残老年人(残疾人证号:{CERTIFICATE})", "□计划生育特殊家庭老年人"],
        ]),
        (),
    ),
    "boxes in cells of their own": lambda: (
        form_rows(categories=[
            ["对象类型", "☑", "独居老年人", "□", "空巢老年人", "□", "留守老年人", "□", "失能老年人"],
            [None, "☑", "重残老年人(残疾人证号:", CERTIFICATE, ")", "□", "计划生育特殊家庭老年人"],
        ]),
        (),
    ),
    "boxes as truth values": lambda: (
        form_rows(categories=[
            ["对象类型", "TRUE", "独居老年人", "FALSE", "空巢老年人", "FALSE", "留守老年人", "FALSE", "失能老年人"],
            [None, "TRUE", "重残老年人(残疾人证号:", CERTIFICATE, ")", "FALSE", "计划生育特殊家庭老年人"],
        ]),
        (),
    ),
    "ticks behind their words": lambda: (
        form_rows(categories=[[
            "对象类型",
            f"独居老年人√ 空巢老年人□ 留守老年人□\n失能老年人□ 重残老年人(残疾人证号:{CERTIFICATE})√ 计划生育特殊家庭老年人□",
        ]]),
        (),
    ),
    "boxes ticked by a sign behind the word": lambda: (
        form_rows(categories=[[
            "对象类型",
            f"□独居老年人√  □空巢老年人  □留守老年人  □失能老年人  □重残老年人(残疾人证号:{CERTIFICATE}) √  □计划生育特殊家庭老年人"
            .replace(") √", ")√"),
        ]]),
        (),
    ),
    "types typed without boxes": lambda: (form_rows(categories=[["对象类型", "独居、重残"], ["残疾人证号", CERTIFICATE]]), ()),
    "types typed beside the certificate": lambda: (
        form_rows(categories=[["对象类型", "独居、重残", "残疾人证号", CERTIFICATE]]), (),
    ),
    "answers with boxes": lambda: (
        form_rows(
            conditions=[
                ["饮水是否安全", "☑是 □否"], ["生活用电是否安全", "☑是", "□否"], ["生活用气是否安全", "□是 ☑否"],
                ["住房是否安全", "√是 □否"], ["家庭每月收入(元)", 1200],
            ]
        ),
        (),
    ),
    "benefits in one cell": lambda: (
        form_rows(benefits=[[
            BENEFITS,
            "☑有领取养老保险，每月180.5元 □无养老保险\n□有享受社会救助和社会福利补贴，每月补贴金额 元\n☑未享受社会救助和社会福利补贴",
        ]]),
        (),
    ),
    "amounts in cells of their own": lambda: (
        form_rows(benefits=[
            [BENEFITS, "☑", "有领取养老保险，每月", "180.5", "元", "□", "无养老保险"],
            [None, "□", "有享受社会救助和社会福利补贴，每月补贴金额", None, "元"],
            [None, "☑", "未享受社会救助和社会福利补贴"],
        ]),
        (),
    ),
    "benefits as plain amounts": lambda: (form_rows(benefits=[["养老保险", "180.5"], ["每月补贴(元)", "0"]]), ()),
    "all helpers in the row of the organisation": lambda: (
        form_rows(assistance=[
            ["帮扶单位", "□党政机关、群团组织 ☑乡镇(街道)、村(居)委员会\n□企业 □社会组织 ☑志愿者 □其他"],
            ["帮扶责任人", "王五"], ["帮扶措施", "每月上门两次"],
        ]),
        (),
    ),
    "conditions side by side": lambda: (
        form_rows(conditions=[
            ["饮水是否安全", "是", "生活用电是否安全", "是"], ["生活用气是否安全", "否", "住房是否安全", "是"], ["家庭月收入", "1200"],
        ]),
        (),
    ),
    "a row of the household added": lambda: (form_rows(household=[*members(), ["5"], ["6"]]), ()),
}  # fmt: skip


@pytest.mark.parametrize("variant", SAME)
def test_the_form_reads_the_same_in_every_layout(variant):
    rows, merged = SAME[variant]()
    read = read_page(rows, merged)
    got = rows_of(read)
    assert [{k: v for k, v in got[0].items() if not k.endswith("__number")}] == [
        expected(**({"registered_date": "2024-3-5"} if "each cell" in variant and "number" in variant else {}))
    ]
    assert rows_of(read, "members") == [{"elder_id_number": ZHANG, **member} for member in MEMBERS]
    assert read.findings == []
    assert (read.tables["main"].received, read.tables["main"].blank) == (1, 0)


def test_where_a_person_stands_is_the_row_of_the_name():
    read = read_page(shifted(form_rows(), 0, 4))
    main, household = read.tables["main"].table, read.tables["members"].table
    assert main["sheet"].to_pylist() == ["表"]
    assert main["row_number"].to_pylist() == [9]
    assert household["row_number"].to_pylist() == [16, 17]
    assert [(note.kind, note.sheet, note.rows) for note in read.notes] == [(ReadingNoteKind.FORM, "表", "9")]


def test_the_second_telephone_is_the_emergency_contacts():
    got = rows_of(read_page(form_rows()))[0]
    assert (got["phone"], got["emergency_contact_phone"]) == ("13800138000", "0753-2561234")
    alone = form_rows(
        person=[["姓名", "张三", "性别", "男", "身份证号码", ZHANG], ["紧急联系人", "李四", "联系电话", "0753-2561234"]]
    )
    got = rows_of(read_page(alone))[0]
    assert "phone" not in got
    assert got["emergency_contact_phone"] == "0753-2561234"


def test_the_date_of_the_signature_is_not_the_date_of_the_file():
    rows = form_rows(person=[["建档日期：   年   月   日"], *person_rows()[3:]])
    assert "registered_date" not in rows_of(read_page(rows))[0]
    assert "registered_date" not in rows_of(read_page(form_rows(person=person_rows()[3:])))[0]


def test_the_forms_own_footnote_is_no_remark_and_a_remark_is_one():
    assert "remarks" not in rows_of(read_page(form_rows()))[0]
    assert rows_of(read_page([*form_rows(), ["备注", "子女在外"]]))[0]["remarks"] == "子女在外"


def test_numbers_of_a_spreadsheet_are_marked():
    damaged = 441421194503120000
    rows = form_rows(
        person=[["姓名", "张三", "性别", "男", "身份证号码", damaged, "联系电话", 13800138000]],
        categories=[["对象类型", "☑", "重残老年人(残疾人证号:", 44142119450312001000, ")"]],
        household=[*members()[:1], ["2", "李梅", "女", 441421194801150000, "配偶"]],
    )
    got, member = rows_of(read_page(rows))[0], rows_of(read_page(rows), "members")[0]
    assert (got["id_number"], got["id_number__number"]) == (str(damaged), True)
    assert (got["disability_certificate_number"], got["disability_certificate_number__number"]) == (
        "44142119450312001000",
        True,
    )
    assert got["phone__number"]
    assert (member["id_number__number"], member["elder_id_number__number"]) == (True, True)


def test_the_row_printed_for_the_head_says_so_where_the_relation_is_empty():
    rows = form_rows(
        household=[*members()[:1], ["户主", "张三", "男", ZHANG, ""], ["2", "李梅", "女", LI, ""], ["户主"]]
    )
    assert [row.get("relation_to_head") for row in rows_of(read_page(rows), "members")] == ["户主", None]


def test_an_address_that_is_the_one_above_is_that():
    rows = form_rows(places=[["户籍地址", "梅县区 扶大镇 三葵村"], ["居住地址", "同上"]])
    got = rows_of(read_page(rows))[0]
    assert [got[f"residence_{level}"] for level in ("county", "town", "village")] == ["梅县区", "扶大镇", "三葵村"]


def test_a_line_that_is_no_address_is_the_county_so_that_it_is_reported():
    got = rows_of(read_page(form_rows(places=[["户籍地址", "老屋下"], ["居住地址", ""]])))[0]
    assert [name for name in got if name.startswith(("household_c", "household_t", "residence"))] == [
        "household_county"
    ]


def test_types_that_cannot_be_told_are_a_word_no_list_knows():
    rows = form_rows(categories=[["对象类型", "□独居老年人√□空巢老年人 □留守老年人"]])
    assert rows_of(read_page(rows))[0]["categories"] == UNCLEAR


def test_nothing_ticked_is_nothing():
    rows = form_rows(categories=[["对象类型", CATEGORIES.replace("☑", "□").format("")]])
    got = rows_of(read_page(rows))[0]
    assert "categories" not in got
    assert "disability_certificate_number" not in got


def test_cells_under_no_label_are_said_and_not_taken_for_anything():
    rows = form_rows(
        person=[["姓名", "张三", "民族", "汉", "性别", "男", "身份证号码", ZHANG, "联系电话", "", "13800138000"]]
    )
    read = read_page(rows)
    got = rows_of(read)[0]
    assert (got["name"], got["sex"], got.get("phone")) == ("张三", "男", None)
    assert [(f.code, f.row_number, f.column, f.seen) for f in read.findings] == [
        (Finding.COLUMN_UNKNOWN, 1, letter, "") for letter in "CDK"
    ]


def test_columns_of_the_household_that_nobody_agreed_on_are_said():
    rows = form_rows(
        household=[[*members()[0], "联系电话"], ["户主", "张三", "男", ZHANG, "户主", "", "", "13800138000"]]
    )
    read = read_page(rows)
    assert [(f.code, f.column, f.seen) for f in read.findings] == [(Finding.COLUMN_UNKNOWN, "H", "联系电话")]
    assert rows_of(read, "members")[0]["name"] == "张三"


# Several forms, blank forms


def filled(name, number, **other):
    rows = form_rows(**other)
    for row in rows:
        for place, text in enumerate(row):
            if text == "张三":
                row[place] = name
            if text == ZHANG:
                row[place] = number
    return rows


def test_forms_below_each_other_are_people_of_their_own():
    first = form_rows(categories=[["对象类型", "☑独居老年人 □空巢老年人"]])
    read = read_page(
        [*first, [None], *filled("王五", WANG, household=members()[:1]), *filled("李梅", LI, person=person_rows()[3:])]
    )
    assert [(row["name"], row["id_number"]) for row in rows_of(read)] == [("张三", ZHANG), ("王五", WANG), ("李梅", LI)]
    assert [row["categories"] for row in rows_of(read)] == ["独居", "独居、重残", "独居、重残"]
    assert [row.get("registered_date") for row in rows_of(read)] == ["2024年3月5日", "2024年3月5日", None]
    assert [row["elder_id_number"] for row in rows_of(read, "members")] == [ZHANG, ZHANG, LI, LI]
    assert read.tables["main"].received == 3


def test_blank_forms_are_counted_and_said():
    blank = [
        [text if column == 0 or text in MEMBERS_LABELS else None for column, text in enumerate(row)]
        for row in form_rows()
    ]
    blank = [[None if text and "2024" in str(text) else text for text in row] for row in blank]
    read = read_forms([page(blank, sheet="一"), page(form_rows(), sheet="二")], LAYOUT)
    main = read.tables["main"]
    assert (main.received, main.blank, main.table.num_rows) == (2, 1, 1)
    assert [(note.kind, note.sheet) for note in read.notes] == [
        (ReadingNoteKind.FORM, "二"),
        (ReadingNoteKind.BLANK_FORM, "一"),
    ]


MEMBERS_LABELS = {
    "姓名",
    "性别",
    "身份证号码",
    "联系电话",
    "与户主关系",
    "健康状况",
    "是否为低保对象/特困人员",
    "帮扶责任人",
}


def test_a_form_that_lacks_name_and_number_but_was_filled_in_is_no_blank_one():
    rows = filled(None, None, household=members()[:1])
    read = read_page(rows)
    assert (read.tables["main"].table.num_rows, read.tables["main"].blank) == (1, 0)


# What is no form, or not a whole one


def test_a_list_is_no_form():
    header = [
        "序号",
        "姓名",
        "性别",
        "身份证号码",
        "联系电话",
        "紧急联系人",
        "户籍地址",
        "对象类型",
        "饮水是否安全",
        "帮扶措施",
    ]
    assert not looks_like_form(page([["名单"], header, *[["1", "张三", "男", ZHANG]] * 40]), LAYOUT)


def test_instructions_that_name_every_field_are_no_form():
    lines = [[header, "填法"] for headers in LAYOUT.tables["main"].columns.values() for header in headers[:1]]
    assert not looks_like_form(page([["列名", "怎样填"], *lines]), LAYOUT)


def test_the_record_of_a_visit_is_no_form():
    rows = [
        ["探访情况"],
        ["探访方式", "□上门探访"],
        ["健康状况", "表达能力", "□较好"],
        ["被探访人(签字)", "", "信息录入人", ""],
    ]
    assert not looks_like_form(page(rows), LAYOUT)


@pytest.mark.parametrize("lost", ["姓名", "身份证号码", "对象类型"])
def test_a_form_that_lost_a_label_it_cannot_do_without_refuses_the_file(lost):
    rows = [["" if text == lost and row[0] != "序号" else text for text in row] for row in form_rows()]
    one = page(rows)
    assert looks_like_form(one, LAYOUT)
    with pytest.raises(DeliveryRefusedError) as refused:
        read_forms([page(form_rows()), one], LAYOUT)
    assert [(f.code, f.sheet, f.seen) for f in refused.value.findings] == [(Finding.COLUMN_MISSING, "表", lost)]


def test_two_people_on_one_form_refuse_the_file():
    rows = form_rows(person=[["姓名", "张三", "性别", "男", "身份证号码", ZHANG, "姓名", "王五", "身份证号码", WANG]])
    with pytest.raises(DeliveryRefusedError) as refused:
        read_forms([page(rows)], LAYOUT)
    assert [(f.code, f.field) for f in refused.value.findings] == [
        (Finding.COLUMN_DUPLICATED, "name"),
        (Finding.COLUMN_DUPLICATED, "id_number"),
    ]


def test_a_page_without_a_form_refuses_the_file():
    with pytest.raises(DeliveryRefusedError):
        read_forms([page([["说明"]])], LAYOUT)


def test_only_lists_that_are_about_what_the_form_is_about_take_forms():
    assert takes_forms(LAYOUT)
    assert not takes_forms(layout_of("health_incapacity"))


# Cells


def test_merged_cells_are_one_cell_and_reach_into_the_rows_below():
    made = page([["甲", None, "乙"], [None, None, "丙"]], [(0, 0, 1, 1), (0, 5, 9, 9)])
    assert [[(cell.text, cell.row_span, cell.column_span) for cell in row] for row in made.rows] == [
        [("甲", 2, 2), ("乙", 1, 1)],
        [("丙", 1, 1)],
    ]
    assert [[cell.text for cell in line] for line in made.lines()] == [["甲", "乙"], ["甲", "丙"]]


def test_merged_cells_beyond_a_sheet_are_cut_off():
    made = form_from_cells([["甲", "乙"]], [None, None], [(0, 0, 1_048_575, 16_383)], "表")
    assert [cell.column_span for cell in made.rows[0]] == [2]


def test_merged_cells_that_cover_each_other_over_and_over_are_hostile():
    with pytest.raises(DeliveryRefusedError) as refused:
        form_from_cells([["甲"] * 9] * 9, [None] * 9, [(0, 0, 8, 8)] * 1000, "表")
    assert [finding.code for finding in refused.value.findings] == [Finding.FILE_HOSTILE]


def test_nothing_of_a_form_prints_itself():
    shown = repr(
        [FormCell(0, 0, "张三"), page([["张三"]]), FormRecord("表", 1, {"name": "张三"}), read_page(form_rows()).tables]
    )
    assert "张三" not in shown


@pytest.mark.parametrize(
    "text",
    [
        "√" * 30_000,
        "口" * 30_000,
        "□独居" * 9000,
        "备注：" + "a：" * 15_000,
        "重残(残疾人证号" + " " * 30_000,
        "区(" + " " * 30_000,
    ],
    ids=["ticks", "boxes", "options", "colons", "blanks of a number", "blanks of a unit"],
)
def test_cells_filled_to_the_brim_are_read_in_no_time(text):
    rows = form_rows(
        places=[["户籍地址", text]],
        categories=[["对象类型", text]],
        benefits=[[BENEFITS, "有" + text]],
        assistance=[["帮扶单位", text], ["帮扶措施", text]],
    )
    assert rows_of(read_page(rows))[0]["name"] == "张三"


# Whatever is written

# Without brackets: around a blank or an x they are a box.
TEXTS = st.text(st.sampled_from("张三李四 ·abcXx0123456789-/、，。；"), min_size=1, max_size=12).filter(
    lambda text: text == text.strip()
)
FREE = (
    "name",
    "phone",
    "emergency_contact_name",
    "emergency_contact_phone",
    "assistance_person",
    "assistance_measures",
)


@given(st.fixed_dictionaries(dict.fromkeys(FREE, TEXTS)))
def test_what_is_written_is_read_as_written(texts):
    rows = [
        [texts.get(FIELD_OF.get(str(text), ""), text) for text in row] for row in form_rows(household=members()[:1])
    ]
    got = rows_of(read_page(rows))[0]
    assert {name: got.get(name) for name in FREE} == texts


FIELD_OF = {PERSON[name]: name for name in FREE}

PRINTED = [text for row in form_rows() for text in row if text]


@given(
    st.lists(st.lists(st.sampled_from([None, "", "张三", ZHANG, "□是", *PRINTED]), min_size=1, max_size=7), max_size=40)
)
def test_any_page_is_read_whole_or_refused(rows):
    with suppress(DeliveryRefusedError):
        main = read_forms([page([["姓名", "张三", "性别", "男"], *rows])], LAYOUT).tables["main"]
        assert main.received == main.table.num_rows + main.blank

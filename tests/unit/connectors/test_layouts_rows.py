"""Rows that are no records, each with its kind; and rows that are, however odd they look."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sheets_by_hand import HEADER, id_number, person, read_sheets, sheet

NUMBERED = ["序号", *HEADER]


def kinds_of(*rows, header=NUMBERED, **facts):
    """What the rows between two people are said to be; they are not the last, nor directly below the header."""
    told = read_sheets(sheet([header, ["1", *person(1)], *rows, ["2", *person(2)]], **facts))
    kept = set(told.rows) - {2, 3 + len(rows)}
    left = [note for note in told.notes if note.kind not in {"header", "same-as-above"}]
    assert len(kept) + sum(note.count for note in left) == len(rows)
    return sorted({str(note.kind) for note in left}) or ["record"]


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        pytest.param(["三葵村"], "title", id="village in the first column"),
        pytest.param(["", "三葵村"], "title", id="village in the column of names"),
        pytest.param(["", "", "", "", "三葵村"], "title", id="village in its column"),
        pytest.param(["（二）铁炉桥村（12人）"], "title", id="village with its number"),
        pytest.param(["", "扶大镇三葵村特殊困难老年人名单"], "title", id="title of a list"),
        pytest.param(["村名：三葵村", "", "", "填报日期：2025年1月2日"], "title", id="village and date"),
        pytest.param(["扶大镇", "三葵村"], "title", id="town and village"),
        pytest.param(["", "小计", "", "", "", "12"], "subtotal", id="subtotal"),
        pytest.param(["", "三葵村", "小计", "", "", "12人"], "subtotal", id="village and subtotal"),
        pytest.param(["三葵村小计", "12人"], "subtotal", id="subtotal of a village"),
        pytest.param(["", "合计 12 人"], "subtotal", id="total in a sentence"),
        pytest.param(["", "", "", "", "三葵村", "小计"], "subtotal", id="subtotal behind the village"),
        pytest.param(["共12人"], "subtotal", id="how many"),
        pytest.param(["制表人：赵六", "", "审核：钱七"], "footer", id="signature"),
        pytest.param(["", "填表日期：20250102"], "footer", id="date in the column of names"),
        pytest.param(["", "", "", "填表日期：20250102"], "footer", id="date in the column of numbers"),
        pytest.param(["三葵村村民委员会（盖章）"], "footer", id="seal"),
        pytest.param(["", "", "", "", "2025年1月2日"], "footer", id="a day alone"),
        pytest.param(["备注：本表一式两份"], "footer", id="remark on the form"),
        pytest.param(["第 2 页"], "footer", id="page"),
        pytest.param(["以下空白"], "footer", id="the rest is blank"),
        pytest.param(NUMBERED, "repeated-header", id="header"),
        pytest.param(["序号", "姓 名", "性 别"], "repeated-header", id="part of the header"),
        pytest.param(["3"], "no-content", id="number of a row alone"),
        pytest.param(["", "—", "", "/", "—"], "no-content", id="strokes"),
    ],
)
def test_a_row_that_speaks_of_the_list_is_no_record(row, kind):
    assert kinds_of(row) == [kind]


@pytest.mark.parametrize(
    "row",
    [
        pytest.param(["3", "王五"], id="a name alone"),
        pytest.param(["", "王五"], id="a name and nothing else"),
        pytest.param(["3", "陈新村"], id="a name like a village"),
        pytest.param(["3", "合计", "", id_number(9)], id="a total with a person's number"),
        pytest.param(["小计", "", "", id_number(9)], id="a subtotal with a person's number"),
        pytest.param(["", "三葵村", "", id_number(9)], id="a village with a person's number"),
        pytest.param(["3", "王五", "男", "", "三葵村", "合计补贴500元"], id="a remark on totals"),
        pytest.param(["", "", "男", "", "三葵村", "注：姓名待补"], id="nobody named, a note on it"),
        pytest.param(["3", "王五", "男", "44142119"], id="part of a number"),
        pytest.param(["注：新增", "陈新村", "男"], id="a name like a village and a note before it"),
        pytest.param(["", "", "", "", "三葵村", "新增"], id="a village and a remark"),
        pytest.param(["3", "签名", "男", "T60426199101010078"], id="a word and some number"),
        pytest.param(["小计", "", "", f"身份证{id_number(9)}"], id="a subtotal with a number behind words"),
        pytest.param(["3", "合计", "男", "EA1B2C3D"], id="a total with letters like a passport's"),
        pytest.param(["3", "姓名", "男", "", "三葵村"], id="one header's word"),
        pytest.param(["", "", "女", "", "", ""], id="sex alone"),
    ],
)
def test_in_doubt_a_row_is_a_record(row):
    assert kinds_of(row) == ["record"]


OTHER_CELLS = st.sampled_from(
    [
        "",
        "",
        "",
        "合计",
        "小计",
        "注：独居",
        "三葵村",
        "制表人：赵六",
        "第1页",
        "共12人",
        "2025年1月2日",
        "1",
        "男",
        "〃",
        "以下空白",
    ]
)


@given(
    name=st.sampled_from(["张玉", "王小梅", "陈新村", "计生", "欧阳村"]),
    others=st.lists(OTHER_CELLS, min_size=4, max_size=4),
)
def test_a_row_with_a_name_and_a_number_or_anything_of_a_person_is_never_left_out(name, others):
    serial, sex, village, remarks = others
    whole = ["1", name, sex, id_number(3), village, remarks]
    assert kinds_of(whole) == ["record"]
    if name in {"张玉", "王小梅"}:
        assert kinds_of([serial, name, sex, "", village, remarks]) == ["record"]
    assert kinds_of([serial, "", sex, id_number(3), village, remarks]) == ["record"]


def test_a_cell_merged_over_columns_is_a_title_whatever_it_says():
    assert kinds_of(["", "大姓"], merged=[(2, 1, 2, 5)]) == ["title"]
    assert kinds_of(["", "大姓"], merged=[(2, 1, 2, 1)]) == ["record"]
    assert kinds_of(["", "大姓", "", id_number(9)], merged=[(2, 1, 2, 2)]) == ["record"]


def test_words_directly_above_the_next_header_are_its_title():
    told = read_sheets(sheet([HEADER, person(1), ["大姓"], ["某地"], [], HEADER[::-1], person(2)[::-1], ["大姓"]]))
    assert told.said("title") == [("title", "3–4")]
    assert told.rows == [2, 7, 8]


@pytest.mark.parametrize(
    "row",
    [
        pytest.param(["1", "2", "3", "4", "5", "6"], id="numbers"),
        pytest.param(["甲", "乙", "1", "2", "3", "4"], id="stems and numbers"),
        pytest.param(["（1）", "（2）", "（3）", "（4）"], id="numbers in brackets"),
        pytest.param(["", "", "男/女", "18位", "", ""], id="hints"),
        pytest.param(["", "", "", "（文本）", "", "（必填）"], id="hints in brackets"),
    ],
)
def test_column_numbers_and_units_below_a_header_are_no_records(row):
    told = read_sheets(sheet([NUMBERED, row, ["1", *person(1)], NUMBERED, row, ["2", *person(2)]]))
    assert told.rows == [3, 6]
    assert told.said("below-header") == [("below-header", "2、5")]


def test_numbers_and_units_elsewhere_are_records():
    told = read_sheets(sheet([NUMBERED, ["1", *person(1)], ["甲", "乙", "1", "2", "3", "4"], ["", "", "男/女"]]))
    assert told.rows == [2, 3, 4]


def test_every_kind_is_said_once_for_each_table_with_all_its_rows():
    footers = [["", "制表人：赵六"]] * 15
    told = read_sheets(sheet([NUMBERED, *[row for footer in footers for row in (["1", *person(1)], footer)]]))
    assert told.said("footer") == [("footer", "3、5、7、9、11、13、15、17、19、21、23、…、31")]
    assert [note.count for note in told.notes if note.kind == "footer"] == [15]

"""Parts of reading by themselves: headers, quotes, lines, fingerprints."""

import random

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.reading.contents import DeliveryRefusedError, shown
from connectors.reading.grid import Grid, Header
from connectors.reading.layout import TableLayout
from connectors.reading.layouts.header import HeaderNames, HeaderRows, judge_header, normal_header
from connectors.reading.layouts.header_search import HeaderSearch
from connectors.reading.layouts.merged_cells import MergedCells
from connectors.reading.layouts.rowhash import row_hashes
from connectors.reading.layouts.rows import records_of
from connectors.reading.text.lines import look_at_lines
from connectors.reading.text.records import Flaw, join_record, read_line, split_record
from schemas.findings import Finding

TABLE = TableLayout(
    columns={
        "name": ("姓名", "老人姓名"),
        "id_number": ("身份证号码", "身份证号"),
        "sex": ("性别",),
        "household_monthly_income_fen": ("家庭每月收入(元)",),
    },
    required=("name", "id_number"),
)


@pytest.mark.parametrize(
    "written",
    [
        "家庭每月收入（元）",
        "家庭每月收入 元",
        " 家庭每月\n收入 ( 元 )",
        "*家庭每月收入【元】：",
        "\ufeff家庭每月收入\u200b元",
    ],
)
def test_width_blanks_and_brackets_of_a_header_make_no_difference(written):
    assert normal_header(written) == normal_header("家庭每月收入(元)")


def test_words_inside_brackets_do_make_a_difference():
    assert normal_header("户籍村(居)") != normal_header("户籍村")


def first_header(rows):
    width = max(map(len, rows))
    padded = [row + [""] * (width - len(row)) for row in rows]
    found = HeaderSearch({"main": TABLE}).first(padded, MergedCells())
    return None if found is None else found.rows


def judged(cells):
    names = HeaderNames(TABLE)
    header = HeaderRows(0, 0, (tuple(cells),), tuple(cells), tuple(map(names.field, cells)))
    return judge_header(header, names, sheet="")


def test_the_header_is_the_row_that_names_most_fields():
    rows = [["梅县区登记表"], ["姓名", "性别"], ["性别", "姓名", "身份证号"], ["男", "张三", "44"]]
    header = first_header(rows)
    assert (header.first, header.last, header.fields) == (2, 2, ("sex", "name", "id_number"))


def test_a_row_of_data_is_no_header():
    assert first_header([["张三", "男", "441421"]]) is None


def test_a_column_named_like_sql_is_only_unknown():
    header, unknown = judged(["姓名", 'name"; DROP TABLE x;--', "身份证号"])
    assert header.column_of == {"name": 0, "id_number": 2}
    assert [(finding.code, finding.column) for finding in unknown] == [(Finding.COLUMN_UNKNOWN, "B")]


@pytest.mark.parametrize(
    ("cells", "code", "column"),
    [
        pytest.param(["姓名", "性别"], Finding.COLUMN_MISSING, None, id="required column missing"),
        pytest.param(["姓名", "身份证号", "老人姓名"], Finding.COLUMN_DUPLICATED, "C", id="two headers of one field"),
        pytest.param(["姓名", "身份证号", "甲", "甲 "], Finding.COLUMN_DUPLICATED, "D", id="same unknown header twice"),
    ],
)
def test_a_header_that_leaves_doubt_refuses_the_file(cells, code, column):
    with pytest.raises(DeliveryRefusedError) as caught:
        judged(cells)
    assert [(finding.code, finding.column) for finding in caught.value.findings] == [(code, column)]


def test_what_is_shown_of_a_header_is_short_and_printable():
    assert shown("\x00甲" * 60) == "甲" * 39 + "…"


@given(st.lists(st.text(alphabet='甲"", \n5', max_size=5), min_size=1, max_size=5))
def test_quoted_fields_come_back_as_they_went_in(fields):
    line = ",".join('"' + field.replace('"', '""') + '"' for field in fields)
    assert split_record(line, ",") == fields


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param('张三,5"屏,x', ["张三", '5"屏', "x"], id="quote inside a field is text"),
        pytest.param('张三,"甲"乙,x', ["张三", '"甲"乙', "x"], id="text after a closing quote is text"),
        pytest.param('张三,"甲,x', Flaw.UNCLOSED, id="unclosed"),
        pytest.param("张三,x", Flaw.MALFORMED, id="too few"),
        pytest.param("张三,x,y,z", Flaw.MALFORMED, id="too many with content"),
        pytest.param("张三,x,y,,,", ["张三", "x", "y"], id="trailing delimiters"),
    ],
)
def test_a_line_is_a_record_only_if_its_fields_are_certain(line, expected):
    assert read_line(line, ",", 3, 3) == expected


def test_a_record_may_go_on_in_quotes_but_takes_no_other_record_along():
    assert join_record(['张三,"一', '二",x'], ",", 3, 3) == (["张三", "一\n二", "x"], 2)
    assert join_record(['张三,"一,x', "李四,二,y", '王五,三",z'], ",", 3, 3) is None
    assert join_record(['张三,"一,x', '李四,二",y'], ",", 3, 3) is None
    assert join_record(['张三,"一', *["二"] * 20, '三",x'], ",", 3, 3) is None


def test_lines_are_judged_all_at_once():
    lines = look_at_lines('甲,乙\n,,\n"甲,乙",丙\n甲"乙,丙\n\u3000, \n〃,\n"",""'.encode(), ",")
    assert lines.filled.tolist() == [True, False, True, True, False, True, False]
    assert lines.plain.tolist() == [True, True, True, False, True, True, True]
    assert lines.fields[lines.plain].tolist() == [2, 3, 2, 2, 2, 2]


def hashes(columns, numbers=None):
    rows = len(next(iter(columns.values())))
    arrays = {field: pa.array(cells, pa.large_string()) for field, cells in columns.items()}
    return row_hashes(arrays, {field: pa.array(flags) for field, flags in (numbers or {}).items()}, rows).to_pylist()


def test_a_fingerprint_is_the_same_tomorrow_and_elsewhere():
    assert hashes({"name": ["张三"], "id_number": ["11010519491231002X"]}) == [FINGERPRINT]


FINGERPRINT = -2113956367029992141


def test_a_fingerprint_depends_on_neither_column_order_nor_row_nor_empty_columns():
    name, sex = ["张三", "李四", None], ["男", None, None]
    once = hashes({"name": name, "sex": sex})
    assert hashes({"sex": sex, "remarks": [None] * 3, "name": name}) == once
    assert hashes({"sex": sex[::-1], "name": name[::-1]}) == once[::-1]


def test_a_fingerprint_tells_fields_numbers_and_long_texts_apart():
    long = "甲" * 5000
    cells = ["1", "12345678", "123456789", "1234567890123456", long, long[:-1] + "乙", long[:-1]]
    seen = {
        *hashes({"name": cells}),
        *hashes({"sex": cells}),
        *hashes({"name": cells}, {"name": [True] * len(cells)}),
        *hashes({"name": cells, "sex": cells}),
    }
    assert len(seen) == 4 * len(cells)


def test_fingerprints_of_many_near_records_do_not_collide():
    seed = 7
    picked = random.Random(seed)  # noqa: S311 - not a secret
    names = ["".join(picked.choices("张王李", k=3)) for _ in range(50_000)]
    numbers = [f"4414211945{index:08d}" for index in range(50_000)]
    assert len(set(hashes({"name": names, "id_number": numbers}))) == 50_000


def test_a_slice_has_the_fingerprints_of_its_rows():
    column = pa.array(["甲", None, "乙丙丁戊己庚", "1"], pa.large_string())
    assert (
        row_hashes({"name": column.slice(1)}, {}, 3).to_pylist() == row_hashes({"name": column}, {}, 4).to_pylist()[1:]
    )


def grid(received):
    return Grid(
        sheet="名单",
        header=Header(1, ("姓名", "身份证号"), {"name": 0, "id_number": 1}),
        row_numbers=np.array([2, 3], np.int32),
        columns=[
            pa.chunked_array([["张三", "合计"]], pa.large_string()),
            pa.chunked_array([["44", None]], pa.large_string()),
        ],
        stored_as_number=[None, None],
        received=received,
        broken=[(4, "应有 2 列")],
    )


def test_every_row_is_a_record_or_blank_or_broken():
    contents, findings, notes = records_of(grid(received=3), TABLE)
    assert (contents.table.num_rows, contents.blank, contents.broken) == (1, 1, 1)
    assert [(finding.code, finding.row_number) for finding in findings] == [(Finding.LINE_BROKEN, 4)]
    assert [(note.kind, note.sheet, note.rows, note.count) for note in notes] == [
        ("header", "名单", "1", 1), ("subtotal", "名单", "3", 1),
    ]  # fmt: skip


@pytest.mark.parametrize("received", [2, 4], ids=["a row too many", "a row lost"])
def test_a_table_that_does_not_balance_is_not_used(received):
    with pytest.raises(DeliveryRefusedError):
        records_of(grid(received=received), TABLE)


def test_a_missing_column_is_there_and_empty():
    contents, _, _ = records_of(grid(received=3), TABLE)
    assert contents.table.column_names == ["sheet", "row_number", "row_hash", *TABLE.columns]
    assert contents.table["sex"].to_pylist() == [None]

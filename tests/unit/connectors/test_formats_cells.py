"""Cells as libraries give them, and as pages and tables of other programs show them."""

import datetime as dt

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.reading.contents import DeliveryRefusedError
from connectors.reading.formats.cells import columns_of
from connectors.reading.formats.dbase_columns import DbaseField, cells_of
from connectors.reading.formats.html_tables import read_html
from connectors.reading.formats.raw import Raw
from connectors.reading.layout import ReadingLimits

LIMITS = ReadingLimits()


def column(*cells):
    texts, numbers, _ = columns_of([[cell] for cell in cells], 1)
    return texts[0].to_pylist(), None if numbers[0] is None else numbers[0].to_pylist()


def test_cells_become_text_by_their_type():
    assert column("张三", "", "张\x00三") == (["张三", None, "张三"], None)
    assert column("", 13800138000.0, 5, "5") == ([None, "13800138000", "5", "5"], [False, True, True, False])
    moment = dt.datetime(2025, 1, 2, 3, 4, 5)  # noqa: DTZ001 - a cell knows no zone
    assert column(dt.date(2025, 1, 2), moment, dt.time(3, 4), "x") == (
        ["2025-01-02", "2025-01-02 03:04:05", "03:04:00", "x"], None,
    )  # fmt: skip
    assert column(True, 1.0, "1") == (["TRUE", "1", "1"], [False, True, False])
    assert column(2**60, "x") == ([str(2**60), "x"], [True, False])


@given(st.lists(st.one_of(st.just(""), st.text(max_size=3), st.floats(allow_nan=False, allow_infinity=False), st.booleans(),
                          st.integers(-(2**70), 2**70), st.dates()), min_size=1, max_size=30))  # fmt: skip
def test_a_column_reads_the_same_whatever_stands_beside_a_cell(cells):
    texts, _ = column(*cells)
    assert texts == [column(cell)[0][0] for cell in cells]


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_keeps_its_value(number):
    [text], _ = column(number)
    assert float(text) == number
    assert "e" not in text.lower()


def test_rows_with_blanks_alone_show_nothing():
    content = columns_of([["\u3000", ""], ["", 0.0], ["", ""], ["x", ""]], 2).has_content
    assert content.tolist() == [False, True, False, True]


# Pages


def page(body, limits=LIMITS):
    return read_html(Raw.in_memory(f"<html><meta charset=utf-8><body>{body}</body></html>".encode()), limits).sheets


def texts(sheet):
    return sheet.texts(0, sheet.height)


def test_blanks_and_breaks_of_a_page_read_as_they_show():
    [sheet] = page(
        "<table><tr><td> 张\n 三 <td>甲<br>乙<td><p>一</p><p>二</p><td>&#19968;&nbsp;<td><b>粗</b>体</table>"
    )
    assert texts(sheet) == [["张 三", "甲\n乙", "一\n二", "一\xa0", "粗体"]]


def test_spanned_cells_keep_the_others_in_their_columns():
    [sheet] = page(
        "<table><tr><td rowspan=2>甲<td colspan=2>乙<td>丙</tr><tr><td>丁<td>戊<td>己</tr><tr><td>庚</tr></table>"
    )
    assert texts(sheet) == [["甲", "乙", "", "丙"], ["", "丁", "戊", "己"], ["庚", "", "", ""]]
    assert sheet.merged == [(0, 0, 1, 0), (0, 1, 0, 2)]


def test_a_span_to_the_end_ends_with_the_table():
    [sheet] = page("<table><tr><td rowspan=0>甲<td>乙<tr><td>丙</table>")
    assert texts(sheet) == [["甲", "乙"], ["", "丙"]]
    assert sheet.merged == [(0, 0, 1, 0)]


def test_a_table_inside_a_cell_is_a_sheet_of_its_own():
    outer, inner = page("<table><tr><td>外<table><tr><td>内</table>后</table>")
    assert (texts(outer), texts(inner)) == ([["外后"]], [["内"]])
    assert [outer.name, inner.name] == ["第1个表格", "第2个表格"]


def test_sheets_that_excel_saved_keep_their_names():
    names = "<!--[if gte mso 9]><xml><x:Name>一村</x:Name><x:Name>二村</x:Name></xml><![endif]-->"
    assert [sheet.name for sheet in page(names + "<table><tr><td>1</table>" * 2)] == ["一村", "二村"]


def test_scripts_and_styles_of_a_page_are_no_text():
    [sheet] = page("<table><tr><td>张三<script>x()</script><style>td{}</style></table>")
    assert texts(sheet) == [["张三"]]


def test_a_page_that_names_a_wrong_encoding_is_refused():
    with pytest.raises(DeliveryRefusedError):
        read_html(Raw.in_memory("<meta charset=utf-8><table><tr><td>张三</table>".encode("gbk")), LIMITS)
    with pytest.raises(DeliveryRefusedError):
        read_html(Raw.in_memory(b"<meta charset=iso-8859-1><table><tr><td>x</table>"), LIMITS)


def test_a_page_of_endless_rows_or_columns_is_hostile():
    for body in ("<table>" + "<tr>" * 11 + "</table>", "<table><tr>" + "<td>" * 6 + "</table>"):
        with pytest.raises(DeliveryRefusedError):
            page(body, ReadingLimits(rows=10, columns=5))


# Fields of dBASE


def field_cells(kind, values, *, length=None, foxpro=False, codec="gb18030"):
    length = length or max(map(len, values))
    matrix = np.frombuffer(b"".join(value.ljust(length) for value in values), np.uint8).reshape(-1, length)
    cells = cells_of(DbaseField(b"x", kind, 1, length, foxpro), matrix, codec)
    return cells.texts.to_pylist(), None if cells.numbers is None else cells.numbers.to_pylist()


def test_integers_that_floating_point_holds_are_exact():
    values = [b"441421450312001", b"9007199254740991", b"9007199254740992", b"441421194503120018", b"1.5", b"1E3", b""]
    texts_read, numbers = field_cells("N", values)
    assert texts_read == [value.decode() or None for value in values]
    assert numbers == [False, False, True, True, True, True, False]


def test_texts_lose_their_padding_alone():
    assert field_cells("C", ["  张 三  ".encode("gbk"), b"", b"ab\x00\x00"])[0] == ["  张 三", None, "ab"]


def test_half_a_character_at_the_end_of_a_field_is_refused():
    with pytest.raises(DeliveryRefusedError) as caught:
        field_cells("C", [b"ok   ", "张三".encode("gbk")[:3]], length=3 + 2)
    assert caught.value.findings[0].row_number == 3


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        pytest.param("D", b"20250102", "2025-01-02", id="day"),
        pytest.param("D", b"2025-1-2", "2025-1-2", id="no day"),
        pytest.param("L", b"T", "TRUE", id="true"),
        pytest.param("L", b"?", None, id="unknown"),
        pytest.param("N", b"****", None, id="too long a number"),
        pytest.param("I", (7).to_bytes(4, "little"), "7", id="integer"),
        pytest.param("Y", (122500).to_bytes(8, "little"), "12.25", id="money"),
        pytest.param("B", np.float64(1.5).tobytes(), "1.5", id="double"),
        pytest.param("T", np.array([2460678, 11045000], "<i4").tobytes(), "2025-01-02 03:04:05", id="instant"),
        pytest.param("T", bytes(8), None, id="no instant"),
    ],
)
def test_fields_read_by_their_kind(kind, value, text):
    assert field_cells(kind, [value], foxpro=True)[0] == [text]


def test_a_field_of_unknown_kind_is_refused():
    for kind, foxpro in (("V", True), ("Y", False)):
        with pytest.raises(DeliveryRefusedError):
            field_cells(kind, [bytes(8)], foxpro=foxpro)
    assert pa.types.is_large_string(
        cells_of(DbaseField(b"x", "M", 1, 4, False), np.zeros((2, 4), np.uint8), "gb18030").texts.type
    )

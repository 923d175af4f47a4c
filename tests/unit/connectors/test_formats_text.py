"""Texts: their encoding decided over the whole of them, their delimiter by the header, their rows piece by piece."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.reading.contents import DeliveryRefusedError
from connectors.reading.formats.raw import Raw
from connectors.reading.grid import Header
from connectors.reading.layout import DeliveryLayout, ReadingLimits, TableLayout
from connectors.reading.text.delimited import read_delimited
from connectors.reading.text.lines import count_filled, look_at_lines
from connectors.reading.text.mixed_text import contains_utf8_lines
from connectors.reading.text.text_encoding import encoding_of, utf8_pieces
from connectors.reading.text.text_rows import TextRows
from schemas.findings import Finding

LAYOUT = DeliveryLayout(
    {
        "main": TableLayout(
            columns={"name": ("姓名",), "id_number": ("身份证号码",), "sex": ("性别",)}, required=("name", "id_number")
        )
    }
)
HEADER = "姓名,身份证号码,性别\n"
PEOPLE = "张三,441421194503120018,男\n李四,44142119480101002X,女\n"


def read(content, layout=LAYOUT, limits=None):
    raw = Raw.in_memory(content if isinstance(content, bytes) else content.encode())
    return read_delimited(raw, layout, limits or ReadingLimits())


def names(content, layout=LAYOUT):
    return read(content, layout).grid.columns[0].to_pylist()


def refusal(content, layout=LAYOUT):
    with pytest.raises(DeliveryRefusedError) as caught:
        read(content, layout)
    [finding] = caught.value.findings
    return finding


# Encodings


@pytest.mark.parametrize(
    ("mark", "codec"),
    [
        pytest.param(b"", "utf-8", id="UTF-8"),
        pytest.param(b"\xef\xbb\xbf", "utf-8", id="UTF-8 with mark"),
        pytest.param(b"", "gb18030", id="GB18030"),
        pytest.param(b"\x84\x31\x95\x33", "gb18030", id="GB18030 with mark"),
        pytest.param(b"\xff\xfe", "utf-16-le", id="UTF-16, low byte first"),
        pytest.param(b"\xfe\xff", "utf-16-be", id="UTF-16, high byte first"),
    ],
)
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
def test_every_encoding_reads_the_same(mark, codec, line_end):
    text = (HEADER + "䶮㐂,441421194503120018,男\n" + PEOPLE).replace("\n", line_end)
    grid = read(mark + text.encode(codec)).grid
    assert grid.columns[0].to_pylist() == ["䶮㐂", "张三", "李四"]
    assert grid.row_numbers.tolist() == [2, 3, 4]
    assert grid.received == 3


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param((HEADER + PEOPLE).encode("utf-16-le"), "疑为没有字节序标记的 UTF-16", id="UTF-16 without mark"),
        pytest.param(b"\xff\xfe\x00\x00" + HEADER.encode("utf-32-le"), "UTF-32", id="UTF-32"),
        pytest.param((HEADER + "张\x00三,1,男\n").encode(), "含有空字符", id="a null character"),
        pytest.param(
            b"\xff\xfe" + HEADER.encode("utf-16-le") + b"\x00", "并非完整的 UTF-16（低位在前）", id="half a character"
        ),
    ],
)
def test_what_cannot_be_decoded_for_certain_is_refused_with_words(content, words):
    finding = refusal(content)
    assert (finding.code, finding.seen) == (Finding.ENCODING_UNDECODABLE, words)


@pytest.mark.parametrize(
    ("lines", "row_number", "words"),
    [
        pytest.param(
            [HEADER.encode(), *[PEOPLE.encode()] * 3, "王五,1,女\n".encode("gbk"), PEOPLE.encode()],
            8, "该行是 GB18030 编码，另有 9 行是 UTF-8 编码", id="GBK among UTF-8",
        ),
        pytest.param(
            [HEADER.encode("gbk"), *[PEOPLE.encode("gbk")] * 3, "王五,1,女\n".encode(), PEOPLE.encode("gbk")],
            8, "该行是 UTF-8 编码，另有 9 行是 GB18030 编码", id="UTF-8 among GBK",
        ),
        pytest.param(
            [HEADER.encode(), PEOPLE.encode(), b"\xff,1,2\n"],
            4, "该行含有无法识别的字节，另有 3 行是 UTF-8 编码", id="a wrong byte in UTF-8",
        ),
        pytest.param(
            [HEADER.encode("gbk"), PEOPLE.encode("gbk"), b"\xff,1,2\n"],
            4, "该行含有无法识别的字节，另有 3 行是 GB18030 编码", id="a wrong byte in GBK",
        ),
        pytest.param(
            [HEADER.encode("gbk"), PEOPLE.encode("gbk") * 3, "王五六七,1,y\n".encode()],
            8, "该行是 UTF-8 编码，另有 7 行是 GB18030 编码", id="UTF-8 that GBK can be read into",
        ),
    ],
)  # fmt: skip
def test_a_text_of_two_encodings_names_the_first_line_that_is_not_like_most(lines, row_number, words):
    finding = refusal(b"".join(lines))
    assert (finding.code, finding.row_number, finding.seen) == (Finding.ENCODING_UNDECODABLE, row_number, words)


def test_an_agreed_encoding_is_kept_to_and_checked():
    agreed = replace(LAYOUT, encoding="GBK")
    assert names((HEADER + PEOPLE).encode("gbk"), agreed) == ["张三", "李四"]
    assert refusal((HEADER + PEOPLE).encode(), agreed).code == Finding.ENCODING_UNDECODABLE
    assert refusal(b"\xef\xbb\xbf" + HEADER.encode(), agreed).seen == "约定为 GB18030，实为 UTF-8"
    assert names((HEADER + PEOPLE).encode("utf-16-le"), replace(LAYOUT, encoding="utf-16-le")) == ["张三", "李四"]
    assert refusal(HEADER.encode(), replace(LAYOUT, encoding="big5")).seen == "所称编码不受支持：big5"


@given(st.lists(st.text("张三李四王五赵六abc,1·", min_size=1, max_size=12), min_size=1, max_size=8))
def test_gb18030_is_never_taken_for_a_mixture(lines):
    text = "\n".join(["特殊困难老年人登记表，身份证号码", *lines])
    assert not contains_utf8_lines(text.encode("gb18030"))


@given(st.text("张三李四王五赵六䶮\r\nabc,", max_size=40), st.sampled_from(["utf-8", "gb18030", "utf-16-le"]))
def test_pieces_end_with_a_line_and_join_to_the_text(text, codec):
    text = "表头张三李四\n" + text
    raw = Raw.in_memory((b"\xff\xfe" if codec == "utf-16-le" else b"") + text.encode(codec))
    pieces = list(utf8_pieces(raw, encoding_of(raw)))
    assert b"".join(pieces).decode() == text.replace("\r\n", "\n").replace("\r", "\n")


# Delimiters


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"], ids=["comma", "tab", "semicolon", "bar"])
def test_the_delimiter_is_the_one_that_makes_a_header(delimiter):
    assert names((HEADER + PEOPLE).replace(",", delimiter)) == ["张三", "李四"]


@pytest.mark.parametrize("delimiter", ["，", "；"])
def test_full_width_delimiters_are_refused_with_words(delimiter):
    finding = refusal((HEADER + PEOPLE).replace(",", delimiter))
    assert (finding.code, finding.seen) == (Finding.HEADER_NOT_FOUND, f"以全角“{delimiter}”分隔，请改用半角分隔符")


def test_the_line_by_which_excel_states_a_delimiter_is_heeded():
    text = ("sep=;\n" + HEADER + PEOPLE).replace(",", ";")
    assert names(text) == ["张三", "李四"]
    assert read(text).grid.row_numbers.tolist() == [3, 4]
    assert refusal("sep=~\n" + HEADER).code == Finding.FILE_UNREADABLE


def test_the_mark_of_an_old_end_of_file_is_no_line():
    assert read(HEADER + PEOPLE + "\x1a").grid.received == 2
    assert refusal("\x1a").code == Finding.FILE_EMPTY


def test_a_stray_quote_above_the_header_does_not_hide_it():
    assert names('"登记表\n' + HEADER + PEOPLE) == ["张三", "李四"]


# Lines in pieces

BODY = '张1",\n\n \u3000合计'


@given(body=st.text(alphabet=BODY, max_size=120), cuts=st.lists(st.integers(0, 30), max_size=5))
def test_a_text_in_pieces_reads_like_the_whole(body, cuts):
    header = Header(1, ("姓名", "身份证号码", "性别"), {"name": 0, "id_number": 1, "sex": 2})
    lines = body.splitlines(keepends=True)
    whole = TextRows(header, ",", first_line=1)
    whole.take(body.encode(), is_last=True)
    pieces = TextRows(header, ",", first_line=1)
    for cut in cuts:
        pieces.take("".join(lines[:cut]).encode())
        lines = lines[cut:]
    pieces.take("".join(lines).encode(), is_last=True)
    one, other = whole.grid(""), pieces.grid("")
    assert one.row_numbers.tolist() == other.row_numbers.tolist()
    assert [column.to_pylist() for column in one.columns] == [column.to_pylist() for column in other.columns]
    assert [line for line, _ in one.broken] == [line for line, _ in other.broken]
    assert one.received == other.received == len(one.row_numbers) + len(one.broken)
    assert whole.lines == pieces.lines


@given(st.text(alphabet='张1",\n \u3000\xa0\u200b、·', max_size=60))
def test_filled_lines_are_counted_alike_in_two_ways(text):
    content = text.encode()
    assert count_filled(content, ",") == int(look_at_lines(content, ",").filled.sum())


def test_exactly_the_bad_lines_are_reported(tmp_path):
    random = np.random.default_rng(20250101)
    lines = ["张三,441421194503120018,男"] * 3000
    bad = sorted(random.choice(3000, 40, replace=False).tolist())
    kinds = ['李四,"44142119480101002X,女', "李四,44142119480101002X", "李四,44142119480101002X,女,多", '"李"四,1,2,3']
    for place, line in enumerate(bad):
        lines[line] = kinds[place % len(kinds)]
    grid = read(HEADER + "\n".join(lines)).grid
    assert [line - 2 for line, _ in grid.broken] == bad
    assert len(grid.row_numbers) == 3000 - len(bad)
    assert grid.received == 3000


def test_too_many_lines_are_hostile():
    with pytest.raises(DeliveryRefusedError) as caught:
        read(HEADER + PEOPLE * 10, limits=ReadingLimits(rows=15))
    assert caught.value.findings[0].code == Finding.FILE_HOSTILE

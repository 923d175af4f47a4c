"""JSON lines become the same grid as any list: every line accounted for, numbers marked, nothing guessed."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.reading.contents import DeliveryRefusedError
from connectors.reading.layout import ReadingLimits, TableLayout
from connectors.reading.layouts.rows import records_of
from connectors.reading.text.json_lines import read_json_lines
from schemas.findings import Finding

TABLE = TableLayout(
    columns={
        "name": ("name", "姓名"),
        "id_number": ("person.idCard",),
        "phone": ("person.contact.phone",),
        "is_water_safe": ("waterSafe",),
    },
    required=("name", "id_number"),
    ignored=("rowId",),
)
ZHANG = {"name": "张三", "person": {"idCard": "441421194503120018", "contact": {"phone": "13800138000"}}}


@pytest.fixture
def read(tmp_path):
    def read_lines(*lines, limits=None):
        path = tmp_path / "list.jsonl"
        written = [line if isinstance(line, bytes) else json.dumps(line, ensure_ascii=False).encode() for line in lines]
        path.write_bytes(b"\n".join(written) + b"\n")
        return read_json_lines(path, TABLE, limits or ReadingLimits())

    return read_lines


def cells(grid, field):
    return grid.columns[grid.header.column_of[field]].to_pylist()


def numbers(grid, field):
    flags = grid.stored_as_number[grid.header.column_of[field]]
    return None if flags is None else flags.to_pylist()


def refusal(read, *lines, **more):
    with pytest.raises(DeliveryRefusedError) as refused:
        read(*lines, **more)
    return [(finding.code, finding.seen) for finding in refused.value.findings]


def test_a_record_is_a_row_and_a_line_its_number(read):
    grid, unknown = read(ZHANG, b"", {**ZHANG, "name": "李四"})
    assert grid.row_numbers.tolist() == [1, 3]
    assert (grid.received, grid.broken, unknown) == (2, [], [])
    assert cells(grid, "name") == ["张三", "李四"]
    assert cells(grid, "phone") == ["13800138000", "13800138000"]
    assert grid.header.row_number == 0
    assert grid.header.cells == ("name", "person.idCard", "person.contact.phone")


def test_empty_and_missing_values_are_empty_cells(read):
    grid, _ = read(ZHANG, {"name": "李四", "person": None}, {"name": "王\x00五", "person": {"idCard": ""}})
    assert cells(grid, "name") == ["张三", "李四", "王五"]
    assert cells(grid, "id_number") == ["441421194503120018", None, None]


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (b"441421194503120018", "441421194503120018"),
        (b"441421194503120000", "441421194503120000"),
        (b"4.414211945031200e17", "441421194503120000"),
        (b"441421194503120018.0", "441421194503120018"),
        (b"-0", "0"),
        (b"0.10", "0.10"),
    ],
)
def test_a_number_keeps_its_digits_and_is_marked(read, written, text):
    grid, _ = read(b'{"name": "\xe5\xbc\xa0", "person": {"idCard": %s}}' % written, ZHANG)
    assert cells(grid, "id_number")[0] == text
    assert numbers(grid, "id_number") == [True, False]
    assert numbers(grid, "name") is None


def test_truth_is_written_as_in_a_workbook_and_is_no_number(read):
    grid, _ = read({**ZHANG, "waterSafe": True}, {**ZHANG, "waterSafe": False}, {**ZHANG, "waterSafe": "是"})
    assert cells(grid, "is_water_safe") == ["TRUE", "FALSE", "是"]
    assert numbers(grid, "is_water_safe") is None


BROKEN = {
    "no object": (b"[1, 2]", "不是 JSON 对象"),
    "text": (b'"name"', "不是 JSON 对象"),
    "null": (b"null", "不是 JSON 对象"),
    "cut short": (b'{"name": "\xe5\xbc', "不是完整的 JSON 记录"),
    "two records": (b"{} {}", "不是完整的 JSON 记录"),
    "not UTF-8": (b'{"name": "\xd5\xc5"}', "不是完整的 JSON 记录"),
    "a key twice": (b'{"name": "a", "name": "b"}', "同一个键出现两次"),
    "a key twice further in": (b'{"x": [{"y": 1, "y": 2}]}', "同一个键出现两次"),
    "NaN": (b'{"name": NaN}', "含有 NaN 或 Infinity"),
    "infinite": (b'{"x": -Infinity}', "含有 NaN 或 Infinity"),
    "a huge number": (b'{"name": %s}' % (b"9" * 5000), "数字过长"),
    "a huge exponent": (b'{"name": 1e999999999}', "数字过长"),
    "a hopeless exponent": (b'{"name": 1e-99999999999999999999}', "数字过长"),
    "a list for a value": (b'{"name": ["a"]}', "应为单个值，却是列表或对象"),
    "an object for a value": (b'{"name": {"a": 1}}', "应为单个值，却是列表或对象"),
    "a value for an object": (b'{"person": "441421194503120018"}', "应为对象，却是单个值"),
    "a list for an object": (b'{"person": {"contact": []}}', "应为对象，却是单个值"),
    "nothing": (b"{}", "没有任何约定的字段"),
    "nothing of ours": (b'{"rowId": 3, "name": null, "person": {"idCard": " "}}', "没有任何约定的字段"),
    "half a letter": (b'{"name": "\\ud83d"}', "含有不完整的字符"),
    "nested without end": (b'{"x": ' + b"[" * 100_000, "不是完整的 JSON 记录"),
}


@pytest.mark.parametrize(("line", "why"), BROKEN.values(), ids=BROKEN)
def test_a_broken_line_is_said_and_takes_no_other_along(read, line, why):
    grid, _ = read(ZHANG, line, ZHANG)
    assert grid.broken == [(2, why)]
    assert grid.row_numbers.tolist() == [1, 3]
    contents, findings, _ = records_of(grid, TABLE)
    assert (contents.received, contents.table.num_rows, contents.broken) == (3, 2, 1)
    assert [(finding.code, finding.row_number, finding.seen) for finding in findings] == [(Finding.LINE_BROKEN, 2, why)]


def test_keys_nobody_agreed_on_are_said_and_what_is_in_them_is_not_looked_at(read):
    odd = {"rowId": 1, "extra": {"441421194503120018": 1}, "PERSON.idcard": 2}
    _, unknown = read({**ZHANG, **odd, "person": {**ZHANG["person"], "age": 80}})
    assert [(finding.code, finding.seen) for finding in unknown] == [
        (Finding.COLUMN_UNKNOWN, "PERSON.idcard"),
        (Finding.COLUMN_UNKNOWN, "extra"),
        (Finding.COLUMN_UNKNOWN, "person.age"),
    ]


def test_keys_are_compared_as_they_are_written(read):
    assert refusal(read, {"Name": "张三", "person": {"IDCARD": "441421194503120018"}}) == [
        (Finding.COLUMN_MISSING, "name"),
        (Finding.COLUMN_MISSING, "person.idCard"),
        (Finding.COLUMN_UNKNOWN, "Name"),
        (Finding.COLUMN_UNKNOWN, "person.IDCARD"),
    ]


def test_a_key_with_a_dot_in_it_is_no_path(read):
    assert refusal(read, {"name": "张三", "person.idCard": "441421194503120018"}) == [
        (Finding.COLUMN_MISSING, "person.idCard")
    ]


def test_two_keys_for_one_field_are_refused(read):
    assert refusal(read, ZHANG, {"姓名": "李四"}) == [(Finding.COLUMN_DUPLICATED, "姓名")]


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf", b" \t\r\n"], ids=repr)
def test_a_file_without_a_line_is_empty(tmp_path, content):
    (tmp_path / "list.jsonl").write_bytes(content)
    with pytest.raises(DeliveryRefusedError, match="file-empty"):
        read_json_lines(tmp_path / "list.jsonl", TABLE, ReadingLimits())


def test_a_file_of_one_document_over_many_lines_is_no_list(read):
    lines = json.dumps({"data": [ZHANG]}, indent=1).encode().split(b"\n")
    assert refusal(read, *lines) == [(Finding.FILE_UNREADABLE, "没有一行是 JSON 记录")]


def test_too_many_lines_or_keys_are_hostile(read):
    small = ReadingLimits(rows=3, columns=5)
    assert refusal(read, *[ZHANG] * 4, limits=small) == [(Finding.FILE_HOSTILE, "行数超过限额")]
    assert refusal(read, {f"key{number}": 1 for number in range(6)}, limits=small) == [
        (Finding.FILE_HOSTILE, "列数超过限额")
    ]


def test_line_numbers_go_on_from_batch_to_batch(read):
    lines = [ZHANG] * 20_500
    lines[20_200] = b"{"
    lines[100] = b""
    grid, _ = read(*lines)
    assert grid.broken == [(20_201, "不是完整的 JSON 记录")]
    assert grid.received == 20_499
    assert set(range(1, 20_501)) - set(grid.row_numbers.tolist()) == {101, 20_201}
    assert {len(column) for column in grid.columns} == {20_498}


VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.text(), max_size=2)
RECORDS = st.dictionaries(
    st.sampled_from(["name", "person", "waterSafe", "x"]),
    VALUES | st.dictionaries(st.sampled_from(["idCard", "contact"]), VALUES, max_size=2),
    max_size=4,
)


@given(st.lists(RECORDS | VALUES | st.binary(max_size=20).map(lambda line: line.replace(b"\n", b"")), max_size=8))
def test_every_line_is_a_row_or_broken(tmp_path_factory, lines):
    path = tmp_path_factory.mktemp("lines") / "list.jsonl"
    written = [line if isinstance(line, bytes) else json.dumps(line).encode() for line in [ZHANG, *lines]]
    path.write_bytes(b"\n".join(written))
    grid, _ = read_json_lines(path, TABLE, ReadingLimits())
    assert grid.received == len(grid.row_numbers) + len(grid.broken)
    assert {len(column) for column in grid.columns} == {len(grid.row_numbers)}
    contents, _, _ = records_of(grid, TABLE)
    assert contents.received == contents.table.num_rows + contents.blank + contents.broken

"""Whatever a list says, it reads back the same from every format, and every row is accounted for."""

import csv
import io

import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.reading import DeliveryLayout, ReadingLimits, TableLayout
from connectors.reading.grid import BLANKS
from connectors.reading.read import read

FIELDS = ("name", "id_number", "remarks", "sex")
HEADERS = ("姓名", "身份证号码", "备注", "性别")
LAYOUT = DeliveryLayout(
    {
        "main": TableLayout(
            columns=dict(zip(FIELDS, [(h,) for h in HEADERS], strict=True)), required=("name", "id_number")
        )
    }
)

# No line ends other than \n: text files lose the difference; no characters that XML cannot carry.
CELLS = st.one_of(
    st.sampled_from(
        ["", "", "NA", "null", "张三", "䶮㐂", '5"', '"', "独居,空巢", "一\n二", " ", "\u3000", "合计", "1"]
    ),
    st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn", "Co")), max_size=6),
)
NO_RECORDS = {"title", "subtotal", "footer", "repeated-header", "below-header", "no-content"}
ROWS = st.lists(st.tuples(CELLS, CELLS, CELLS, CELLS), max_size=12)
ENCODINGS = ["utf-8", "utf-8-sig", "gb18030"]


def as_text(rows, encoding, order=(0, 1, 2, 3), quoting=csv.QUOTE_MINIMAL):
    out = io.StringIO()
    writer = csv.writer(out, quoting=quoting)
    writer.writerows([[row[index] for index in order] for row in [HEADERS, *rows]])
    return out.getvalue().encode(encoding)


def as_workbook(rows, path):
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("名单")
        for number, row in enumerate([HEADERS, *rows]):
            for column, cell in enumerate(row):
                sheet.write_string(number, column, cell)


def records(path):
    return records_and_left(path)[0]


def records_and_left(path):
    """The table of a file, and the rows that are no records, as its notes say."""
    contents = read(path, LAYOUT, ReadingLimits())
    assert not contents.refused, contents.findings
    table = contents.tables["main"]
    assert table.received == table.table.num_rows + table.blank + table.broken
    left = [note for note in contents.notes if note.kind in NO_RECORDS]
    assert sum(note.count for note in left) == table.blank
    rows = {number for note in left for number in numbers_in(note.rows)}
    assert len(rows) == table.blank
    assert rows.isdisjoint(table.table["row_number"].to_pylist())
    return table, rows


def numbers_in(ranges):
    ends = [part.split("–") for part in ranges.split("、")]
    return [number for end in ends for number in range(int(end[0]), int(end[-1]) + 1)]


def expected_cells(rows, kept):
    return [tuple(cell or None for cell in row) for row in rows if row in kept]


def filled(rows):
    return [row for row in rows if any(cell.strip(BLANKS) for cell in row)]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS, encoding=st.sampled_from(ENCODINGS), quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
def test_a_list_reads_the_same_from_text_and_workbook(tmp_path, rows, encoding, quoting):
    (tmp_path / "text").write_bytes(as_text(rows, encoding, quoting=quoting))
    (tmp_path / "turned").write_bytes(as_text(rows, "utf-8", order=(3, 1, 0, 2)))
    as_workbook(rows, tmp_path / "book")
    text, turned = (records(tmp_path / name) for name in ("text", "turned"))
    book, left = records_and_left(tmp_path / "book")
    assert text.broken == turned.broken == 0
    # A row of quotes alone shows nothing in a text file.
    visible = filled([row for row in rows if any(cell.strip(BLANKS + '",') for cell in row)])
    assert text.received == len(visible)
    assert book.received == len(filled(rows))
    kept = [row for number, row in enumerate(rows, start=2) if number not in left and row in filled(rows)]
    got = list(zip(*(book.table[field].to_pylist() for field in FIELDS), strict=True))
    assert got == [tuple(cell or None for cell in row) for row in kept]
    if len(visible) == len(filled(rows)):
        for other in (text, turned):
            assert other.table.select(["row_hash", *FIELDS]).equals(book.table.select(["row_hash", *FIELDS]))


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.text(alphabet='张1",\n\n \u3000合计', max_size=80))
def test_no_line_of_any_text_is_lost(tmp_path, body):
    (tmp_path / "text").write_bytes(f"姓名,身份证号码,备注,性别\n{body}".encode())
    table = records(tmp_path / "text")
    physical = [line for line in body.split("\n") if line.strip(BLANKS + '",')]
    continued = sum((cell or "").count("\n") for field in FIELDS for cell in table.table[field].to_pylist())
    assert len(physical) - continued <= table.received <= len(physical)


def test_one_broken_line_among_many_leaves_all_others(tmp_path):
    good = [("张三", "441421194503120018", "", "男")] * 500
    for place in (0, 250, 499, 500):
        text = as_text(good, "utf-8").decode().splitlines()
        text.insert(place + 1, '李四,"44142119450312,,女')
        (tmp_path / "text").write_text("\n".join(text), encoding="utf-8")
        table = records(tmp_path / "text")
        assert (table.received, table.table.num_rows, table.broken) == (501, 500, 1)


@pytest.mark.parametrize("cut", range(4, 35))
def test_a_list_cut_off_inside_its_last_row_says_so(tmp_path, cut):
    whole = as_text([("张三", "441421194503120018", "备注", "男")] * 3, "utf-8").rstrip()
    (tmp_path / "text").write_bytes(whole[:-cut])
    contents = read(tmp_path / "text", LAYOUT, ReadingLimits())
    if contents.refused:  # cut inside a character
        assert contents.findings[0].code in {"encoding-undecodable", "header-not-found"}
    else:
        table = contents.tables["main"]
        assert (table.table.num_rows, table.broken) == (2, 1)

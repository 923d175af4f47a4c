"""Values of a database are written once and for all the same, and read back as they were written."""

# ruff: noqa: DTZ001 - columns without a zone give times without a zone

import csv
import io
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from uuid import UUID

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.database.text import DOUBLE, SINGLE, DigitsLost, KindRefused, csv_lines, text_column
from connectors.reading import DeliveryLayout, ReadingLimits, TableLayout
from connectors.reading.grid import BLANKS
from connectors.reading.read import read

TEXTS = st.one_of(
    st.sampled_from(
        ["", "NA", "null", "张三", "䶮㐂", '5"', '"', "独居,空巢", "一\r\n二", " 前", "后 ", "\u3000", "1"]
    ),
    # Arrow's reader drops a byte order mark where rows begin, as the standardising of any cell does.
    st.text(st.characters(codec="utf-8", exclude_categories=("Cs",), exclude_characters="\ufeff"), max_size=8),
)
NUMBERS = st.floats(-SINGLE, SINGLE, exclude_min=True, exclude_max=True, allow_nan=False)
VALUES = st.one_of(
    st.none(), TEXTS, st.integers(), st.booleans(), NUMBERS, st.decimals(allow_nan=False, allow_infinity=False, places=4),
    st.dates(), st.datetimes(), st.datetimes(timezones=st.just(UTC), min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30)),
    st.times(), st.uuids(),
)  # fmt: skip


@pytest.mark.parametrize(
    ("value", "text"),
    [
        pytest.param(None, None, id="null"),
        pytest.param("", "", id="empty"),
        pytest.param(0, "0", id="zero"),
        pytest.param(441421194503120018, "441421194503120018", id="bigint"),
        pytest.param(2**64 - 1, "18446744073709551615", id="unsigned"),
        pytest.param(Decimal("441421194503120018"), "441421194503120018", id="numeric"),
        pytest.param(Decimal("1E+20"), "100000000000000000000", id="decimal-exponent"),
        pytest.param(Decimal("1200.50"), "1200.50", id="decimal-scale"),
        pytest.param(0.1, "0.1", id="float"),
        pytest.param(1200.0, "1200", id="float-whole"),
        pytest.param(1e-7, "0.0000001", id="float-small"),
        pytest.param(441421450312001.0, "441421450312001", id="float-of-fifteen-digits"),
        pytest.param(True, "是", id="true"),
        pytest.param(False, "否", id="false"),
        pytest.param(date(1950, 1, 2), "1950-01-02", id="day"),
        pytest.param(datetime(1950, 1, 2), "1950-01-02 00:00:00", id="datetime"),
        pytest.param(datetime(2026, 1, 1, 16, 30, 0, 5, tzinfo=UTC), "2026-01-02 00:30:00.000005", id="instant"),
        pytest.param(time(8, 30), "08:30:00", id="time"),
        pytest.param(UUID(int=1), "00000000-0000-0000-0000-000000000001", id="uuid"),
        pytest.param("a\r\nb\rc\nd\x00", "a\u2028b\u2028c\u2028d␀", id="line-breaks"),
    ],
)
def test_a_value_has_one_text(value: object, text: str | None) -> None:
    assert text_column([value]).to_pylist() == [text]


@given(values=st.lists(VALUES, max_size=8))
def test_a_values_text_does_not_depend_on_its_neighbours(values: list[object]) -> None:
    together = text_column(values)
    assert together.type == pa.large_string()
    assert together.to_pylist() == [text_column([value])[0].as_py() for value in values]


@given(number=NUMBERS)
def test_a_floating_number_reads_back_exactly_and_without_exponent(number: float) -> None:
    (text,) = text_column([number]).to_pylist()
    assert float(text) == number
    assert "e" not in text


@pytest.mark.parametrize(
    ("values", "exact_below"),
    [
        pytest.param([None, 441421194503120018.0], DOUBLE, id="double"),
        pytest.param([-DOUBLE], DOUBLE, id="negative"),
        pytest.param([13812345678.0], SINGLE, id="single"),
        pytest.param([float("inf")], DOUBLE, id="infinity"),
    ],
)
def test_rounded_digits_never_look_clean(values: list[float | None], exact_below: float) -> None:
    with pytest.raises(DigitsLost):
        text_column(values, exact_below=exact_below)


@pytest.mark.parametrize(
    "value", [b"\x00", ["a"], {"a": 1}, timedelta(1)], ids=["bytes", "list", "document", "interval"]
)
def test_what_no_list_can_hold_is_refused_by_its_kind(value: object) -> None:
    with pytest.raises(KindRefused, match=f"^{type(value).__name__}$"):
        text_column([None, value])


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(TEXTS, TEXTS, TEXTS), max_size=10))
def test_every_text_reads_back_through_the_ordinary_reader(tmp_path, rows) -> None:
    headers = ("姓名", "身份证号码", "备注")
    columns = [text_column(column) for column in zip(*rows, strict=True)] or [text_column([])] * 3
    header = csv_lines([pa.array([name], pa.large_string()) for name in headers])
    (tmp_path / "delivery").write_bytes(header + csv_lines(columns))
    fields = dict(zip(("name", "id_number", "remarks"), [(name,) for name in headers], strict=True))
    layout = DeliveryLayout({"main": TableLayout(columns=fields, required=("name", "id_number"))})
    contents = read(tmp_path / "delivery", layout, ReadingLimits())
    assert not contents.refused, contents.findings
    main = contents.tables["main"]
    written = [
        tuple(cell or None for cell in row) for row in zip(*(column.to_pylist() for column in columns), strict=True)
    ]
    visible = [row for row in written if any((cell or "").strip(BLANKS + '",') for cell in row)]
    assert (main.broken, main.received) == (0, len(visible))
    assert len(main.table) + main.blank == len(visible)
    records = [written[number - 2] for number in main.table["row_number"].to_pylist()]
    assert list(zip(*(main.table[field].to_pylist() for field in fields), strict=True)) == records


@given(rows=st.lists(st.tuples(TEXTS, TEXTS), max_size=6))
def test_lines_are_those_of_rfc_4180(rows: list[tuple[str, str]]) -> None:
    written = csv_lines([text_column([row[place] for row in rows]) for place in range(2)])
    cleaned = [[text_column([cell])[0].as_py() for cell in row] for row in rows]
    assert list(csv.reader(io.StringIO(written.decode(), newline=""), strict=True)) == cleaned
    assert written.count(b"\n") == len(rows)

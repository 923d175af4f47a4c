"""Where an incremental pull goes on: positions are JSON, windows end where the lag says."""

# ruff: noqa: DTZ001 - columns without a zone give times without a zone

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from connectors.database.cursor import Cursor, CursorUnusable, Window

NOW = datetime(2026, 1, 31, 18, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
BEGUN = Cursor.begun("share.v_elders", "changed", "id")


def hashes(*numbers: int) -> "np.ndarray[Any, np.dtype[np.int64]]":
    return np.array(numbers, np.int64)


@pytest.mark.parametrize(
    "last",
    [
        pytest.param(datetime(2026, 1, 1, 2, 3, 4, 5), id="datetime"),
        pytest.param(datetime(2026, 1, 1, 2, 3, 4, tzinfo=UTC), id="instant"),
        pytest.param(date(2026, 1, 1), id="day"),
        pytest.param(2**63, id="number"),
        pytest.param(Decimal("1.50"), id="decimal"),
        pytest.param("2026/01/01", id="text"),
    ],
)
def test_a_position_survives_as_json(last: Any) -> None:
    cursor = Cursor(BEGUN.of, last, hashes(-(2**63), 5))
    back = BEGUN.following(json.loads(json.dumps(cursor.position())))
    assert (type(back.last), back.last, back.seen.tolist()) == (type(last), last, [-(2**63), 5])


def test_another_view_column_or_order_begins_anew() -> None:
    position = Cursor(BEGUN.of, date(2026, 1, 1)).position()
    assert BEGUN.following(position).last == date(2026, 1, 1)
    for other in (
        ("share.v_others", "changed", "id"),
        ("share.v_elders", "id", "id"),
        ("share.v_elders", "changed", "id", "x"),
    ):
        assert Cursor.begun(*other).following(position).last is None
    assert BEGUN.following({}).last is None
    assert BEGUN.following(BEGUN.position()).last is None


@pytest.mark.parametrize(
    ("last", "floor"),
    [
        (datetime(2026, 1, 1, 0, 30), datetime(2025, 12, 31, 23, 30)),
        (date(2026, 1, 1), date(2025, 12, 31)),
        (7, 7),
        (None, None),
    ],
)
def test_a_pull_begins_before_the_newest_stamp(last: Any, floor: Any) -> None:
    assert Cursor(BEGUN.of, last).floor(HOUR) == floor


def test_only_rows_within_the_lag_are_remembered_over_chunks() -> None:
    window = Window(BEGUN, HOUR, NOW)
    day = datetime(2026, 1, 31)
    assert window.new_rows([day.replace(hour=1), day.replace(hour=10)], hashes(1, 2)).all()
    assert window.new_rows([None, day.replace(hour=11)], hashes(3, 4)).all()
    cursor = window.end()
    assert cursor.last == day.replace(hour=11)
    assert cursor.seen.tolist() == [2, 3, 4]
    again = Window(cursor, HOUR, NOW)
    assert again.new_rows([day.replace(hour=10), day.replace(hour=11)], hashes(2, 9)).tolist() == [False, True]


def test_a_pull_that_meets_no_row_stays_where_it_was() -> None:
    cursor = Cursor(BEGUN.of, date(2026, 1, 1), hashes(1))
    assert Window(cursor, HOUR, NOW).end().position() == cursor.position()


def test_more_rows_than_can_be_remembered_are_met_again() -> None:
    for rows, remembered in ((5000, 5000), (5001, 0)):
        window = Window(BEGUN, HOUR, NOW)
        window.new_rows([date(2026, 1, 1)] * rows, np.arange(rows))
        assert len(window.end().seen) == remembered


@pytest.mark.parametrize(
    ("stamps", "said"),
    [
        pytest.param([5], "is no time, so lag_minutes must be 0", id="number-with-lag"),
        pytest.param([0.5], r"holds values no pull can go on by \(float\)", id="floating"),
        pytest.param([date(2026, 1, 1), datetime(2026, 1, 1)], "holds stamps of several kinds", id="several"),
        pytest.param(
            [datetime(2026, 1, 1), datetime(2026, 1, 1, tzinfo=UTC)], "several kinds", id="with-and-without-zone"
        ),
    ],
)
def test_stamps_no_pull_can_go_on_by_are_refused(stamps: list[Any], said: str) -> None:
    with pytest.raises(CursorUnusable, match=said):
        Window(BEGUN, HOUR, NOW).new_rows(stamps, np.arange(len(stamps)))


def test_a_stamp_of_another_kind_than_last_night_is_refused() -> None:
    with pytest.raises(CursorUnusable, match="several kinds"):
        Window(Cursor(BEGUN.of, "20260101"), timedelta(0), NOW).new_rows([5], hashes(1))

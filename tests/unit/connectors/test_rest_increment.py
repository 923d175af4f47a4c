"""Only changes are asked for, and none is missed because it came late or because a clock was wrong."""

import datetime as dt

import pytest

from connectors.rest.envelope import MISSING, Page
from connectors.rest.increment import Since
from schemas.channel_rest_parts import Increment
from schemas.errors import SourceNotBelieved

NOW = dt.datetime(2025, 11, 3, 2, 0, tzinfo=dt.UTC)
BASE = {"parameter": "since", "field": "at", "start": "2020-01-01 00:00:00"}


def since(position=None, asked="/elders", **changes):
    increment = Increment.model_validate({**BASE, **changes})
    return Since(increment, position or {}, asked=asked, now=lambda: NOW)


def position_at(value, **changes):
    looking = since(**changes)
    looking.see(Page(None, [], {"at": [value], "id": [value]}))
    return looking.position()


def after(*values, position=None, **changes):
    looking = since(position, **changes)
    looking.see(Page(None, [], {"at": list(values)}))
    return since(looking.position(), **changes)


def test_the_first_pull_asks_from_the_declared_start():
    assert since().value() == "2020-01-01 00:00:00"
    assert since().position() == {}


@pytest.mark.parametrize(
    ("values", "asked"),
    [
        (["2025-11-01 08:00:00", "2025-11-02 08:00:00", "2025-10-01 08:00:00"], "2025-11-02 07:00:00"),
        (["2025-11-02T08:00:00"], "2025-11-02 07:00:00"),
        (["2025-11-02T00:00:00Z"], "2025-11-02 07:00:00"),
        (["2025-11-02T08:00:00.999+08:00"], "2025-11-02 07:00:00"),
        (["2025-11-02"], "2025-11-01 23:00:00"),
        (["2199-01-01 00:00:00"], "2025-11-03 09:00:00"),
    ],
    ids=["plain", "iso", "utc", "fraction-and-zone", "day", "in-the-future"],
)
def test_the_next_pull_asks_from_the_newest_change_less_the_lag(values, asked):
    assert after(*values).value() == asked


@pytest.mark.parametrize(
    ("form", "value", "asked"),
    [
        ("unix_seconds", "1762000000", "1761996400"),
        ("unix_milliseconds", "1762000000123", "1761996400123"),
        ("number", "1005", "1000"),
    ],
)
def test_numbers_are_asked_for_as_they_are_told(form, value, asked):
    changes = {"form": form, "start": "0"} | ({"lag": 5} if form == "number" else {})
    assert after(value, **changes).value() == asked


def test_a_pull_of_nothing_stays_where_it_was():
    before = position_at("2025-11-02 08:00:00")
    looking = since(before)
    looking.see(Page(None, [], {"at": []}))
    assert looking.position() == before


def test_what_was_seen_never_goes_back():
    position = position_at("2025-11-02 08:00:00")
    assert after("2025-10-01 00:00:00", position=position).value() == "2025-11-02 07:00:00"


def test_the_position_of_another_declaration_or_interface_is_not_used():
    by_number = position_at("1762000000", form="number", field="id", start="0")
    elsewhere = position_at("2025-11-02 08:00:00", asked="/others")
    damaged = position_at("2025-11-02 08:00:00") | {"newest": "2025"}
    for position in (by_number, elsewhere, damaged):
        assert since(position).value() == "2020-01-01 00:00:00"


@pytest.mark.parametrize(
    "value", [MISSING, None, "", "yesterday", "张三", [], True, "9" * 400], ids=lambda value: repr(value)[:9]
)
def test_records_that_do_not_tell_when_they_changed_are_not_believed(value):
    with pytest.raises(SourceNotBelieved, match="1 of 2 records do not tell at at when they changed"):
        since().see(Page(None, [], {"at": ["2025-11-02 08:00:00", value]}))

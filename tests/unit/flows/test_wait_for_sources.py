"""A night waits for sources until something new of each has come or its cut-off is past, and for nothing else."""

import hashlib
import os
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from flows.schedule.wait_for_sources import Awaited, awaited_sources, wait_for_sources
from schemas.configuration import Configuration, load_configuration

ZONE = ZoneInfo("Asia/Shanghai")
NIGHT = datetime(2026, 11, 20, 2, 0, tzinfo=ZONE)
DAY = NIGHT.date()
SURVEY, INCAPACITY, FEDERATION = "village_survey", "health_incapacity", "disability_federation"


@pytest.fixture(scope="module")
def shipped() -> Configuration:
    return load_configuration(Path(os.environ["ELDERSYNC_CONFIG"]))


def with_cut_offs(shipped: Configuration, **cut_offs: time) -> Configuration:
    sources = {
        name: source.model_copy(update={"cut_off": cut_offs.get(name)}) for name, source in shipped.sources.items()
    }
    return shipped.model_copy(update={"sources": sources})


class Waiting:
    """A wait over an inbox, with a clock that only its sleeping moves; ``events`` happen when their minute has come."""

    def __init__(
        self, inbox: Path, configuration: Configuration, delivered: dict[str, dict[str, str]] | None = None
    ) -> None:
        self.now, self.told, self.events = NIGHT, [], dict[int, Callable[[], object]]()  # fmt: skip
        known = {name: (delivered or {}).get(name, {}) for name in configuration.sources}
        self.awaited = awaited_sources(
            configuration, inbox, known, business_date=DAY, sources=list(configuration.sources), now=self.now
        )

    def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        for minute in [minute for minute in self.events if self.now >= NIGHT + timedelta(minutes=minute)]:
            self.events.pop(minute)()

    def tell(self, waiting: list[Awaited]) -> None:
        self.told.append([one.name for one in waiting])

    def wait(self) -> list[str]:
        return wait_for_sources(self.awaited, now=lambda: self.now, tell=self.tell, sleep=self.sleep)

    @property
    def minutes(self) -> float:
        return (self.now - NIGHT).total_seconds() / 60


def drop(inbox: Path, source: str, content: bytes = b"made up") -> None:
    (inbox / source).mkdir(exist_ok=True)
    (inbox / source / "list.csv").write_bytes(content)


def test_without_a_cut_off_nothing_is_waited_for(shipped: Configuration, tmp_path: Path) -> None:
    assert Waiting(tmp_path, with_cut_offs(shipped)).awaited == []


@pytest.mark.parametrize(
    ("cut_off", "until"),
    [(time(3, 30), "2026-11-20 03:30"), (time(11, 59), "2026-11-20 11:59"), (time(1, 30), None), (time(2, 0), None),
     (time(12, 0), None), (time(22, 0), None)],
    ids=["ahead", "late in the morning", "past", "now", "noon", "the evening before"],
)  # fmt: skip
def test_a_cut_off_of_the_morning_is_ahead_and_one_of_the_evening_is_past(
    shipped: Configuration, tmp_path: Path, cut_off: time, until: str | None
) -> None:
    awaited = Waiting(tmp_path, with_cut_offs(shipped, village_survey=cut_off)).awaited
    assert [f"{one.until:%Y-%m-%d %H:%M}" for one in awaited] == ([until] if until else [])


def test_a_night_for_another_day_waits_for_nothing(shipped: Configuration, tmp_path: Path) -> None:
    configuration = with_cut_offs(shipped, village_survey=time(3, 30))
    assert (
        awaited_sources(
            configuration, tmp_path, {SURVEY: {}}, business_date=date(2026, 11, 19), sources=[SURVEY], now=NIGHT
        )
        == []
    )


def test_it_ends_when_something_new_of_each_has_come(shipped: Configuration, tmp_path: Path) -> None:
    waiting = Waiting(tmp_path, with_cut_offs(shipped, village_survey=time(4), health_incapacity=time(5)))
    waiting.events = {10: lambda: drop(tmp_path, INCAPACITY), 20: lambda: drop(tmp_path, SURVEY)}
    assert waiting.wait() == []
    assert 20 <= waiting.minutes < 21
    assert (sorted(waiting.told[0]), waiting.told[-1]) == ([INCAPACITY, SURVEY], [SURVEY])


def test_it_ends_at_each_ones_cut_off_and_says_of_whom_nothing_came(shipped: Configuration, tmp_path: Path) -> None:
    waiting = Waiting(tmp_path, with_cut_offs(shipped, village_survey=time(3), health_incapacity=time(4)))
    waiting.events = {90: lambda: drop(tmp_path, INCAPACITY)}
    assert waiting.wait() == [SURVEY]
    assert 90 <= waiting.minutes < 91
    assert Waiting(tmp_path, with_cut_offs(shipped, village_survey=time(3))).wait() == [SURVEY]


def test_what_lies_there_since_an_earlier_night_is_nothing_new(shipped: Configuration, tmp_path: Path) -> None:
    drop(tmp_path, SURVEY)
    sha256 = hashlib.sha256(b"made up").hexdigest()
    configuration = with_cut_offs(shipped, village_survey=time(3))
    for state in ("accepted", "superseded", "held", "refused"):
        assert Waiting(tmp_path, configuration, {SURVEY: {sha256: state}}).wait() == [SURVEY]
    # Received by a night that was cut short, or taken out and put in again: the coming night takes it.
    for state in ("received", "withdrawn"):
        untaken = Waiting(tmp_path, configuration, {SURVEY: {sha256: state}})
        assert (untaken.wait(), untaken.minutes) == ([], 0)


def test_an_inbox_that_is_away_is_waited_for_like_an_empty_one(
    shipped: Configuration, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / FEDERATION).write_text("a share that is away")
    waiting = Waiting(tmp_path, with_cut_offs(shipped, disability_federation=time(3)))
    assert waiting.wait() == [FEDERATION]
    assert waiting.minutes == 60
    assert caplog.text.count("waiting for disability_federation: an inbox cannot be listed") == 1

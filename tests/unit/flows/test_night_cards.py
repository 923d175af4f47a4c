"""What the ledger says becomes cards: whose job a failure is, since when, and when a night is missed."""

import os
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from flows.watching.cards import Card
from flows.watching.night_cards import ledger_cards, missed_night
from flows.watching.situation import Situation, nothing_yet
from flows.watching.told import Told
from registry.runs import StageRecord
from schemas.channels import SftpChannel
from schemas.configuration import Configuration, load_configuration

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 1, 31, 7, 50, tzinfo=SHANGHAI)
HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGPmGF4qkkkAUSKRbmPBFAgKAvJL5HVqV9xyrqFvUoGk"


@pytest.fixture(scope="module")
def configuration() -> Configuration:
    return load_configuration(Path(os.environ["ELDERSYNC_CONFIG"]))


def summary(day: date, lamps: Mapping[str, str], reject: int = 0) -> dict[str, Any]:
    lines = [{"name": name, "status": lamp} for name, lamp in lamps.items()]
    return {
        "sources": lines, "findings": {"reject": reject, "hold": 0}, "push": {"rejected": 0}, "reasons": ["旧事一件。"],
        "business_date": day.isoformat(),
    }  # fmt: skip


def run(run_id: int, day: date, status: str = "green", **more: Any) -> Any:
    began = datetime(day.year, day.month, day.day, 2, tzinfo=SHANGHAI).astimezone(UTC)
    return {
        "run_id": run_id, "business_date": day, "status": status, "started_at": began, "finished_at": began + timedelta(minutes=3),
        "stopped_by": None, "kind": "night", "summary": None, **more,
    }  # fmt: skip


def situation(
    configuration: Configuration, *nights: Any, account: Mapping[str, Any] | None = None, **more: Any
) -> Situation:
    """Nights newest first; ``account`` is of village_survey in the newest."""
    line = {"status": "taken", "message": "", "needs_a_look": False} | dict(account or {})
    stages = {("merge", ""): StageRecord("merge", "", "done", 1.0, {"accounts": {"village_survey": line}})}
    empty = nothing_yet(configuration, NOW)
    return replace(empty, latest=nights[0], night=nights[0], nights=nights, night_stages=stages, **more)


def codes(cards: list[Card]) -> list[str]:
    return [one.code for one in cards]


@pytest.mark.parametrize(("kind", "owner"), [
    ("SourceUnavailable", "网络"), ("SourceRefusesUs", "来源单位"), ("SourceNotBelieved", "来源单位"), ("SecretMissing", "我方"),
    ("", "网络"),
])  # fmt: skip
def test_whose_job_a_failed_server_is_follows_from_the_kind_of_failure(
    configuration: Configuration, kind: str, owner: str
) -> None:
    channel = SftpChannel(kind="sftp", host="sftp.example.org", username="u", password="p", host_keys=(HOST_KEY,))
    source = configuration.sources["village_survey"].model_copy(update={"channel": channel})
    served = configuration.model_copy(update={"sources": configuration.sources | {"village_survey": source}})
    night = run(3, date(2026, 1, 31), "yellow", summary=summary(date(2026, 1, 31), {"village_survey": "red"}))
    found = situation(served, night, account={"status": "failed", "message": "没有取到。"})
    failure = {"error": "x"} | ({"kind": kind} if kind else {})
    stages = {
        **found.night_stages,
        ("receive", "village_survey"): StageRecord("receive", "village_survey", "failed", 1, failure),
    }
    [failed] = ledger_cards(replace(found, night_stages=stages))
    assert (failed.code, failed.owner) == ("source-failed", owner)


def test_since_when_is_the_first_of_the_newest_nights_in_a_row(configuration: Configuration) -> None:
    days = [date(2026, 1, day) for day in (31, 30, 29, 28)]
    lamps = ["yellow", "yellow", "green", "yellow"]
    nights = [
        run(number, day, "yellow", summary=summary(day, {"village_survey": lamp}, reject=2))
        for number, day, lamp in zip((9, 8, 7, 6), days, lamps, strict=True)
    ]
    found = situation(
        configuration, *nights, account={"status": "refused", "message": "1 个文件无法使用。"}, findings={"reject": 2}
    )
    cards = {one.code: one for one in ledger_cards(found)}
    assert cards["source-unusable"].since == "2026-01-30"
    assert cards["rows-to-return"].since == "2026-01-28"


def test_a_yellow_night_of_which_nothing_is_left_says_so(configuration: Configuration) -> None:
    day = date(2026, 1, 31)
    [noted] = ledger_cards(situation(configuration, run(3, day, "yellow", summary=summary(day, {}))))
    assert (noted.code, noted.what) == ("night-noted", "旧事一件。")
    assert ledger_cards(situation(configuration, run(3, day, "green", summary=summary(day, {})))) == []


def test_a_source_that_is_no_longer_configured_is_nobodys_job(configuration: Configuration) -> None:
    day = date(2026, 1, 31)
    found = situation(configuration, run(3, day, summary=summary(day, {})))
    stages = {
        ("merge", ""): StageRecord(
            "merge",
            "",
            "done",
            1.0,
            {"accounts": {"gazette": {"status": "failed", "message": "", "needs_a_look": False}}},
        )
    }
    assert ledger_cards(replace(found, night_stages=stages)) == []


@pytest.mark.parametrize(("stopped_by", "code"), [
    ("cancelled", "night-cancelled"), ("the process ended before the run did", "night-killed"), ("PostgreSQL is not available", "night-stopped"),
])  # fmt: skip
def test_how_a_run_ended_is_told_apart(configuration: Configuration, stopped_by: str, code: str) -> None:
    stopped = run(4, date(2026, 1, 31), "red", stopped_by=stopped_by)
    assert codes(ledger_cards(replace(nothing_yet(configuration, NOW), latest=stopped))) == [code]


def test_a_night_is_missed_only_where_one_is_expected(configuration: Configuration) -> None:
    due = NOW.replace(hour=6, minute=0)
    yesterday = run(3, date(2026, 1, 30), summary=summary(date(2026, 1, 30), {}))
    nothing = nothing_yet(configuration, NOW)

    def missed(found: Situation, since: datetime | None = None) -> str:
        given = missed_night(found, due=due, expected_since=since)
        return given.code if given else ""

    assert missed(situation(configuration, yesterday)) == "night-missed"
    assert missed(nothing) == ""
    assert missed(nothing, due - timedelta(hours=5)) == "night-missed"
    assert missed(nothing, due + timedelta(hours=1)) == ""
    today = run(4, date(2026, 1, 31), summary=summary(date(2026, 1, 31), {}))
    assert missed(situation(configuration, today, yesterday)) == ""
    stopped = run(4, date(2026, 1, 31), "red", stopped_by="x")
    assert missed(replace(situation(configuration, yesterday), latest=stopped)) == ""
    at_work = replace(situation(configuration, yesterday), latest=run(4, date(2026, 1, 31), "running"), active="run 4")
    assert missed(at_work) == "night-late"


def test_a_run_hangs_only_while_it_is_the_same_and_no_stage_is_done(configuration: Configuration) -> None:
    told = Told()
    at_work = replace(nothing_yet(configuration, NOW), latest=run(4, date(2026, 1, 31), "running"), active="run 4")
    told.note_progress(at_work)
    later = replace(at_work, now=NOW + timedelta(minutes=120))
    told.note_progress(later)
    assert told.stuck_since(later, minutes=121) is None
    assert told.stuck_since(later, minutes=120) == NOW
    assert codes(ledger_cards(later, stuck_since=NOW)) == ["night-hung"]
    moved = replace(later, stages={("take", "a"): StageRecord("take", "a", "done", 1.0, {})})
    assert told.stuck_since(moved, minutes=120) is None
    told.note_progress(replace(later, active=None))
    assert told.progress is None

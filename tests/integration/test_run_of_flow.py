"""A run of the scheduler asks the ledger what is left to do: which run is its own, whether it is finished, overtaken, or not needed."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from flows.schedule.run_of_flow import Asked, ToDo, to_do
from registry import runs
from registry.engine import transaction

SOURCES = ["health", "survey"]
DUE = datetime(2026, 11, 20, 18, 0, tzinfo=UTC)


class Ledger:
    """A ledger that a test writes runs into, a minute apart."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine, self.at = engine, DUE

    def run(self, status: str, *, flow_run: str = "", sources: list[str] = SOURCES, taken: list[str] = SOURCES, **requested: Any) -> int:  # fmt: skip
        self.at += timedelta(minutes=1)
        wish = {"sources": sources, "send": True, **({"flow_run": flow_run} if flow_run else {}), **requested}
        with transaction(self.engine) as connection:
            run_id = runs.begin_run(
                connection, business_date=date(2026, 11, 21), started_at=self.at, rules_digest="made-up", requested=wish
            )
            for source in taken:
                runs.record_stage(connection, run_id, "take", source, status="done", seconds=1, result={})
            if status != "running":
                runs.finish_run(
                    connection, run_id, status=status, at=self.at, summary={"run_id": run_id}, stopped_by=None
                )
        return run_id

    def to_do(self, **asked: Any) -> ToDo:
        with transaction(self.engine) as connection:
            return to_do(connection, Asked(**asked), SOURCES)


@pytest.fixture
def ledger(fresh_engine: sa.Engine) -> Ledger:
    return Ledger(fresh_engine)


def test_the_first_try_begins_a_run(ledger: Ledger) -> None:
    ledger.run("green", flow_run="another")
    assert ledger.to_do(flow_run="mine") == ToDo()
    assert ledger.to_do() == ToDo()


@pytest.mark.parametrize("status", ["red", "running"])
def test_a_retry_goes_on_with_its_own_unfinished_run(ledger: Ledger, status: str) -> None:
    run_id = ledger.run(status, flow_run="mine")
    assert ledger.to_do(flow_run="mine", is_again=True) == ToDo(run_id)


def test_a_retry_of_a_finished_run_gives_its_result_again(ledger: Ledger) -> None:
    run_id = ledger.run("yellow", flow_run="mine")
    ledger.run("green")
    found = ledger.to_do(flow_run="mine", is_again=True)
    assert found == ToDo(run_id, "Yellow", f"run {run_id}: yellow", {"run_id": run_id})


def test_a_retry_of_an_overtaken_run_says_which_did_the_rest_and_what_it_did_not(ledger: Ledger) -> None:
    mine = ledger.run("red", flow_run="mine", taken=["survey"])
    ledger.run("green", sources=["survey"], taken=["survey"])
    found = ledger.to_do(flow_run="mine", is_again=True)
    assert (found.run_id, found.ended) == (mine, "Superseded")
    assert found.message == (
        "run 1 was overtaken by run 2 (green), which did the rest, but for health: the next night takes them"
    )
    ledger.run("yellow")
    found = ledger.to_do(flow_run="mine", is_again=True)
    assert found.message == "run 1 was overtaken by run 2 (green), which did the rest"


def test_a_retry_of_a_run_overtaken_by_one_that_stopped_too_says_how_to_go_on(ledger: Ledger) -> None:
    ledger.run("red", flow_run="mine")
    ledger.run("red")
    found = ledger.to_do(flow_run="mine", is_again=True)
    assert found.ended == "Superseded"
    assert found.message == "run 1 was overtaken by run 2, which has the rest: eldersync resume 2"


def test_a_retry_of_a_run_after_which_a_night_was_taken_back_leaves_the_rest_to_the_next_night(ledger: Ledger) -> None:
    before = ledger.run("green")
    ledger.run("red", flow_run="mine")
    with transaction(ledger.engine) as connection:
        runs.begin_run(
            connection, business_date=date(2026, 11, 21), started_at=ledger.at, rules_digest="made-up", requested={},
            undoes=[before],
        )  # fmt: skip
    found = ledger.to_do(flow_run="mine", is_again=True)
    assert (found.ended, found.message) == (
        "Superseded", "run 2 was overtaken by an undo: the next night does what is left",
    )  # fmt: skip


def test_resuming_by_number_is_tried_as_asked_and_its_retry_does_what_is_left(ledger: Ledger) -> None:
    run_id = ledger.run("red")
    assert ledger.to_do(flow_run="mine", resume_run=run_id) == ToDo(run_id)
    assert ledger.to_do(flow_run="mine", resume_run=run_id, is_again=True) == ToDo(run_id)
    ledger.run("green")
    assert ledger.to_do(flow_run="mine", resume_run=run_id, is_again=True).ended == "Superseded"
    # Ordered by a person for the first time it is an order that cannot be followed, and the night says so.
    assert ledger.to_do(flow_run="mine", resume_run=run_id) == ToDo(run_id)


def test_a_missed_night_is_skipped_where_a_whole_night_has_begun_since_it_was_due(ledger: Ledger) -> None:
    assert ledger.to_do(flow_run="late", due_at=DUE) == ToDo()
    ledger.run("green", sources=["survey"])
    ledger.run("green", send=False)
    assert ledger.to_do(flow_run="late", due_at=DUE) == ToDo()
    whole = ledger.run("red", flow_run="first of the late ones")
    found = ledger.to_do(flow_run="late", due_at=DUE)
    assert (found.run_id, found.ended) == (whole, "Skipped")
    assert found.message == "run 3 (red) began after this one was due and does what it would have"
    # Tonight's is due later than that.
    assert ledger.to_do(flow_run="tonight", due_at=ledger.at + timedelta(hours=1)) == ToDo()
    # A person's order is no missed night.
    assert ledger.to_do(flow_run="by hand") == ToDo()

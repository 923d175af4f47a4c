"""A returned row that the next whole list leaves out: cancelled, or forgotten? Nobody leaves in silence."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from nights import (
    INCAPACITY,
    SURVEY,
    TODAY,
    Bureau,
    command,
    copied,
    fresh_database,
    funnel,
    incapacity_row,
    people,
    survey_row,
)
from openpyxl import load_workbook

from flows.returning.returns import write_returns

EIGHT = people(8)
FAULTY = "12345"
BY = ("--by", "李核", "--reason", "村委会书面答复：已去世注销")
KEPT = "1 行退回后名单中已没有（注销还是漏报，待报送单位答复），暂予保留。"
REPEATED = ("delivery-repeated",)


@pytest.fixture
def bureau(tmp_path: Path, fresh_url: str) -> Bureau:
    return Bureau(tmp_path / "home", fresh_url)


def day(number: int):
    return TODAY + timedelta(days=number)


def returned(bureau: Bureau, source: str = INCAPACITY) -> Path:
    """The workbook that goes back of a list of eight, whose first telephone is wrong."""
    make = incapacity_row if source == INCAPACITY else survey_row
    bureau.deliver(source, [make(EIGHT[0], 联系电话=FAULTY), *map(make, EIGHT[1:])])
    run_id = bureau.night(send=False)["run_id"]
    with bureau.environment():
        (one,) = write_returns(bureau.home, bureau.config, run_id)["returns"]
    return Path(one["workbook"])


@pytest.fixture(scope="module")
def evenings(tmp_path_factory: pytest.TempPathFactory, server_engine: sa.Engine) -> Iterator[tuple[Bureau, Bureau]]:
    """A bureau that has returned a row, and the same one a night later, when the row was left out; to be copied."""
    with fresh_database(server_engine) as url:
        first = Bureau(tmp_path_factory.mktemp("first") / "home", url)
        returned(first)
        with copied(first, server_engine, tmp_path_factory.mktemp("second")) as second:
            second.deliver(INCAPACITY, [*map(incapacity_row, EIGHT[1:])])
            assert second.night(day(1), send=False)["run_id"] == 2
            yield first, second


@pytest.fixture
def sent_back(evenings: tuple[Bureau, Bureau], server_engine: sa.Engine, tmp_path: Path) -> Iterator[Bureau]:
    with copied(evenings[0], server_engine, tmp_path) as bureau:
        yield bureau


@pytest.fixture
def left_out(evenings: tuple[Bureau, Bureau], server_engine: sa.Engine, tmp_path: Path) -> Iterator[Bureau]:
    with copied(evenings[1], server_engine, tmp_path) as bureau:
        yield bureau


def number_of(bureau: Bureau, code: str = "phone-format") -> int:
    (found,) = bureau.query("SELECT finding_id FROM finding WHERE code = :code AND to_run IS NULL", code=code)
    return int(found["finding_id"])


def state_of(bureau: Bureau, run_id: int, code: str = "phone-format") -> str:
    path = bureau.home / f"{run_id}.csv"
    assert command(bureau, "findings", run_id, "--to", path) == 0
    lines = [line.split('","') for line in path.read_text("utf-8-sig").splitlines() if code in line]
    (found,) = lines
    return found[-1].strip('"')


@pytest.mark.parametrize("source", [INCAPACITY, SURVEY], ids=["a whole list", "a village's list"])
def test_somebody_returned_and_left_out_stays_and_is_asked_about(bureau: Bureau, source: str) -> None:
    returned(bureau, source)
    make = incapacity_row if source == INCAPACITY else survey_row
    bureau.deliver(source, [*map(make, EIGHT[1:7])])
    summary = bureau.night(day(1), send=False, expect="yellow")
    line = summary["sources"][source]
    assert line["message"] == KEPT
    assert funnel(line) == (7, 7, 0, 0, 0)
    assert bureau.active() == {who.number for who in EIGHT[:7]}  # the eighth was not returned, and leaves as ever
    assert state_of(bureau, summary["run_id"]) == "vanished"
    page = Path(summary["report"]).read_text("utf-8")
    assert KEPT in page
    assert "退回后未再报送：注销还是漏报？" in page

    same = bureau.night(day(2), send=False, expect="yellow")
    assert KEPT in same["sources"][source]["message"]
    assert EIGHT[0].number in bureau.active()


def test_who_is_listed_again_is_asked_about_no_longer(left_out: Bureau) -> None:
    bureau = left_out
    second = 2
    bureau.deliver(INCAPACITY, [incapacity_row(EIGHT[0]), *map(incapacity_row, EIGHT[1:])])
    summary = bureau.night(day(2), send=False, expect="green")
    assert funnel(summary["sources"][INCAPACITY]) == (8, 8, 0, 0, 0)
    assert state_of(bureau, second) == "corrected"
    assert bureau.active() == {who.number for who in EIGHT}


def test_the_very_same_row_comes_again_and_is_as_wrong_as_before(left_out: Bureau) -> None:
    bureau = left_out
    bureau.deliver(INCAPACITY, [*map(incapacity_row, EIGHT[1:]), incapacity_row(EIGHT[0], 联系电话=FAULTY)])
    summary = bureau.night(day(2), send=False)
    assert summary["sources"][INCAPACITY]["message"] == ""
    assert state_of(bureau, summary["run_id"]) == "reopened"


def test_what_the_sender_cancelled_ends_with_the_next_night_without_another_list(left_out: Bureau) -> None:
    bureau = left_out
    second = 2
    number = number_of(bureau)
    assert command(bureau, "findings", "confirm", number, *BY) == 2
    assert command(bureau, "findings", "waive", number, *BY) == 2
    assert command(bureau, "findings", "withdraw", number, *BY) == 0
    assert state_of(bureau, second) == "withdrawn"
    summary = bureau.night(day(2), send=False, expect="green")
    assert funnel(summary["sources"][INCAPACITY]) == (7, 7, 0, 0, 0)
    assert summary["elders"]["withdrawn"] == 1
    assert bureau.active() == {who.number for who in EIGHT[1:]}
    assert bureau.codes(besides=REPEATED) == {}
    decided = bureau.query("SELECT kind, closed_by, reason FROM finding_closure")
    assert decided == [{"kind": "withdrawn", "closed_by": "李核", "reason": BY[-1]}]


def test_what_still_stands_in_the_list_is_cancelled_by_nobody(
    sent_back: Bureau, capsys: pytest.CaptureFixture[str]
) -> None:
    bureau = sent_back
    assert command(bureau, "findings", "withdraw", number_of(bureau), *BY) == 2
    assert "have not vanished" in capsys.readouterr().err


def test_all_of_a_code_are_of_rows_that_stand_or_of_rows_that_have_vanished(bureau: Bureau) -> None:
    bureau.deliver(INCAPACITY, [incapacity_row(who, 联系电话=f"{FAULTY}{who.number[-2:-1]}") for who in EIGHT])
    run_id = bureau.night(send=False)["run_id"]
    with bureau.environment():
        write_returns(bureau.home, bureau.config, run_id)
    bureau.deliver(INCAPACITY, [incapacity_row(who, 联系电话=f"{FAULTY}{who.number[-2:-1]}") for who in EIGHT[2:]])
    bureau.night(day(1), send=False)
    of_code = ("--code", "phone-format", "--source", INCAPACITY, *BY, "--yes")
    assert command(bureau, "findings", "waive", *of_code) == 0
    assert command(bureau, "findings", "withdraw", *of_code) == 0
    kinds = bureau.query("SELECT kind, count(*) AS n FROM finding_closure GROUP BY kind ORDER BY kind")
    assert kinds == [{"kind": "waived", "n": 6}, {"kind": "withdrawn", "n": 2}]
    bureau.night(day(2), send=False, expect="green")
    assert bureau.active() == {who.number for who in EIGHT[2:]}


def test_a_forgotten_row_goes_back_once_more_and_comes_in_corrected(left_out: Bureau) -> None:
    bureau = left_out
    run_id = 2
    with bureau.environment():
        told = write_returns(bureau.home, bureau.config, run_id)
    (one,) = told["returns"]
    book = load_workbook(one["workbook"])
    header = [cell.value for cell in book.worksheets[0][1]]
    assert book.worksheets[0].max_row == 2
    assert "注销还是漏报" in book.worksheets[0].cell(2, header.index("存在问题") + 1).value
    letter = next(Path(file) for file in told["letters"][0]["files"] if file.endswith(".html")).read_text("utf-8")
    assert "1 行退回后贵单位名单中已经没有，请逐行答复是注销还是漏报" in letter
    book.worksheets[0].cell(2, header.index("联系电话") + 1).value = "13800138000"
    book.save(bureau.inbox(INCAPACITY) / "补报.xlsx")
    summary = bureau.night(day(2), send=False, expect="green")
    assert summary["sources"][INCAPACITY]["message"] == "退回更正：采用更正 1 行。"
    assert funnel(summary["sources"][INCAPACITY]) == (8, 8, 0, 0, 0)
    assert (state_of(bureau, run_id), EIGHT[0].number in bureau.active()) == ("corrected", True)


def test_a_row_that_was_never_returned_leaves_as_it_always_did(bureau: Bureau) -> None:
    bureau.deliver(INCAPACITY, [incapacity_row(EIGHT[0], 联系电话=FAULTY), *map(incapacity_row, EIGHT[1:])])
    first = bureau.night(send=False)["run_id"]
    bureau.deliver(INCAPACITY, [*map(incapacity_row, EIGHT[1:])])
    bureau.night(day(1), send=False, expect="green")
    assert (state_of(bureau, first), EIGHT[0].number in bureau.active()) == ("withdrawn", False)


def test_what_an_officer_has_settled_is_not_asked_again_when_it_vanishes(sent_back: Bureau) -> None:
    bureau = sent_back
    assert command(bureau, "findings", "confirm", number_of(bureau), *BY) == 0
    bureau.deliver(INCAPACITY, [*map(incapacity_row, EIGHT[1:])])
    bureau.night(day(1), send=False, expect="green")
    assert EIGHT[0].number not in bureau.active()


def test_somebody_of_the_same_name_in_another_village_is_somebody_else(bureau: Bureau) -> None:
    returned(bureau, SURVEY)
    namesake = people(1, first=40, village="扶贵村")[0]
    rows = [*map(survey_row, EIGHT[1:]), survey_row(namesake, 姓名=EIGHT[0].name)]
    bureau.deliver(SURVEY, rows)
    summary = bureau.night(day(1), send=False)
    assert KEPT in summary["sources"][SURVEY]["message"]
    assert EIGHT[0].number in bureau.active()


def test_another_village_s_list_leaves_the_question_open(bureau: Bureau) -> None:
    returned(bureau, SURVEY)
    bureau.deliver(SURVEY, [*map(survey_row, EIGHT[1:])])
    bureau.night(day(1), send=False)
    there = people(3, first=40, village="扶贵村")
    bureau.deliver(SURVEY, [*map(survey_row, there)], "other.csv")
    (bureau.inbox(SURVEY) / "list.csv").unlink()
    summary = bureau.night(day(2), send=False)
    assert funnel(summary["sources"][SURVEY]) == (3, 3, 0, 0, 0)
    assert state_of(bureau, summary["run_id"]) == "vanished"
    assert command(bureau, "findings", "withdraw", number_of(bureau), *BY) == 0
    summary = bureau.night(day(3), send=False)
    assert funnel(summary["sources"][SURVEY]) == (3, 3, 0, 0, 0)
    assert bureau.active() == {who.number for who in [*EIGHT[1:], *there]}


def test_the_question_outlives_other_rules(left_out: Bureau) -> None:
    bureau = left_out
    bureau.own_configuration()
    bureau.set_rule("implausible_age = 119", instead_of="implausible_age = 120 ")
    summary = bureau.night(day(2), send=False)
    assert (state_of(bureau, summary["run_id"]), EIGHT[0].number in bureau.active()) == ("vanished", True)
    bureau.set_rule("implausible_age = 118", instead_of="implausible_age = 119")
    bureau.deliver(INCAPACITY, [*map(incapacity_row, EIGHT[1:]), incapacity_row(people(1, first=40)[0])])
    summary = bureau.night(day(3), send=False)
    assert funnel(summary["sources"][INCAPACITY]) == (9, 9, 0, 0, 0)
    assert state_of(bureau, summary["run_id"]) == "vanished"
    assert command(bureau, "rebuild", "--check") == 0


def test_with_the_night_that_was_taken_back_goes_its_question(left_out: Bureau) -> None:
    bureau = left_out
    second = 2
    assert command(bureau, "undo", second, "--by", "李核", "--reason", "名单投错", "--yes") == 3
    (bureau.inbox(INCAPACITY) / "list.csv").unlink()
    summary = bureau.night(day(2), send=False)
    assert state_of(bureau, summary["run_id"]) == "returned"
    assert bureau.active() == {who.number for who in EIGHT}

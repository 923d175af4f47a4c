"""Findings have a life: they are returned, corrected or withdrawn by the sender, confirmed or waived by a person, and reopened."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa
from nights import (
    DISABILITY,
    SURVEY,
    TODAY,
    Bureau,
    command,
    copied,
    disability_row,
    fresh_database,
    member_row,
    people,
    person,
    survey_row,
)

from flows.context import Home, open_registry
from flows.returning.dispatches import SentBack, awaiting_sender, send_back
from registry.engine import transaction
from registry.findings import findings_of_run
from registry.lock import run_lock
from schemas.configuration import load_configuration

BY = ("--by", "李核", "--reason", "已与村委会核实")
NOW = datetime(2024, 6, 30, 9, 0, tzinfo=UTC)
FAULTY = "12345"


@pytest.fixture
def bureau(tmp_path: Path, fresh_url: str) -> Bureau:
    return Bureau(tmp_path / "home", fresh_url)


ODD, *OTHERS = people(6)
FAULTY_LIST = [survey_row(ODD, 联系电话=FAULTY), *map(survey_row, OTHERS)]


@pytest.fixture(scope="module")
def first_night(tmp_path_factory: pytest.TempPathFactory, server_engine: sa.Engine) -> Iterator[Bureau]:
    """A bureau after a night with a telephone that cannot be one; to be copied."""
    with fresh_database(server_engine) as url:
        bureau = Bureau(tmp_path_factory.mktemp("first") / "home", url)
        bureau.deliver(SURVEY, FAULTY_LIST)
        assert bureau.night()["findings"]["warn"] == 1
        yield bureau


@pytest.fixture
def faulty(first_night: Bureau, server_engine: sa.Engine, tmp_path: Path) -> Iterator[Bureau]:
    with copied(first_night, server_engine, tmp_path) as bureau:
        yield bureau


def answer(bureau: Bureau, capsys: pytest.CaptureFixture[str], *words: str | int) -> dict[str, Any]:
    capsys.readouterr()
    command(bureau, *words, "--json")
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def exported(bureau: Bureau, run_id: int) -> pd.DataFrame:
    path = bureau.home / f"findings-{run_id}.csv"
    assert command(bureau, "findings", run_id, "--to", path) == 0
    return pd.read_csv(path)


def states(bureau: Bureau, run_id: int) -> dict[str, str]:
    """What an export says of the findings of a run, in which no code stands twice."""
    found = exported(bureau, run_id).query("code != 'delivery-repeated'")
    assert found["code"].is_unique
    return dict(zip(found["code"], found["state"], strict=True))


def standing(bureau: Bureau, code: str) -> int:
    """The number of the one standing finding of a code."""
    ids = bureau.query("SELECT finding_id FROM finding WHERE code = :code AND to_run IS NULL", code=code)
    assert len(ids) == 1
    return int(ids[0]["finding_id"])


def return_all(bureau: Bureau, run_id: int, source: str = SURVEY, now: datetime = NOW) -> SentBack:
    configuration = load_configuration(bureau.config)
    with (
        bureau.environment(),
        open_registry(Home(bureau.home.resolve()), configuration) as engine,
        transaction(engine) as connection,
    ):
        found = awaiting_sender(findings_of_run(connection, run_id))
        return send_back(
            connection, configuration, run_id=run_id, source=source, findings=found[found["source"] == source],
            folder=bureau.home / "letters", attachments=["退回名单.xlsx"], now=now,
        )  # fmt: skip


def test_a_confirmed_value_is_not_reported_again_until_its_cell_changes(faulty: Bureau) -> None:
    bureau = faulty
    assert command(bureau, "findings", "confirm", standing(bureau, "phone-format"), *BY) == 0

    bureau.deliver(SURVEY, [*FAULTY_LIST, survey_row(person(9))])
    again = bureau.night()
    assert again["findings"]["warn"] == 0
    assert states(bureau, again["run_id"]) == {"phone-format": "confirmed"}
    assert "phone-format" not in Path(again["report"]).read_text(encoding="utf-8").split('id="findings-data"')[-1]

    bureau.deliver(SURVEY, [survey_row(ODD, 联系电话=FAULTY + "6"), *FAULTY_LIST[1:]])
    changed = bureau.night()
    assert changed["findings"]["warn"] == 1
    assert states(bureau, changed["run_id"]) == {"phone-format": "open"}


def test_a_confirmation_outlives_other_rules_and_a_list_that_was_gone_for_a_night(faulty: Bureau) -> None:
    bureau, rows = faulty, FAULTY_LIST
    bureau.own_configuration()
    before = standing(bureau, "phone-format")
    assert command(bureau, "findings", "confirm", before, *BY) == 0

    bureau.set_rule("implausible_age = 119", instead_of="implausible_age = 120 ")
    judged_again = bureau.night()
    assert judged_again["findings"]["warn"] == 0
    assert standing(bureau, "phone-format") != before

    bureau.deliver(SURVEY, rows[1:])
    bureau.night()
    assert "phone-format" not in bureau.codes()
    bureau.deliver(SURVEY, list(reversed(rows)))
    assert bureau.night()["findings"]["warn"] == 0
    assert bureau.codes()["phone-format"] == 1


def test_what_was_found_between_lists_is_reported_again_when_the_other_list_changes(bureau: Bureau) -> None:
    light, *others = people(6)
    bureau.deliver(SURVEY, [survey_row(light, 对象类型="重残、独居"), *map(survey_row, others)])
    bureau.deliver(DISABILITY, [disability_row(light, level="3"), disability_row(person(50))])
    assert bureau.night()["findings"]["warn"] == 1
    assert command(bureau, "findings", "confirm", standing(bureau, "severely-disabled-level"), *BY) == 0

    bureau.deliver(SURVEY, [survey_row(light, 对象类型="重残、独居"), *map(survey_row, [*others, person(9)])])
    assert bureau.night()["findings"]["warn"] == 0

    bureau.deliver(DISABILITY, [disability_row(light, level="3", 发证日期="2024-06-01"), disability_row(person(50))])
    changed = bureau.night()
    assert changed["findings"]["warn"] == 1
    assert states(bureau, changed["run_id"]) == {"severely-disabled-level": "open"}


def test_a_cell_that_is_wrong_in_another_way_is_not_corrected(faulty: Bureau) -> None:
    bureau, first = faulty, 1
    return_all(bureau, first)
    bureau.deliver(SURVEY, [survey_row(ODD, 联系电话=FAULTY + "6"), *FAULTY_LIST[1:]])
    second = bureau.night()["run_id"]
    assert states(bureau, first) == {"phone-format": "reopened"}
    assert states(bureau, second) == {"phone-format": "reopened"}
    letter = return_all(bureau, second).files[1].read_text(encoding="utf-8")
    assert "1 处此前已经退回，尚未更正（第二次退回 1 处）" in letter
    assert return_all(bureau, second).files[1].read_text(encoding="utf-8") == letter


def test_a_row_held_for_a_great_age_is_admitted_once_confirmed_and_held_again_once_reopened(bureau: Bureau) -> None:
    old = person(1, born=date(1901, 2, 3))
    rows = [survey_row(old), *map(survey_row, people(5, first=10))]
    bureau.deliver(SURVEY, rows)
    assert bureau.night()["sources"][SURVEY]["held"] == 1
    finding = standing(bureau, "age-implausible")
    assert command(bureau, "findings", "confirm", finding, *BY) == 0

    admitted = bureau.night()
    assert admitted["sources"][SURVEY]["held"] == 0
    assert admitted["findings"]["hold"] == 0
    assert old.number in bureau.active()
    assert states(bureau, admitted["run_id"]) == {"age-implausible": "confirmed"}

    bureau.deliver(SURVEY, [*rows, survey_row(person(40))])
    delivered_again = bureau.night()
    assert delivered_again["sources"][SURVEY]["held"] == 0
    assert old.number in bureau.active()

    bureau.deliver(SURVEY, [survey_row(old, 联系电话="13900000077"), *rows[1:], survey_row(person(40))])
    assert bureau.night()["sources"][SURVEY]["held"] == 1

    bureau.deliver(SURVEY, [survey_row(person(40)), *rows])
    assert bureau.night()["sources"][SURVEY]["held"] == 0
    assert command(bureau, "findings", "reopen", standing(bureau, "age-implausible"), *BY) == 0
    reopened = bureau.night()
    assert reopened["sources"][SURVEY]["held"] == 1
    assert reopened["findings"]["hold"] == 1
    decided = bureau.query("SELECT closed_by, reason, reopened_by FROM finding_closure")
    assert decided == [{"closed_by": "李核", "reason": "已与村委会核实", "reopened_by": "李核"}]


def test_a_row_with_another_reason_to_be_held_stays_held(bureau: Bureau) -> None:
    old = person(1, born=date(1901, 2, 3))
    bureau.deliver(SURVEY, [survey_row(old, 姓名=""), *map(survey_row, people(5, first=10))])
    bureau.night()
    assert command(bureau, "findings", "confirm", standing(bureau, "age-implausible"), *BY) == 0
    summary = bureau.night()
    assert summary["sources"][SURVEY]["held"] == 1
    assert states(bureau, summary["run_id"]) == {"age-implausible": "confirmed", "name-missing": "open"}


def test_a_certificate_under_a_former_number_is_confirmed_and_admitted(bureau: Bureau) -> None:
    who, other = people(2)
    bureau.deliver(
        DISABILITY, [disability_row(who, 残疾人证号=f"{other.number}41"), *map(disability_row, people(4, first=9))]
    )
    assert bureau.night()["sources"][DISABILITY]["held"] == 1
    assert command(bureau, "findings", "confirm", standing(bureau, "certificate-id-mismatch"), *BY) == 0
    assert bureau.night()["sources"][DISABILITY]["held"] == 0
    assert who.number in bureau.active()


def test_a_waived_finding_is_shown_as_waived_and_counts_no_longer(faulty: Bureau) -> None:
    bureau = faulty
    assert command(bureau, "findings", "waive", standing(bureau, "phone-format"), *BY) == 0
    summary = bureau.night()
    assert summary["findings"]["warn"] == 0
    assert states(bureau, summary["run_id"]) == {"phone-format": "waived"}
    assert "免予更正" in Path(summary["report"]).read_text(encoding="utf-8")


def test_what_only_a_sender_can_correct_is_closed_by_nobody(bureau: Bureau, capsys: pytest.CaptureFixture[str]) -> None:
    calling, dated, short, nameless, uncategorised, *others = people(10)
    bureau.deliver(
        SURVEY,
        [
            survey_row(calling, 联系电话=FAULTY),
            survey_row(dated, 身份证号码=f"{dated.number[:10]}1332{dated.number[14:]}"),
            survey_row(short, 身份证号码=short.number[:14]),
            survey_row(nameless, 姓名=""),
            survey_row(uncategorised, 对象类型=""),
            *map(survey_row, others),
        ],
    )
    bureau.night()
    for decision, code in (
        ("waive", "id-number-birth-date"),
        ("confirm", "id-number-length"),
        ("confirm", "name-missing"),
        ("waive", "category-missing"),
    ):
        numbers = standing(bureau, "phone-format"), standing(bureau, code)
        assert command(bureau, "findings", decision, *numbers, *BY) == 2
        assert code in capsys.readouterr().err
        assert bureau.query("SELECT * FROM finding_closure") == []


def test_all_of_a_code_are_first_said_in_numbers(bureau: Bureau, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [survey_row(who, 联系电话=f"{FAULTY}{n}") for n, who in enumerate(people(4))]
    bureau.deliver(SURVEY, [*rows, *map(survey_row, people(4, first=20))])
    bureau.night()
    chosen = ("findings", "waive", "--code", "phone-format", "--source", SURVEY, "--run", 1, *BY)
    assert command(bureau, *chosen) == 3
    assert bureau.query("SELECT * FROM finding_closure") == []
    told = answer(bureau, capsys, *chosen)
    assert (told["findings"], told["is_done"]) == (4, False)

    assert command(bureau, *chosen, "--yes") == 0
    assert len(bureau.query("SELECT * FROM finding_closure")) == 4
    told = answer(bureau, capsys, *chosen, "--yes")
    assert (told["findings"], told["already"]) == (0, 4)
    assert len(bureau.query("SELECT * FROM finding_closure")) == 4


def test_rows_equal_in_every_cell_are_decided_together(bureau: Bureau) -> None:
    odd = survey_row(person(1), 联系电话=FAULTY)
    bureau.deliver(SURVEY, [odd, odd, *map(survey_row, people(5, first=10))])
    bureau.night()
    found = bureau.query("SELECT finding_id FROM finding WHERE code = 'phone-format' AND to_run IS NULL ORDER BY 1")
    assert len(found) == 2
    assert command(bureau, "findings", "confirm", found[0]["finding_id"], *BY) == 0
    assert bureau.night()["findings"]["warn"] == 0
    assert len(bureau.query("SELECT * FROM finding_closure")) == 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        pytest.param(["confirm", "77", *BY], "finding 77 does not stand", id="no such finding"),
        pytest.param(["confirm", *BY], "--code", id="nothing chosen"),
        pytest.param(["waive", "1", "--code", "phone-format", *BY], "not both", id="chosen twice"),
        pytest.param(["waive", "--code", "phone", *BY], "no finding code", id="unknown code"),
        pytest.param(["waive", "--code", "phone-format", "--source", "x", *BY], "no source", id="unknown source"),
        pytest.param(["confirm", "1", "--by", "李核", "--reason", " \u3000"], "--reason", id="no reason"),
        pytest.param(["confirm", "1", "--by", "\u200b", "--reason", "核实"], "--by", id="nobody"),
    ],
)
def test_a_decision_that_lacks_something_is_wrong_usage(
    bureau: Bureau, words: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(bureau, "findings", *words) == 2
    assert told in capsys.readouterr().err


def test_nothing_is_decided_while_a_run_judges(bureau: Bureau) -> None:
    with (
        bureau.environment(),
        open_registry(Home(bureau.home.resolve()), load_configuration(bureau.config)) as engine,
        run_lock(engine, "run 1"),
    ):
        assert command(bureau, "findings", "confirm", "1", *BY) == 4


def test_what_was_returned_is_said_so_and_what_the_sender_did_since(bureau: Bureau) -> None:
    wrong, ill, gone, *others = people(9)
    faulty = f"{wrong.number[:17]}{'1' if wrong.number[17] != '1' else '2'}"
    bureau.deliver(
        SURVEY,
        [
            survey_row(wrong, 身份证号码=faulty),
            survey_row(ill, 联系电话=FAULTY),
            survey_row(gone, 对象类型=""),
            *map(survey_row, others),
        ],
    )
    first = bureau.night()["run_id"]
    assert set(states(bureau, first).values()) == {"open"}
    letter = return_all(bureau, first)
    assert (letter.reference, letter.rows, letter.findings) == ("梅县民数退〔2024〕第1号", 3, 3)
    assert letter.due_on == date(2024, 7, 12)
    assert set(states(bureau, first).values()) == {"returned"}

    bureau.deliver(SURVEY, [survey_row(wrong), survey_row(ill, 联系电话=FAULTY), *map(survey_row, others)])
    second = bureau.night()["run_id"]
    assert states(bureau, first) == {
        "id-number-checksum": "corrected", "phone-format": "reopened", "category-missing": "vanished",
    }  # fmt: skip
    assert states(bureau, second) == {"phone-format": "reopened", "category-missing": "vanished"}
    again = return_all(bureau, second)
    assert (again.reference, again.findings, again.is_new) == ("梅县民数退〔2024〕第2号", 2, True)
    letter = next(path for path in again.files if path.suffix == ".html").read_text("utf-8")
    assert "1 处此前已经退回，尚未更正（第二次退回 1 处）" in letter
    assert "1 行退回后贵单位名单中已经没有，请逐行答复是注销还是漏报" in letter
    assert states(bureau, second) == {"phone-format": "returned", "category-missing": "vanished"}


@pytest.mark.parametrize(
    "again",
    [
        pytest.param({}, id="the very same row"),
        pytest.param({"备注": "住女儿家"}, id="the same number, another cell changed"),
        pytest.param({"联系电话": "123456"}, id="the same number, wrong in another way"),
    ],
)
def test_what_comes_back_uncorrected_is_returned_a_second_and_a_third_time(
    faulty: Bureau, again: dict[str, str]
) -> None:
    bureau, rows, run_id = faulty, FAULTY_LIST, 1
    number = standing(bureau, "phone-format")
    for times, words in ((1, "已退回"), (2, "已第二次退回"), (3, "已第三次退回")):
        letter = return_all(bureau, run_id).files[1].read_text("utf-8")
        assert ("第二次退回 1 处" in letter, "第三次退回 1 处" in letter) == (times == 2, times == 3)
        page = Path(bureau.home / "reports" / str(run_id) / "index.html")
        page.unlink()
        command(bureau, "report", run_id)
        assert f'"{words}"' in page.read_text("utf-8")
        rows = [rows[0] | again | {"残疾人证号": "" if times % 2 else None}, *rows[1:], survey_row(person(30 + times))]
        bureau.deliver(SURVEY, rows)
        summary = bureau.night()
        run_id = summary["run_id"]
        assert states(bureau, run_id) == {"phone-format": "reopened"}
        page = Path(summary["report"])
        assert f"退回后仍未更正，待第{'一二三四'[times]}次退回" in page.read_text("utf-8")
        assert "1 处退回后又报来，仍未更正" in page.read_text("utf-8")
    assert (standing(bureau, "phone-format") == number) == (not again)


def test_a_row_without_a_valid_number_is_known_again_by_name_and_village(bureau: Bureau) -> None:
    wrong, *others = people(6)
    short = {"身份证号码": wrong.number[:-1]}
    bureau.deliver(SURVEY, [survey_row(wrong, **short), *map(survey_row, others)])
    return_all(bureau, bureau.night()["run_id"])
    bureau.deliver(SURVEY, [survey_row(wrong, **short, 备注="又报一次"), *map(survey_row, others)])
    second = bureau.night()["run_id"]
    assert states(bureau, second) == {"id-number-length": "reopened"}
    assert "第二次退回 1 处" in return_all(bureau, second).files[1].read_text("utf-8")
    bureau.deliver(SURVEY, [survey_row(wrong), *map(survey_row, others)])
    bureau.night()
    assert states(bureau, second) == {"id-number-length": "corrected"}
    assert wrong.number in bureau.active()


def test_members_of_a_household_are_returned_and_corrected_too(bureau: Bureau) -> None:
    elder, *others = people(6)
    main = [*map(survey_row, [elder, *others])]
    head = member_row(elder, elder.name, elder.number, "户主")
    child = member_row(elder, "赵小明", "44142119800101", "子")
    bureau.deliver_workbook(SURVEY, {"服务对象": main, "家庭成员": [head, child]})
    first = bureau.night()["run_id"]
    return_all(bureau, first)
    assert states(bureau, first) == {"household-member-id": "returned"}
    bureau.deliver_workbook(SURVEY, {"服务对象": main, "家庭成员": [head, child | {"身份证号码": ""}]})
    bureau.night()
    assert states(bureau, first) == {"household-member-id": "corrected"}


def test_the_same_findings_of_a_run_have_one_letter(faulty: Bureau) -> None:
    bureau, run_id = faulty, 1
    first, again = return_all(bureau, run_id), return_all(bureau, run_id, now=datetime(2025, 1, 2, tzinfo=UTC))
    assert again == first._replace(is_new=False)
    assert len(bureau.query("SELECT * FROM dispatch")) == 1


def test_the_register_says_what_still_waits_and_what_is_overdue(
    bureau: Bureau, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong, ill, *others = people(8)
    bureau.deliver(SURVEY, [survey_row(wrong, 联系电话=FAULTY), survey_row(ill, 姓名=""), *map(survey_row, others)])
    bureau.deliver(DISABILITY, [disability_row(who, 联系电话=FAULTY) for who in people(3, first=30)])
    run_id = bureau.night()["run_id"]
    return_all(bureau, run_id)
    return_all(bureau, run_id, DISABILITY)
    assert command(bureau, "findings", "waive", "--code", "phone-format", "--source", SURVEY, *BY, "--yes") == 0
    federation, survey = answer(bureau, capsys, "dispatches")["dispatches"]
    assert (federation["reference"], federation["findings"], federation["waiting"]) == ("梅县民数退〔2024〕第2号", 3, 3)
    assert (survey["reference"], survey["findings"], survey["waiting"]) == ("梅县民数退〔2024〕第1号", 2, 1)
    assert federation["is_overdue"]
    assert [line["source"] for line in answer(bureau, capsys, "dispatches", "--source", SURVEY)["dispatches"]] == [
        SURVEY
    ]
    assert command(bureau, "dispatches") == 0
    assert "overdue" in capsys.readouterr().out


def test_nobody_is_named_in_a_letter_the_register_or_an_answer(
    faulty: Bureau, capsys: pytest.CaptureFixture[str]
) -> None:
    bureau, run_id = faulty, 1
    letter = return_all(bureau, run_id)
    command(bureau, "findings", "confirm", standing(bureau, "phone-format"), *BY)
    command(bureau, "dispatches")
    said = capsys.readouterr().out + next(path for path in letter.files if path.suffix == ".html").read_text("utf-8")
    assert [text for text in (ODD.name, ODD.number, ODD.number[:14], FAULTY) if text in said] == []


def test_an_undated_night_finds_the_day_of_the_judgement_reached(bureau: Bureau) -> None:
    old = person(1, born=date(1901, 2, 3))
    bureau.deliver(SURVEY, [survey_row(old), *map(survey_row, people(5, first=10))])
    bureau.night(date(2024, 7, 1))
    command(bureau, "findings", "confirm", standing(bureau, "age-implausible"), *BY)
    assert bureau.query("SELECT recheck_on FROM source_row WHERE is_held") == [{"recheck_on": date(2024, 7, 1)}]
    assert bureau.night(TODAY.replace(month=7, day=1))["sources"][SURVEY]["held"] == 0

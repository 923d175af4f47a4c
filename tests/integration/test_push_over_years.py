"""What happens to a push once in some years: another platform or way to it, a new column, clocks set back, answers that never come, a registry of before."""

import json
import re
import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from threading import Thread

import openpyxl
import pytest
import sqlalchemy as sa
from nights import INCAPACITY, TODAY, fresh_database, incapacity_row, people, write_workbook
from outbox_world import World
from push_bureau import PushBureau, effects, held_by, stand_in

from connectors.exchange_tables.ddl import create_table
from flows.telling.receipts import import_receipts
from registry import approvals, outbox_plan
from registry.engine import transaction
from schemas.platform_profile import load_profile

TWELVE = people(12)
NEXT_DAY = TODAY + timedelta(days=1)
EVERYBODY_CAN_WAIT_NO_LONGER = "UPDATE outbox SET next_at = now() WHERE next_at IS NOT NULL"
UNANSWERED = "人的变更报出后没有结果"


def listed(them, **changes):
    return [incapacity_row(who, **changes) for who in them]


def one_changed(telephone="13700000000", **changes):
    """Twelve people, of whom the first has another telephone."""
    return [*listed(TWELVE[:1], 联系电话=telephone, **changes), *listed(TWELVE[1:])]


@pytest.fixture
def bureau(tmp_path, fresh_url):
    return PushBureau(tmp_path / "home", fresh_url)


@pytest.fixture
def platform(tmp_path):
    with stand_in(tmp_path) as running:
        yield running


@pytest.fixture
def told(bureau, platform):
    """A bureau whose platform was told of twelve people over its interface."""
    bureau.tells(platform.url)
    bureau.first_night(INCAPACITY, listed(TWELVE))
    assert effects(platform) == {"new": 12}
    return bureau


def outgoing(bureau):
    return {file.relative_to(bureau.home): file.read_bytes() for file in bureau.home.glob("outgoing/*/*")}


# Folders of files that people hand in


def another_platform(bureau):
    """From now on a platform of another name is told, which takes the same."""
    example = (bureau.config / "platform/example.toml").read_text(encoding="utf-8")
    other = example.replace('name = "example"', 'name = "other"', 1)
    (bureau.config / "platform/other.toml").write_text(other, encoding="utf-8")
    bureau.set_rule('platform = "other"', instead_of='platform = "example"', file="bureau.toml")


def test_files_for_one_platform_stay_when_another_is_told_the_next_night(bureau):
    bureau.deliver(INCAPACITY, listed(TWELVE))
    bureau.night(expect="green")
    before = outgoing(bureau)
    another_platform(bureau)
    run = bureau.night(NEXT_DAY)["run_id"]
    assert before.items() < outgoing(bureau).items()
    assert bureau.platform_rows(run) == 12


def test_a_push_of_the_same_run_for_another_platform_has_a_folder_of_its_own(bureau):
    bureau.deliver(INCAPACITY, listed(TWELVE))
    run = bureau.night(expect="green")["run_id"]
    before = outgoing(bureau)
    another_platform(bureau)
    files = bureau.push()["files"]
    assert {file.split("/")[-2] for file in files} == {f"{run}-2"}
    assert before.items() < outgoing(bureau).items()


def test_folders_of_officers_stay_beside_those_of_pushes(bureau):
    bureau.deliver(INCAPACITY, listed(TWELVE))
    run = bureau.night(expect="green")["run_id"]
    theirs = [bureau.home / "outgoing" / name for name in ("2024-06-30", "2024", "已交")]
    never_done = bureau.home / "outgoing" / f"{run}-2"
    for folder in (*theirs, never_done):
        folder.mkdir()
        (folder / "已交.xlsx").write_bytes(b"handed in")
    bureau.push("green")
    assert all((folder / "已交.xlsx").exists() for folder in theirs)
    assert not never_done.exists()


# Answers that never come


def test_people_whose_workbook_has_no_answer_are_named_when_the_interface_takes_over(bureau, platform):
    bureau.deliver(INCAPACITY, listed(TWELVE))
    assert bureau.night(expect="green")["push"]["sent"] == 12
    bureau.tells(platform.url)
    summary = bureau.night(NEXT_DAY, expect="yellow")
    assert any(reason.startswith(f"12 {UNANSWERED}") for reason in summary["reasons"])


def test_a_workbook_nobody_has_answered_for_months_makes_the_night_yellow(bureau):
    bureau.deliver(INCAPACITY, listed(TWELVE))
    bureau.night(expect="green")
    bureau.execute("UPDATE outbox SET first_sent_at = now() - interval '13 days'")
    bureau.night(NEXT_DAY, expect="green")
    bureau.execute("UPDATE outbox SET first_sent_at = now() - interval '200 days'")
    [reason] = bureau.night(NEXT_DAY, expect="yellow")["reasons"]
    assert reason.startswith(f"12 {UNANSWERED}")


# Exchange tables


@dataclass(frozen=True)
class ExchangeTable:
    """The platform's side of the table that changes are written into."""

    engine: sa.Engine

    def run(self, statement, *values):
        with self.engine.connect() as connection:
            return connection.exec_driver_sql(statement, values or None)

    def answer(self, status, code=None):
        """The platform works through what waits; returns how many rows."""
        answered = """UPDATE "T_TSKNLNR" SET "CL_ZT" = %s, "CW_DM" = %s WHERE "CL_ZT" = '0'"""
        return self.run(answered, status, code).rowcount

    def waiting(self):
        """The telephones of rows the platform has not looked at."""
        return list(self.run("""SELECT "联系电话" FROM "T_TSKNLNR" WHERE "CL_ZT" = '0'""").scalars())


@contextmanager
def exchange_table(url, profile):
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    table = ExchangeTable(engine)
    for statement in create_table(profile, "postgresql").split(";\n"):
        if statement.strip():
            table.run(statement.replace("%", "%%"))
    yield table
    engine.dispose()


@pytest.fixture
def exchange(bureau, server_engine):
    """An exchange table by which the platform was told of twelve people, all of whom it took."""
    with fresh_database(server_engine) as url:
        profile = bureau.config / "platform/example.toml"
        text = profile.read_text(encoding="utf-8")
        text, count = re.subn(
            r'^url = "postgresql:.*\npassword_secret = .*$', 'url_secret = "exchange"', text, flags=re.M
        )
        assert count == 1
        profile.write_text(text, encoding="utf-8")
        secret = bureau.home / "secrets/exchange"
        secret.parent.mkdir(mode=0o700, parents=True)
        secret.write_text(url)
        secret.chmod(0o600)
        bureau.target("exchange")
        with exchange_table(url, load_profile(profile)) as table:
            bureau.deliver(INCAPACITY, listed(TWELVE))
            bureau.approve(bureau.night()["run_id"])
            bureau.push()
            assert table.answer("1") == 12
            bureau.execute(EVERYBODY_CAN_WAIT_NO_LONGER)
            assert bureau.push("green")["push"]["accepted"] == 12
            yield table


def test_a_change_nobody_knows_of_is_written_although_the_table_has_a_column_more_since(bureau, exchange):
    bureau.deliver(INCAPACITY, one_changed())
    bureau.night(NEXT_DAY, send=False)
    # Killed before the row was there.
    bureau.execute(
        "UPDATE outbox SET state = 'inflight', fence = 1, attempts = 1, first_sent_at = now(), lease_until = now(), "
        "next_at = now() WHERE state = 'pending'"
    )
    profile = bureau.config / "platform/example.toml"
    column = '\n[[columns]]\nheader = "新列"\nname = "XL"\nfield = "remarks"\nmax_length = 50\n'
    profile.write_text(profile.read_text(encoding="utf-8") + column, encoding="utf-8")
    exchange.run('ALTER TABLE "T_TSKNLNR" ADD COLUMN "XL" varchar(50)')
    for days in (2, 3):
        bureau.execute(EVERYBODY_CAN_WAIT_NO_LONGER)
        bureau.night(TODAY + timedelta(days=days))
    assert exchange.waiting() == ["13700000000"]
    assert exchange.answer("1") == 1
    bureau.execute(EVERYBODY_CAN_WAIT_NO_LONGER)
    assert bureau.push("green")["push"]["accepted"] == 1


def test_a_row_the_platform_never_looks_at_makes_the_night_yellow(bureau, exchange):
    bureau.deliver(INCAPACITY, one_changed())
    bureau.night(NEXT_DAY)
    bureau.execute("UPDATE outbox SET first_sent_at = first_sent_at - interval '300 days'")
    bureau.execute(EVERYBODY_CAN_WAIT_NO_LONGER)
    bureau.deliver(INCAPACITY, one_changed("13700000001"))
    summary = bureau.night(NEXT_DAY, expect="yellow")
    assert any(reason.startswith(f"1 {UNANSWERED}") for reason in summary["reasons"])
    assert exchange.waiting() == ["13700000000"]


def test_what_was_refused_in_the_exchange_table_and_is_resent_comes_as_a_row_of_its_own(bureau, exchange):
    bureau.deliver(INCAPACITY, one_changed())
    bureau.night(NEXT_DAY)
    assert exchange.answer("2", "1003") == 1
    bureau.execute(EVERYBODY_CAN_WAIT_NO_LONGER)
    bureau.push("yellow")
    assert bureau.push_status()["refused"] == 1
    bureau.resend(TWELVE[0].number)
    bureau.push()
    assert exchange.waiting() == ["13700000000"]
    assert exchange.answer("1") == 1
    bureau.execute(EVERYBODY_CAN_WAIT_NO_LONGER)
    bureau.push("green")
    assert bureau.push_status()["refused"] == 0


# A clock that was years ahead and has been set back


@pytest.mark.parametrize(
    "written_then",
    [
        "UPDATE platform SET open_until = now() + interval '3 years', failures = 5",
        "UPDATE outbox SET next_at = now() + interval '3 years', attempts = 1 WHERE state = 'pending'",
    ],
    ids=["platform left alone", "change put off"],
)
def test_a_change_leaves_although_a_clock_that_was_ahead_had_it_wait_for_years(told, platform, written_then):
    told.deliver(INCAPACITY, one_changed())
    told.night(NEXT_DAY, send=False)
    told.execute(written_then)
    assert told.push("green")["push"]["accepted"] == 1
    assert effects(platform) == {"new": 12, "changed": 1}
    assert told.push_status()["status"] == "green"


# Lists and plans that are held


def test_of_two_held_lists_of_a_source_an_approval_lets_in_the_newer_alone(bureau):
    many = people(60)
    bureau.deliver(INCAPACITY, listed(many))
    bureau.night(expect="green")
    for days, them in ((1, many[:20]), (2, many[20:40])):
        bureau.deliver(INCAPACITY, listed(them))
        run = bureau.night(TODAY + timedelta(days=days), expect="yellow")["run_id"]
    assert len(bureau.active()) == 60
    assert bureau.approve(run, source=INCAPACITY)["is_released"]
    bureau.night(TODAY + timedelta(days=3))
    assert bureau.active() == {who.number for who in many[20:40]}


def wait_for_a_lock(engine, thread):
    """Until the thread's push waits for somebody's lock, or has ended because it waits for none."""
    query = sa.text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    last = time.monotonic() + 60
    with engine.connect() as connection:
        while thread.is_alive() and not connection.execute(query).scalar_one() and time.monotonic() < last:
            connection.rollback()
            thread.join(0.05)


def test_a_plan_made_anew_while_the_second_person_approves_waits_and_lets_nobody_else_go(told, platform, fresh_engine):
    told.has_rule("push_brake", people=2, share=0)
    told.deliver(INCAPACITY, [*listed(TWELVE[:3], 联系电话="13700000000"), *listed(TWELVE[3:])])
    run = told.night(NEXT_DAY, expect="yellow")["run_id"]
    world = World(fresh_engine, profile="example")
    world.run = run
    for who in TWELVE[6:9]:
        world.change(told.elders()[who.number]["person_id"], name="测试甲")
    pushed = []
    push = Thread(target=lambda: pushed.append(told.push()))
    with transaction(fresh_engine) as approving:
        approvals.lock_plan(approving, run)
        push.start()
        wait_for_a_lock(fresh_engine, push)
        assert outbox_plan.release(approving, "example", run) == 3
    push.join()
    assert (pushed[0]["push"]["accepted"], pushed[0]["push"]["waiting"]) == (3, 3)
    assert effects(platform) == {"new": 12, "changed": 3}


def test_a_plan_says_of_how_many_people_it_cannot_tell(bureau, platform, tmp_path):
    bureau.tells(platform.url)
    standard = 'field = "ability_standard"'
    bureau.set_rule(f"{standard}\nmax_length = 5", instead_of=standard, file="platform/example.toml")
    bureau.deliver(INCAPACITY, [*listed(TWELVE[:10], 评估标准=""), *listed(TWELVE[10:])])
    run = bureau.night(expect="yellow")["run_id"]
    [counted] = bureau.query("SELECT counts FROM plan")
    assert counted["counts"] == {"new": 10, "changed": 0, "withdrawn": 0, "incomplete": 2}
    bureau.plan(run, tmp_path / "plan.xlsx")
    # Made again by a push that finds nothing else, it still says so.
    bureau.push("yellow")
    assert bureau.query("SELECT counts FROM plan") == [counted]
    book = openpyxl.load_workbook(tmp_path / "plan.xlsx")
    cells = [str(cell) for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row if cell]
    assert any(cell.startswith("填报不全、不能上报的另有 2 人") for cell in cells)


# Refusals and results


def test_a_change_that_was_refused_and_is_taken_back_is_over(bureau, tmp_path):
    with stand_in(tmp_path, max_length={"评估标准": 15}) as platform:
        bureau.tells(platform.url)
        bureau.first_night(INCAPACITY, listed(TWELVE))
        longer = listed(TWELVE[:1], 评估标准="GB/T 42195-2022 第二版修订")
        bureau.deliver(INCAPACITY, [*longer, *listed(TWELVE[1:])])
        bureau.night(NEXT_DAY, expect="yellow")
        assert bureau.push_status()["refused"] == 1
        assert bureau.codes()["platform-rejected"] == 1
        bureau.deliver(INCAPACITY, [*listed(TWELVE[:11]), *listed(TWELVE[11:], 联系电话="13700000000")])
        assert bureau.night(TODAY + timedelta(days=2), expect="green")["push"]["accepted"] == 1
        assert bureau.push_status()["refused"] == 0
        assert "platform-rejected" not in bureau.codes()
        assert held_by(platform) == bureau.active()


def test_codes_and_receipts_that_quote_a_person_are_kept_from_the_proof(bureau, tmp_path):
    who = TWELVE[0]
    bureau.deliver(INCAPACITY, listed(TWELVE))
    bureau.night(expect="green")
    person_id = bureau.elders()[who.number]["person_id"]
    quoting = {
        "人员编号": str(person_id), "证件号码": who.number, "处理结果": "失败", "失败原因": "重复",
        "错误代码": f"{who.name}{who.number}重复", "回执号": f"HZ-{who.number}",
    }  # fmt: skip
    write_workbook(tmp_path / "results.xlsx", {"结果": [quoting]})
    assert bureau.ask(import_receipts, tmp_path / "results.xlsx", write=True)["settled"] == {"rejected": 1}
    [entry] = bureau.proof(who.number)
    assert (entry["state"], entry["code"], entry["receipt"]) == ("rejected", "****", "****")
    said = json.dumps(entry, ensure_ascii=False)
    assert not [value for value in (who.name, who.number, who.phone) if value in said]


def test_results_are_matched_before_the_first_plan_after_an_upgrade(bureau, tmp_path):
    bureau.deliver(INCAPACITY, listed(TWELVE))
    bureau.night(expect="green")
    # As entries were before profiles were told apart.
    bureau.execute(
        "UPDATE outbox SET profile = '', plan_run = NULL, payload = NULL, digest = NULL, key = NULL, is_released = false, "
        "attempts = 0, batch = NULL, first_sent_at = NULL"
    )
    write_workbook(tmp_path / "results.xlsx", {"结果": [{"人员编号": "1", "处理结果": "成功"}]})
    found = bureau.ask(import_receipts, tmp_path / "results.xlsx", write=True)
    assert found["settled"] == {"accepted": 1}
    assert bureau.query("SELECT DISTINCT profile FROM outbox") == [{"profile": "example"}]

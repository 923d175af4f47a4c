"""Where a push has come to a standstill, somebody can get it out: held changes, a restored registry, another platform, another way to it."""

import json
import re
from collections import Counter
from contextlib import ExitStack
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
import sqlalchemy as sa
from nights import INCAPACITY, TODAY, incapacity_row, people, person
from outbox_world import NOW, World
from province_client import Client, item_of
from province_fixtures import PROFILE, province
from push_bureau import PushBureau, database, effects, held_by, stand_in
from push_changes import Change, commit_changes, known_people
from test_reconcile import AT, change_ledger, compare, entries, opened, plan, some, tell

from flows.commands.cli_common import YELLOW, Common
from flows.commands.cli_push import restored
from flows.commands.print_push import print_plan, print_push_status, print_restored
from flows.telling.push_restored import mark_restored
from flows.telling.reconcile import reconcile
from registry import outbox as outboxes
from registry import platform_state
from registry.elders import numbered
from registry.engine import transaction
from registry.tables import outbox
from schemas.errors import ConfigurationInvalid, PushFailed
from simulator.province import drift
from simulator.province.fault_script import FaultScript, ScriptedFault
from simulator.province.reckoning import doubled, out_of_order

TWELVE = people(12)
SHANGHAI = ZoneInfo("Asia/Shanghai")
NEXT_DAY = TODAY + timedelta(days=1)
WHO = {"by": "王芳", "reason": "以本地为准"}
EVERYBODY_CAN_WAIT_NO_LONGER = "UPDATE outbox SET next_at = now() WHERE next_at IS NOT NULL"


def listed(them, **changes):
    return [incapacity_row(who, **changes) for who in them]


@pytest.fixture
def bureau(tmp_path, fresh_url):
    return PushBureau(tmp_path / "home", fresh_url)


@pytest.fixture
def night(fresh_engine, tmp_path):
    with opened(fresh_engine, tmp_path) as night:
        yield night


@pytest.fixture
def small(night, tmp_path):
    """Nine people who were told."""
    tell(night, tmp_path, [Change(person, 0) for person in range(1, 10)])
    return night


def is_held(night, change, code):
    """A change that is planned and then held; of somebody new, too."""
    with transaction(night.engine) as connection:
        run_id = commit_changes(connection, PROFILE.name, [change], at=AT, known=known_people(connection))
        plan(night, connection, run_id)
        held = outbox.update().where(outbox.c.person_id == change.person, outbox.c.state == "pending")
        connection.execute(held.values(state="held", code=code))


def changed_once_more(night, change):
    with transaction(night.engine) as connection:
        commit_changes(connection, PROFILE.name, [change], at=AT, known=known_people(connection))


def held_at(folder, person):
    with province(folder) as platform, platform.view() as view:
        return view.state()[str(person)].fields["姓名"]


# A held change where the platform holds something else


def test_somebody_whose_change_is_held_is_judged_and_not_on_the_way(small, tmp_path):
    is_held(small, Change(2, 1), "other-content")
    is_held(small, Change(3, 1), "no-lookup")
    is_held(small, Change(20, 0), "no-lookup")
    drift.alter(tmp_path / "ledger.sqlite", "2", "姓名", "测试辛")
    found = compare(small, tmp_path)
    assert some(found["people"]) == {"agrees": 9, "differs": 1}
    assert (found["total"], found["held"], found["to_tell_again"], found["agrees"]) == (10, 3, 3, False)
    assert entries(small, 2)[-1] == (2, "changed", "held", "changed")


@pytest.mark.parametrize(
    ("code", "revision"), [("there-already", 0), ("other-content", 2), ("newer-there", 7)], ids=str
)
def test_ours_is_told_over_what_the_platform_holds_when_somebody_says_so(small, tmp_path, code, revision):
    is_held(small, Change(2, 1), code)
    changed_once_more(small, Change(2, 2))
    change_ledger(tmp_path, "UPDATE holding SET revision = ? WHERE person = '2'", revision)
    drift.alter(tmp_path / "ledger.sqlite", "2", "姓名", "测试辛")
    asked = compare(small, tmp_path, reassert=True, write=False)
    assert (some(asked["people"]), asked["to_tell_again"]) == ({"agrees": 8, "differs": 1}, 1)
    assert compare(small, tmp_path, reassert=True, write=True)["told_again"] == 1
    above = [row for row in rows_of(small, 2) if row["revision"] > 1 and row["state"] == "superseded"]
    assert {row["code"] for row in above} == {"reasserted"}
    assert entries(small, 2)[-1][1:3] == ("resent", "pending")
    with transaction(small.engine) as connection:
        made = plan(small, connection, 99)
    assert (made["new"], made["changed"], made["withdrawn"]) == (0, 1, 0)
    assert tell(small, tmp_path, []) == [2]
    assert held_at(tmp_path, 2) == "测试丙"
    assert some(compare(small, tmp_path)["people"]) == {"agrees": 9}


def test_somebody_who_left_while_the_change_was_held_is_withdrawn(small, tmp_path):
    is_held(small, Change(2, 1), "other-content")
    changed_once_more(small, Change(2, None))
    drift.alter(tmp_path / "ledger.sqlite", "2", "姓名", "测试辛")
    compare(small, tmp_path, reassert=True, write=True)
    with transaction(small.engine) as connection:
        assert plan(small, connection, 99)["withdrawn"] == 1


def test_a_held_change_that_had_no_effect_is_told_with_the_others(small, tmp_path):
    is_held(small, Change(3, 1), "no-lookup")
    is_held(small, Change(20, 0), "too-many-attempts")
    assert compare(small, tmp_path, reassert=True, write=True)["told_again"] == 2
    assert tell(small, tmp_path, []) == [3, 20]
    found = compare(small, tmp_path)
    assert (some(found["people"]), found["held"], found["agrees"]) == ({"agrees": 10}, 0, True)


def test_somebody_who_is_there_twice_stays_held(small, tmp_path):
    is_held(small, Change(3, 1), "there-twice")
    drift.double(tmp_path / "ledger.sqlite", "3")
    found = compare(small, tmp_path, reassert=True, write=True)
    assert (found["people"]["doubled"], found["told_again"], found["held"]) == (1, 0, 1)
    assert entries(small, 3)[-1][2] == "held"


def rows_of(night, person):
    with transaction(night.engine) as connection:
        return list(connection.execute(sa.select(outbox).where(outbox.c.person_id == person)).mappings())


def test_a_platform_that_has_its_elders_already_is_told_in_the_end(bureau, tmp_path):
    with stand_in(tmp_path) as platform, Client(platform.port) as another:
        for number in range(1, 13):
            assert another.upsert(item_of(number)).statuses == {f"{number}-1": "accepted"}
    change_ledger(tmp_path, "UPDATE holding SET revision = 0 WHERE CAST(person AS integer) > 1")
    with stand_in(tmp_path) as platform:
        bureau.tells(platform.url)
        bureau.deliver(INCAPACITY, listed(TWELVE))
        run = bureau.night()["run_id"]
        bureau.approve(run)
        bureau.push("yellow")
        bureau.execute(EVERYBODY_CAN_WAIT_NO_LONGER)
        bureau.push("yellow")
        assert bureau.states() == {("new", "held"): 12}
        with pytest.raises(ConfigurationInvalid, match=r"told again it would be held again.*eldersync reconcile"):
            bureau.resend(TWELVE[0].number)
        found = bureau.ask(reconcile, reassert=False, by="", reason="", write=False)
        assert (some(found["people"]), found["held"], found["agrees"]) == ({"only-theirs": 12}, 12, False)
        found = bureau.ask(reconcile, reassert=True, write=True, **WHO)
        assert (found["told_again"], found["held"]) == (12, 0)
        assert "变动人数过多" in "".join(bureau.push("yellow")["reasons"])
        bureau.approve(run)
        assert bureau.push("green")["push"] == {
            "planned": 12, "sent": 12, "accepted": 12, "rejected": 0, "unknown": 0, "waiting": 0,
        }  # fmt: skip
        assert held_by(platform) == bureau.active()


@pytest.mark.parametrize("code", ["there-already", "other-content", "newer-there"])
def test_where_two_truths_can_be_compared_telling_again_is_refused_and_elsewhere_it_is_all_there_is(fresh_engine, code):
    world = World(fresh_engine)
    world.people(1)
    world.plan()
    world.take_over()
    world.settle(world.claim(), "held", code=code)
    with (
        pytest.raises(ConfigurationInvalid, match="eldersync reconcile --reassert"),
        transaction(world.engine) as connection,
    ):
        outboxes.resend(connection, world.profile, 1, now=NOW)
    with transaction(world.engine) as connection:
        assert outboxes.resend(connection, world.profile, 1, now=NOW, is_comparable=False) == 1


# After a restore


def test_numbers_the_platform_has_seen_are_not_given_to_others_after_a_restore(small, tmp_path):
    with transaction(small.engine) as connection:
        platform_state.begin_epoch(connection, PROFILE.name)
    with province(tmp_path) as platform, Client(platform.port) as another:
        another.upsert(item_of(777), item_of(778))
        another.withdraw(item_of(778, 2, "withdrawn"))
    assert compare(small, tmp_path)["unknown_to_us"] == 1
    with transaction(small.engine) as connection:
        somebody = pd.DataFrame({"person_id": [0], "id_key": [1]})
        assert numbered(connection, somebody)["person_id"].tolist() == [779]
        told = connection.execute(sa.select(outbox).where(outbox.c.person_id == 777)).mappings().one()
    assert (told["operation"], told["sent_as"], json.loads(told["payload"])["姓名"]) == (
        "observed",
        "changed",
        "测试甲",
    )
    # They are nobody we know, however often the two sides are compared.
    again = compare(small, tmp_path)
    assert (some(again["people"]), again["unknown_to_us"]) == ({"agrees": 10, "only-theirs": 1}, 1)
    assert compare(small, tmp_path, reassert=True, write=False)["to_tell_again"] == 0


def test_without_a_restore_numbers_nobody_knows_are_only_reported(small, tmp_path):
    with province(tmp_path) as platform, Client(platform.port) as another:
        another.upsert(item_of(777))
    assert compare(small, tmp_path)["unknown_to_us"] == 1
    assert entries(small, 777) == []


@pytest.mark.parametrize("reassert", [False, True], ids=["plain", "ours again"])
def test_a_change_under_the_number_that_was_read_back_is_entered_above_it(small, tmp_path, reassert):
    """The registry counts 1, the platform has seen 2: the next change must not be 2 again."""
    change_ledger(tmp_path, "UPDATE holding SET revision = 2 WHERE person = '5'")
    if not reassert:
        with transaction(small.engine) as connection:
            platform_state.begin_epoch(connection, PROFILE.name)
    compare(small, tmp_path, reassert=reassert, write=True)
    assert tell(small, tmp_path, [Change(5, 1)]) == [5]
    assert entries(small, 5)[-1][0] == 3
    assert some(compare(small, tmp_path)["people"]) == {"agrees": 9}


def night_of(bureau, day, here, telephone, **expected):
    """A night whose list has these people, the first three under a telephone number."""
    bureau.deliver(INCAPACITY, [*listed(here[:3], 联系电话=telephone), *listed(here[3:])])
    return bureau.night(day, **expected)


@pytest.fixture
def backup(server_engine):
    """Makes a copy of a database, gone after the test."""
    with ExitStack() as stack:
        yield lambda url: stack.enter_context(database(server_engine, "a_backup", like=sa.make_url(url).database))


def test_a_registry_three_nights_old_is_reconciled_and_goes_on_with_nothing_doubled_and_nothing_older_told(
    bureau, tmp_path, fresh_url, backup
):
    days = [TODAY + timedelta(days=n) for n in range(8)]
    with stand_in(tmp_path) as platform:
        bureau.tells(platform.url)
        bureau.first_night(INCAPACITY, listed(TWELVE), days[0])
        night_of(bureau, days[1], TWELVE, "13700000001", expect="green")
        copy = backup(fresh_url)
        for n in (2, 3, 4):  # three change, one leaves, one comes and stays a night
            here = [*TWELVE[: 13 - n], person(100 + n)]
            night_of(bureau, days[n], here, f"1370000000{n}", expect="green")
        with platform.view() as view:
            before = view.effects()
        old = PushBureau(tmp_path / "old", copy, like=bureau)
        marked = old.ask(mark_restored, **WHO)
        assert (marked["epoch"], marked["must_reconcile"]) == (2, True)
        with pytest.raises(PushFailed, match="run `eldersync reconcile`"):
            old.push()
        with pytest.raises(PushFailed, match="run `eldersync reconcile`"):
            old.night(days[5])
        # Nor was anybody given a number that the platform may know as somebody else's.
        assert len(old.elders()) == 12
        found = old.ask(reconcile, reassert=False, by="", reason="", write=False)
        assert (found["was_restored"], found["unknown_to_us"]) == (True, 1)
        here = [*TWELVE[:9], person(104), person(105)]
        for n, telephone in ((5, 4), (6, 4), (7, 7)):
            night_of(old, days[n], here, f"1370000000{telephone}")
        with platform.view() as view:
            happened, held = view.effects(), view.state()
        since = happened[len(before) :]
        assert (doubled(happened), out_of_order(happened)) == ([], [])
        assert Counter(effect.operation for effect in since) == {"new": 1, "changed": 3}
        assert not {(one.person, one.digest) for one in since} & {(one.person, one.digest) for one in before}
        present = {one.fields["证件号码"]: one.fields["联系电话"] for one in held.values() if one.is_present}
        assert set(present) == old.active() == {who.number for who in here}
        assert {present[who.number] for who in here[:3]} == {"13700000007"}
        # Who came after the backup is at the platform under a number of then: a person has to look.
        assert old.push_status()["refused"] == 1
        assert refused_by(old) == {person(104).number}


def refused_by(bureau):
    rows = bureau.query("SELECT id_number FROM elder JOIN outbox USING (person_id) WHERE state = 'rejected'")
    return {row["id_number"] for row in rows}


def test_marking_says_in_numbers_what_it_does_and_who_did_it_is_remembered(bureau, tmp_path, capsys):
    with stand_in(tmp_path) as platform:
        bureau.tells(platform.url)
        bureau.deliver(INCAPACITY, listed(TWELVE))
        bureau.night()
        with bureau.environment():
            code = restored(by="王芳", reason="磁盘损坏", common=Common(bureau.home, bureau.config, json=True))
        found = json.loads(capsys.readouterr().out)
        assert code == YELLOW
        assert found == {
            "profile": "example", "target": "api", "epoch": 2, "must_reconcile": True, "by": "王芳", "people": 0, "open": 12,
            "waiting": {"pending": 12, "inflight": 0, "processing": 0, "unknown": 0, "held": 0},
        }  # fmt: skip
        print_restored(found)
        said = capsys.readouterr().out
        assert "12 entries are open" in said
        assert "keys are new" in said
        assert "Nothing is pushed before: eldersync reconcile" in said
        assert bureau.push_status()["must_reconcile"]
        [row] = bureau.query("SELECT subject, approver, reason, digest FROM approval")
        assert row == {"subject": "restored", "approver": "王芳", "reason": "磁盘损坏", "digest": "example/2"}
    with pytest.raises(ConfigurationInvalid, match="has to be named"):
        bureau.ask(mark_restored, by=" ", reason="磁盘损坏")
    assert bureau.push_status()["epoch"] == 2
    bureau.target("workbook")
    with pytest.raises(ConfigurationInvalid, match="offers no list"):
        bureau.ask(mark_restored, **WHO)


# What a plan, the status and a push say


def test_what_is_under_way_is_not_told_and_officers_see_what_waits_for_them(bureau, tmp_path, capsys):
    script = FaultScript([])
    with stand_in(tmp_path, script=script) as platform:
        bureau.tells(platform.url)
        run = bureau.first_night(INCAPACITY, listed(TWELVE))
        assert bureau.plan(run)["state"] == "told"
        status = bureau.push_status()
        assert (status["status"], status["held_back"], status["incomplete"]) == ("green", 0, 0)
        script.add(ScriptedFault(kind="reset", moment="after", endpoint="upsert"))
        bureau.deliver(INCAPACITY, [*listed(TWELVE[:1], 联系电话="13700000000"), *listed(TWELVE[1:])])
        bureau.hold(TWELVE[1].number)
        # Somebody held of whom nothing waits is no reason to look.
        assert bureau.push_status()["status"] == "green"
        summary = bureau.night(NEXT_DAY, expect="yellow")
        assert summary["reasons"] == ["1 人的上报尚无结果，到时自动向省级平台查询（eldersync push）。"]
        found = bureau.plan(summary["run_id"])
        assert (found["state"], found["under_way"]) == ("under way", {"unknown": 1})
        print_plan(found)
        assert "under way: 1 unknown" in capsys.readouterr().out
        assert bureau.push_status()["status"] == "green"
        bureau.execute(EVERYBODY_CAN_WAIT_NO_LONGER)
        # What a push did is told of that push, not of the run.
        assert bureau.push("green")["push"] == {
            "planned": 0, "sent": 1, "accepted": 1, "rejected": 0, "unknown": 0, "waiting": 0,
        }  # fmt: skip
        assert set(bureau.push("green")["push"].values()) == {0}
        bureau.deliver(INCAPACITY, [*listed(TWELVE[:2], 联系电话="13700000000"), *listed(TWELVE[2:])])
        bureau.night(NEXT_DAY)
        status = bureau.push_status()
        assert (status["status"], status["held_back"], len(status["held_people"])) == ("yellow", 1, 1)
        print_push_status(status)
        assert "1 people are held by officers; of 1 of them a change waits" in capsys.readouterr().out
        assert_times_are_local(bureau, tmp_path)


def assert_times_are_local(bureau, folder):
    """Every instant that is told is the bureau's, with its offset; every path can be opened from anywhere."""
    bureau.execute("UPDATE outbox SET state = 'unknown', next_at = now() + interval '1 hour' WHERE revision = 2")
    told = [
        bureau.push_status()["next_at"],
        bureau.push("yellow")["next_at"],
        bureau.push_status()["held_people"][0]["since"],
    ]
    told += [entry[name] for entry in bureau.proof("1") for name in ("first_sent_at", "settled_at") if entry[name]]
    assert len(told) >= 5
    for instant in told:
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+08:00", instant), instant
        assert abs(datetime.fromisoformat(instant) - datetime.now(SHANGHAI)) < timedelta(hours=2)
    found = bureau.ask(reconcile, reassert=False, by="", reason="", write=False)
    assert [file.startswith(f"{folder}/") for file in found["files"]] == [True, True]


def test_a_push_by_hand_counts_what_it_wrote_itself(bureau):
    bureau.deliver(INCAPACITY, listed(TWELVE))
    bureau.night(send=False)
    found = bureau.push("green")
    assert found["push"] == {"planned": 12, "sent": 12, "accepted": 0, "rejected": 0, "unknown": 0, "waiting": 0}
    assert set(bureau.push("green")["push"].values()) == {0}


def test_what_the_platform_refused_is_in_the_registry_and_the_night_does_not_deny_it(bureau, tmp_path):
    with stand_in(tmp_path, max_length={"评估标准": 5}) as platform:
        bureau.tells(platform.url)
        bureau.first_night(INCAPACITY, listed(TWELVE, 评估标准=""))
        bureau.deliver(INCAPACITY, [*listed(TWELVE[:1]), *listed(TWELVE[1:], 评估标准="")])
        summary = bureau.night(NEXT_DAY, expect="yellow")
        assert summary["findings"]["warn"] == 1
        refused = ["省级平台退回 1 人，原因见问题清单，由来源单位更正。"]
        assert summary["reasons"] == refused
        # It stands as long as it is not corrected, also in nights that tell nothing.
        assert bureau.night(NEXT_DAY, expect="yellow")["reasons"] == refused


# From one platform to another and back


def enqueue(world, run):
    world.run = run
    with transaction(world.engine) as connection:
        return outboxes.enqueue_everyone(connection, world.profile, run)


def test_a_platform_named_again_hears_of_what_happened_meanwhile(fresh_engine):
    first, second = World(fresh_engine, profile="first"), World(fresh_engine, profile="second")
    first.people(4)
    first.deliver()
    assert enqueue(second, 3) == 4
    second.change(1, name="改名")
    second.change(2, status="withdrawn")
    second.people(1, first=5)
    second.deliver()
    first.run = 8
    first.change(3, name="改名")  # tonight, under the platform named again
    assert enqueue(first, 8) == 3
    assert enqueue(first, 8) == 0
    first.plan()
    first.take_over()
    told = {(row.person_id, row.revision, row.sent_as) for row in first.claim().itertuples()}
    assert told == {(1, 2, "changed"), (2, 2, "withdrawn"), (3, 2, "changed"), (5, 1, "new")}


def test_a_platform_that_was_never_left_is_not_looked_through(fresh_engine):
    first, second = World(fresh_engine, profile="first"), World(fresh_engine, profile="second")
    first.people(2)
    first.deliver()
    enqueue(second, 3)
    second.deliver()
    with transaction(fresh_engine) as connection:  # behind the outbox's back
        connection.execute(sa.text("UPDATE elder SET revision = 5"))
    second.run = 9
    second.change(1, name="改名")
    assert enqueue(second, 9) == 0


def test_what_changed_meanwhile_under_a_number_the_platform_has_seen_is_entered_too(fresh_engine):
    """After a restore the first platform knew person 1 under revision 7; meanwhile ours has become 2."""
    first, second = World(fresh_engine, profile="first"), World(fresh_engine, profile="second")
    first.people(1)
    first.deliver()
    with transaction(fresh_engine) as connection:
        observed = outbox.insert().values(
            profile="first",
            person_id=1,
            revision=7,
            operation="observed",
            run_id=2,
            state="accepted",
            sent_as="changed",
        )
        connection.execute(observed)
    enqueue(second, 3)
    second.run = 4
    second.change(1, name="改名", from_run=4)
    assert enqueue(first, 5) == 1
    assert [row["state"] for row in first.rows(1) if (row["profile"], row["revision"]) == ("first", 2)] == ["pending"]


# From one way to another


def test_what_was_told_one_way_is_settled_before_changes_leave_another(bureau, tmp_path):
    script = FaultScript([])
    with stand_in(tmp_path, script=script) as platform:
        bureau.tells(platform.url)
        bureau.first_night(INCAPACITY, listed(TWELVE))
        script.add(ScriptedFault(kind="reset", moment="after", endpoint="upsert"))
        bureau.deliver(INCAPACITY, [*listed(TWELVE[:1], 联系电话="13700000000"), *listed(TWELVE[1:])])
        bureau.night(NEXT_DAY, expect="yellow")
        bureau.target("workbook")
        with pytest.raises(PushFailed, match=r'1 change was told by target "api".*set target = "api"'):
            bureau.push()
        status = bureau.push_status()
        assert (status["status"], status["target"], status["target_to_settle"]) == ("yellow", "workbook", "api")
        bureau.deliver(INCAPACITY, [*listed(TWELVE[:2], 联系电话="13700000000"), *listed(TWELVE[2:])])
        summary = bureau.night(NEXT_DAY + timedelta(days=1), expect="yellow")
        assert (summary["push"]["planned"], summary["push"]["sent"], summary["files"]) == (1, 0, [])
        [reason] = [reason for reason in summary["reasons"] if "改用" in reason]
        assert reason == (
            '尚有 1 人的变更经 target = "api" 上报、结果未定，改用 "workbook" 之前须先查清：'
            '把 bureau.toml 的 target 改回 "api"，执行 eldersync push，至没有未定结果后再改。'
        )
        assert not [reason for reason in summary["reasons"] if "暂未受理" in reason]
        bureau.target("api")
        bureau.execute(EVERYBODY_CAN_WAIT_NO_LONGER)
        bureau.push("green")
        assert effects(platform) == {"new": 12, "changed": 2}
        bureau.target("workbook")
        bureau.push("green")
        assert bureau.push_status()["status"] == "green"


def test_which_way_a_platform_was_told_last_is_remembered_and_held_entries_keep_nobody_from_another(fresh_engine):
    world = World(fresh_engine)
    world.people(2)
    with transaction(world.engine) as connection:
        for person, state in ((1, "held"), (2, "unknown")):
            connection.execute(outbox.update().where(outbox.c.person_id == person).values(state=state))
        assert platform_state.read(connection, world.profile).target is None
        platform_state.note_target(connection, world.profile, "exchange")
        assert platform_state.read(connection, world.profile).target == "exchange"
        assert outboxes.unsettled_count(connection, world.profile) == 1

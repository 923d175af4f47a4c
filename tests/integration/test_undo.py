"""Nights taken back: the registry as before to the byte, what platforms hear of it, and what is left for people to decide."""

import os
import random
from contextlib import contextmanager
from datetime import timedelta
from itertools import count

import pytest
import sqlalchemy as sa
from memory import MemoryBureau
from nights import (
    DISABILITY,
    FAMILY,
    INCAPACITY,
    ROWS,
    SURVEY,
    TODAY,
    copied,
    disability_row,
    family_row,
    fresh_database,
    incapacity_row,
    member_row,
    people,
    person,
    survey_row,
)
from push_bureau import PushBureau, effects, held_by
from push_bureau import evening as evening_of_pushes

from schemas.errors import AnotherRunIsActive, ConfigurationInvalid

TWELVE = people(12)
NEXT_DAY = TODAY + timedelta(days=1)
DAY_AFTER = TODAY + timedelta(days=2)
HISTORIES = 20 if os.environ.get("ELDERSYNC_DEEP") else 2
NIGHTS = 7


@pytest.fixture
def bureau(tmp_path, fresh_url):
    return MemoryBureau(tmp_path / "home", fresh_url)


@pytest.fixture(scope="module")
def evening(server_engine, tmp_path_factory):
    """A bureau after two nights, the run to undo, and what was held before it; to be copied for each test."""
    with fresh_database(server_engine) as url:
        bureau = MemoryBureau(tmp_path_factory.mktemp("evening") / "home", url)
        yield bureau, *two_nights(bureau)


@pytest.fixture
def after_two(evening, server_engine, tmp_path):
    bureau, undone, state = evening
    with copied(bureau, server_engine, tmp_path) as bureau:
        yield bureau, undone, state


def two_nights(bureau):
    """A night, and one that changes somebody in every way: new, changed, gone, another row, a finding come and one gone."""
    bureau.deliver(
        SURVEY,
        [survey_row(TWELVE[0], 联系电话="12345"), *(survey_row(who) for who in TWELVE[1:6])],
    )
    bureau.deliver(INCAPACITY, [incapacity_row(TWELVE[0], 能力等级=""), *(incapacity_row(who) for who in TWELVE[3:9])])
    bureau.deliver(DISABILITY, [disability_row(TWELVE[9]), disability_row(TWELVE[10], 有效期至="2023-01-01")])
    before = bureau.night()["run_id"]
    state = bureau.held(before)
    bureau.deliver(
        SURVEY,
        [survey_row(TWELVE[0]), survey_row(TWELVE[1], 联系电话="13700000000"), *(survey_row(who) for who in TWELVE[2:5]),
         survey_row(person(40), 联系电话="99")],
        "second.csv",
    )  # fmt: skip
    (bureau.inbox(SURVEY) / "list.csv").unlink()
    bureau.deliver(INCAPACITY, [*(incapacity_row(who) for who in TWELVE[3:8]), incapacity_row(person(50))])
    bureau.deliver(FAMILY, [family_row(TWELVE[9])])
    bureau.deliver(DISABILITY, [disability_row(TWELVE[9], kind="3"), disability_row(TWELVE[10])])
    undone = bureau.night(NEXT_DAY)["run_id"]
    assert bureau.held(undone) != state
    return undone, state


# Undo is before


def test_a_night_that_is_undone_leaves_the_registry_as_before_to_the_byte(after_two):
    bureau, undone, state = after_two
    found = bureau.undo(undone)
    assert (found["is_done"], found["undoes"], found["run_id"]) == (True, [undone], undone + 1)
    assert bureau.held(found["run_id"]) == state


def test_what_an_undo_would_do_is_what_it_does(after_two):
    bureau, undone, _ = after_two
    everything = bureau.content()
    asked = bureau.undo(undone, write=False)
    assert (bureau.content(), asked["run_id"], asked["is_done"]) == (everything, None, False)
    done = bureau.undo(undone)
    assert asked == {**done, "run_id": None, "is_done": False}
    assert all(done["elders"].values())  # somebody of every kind
    assert {source: files["undone"] for source, files in done["deliveries"].items()} == dict.fromkeys(ROWS, 1)


def test_the_history_keeps_what_the_undone_night_wrote(after_two):
    bureau, undone, _ = after_two
    number = TWELVE[1].number
    records = "SELECT revision, phone, from_run FROM {} WHERE id_number = :number ORDER BY revision"
    found = bureau.undo(undone)
    past = bureau.query(records.format("elder_history"), number=number)
    assert [row["phone"] for row in past] == [TWELVE[1].phone, "13700000000"]
    [now] = bureau.query(records.format("elder"), number=number)
    assert now == {"revision": 3, "phone": TWELVE[1].phone, "from_run": found["run_id"]}


def test_the_next_night_goes_on_from_before_and_leaves_undone_lists_alone(after_two):
    bureau, undone, state = after_two
    bureau.undo(undone)
    summary = bureau.night(DAY_AFTER, expect="yellow")
    assert {name: value for name, value in summary["elders"].items() if name != "total"} == {
        "new": 0, "changed": 0, "unchanged": 11, "withdrawn": 0,
    }  # fmt: skip
    assert bureau.exported() == state["elders"]
    for line in summary["sources"].values():
        assert f"eldersync retake {undone}" in line["message"]
    assert "delivery-repeated" not in bureau.codes()


def test_lists_taken_again_after_an_undo_give_what_had_been_there(after_two):
    bureau, undone, _ = after_two
    statements, codes = bureau.statements(), bureau.codes()
    bureau.undo(undone)
    assert bureau.retake(undone)["deliveries"] == dict.fromkeys(sorted(ROWS), 1)
    bureau.night(DAY_AFTER)
    assert bureau.statements().equals(statements)
    assert bureau.codes() == codes
    with pytest.raises(ConfigurationInvalid, match="no list that was taken back with run 2 waits"):
        bureau.retake(undone)


def test_one_source_s_list_alone_is_taken_again_though_its_file_has_gone(after_two):
    bureau, undone, _ = after_two
    bureau.undo(undone)
    assert bureau.retake(undone, INCAPACITY)["deliveries"] == {INCAPACITY: 1}
    (bureau.inbox(INCAPACITY) / "list.csv").unlink()
    summary = bureau.night(DAY_AFTER)
    assert {name: line["status"] for name, line in summary["sources"].items()}[INCAPACITY] == "green"
    assert person(50).number in bureau.active()
    assert person(40).number not in bureau.active()


def test_household_members_stand_as_before(bureau):
    def survey(relation, *more):
        bureau.deliver_workbook(
            SURVEY,
            {"服务对象": [survey_row(who) for who in TWELVE],
             "家庭成员": [member_row(TWELVE[0], TWELVE[0].name, TWELVE[0].number, "户主"),
                      member_row(TWELVE[0], "刘小明", people(1, 500)[0].number, relation), *more]},
        )  # fmt: skip

    survey("子女")
    state = bureau.held(bureau.night()["run_id"])
    survey("儿媳", member_row(TWELVE[1], TWELVE[1].name, TWELVE[1].number, "户主"))
    undone = bureau.night(NEXT_DAY)["run_id"]
    found = bureau.undo(undone)
    assert found["members"]["ended"]
    assert found["members"]["stand_again"]
    assert bureau.held(found["run_id"]) == state


def test_a_disputed_person_s_rows_come_to_what_they_had_come_to(bureau):
    bureau.deliver(SURVEY, [survey_row(who) for who in TWELVE])
    state = bureau.held(bureau.night()["run_id"])
    bureau.deliver(INCAPACITY, [incapacity_row(TWELVE[0], 姓名="欧阳春晓"), incapacity_row(TWELVE[1])])
    undone = bureau.night(NEXT_DAY)["run_id"]
    assert bureau.codes()["same-number-different-person"]
    found = bureau.undo(undone)
    assert found["outcomes"] == 1
    assert bureau.held(found["run_id"]) == state


# Which nights


def test_a_night_others_stand_on_is_undone_only_with_them(after_two):
    bureau, undone, state = after_two
    bureau.deliver(FAMILY, [family_row(who) for who in TWELVE[8:11]])
    later = bureau.night(DAY_AFTER)["run_id"]
    with pytest.raises(ConfigurationInvalid, match=rf"later runs stand on run {undone} \({later}\)"):
        bureau.undo(undone, write=False)
    found = bureau.undo(undone, with_later=True)
    assert found["undoes"] == [undone, later]
    assert bureau.held(found["run_id"]) == state
    assert found["deliveries"][FAMILY] == {"undone": 2}


def test_nights_undone_one_after_another_lead_to_where_undoing_them_together_does(after_two):
    bureau, undone, state = after_two
    middle = bureau.held(undone)
    bureau.deliver(FAMILY, [family_row(who) for who in TWELVE[8:11]])
    later = bureau.night(DAY_AFTER)["run_id"]
    assert bureau.held(bureau.undo(later)["run_id"]) == middle
    found = bureau.undo(undone)
    assert (found["undoes"], bureau.held(found["run_id"])) == ([undone], state)


def test_the_first_night_of_all_can_be_undone(bureau):
    bureau.deliver(SURVEY, [survey_row(who) for who in TWELVE])
    run_id = bureau.night()["run_id"]
    found = bureau.undo(run_id)
    assert found["elders"] == {"returned_to": 0, "left_again": 12, "back": 0}
    assert (bureau.active(), bureau.codes()) == (set(), {})
    numbers = {row["id_number"]: row["person_id"] for row in bureau.query("SELECT * FROM elder")}
    bureau.retake(run_id)
    assert bureau.night()["elders"]["new"] == 12
    assert {row["id_number"]: row["person_id"] for row in bureau.query("SELECT * FROM elder")} == numbers


def test_what_cannot_be_undone_says_why(bureau):
    with pytest.raises(ConfigurationInvalid, match="there is no run 1"):
        bureau.undo(1)
    bureau.deliver(SURVEY, [survey_row(who) for who in TWELVE])
    run_id = bureau.night()["run_id"]
    found = bureau.undo(run_id)
    with pytest.raises(ConfigurationInvalid, match="was undone already, by run 2"):
        bureau.undo(run_id)
    with pytest.raises(ConfigurationInvalid, match=f"is an undo itself.*eldersync retake {run_id}"):
        bureau.undo(found["run_id"])


def test_a_night_that_broke_off_after_it_took_lists_is_taken_back(bureau):
    bureau.deliver(SURVEY, [survey_row(who) for who in TWELVE])
    state = bureau.held(bureau.night()["run_id"])
    bureau.deliver(SURVEY, [survey_row(who) for who in people(12, 100)])
    bureau.own_configuration()
    for line in ("[brake]\npeople = 10\nshare = 0.05",):
        bureau.set_rule(line.replace("people = 10", "people = 1000"), instead_of=line)
    engine = sa.create_engine(bureau.url, poolclass=sa.NullPool)
    with engine.begin() as connection:  # the stage that merges cannot be done
        connection.execute(sa.text("UPDATE platform SET must_reconcile = true"))
    with pytest.raises(Exception, match="restored"):
        bureau.night(NEXT_DAY)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE platform SET must_reconcile = false"))
    found = bureau.undo(2)
    assert found["rows"] == {"ended": 12, "stand_again": 12}
    assert bureau.held(found["run_id"]) == state


# How


def test_an_undo_that_is_cut_short_has_not_happened(after_two):
    bureau, undone, _ = after_two
    before = bureau.content(), bureau.query("SELECT * FROM run ORDER BY run_id"), bureau.query("SELECT * FROM delivery")

    statements = []
    with listening(statements.append):
        bureau.undo(undone, write=False)
    begins = next(n for n, text in enumerate(statements) if "SAVEPOINT" in text)
    for place in range(begins + 2, len(statements) + 1, 4):
        left = count(place, -1)
        with listening(lambda _, left=left: cut_at_zero(next(left))), pytest.raises(CutShortError):
            bureau.undo(undone)
        assert (
            bureau.content(),
            bureau.query("SELECT * FROM run ORDER BY run_id"),
            bureau.query("SELECT * FROM delivery"),
        ) == before


class CutShortError(Exception):
    """The process ends here."""


def cut_at_zero(left):
    if left == 1:
        raise CutShortError


@contextmanager
def listening(hear):
    """Has ``hear`` told of every statement before it is executed."""

    def heard(_connection, _cursor, statement, *_):
        hear(statement)

    sa.event.listen(sa.Engine, "before_cursor_execute", heard)
    try:
        yield
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", heard)


def test_nothing_is_undone_while_a_run_is_going_on(after_two):
    from registry.lock import run_lock

    bureau, undone, _ = after_two
    engine = sa.create_engine(bureau.url, poolclass=sa.NullPool)
    with run_lock(engine, "run 3"), pytest.raises(AnotherRunIsActive):
        bureau.undo(undone, write=False)


def test_the_command_asks_for_yes_and_the_ledger_shows_the_undo(after_two, capsys):
    bureau, undone, state = after_two
    who = ("--by", "王芳", "--reason", "名单有误")
    assert bureau.command("undo", str(undone), *who) == 3
    assert "尚未撤销" in capsys.readouterr().out
    assert bureau.command("undo", str(undone), *who, "--yes") == 3
    assert "eldersync retake" in capsys.readouterr().out
    assert bureau.exported() == state["elders"]
    assert bureau.command("show", "3") == 0
    assert "undo" in capsys.readouterr().out
    for command in (["status"], ["runs"]):
        assert bureau.command(*command) in {0, 3}
    assert bureau.command("undo", str(undone), "--by", " ", "--reason", "x") == 2
    assert bureau.command("retake", str(undone), *who) == 0
    [line] = bureau.query("SELECT kind, undoes, undone_by, status FROM run WHERE run_id = 3")
    assert line == {"kind": "undo", "undoes": [undone], "undone_by": None, "status": "yellow"}


# What platforms hear


def listed(them, **changes):
    return [incapacity_row(who, **changes) for who in them]


class ToldBureau(PushBureau, MemoryBureau):
    pass


@pytest.fixture(scope="module")
def twelve_told(server_engine, tmp_path_factory):
    """A bureau whose platform was told of twelve people; to be copied."""
    with evening_of_pushes(
        server_engine, tmp_path_factory.mktemp("told"), lambda one: one.first_night(INCAPACITY, listed(TWELVE)),
        kind=ToldBureau,
    ) as found:  # fmt: skip
        yield found


@pytest.fixture
def told(twelve_told, tmp_path):
    """The bureau, and its platform."""
    with twelve_told.copied(tmp_path) as copied:
        yield copied


def told_of(platform):
    """What the platform holds of everybody, but for what kind of change it was told last."""
    with platform.view() as view:
        return {
            key: {name: value for name, value in holding.fields.items() if name != "操作类型"}
            for key, holding in view.state().items()
            if holding.is_present
        }


def test_a_platform_that_was_told_is_corrected(told):
    bureau, platform = told
    before = told_of(platform)
    bureau.deliver(
        INCAPACITY, [*listed(TWELVE[:1], 联系电话="13700000000"), *listed(TWELVE[1:10]), *listed([person(50)])]
    )
    undone = bureau.night(NEXT_DAY, expect="green")["run_id"]
    found = bureau.undo(undone)
    assert found["push"] == {"corrected": 4, "dropped": 0, "still_to_tell": 0}
    assert found["elders"] == {"returned_to": 1, "left_again": 1, "back": 2}
    assert bureau.push("green")["push"]["accepted"] == 4
    assert told_of(platform) == before
    assert held_by(platform) == bureau.active() == {who.number for who in TWELVE}
    assert bureau.night(DAY_AFTER)["push"]["planned"] == 0


def test_what_was_only_planned_is_dropped_and_nobody_hears_of_it(told):
    bureau, platform = told
    bureau.deliver(INCAPACITY, [*listed(TWELVE[:1], 联系电话="13700000000"), *listed(TWELVE[1:])])
    undone = bureau.night(NEXT_DAY, send=False)["run_id"]
    assert bureau.undo(undone)["push"] == {"corrected": 0, "dropped": 1, "still_to_tell": 0}
    assert bureau.push("green")["push"] == {
        "planned": 0, "sent": 0, "accepted": 0, "rejected": 0, "unknown": 0, "waiting": 0,
    }  # fmt: skip
    assert effects(platform) == {"new": 12}


def test_a_change_from_before_that_still_had_to_be_told_is_told_after_the_undo(told):
    bureau, platform = told
    bureau.deliver(INCAPACITY, [*listed(TWELVE[:1], 联系电话="13700000000"), *listed(TWELVE[1:])])
    bureau.night(NEXT_DAY, send=False)
    bureau.deliver(INCAPACITY, [*listed(TWELVE[:1], 联系电话="13711111111"), *listed(TWELVE[1:])])
    undone = bureau.night(DAY_AFTER, send=False)["run_id"]
    assert bureau.undo(undone)["push"] == {"corrected": 0, "dropped": 1, "still_to_tell": 1}
    assert bureau.push("green")["push"]["accepted"] == 1
    with platform.view() as view:
        phones = {holding.fields["联系电话"] for holding in view.state().values() if holding.is_present}
    assert phones == {"13700000000", *(who.phone for who in TWELVE[1:])}


def test_somebody_new_whose_entry_was_told_is_withdrawn_there(told):
    bureau, platform = told
    bureau.deliver(INCAPACITY, listed([*TWELVE, person(50)]))
    undone = bureau.night(NEXT_DAY)["run_id"]
    assert bureau.undo(undone)["elders"] == {"returned_to": 0, "left_again": 1, "back": 0}
    bureau.retake(undone)
    bureau.night(DAY_AFTER)
    assert held_by(platform) == bureau.active() == {who.number for who in [*TWELVE, person(50)]}


# Histories


def random_lists(chance, pool):
    """What four offices could send one night."""
    makers = {SURVEY: survey_row, INCAPACITY: incapacity_row, FAMILY: family_row, DISABILITY: disability_row}
    lists = {}
    for source, row in makers.items():
        if chance.random() < 0.75:
            chosen = [who for who in pool if chance.random() < 0.8]
            rows = [row(who, **({"联系电话": "12345"} if chance.random() < 0.2 else {})) for who in chosen]
            if rows and chance.random() < 0.3:
                rows.append({**rows[0], "姓名": "司马长风"} if chance.random() < 0.5 else dict(rows[0]))
            if rows:
                lists[source] = rows
    return lists


@pytest.mark.parametrize("seed", range(1, HISTORIES + 1), ids=lambda seed: f"seed-{seed}")
def test_any_nights_can_be_undone_to_any_of_them(tmp_path, server_engine, seed):
    chance, pool = random.Random(seed), people(14)  # noqa: S311
    with fresh_database(server_engine) as url:
        bureau = MemoryBureau(tmp_path / "home", url)
        bureau.own_configuration()
        bureau.set_rule("people = 1000\nshare = 0.05", instead_of="people = 10\nshare = 0.05")
        stack = []  # nights that stand, with what was held after each
        nothing = {"elders": None}
        for n in range(NIGHTS):
            for source, rows in random_lists(chance, pool).items():
                bureau.deliver(source, rows, f"list{n}.csv")
                for old in bureau.inbox(source).glob("*.csv"):
                    if old.name != f"list{n}.csv":
                        old.unlink()
            run_id = bureau.night(TODAY + timedelta(days=n))["run_id"]
            stack.append((run_id, bureau.held(run_id)))
            if chance.random() < 0.5:
                place = chance.randrange(len(stack))
                found = bureau.undo(stack[place][0], with_later=True)
                stack = stack[:place]
                expected = stack[-1][1] if stack else nothing
                held = bureau.held(found["run_id"])
                if stack:
                    assert held == expected
                else:
                    assert bureau.active() == set()

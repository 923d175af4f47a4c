"""Plans that a brake holds: who lets them go, what voids an approval, and that nobody is withdrawn at the platform before."""

from dataclasses import replace
from datetime import timedelta

import openpyxl
import pytest
from nights import INCAPACITY, TODAY, incapacity_row, people, person
from push_bureau import PushBureau, effects, evening, held_by, stand_in

from schemas.errors import ConfigurationInvalid, RunStopped

TWELVE = people(12)
TOWN = [replace(who, village=f"第{place % 20}村") for place, who in enumerate(people(200))]
ARRIVING = people(100, first=300)


def listed(them, **changes):
    return [incapacity_row(who, **changes) for who in them]


@pytest.fixture
def platform(tmp_path):
    """A platform that was told of nobody."""
    with stand_in(tmp_path) as running:
        yield running


def twelve_told(bureau):
    """The platform holds twelve people; of more than two at once it is told only when two people say so."""
    bureau.has_rule("push_brake", people=2, share=0, source_people=2, source_share=0, village_people=2, village_share=0)
    bureau.first_night(INCAPACITY, listed(TWELVE))


@pytest.fixture(scope="module")
def twelve(tmp_path_factory, server_engine):
    with evening(server_engine, tmp_path_factory.mktemp("twelve"), twelve_told) as found:
        yield found


@pytest.fixture
def told(twelve, tmp_path):
    """A bureau, and its platform that holds twelve people."""
    with twelve.copied(tmp_path) as copied:
        yield copied


def held_night(bureau, **changes):
    """A night of three changed telephones, which the brake holds; its run."""
    rows = [*listed(TWELVE[:3], 联系电话="13700000000", **changes), *listed(TWELVE[3:])]
    bureau.deliver(INCAPACITY, rows)
    summary = bureau.night(expect="yellow")
    assert summary["push"] == {
        "planned": 3, "sent": 0, "accepted": 0, "rejected": 0, "unknown": 0, "waiting": 3,
    }  # fmt: skip
    assert summary["reasons"][0].startswith("变动人数过多：拟上报 3 人，省级平台现有 12 人，上限 2 人。")
    return summary["run_id"]


@pytest.fixture(scope="module")
def evening_of_a_held_plan(tmp_path_factory, server_engine):
    """Twelve people told, a night that the brake holds, and its run."""
    runs = []

    def prepare(bureau):
        twelve_told(bureau)
        runs.append(held_night(bureau))

    with evening(server_engine, tmp_path_factory.mktemp("held"), prepare) as found:
        yield found, *runs


@pytest.fixture
def held(evening_of_a_held_plan, tmp_path):
    """A bureau whose plan is held, its platform, and the run of the plan."""
    found, run = evening_of_a_held_plan
    with found.copied(tmp_path) as (bureau, platform):
        yield bureau, platform, run


# Who lets a plan go


def test_a_held_plan_leaves_when_two_people_have_approved_it_and_not_before(held):
    bureau, platform, run = held
    assert bureau.push("yellow")["push"]["sent"] == 0
    shown = bureau.plan(run)
    assert (shown["state"], shown["changed"], shown["approvers"]) == ("held", 3, [])
    found = bureau.approve(run, "王芳")
    assert (found["approvers"], found["needed"], found["is_released"], found["released"]) == (["王芳"], 2, False, 0)
    assert bureau.push("yellow")["push"]["waiting"] == 3
    assert effects(platform) == {"new": 12}
    found = bureau.approve(run, "李强")
    assert (found["approvers"], found["is_released"], found["released"]) == (["王芳", "李强"], True, 3)
    assert bureau.plan(run)["state"] == "released"
    found = bureau.push("green")
    assert (found["run_id"], found["push"]["accepted"], found["push"]["waiting"]) == (run, 3, 0)
    assert effects(platform) == {"new": 12, "changed": 3}
    assert bureau.plan(run)["state"] == "told"


@pytest.mark.parametrize("spelt", ["王芳 ", "王　芳", "王芳"], ids=["blank", "wide blank", "again"])
def test_the_same_person_approves_once_however_the_name_is_written(held, spelt):
    bureau, _, run = held
    bureau.approve(run, "王芳")
    found = bureau.approve(run, spelt)
    assert (found["approvers"], found["is_released"]) == (["王芳"], False)
    assert bureau.push("yellow")["push"]["sent"] == 0


@pytest.mark.parametrize(
    ("by", "reason", "said"),
    [(" ", "已核对", "who approves has to be named"), ("王芳", "　", "an approval needs a reason")],
    ids=["nobody", "no reason"],
)
def test_nobody_approves_without_a_name_and_a_reason(held, by, reason, said):
    bureau, _, run = held
    from flows.telling.push_plans import approve_plan

    with pytest.raises(ConfigurationInvalid, match=said):
        bureau.ask(approve_plan, run, by=by, reason=reason)
    assert bureau.plan(run)["approvers"] == []


def test_an_approval_in_exactly_this_form_holds_when_the_same_is_planned_again(held):
    bureau, platform, run = held
    bureau.approve(run, "王芳")
    bureau.push("yellow")
    assert bureau.plan(run)["approvers"] == ["王芳"]
    assert bureau.approve(run, "李强")["is_released"]
    bureau.push("green")
    assert effects(platform)["changed"] == 3


def test_another_night_voids_what_one_person_approved(held):
    bureau, platform, run = held
    bureau.approve(run, "王芳")
    bureau.deliver(INCAPACITY, [*listed(TWELVE[:4], 联系电话="13700000001"), *listed(TWELVE[4:])])
    later = bureau.night(expect="yellow")["run_id"]
    with pytest.raises(
        ConfigurationInvalid, match=f"run {run} is not the newest plan; look at: eldersync plan {later}"
    ):
        bureau.approve(run, "李强")
    assert bureau.approve(later, "李强")["approvers"] == ["李强"]
    assert effects(platform) == {"new": 12}


def test_what_was_approved_by_two_and_then_changed_by_another_night_is_held_again(held):
    bureau, platform, run = held
    bureau.approve(run)
    bureau.deliver(INCAPACITY, [*listed(TWELVE[:3], 联系电话="13700000001"), *listed(TWELVE[3:])])
    later = bureau.night(expect="yellow")
    assert (later["push"]["planned"], later["push"]["sent"]) == (3, 0)
    assert effects(platform) == {"new": 12}
    bureau.approve(later["run_id"])
    assert bureau.push("green")["push"]["accepted"] == 3


def test_a_night_that_changes_nothing_leaves_what_was_approved_as_it_is(held):
    bureau, platform, run = held
    bureau.approve(run)
    summary = bureau.night(TODAY + timedelta(days=1), expect="green")
    assert (summary["push"]["planned"], summary["push"]["accepted"], summary["push"]["waiting"]) == (3, 3, 0)
    assert effects(platform)["changed"] == 3


def test_whom_an_officer_holds_is_not_told_although_the_plan_was_approved(held):
    bureau, platform, run = held
    bureau.hold(TWELVE[0].number)
    bureau.approve(run)
    found = bureau.push("yellow")
    assert (found["push"]["accepted"], found["push"]["waiting"]) == (2, 1)
    bureau.release(TWELVE[0].number)
    assert bureau.push("green")["push"]["waiting"] == 0
    assert effects(platform)["changed"] == 3


def test_a_plan_that_no_brake_holds_has_nothing_to_approve(told):
    bureau, _ = told
    bureau.deliver(INCAPACITY, [*listed(TWELVE[:1], 联系电话="13700000000"), *listed(TWELVE[1:])])
    run = bureau.night(expect="green")["run_id"]
    with pytest.raises(ConfigurationInvalid, match=f"the plan of run {run} is not held"):
        bureau.approve(run, "王芳")


def test_a_run_without_a_plan_is_named(told):
    bureau, _ = told
    with pytest.raises(ConfigurationInvalid, match="run 77 has no plan for platform example"):
        bureau.approve(77, "王芳")
    with pytest.raises(ConfigurationInvalid, match="run 77 has no plan"):
        bureau.plan(77)


def test_a_plan_as_a_workbook_shows_each_changed_field_and_no_name_whole(held, tmp_path):
    bureau, _, run = held
    shown = bureau.plan(run, tmp_path / "plan.xlsx")
    assert shown["file"] == str(tmp_path / "plan.xlsx")
    assert [one["changes"] for one in shown["people"]] == [["联系电话"]] * 3
    book = openpyxl.load_workbook(tmp_path / "plan.xlsx")
    cells = {str(cell) for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row if cell}
    assert "联系电话" in cells
    assert not {cell for cell in cells for who in TWELVE if who.name in cell or who.number in cell or who.phone in cell}


# A source that shrinks (P13), and one that grows

SIZES = {"0 %": 0, "1 %": 2, "50 %": 100, "94 %": 188, "95 %": 190, "96 %": 192, "100 %": 200, "150 %": 300}


def incremental(bureau):
    """The list brings only news from now on."""
    bureau.set_rule('delivers = "incremental"', instead_of='delivers = "full"', file=f"sources/{INCAPACITY}.toml")


@pytest.fixture(scope="module")
def town(request, tmp_path_factory, server_engine):
    """How lists are delivered, and a bureau of two hundred people all of whom the platform was told."""

    def prepare(bureau):
        if request.param == "incremental":
            incremental(bureau)
        bureau.first_night(INCAPACITY, listed(TOWN))

    with evening(server_engine, tmp_path_factory.mktemp("town"), prepare) as found:
        yield request.param, found


@pytest.fixture
def later(town, tmp_path):
    """How lists are delivered, the bureau, and its platform."""
    kind, found = town
    with found.copied(tmp_path) as (bureau, platform):
        yield kind, bureau, platform


def header_or_rows(them):
    return listed(them) if them else ",".join(incapacity_row(TOWN[0])) + "\n"


@pytest.mark.parametrize("town", ["full", "incremental"], indirect=True)
@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
def test_beyond_the_limits_nobody_is_withdrawn_at_the_platform_until_two_approve(later, size):
    kind, bureau, platform = later
    bureau.deliver(INCAPACITY, header_or_rows([*TOWN, *ARRIVING][:size]))
    summary = bureau.night()
    lost, come = (max(0, 200 - size) if kind == "full" else 0), max(0, size - 200)
    is_list_held = lost > 10
    assert summary["status"] == ("yellow" if is_list_held or come > 10 else "green"), summary["reasons"]
    told = effects(platform)
    assert told == ({"new": 200} if is_list_held or not lost else {"new": 200, "withdrawn": lost})
    if size == 0:
        # A full list of nobody is no list, and there is nothing that could be approved.
        assert summary["sources"][INCAPACITY]["status"] == ("yellow" if kind == "full" else "green")
        return
    if is_list_held:
        assert summary["push"]["planned"] == 0
        assert bureau.approve(summary["run_id"], "王芳", source=INCAPACITY)["is_released"] is False
        assert bureau.night(expect="yellow")["push"]["planned"] == 0
        bureau.approve(summary["run_id"], "李强", source=INCAPACITY)
        summary = bureau.night(expect="yellow")
        assert (summary["elders"]["withdrawn"], summary["push"]["planned"]) == (lost, lost)
        assert any(reason.startswith("来源“") for reason in summary["reasons"])
        bureau.push("yellow")
    if is_list_held or come:
        assert effects(platform) == {"new": 200}
        bureau.approve(summary["run_id"], "王芳")
        bureau.push("yellow")
        assert effects(platform) == {"new": 200}
        bureau.approve(summary["run_id"], "李强")
        assert bureau.push("green")["push"]["accepted"] == lost + come
    assert held_by(platform) == bureau.active()
    assert effects(platform) == {"new": 200 + come, **({"withdrawn": lost} if lost else {})}


@pytest.mark.parametrize("kind", ["full", "incremental"])
@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
def test_the_first_push_to_a_platform_is_held_whatever_its_size(tmp_path, fresh_url, platform, kind, size):
    bureau = PushBureau(tmp_path / "home", fresh_url)
    bureau.tells(platform.url)
    if kind == "incremental":
        incremental(bureau)
    bureau.deliver(INCAPACITY, header_or_rows([*TOWN, *ARRIVING][:size]))
    summary = bureau.night(expect="yellow" if size or kind == "full" else "green")
    assert (summary["push"]["planned"], summary["push"]["sent"]) == (size, 0)
    assert effects(platform) == {}
    if size:
        [reason] = summary["reasons"]
        assert reason.startswith(f"首次上报：此前未向该平台报送过任何人员，本次拟报送 {size} 人。")
        assert reason.endswith("由两名人员分别批准（eldersync approve）后上报。")


@pytest.mark.parametrize("town", ["full"], indirect=True)
def test_four_in_a_hundred_every_night_are_held_by_the_third_night(later):
    """The frog in the pot: each list passes its own brake, and so would each plan alone."""
    _, bureau, platform = later
    bureau.execute("UPDATE outbox SET first_sent_at = first_sent_at - interval '8 days'")
    withdrawn = []
    for night in range(1, 6):
        bureau.deliver(INCAPACITY, listed(TOWN[8 * night :]))
        summary = bureau.night(TODAY + timedelta(days=night))
        assert summary["elders"]["withdrawn"] == 8
        withdrawn.append(effects(platform)["withdrawn"])
        if night >= 3:
            assert "七日内退出人数过多" in "".join(summary["reasons"])
    assert withdrawn == [8, 16, 16, 16, 16]
    bureau.approve(summary["run_id"])
    bureau.push("green")
    assert held_by(platform) == bureau.active() == {who.number for who in TOWN[40:]}


def test_withdrawals_that_two_people_approved_and_a_night_told_do_not_hold_the_next_one(told):
    bureau, platform = told
    bureau.has_rule("push_brake", people=1000, source_people=1000, village_people=1000, week_people=3, week_share=0)
    bureau.deliver(INCAPACITY, listed(TWELVE[4:]))
    run = bureau.night(expect="yellow")["run_id"]
    bureau.approve(run)
    assert bureau.night(expect="green")["push"]["accepted"] == 4
    bureau.deliver(INCAPACITY, listed(TWELVE[5:]))
    assert bureau.night(expect="green")["push"]["accepted"] == 1
    bureau.deliver(INCAPACITY, listed(TWELVE[8:]))
    assert bureau.night(expect="yellow")["push"]["accepted"] == 0
    assert effects(platform) == {"new": 12, "withdrawn": 5}


# A list that the intake brake holds


@pytest.fixture(scope="module")
def evening_of_a_held_list(tmp_path_factory, server_engine):
    """Twelve people told, a night whose list of six is held, and its run."""
    runs = []

    def prepare(bureau):
        twelve_told(bureau)
        bureau.has_rule("brake", people=2, share=0, village_people=2)
        bureau.night()
        bureau.deliver(INCAPACITY, listed(TWELVE[:6]))
        runs.append(bureau.night(expect="yellow")["run_id"])

    with evening(server_engine, tmp_path_factory.mktemp("list"), prepare) as found:
        yield found, *runs


@pytest.fixture
def held_list(evening_of_a_held_list, tmp_path):
    """A bureau of which a list is held, its platform, and the run that held it."""
    found, run = evening_of_a_held_list
    with found.copied(tmp_path) as (bureau, platform):
        yield bureau, platform, run


def test_a_list_approved_by_two_is_taken_the_next_night_even_when_its_file_is_gone(held_list):
    bureau, platform, run = held_list
    first = bureau.approve(run, "王芳", source=INCAPACITY)
    assert (first["is_released"], first["source"], "6" in first["message"]) == (False, INCAPACITY, True)
    bureau.approve(run, "李强", source=INCAPACITY)
    (bureau.inbox(INCAPACITY) / "list.csv").unlink()
    summary = bureau.night()
    assert summary["sources"][INCAPACITY]["status"] == "green"
    assert (summary["elders"]["withdrawn"], summary["elders"]["total"]) == (6, 6)
    assert effects(platform) == {"new": 12}  # its plan is held in its turn
    bureau.approve(summary["run_id"])
    bureau.push("green")
    assert effects(platform) == {"new": 12, "withdrawn": 6}
    assert bureau.night(expect="green")["elders"]["withdrawn"] == 0


def test_another_file_is_not_covered_by_an_approval(held_list):
    bureau, _, run = held_list
    bureau.approve(run, source=INCAPACITY)
    bureau.deliver(INCAPACITY, listed(TWELVE[:5]))
    summary = bureau.night(expect="yellow")
    assert summary["elders"]["withdrawn"] == 0
    assert len(bureau.active()) == 12
    assert bureau.approve(summary["run_id"], "王芳", source=INCAPACITY)["approvers"] == ["王芳"]


def test_a_source_that_holds_nothing_has_no_list_to_approve(told):
    bureau, _ = told
    with pytest.raises(ConfigurationInvalid, match=f"no list of {INCAPACITY} is held"):
        bureau.approve(1, "王芳", source=INCAPACITY)
    with pytest.raises(ConfigurationInvalid, match="there is no source named gazette"):
        bureau.approve(1, "王芳", source="gazette")


@pytest.fixture(scope="module")
def evening_of_a_loss(tmp_path_factory, server_engine):
    """Eighty people told, of whom sixty leave at once: more than all lists together may lose; two people have approved it."""

    def prepare(bureau):
        bureau.first_night(INCAPACITY, listed(people(80)))
        bureau.deliver(INCAPACITY, listed(people(80)[:20]))
        bureau.approve(bureau.night(expect="yellow")["run_id"], source=INCAPACITY)

    with evening(server_engine, tmp_path_factory.mktemp("loss"), prepare) as found:
        yield found


def test_a_loss_that_two_people_approved_is_no_mass_withdrawal(evening_of_a_loss, tmp_path):
    """The night is not taken for a wrong one."""
    with evening_of_a_loss.copied(tmp_path) as (bureau, _):
        assert bureau.night(expect="yellow")["elders"]["withdrawn"] == 60


def test_a_loss_that_was_approved_is_none_either_on_the_night_after_one_that_broke_off(evening_of_a_loss, tmp_path):
    with evening_of_a_loss.copied(tmp_path) as (bureau, _):
        bureau.execute("ALTER TABLE elder ADD CONSTRAINT nobody_leaves CHECK (status = 'active')")
        with pytest.raises(RunStopped):
            bureau.night()
        bureau.execute("ALTER TABLE elder DROP CONSTRAINT nobody_leaves")
        assert bureau.night(expect="yellow")["elders"]["withdrawn"] == 60


# Platforms


def test_an_example_that_is_handed_in_by_nobody_is_not_held(tmp_path, fresh_url):
    bureau = PushBureau(tmp_path / "home", fresh_url)
    bureau.deliver(INCAPACITY, listed(TOWN))
    summary = bureau.night(expect="green")
    assert (summary["push"]["sent"], summary["push"]["waiting"], len(summary["files"])) == (200, 0, 2)


def test_another_platform_is_told_everybody_anew_once_two_people_say_so(told):
    bureau, platform = told
    example = bureau.config / "platform/example.toml"
    other = example.read_text(encoding="utf-8").replace('name = "example"', 'name = "other"')
    (bureau.config / "platform/other.toml").write_text(other, encoding="utf-8")
    bureau.set_rule('platform = "other"', instead_of='platform = "example"', file="bureau.toml")
    summary = bureau.night(expect="yellow")
    assert (summary["elders"]["unchanged"], summary["push"]["planned"], summary["push"]["sent"]) == (12, 12, 0)
    assert summary["reasons"][0].startswith("首次上报：")
    assert bureau.plan(summary["run_id"])["new"] == 12
    assert bureau.query("SELECT DISTINCT profile FROM outbox ORDER BY 1") == [
        {"profile": "example"},
        {"profile": "other"},
    ]
    bureau.approve(summary["run_id"])
    bureau.push()
    # The stand-in knows these people already, so that each is read back and turns out to be there.
    assert bureau.query("SELECT count(*) AS n FROM outbox WHERE profile = 'other' AND sent_as = 'new'") == [{"n": 12}]
    assert person(0).number in held_by(platform)

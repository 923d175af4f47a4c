"""Nights that tell a platform over its interface: what people see of it, of refusals, of an outage, and of one person."""

import json
from datetime import timedelta

import pytest
from nights import INCAPACITY, SURVEY, TODAY, incapacity_row, people, person, survey_row
from push_bureau import PushBureau, effects, held_by, stand_in

from schemas.errors import ConfigurationInvalid
from simulator.province.fault_script import FaultScript, ScriptedFault

TWELVE = people(12)
NEXT_DAY = TODAY + timedelta(days=1)
EVERYBODY_CAN_WAIT_NO_LONGER = "UPDATE outbox SET next_at = now() WHERE next_at IS NOT NULL"


def listed(them, **changes):
    return [incapacity_row(who, **changes) for who in them]


@pytest.fixture
def bureau(tmp_path, fresh_url):
    return PushBureau(tmp_path / "home", fresh_url)


def test_a_night_tells_the_platform_and_counts_what_it_accepted(bureau, tmp_path):
    with stand_in(tmp_path) as platform:
        bureau.tells(platform.url)
        bureau.first_night(INCAPACITY, listed(TWELVE))
        bureau.deliver(
            INCAPACITY, [*listed(TWELVE[:1], 联系电话="13700000000"), *listed(TWELVE[1:10]), *listed([person(50)])]
        )
        summary = bureau.night(NEXT_DAY, expect="green")
        assert summary["push"] == {
            "planned": 4, "sent": 4, "accepted": 4, "rejected": 0, "unknown": 0, "waiting": 0,
        }  # fmt: skip
        assert summary["files"] == []
        assert effects(platform) == {"new": 13, "changed": 1, "withdrawn": 2}
        assert held_by(platform) == bureau.active()
        again = bureau.night(NEXT_DAY, expect="green")["push"]
        assert (again["planned"], again["sent"]) == (0, 0)
        assert effects(platform).total() == 16
        with platform.view() as view:
            assert {seen.status for seen in view.requests()} == {200}


def test_a_night_that_must_not_push_tells_nothing_and_the_next_push_does(bureau, tmp_path):
    with stand_in(tmp_path) as platform:
        bureau.tells(platform.url)
        bureau.first_night(INCAPACITY, listed(TWELVE))
        bureau.deliver(INCAPACITY, [*listed(TWELVE[:1], 联系电话="13700000000"), *listed(TWELVE[1:])])
        summary = bureau.night(NEXT_DAY, send=False, expect="green")
        assert (summary["push"]["planned"], summary["push"]["sent"], summary["push"]["waiting"]) == (1, 0, 1)
        assert effects(platform) == {"new": 12}
        assert bureau.push("green")["push"]["accepted"] == 1


# What the platform refuses


def test_who_is_refused_is_a_finding_of_the_body_that_owns_the_field_until_it_is_corrected(bureau, tmp_path):
    with stand_in(tmp_path, max_length={"评估标准": 5}) as platform:
        bureau.tells(platform.url)
        bureau.deliver(SURVEY, [survey_row(TWELVE[0])])
        bureau.first_night(INCAPACITY, listed(TWELVE, 评估标准=""))
        bureau.deliver(INCAPACITY, [*listed(TWELVE[:1]), *listed(TWELVE[1:], 评估标准="")])
        summary = bureau.night(NEXT_DAY, expect="yellow")
        assert (summary["push"]["sent"], summary["push"]["accepted"], summary["push"]["rejected"]) == (1, 0, 1)
        assert "省级平台退回 1 人" in "".join(summary["reasons"])
        assert bureau.findings(besides=["delivery-repeated"]) == {
            ("platform-rejected", INCAPACITY, 2, "ability_standard"): 1
        }
        [seen] = bureau.query("SELECT seen FROM finding WHERE code = 'platform-rejected' AND to_run IS NULL")
        assert "内容超过平台允许的字数" in seen["seen"]
        # Nothing new: it stays refused, and is not told once more.
        assert bureau.night(NEXT_DAY)["push"]["sent"] == 0
        assert bureau.codes(besides=["delivery-repeated"]) == {"platform-rejected": 1}
        bureau.deliver(INCAPACITY, [*listed(TWELVE[:1], 评估标准="MZ/T"), *listed(TWELVE[1:], 评估标准="")])
        summary = bureau.night(NEXT_DAY + timedelta(days=1), expect="green")
        assert (summary["push"]["accepted"], bureau.codes(besides=["delivery-repeated"])) == (1, {})
        assert effects(platform) == {"new": 12, "changed": 1}


def test_somebody_refused_whom_the_source_no_longer_lists_ends_the_finding(bureau, tmp_path):
    with stand_in(tmp_path, max_length={"评估标准": 5}) as platform:
        bureau.tells(platform.url)
        bureau.first_night(INCAPACITY, listed(TWELVE, 评估标准=""))
        bureau.deliver(INCAPACITY, [*listed(TWELVE, 评估标准=""), *listed([person(50)])])
        bureau.night(NEXT_DAY, expect="yellow")
        assert bureau.codes()["platform-rejected"] == 1
        bureau.deliver(INCAPACITY, [*listed(TWELVE, 评估标准=""), dict.fromkeys(listed(TWELVE)[0], "")])
        summary = bureau.night(NEXT_DAY, expect="green")
        assert (summary["elders"]["withdrawn"], summary["push"]["planned"]) == (1, 0)
        assert bureau.codes(besides=["delivery-repeated"]) == {}
        assert bureau.push_status()["refused"] == 0
        assert effects(platform) == {"new": 12}


def test_what_was_refused_is_told_again_when_somebody_says_so(bureau, tmp_path):
    with stand_in(tmp_path, max_length={"评估标准": 5}) as platform:
        bureau.tells(platform.url)
        bureau.first_night(INCAPACITY, listed(TWELVE, 评估标准=""))
        bureau.deliver(INCAPACITY, [*listed(TWELVE[:1]), *listed(TWELVE[1:], 评估标准="")])
        bureau.night(NEXT_DAY, expect="yellow")
    with stand_in(tmp_path) as platform:
        bureau.tells(platform.url)
        assert bureau.push_status()["refused"] == 1
        assert bureau.resend(TWELVE[0].number)["did"] == "resent"
        assert bureau.push("green")["push"]["accepted"] == 1
        assert effects(platform) == {"new": 12, "changed": 1}
        assert bureau.codes(besides=["delivery-repeated"]) == {}
        with pytest.raises(ConfigurationInvalid, match="nothing to be told again: revision 2 was accepted"):
            bureau.resend(TWELVE[0].number)


# What goes wrong between the two


def changed_by_one(bureau):
    bureau.deliver(INCAPACITY, [*listed(TWELVE[:1], 联系电话="13700000000"), *listed(TWELVE[1:])])


def test_a_platform_that_is_down_leaves_a_yellow_night_with_everything_waiting_and_the_next_push_tells_it(
    bureau, tmp_path
):
    with stand_in(tmp_path) as platform:
        bureau.tells(platform.url)
        bureau.first_night(INCAPACITY, listed(TWELVE))
    changed_by_one(bureau)
    summary = bureau.night(NEXT_DAY, expect="yellow")
    assert (summary["push"]["planned"], summary["push"]["sent"], summary["push"]["waiting"]) == (1, 0, 1)
    assert summary["reasons"] == ["省级平台暂未受理 1 人的变更，已留存，稍后继续上报（eldersync push）。"]
    found = bureau.push("yellow")
    assert (found["push"]["sent"], found["reasons"], found["next_at"] is None) == (0, summary["reasons"], False)
    status = bureau.push_status()
    assert (status["waiting"]["pending"], status["next_at"] is None) == (1, False)
    with stand_in(tmp_path) as platform:
        bureau.tells(platform.url)
        bureau.execute(EVERYBODY_CAN_WAIT_NO_LONGER)
        assert bureau.push("green")["push"]["accepted"] == 1
        assert effects(platform) == {"new": 12, "changed": 1}


def test_a_platform_that_was_asked_in_vain_five_times_is_left_alone_and_the_night_says_so(bureau, tmp_path):
    with stand_in(tmp_path) as platform:
        bureau.tells(platform.url)
        bureau.first_night(INCAPACITY, listed(TWELVE))
    changed_by_one(bureau)
    bureau.night(NEXT_DAY, expect="yellow")
    for _ in range(4):
        bureau.execute(EVERYBODY_CAN_WAIT_NO_LONGER)
        found = bureau.push("yellow")
    assert found["reasons"] == ["省级平台连续无应答，变更已留存，恢复后继续上报（eldersync push）。"]
    status = bureau.push_status()
    assert (status["status"], status["is_away_until"] is None) == ("yellow", False)
    with stand_in(tmp_path) as platform:
        bureau.tells(platform.url)
        bureau.execute(EVERYBODY_CAN_WAIT_NO_LONGER)
        assert bureau.push("yellow")["push"]["sent"] == 0  # it is not asked before its time has come
        bureau.execute("UPDATE platform SET open_until = now()")
        assert bureau.push("green")["push"]["accepted"] == 1
        assert bureau.push_status()["status"] == "green"
        assert effects(platform)["changed"] == 1


def test_an_answer_that_never_came_is_asked_for_and_takes_effect_once(bureau, tmp_path):
    script = FaultScript([])
    with stand_in(tmp_path, script=script) as platform:
        bureau.tells(platform.url)
        bureau.first_night(INCAPACITY, listed(TWELVE))
        script.add(ScriptedFault(kind="reset", moment="after", endpoint="upsert"))
        changed_by_one(bureau)
        summary = bureau.night(NEXT_DAY, expect="yellow")
        assert (summary["push"]["unknown"], summary["push"]["accepted"]) == (1, 0)
        assert bureau.codes(besides=["delivery-repeated"]) == {"platform-unknown-outcome": 1}
        bureau.execute(EVERYBODY_CAN_WAIT_NO_LONGER)
        assert bureau.push("green")["push"]["accepted"] == 1
        assert effects(platform) == {"new": 12, "changed": 1}
        assert bureau.codes(besides=["delivery-repeated"]) == {}


def test_a_login_page_instead_of_an_answer_stops_the_push_until_it_is_gone(bureau, tmp_path):
    script = FaultScript([])
    with stand_in(tmp_path, script=script) as platform:
        bureau.tells(platform.url)
        bureau.first_night(INCAPACITY, listed(TWELVE))
        script.add(ScriptedFault(kind="login-page", moment="before", times=2))
        changed_by_one(bureau)
        summary = bureau.night(NEXT_DAY, expect="yellow")
        assert "已停止上报" in "".join(summary["reasons"])
        assert bureau.push_status()["stopped_by"]
        bureau.execute(EVERYBODY_CAN_WAIT_NO_LONGER)
        bureau.push("yellow")
        bureau.execute(EVERYBODY_CAN_WAIT_NO_LONGER)
        assert bureau.push("green")["push"]["accepted"] == 1
        assert bureau.push_status()["stopped_by"] is None
        assert effects(platform)["changed"] == 1


def test_a_platform_that_answers_later_is_asked_until_it_has(bureau, tmp_path):
    with stand_in(tmp_path) as platform:
        bureau.tells(platform.url)
        bureau.first_night(INCAPACITY, listed(TWELVE))
    with stand_in(tmp_path, answers="later") as platform:
        bureau.tells(platform.url)
        changed_by_one(bureau)
        summary = bureau.night(NEXT_DAY, expect="green")
        assert (summary["push"]["sent"], summary["push"]["accepted"], summary["push"]["waiting"]) == (0, 0, 1)
        assert bureau.push_status()["waiting"]["processing"] == 1
        bureau.execute(EVERYBODY_CAN_WAIT_NO_LONGER)
        assert bureau.push("green")["push"]["accepted"] == 1
        assert effects(platform) == {"new": 12, "changed": 1}


def test_without_the_secret_the_night_stops_red_and_is_resumed_when_it_is_there(bureau, tmp_path):
    from flows.operate import resume_night
    from schemas.errors import SecretMissing

    with stand_in(tmp_path) as platform:
        bureau.tells(platform.url)
        bureau.first_night(INCAPACITY, listed(TWELVE))
        secret = bureau.home / "secrets/platform_token"
        secret.rename(tmp_path / "elsewhere")
        changed_by_one(bureau)
        with pytest.raises(SecretMissing, match="there is no secret platform_token"):
            bureau.night(NEXT_DAY)
        (tmp_path / "elsewhere").rename(secret)
        with bureau.environment():
            summary = resume_night(bureau.home, bureau.config, 2)
        assert (summary["status"], summary["push"]["accepted"]) == ("green", 1)


# One person


def test_of_whom_an_officer_holds_nothing_is_told_until_the_release(bureau, tmp_path):
    with stand_in(tmp_path) as platform:
        bureau.tells(platform.url)
        bureau.first_night(INCAPACITY, listed(TWELVE))
        assert bureau.hold(TWELVE[0].number)["did"] == "held"
        bureau.deliver(INCAPACITY, [*listed(TWELVE[:2], 联系电话="13700000000"), *listed(TWELVE[2:])])
        summary = bureau.night(NEXT_DAY)
        assert (summary["push"]["planned"], summary["push"]["accepted"], summary["push"]["waiting"]) == (2, 1, 1)
        [held] = bureau.push_status()["held_people"]
        assert (held["person_id"], held["by"]) == (bureau.elders()[TWELVE[0].number]["person_id"], "王芳")
        assert bureau.push()["push"]["accepted"] == 0  # nobody was told now
        with pytest.raises(ConfigurationInvalid, match="is held already"):
            bureau.hold(TWELVE[0].number)
        bureau.release(str(held["person_id"]))
        bureau.push("green")
        assert effects(platform) == {"new": 12, "changed": 2}
        with pytest.raises(ConfigurationInvalid, match="is not held"):
            bureau.release(TWELVE[0].number)
        with pytest.raises(ConfigurationInvalid, match="no elder of the registry has this number"):
            bureau.hold(person(77).number)


def test_a_proof_says_when_what_was_told_and_names_no_value(bureau, tmp_path):
    with stand_in(tmp_path) as platform:
        bureau.tells(platform.url)
        bureau.first_night(INCAPACITY, listed(TWELVE))
        changed_by_one(bureau)
        bureau.night(NEXT_DAY, expect="green")
        entries = bureau.proof(TWELVE[0].number)
        assert [(entry["revision"], entry["sent_as"], entry["state"]) for entry in entries] == [
            (1, "new", "accepted"), (2, "changed", "accepted"),
        ]  # fmt: skip
        with platform.view() as view:
            told = view.history(str(bureau.elders()[TWELVE[0].number]["person_id"]))
        assert [entry["key"] for entry in entries] == [effect.key for effect in told]
        assert all(entry["digest"] and entry["receipt"] and entry["settled_at"] for entry in entries)
        said = json.dumps(entries, ensure_ascii=False, default=str)
        assert not [one for one in (TWELVE[0].name, TWELVE[0].number, TWELVE[0].phone, "13700000000") if one in said]


# By hand


def numbers_in(bureau, folder):
    path = bureau.home / "outgoing" / folder
    lines = [json.loads(line) for file in path.glob("*.jsonl") for line in file.read_text("utf-8").splitlines()]
    return sorted(line["fields"]["证件号码"] for line in lines)


def test_workbooks_of_a_later_push_of_the_same_run_go_into_a_folder_of_their_own(bureau):
    bureau.has_rule("push_brake", people=2, share=0)
    bureau.deliver(INCAPACITY, listed(TWELVE))
    assert bureau.night(expect="green")["push"]["sent"] == 12
    bureau.deliver(INCAPACITY, [*listed(TWELVE[:3], 联系电话="13700000000"), *listed(TWELVE[3:])])
    run = bureau.night(NEXT_DAY, expect="yellow")["run_id"]
    assert not (bureau.home / "outgoing" / str(run)).exists()
    bureau.hold(TWELVE[0].number)
    bureau.approve(run)
    found = bureau.push()
    assert [file.removeprefix(f"{bureau.home}/") for file in found["files"]] == [
        f"outgoing/{run}/elder-changes_001.xlsx", f"outgoing/{run}/elder-changes.jsonl",
    ]  # fmt: skip
    bureau.release(TWELVE[0].number)
    found = bureau.push("green")
    assert {file.split("/")[-2] for file in found["files"]} == {f"{run}-2"}
    # Nobody is in both, and a third push has nothing to write.
    assert numbers_in(bureau, str(run)) == sorted(who.number for who in TWELVE[1:3])
    assert numbers_in(bureau, f"{run}-2") == [TWELVE[0].number]
    assert bureau.push("green")["files"] == []
    assert sorted(path.name for path in (bureau.home / "outgoing").iterdir()) == ["1", str(run), f"{run}-2"]


def test_files_of_a_push_that_was_killed_are_removed_by_the_next(bureau):
    bureau.deliver(INCAPACITY, listed(TWELVE))
    bureau.night(expect="green")
    for name in ("1-2", "7"):
        folder = bureau.home / "outgoing" / name
        folder.mkdir()
        (folder / "elder-changes_001.jsonl").write_text("{}")
    (bureau.home / "outgoing" / "notes").mkdir()
    bureau.push("green")
    # Of run 7 this registry knows nothing: before it was restored, its files may have been handed in.
    assert sorted(path.name for path in (bureau.home / "outgoing").iterdir()) == ["1", "7", "notes"]

"""The morning: one line, a bill that adds up, and for each problem a card with whose job it is; and the one message of a night."""

import json
import re
import shutil
import signal
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import made_up_lists as lists
import pytest
from push_office import Office, running_stand_in
from shared_server import Database, Launcher, SharedServer

from registry.engine import connect_registry
from registry.lock import run_lock

GREEN, RED, YELLOW = 0, 1, 3
DAY = "2026-11-20"
PEOPLE = lists.make_people(30)
WHO = ("--by", "王芳", "--reason", "已核实")


@pytest.fixture
def office(tmp_path: Path, server: SharedServer, migrated: Database, launcher: Launcher) -> Office:
    """An office with clean lists nobody has taken, whose messages go to a file."""
    made = Office.calm(tmp_path / "office", server.new(like=migrated), launcher)
    made.edit("operations.toml", 'kind = "none"', f'kind = "file"\nfile = "{tmp_path / "messages.txt"}"')
    lists.deliver(made.home, lists.clean_lists(PEOPLE))
    return made


@pytest.fixture(scope="module")
def spoilt(
    server: SharedServer, migrated: Database, launcher: Launcher, tmp_path_factory: pytest.TempPathFactory
) -> Office:
    """An office after a night with defects; tests only look at it."""
    made = Office.calm(tmp_path_factory.mktemp("spoilt"), server.new(like=migrated), launcher)
    lists.deliver(made.home, lists.spoilt_lists(PEOPLE))
    assert made.say("run", "--date", DAY).code == YELLOW
    return made


def letters(office: Office) -> list[str]:
    file = office.home.parents[1] / "messages.txt"
    return file.read_text(encoding="utf-8").split("\n\n")[:-1] if file.is_file() else []


def status(office: Office) -> dict[str, Any]:
    return office.say("status", "--json").json


def cards(office: Office) -> dict[str, dict[str, Any]]:
    return {one["code"]: one for one in status(office)["cards"]}


def test_before_the_first_night_it_says_how_to_begin(office: Office) -> None:
    answer = office.say("status")
    assert (answer.code, answer.out.splitlines()[0]) == (GREEN, "○ 未运行  还没有运行过。开始一次：eldersync run")


def test_a_green_night_is_one_line_and_a_bill_that_agrees(office: Office) -> None:
    assert office.say("run", "--date", DAY).code == GREEN
    answer = office.say("status")
    assert answer.code == GREEN
    first = answer.out.splitlines()[0]
    assert re.fullmatch(
        r"● 绿  第 1 次运行  \d{4}-\d\d-\d\d \d\d:\d\d–\d\d:\d\d  业务日期 2026-11-20  没有需要处理的事项", first
    )
    assert answer.out.count("✓ 相符") == 3
    assert "相差" not in answer.out
    page = office.home / "reports" / "status.html"
    assert "没有需要处理的事项。" in page.read_text(encoding="utf-8")
    assert page.stat().st_mode & 0o777 == 0o600


def test_the_keys_programs_know_are_there_and_cards_beside_them(spoilt: Office) -> None:
    answer = spoilt.say("status", "--json")
    assert answer.code == YELLOW
    assert set(answer.json) >= {
        "status", "active", "latest_run", "elders", "findings", "outbox_waiting", "reasons", "resume", "cards", "bill",
        "headline", "lamp", "page",
    }  # fmt: skip
    assert {"code", "title", "since", "owner", "what", "todo", "command"} <= set(answer.json["cards"][0])


def test_a_night_with_defects_says_whose_job_each_problem_is(spoilt: Office) -> None:
    found = cards(spoilt)
    assert found["rows-to-return"]["owner"] == "来源单位"
    assert found["rows-to-return"]["command"] == "eldersync returns 1"
    assert found["rows-to-return"]["since"] == DAY
    lines = spoilt.say("status").out
    assert "! 有问题须退回更正　〔来源单位〕  自 2026-11-20　rows-to-return" in lines
    for person in PEOPLE:
        assert person.name not in lines
        assert person.number not in lines


def test_the_bill_adds_up_night_after_night(office: Office) -> None:
    begin = date.fromisoformat(DAY)
    everybody = PEOPLE
    for day in range(5):
        lists.deliver(office.home, lists.clean_lists(everybody) if day % 2 else lists.spoilt_lists(everybody))
        assert office.say("run", "--date", str(begin + timedelta(days=day))).code in {GREEN, YELLOW}
        bill = {line["label"]: line for line in status(office)["bill"]}
        assert {label: line["difference"] for label, line in bill.items()} == dict.fromkeys(bill, 0)
        assert bill["收到"]["total"] > 0
        everybody = everybody[1:] + lists.make_people(2, first=40 + 2 * day)


def test_a_problem_of_several_nights_says_since_when(office: Office) -> None:
    for day in range(3):
        lists.deliver(office.home, lists.clean_lists(PEOPLE) if day == 0 else lists.spoilt_lists(PEOPLE))
        office.say("run", "--date", str(date.fromisoformat(DAY) + timedelta(days=day)))
    assert cards(office)["rows-to-return"]["since"] == "2026-11-21"


def test_a_stopped_night_is_red_says_where_and_how_to_go_on(office: Office) -> None:
    (office.home / "outgoing").write_text("in the way")
    assert office.say("run", "--date", DAY).code == RED
    answer = office.say("status")
    assert answer.code == RED
    assert answer.out.startswith("● 红  第 1 次运行")
    [stopped] = [one for one in status(office)["cards"] if one["code"] == "night-stopped"]
    assert (stopped["owner"], stopped["command"]) == ("我方", "eldersync resume 1")
    assert "停在“上报”阶段" in stopped["what"]
    (office.home / "outgoing").unlink()
    assert office.say("resume", "1").code == GREEN
    assert cards(office) == {}


def test_a_killed_night_is_red_and_says_after_which_stage(office: Office) -> None:
    assert office.say("run", "--date", DAY, die={"after": 24}).code == -signal.SIGKILL
    answer = office.say("status", "--json")
    assert (answer.code, answer.json["lamp"], answer.json["resume"]) == (RED, "red", "eldersync resume 1")
    [killed] = answer.json["cards"]
    assert (killed["code"], killed["command"]) == ("night-killed", "eldersync resume 1")


def test_a_night_at_work_is_told_as_such(office: Office) -> None:
    assert office.say("run", "--date", DAY).code == GREEN
    with connect_registry(office.home, office.database.url) as engine, run_lock(engine, "run 2"):
        assert "正在运行：eldersync run 2" in office.say("status").out


def test_a_source_whose_inbox_is_away_is_ours_to_see_to(office: Office) -> None:
    inbox = office.home / "inbox" / "disability_federation"
    shutil.rmtree(inbox)
    inbox.symlink_to("/nonexistent")
    assert office.say("run", "--date", DAY).code == YELLOW
    failed = cards(office)["source-failed"]
    assert (failed["owner"], failed["command"]) == ("我方", "eldersync run --source disability_federation")
    assert failed["title"].startswith("来源取件失败：")


def test_a_server_that_cannot_be_reached_is_the_networks(office: Office) -> None:
    path = office.config / "sources" / "disability_federation.toml"
    before, _, _ = path.read_text(encoding="utf-8").rpartition("\n[channel]")
    url = 'kind = "rest"\nbase_url = "http://127.0.0.1:9"\nallow_plain_http_on_loopback = true\npath = "/elders"\nkey = "id"\n[channel.envelope]\nrecords = "data"\n'
    path.write_text(f"{before}\n[channel]\n{url}[channel.limits]\ntries = 1\n", encoding="utf-8")
    shutil.rmtree(office.home / "inbox" / "disability_federation")
    assert office.say("run", "--date", DAY).code == YELLOW
    assert cards(office)["source-failed"]["owner"] == "网络"


def test_a_broken_file_and_a_shrunk_list_are_the_senders(office: Office) -> None:
    office.edit("rules.toml", "[brake]\npeople = 10", "[brake]\npeople = 1")
    assert office.say("run", "--date", DAY).code == GREEN
    lists.deliver(office.home, lists.clean_lists(PEOPLE[:5]), sources=["health_incapacity"])
    (office.home / "inbox" / "disability_federation" / "坏.xlsx").write_bytes(b"PK\x03\x04 broken")
    assert office.say("run", "--date", "2026-11-21").code == YELLOW
    found = cards(office)
    assert found["source-unusable"]["owner"] == found["source-shrunk"]["owner"] == "来源单位"
    assert found["source-shrunk"]["command"].startswith("eldersync approve 2 --source health_incapacity")


def test_a_list_that_is_older_than_agreed_is_late(office: Office) -> None:
    path = office.config / "sources" / "health_incapacity.toml"
    path.write_text("fresh_days = 3\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    assert office.say("run", "--date", DAY).code == GREEN
    assert office.say("run", "--date", str(datetime.now(UTC).date() + timedelta(days=10))).code == YELLOW
    late = cards(office)["source-late"]
    assert (late["owner"], "天没有更新" in late["what"]) == ("来源单位", True)


@pytest.fixture
def braked(office: Office) -> Office:
    office.edit("rules.toml", "people = 1000", "people = 5")
    office.tells("http://127.0.0.1:9")
    assert office.say("run", "--date", DAY).code == YELLOW
    return office


def test_a_held_plan_is_a_card_until_it_is_let_go(braked: Office) -> None:
    held = cards(braked)["push-braked"]
    assert (held["owner"], held["command"]) == ("我方", "eldersync plan 1")
    assert "30 人的变更等待批准" in held["what"]
    braked.approve(1)
    assert "push-braked" not in cards(braked)
    with running_stand_in(braked):
        assert braked.say("push").code == GREEN
    found = status(braked)
    assert [one["code"] for one in found["cards"]] == ["night-noted"]
    assert found["lamp"] == "yellow"


def test_a_platform_that_is_away_is_the_networks(braked: Office) -> None:
    braked.approve(1)
    for _ in range(8):
        braked.say("push")
    found = cards(braked)
    assert set(found) & {"push-away", "push-delayed"}
    if "push-away" in found:
        assert found["push-away"]["owner"] == "网络"


def test_a_platform_that_refuses_us_is_told_with_its_reason(braked: Office) -> None:
    braked.approve(1)
    with running_stand_in(braked):
        secret = braked.home / "secrets" / "platform_token"
        secret.write_text("another")
        braked.say("push")
    stopped = cards(braked)["push-stopped"]
    assert (stopped["owner"], stopped["command"]) == ("我方", "eldersync push")
    assert "signature" in stopped["what"]


# The message of a night


def test_a_night_is_told_once_in_counts_and_codes(office: Office) -> None:
    lists.deliver(office.home, lists.spoilt_lists(PEOPLE))
    assert office.say("run", "--date", DAY).code == YELLOW
    [letter] = letters(office)
    lines = letter.splitlines()
    assert lines[0] == "梅州市梅县区民政和人力资源社会保障局"
    assert lines[1].startswith("● 黄  第 1 次运行")
    assert any(re.fullmatch(r"收到 \d+ 行 = 纳入 \d+ \+ 暂缓 \d+ \+ 重复 \d+ \+ 空白 \d+", line) for line in lines)
    assert "有问题须退回更正〔来源单位〕rows-to-return" in letter
    for person in PEOPLE:
        assert person.name not in letter
        assert person.number not in letter
    assert office.say("watch").code == GREEN
    assert len(letters(office)) == 1


def test_red_is_told_at_once_and_its_good_end_too(office: Office) -> None:
    (office.home / "outgoing").write_text("in the way")
    assert office.say("run", "--date", DAY).code == RED
    assert [letter.splitlines()[1][:4] for letter in letters(office)] == ["● 红 "]
    assert office.say("resume", "1").code == RED
    assert len(letters(office)) == 1
    (office.home / "outgoing").unlink()
    assert office.say("resume", "1").code == GREEN
    assert [letter.splitlines()[1][:3] for letter in letters(office)] == ["● 红", "● 绿"]


def test_a_sender_that_fails_is_a_card_and_never_a_failed_night(office: Office, tmp_path: Path) -> None:
    office.edit("operations.toml", str(tmp_path / "messages.txt"), str(tmp_path / "none" / "messages.txt"))
    assert office.say("run", "--date", DAY).code == GREEN
    found = status(office)
    assert (found["status"], found["lamp"], [one["code"] for one in found["cards"]]) == (
        "green",
        "yellow",
        ["message-failed"],
    )
    (tmp_path / "none").mkdir()
    assert office.say("watch", "--json").json["told"] == ["night"]
    assert cards(office) == {}
    assert len((tmp_path / "none" / "messages.txt").read_text(encoding="utf-8").split("\n\n")) == 2


def test_a_database_that_goes_in_the_night_is_told_at_once(office: Office) -> None:
    assert office.say("run", "--date", DAY, die={"sessions": 20}).code == RED
    assert len(letters(office)) == 1
    assert "night-stopped" in letters(office)[0]


def test_what_the_page_says_is_what_the_command_says(spoilt: Office) -> None:
    found = status(spoilt)
    page = Path(found["page"]).read_text(encoding="utf-8")
    for one in found["cards"]:
        assert one["code"] in page
        assert one["todo"] in page
    assert json.dumps(found, ensure_ascii=False).count("✓") == 0
    assert 'href="1/index.html"' in page

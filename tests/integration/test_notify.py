"""One message of each night and of each problem and day, whatever the sender does and however many tell at once."""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from message_servers import MailHouse, Robot, mail_house, robot

from connectors import messages
from connectors.http_calls.call import CallLimits
from flows.watching.cards import card
from flows.watching.notify import Post, night_letter, tell_night, tell_problems
from flows.watching.told import read_told
from schemas.operations import Notify

NOW = datetime(2026, 1, 31, 2, 30, tzinfo=UTC)


def night(run_id: int = 3, status: str = "yellow") -> dict[str, Any]:
    line = {"label": "收到", "total": 10, "unit": "行", "parts": {"纳入": 8, "暂缓": 2}}
    cards = [{"title": "有问题须退回更正", "owner": "来源单位", "code": "rows-to-return"}] if status == "yellow" else []
    return {
        "status": status, "latest_run": {"run_id": run_id}, "headline": f"● 黄  第 {run_id} 次运行  需要处理 1 项", "bill": [line],
        "cards": cards,
    }  # fmt: skip


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "secrets").mkdir(mode=0o700)
    return tmp_path


@pytest.fixture
def group() -> Iterator[Robot]:
    with robot() as known:
        yield known


@pytest.fixture
def house() -> Iterator[MailHouse]:
    with mail_house() as known:
        yield known


def keep(home: Path, name: str, secret: str) -> str:
    path = home / "secrets" / name
    path.write_text(secret)
    path.chmod(0o600)
    return name


def wecom(home: Path, group: Robot, now: datetime = NOW) -> Post:
    return Post(home, Notify(kind="wecom", url_secret=keep(home, "robot_url", group.url)), "某某区民政局", now)


def contents(group: Robot) -> list[str]:
    return [json.loads(body)["text"]["content"] for _, body in group.asked]


def test_a_night_goes_to_the_group_in_a_few_lines(home: Path, group: Robot) -> None:
    assert tell_night(wecom(home, group), night())
    assert contents(group) == [
        "某某区民政局\n● 黄  第 3 次运行  需要处理 1 项\n收到 10 行 = 纳入 8 + 暂缓 2\n1. 有问题须退回更正〔来源单位〕rows-to-return\n处理办法：eldersync status"
    ]
    assert night_letter("某某区民政局", night()).subject == "某某区民政局：● 黄  第 3 次运行"


def test_a_run_is_told_once_for_each_status(home: Path, group: Robot) -> None:
    post = wecom(home, group)
    told = [tell_night(post, night(3, status)) for status in ("red", "red", "yellow", "yellow", "green", "green")]
    assert told == [True, False, True, False, True, False]
    assert not tell_night(post, night(3, "running"))
    assert tell_night(post, night(4))
    assert len(group.asked) == 4


def test_many_who_tell_at_once_tell_once(home: Path, group: Robot) -> None:
    post = wecom(home, group)
    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(lambda _: tell_night(post, night()), range(16)))
    assert (sum(told), len(group.asked)) == (1, 1)


def test_what_surely_did_not_leave_is_told_again_and_stays_a_problem_meanwhile(home: Path, group: Robot) -> None:
    group.body = b'{"errcode":45009,"errmsg":"api freq out of limit"}'
    post = wecom(home, group)
    assert not tell_night(post, night())
    failing = read_told(home).failing
    assert failing is not None
    assert (failing.since, failing.why) == (NOW, "机器人不接受（HTTP 200，errcode 45009）")
    assert not tell_night(post._replace(now=NOW + timedelta(hours=1)), night())
    still = read_told(home).failing
    assert still is not None
    assert still.since == NOW
    group.body = b'{"errcode":0}'
    assert tell_night(post, night())
    assert read_told(home).failing is None
    assert len(group.asked) == 3


def test_what_may_have_left_is_not_told_again(home: Path, group: Robot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "_LIMITS", CallLimits(seconds=0.3, answer_bytes=1000, silence_seconds=0.3))
    group.silent = threading.Event()
    post = wecom(home, group)
    assert not tell_night(post, night())
    assert not tell_night(post, night())
    assert len(group.asked) == 1
    assert read_told(home).failing is not None


def test_a_failed_message_of_the_second_status_leaves_the_first_as_told(home: Path, group: Robot) -> None:
    post = wecom(home, group)
    assert tell_night(post, night(3, "red"))
    group.status = 500
    assert not tell_night(post, night(3, "yellow"))
    group.status = 200
    assert not tell_night(post, night(3, "red"))
    assert tell_night(post, night(3, "yellow"))


def test_a_problem_is_told_once_a_day_and_a_new_one_beside_it(home: Path, group: Robot) -> None:
    post, disk, clock = wecom(home, group), card("disk-low", "剩余 0.1 GB"), card("clock-off", "相差 300 秒")
    assert tell_problems(post, [disk])
    assert not tell_problems(post, [disk])
    assert tell_problems(post, [disk, clock])
    assert tell_problems(post._replace(now=NOW + timedelta(days=1)), [disk, clock])
    said = contents(group)
    assert ["disk-low" in text for text in said] == [True, False, True]
    assert ["clock-off" in text for text in said] == [False, True, True]
    assert not tell_problems(post, [])


def test_a_night_by_dingtalk_is_signed_and_by_mail_has_a_subject(home: Path, group: Robot, house: MailHouse) -> None:
    notify = Notify(
        kind="dingtalk", url_secret=keep(home, "robot_url", group.url), sign_secret=keep(home, "robot_sign", "SEC1")
    )
    assert tell_night(Post(home, notify, "某某区民政局", NOW), night())
    assert "&timestamp=1769826600000&sign=" in group.asked[0][0]
    mail = Notify(
        kind="email", smtp_host="127.0.0.1", smtp_port=house.port, smtp_user="u", smtp_password_secret=keep(home, "mail", "p"),
        sender="a@example.org", to=("b@example.org",),
    )  # fmt: skip
    assert tell_night(Post(home, mail, "某某区民政局", NOW), night(4))
    assert len(house.mails) == 1


def test_a_secret_that_is_missing_is_the_reason(home: Path) -> None:
    post = Post(home, Notify(kind="wecom", url_secret="robot_url"), "某某区民政局", NOW)
    assert not tell_night(post, night())
    failing = read_told(home).failing
    assert failing is not None
    assert "there is no secret robot_url" in failing.why


def test_where_nobody_is_to_be_told_nothing_is_remembered(home: Path) -> None:
    post = Post(home, Notify(), "某某区民政局", NOW)
    assert not tell_night(post, night())
    assert not tell_problems(post, [card("disk-low", "")])
    assert not (home / "watch").exists()


def test_a_damaged_memory_begins_anew(home: Path, group: Robot) -> None:
    (home / "watch").mkdir()
    (home / "watch" / "told.json").write_text("{")
    assert tell_night(wecom(home, group), night())
    assert read_told(home).runs == {3: "yellow"}

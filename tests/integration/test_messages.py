"""Texts to people over real servers: as the robots' makers say, once, in time, never anywhere else, and reasons that quote nothing."""

import base64
import hashlib
import hmac
import json
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from email import message_from_string, policy
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from message_servers import MailHouse, Robot, mail_house, robot

from connectors import messages
from connectors.http_calls.call import CallLimits
from connectors.messages import Mailbox, NotSent, append_to_file, send_dingtalk, send_mail, send_wecom

AT = datetime(2026, 1, 31, 2, 5, tzinfo=UTC)
TEXT = "● 黄 第 3 次运行\n收到 10 行"


@pytest.fixture
def wecom() -> Iterator[Robot]:
    with robot() as known:
        yield known


@pytest.fixture
def house() -> Iterator[MailHouse]:
    with mail_house() as known:
        yield known


def test_wecom_is_told_as_its_maker_says(wecom: Robot) -> None:
    assert send_wecom(wecom.url, TEXT) is None
    [(path, body)] = wecom.asked
    assert path == "/cgi-bin/webhook/send?key=made-up"
    assert json.loads(body) == {"msgtype": "text", "text": {"content": TEXT}}


def test_a_text_that_is_too_long_for_wecom_loses_its_last_lines(wecom: Robot) -> None:
    long = "\n".join(f"{number}. 名单多日没有更新〔来源单位〕source-late" for number in range(100))
    assert send_wecom(wecom.url, long) is None
    content = json.loads(wecom.asked[0][1])["text"]["content"]
    assert len(content.encode()) <= messages.WECOM_BYTES
    assert content.endswith("source-late\n…其余从略")


def test_dingtalk_is_signed_as_its_maker_says(wecom: Robot) -> None:
    assert send_dingtalk(wecom.url, TEXT, secret="SECmade-up", at=AT) is None
    query = parse_qs(urlsplit(wecom.asked[0][0]).query)
    timestamp = str(int(AT.timestamp() * 1000))
    digest = hmac.digest(b"SECmade-up", f"{timestamp}\nSECmade-up".encode(), hashlib.sha256)
    assert query == {"key": ["made-up"], "timestamp": [timestamp], "sign": [base64.b64encode(digest).decode()]}
    assert json.loads(wecom.asked[0][1])["text"]["content"] == TEXT


def test_dingtalk_without_a_key_is_not_signed(wecom: Robot) -> None:
    assert send_dingtalk(wecom.url, TEXT, secret="", at=AT) is None
    assert wecom.asked[0][0].endswith("?key=made-up")


@pytest.mark.parametrize(("status", "body", "why"), [
    (200, b'{"errcode":93000,"errmsg":"invalid webhook url 13800000000"}', "机器人不接受（HTTP 200，errcode 93000）"),
    (200, b"<html>login</html>", "机器人不接受（HTTP 200）"),
    (500, b"", "机器人不接受（HTTP 500）"),
    (200, b"[1]", "机器人不接受（HTTP 200）"),
], ids=["an error code", "a web page", "a broken server", "other JSON"])  # fmt: skip
def test_a_robot_that_does_not_take_it_is_told_by_numbers_alone(
    wecom: Robot, status: int, body: bytes, why: str
) -> None:
    wecom.status, wecom.body = status, body
    assert send_wecom(wecom.url, TEXT) == NotSent(why)


def test_a_redirect_leads_nowhere(wecom: Robot) -> None:
    with robot() as other:
        wecom.status, wecom.location = 307, other.url
        assert send_wecom(wecom.url, TEXT) == NotSent("机器人不接受（HTTP 307，errcode 0）")
        assert other.asked == []


def test_a_silent_robot_costs_no_more_than_its_time_and_may_have_heard(
    wecom: Robot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messages, "_LIMITS", CallLimits(seconds=0.3, answer_bytes=1000, silence_seconds=0.3))
    wecom.silent = threading.Event()
    assert send_wecom(wecom.url, TEXT) == NotSent("对方服务器没有按时应答", may_have_arrived=True)


def test_nobody_there_is_told_and_surely_did_not_hear() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    assert send_wecom(f"http://127.0.0.1:{port}/?key=x", TEXT) == NotSent("连不上对方服务器")


@pytest.mark.parametrize("url", [
    "http://robots.example/send?key=x", "ftp://robots.example/", "https://user@robots.example/", "https://robots.example/?k=a b", "robots",
], ids=["plain http to another machine", "no http", "a user name", "a blank", "no address"])  # fmt: skip
def test_an_address_that_is_none_is_not_called(url: str) -> None:
    assert send_wecom(url, TEXT) == NotSent("机器人地址不合要求：须为 https:// 开头的完整地址")


def mailbox(house: MailHouse, **changes: object) -> Mailbox:
    values = {
        "host": "127.0.0.1",
        "port": house.port,
        "sender": "a@example.org",
        "to": ("b@example.org", "c@example.org"),
    }
    return Mailbox(**(values | changes))


def test_a_mail_is_handed_in_with_its_text_and_date(house: MailHouse) -> None:
    assert send_mail(mailbox(house, user="u", password="p"), "● 黄 第 3 次运行", TEXT, at=AT) is None
    mail = message_from_string(house.mails[0], policy=policy.default)
    assert (mail["From"], mail["To"]) == ("a@example.org", "b@example.org, c@example.org")
    assert mail["Subject"] == "● 黄 第 3 次运行"
    assert mail["Date"].datetime == AT
    assert mail.get_content().strip() == TEXT
    assert "AUTH" in house.commands


@pytest.mark.parametrize(("refuses", "why"), [
    ("AUTH", "邮件服务器不接受用户名或口令（代码 550）"), ("MAIL", "邮件服务器不接受发件人（代码 550）"), ("RCPT", "邮件服务器不接受收件人"),
    ("DATA", "邮件服务器不接受（代码 550）"),
], ids=["the password", "the sender", "the recipients", "the mail"])  # fmt: skip
def test_what_a_mail_server_refuses_surely_did_not_arrive(house: MailHouse, refuses: str, why: str) -> None:
    house.refuses = refuses
    assert send_mail(mailbox(house, user="u", password="p"), "x", TEXT, at=AT) == NotSent(why)


def test_a_mail_server_that_hangs_up_after_the_mail_may_have_it(house: MailHouse) -> None:
    house.hangs_up = "END"
    assert send_mail(mailbox(house), "x", TEXT, at=AT) == NotSent("邮件服务器中途断开", may_have_arrived=True)


def test_a_mail_server_that_hangs_up_at_once_has_nothing(house: MailHouse) -> None:
    house.hangs_up = "AUTH"
    assert send_mail(mailbox(house, user="u"), "x", TEXT, at=AT) == NotSent("邮件服务器中途断开")


def test_a_mail_server_elsewhere_is_told_nothing_in_the_open(house: MailHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "is_loopback", lambda _: False)
    assert send_mail(mailbox(house, user="u", password="p"), "x", TEXT, at=AT) == NotSent("邮件服务器不支持加密或登录")
    assert set(house.commands) <= {"EHLO"}


def test_a_subject_of_two_lines_is_no_mail(house: MailHouse) -> None:
    found = send_mail(mailbox(house), "x\nBcc: d@example.org", TEXT, at=AT)
    assert found == NotSent("发件人、收件人或标题不合邮件格式")
    assert house.commands == []


def test_a_file_gets_one_text_after_the_other_and_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "messages.txt"
    assert append_to_file(path, TEXT) is None
    assert append_to_file(path, TEXT) is None
    assert path.read_text(encoding="utf-8") == f"{TEXT}\n\n" * 2
    assert path.stat().st_mode & 0o777 == 0o600
    assert append_to_file(tmp_path / "none" / "x", TEXT) == NotSent("写不进消息文件：No such file or directory")
    (tmp_path / "link").symlink_to(path)
    assert append_to_file(tmp_path / "link", TEXT) == NotSent("写不进消息文件：Too many levels of symbolic links")

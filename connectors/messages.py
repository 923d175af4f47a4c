"""Short texts to people: to a group robot (企业微信, 钉钉), by e-mail, or at the end of a file. Each is sent once, within its time.

What a text says is ``flows.watching.notify``'s. Nothing raises for a sender that fails: whoever tells of a night goes on, and says why nothing left.
Reasons are our own words; addresses, recipients and what servers say are not repeated.
"""

import base64
import fcntl
import hashlib
import hmac
import json
import os
import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from connectors.http_calls.call import CallLimits, HttpCaller, HttpRequest, NoAnswer, Why
from connectors.http_calls.line import Origin
from schemas.service_address import is_loopback, plain_address

__all__ = [
    "Mailbox",
    "NotSent",
    "append_to_file",
    "dingtalk_signature",
    "send_dingtalk",
    "send_mail",
    "send_wecom",
    "shortened",
]

WECOM_BYTES = 2048
"""The longest text a robot of 企业微信 takes, in UTF-8 (developer.work.weixin.qq.com, 群机器人配置说明)."""
DINGTALK_BYTES = 20_000
"""The longest message a robot of 钉钉 takes (open.dingtalk.com, 自定义机器人)."""

_LIMITS = CallLimits(seconds=20, answer_bytes=100_000, silence_seconds=15)
_MAIL_SECONDS = 30.0
_IMPLICIT_TLS = 465
_WHY: Mapping[Why, str] = {
    Why.UNREACHABLE: "连不上对方服务器",
    Why.TOO_SLOW: "对方服务器没有按时应答",
    Why.BROKEN_OFF: "连接中途断开",
    Why.TOO_LARGE: "对方的应答过大",
    Why.BAD_CERTIFICATE: "对方服务器的证书不可信",
    Why.BAD_TLS: "对方服务器的加密方式不合要求",
}


@dataclass(frozen=True, slots=True)
class NotSent:
    """Why a text did not leave. ``may_have_arrived``: nobody can tell, so it is not sent again."""

    why: str
    may_have_arrived: bool = False


@dataclass(frozen=True, slots=True)
class Mailbox:
    """Where mail is handed in, and between whom it goes."""

    host: str
    port: int
    sender: str
    to: tuple[str, ...]
    user: str = ""
    password: str = field(default="", repr=False)


def send_wecom(url: str, text: str) -> NotSent | None:
    """Sends a text to a group of 企业微信 through its robot; ``None`` where the robot took it."""
    return _ask_robot(url, {}, {"msgtype": "text", "text": {"content": shortened(text, WECOM_BYTES)}})


def send_dingtalk(url: str, text: str, *, secret: str, at: datetime) -> NotSent | None:
    """Sends a text to a group of 钉钉 through its robot.

    Args:
        url: of the robot.
        text: what to say.
        secret: the robot's key for signing (加签); empty where it has none.
        at: our clock; theirs may differ by an hour.
    """
    content = {"msgtype": "text", "text": {"content": shortened(text, DINGTALK_BYTES - 1000)}, "at": {"isAtAll": False}}
    return _ask_robot(url, dingtalk_signature(secret, at) if secret else {}, content)


def dingtalk_signature(secret: str, at: datetime) -> dict[str, str]:
    """``timestamp`` (milliseconds) and ``sign`` (HMAC-SHA256 of it and the key, in Base64) as 自定义机器人安全设置 has them."""
    timestamp = str(int(at.timestamp() * 1000))
    digest = hmac.new(secret.encode(), f"{timestamp}\n{secret}".encode(), hashlib.sha256).digest()
    return {"timestamp": timestamp, "sign": base64.b64encode(digest).decode()}


def shortened(text: str, most: int) -> str:
    r"""A text of at most so many bytes of UTF-8: whole lines from its beginning, and a word that there is more.

    >>> shortened("一二三\n四五六七八\n九", 28)
    '一二三\n…其余从略'
    """
    if len(text.encode()) <= most:
        return text
    more = "…其余从略"
    lines, left = [], most - len(more.encode())
    for line in text.splitlines():
        left -= len(line.encode()) + 1
        if left < 0:
            break
        lines.append(line)
    return "\n".join([*lines, more])


def _ask_robot(url: str, signature: Mapping[str, str], content: Mapping[str, object]) -> NotSent | None:
    parts = urlsplit(url)
    try:
        plain_address(f"{parts.scheme}://{parts.netloc}{parts.path}")
        is_usable = parts.query.isascii() and parts.query.isprintable() and " " not in parts.query
    except ValueError:
        is_usable = False
    if not is_usable:
        return NotSent("机器人地址不合要求：须为 https:// 开头的完整地址")
    query = "&".join(filter(None, [parts.query, urlencode(signature)]))
    request = HttpRequest(
        "POST", f"{parts.path or '/'}?{query}" if query else parts.path or "/",
        {"Content-Type": "application/json; charset=utf-8"}, json.dumps(content, ensure_ascii=False).encode(),
    )  # fmt: skip
    with HttpCaller(Origin.of(url)) as caller:
        answer = caller.call(request, _LIMITS)
    if isinstance(answer, NoAnswer):
        return NotSent(_WHY[answer.why], may_have_arrived=answer.was_sent)
    return _judged(answer.status, answer.body)


def _judged(status: int, body: bytes) -> NotSent | None:
    try:
        code = json.loads(body)["errcode"]
    except (ValueError, KeyError, TypeError):
        code = None
    if status == 200 and code == 0:
        return None
    number = f"，errcode {code}" if isinstance(code, int) else ""
    return NotSent(f"机器人不接受（HTTP {status}{number}）")


def send_mail(box: Mailbox, subject: str, text: str, *, at: datetime) -> NotSent | None:
    """Hands a mail in, encrypted on the way; in the open only to a server on this machine.

    Args:
        box: where, from whom, to whom.
        subject: one line.
        text: what to say.
        at: when it is written.
    """
    was_handed_in = False
    try:
        mail = _mail(box, subject, text, at)
        with _mail_server(box) as server:
            was_handed_in = True
            refused = server.send_message(mail)
    except (smtplib.SMTPException, OSError, ValueError) as error:
        return NotSent(_mail_reason(error), may_have_arrived=was_handed_in and not _is_refusal(error))
    return NotSent(f"邮件服务器拒收 {len(refused)} 个收件人", may_have_arrived=True) if refused else None


def _mail(box: Mailbox, subject: str, text: str, at: datetime) -> EmailMessage:
    mail = EmailMessage()
    mail["Subject"], mail["From"], mail["To"] = subject, box.sender, ", ".join(box.to)
    mail["Date"] = format_datetime(at)
    mail.set_content(text, cte="base64")  # every server takes it, old ones too
    return mail


@contextmanager
def _mail_server(box: Mailbox) -> Iterator[smtplib.SMTP]:
    """A mail server that lets us in; cut off when its time is over."""
    context = ssl.create_default_context()
    is_local = is_loopback(box.host)
    server: smtplib.SMTP
    if box.port == _IMPLICIT_TLS:
        server = smtplib.SMTP_SSL(box.host, box.port, "eldersync", timeout=_MAIL_SECONDS / 2, context=context)
    else:
        server = smtplib.SMTP(box.host, box.port, "eldersync", timeout=_MAIL_SECONDS / 2)
    ending = threading.Timer(_MAIL_SECONDS, _cut, [server.sock])
    ending.daemon = True
    ending.start()
    try:
        if box.port != _IMPLICIT_TLS and not is_local:
            server.starttls(context=context)
        if box.user:
            server.login(box.user, box.password)
        yield server
    finally:
        ending.cancel()
        server.close()


def _cut(wire: socket.socket) -> None:
    try:
        wire.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # it has ended by itself


def _is_refusal(error: Exception) -> bool:
    return isinstance(
        error, smtplib.SMTPResponseException | smtplib.SMTPRecipientsRefused | smtplib.SMTPNotSupportedError
    )


_MAIL_REASONS: tuple[tuple[type[Exception], str], ...] = (
    (smtplib.SMTPAuthenticationError, "邮件服务器不接受用户名或口令"),
    (smtplib.SMTPSenderRefused, "邮件服务器不接受发件人"),
    (smtplib.SMTPRecipientsRefused, "邮件服务器不接受收件人"),
    (smtplib.SMTPNotSupportedError, "邮件服务器不支持加密或登录"),
    (smtplib.SMTPServerDisconnected, "邮件服务器中途断开"),
    (ssl.SSLCertVerificationError, "邮件服务器的证书不可信"),
    (TimeoutError, "邮件服务器没有按时应答"),
    (smtplib.SMTPException, "邮件服务器不接受"),
    (ssl.SSLError, "邮件服务器的加密方式不合要求"),
    (OSError, "连不上邮件服务器"),
)


def _mail_reason(error: Exception) -> str:
    code = f"（代码 {error.smtp_code}）" if isinstance(error, smtplib.SMTPResponseException) else ""
    words = next(
        (words for kind, words in _MAIL_REASONS if isinstance(error, kind)), "发件人、收件人或标题不合邮件格式"
    )
    return words + code


def append_to_file(path: Path, text: str) -> NotSent | None:
    """Puts a text at the end of a file, whole, for somebody else's program to pick up."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "a", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.write(f"{text}\n\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        return NotSent(f"写不进消息文件：{error.strerror}")
    return None

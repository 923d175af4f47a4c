"""The messages of an installation: one of each night, at its end, and one of each problem and day. They name nobody.

A text is remembered as told before it leaves, and forgotten again where it surely did not: it is never sent twice, and what failed is tried
again by the watchdog. How texts travel is ``connectors.messages``'.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from connectors.messages import Mailbox, NotSent, append_to_file, send_dingtalk, send_mail, send_wecom
from flows.settings.secret_store import read_secret
from flows.watching.cards import Card, owners_counted
from flows.watching.told import Failing, Told, remembering
from schemas.errors import SecretMissing
from schemas.operations import Notify

__all__ = ["Post", "night_letter", "problem_letter", "tell_night", "tell_problems"]

log = logging.getLogger("eldersync")

_CARDS_NAMED = 12


class Post(NamedTuple):
    """Whose messages go where: the home, the setting, the bureau's name, and the clock."""

    home: Path
    notify: Notify
    bureau: str
    now: datetime


class Letter(NamedTuple):
    """What is said: a line, and all of it."""

    subject: str
    text: str


def tell_night(post: Post, found: Mapping[str, Any]) -> bool:
    """Tells of the newest run, once for each status it comes to; whether something was sent.

    Args:
        post: where to.
        found: of ``flows.accounts.inspect_runs``: a run that is over.
    """
    run = found["latest_run"]
    if post.notify.kind == "none" or run is None or found["status"] not in {"green", "yellow", "red"}:
        return False
    run_id, status = run["run_id"], found["status"]
    before: str | None = None

    def claim(told: Told) -> bool:
        nonlocal before
        before = told.runs.get(run_id)
        told.runs[run_id] = status
        return bool(before != status)

    def give_back(told: Told) -> None:
        told.runs.pop(run_id, None)
        if before is not None:
            told.runs[run_id] = before

    return _once(post, night_letter(post.bureau, found), claim, give_back)


def tell_problems(post: Post, cards: Sequence[Card]) -> bool:
    """Tells of those problems nobody was told of today; whether something was sent."""
    if post.notify.kind == "none" or not cards:
        return False
    today, new = post.now.date(), list[Card]()

    def claim(told: Told) -> bool:
        new.extend(one for one in cards if told.problems.get(_key(one)) != today)
        told.problems |= {_key(one): today for one in new}
        told.forget_old(today)
        return bool(new)

    def give_back(told: Told) -> None:
        for one in new:
            told.problems.pop(_key(one), None)

    return _once(post, lambda: problem_letter(post.bureau, new, post.now), claim, give_back)


def night_letter(bureau: str, found: Mapping[str, Any]) -> Letter:
    """A night in a few lines: how it ended, its sums, and what waits for whom. Counts and codes only."""
    subject = f"{bureau}：{found['headline'].split('  需要处理')[0]}"
    bill = [
        f"{line['label']} {line['total']:,} {line['unit']} = "
        + " + ".join(f"{word} {count:,}" for word, count in line["parts"].items())
        for line in found["bill"]
    ]
    cards = [_line(one["title"], one["owner"], one["code"]) for one in found["cards"]]
    return Letter(subject, "\n".join([f"{bureau}", found["headline"], *bill, *_listed(cards)]))


def problem_letter(bureau: str, cards: Sequence[Card], now: datetime) -> Letter:
    """Problems between two nights."""
    head = f"看守程序 {now:%Y-%m-%d %H:%M} 发现 {len(cards)} 个问题（{owners_counted(cards)}）"
    lines = [_line(one.title, one.owner, one.code) for one in cards]
    return Letter(f"{bureau}：{head}", "\n".join([bureau, head, *_listed(lines)]))


def _line(title: str, owner: str, code: str) -> str:
    return f"{title}〔{owner}〕{code}"


def _listed(lines: Sequence[str]) -> list[str]:
    shown = [f"{number}. {line}" for number, line in enumerate(lines[:_CARDS_NAMED], start=1)]
    more = [f"另有 {len(lines) - _CARDS_NAMED} 项"] if len(lines) > _CARDS_NAMED else []
    return [*shown, *more, "处理办法：eldersync status"] if lines else []


def _key(one: Card) -> str:
    return f"{one.code} {one.title}"


def _once(
    post: Post, letter: Letter | Callable[[], Letter], claim: Callable[[Told], bool], give_back: Callable[[Told], None]
) -> bool:
    """Sends what can be claimed. Where nothing can be remembered it is sent in the first minutes of an hour only."""
    try:
        with remembering(post.home) as told:
            is_ours = claim(told)
    except OSError as error:
        log.warning("what was told cannot be remembered: %s", error.strerror)
        is_ours = post.now.minute < 5
    if not is_ours:
        return False
    problem = _send(post, letter() if callable(letter) else letter)
    if problem is not None:
        log.warning("a message was not sent: %s", problem.why)
    try:
        with remembering(post.home) as told:
            if problem is None:
                told.failing = None
            else:
                told.failing = Failing(since=told.failing.since if told.failing else post.now, why=problem.why)
                if not problem.may_have_arrived:
                    give_back(told)
    except OSError as error:
        log.warning("what became of a message cannot be remembered: %s", error.strerror)
    return problem is None


def _send(post: Post, letter: Letter) -> NotSent | None:
    try:
        return _sent_by_kind(post, letter)
    except SecretMissing as missing:
        return NotSent(str(missing))


def _sent_by_kind(post: Post, letter: Letter) -> NotSent | None:
    notify = post.notify

    def secret(name: str | None) -> str:
        return read_secret(post.home, name) if name else ""

    match notify.kind:
        case "wecom":
            return send_wecom(secret(notify.url_secret), letter.text)
        case "dingtalk":
            return send_dingtalk(secret(notify.url_secret), letter.text, secret=secret(notify.sign_secret), at=post.now)
        case "email":
            box = Mailbox(
                notify.smtp_host, notify.smtp_port, notify.sender, notify.to, notify.smtp_user,
                secret(notify.smtp_password_secret),
            )  # fmt: skip
            return send_mail(box, letter.subject, letter.text, at=post.now)
        case "file" if notify.file is not None:
            return append_to_file(notify.file, letter.text)
        case _:
            return NotSent("没有设置消息的去处")

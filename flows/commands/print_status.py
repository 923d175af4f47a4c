"""The present state on a terminal: one line, a bill that adds up, and a card for each problem; and what the doctor and the watchdog saw."""

import shutil
import textwrap
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["print_cards", "print_checks", "print_help", "print_status"]

_MARKS = {"red": "✗", "yellow": "!"}
_CHECKS = {"ok": "ok  ", "note": "note", "fail": "FAIL"}


def print_status(found: dict[str, Any]) -> None:
    """Prints how things stand."""
    _say(found["headline"])
    if found["active"]:
        _say(f"正在运行：{found['active']}")
    if found["bill"]:
        _say("")
    labels = max((_width(line["label"]) for line in found["bill"]), default=0)
    for line in found["bill"]:
        _say(_bill_line(line, labels))
    print_cards(found["cards"])
    if page := found.get("page"):
        _say(f"\n网页：{page}")


def _bill_line(line: Mapping[str, Any], labels: int) -> str:
    parts = " + ".join(f"{word} {count:,}" for word, count in line["parts"].items())
    label = line["label"] + " " * (labels - _width(line["label"]))
    verdict = "" if not line["is_counted"] else f"  相差 {line['difference']:,}" if line["difference"] else "  ✓ 相符"
    return f"  {label}  {line['total']:>9,} {line['unit']} = {parts}{verdict}"


def print_cards(cards: Sequence[Mapping[str, Any]]) -> None:
    """Prints a card each: what it is, whose job, since when, what happened, what to do, the command."""
    for one in cards:
        since = f"  自 {one['since'].replace('T', ' ')[:16]}" if one["since"] else ""
        _say(f"\n{_MARKS[one['lamp']]} {one['title']}　〔{one['owner']}〕{since}　{one['code']}")
        _paragraph("情况", one["what"])
        _paragraph("怎么办", one["todo"])
        if one["command"]:
            _say(f"    命令    {one['command']}")


def print_checks(found: dict[str, Any]) -> None:
    """Prints the doctor's checks, each line with what to do."""
    for check in found["checks"]:
        seen = check["seen"].replace("\n", " ")
        _say(f"{_CHECKS[check['level']]} {check['name']}: {seen} → {check['remedy'] or '无需处理'}")


def print_help(found: dict[str, Any]) -> None:
    """Prints what a code means, or which codes there are."""
    for line in found.get("codes", []):
        _say(f"  {line['code']:24} {line['title']}")
    if "code" not in found:
        return
    _say(f"{found['title']}　{found['code']}（{found['kind']}）")
    for label, key in (
        ("谁的事", "owner"),
        ("程度", "severity"),
        ("含义", "meaning"),
        ("怎么办", "todo"),
        ("应为", "expected"),
    ):
        if found.get(key):
            _paragraph(label, found[key])
    if found.get("command"):
        _say(f"    命令    {found['command']}")


def _paragraph(label: str, text: str) -> None:
    room = max((min(shutil.get_terminal_size().columns, 120) - 12) // 2, 20)
    lines = [part for line in text.splitlines() for part in _wrapped(line, 2 * room)] or [""]
    pad = " " * (8 - _width(label))
    _say(f"    {label}{pad}{lines[0]}")
    for line in lines[1:]:
        _say(f"            {line}")


def _wrapped(text: str, room: int) -> list[str]:
    """A text in lines of so many cells; Chinese breaks anywhere, other words do not."""
    if _width(text) <= room:
        return [text]
    if text.isascii():
        return textwrap.wrap(text, room)
    lines, line = [], ""
    for piece in _pieces(text):
        if line and _width(line + piece) > room:
            lines.append(line.rstrip())
            line = ""
        line += piece
    return [*lines, line]


def _pieces(text: str) -> list[str]:
    pieces: list[str] = []
    for character in text:
        last = pieces[-1][-1] if pieces else " "
        is_of_a_word = character.isascii() and last.isascii() and last != " "
        if pieces and (is_of_a_word or character in "，。、；：！？）”"):
            pieces[-1] += character
        else:
            pieces.append(character)
    return pieces


def _width(text: str) -> int:
    """Cells of a terminal that a text takes."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def _say(line: str) -> None:
    print(line)  # noqa: T201

"""Every command line that a document shows, as somebody would type it: alternatives and optional parts spelled out."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from flows.cli import app

__all__ = ["PAGES", "Line", "documented_lines"]

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("README*.md"), *(ROOT / "docs").glob("*.md")])

_CODE = re.compile(r"```[a-z]*\n(.*?)```|`([^`\n]+)`", re.DOTALL)
_GROUPS = {name for name in app if not name.startswith("-") and any(one[0] != "-" for one in app[name])}


@dataclass(frozen=True, order=True)
class Line:
    """A command line: the words that name the command, what follows them in place, and options with their values."""

    command: str
    arguments: tuple[str, ...]
    options: tuple[tuple[str, str], ...]


def documented_lines() -> dict[Line, set[str]]:
    """Every line with the pages it stands on."""
    found: dict[Line, set[str]] = {}
    for page in PAGES:
        for text in _shown(page.read_text(encoding="utf-8")):
            for spelled in _spelled_out(text):
                found.setdefault(_line(spelled), set()).add(page.name)
    return found


def _shown(text: str) -> Iterator[str]:
    for block, span in _CODE.findall(text):
        for line in (block or span).splitlines():
            command = re.match(r"\s*(?:\$ )?(?:\.venv/bin/)?eldersync (?=[a-z])(.*)", line)
            if command and "│" not in line:
                yield re.sub(r"\s#.*|…", " ", command[1]).replace(r"\|", "|").strip()


def _spelled_out(text: str) -> Iterator[str]:
    """Without what is optional, and with each of its alternatives."""
    parts = re.split(r"(\[[^]]*\])", text)
    optional = [part[1:-1].split("|") for part in parts[1::2]]
    turns = range(max(map(len, optional), default=0))
    chosen = [[""] * len(optional), *([choices[turn % len(choices)] for choices in optional] for turn in turns)]
    for taken in chosen:
        one = "".join(must + may for must, may in zip(parts[::2], [*taken, ""], strict=True))
        yield from _alternatives(one.split())


def _alternatives(words: list[str]) -> Iterator[str]:
    for place, word in enumerate(words):
        if "|" in word:
            for one in word.split("|"):
                yield from _alternatives([*words[:place], one, *words[place + 1 :]])
            return
    yield " ".join(words)


def _line(text: str) -> Line:
    words = [word.strip('"') for word in text.split()]
    deep = 2 if words[0] in _GROUPS and len(words) > 1 and words[1] in app[words[0]] else 1
    arguments: list[str] = []
    options: list[tuple[str, str]] = []
    rest = words[deep:]
    while rest:
        word = rest.pop(0)
        if word.startswith("--"):
            options.append((word, rest.pop(0) if rest and not rest[0].startswith("--") else ""))
        else:
            arguments.append(word)
    return Line(" ".join(words[:deep]), tuple(arguments), tuple(options))

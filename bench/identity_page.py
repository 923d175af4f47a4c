"""What was measured of who is who, as a Markdown page."""

import os
import platform
import statistics
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from typing import NamedTuple

import psutil  # type: ignore[import-untyped]

from bench.identity_judged import Judged
from bench.identity_measures import NO_PAIRS, Quality
from bench.identity_page_words import ABOUT, FEBRL_WHY, FEBRL_WORDS, PROBLEM_WORDS, TIME_WORDS, UNKNOWABLE
from bench.identity_truth import KINDS
from bench.identity_verdict import quality_verdict, speed_verdict
from bench.page import processor

__all__ = ["ONCE_FROM", "Results", "Set", "Spent", "render"]

ONCE_FROM = 500_000
"""People from which on there is one round."""

LIBRARIES = ("pandas", "numpy", "pyarrow", "pypinyin", "splink", "duckdb", "recordlinkage")
TITLES = {
    "ours": "eldersync, everybody",
    "night": "eldersync, 1 % of the rows changed",
    "splink": "Splink",
    "exact": "equal numbers",
}
_HEAD = "| rows of | way | precision | recall | F1 | wrong pairs | missed pairs |\n| --- | --- | ---: | ---: | ---: | ---: | ---: |"


class Spent(NamedTuple):
    """What one step cost: seconds by the wall and of our processor, and memory at its highest."""

    seconds: float
    worked: float
    megabytes: float


@dataclass
class Set:
    """What was measured on one set of rows."""

    kind: str  # people, febrl
    number: int
    rows: int = 0
    draws: int = 0
    spent: dict[str, list[Spent]] = field(default_factory=lambda: defaultdict(list))
    loads: list[float] = field(default_factory=list)
    alone: int = 0
    exact: Quality = NO_PAIRS
    as_delivered: Quality = NO_PAIRS
    ours: Judged | None = None
    splink: Quality = NO_PAIRS
    splink_answered: Quality = NO_PAIRS  # with as many questions as ours
    weights: list[float] = field(default_factory=list)  # Splink's best of each draw
    untrained: int = 0  # draws on which Splink's training ended in an error

    def add(self, way: str, spent: Spent) -> None:
        self.spent[way].append(spent)
        self.loads.append(os.getloadavg()[0])

    @property
    def judged(self) -> Judged:
        assert self.ours is not None
        return self.ours

    @property
    def title(self) -> str:
        times = f"{self.draws} × " if self.draws > 1 else ""
        return f"{times}{self.number:,} people" if self.kind == "people" else f"FEBRL {self.number}"


@dataclass
class Results:
    rounds: int
    sets: list[Set] = field(default_factory=list)

    def of(self, kind: str) -> list[Set]:
        return [found for found in self.sets if found.kind == kind]


def render(results: Results) -> str:
    """The page ``docs/identity-quality.md``."""
    people, febrl = results.of("people"), results.of("febrl")
    parts = ["# Who is who: how well it is told", ABOUT]
    if people:
        parts += [
            "## What was aimed at and reached", quality_verdict(people), _aims(people), "## Made-up people", _qualities(people),
            "## Questions", PROBLEM_WORDS, _problems(people), _questions(people), UNKNOWABLE, "## Time and memory",
            speed_verdict(people), _times(people), TIME_WORDS.format(rounds=results.rounds, once=f"{ONCE_FROM:,}"),
        ]  # fmt: skip
    if febrl:
        parts += ["## FEBRL", FEBRL_WORDS, _qualities(febrl), _febrl_questions(febrl), FEBRL_WHY]
    return "\n\n".join(part for part in [*parts, "## Measured on", _machine(results)] if part) + "\n"


def _aims(sets: list[Set]) -> str:
    lines = [
        "| people | precision of what is joined by itself | true problems found | questions a true problem | F1 once answered | Splink's F1 | Splink's, as many answered |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for found in sets:
        ours = found.judged
        theirs = f"{found.splink.f1:.4f} | {found.splink_answered.f1:.4f}" if found.weights else "— | —"
        lines.append(
            f"| {found.title} | {ours.automatic.precision:.6f} ({ours.automatic.wrong} wrong of {ours.automatic.right + ours.automatic.wrong:,}) "
            f"| {ours.recall:.4f} | {ours.load:.2f} | {ours.decided.f1:.4f} | {theirs} |"
        )
    return "\n".join(lines)


def _qualities(sets: list[Set]) -> str:
    lines = [_HEAD] if sets else []
    for found in sets:
        lines += [
            _line(found, "equal numbers, as delivered", found.as_delivered),
            _line(found, "equal valid numbers" if found.kind == "people" else "equal numbers", found.exact),
            _line(found, "eldersync, automatically", found.judged.automatic),
            _line(found, "eldersync, every question answered", found.judged.decided),
        ]
        if found.kind == "febrl":
            del lines[-4]
        if found.weights:
            least, most = min(found.weights), max(found.weights)
            span = f"{least:.0f}" if least == most else f"{least:.0f} to {most:.0f}"
            without = f", without {found.untrained} it could not be trained on" if found.untrained else ""
            lines.append(_line(found, f"Splink, weight ≥ {span}{without}", found.splink))
            lines.append(_line(found, "Splink, as many questions answered", found.splink_answered))
    return "\n".join(lines)


def _line(found: Set, way: str, pairs: Quality) -> str:
    return (
        f"| {found.title} ({found.rows:,}) | {way} | {pairs.precision:.4f} | {pairs.recall:.4f} | {pairs.f1:.4f} "
        f"| {pairs.wrong:,} | {pairs.missed:,} |"
    )


def _problems(sets: list[Set]) -> str:
    lines = [f"| true problems found | {' | '.join(KINDS)} |", f"| --- |{' ---: |' * len(KINDS)}"]
    for found in sets:
        cells = " | ".join(f"{found.judged.found[kind]:,} of {found.judged.there[kind]:,}" for kind in KINDS)
        lines.append(f"| {found.title} | {cells} |")
    return "\n".join(lines)


def _questions(sets: list[Set]) -> str:
    kinds = list(sets[0].judged.asked)
    lines = [f"| questions asked | {' | '.join(kinds)} | all |", f"| --- |{' ---: |' * (len(kinds) + 1)}"]
    for found in sets:
        asked, wanted = found.judged.asked, found.judged.wanted
        cells = " | ".join(f"{asked[kind]:,}, needless {asked[kind] - wanted[kind]:,}" for kind in kinds)
        lines.append(f"| {found.title} | {cells} | {sum(asked.values()):,} |")
    nobody = ", ".join(f"{found.alone:,} of {found.title}" for found in sets)
    lines.append(
        f"\nRows with a damaged number of people whom no list states under a good one, so that nobody can be offered: {nobody}."
    )
    return "\n".join(lines)


def _febrl_questions(sets: list[Set]) -> str:
    lines = ["| set | true problems | found | questions | needless |", "| --- | ---: | ---: | ---: | ---: |"]
    for found in sets:
        ours = found.judged
        asked, wanted = sum(ours.asked.values()), sum(ours.wanted.values())
        lines.append(
            f"| {found.title} | {sum(ours.there.values()):,} | {sum(ours.found.values()):,} | {asked:,} | {asked - wanted:,} |"
        )
    return "\n".join(lines)


def _times(sets: list[Set]) -> str:
    lines = [
        "| people | rows | way | seconds (least–most) | processor seconds | peak MB |",
        "| ---: | ---: | --- | ---: | ---: | ---: |",
    ]
    for found in sets:
        for way in (way for way in TITLES if way in found.spent):
            seconds, worked, megabytes = zip(*found.spent[way], strict=True)
            lines.append(
                f"| {found.number:,} | {found.rows // found.draws:,} | {TITLES[way]} | {statistics.median(seconds):.2f} "
                f"({min(seconds):.2f}–{max(seconds):.2f}) | {statistics.median(worked):.2f} | {statistics.median(megabytes):,.0f} |"
            )
    return "\n".join(lines)


def _machine(results: Results) -> str:
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    loads = [load for found in results.sets for load in found.loads]
    cores = psutil.cpu_count()
    return f"""\
{datetime.now(UTC):%Y-%m-%d}; {processor()}, {cores} cores, {psutil.virtual_memory().total / 2**30:.0f} GB; {platform.system()} {platform.release()};
Python {platform.python_version()}; {libraries}. Load of the machine while it was measured (processes that want a core, ours and
others'): {min(loads):.1f} to {max(loads):.1f}, {statistics.median(loads):.1f} in the middle; more than {cores} means that everything waited for others."""

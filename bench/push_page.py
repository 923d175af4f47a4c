"""What was measured of the push, as a Markdown page."""

import os
import platform
import statistics
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import psutil  # type: ignore[import-untyped]

from bench.page import POSTGRES, processor

__all__ = ["Results", "render"]

TITLES = {
    "ours": "eldersync, 8 connections",
    "threads": "`requests`, 8 threads, nothing kept",
    "loop": "`requests`, one session, nothing kept",
}
LIBRARIES = ("pandas", "pyarrow", "sqlalchemy", "psycopg", "requests", "urllib3")


@dataclass
class Results:
    """All measurements of a run, by ``(way, people, of how many in the registry)``."""

    rounds: int
    measured: dict[tuple[str, int, int], list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    platform: dict[tuple[str, int], list[float]] = field(default_factory=lambda: defaultdict(list))
    loads: list[float] = field(default_factory=list)

    def add(self, way: str, people: int, of: int, measured: dict[str, Any]) -> None:
        self.measured[way, people, of].append(measured)
        self.loads.append(os.getloadavg()[0])

    def note_platform(self, way: str, people: int, worked: float) -> None:
        """Processor seconds the platform spent while it was told."""
        self.platform[way, people].append(worked)

    def median(self, way: str, people: int, of: int, name: str) -> float:
        return statistics.median(one[name] for one in self.measured[way, people, of])


def render(results: Results) -> str:
    """The page ``docs/performance-push.md``."""
    parts = [
        "# What a push costs", _about(results), "## Telling the platform over its interface", _interface(results),
        "## Planning", _planning(results), "## Exchange tables", _exchange(results), "## Measured on", _machine(results),
    ]  # fmt: skip
    return "\n\n".join(parts) + "\n"


def _about(results: Results) -> str:
    return f"""\
`make bench` prints this page again, `.venv/bin/python -m bench.push --write` keeps it; `--people`, `--rows` and `--rounds` change what
is measured. Every measurement is a new process on a copy of the same registry, against the stand-in platform in a process of its
own with an empty ledger; ways take turns; medians of {results.rounds} round{"s" if results.rounds > 1 else ""}. Imports are not in the seconds, and are in the memory.

The stand-in works as hard as we do and shares the cores: it checks every column and flushes what took effect before it answers.
After each push its ledger held everybody once."""


def _interface(results: Results) -> str:
    lines = [
        "| people | way | seconds (least–most) | people a second | own processor seconds | the stand-in's | peak MB |",
        "| ---: | --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for way, people, of in sorted(
        results.measured, key=lambda key: (key[1], list(TITLES).index(key[0]) if key[0] in TITLES else 9)
    ):
        if way not in TITLES:
            continue
        seconds = [one["seconds"] for one in results.measured[way, people, of]]
        median = statistics.median(seconds)
        worked, memory = (results.median(way, people, of, name) for name in ("worked", "megabytes"))
        theirs = statistics.median(results.platform[way, people])
        lines.append(
            f"| {people:,} | {TITLES[way]} | {median:.1f} ({min(seconds):.1f}–{max(seconds):.1f}) | {people / median:,.0f} "
            f"| {worked:.1f} | {theirs:.1f} | {memory:,.0f} |"
        )
    lines.append(
        "\nBatches of 100 people with all columns, the same bytes for every way, each request signed. The two loops keep no state: killed\n"
        "anywhere they know neither whom the platform has heard of nor what it answered. Ours claims each batch in the database\n"
        "before it is sent and settles each person's outcome after it, both flushed to disk."
    )
    return "\n".join(lines)


def _planning(results: Results) -> str:
    lines = [
        "| planned | of people in the registry | seconds (least–most) | own processor seconds | peak MB |",
        "| ---: | ---: | ---: | ---: | ---: |",
    ]
    for way, people, of in sorted(results.measured, key=lambda key: (key[2], -key[1])):
        if way == "plan":
            lines.append(f"| {people:,} | {of:,} | {_cost(results, way, people, of)} |")
    lines.append(
        "\nEverything pending is rendered in the platform's words, compared with what it was told last, put into bytes under a key, stored,\n"
        "counted, measured against the brakes, and released: one transaction. The rest of the seconds is PostgreSQL's."
    )
    return "\n".join(lines)


def _exchange(results: Results) -> str:
    lines = [
        "| rows | seconds (least–most) | own processor seconds | peak MB |",
        "| ---: | ---: | ---: | ---: |",
    ]
    for way, people, of in results.measured:
        if way == "exchange":
            lines.append(f"| {people:,} | {_cost(results, way, people, of)} |")
    lines.append(
        "\nIn transactions of 1,000 rows, into a table with its indexes in the same PostgreSQL as the registry."
    )
    return "\n".join(lines)


def _cost(results: Results, way: str, people: int, of: int) -> str:
    seconds = [one["seconds"] for one in results.measured[way, people, of]]
    worked, memory = (results.median(way, people, of, name) for name in ("worked", "megabytes"))
    return f"{statistics.median(seconds):.1f} ({min(seconds):.1f}–{max(seconds):.1f}) | {worked:.1f} | {memory:,.0f}"


def _machine(results: Results) -> str:
    libraries = ", ".join(f"{name} {version(name)}" for name in (*LIBRARIES, POSTGRES))
    memory = psutil.virtual_memory().total / 2**30
    cores = psutil.cpu_count()
    return f"""\
{datetime.now(UTC):%Y-%m-%d}; {processor()}, {cores} cores, {memory:.0f} GB; {platform.system()} {platform.release()};
Python {platform.python_version()}; {libraries}. Load of the machine while it was measured (processes that want a core,
ours and others'): {min(results.loads):.1f} to {max(results.loads):.1f}, {statistics.median(results.loads):.1f} in the middle; more than {cores} means that everything waited for others."""

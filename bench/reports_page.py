"""What was measured of reports and returns, as a Markdown page."""

import os
import platform
import statistics
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any, NamedTuple

import psutil  # type: ignore[import-untyped]

from bench.page import POSTGRES, processor

__all__ = ["AIM", "Results", "Step", "render"]

AIM = 30.0
"""Seconds that pages, workbooks and letters together may take."""

_TITLES = {"report": "site of reports", "returns": "return workbooks and letters"}
_LIBRARIES = ("pandas", "pyarrow", "xlsxwriter", "jinja2", "python-docx", "sqlalchemy", "psycopg")


class Step(NamedTuple):
    """A command: wall seconds, own processor seconds (PostgreSQL's not among them), memory, and what it printed."""

    seconds: float
    worked: float
    megabytes: float
    server_megabytes: float
    said: str


@dataclass
class Results:
    """All measurements of one night."""

    elders: int
    findings: int
    steps: dict[str, list[Step]] = field(default_factory=lambda: defaultdict(list))
    files: dict[str, tuple[int, int]] = field(default_factory=dict)
    returned: dict[str, int] = field(default_factory=dict)
    loads: list[float] = field(default_factory=list)

    def add(self, name: str, step: Step, files: int, size: int) -> None:
        """A measurement, and how many files of how many bytes it left."""
        self.steps[name].append(step)
        self.files[name] = (files, size)
        self.loads.append(os.getloadavg()[0])

    def note(self, told: dict[str, Any]) -> None:
        """What went back, as ``eldersync returns --json`` says it."""
        self.returned = {
            "workbooks": len(told["returns"]), "letters": len(told["letters"]),
            "rows": sum(one["rows"] for one in told["returns"]),
            "findings": sum(one["findings"] for one in told["returns"]),
        }  # fmt: skip

    def median(self, name: str, what: str) -> float:
        return statistics.median(getattr(step, what) for step in self.steps[name])


def render(results: Results) -> str:
    """The page ``docs/performance-reports.md``."""
    together = sum(results.median(name, "seconds") for name in _TITLES)
    worked = sum(results.median(name, "worked") for name in _TITLES)
    returned = results.returned
    rounds = len(results.steps["report"])
    return f"""\
# What reports and returns cost

`make bench` prints this page again, `.venv/bin/python -m bench.reports_and_returns --write` keeps it; `--elders`, `--findings` and
`--rounds` change what is measured. One night over made-up lists of {results.elders:,} elders with {results.findings:,} findings. `report` writes
its pages again from nothing (front page, night, every body, township and rule, catalogue of rules, `findings.xlsx`); `returns` reads the
kept originals again and writes {returned["rows"]:,} rows with {returned["findings"]:,} findings into {returned["workbooks"]} workbooks, and {returned["letters"]} letters.
Every measurement is a command in a process of its own, from its start to its end, the start of PostgreSQL among it; {"once" if rounds == 1 else f"medians of {rounds} rounds"}.

| | seconds (least–most) | own processor seconds | files | MB written | peak MB | PostgreSQL MB |
| --- | ---: | ---: | ---: | ---: | ---: | ---: |
{chr(10).join(_line(results, name) for name in _TITLES)}
| together | {together:.1f} | {worked:.1f} | | | | |

Aim: under {AIM:.0f} seconds together: {"reached" if together < AIM else f"not reached by the clock; {worked:.1f} own processor seconds"}.

## Measured on

{_machine(results)}
"""


def _line(results: Results, name: str) -> str:
    times = [step.seconds for step in results.steps[name]]
    files, size = results.files[name]
    span = f"({min(times):.1f}–{max(times):.1f})" if len(times) > 1 else "(once)"
    return (
        f"| {_TITLES[name]} | {results.median(name, 'seconds'):.1f} {span} | {results.median(name, 'worked'):.1f} | {files} | "
        f"{size / 1e6:.1f} | {results.median(name, 'megabytes'):,.0f} | {results.median(name, 'server_megabytes'):,.0f} |"
    )


def _machine(results: Results) -> str:
    memory, cores = psutil.virtual_memory().total / 2**30, psutil.cpu_count()
    libraries = ", ".join(f"{name} {version(name)}" for name in (*_LIBRARIES, POSTGRES))
    return (
        f"{datetime.now(UTC):%Y-%m-%d}; {processor()}, {cores} cores, {memory:.0f} GB; {platform.system()} {platform.release()};\n"
        f"Python {platform.python_version()}; {libraries}.\n"
        f"Load of the machine while it was measured (processes that want a core, ours and others'): {min(results.loads):.1f} to "
        f"{max(results.loads):.1f}; more than {cores} means that everything waited for others."
    )

"""What validating cost, as a Markdown page."""

import platform
import statistics
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import psutil  # type: ignore[import-untyped]

from bench.page import processor

__all__ = ["Results", "render"]

OURS = "eldersync"
UNIQUE = "id_number-unique"
_AIMS = (
    ("Great Expectations", 10.0), ("Frictionless", 10.0), ("pandera", 1.0), ("Pointblank on polars", 1.0),
)  # fmt: skip


@dataclass
class Results:
    """Measurements by way and number of rows."""

    rounds: int
    versions: dict[str, str]
    measured: dict[tuple[str, int], list[dict[str, Any]]] = field(default_factory=dict)
    loads: list[float] = field(default_factory=list)

    def add(self, way: str, rows: int, said: dict[str, Any], megabytes: float, load: float) -> None:
        self.measured.setdefault((way, rows), []).append({**said, "megabytes": megabytes})
        self.loads.append(load)

    def median(self, way: str, rows: int, what: str = "seconds") -> float:
        """Measured, or in proportion to the largest number of rows that was."""
        if (way, rows) in self.measured:
            return statistics.median(one[what] for one in self.measured[way, rows])
        most = self.most(way)
        return self.median(way, most, what) * rows / most

    def most(self, way: str) -> int:
        """The largest number of rows a way was measured with."""
        return max(rows for name, rows in self.measured if name == way)

    def differing(self, way: str, rows: int) -> dict[str, tuple[Any, Any]]:
        """Rules under which a way found other rows than ours did."""
        ours, theirs = (self.measured[name, rows][0]["found"] for name in (OURS, way))
        return {
            code: (ours.get(code), theirs.get(code)) for code in {*ours, *theirs} if ours.get(code) != theirs.get(code)
        }

    def agree(self) -> bool:
        """Whether every way found the same rows, but for repeated numbers, of which Frictionless names all but the first."""
        return all(
            set(self.differing(way, rows)) <= ({UNIQUE} if way == "Frictionless" else set())
            for way, rows in self.measured
        )


def render(results: Results) -> str:
    sizes = sorted({rows for _, rows in results.measured})
    found = {rows: sum(count for count, _ in results.measured[OURS, rows][0]["found"].values()) for rows in sizes}
    return f"""\
# What validating costs

`.venv/bin/python -m bench.validation` prints this page again, `--write` keeps it; `--rows` and `--rounds` change what is measured.
The others run in an environment of their own, which `bench/validation.py` says how to make. Forty rules (`bench/validation_rules.py`: six of cells that must be filled, thirteen of form, eleven of words, three of amounts, one of
repeated numbers, six that compare or compute) over typed rows of made-up elders with 27 columns, a tenth of a percent of which break each
rule: {", ".join(f"{count:,} breaches in {rows:,} rows" for rows, count in found.items())}. What is asked for is every breach with its rule, row and
column. Every measurement is a new process; seconds are from rows in memory to the table of breaches, without imports and loading;
ways take turns; medians of {results.rounds} rounds, one round of the two slow ones; from 500,000 rows on these are only measured with `--all`.

{_table(results, sizes)}

Memory is of the whole process with its libraries and the rows. A comparison of two cells is written as each way's users would:
for pandera as a check of the whole frame (which reports such a row once for each of 27 columns, and is counted once), for Pointblank as a polars
expression, for Great Expectations as a column of answers computed before, in its time; Frictionless reads the rows from a CSV file, in its
time, since it streams rows and knows no frame. Ours are declarations run by the runner that judges a night's rows, with Arrow and numpy
kernels as checks, on one core; polars uses all.

## Aims

{_aims(results, sizes)}

A linear figure counts what a way does once for any number of rows many times over, so it flatters us; the shorter runs are the fairer
ones. Where the machine was busy, own processor seconds tell more than the clock.

## What each can say

| way | every cell by row and column | the row stays at hand | a code and words of ours | repeated numbers |
| --- | --- | --- | --- | --- |
| eldersync | yes | yes, admitted or held | yes, with a version | every row |
| pandera | yes; whole-frame checks once a column | yes, unless told to drop it | `error=` only | every row |
| Pointblank on polars | row and step; the column is the step's | yes, as extracts of failing rows | a brief for each step | every row |
| Great Expectations | rows by index, with complete results | yes, in the caller's hands | no, an expectation's type | every row |
| Frictionless | yes | yes, in the file | its own error types and a note | every row but the first |

All ways found the same rows under the same rules, counted and by the sum of their places{_differing(results)}.

## Measured on

{_machine(results)}
"""


def _table(results: Results, sizes: list[int]) -> str:
    lines = [
        "| rows | way | seconds (least–most) | to eldersync | own processor seconds | peak MB |",
        "| ---: | --- | ---: | ---: | ---: | ---: |",
    ]
    ways = list(dict.fromkeys(way for way, _ in results.measured))
    return "\n".join([*lines, *(_line(results, way, rows) for rows in sizes for way in ways)])


def _line(results: Results, way: str, rows: int) -> str:
    seconds, factor = results.median(way, rows), results.median(way, rows) / results.median(OURS, rows)
    if (way, rows) not in results.measured:
        return f"| {rows:,} | {way} | {seconds:.0f} (linear from {results.most(way):,} rows, not measured) | × {factor:.1f} | — | — |"
    times = [one["seconds"] for one in results.measured[way, rows]]
    span = f"({min(times):.2f}–{max(times):.2f})" if len(times) > 1 else "(once)"
    worked, memory = (results.median(way, rows, what) for what in ("worked", "megabytes"))
    return f"| {rows:,} | {way} | {seconds:.2f} {span} | × {factor:.1f} | {worked:.2f} | {memory:,.0f} |"


def _aims(results: Results, sizes: list[int]) -> str:
    lines = []
    for way, aim in _AIMS:
        told = []
        for rows in sizes:
            factor = results.median(way, rows) / results.median(OURS, rows)
            worked = results.median(way, rows, "worked") / results.median(OURS, rows, "worked")
            is_measured = "" if (way, rows) in results.measured else ", by the linear figure"
            told.append(
                f"{factor:.1f} times at {rows:,} rows ({'reached' if factor >= aim else 'not reached'}{is_measured}; "
                f"{worked:.1f} times in own processor seconds)"
            )
        wanted = f"at least {aim:.0f} times as fast as" if aim > 1 else "not slower than"
        lines.append(f"- {wanted} {way}: {', '.join(told)}")
    return "\n".join(lines)


def _differing(results: Results) -> str:
    if results.agree():
        return ", but for the first row of each repeated number, which Frictionless does not name"
    where = {way: list(results.differing(way, rows)) for way, rows in results.measured if results.differing(way, rows)}
    return f" — **except** {where}"


def _machine(results: Results) -> str:
    memory, cores = psutil.virtual_memory().total / 2**30, psutil.cpu_count()
    mine = ", ".join(f"{name} {version(name)}" for name in ("pandas", "numpy", "pyarrow"))
    theirs = ", ".join(f"{name} {number}" for name, number in results.versions.items())
    loads = results.loads
    return (
        f"{datetime.now(UTC):%Y-%m-%d}; {processor()}, {cores} cores, {memory:.0f} GB; {platform.system()} {platform.release()};\n"
        f"Python {platform.python_version()}; ours on {mine}; the others on {theirs}.\n"
        f"Load of the machine while it was measured (processes that want a core, ours and others'): {min(loads):.1f} to "
        f"{max(loads):.1f}, {statistics.median(loads):.1f} in the middle; more than {cores} means that everything waited for others."
    )

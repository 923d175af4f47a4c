"""``python -m bench``: a first night and one with 1 % changed, ours beside a usual script and hand-written DuckDB SQL.

Every way gets the same lists and owes the same tables, which are compared row for row; ways take turns; medians are shown.
"""

import argparse
import json
import shutil
import sys
import tempfile
from datetime import date, timedelta
from pathlib import Path

from bench import duckdb_sql, ours, usual_script
from bench.agreement import Rows, differences
from bench.measure import Measured, measure
from bench.page import Results, render
from bench.workbooks import WAYS as WORKBOOK_WAYS
from simulator.offices import write_sample
from simulator.second_night import second_night

FIRST_NIGHT = date(2026, 3, 2)
NIGHTS = (FIRST_NIGHT, FIRST_NIGHT + timedelta(days=1))
SEED = 7
WAYS = ("ours", "usual_script", "duckdb_sql")
OUTPUTS = {"ours": ours.outputs, "usual_script": usual_script.outputs, "duckdb_sql": duckdb_sql.outputs}
SLOW_FROM, SLOW_ROUNDS = 50_000, 2  # the usual script takes minutes there
PAGE = Path(__file__).resolve().parents[1] / "docs" / "performance.md"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--elders", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.relative_to(PAGE.parents[1])}")
    options = parser.parse_args()
    results = Results(rounds=options.rounds)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        for elders in options.elders:
            measure_nights(Path(folder) / str(elders), elders, options.rounds, results)
        measure_workbooks(Path(folder) / str(max(options.elders)), options.rounds, results)
    page = render(results)
    print(page)
    if options.write:
        PAGE.write_text(page, encoding="utf-8")
    return 0 if results.agree() else 1


def measure_nights(folder: Path, elders: int, rounds: int, results: Results) -> None:
    """Both nights by every way, the ways taking turns; the first round's outputs are compared."""
    lists = [folder / "night-1", folder / "night-2"]
    sample = write_sample(lists[0], people=elders, seed=SEED, today=NIGHTS[0], formats="csv")
    results.rows[elders] = sum(sample.rows.values())
    second_night(lists[0], lists[1], seed=SEED, today=NIGHTS[1])
    for turn in range(rounds):
        came_to: dict[tuple[str, int], dict[str, Rows]] = {}
        for way in (*WAYS[turn % len(WAYS) :], *WAYS[: turn % len(WAYS)]):
            if way == "usual_script" and elders >= SLOW_FROM and turn >= SLOW_ROUNDS:
                continue
            home = folder / way
            for night, inbox in enumerate(lists):
                say(f"{elders:,} elders, round {turn + 1}, night {night + 1}, {way}")
                results.add(elders, night, way, measure_night(way, home, inbox, NIGHTS[night]))
                if way == "ours":
                    results.add_stages(elders, night, ours.stage_seconds(home))
                if turn == 0:
                    came_to[way, night] = OUTPUTS[way](home)
            if way == "ours" and turn == 0:
                shutil.copyfile(home / "outgoing" / "1" / "elder-changes.jsonl", folder / "changes.jsonl")
            shutil.rmtree(home)
        compare(came_to, elders, results)


def compare(came_to: dict[tuple[str, int], dict[str, Rows]], elders: int, results: Results) -> None:
    """Says for every night and way whether it came to what ours came to."""
    for (way, night), outputs in came_to.items():
        if way != "ours":
            results.agreement[elders, night, way] = differences(came_to["ours", night], outputs)


def measure_night(way: str, home: Path, lists: Path, today: date) -> Measured:
    if way != "ours":
        return measure([sys.executable, "-m", f"bench.{way}", str(lists), str(home), today.isoformat()])
    inbox = home / "inbox"
    shutil.rmtree(inbox, ignore_errors=True)
    shutil.copytree(lists, inbox, ignore=shutil.ignore_patterns("answer_key.*"))
    program = Path(sys.executable).with_name("eldersync")
    measured = measure(ours.command(program, home, today), ends=(0, 3), server=home / "postgres")
    summary = json.loads(measured.said.splitlines()[-1])
    if any(source["status"] != "green" for source in summary["sources"]):
        raise SystemExit("bench: a source was not taken; the nights cannot be compared")
    return measured


def measure_workbooks(folder: Path, rounds: int, results: Results) -> None:
    """The import workbook of a first night, by every way of writing one."""
    lines = folder / "changes.jsonl"
    with lines.open(encoding="utf-8") as opened:
        results.workbook_rows = sum(1 for _ in opened)
    for turn in range(rounds):
        for way in WORKBOOK_WAYS:
            if way == "pandas" and turn > 0:
                continue
            say(f"workbook, round {turn + 1}, {way}")
            with tempfile.TemporaryDirectory() as to:
                measured = measure([sys.executable, "-m", "bench.workbooks", way, str(lines), to])
            results.add_workbook(way, float(measured.said.splitlines()[-1]), measured.megabytes)


def say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())

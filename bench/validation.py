"""``python -m bench.validation``: forty rules over the same rows, ours beside four validators; what each finds is compared.

The others are pinned apart from us. Their environment is made once, by hand::

    python3.11 -m venv var/validators
    var/validators/bin/pip install great_expectations==1.24.1 frictionless==5.21.0 pointblank==1.1.1 polars==2.1.0 \\
        'pandera[pandas]==0.35.0' pandas==3.1.1 pyarrow==26.0.1

It has no part of the product in it: rows go there as files, and counts come back.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]

from bench.measure import measure
from bench.validation_page import Results, render
from bench.validation_rows import write_rows
from bench.validation_rules import RULES

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "performance-validation.md"
OURS = "eldersync"
QUICK = ("pandera", "Pointblank on polars")
SLOW = ("Great Expectations", "Frictionless")
WAYS = (OURS, *QUICK, *SLOW)
SLOW_FROM = 500_000  # minutes each from here on: measured only when asked for


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.validation")
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--others", type=Path, default=ROOT / "var/validators/bin/python", help="Python that has the others"
    )
    parser.add_argument("--all", action="store_true", help=f"the slow ones from {SLOW_FROM:,} rows on, too")
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.relative_to(ROOT)}")
    options = parser.parse_args()
    if not options.others.exists():
        print(
            f"{options.others} is missing; it is made like this:\n{(__doc__ or '').split('::', 1)[1]}", file=sys.stderr
        )
        return 2
    results = Results(options.rounds, versions=versions(options.others))
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        for rows in options.rows:
            to = Path(folder) / str(rows)
            to.mkdir()
            write_rows(rows, to)
            measure_ways(to, rows, options.rounds, options.others, results, all_ways=options.all)
    page = render(results)
    print(page)
    if options.write:
        PAGE.write_text(page, encoding="utf-8")
    return 0 if results.agree() else 1


def measure_ways(folder: Path, rows: int, rounds: int, others: Path, results: Results, *, all_ways: bool) -> None:
    """Every way, taking turns; the slow ones once, and where there are many rows only if asked for."""
    for turn in range(rounds):
        for way in (*WAYS[turn % len(WAYS) :], *WAYS[: turn % len(WAYS)]):
            if way in SLOW and (turn or (rows >= SLOW_FROM and not all_ways)):
                continue
            python = sys.executable if way == OURS else str(others)
            measured = measure([python, "-m", "bench.validation_run", way, str(folder)])
            said: dict[str, Any] = json.loads(measured.said.splitlines()[-1])
            results.add(way, rows, said, measured.megabytes, psutil.getloadavg()[0])
            print(f"{rows:>9,} rows  {way:22} {said['seconds']:7.2f} s", file=sys.stderr)


def versions(python: Path) -> dict[str, str]:
    """Versions of what the others run on."""
    asked = ["great_expectations", "frictionless", "pointblank", "polars", "pandera", "pandas", "pyarrow"]
    code = f"import json, importlib.metadata as m; print(json.dumps({{n: m.version(n) for n in {asked!r}}}))"
    found: dict[str, str] = json.loads(subprocess.run([python, "-c", code], capture_output=True, check=True).stdout)
    return found


if __name__ == "__main__":
    assert len(RULES) == 40
    sys.exit(main())

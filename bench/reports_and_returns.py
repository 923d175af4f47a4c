"""``python -m bench.reports_and_returns``: the site of reports, the return workbooks and the letters of a large night.

The night is made once and not timed; then its pages are taken away and written again, and its lists go back to their senders.
Every measurement is a command in a process of its own, from its start to its end, that of the embedded PostgreSQL in it.
"""

import argparse
import json
import resource
import shutil
import sys
import tempfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd

from bench import ours
from bench.measure import measure
from bench.reports_page import Results, Step, render
from simulator.offices import write_sample

TODAY, SEED = date(2026, 3, 2), 7
PROGRAM = Path(sys.executable).with_name("eldersync")
PAGE = Path(__file__).resolve().parents[1] / "docs" / "performance-reports.md"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.reports_and_returns", description=__doc__)
    parser.add_argument("--elders", type=int, default=100_000)
    parser.add_argument("--findings", type=int, default=20_000, help="at least as many are planted")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.relative_to(PAGE.parents[1])}")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        bench = Bench(Path(folder) / "home")
        results = Results(options.elders, bench.spend_a_night(options.elders, options.findings))
        for _ in range(options.rounds):
            bench.measure_round(results)
    page = render(results)
    print(page)
    if options.write:
        PAGE.write_text(page, encoding="utf-8")
    return 0


@dataclass
class Bench:
    """A home with one night in it."""

    home: Path

    def spend_a_night(self, elders: int, findings: int) -> int:
        """Makes the lists and takes them; gives how many findings stand."""
        inbox = self.home / "inbox"
        planted = sum(write_sample(inbox, people=elders, seed=SEED, today=TODAY, formats="csv").defects.values())
        for key in inbox.glob("answer_key.*"):
            key.unlink()
        # Some fall on a row whose telephone was wrong already.
        spoil_telephones(inbox / "village_survey", int(1.1 * max(findings - planted, 0)))
        told = measure(ours.command(PROGRAM, self.home, TODAY), ends=(0, 3), server=self.home / "postgres").said
        summary = json.loads(told.splitlines()[-1])
        return sum(summary["findings"].values())

    def measure_round(self, results: Results) -> None:
        """Everything once, from nothing."""
        shutil.rmtree(self.home / "reports")
        report = self._measure("report")
        pages = [*(self.home / "reports").rglob("*.html")]
        results.add("report", report, len(pages), sum(page.stat().st_size for page in pages))
        returned = self._measure("returns")
        files = [file for file in (self.home / "reports" / "1" / "returns").rglob("*") if file.is_file()]
        results.add("returns", returned, len(files), sum(file.stat().st_size for file in files))
        results.note(json.loads(returned.said))

    def _measure(self, command: str) -> Step:
        words = [str(PROGRAM), command, "1", "--home", str(self.home), "--config", f"{self.home}-config", "--json"]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        measured = measure(words, server=self.home / "postgres")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        worked = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        print(f"{command:8} {measured.seconds:6.1f} s", file=sys.stderr, flush=True)
        return Step(
            measured.seconds, worked, measured.megabytes, measured.server_megabytes, measured.said.splitlines()[-1]
        )


def spoil_telephones(folder: Path, count: int) -> None:
    """Leaves too few digits of the telephone numbers of so many rows, evenly over the lists of a folder."""
    lists = {path: pd.read_csv(path, dtype="str", keep_default_na=False) for path in sorted(folder.rglob("*.csv"))}
    every = max(sum(map(len, lists.values())) // max(count, 1), 1)
    left = count
    for path, rows in lists.items():
        places = rows.index[::every][:left]
        left -= len(places)
        rows.loc[places, "联系电话"] = rows.loc[places, "联系电话"].str[:5] + "x"
        rows.to_csv(path, index=False)


if __name__ == "__main__":
    sys.exit(main())

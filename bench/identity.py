"""``python -m bench.identity``: who is who among made-up people and in FEBRL's sets, ours beside Splink and equal numbers.

Every way runs in a process of its own on the same rows; ways take turns; what they came to is compared with the truth afterwards.
"""

import argparse
import json
import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from bench.identity_febrl import FEBRL
from bench.identity_judged import automatic_groups, exact_groups, judge_asked
from bench.identity_measures import quality
from bench.identity_page import ONCE_FROM, Results, Set, Spent, render
from bench.identity_splink import answered, best_of
from bench.identity_truth import problems_of
from bench.identity_way import load_asked, load_scored, load_stated
from bench.measure import Measured, MeasuredFailed, measure

PAGE = Path(__file__).resolve().parents[1] / "docs" / "identity-quality.md"
PEOPLE = (1_000, 100_000, 1_000_000)
FEW = 5_000  # people that are drawn at least, all populations of a size together
WAYS = ("ours", "night", "splink", "exact")
JUDGED = ("ours", "splink")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.identity", description=__doc__)
    parser.add_argument("--people", type=int, nargs="*", default=list(PEOPLE))
    parser.add_argument("--febrl", type=int, nargs="*", default=list(FEBRL))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--splink-up-to", type=int, default=max(PEOPLE), help="people; beyond, Splink is left out")
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.relative_to(PAGE.parents[1])}")
    options = parser.parse_args()
    results = Results(rounds=options.rounds)
    with tempfile.TemporaryDirectory(prefix="bench-identity-") as folder:
        for number in options.febrl:
            results.sets.append(measure_set(Path(folder), "febrl", number, JUDGED, 1))
        for people in options.people:
            left_out = {"splink"} if people > options.splink_up_to else set()
            ways = tuple(way for way in WAYS if way not in left_out)
            rounds = 1 if people >= ONCE_FROM else options.rounds
            results.sets.append(measure_set(Path(folder), "people", people, ways, rounds))
    page = render(results)
    print(page)
    if options.write:
        PAGE.write_text(page, encoding="utf-8")
    return 0


def measure_set(under: Path, kind: str, number: int, ways: tuple[str, ...], rounds: int) -> Set:
    """Draws a set of rows, lets every way work on it in turn, and judges what they came to.

    Few people have few problems: of few, several populations are drawn and judged together, and the first is measured.
    """
    found = Set(kind, number)
    draws = max(1, FEW // number) if kind == "people" else 1
    for draw in range(draws):
        folder = under / f"{kind}-{number}-{draw}"
        folder.mkdir()
        found.rows += int(counted(step("draw", folder, kind, str(number), str(draw)))["rows"])
        for turn in range(rounds if draw == 0 else 1):
            for way in (*ways[turn % len(ways) :], *ways[: turn % len(ways)]):
                if draw == 0 or way in JUDGED:
                    measure_way(folder, way, found)
        judge(folder, found)
        shutil.rmtree(folder)
    return found


def measure_way(folder: Path, way: str, found: Set) -> None:
    try:
        measured = step(way, folder)
    except MeasuredFailed:
        # Where few people show too little of what goes wrong, Splink's training ends in an error: an outcome like others.
        if way != "splink":
            raise
        say(f"{folder.name}, {way}: could not be trained")
        found.untrained += 1
        return
    spent = Spent(counted(measured)["seconds"], counted(measured)["worked"], measured.megabytes)
    say(f"{folder.name}, {way}: {spent.seconds:.2f} s, {spent.megabytes:.0f} MB")
    if folder.name.endswith("-0"):
        found.add(way, spent)


def judge(folder: Path, found: Set) -> None:
    stated = load_stated(folder)
    people = np.asarray(pd.factorize(stated.truth["person"])[0], dtype=np.int64)
    problems = problems_of(stated)
    found.draws += 1
    found.alone += problems.alone
    found.exact += quality(automatic_groups(stated.rows, np.zeros(0, dtype=np.int64)), people)
    found.as_delivered += quality(exact_groups(stated.rows), people)
    ours = judge_asked(stated, problems, load_asked(folder))
    found.ours = ours if found.ours is None else found.ours + ours
    if (folder / "scored.parquet").exists():
        scored = load_scored(folder)
        best = best_of(scored, people)
        found.splink_answered += answered(scored, people, sum(ours.asked.values()))
        found.splink += best.quality
        found.weights.append(best.weight)


def step(name: str, folder: Path, *arguments: str) -> Measured:
    return measure([sys.executable, "-m", "bench.identity_way", name, str(folder), *arguments])


def counted(measured: Measured) -> dict[str, float]:
    return dict(json.loads(measured.said.splitlines()[-1]))


def say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())

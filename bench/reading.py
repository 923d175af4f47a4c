"""``python -m bench.reading``: one list of 100,000 rows and 25 columns, read by us and by the fastest readers alone.

Theirs give cells; ours give the same cells under our field names, every line accounted for, titles and footers told from
people, hidden rows, merged cells and formulas noticed, numbers marked, a fingerprint per row; and, one step on, standardised
rows. Every measurement is a process of its own; imports are not counted; ways take turns; medians are shown.
"""

import argparse
import csv
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from datetime import date
from importlib.metadata import version
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from bench.contract import CONFIG
from bench.measure import measure

ROWS, COLUMNS, TODAY = 100_000, 25, date(2026, 3, 2)
PAGE = Path(__file__).resolve().parents[1] / "docs" / "performance-reading.md"
FILES = {
    "xlsx": ("list.xlsx", ("calamine", "ours", "ours_staged")),
    "csv_gb18030": ("list.gb18030.csv", ("pyarrow_gb18030", "polars_gb18030", "ours", "ours_staged")),
    "csv_utf8": ("list.utf8.csv", ("pyarrow", "polars", "ours", "ours_staged")),
    "csv_million": ("million.csv", ("pyarrow", "ours")),
}
TITLES = {
    "xlsx": "100,000 × 25, .xlsx", "csv_gb18030": "100,000 × 25, GB18030 CSV", "csv_utf8": "100,000 × 25, UTF-8 CSV",
    "csv_million": "1,000,000 × 25, UTF-8 CSV",
    "calamine": "calamine alone, cells as Python objects", "pyarrow": "pyarrow.csv alone", "polars": "polars alone",
    "pyarrow_gb18030": "pyarrow.csv alone, its own transcoding", "polars_gb18030": "polars alone, after Python's transcoding",
    "ours": "eldersync, to delivered rows", "ours_staged": "eldersync, to standardised rows",
}  # fmt: skip


def calamine(path: Path) -> int:
    """The fastest reader of workbooks, its cells thrown away."""
    from python_calamine import CalamineWorkbook

    begin()
    with CalamineWorkbook.from_path(path) as book:
        return sum(1 for _ in book.get_sheet_by_index(0).iter_rows())


def pyarrow(path: Path, encoding: str = "utf8") -> int:
    """Arrow's reader, every column as text."""
    from pyarrow import csv as arrow_csv
    from pyarrow import string

    begin()
    with path.open(encoding=encoding, newline="") as file:
        header = next(csv.reader(file))
    read = arrow_csv.ReadOptions(encoding=encoding)
    convert = arrow_csv.ConvertOptions(column_types=dict.fromkeys(header, string()))
    return int(arrow_csv.read_csv(path, read_options=read, convert_options=convert).num_rows)


def pyarrow_gb18030(path: Path) -> int:
    return pyarrow(path, "gb18030")


def polars(path: Path, encoding: str = "utf8") -> int:
    """Polars' reader, every column as text."""
    import polars as pl

    begin()
    if encoding == "utf8":
        return int(pl.read_csv(path, infer_schema=False).height)
    return int(pl.read_csv(path.read_bytes().decode(encoding).encode(), infer_schema=False).height)


def polars_gb18030(path: Path) -> int:
    return polars(path, "gb18030")


def ours(path: Path) -> int:
    """What the reading process does with a file, from its bytes to delivered rows."""
    return len(_delivered(path))


def ours_staged(path: Path) -> int:
    """The same, and the rows in the registry's vocabulary."""
    import pandas as pd

    from schemas.configuration import load_configuration
    from transforms.columns import texts
    from transforms.locality import Locality
    from transforms.standardise import standardise

    configuration = load_configuration(CONFIG)
    source = configuration.sources["village_survey"]
    locality = Locality.of(configuration)
    table = _delivered(path)
    fields = list(source.main.columns)
    numbers = {name: table[f"{name}__number"].to_numpy() for name in fields if f"{name}__number" in table.column_names}
    rows = pd.DataFrame({name: texts(table[name]) for name in fields})
    return len(standardise(rows, numbers, source, locality, today=TODAY).rows)


def _delivered(path: Path):  # type: ignore[no-untyped-def]
    import connectors.reading.formats.workbook  # noqa: F401 - loaded by need, and not counted
    from connectors.reading.layout import ReadingLimits
    from connectors.reading.read import read
    from flows.intake.deliveries import layout_of
    from schemas.configuration import load_configuration

    source = load_configuration(CONFIG).sources["village_survey"]
    begin()
    contents = read(path, layout_of(source), ReadingLimits(file_bytes=1 << 30, unpacked_bytes=1 << 30))
    if contents.refused:
        raise SystemExit(f"bench: refused, {contents.findings}")
    return contents.tables["main"].table


_BEGAN: list[float] = []


def begin() -> None:
    """From here on the clock runs: what is needed is loaded."""
    _BEGAN.append(time.perf_counter())


WAYS: dict[str, Callable[[Path], int]] = {
    way.__name__: way for way in (calamine, pyarrow, pyarrow_gb18030, polars, polars_gb18030, ours, ours_staged)
}


def make_files(folder: Path) -> None:
    """One list in every format: the survey of a made-up sample, repeated until it is long enough."""
    import xlsxwriter

    from simulator.offices import write_sample

    write_sample(folder / "sample", people=5_000, seed=7, today=TODAY, formats="csv")
    [sample] = (folder / "sample" / "village_survey").glob("*.csv")
    with sample.open(encoding="utf-8-sig", newline="") as file:
        lines = [row[:COLUMNS] for row in csv.reader(file)]
    start = next(place for place, row in enumerate(lines) if "姓名" in row)
    header, people = lines[start], [row for row in lines[start + 1 :] if len(row) == COLUMNS and row[2]]
    many = [people[number % len(people)] for number in range(ROWS)]
    for name, encoding in (("list.gb18030.csv", "gb18030"), ("list.utf8.csv", "utf-8")):
        with (folder / name).open("w", encoding=encoding, newline="") as file:
            csv.writer(file).writerows([header, *many])
    with (folder / "million.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerow(header)  # with it a million lines, the most a list may have
        for turn in range(1_000_000 // ROWS):
            csv.writer(file).writerows(many[1:] if turn == 0 else many)
    with xlsxwriter.Workbook(folder / "list.xlsx", {"constant_memory": True, "strings_to_numbers": False}) as book:
        sheet = book.add_worksheet("服务对象")
        for number, row in enumerate([header, *many]):
            for column, cell in enumerate(row):
                if cell:
                    sheet.write_string(number, column, cell)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.reading", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.relative_to(PAGE.parents[1])}")
    options = parser.parse_args()
    found: dict[tuple[str, str], list[tuple[float, float]]] = defaultdict(list)
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        make_files(folder)
        sizes = {kind: (folder / file).stat().st_size for kind, (file, _) in FILES.items()}
        for turn in range(options.rounds):
            for kind, (file, ways) in FILES.items():
                for way in (*ways[turn % len(ways) :], *ways[: turn % len(ways)]):
                    print(f"reading, round {turn + 1}, {kind}, {way}", file=sys.stderr, flush=True)
                    measured = measure([sys.executable, "-m", "bench.reading", "--one", way, str(folder / file)])
                    rows, seconds = measured.said.split()[-2:]
                    if int(rows) < ROWS:
                        raise SystemExit(f"bench: {way} found {rows} rows")
                    found[kind, way].append((float(seconds), measured.megabytes))
    page = render(found, sizes, options.rounds)
    print(page)
    if options.write:
        PAGE.write_text(page, encoding="utf-8")
    return 0


def render(found: dict[tuple[str, str], list[tuple[float, float]]], sizes: dict[str, int], rounds: int) -> str:
    """The page ``docs/performance-reading.md``."""
    lines = [
        "# What reading a list costs", "",
        "`make bench` prints this page again, `.venv/bin/python -m bench.reading --write` keeps it. " + " ".join(str(__doc__).split("\n\n", 1)[1].split()), "",
        "| file | way | seconds (least–most) | to the fastest reader | peak MB |", "| --- | --- | ---: | ---: | ---: |",
    ]  # fmt: skip
    for kind, (_, ways) in FILES.items():
        others = [way for way in ways if not way.startswith("ours")]
        fastest = min(statistics.median(seconds for seconds, _ in found[kind, way]) for way in others)
        for way in ways:
            seconds = [took for took, _ in found[kind, way]]
            median, memory = statistics.median(seconds), statistics.median(held for _, held in found[kind, way])
            lines.append(
                f"| {TITLES[kind]}, {sizes[kind] / 1e6:.0f} MB | {TITLES[way]} | {median:.2f} ({min(seconds):.2f}–{max(seconds):.2f}) "
                f"| × {median / fastest:.2f} | {memory:,.0f} |"
            )
    libraries = ", ".join(f"{name} {version(name)}" for name in ("python-calamine", "pyarrow", "polars"))
    lines += ["", f"Medians of {rounds} rounds; {psutil.cpu_count()} cores; {libraries}. The memory is the process's own, libraries included."]  # fmt: skip
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        rows = WAYS[sys.argv[2]](Path(sys.argv[3]))
        print(rows, time.perf_counter() - _BEGAN[-1])
        sys.exit(0)
    sys.exit(main())

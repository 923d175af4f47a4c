"""Thousands of damaged files of every format: each is read or refused with a reason, within its limits; none takes its neighbours.

A run has 2,000 files, or 20,000 where ``ELDERSYNC_DEEP`` is set. Reading processes may die of a file, as they may of a delivery.
"""

import json
import os
import random
import subprocess
import sys
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest
from made_up_facts import FACTS_OF
from made_up_files import BYTES_OF, HEADER, LIST, delimited, excel5, ods, xls, xlsb, xlsx, xlsx_by_openpyxl
from mutations import mutated
from test_reading_formats import LAYOUT

from connectors.reading import ReadingLimits, read_delivery
from connectors.reading.read import read
from schemas.findings import CATALOGUE, Finding

FILES = 20_000 if os.environ.get("ELDERSYNC_DEEP") else 2_000
THROUGH_A_PROCESS = 100
WORKERS = 2
MOST_SECONDS = 70  # for one file: its 60 s of computing, and a machine that does other things too
SEED = 20250101
ROOT = Path(__file__).parents[2]
PEOPLE = ("张三", "李四", "王五", "441421", "黄村")

SEEDS = {
    **{kind: make(LIST) for kind, make in BYTES_OF.items()},
    **{f"{kind} facts": make() for kind, make in FACTS_OF.items()},
}


class Worker:
    """A process that reads files until it dies of one, and is then another."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def read(self, path):
        """What became of a file: the answer, or how the process ended."""
        process = self._running()
        watch = threading.Timer(MOST_SECONDS, process.kill)
        watch.start()
        with suppress(BrokenPipeError):
            process.stdin.write(f"{path}\n")
            process.stdin.flush()
        answer = process.stdout.readline()
        watch.cancel()
        if answer:
            return json.loads(answer)
        process.wait()
        self.close()
        return {"died": process.returncode}

    def close(self):
        """End the process, if there is one."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.poll() is None:
            process.kill()
        with suppress(BrokenPipeError):
            process.communicate()

    def _running(self):
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-W", "ignore", Path(__file__).with_name("fuzz_worker.py")],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                env={"PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"},
            )
            self._process.stdin.write(json.dumps(LAYOUT.to_json()) + "\n")
        return self._process


def damaged(place):
    """The damaged file of this number: the same in every run."""
    picked = random.Random(f"{SEED}-{place}")  # noqa: S311 - not a secret
    kind = picked.choice(list(SEEDS))
    return kind, mutated(SEEDS[kind], picked)


def read_all(places, folder):
    worker, outcomes = Worker(), []
    try:
        for place in places:
            kind, content = damaged(place)
            path = folder / f"{place}"
            path.write_bytes(content)
            outcomes.append((place, kind, worker.read(path)))
            path.unlink()
    finally:
        worker.close()
    return outcomes


def test_every_damaged_file_is_read_or_refused_with_a_reason(tmp_path):
    with ThreadPoolExecutor(WORKERS) as pool:
        shares = [range(first, FILES, WORKERS) for first in range(WORKERS)]
        outcomes = [outcome for share in pool.map(read_all, shares, [tmp_path] * WORKERS) for outcome in share]
    assert len(outcomes) == FILES
    tally = Counter()
    for place, kind, outcome in outcomes:
        where = f"file {place} ({kind})"
        if "died" in outcome:
            # Out of bounds of memory or time, or a fault of a library: a delivery is then hostile.
            assert outcome["died"] < 0, where
            tally["died"] += 1
        elif "failed" in outcome:
            # Of all else the reason is said; these the parent makes a reason of.
            assert outcome["failed"].startswith(("MemoryError", "PanicException")), f"{where}: {outcome['failed']}"
            tally["failed"] += 1
        elif outcome["refused"]:
            assert outcome["codes"], where
            assert all(CATALOGUE[Finding(code)].group == "file" for code in outcome["codes"]), where
            assert not any(word in seen for seen in outcome["seen"] for word in PEOPLE), where
            tally["refused"] += 1
        else:
            assert all(received == rows + blank + broken for received, rows, blank, broken in outcome["counts"]), where
            tally["read"] += 1
    assert tally["died"] + tally["failed"] <= FILES // 100
    assert tally["read"] > FILES // 20
    assert tally["refused"] > FILES // 5


def test_damaged_files_go_through_the_process_of_a_delivery_as_well(tmp_path):
    def outcome(place):
        kind, content = damaged(FILES + place)
        path = tmp_path / str(place)
        path.write_bytes(content)
        limits = ReadingLimits(memory_bytes=1 << 30, cpu_seconds=60)
        return kind, read_delivery(path, LAYOUT, limits=limits, workspace=tmp_path)

    with ThreadPoolExecutor(WORKERS) as pool:
        outcomes = list(pool.map(outcome, range(THROUGH_A_PROCESS)))
    for place, (kind, contents) in enumerate(outcomes):
        assert contents.refused == (not contents.tables), f"file {FILES + place} ({kind})"
        assert contents.tables or contents.findings, f"file {FILES + place} ({kind})"
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(map(str, range(THROUGH_A_PROCESS)))


# What is known to be bad is what is reported


def people(picked, count):
    return [
        [f"张{chr(0x4E00 + picked.randrange(5000))}", picked.choice("男女"), f"4414211945{picked.randrange(10**8):08}", "大黄村", "5", ""]
        for _ in range(count)
    ]  # fmt: skip


@pytest.mark.parametrize(
    "write",
    [
        pytest.param(xlsx, id="xlsx"), pytest.param(xls, id="xls"), pytest.param(ods, id="ods"),
        pytest.param(lambda rows: xlsb({"服务对象": rows}), id="xlsb"), pytest.param(lambda rows: excel5({"服务对象": rows}), id="Excel 5"),
    ],
)  # fmt: skip
def test_exactly_the_numbers_that_were_no_texts_are_marked(tmp_path, write):
    picked = random.Random(SEED)  # noqa: S311 - not a secret
    for _ in range(10):
        rows = people(picked, picked.randrange(20, 80))
        bad = sorted(picked.sample(range(len(rows)), picked.randrange(1, 15)))
        for row in bad:
            rows[row][2] = float(rows[row][2])
        (tmp_path / "delivery").write_bytes(write([HEADER, *rows]))
        table = read(tmp_path / "delivery", LAYOUT, ReadingLimits()).tables["main"].table
        marked = table.filter(table["id_number__number"])["row_number"].to_pylist()
        assert marked == [row + 2 for row in bad]


def test_exactly_the_lines_that_were_broken_are_reported(tmp_path):
    picked = random.Random(SEED)  # noqa: S311 - not a secret
    for encoding in ("utf-8", "gb18030", "utf-16") * 20:
        lines = delimited(people(picked, picked.randrange(20, 300))).decode().splitlines()
        bad = sorted(picked.sample(range(len(lines)), picked.randrange(1, 12)))
        for line in bad:
            lines[line] = picked.choice(['王五,男,"44,甲,,', "王五,男,44", "王五,男,44,甲,5,,多", '"王"五,男,44,甲'])
        text = ",".join(HEADER) + "\n" + "\n".join(lines)
        (tmp_path / "delivery").write_bytes(text.encode(encoding))
        contents = read(tmp_path / "delivery", LAYOUT, ReadingLimits())
        broken = [finding.row_number for finding in contents.findings if finding.code == Finding.LINE_BROKEN]
        assert broken == [line + 2 for line in bad]
        assert contents.tables["main"].table.num_rows == len(lines) - len(bad)


# A second reader counts the same rows


def test_a_second_reader_counts_the_same_rows_of_a_workbook(tmp_path):
    picked = random.Random(SEED)  # noqa: S311 - not a secret
    for number in range(30):
        rows = [row if picked.random() < 0.8 else [""] * 6 for row in people(picked, picked.randrange(1, 120))]
        write = picked.choice([xlsx, xlsx_by_openpyxl])
        path = tmp_path / f"{number}.xlsx"
        path.write_bytes(write([HEADER, *rows]))
        contents = read(path, LAYOUT, ReadingLimits())
        book = openpyxl.load_workbook(path, read_only=True)
        page = book.active
        page.reset_dimensions()
        counted = sum(any(cell is not None for cell in row) for row in page.iter_rows(min_row=2, values_only=True))
        book.close()
        table = contents.tables["main"]
        assert (table.received, table.table.num_rows) == (counted, counted)
        assert counted == sum(any(row) for row in rows)


def test_the_records_of_an_old_workbook_have_as_many_rows_as_are_read(tmp_path):
    from made_up_files import xls_stream

    picked = random.Random(SEED)  # noqa: S311 - not a secret
    for _ in range(20):
        rows = [row if picked.random() < 0.8 else [""] * 6 for row in people(picked, picked.randrange(1, 120))]
        content = xls([HEADER, *rows])
        (tmp_path / "delivery").write_bytes(content)
        table = read(tmp_path / "delivery", LAYOUT, ReadingLimits()).tables["main"]
        assert table.received == len(rows_with_cells(xls_stream(content))) - 1


def rows_with_cells(stream):
    """The rows of a workbook's first sheet with any cell, by walking all its records."""
    found, position, sheets = set(), 0, 0
    while position + 4 <= len(stream):
        kind, length = (
            int.from_bytes(stream[position : position + 2], "little"),
            int.from_bytes(stream[position + 2 : position + 4], "little"),
        )
        sheets += kind == 0x0809
        if sheets == 2 and kind in {0x00FD, 0x0203, 0x027E, 0x0204}:
            found.add(int.from_bytes(stream[position + 4 : position + 6], "little"))
        position += 4 + length
    return found


def test_a_password_is_no_help_to_a_damaged_file(tmp_path):
    (tmp_path / "delivery").write_bytes(SEEDS["locked xlsx"][:4096])
    contents = read(tmp_path / "delivery", replace(LAYOUT, password=""), ReadingLimits())
    assert contents.refused

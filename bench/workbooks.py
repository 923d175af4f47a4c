"""The import workbook alone, written three ways from the same rows: ``python -m bench.workbooks WAY JSON_LINES FOLDER``.

The rows are those of a first night's JSON lines. Prints the seconds from rows in memory to files on disk; reading them is not counted.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from bench.contract import CONFIG

__all__ = ["WAYS"]


def ours(rows: pd.DataFrame, lines: list[str], folder: Path) -> float:
    """The product's: workbooks of 5,000 rows with notes, drop-downs and text cells, and the JSON lines, all flushed to disk."""
    from connectors.platform_workbook import write_platform_files
    from schemas.platform_profile import load_profile

    profile = load_profile(CONFIG / "platform" / "example.toml")
    rows = rows.astype("str")
    began = time.perf_counter()
    write_platform_files(rows, lines, profile, folder)
    return time.perf_counter() - began


def xlsxwriter_constant_memory(rows: pd.DataFrame, lines: list[str], folder: Path) -> float:
    """One sheet, cell by cell."""
    import xlsxwriter

    del lines
    began = time.perf_counter()
    with xlsxwriter.Workbook(str(folder / "changes.xlsx"), {"constant_memory": True}) as workbook:
        sheet = workbook.add_worksheet()
        text = workbook.add_format({"num_format": "@"})
        for column, header in enumerate(rows.columns):
            sheet.write_string(0, column, header, text)
        for number, row in enumerate(rows.itertuples(index=False), start=1):
            for column, cell in enumerate(row):
                if cell:
                    sheet.write_string(number, column, cell, text)
    return time.perf_counter() - began


def pandas_openpyxl(rows: pd.DataFrame, lines: list[str], folder: Path) -> float:
    """What a script does without thinking."""
    del lines
    began = time.perf_counter()
    rows.to_excel(folder / "changes.xlsx", index=False, engine="openpyxl")
    return time.perf_counter() - began


WAYS: dict[str, Callable[[pd.DataFrame, list[str], Path], float]] = {
    "ours": ours,
    "xlsxwriter": xlsxwriter_constant_memory,
    "pandas": pandas_openpyxl,
}

if __name__ == "__main__":
    written = Path(sys.argv[2]).read_text(encoding="utf-8").splitlines()
    table = pd.DataFrame([json.loads(line)["fields"] for line in written])
    print(WAYS[sys.argv[1]](table, written, Path(sys.argv[3])))

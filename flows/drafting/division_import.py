"""Taking a fuller division table into the configuration: what it would change, in numbers, and then the change."""

import csv
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from connectors.division_file import read_division_rows
from schemas.configuration import load_configuration
from schemas.divisions import DIVISION_COLUMNS, Division, division_rows, read_division_table
from schemas.durable import replace_file
from schemas.errors import ConfigurationInvalid

__all__ = ["import_divisions"]

_LEVELS = {1: "省", 2: "市", 3: "县（市、区）", 4: "乡镇（街道）", 5: "村（居）"}


def import_divisions(config: Path, file: Path, changes: Path | None, *, write: bool) -> dict[str, Any]:
    """Compares a table with the one in force, and puts it in its place when told to; aliases and retired codes stay.

    Returns:
        ``levels`` (how many of each), ``added``, ``renamed``, ``retired``, ``removed`` in numbers, ``written``.

    Raises:
        ConfigurationInvalid: naming file and line, when the table is not sound.
    """
    former = load_configuration(config).divisions
    rows = read_division_rows(file)
    changed = read_division_rows(changes) if changes else []
    try:
        divisions = read_division_table(rows, changes=changed, former=former)
    except ValueError as error:
        problem = str(error)
    else:
        if write:
            _write(config / "divisions.csv", divisions)
        return {**_difference(former, divisions), "file": str(config / "divisions.csv"), "written": write}
    raise ConfigurationInvalid(f"{file}: {problem}")


def _difference(former: Iterable[Division], divisions: Iterable[Division]) -> dict[str, Any]:
    before = {division.code: division for division in former}
    after = {division.code: division for division in divisions}
    both = before.keys() & after.keys()
    levels = Counter(division.level for division in after.values() if not division.replaced_by)
    return {
        "levels": {_LEVELS[level]: count for level, count in sorted(levels.items())},
        "added": len(after.keys() - before.keys()),
        "renamed": sum(before[code].name != after[code].name for code in both),
        "retired": sum(bool(division.replaced_by) for division in after.values()),
        "removed": len(before.keys() - after.keys()),
    }


def _write(path: Path, divisions: Iterable[Division]) -> None:
    with replace_file(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, DIVISION_COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(division_rows(divisions))

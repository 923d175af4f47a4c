"""The offices that deliver: made-up lists in an inbox, with defects planted in them and a key to find them by.

``write_sample`` is a first night, ``simulator.second_night`` the one after it.
"""

import json
from collections import Counter
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa

from schemas.findings import CATALOGUE, Finding, Severity
from simulator.defects.planting import plant_defects
from simulator.defects.scene import Scene, Spot
from simulator.delivered_list import DeliveredList, header_of
from simulator.files import Sheet, write_text, write_workbook
from simulator.households import draw_households
from simulator.lists import draw_lists
from simulator.population import SOURCES, Population, draw_population

__all__ = ["SampleSummary", "write_sample"]

WORKBOOKS = frozenset({"village_survey", "disability_federation"})
"""Sources delivered as workbooks where formats are mixed."""

_ENCODINGS = {"health_incapacity": "utf-8-sig", "health_family_planning": "gb18030"}
_AMOUNTS = frozenset(
    header_of("village_survey", name)
    for name in ("household_monthly_income_fen", "monthly_pension_fen", "monthly_subsidy_fen")
)


@dataclass(frozen=True, slots=True)
class SampleSummary:
    """What was written: no name or number of anybody, made up or not.

    ``defects`` counts the rows on which a code is expected, which for a defect between two rows may be both.
    """

    people: int
    elders: int
    rows: dict[str, int]
    members: int
    files: tuple[Path, ...]
    defects: dict[str, int]


def write_sample(
    to: Path,
    *,
    people: int,
    seed: int,
    today: date,
    formats: Literal["mixed", "csv"] = "mixed",
    defects: bool = True,
) -> SampleSummary:
    """Writes the lists of all four sources under ``to/<source>/``, and beside those folders the answer key.

    The same arguments make the same bytes. ``answer_key.csv`` has one line for each row on which a finding is expected
    (``source file sheet row_number field code``; the row as a spreadsheet shows it, the field by its English name).
    ``answer_key.json`` says what becomes of the rows of each source, and how many elders the registry then has, with
    the severities as shipped.

    Args:
        to: a folder that can be a home's inbox; files of an earlier sample are overwritten.
        people: different elders there are in all.
        seed: another one makes other people.
        today: the business date the lists are made for; ages and validity are reckoned from it.
        formats: ``mixed`` as offices send them, workbooks and text of several encodings, or all plain UTF-8 ``csv``
            without household members.
        defects: whether to plant any; from 500 people on every code the formats allow occurs.

    Raises:
        ValueError: there are no people.
    """
    if people < 1:
        raise ValueError("a sample needs at least one person")
    is_mixed = formats == "mixed"
    population = draw_population(people, seed, today)
    lists = draw_lists(population, seed, today, styled_dates=is_mixed)
    rng = np.random.default_rng((seed, 3))
    scene = Scene(population, lists, today, rng, WORKBOOKS if is_mixed else frozenset())
    spots = plant_defects(scene) if defects else []
    survey = lists["village_survey"].people
    sound = survey[~scene.is_special[survey]] if is_mixed else survey[:0]
    members, member_spots = draw_households(population, sound, seed, today, defects=defects)
    written = _write_mixed(to, lists, members, today) if is_mixed else _write_plain(to, lists)
    key = _key_lines(spots, written, 0) + _key_lines(member_spots, written, 1)
    expected = _expectation(population, lists, spots, written)
    _write_key(to, key, {**expected, "members": len(members), "seed": seed, "today": today.isoformat()})
    return SampleSummary(
        people=people,
        elders=expected["elders"],
        rows={source: len(delivered) for source, delivered in lists.items()},
        members=len(members),
        files=(*(file for file, _ in written.values()), to / "answer_key.csv", to / "answer_key.json"),
        defects=dict(sorted(Counter(str(spot.code) for spot in [*spots, *member_spots]).items())),
    )


_PLAIN = Sheet("", None)  # text has no sheet, and its header in line 1
_Written = dict[str, tuple[Path, tuple[Sheet, ...]]]


def _write_mixed(to: Path, lists: dict[str, DeliveredList], members: DeliveredList, today: date) -> _Written:
    written: _Written = {}
    for source, delivered in lists.items():
        file = _file(to, source, "xlsx" if source in WORKBOOKS else "csv")
        if source in WORKBOOKS:
            sheets = _sheets(delivered, members, today)
            write_workbook(file, sheets, today)
        else:
            sheets = (_PLAIN,)
            write_text(file, delivered.table(), encoding=_ENCODINGS[source], line_end="\r\n")
        written[source] = (file, sheets)
    return written


def _sheets(delivered: DeliveredList, members: DeliveredList, today: date) -> tuple[Sheet, ...]:
    as_number = {(row, header_of(delivered.source, name)): kept for (row, name), kept in delivered.as_number.items()}
    if delivered.source != "village_survey":
        return (
            Sheet("持证残疾人", delivered.table(), ("梅县区持证残疾老年人名单（模拟数据，并无其人）",), (), as_number),
        )
    title = ("梅州市梅县区特殊困难老年人基本信息登记表（汇总）", f"填报日期：{today.isoformat()}（模拟数据，并无其人）")
    footer = (("合计", f"{len(delivered)}人"), ("制表人：某某　　审核人：某某",))
    return (
        Sheet("服务对象", delivered.table(), title, footer, as_number, _AMOUNTS),
        Sheet("家庭成员", members.table()),
    )


def _write_plain(to: Path, lists: dict[str, DeliveredList]) -> _Written:
    written: _Written = {}
    for source, delivered in lists.items():
        file = _file(to, source, "csv")
        write_text(file, delivered.table())
        written[source] = (file, (_PLAIN,))
    return written


def _file(to: Path, source: str, ending: str) -> Path:
    (to / source).mkdir(parents=True, exist_ok=True)
    return to / source / f"{source}.{ending}"


def _key_lines(spots: list[Spot], written: _Written, sheet: int) -> list[tuple[str, str, str, int, str, str]]:
    """Lines of the key; ``sheet`` says on which of a file's sheets the rows are."""
    lines = []
    for source, row, field, code in spots:
        file, sheets = written[source]
        lines.append((source, file.name, sheets[sheet].name, sheets[sheet].first_row + row, field, str(code)))
    return lines


def _expectation(
    population: Population, lists: dict[str, DeliveredList], spots: list[Spot], written: _Written
) -> dict[str, Any]:
    """What becomes of the rows, counted from where the defects are and not from how they are found."""
    stated = np.zeros(len(population), dtype=bool)
    sources = {}
    for source, delivered in lists.items():
        outcome = np.full(len(delivered), "admitted", dtype=object)
        for spot in spots:
            if spot.source == source and (fate := _fate(spot.code)):
                outcome[spot.row] = fate
        stated[delivered.whose()[outcome == "admitted"]] = True
        file, sheets = written[source]
        blank = len(sheets[0].footer)
        counts = {fate: int((outcome == fate).sum()) for fate in ("admitted", "held", "duplicate")}
        sources[source] = {"file": file.name, "received": len(delivered) + blank, **counts, "blank": blank}
    return {"people": len(population), "elders": int(stated.sum()), "sources": sources}


def _fate(code: Finding) -> str | None:
    if code in {Finding.DUPLICATE_EXACT, Finding.DUPLICATE_CONFLICTING}:
        return "duplicate"
    return "held" if CATALOGUE[code].severity in {Severity.REJECT, Severity.HOLD} else None


def _write_key(to: Path, lines: list[tuple[str, str, str, int, str, str]], expected: dict[str, Any]) -> None:
    ordered = sorted(lines, key=lambda line: (SOURCES.index(line[0]), line[2] == "家庭成员", line[3], line[5]))
    headers = ("source", "file", "sheet", "row_number", "field", "code")
    columns = zip(*ordered, strict=True) if ordered else [()] * len(headers)
    texts = {
        header: pa.array(map(str, column), pa.large_string()) for header, column in zip(headers, columns, strict=True)
    }
    write_text(to / "answer_key.csv", pa.table(texts))
    (to / "answer_key.json").write_text(json.dumps(expected, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")

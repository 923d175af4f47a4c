"""Lists in which thousands of rows have several defects come back with exactly the findings planted in them.

Every pair of defects in different cells, and random sets of three to six, by source; files with one and with several defects.
"""

import os
from collections import Counter
from dataclasses import replace
from datetime import date
from itertools import chain
from random import Random

import pytest
from nights import (
    DISABILITY,
    FAMILY,
    INCAPACITY,
    SURVEY,
    Bureau,
    fresh_database,
    id_number,
    member_row,
    survey_row,
)
from planted_defects import SOURCES, WORKBOOKS, Planted, pairs, plant, random_sets
from planted_people import SURVEY_CELLS, clean_row, people_without_end

from schemas.findings import CATALOGUE, Finding, Severity
from schemas.idnumber import check_character

SEED = int(os.environ.get("ELDERSYNC_SEED", "20240630"))
SETS = 200
"""Random sets of each source."""

SHEET = {SURVEY: "服务对象", DISABILITY: "名单"}
FILE = {source: f"{source}.{'xlsx' if source in WORKBOOKS else 'csv'}" for source in SOURCES}
Place = tuple[str, str, str, int, str, str]


class Key:
    """Rows of every source in the order they are delivered, and what must be found where."""

    def __init__(self) -> None:
        self.rows = {source: [] for source in SOURCES}
        self.members = []
        self.expected: Counter[Place] = Counter()
        self.held: set[tuple[str, int]] = set()
        self.several = 0

    def add(self, planted: Planted, *besides: tuple[str, str]) -> None:
        """A row with its defects; ``besides`` are findings it has by other rows."""
        source, rows = planted.source, self.rows[planted.source]
        rows.append(planted.row)
        self.several += len(planted.expected) > 1
        for (code, field), times in (planted.expected + Counter(besides)).items():
            self.expected[source, FILE[source], SHEET.get(source, ""), len(rows) + 1, code, field] += times
            if CATALOGUE[Finding(code)].severity in {Severity.REJECT, Severity.HOLD}:
                self.held.add((source, len(rows) + 1))

    def add_member(self, row: dict, *findings: tuple[str, str]) -> None:
        self.members.append(row)
        for code, field in findings:
            self.expected[SURVEY, FILE[SURVEY], "家庭成员", len(self.members) + 1, code, field] += 1


def made_key() -> Key:
    """Pairs and random sets in random order among clean rows; then rows that have a defect beside other rows."""
    key, random, people = Key(), Random(SEED), people_without_end()  # noqa: S311
    for source in SOURCES:
        sets = [*pairs(source), *random_sets(source, SETS, random), *[()] * 40]
        for defects in random.sample(sets, len(sets)):
            key.add(plant(source, next(people), defects))
    _beside_other_rows(key, random, people)
    _households(key, people)
    return key


def _beside_other_rows(key: Key, random: Random, people) -> None:
    """Repeated rows, shared numbers and contradictions, each in rows with two more defects that hold no row."""
    mild = {
        source: [two for two in pairs(source) if not any(d.is_grave or d.is_between or "身份证" in "".join(d.slots) for d in two)]
        for source in SOURCES
    }  # fmt: skip
    for source in SOURCES:
        for defects in random.sample(mild[source], 12):
            row = plant(source, next(people), defects)
            key.add(row)
            key.add(row, ("duplicate-exact", "id_number"))
    for defects in random.sample([two for two in mild[FAMILY] if not _touches(two, "姓名", "性别")], 12):
        who = next(people)
        other = clean_row(INCAPACITY, who) | {"姓名": "欧阳建军"}
        key.add(plant(FAMILY, who, defects), ("same-number-different-person", "name"))
        key.add(Planted(INCAPACITY, other, (), Counter()), ("same-number-different-person", "name"))
    for defects in random.sample([two for two in mild[FAMILY] if not _touches(two, "确认日期", "联系电话")], 12):
        who = next(people)
        key.add(plant(FAMILY, who, defects))
        older = plant(FAMILY, who, defects)
        older.row.update({"确认日期": "2019-05-01", "联系电话": "13800000000"})
        key.add(older, ("duplicate-conflicting", "id_number"))
    for defects in random.sample([two for two in mild[FAMILY] if not _touches(two, "姓名")], 12):
        who = next(people)
        for number in (who.number, _misread(who.number)):
            key.add(plant(FAMILY, replace(who, number=number), defects), ("same-person-different-number", "id_number"))
    for defects in random.sample([two for two in mild[SURVEY] if not _touches(two, "对象类型", "姓名")], 12):
        who = next(people)
        ticked = plant(SURVEY, who, defects)
        ticked.row["对象类型"] = "失能"
        key.add(ticked, ("sources-contradict", "categories"))
        able = clean_row(INCAPACITY, who) | {"能力等级": "能力完好"}
        key.add(Planted(INCAPACITY, able, (), Counter()), ("sources-contradict", "ability_level"))


def _misread(number: str) -> str:
    """The number with another 17th digit of the same sex, and the check character that then belongs to it."""
    first17 = number[:16] + str((int(number[16]) + 2) % 10)
    return first17 + check_character(first17)


def _touches(defects, *columns: str) -> bool:
    return any(set(columns) & defect.slots for defect in defects)


def _households(key: Key, people) -> None:
    """Members with one, two and three defects."""
    for n in range(30):
        elder, born = next(people), n % 27 + 1
        key.add(Planted(SURVEY, SURVEY_CELLS | survey_row(elder), (), Counter()))
        child = f"赵小{'明红兰'[n % 3]}"
        number = id_number(date(1990, 1, born), 101 + n)
        row = member_row(elder, child, number, "长子")
        found = [("household-head-missing", "relation_to_head")]
        if n % 2:
            row["与户主关系"] = "邻居的朋友"
            found.append(("household-relation-unknown", "relation_to_head"))
        if n % 3 == 0:
            row["身份证号码"] = number[:15]
            row["性别"] = "不详"
            found += [("household-member-id", "id_number"), ("code-unknown", "sex")]
        key.add_member(row, *found)


@pytest.fixture(scope="module")
def night(tmp_path_factory, server_engine):
    """One night on all lists: what was planted, what was found, and which rows are held."""
    print(f"seed {SEED}")  # noqa: T201
    key = made_key()
    with fresh_database(server_engine) as url:
        bureau = Bureau(tmp_path_factory.mktemp("planted") / "home", url)
        for source in SOURCES:
            if source in WORKBOOKS:
                sheets = {SHEET[source]: key.rows[source]} | ({"家庭成员": key.members} if source == SURVEY else {})
                bureau.deliver_workbook(source, sheets, FILE[source])
            else:
                bureau.deliver(source, key.rows[source], FILE[source])
        bureau.night(expect="yellow")
        rows = bureau.query(
            "SELECT f.source, d.file_name, coalesce(f.sheet, '') AS sheet, f.row_number, f.code, f.field FROM finding f "
            "JOIN delivery d USING (delivery_id) WHERE f.to_run IS NULL"
        )
        held = bureau.query("SELECT source, row_number FROM source_row WHERE to_run IS NULL AND outcome = 'held'")
    return key, Counter(tuple(row.values()) for row in rows), {tuple(row.values()) for row in held}


def of_code(places: Counter[Place], code: str) -> Counter[Place]:
    return Counter({place: times for place, times in places.items() if place[4] == code})


ROW_CODES = sorted(code.value for code, rule in CATALOGUE.items() if rule.group not in {"file", "push"})


@pytest.mark.parametrize("code", ROW_CODES)
def test_precision_and_recall_of_a_code_are_one(night, code):
    key, found, _ = night
    planted, came = of_code(key.expected, code), of_code(found, code)
    assert planted
    assert {"missed": planted - came, "too many": came - planted} == {"missed": Counter(), "too many": Counter()}


def test_nothing_else_is_found(night):
    key, found, _ = night
    assert {code for *_, code, _ in found} <= {*ROW_CODES}
    assert (key.expected - found, found - key.expected) == (Counter(), Counter())


def test_more_than_a_thousand_rows_have_several_findings(night):
    key, *_ = night
    assert key.several > 1000


def test_exactly_the_rows_with_a_grave_finding_are_held(night):
    key, _, held = night
    assert held == key.held


def test_every_pair_of_defects_in_different_cells_is_planted(night):
    planted = set(chain.from_iterable(pairs(source) for source in SOURCES))
    assert len(planted) > 1000

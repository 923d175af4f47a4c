"""Lists that change their layout from one time to the next: every change is named, and no value slips into another column.

Three hundred changes drawn at random over all configured sources and both kinds of files, each with its own message.
"""

import csv
import random
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import xlsxwriter
from nights import FAMILY, SURVEY, Bureau, family_row, funnel, people, survey_row

from connectors.reading import DeliveryLayout, ReadingLimits
from connectors.reading.read import read
from flows.intake.deliveries import layout_of
from schemas.configuration import load_configuration
from schemas.idnumber import check_character

CONFIGURATION = load_configuration(Path(__file__).parents[2] / "config")
SOURCES = sorted(CONFIGURATION.sources)
EACH = 25


@dataclass
class Drawn:
    """A list in its agreed layout: rows of cells, the header first, on a sheet of the agreed name."""

    picked: random.Random
    layout: DeliveryLayout
    rows: list[list[str]]
    sheet: str
    suffix: str
    options: dict[str, bool]

    @property
    def fields(self) -> list[str]:
        return list(self.layout.tables["main"].columns)

    @property
    def optional(self) -> list[int]:
        required = self.layout.tables["main"].required
        return [index for index, field in enumerate(self.fields) if field not in required]

    def headers(self, field: str) -> tuple[str, ...]:
        return self.layout.tables["main"].columns[field]


def draw(seed: int) -> Drawn:
    picked = random.Random(seed)  # noqa: S311 - not a secret
    source = CONFIGURATION.sources[SOURCES[seed % len(SOURCES)]]
    layout = DeliveryLayout({"main": layout_of(source).tables["main"]})
    columns = layout.tables["main"].columns
    people = [[_cell(field, picked) for field in columns] for _ in range(picked.randint(2, 6))]
    suffix = picked.choice(["csv", "xlsx"])
    return Drawn(picked, layout, [[names[0] for names in columns.values()], *people], source.main.sheets[0], suffix, {})


def _cell(field: str, picked: random.Random) -> str:
    if "id_number" in field:
        body = f"441421{picked.randrange(1925, 1964)}{picked.randrange(1, 13):02d}15{picked.randrange(1000):03d}"
        return body + check_character(body)
    return f"{field}之{picked.randrange(10**4)}" if picked.random() < 0.9 or field == "name" else ""


def read_drawn(drawn: Drawn, folder: Path):
    path = folder / f"list.{drawn.suffix}"
    if drawn.suffix == "csv":
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(drawn.rows)
    else:
        with xlsxwriter.Workbook(path, drawn.options) as book:
            sheet = book.add_worksheet(drawn.sheet)
            for number, cells in enumerate(drawn.rows):
                for column, cell in enumerate(cells):
                    if cell:
                        sheet.write_string(number, column, cell)
    return read(path, drawn.layout, ReadingLimits())


def digest(contents, *, without=()):
    """Everything the records say, by field, with their fingerprints where no column is left aside."""
    assert not contents.refused, contents.findings
    table = contents.tables["main"].table
    fields = [name for name in table.column_names if name not in {"sheet", "row_number", *without}]
    return {name: table[name].to_pylist() for name in fields if name != "row_hash" or not without}


def findings(contents):
    return [(str(finding.code), finding.field, finding.seen) for finding in contents.findings]


def notes(contents, kind):
    return [note for note in contents.notes if note.kind == kind]


@dataclass
class Expected:
    """What a change must lead to: the same records, or a refusal; what is found; what is noted of the header."""

    found: list[tuple[str, str | None, str]]
    header: str = "1"
    refused: bool = False
    without: tuple[str, ...] = ()
    added_notes: tuple[str, ...] = ()


def reordered(drawn: Drawn) -> Expected:
    order = list(range(len(drawn.fields)))
    drawn.picked.shuffle(order)
    drawn.rows = [[row[index] for index in order] for row in drawn.rows]
    return Expected([])


def added(drawn: Drawn) -> Expected:
    at = drawn.picked.randrange(len(drawn.fields) + 1)
    drawn.rows = [[*row[:at], f"特长{number or ''}", *row[at:]] for number, row in enumerate(drawn.rows)]
    return Expected([("column-unknown", None, "特长")])


def added_and_ignored(drawn: Drawn) -> Expected:
    drawn.rows = [[str(number) if number else "序 号", *row] for number, row in enumerate(drawn.rows)]
    return Expected([])


def renamed_required(drawn: Drawn) -> Expected:
    field = drawn.picked.choice(drawn.layout.tables["main"].required)
    drawn.rows[0][drawn.fields.index(field)] = "改过的列名"
    return Expected([("column-missing", field, drawn.headers(field)[0]), ("column-unknown", None, "")], refused=True)


def removed_required(drawn: Drawn) -> Expected:
    field = drawn.picked.choice(drawn.layout.tables["main"].required)
    at = drawn.fields.index(field)
    drawn.rows = [row[:at] + row[at + 1 :] for row in drawn.rows]
    return Expected([("column-missing", field, drawn.headers(field)[0])], refused=True)


def removed_optional(drawn: Drawn) -> Expected:
    at = drawn.picked.choice(drawn.optional)
    field = drawn.fields[at]
    drawn.rows = [row[:at] + row[at + 1 :] for row in drawn.rows]
    return Expected([], without=(field,), added_notes=(f"没有的列：{drawn.headers(field)[0]}",))


def doubled(drawn: Drawn) -> Expected:
    at = drawn.picked.randrange(len(drawn.fields))
    field = drawn.fields[at]
    alias = drawn.picked.choice(drawn.headers(field))
    drawn.rows = [[*row, row[at] if number else alias] for number, row in enumerate(drawn.rows)]
    return Expected([("column-duplicated", field, alias)], refused=True)


def moved_down(drawn: Drawn) -> Expected:
    above = drawn.picked.sample(
        [["梅县区名单"], ["填表说明：请如实填写"], [], ["单位：扶大镇", "", "2025年1月"]], drawn.picked.randint(1, 4)
    )
    width = len(drawn.rows[0])
    drawn.rows = [row + [""] * (width - len(row)) for row in above] + drawn.rows
    return Expected([], header=str(len(above) + 1))


def in_two_lines(drawn: Drawn) -> Expected:
    upper, lower = list(drawn.rows[0]), [""] * len(drawn.rows[0])
    first, count = drawn.picked.choice(_runs(drawn.fields))
    for place in range(first, first + count):
        upper[place], lower[place] = "" if place > first else "基本信息", upper[place]
    drawn.rows = [upper, lower, *drawn.rows[1:]]
    return Expected([], header="1–2")


def _runs(fields: list[str]) -> list[tuple[int, int]]:
    """Columns beside each other that can stand below one heading: the person's own."""
    own = [field in {"name", "sex", "birth_date", "id_number", "phone"} for field in fields]
    return [(at, 2) for at in range(len(fields) - 1) if own[at] and own[at + 1]]


def written_otherwise(drawn: Drawn) -> Expected:
    def otherwise(text: str) -> str:
        wide = text.translate(str.maketrans("()", "（）"))
        spread = drawn.picked.choice(["\u3000", " ", "\n", "\u200b"]).join(wide)
        return drawn.picked.choice([f"＊{wide}", f" {wide} ", f"{wide}：", spread, f"\ufeff{wide}", f"【{wide}】"])

    drawn.rows[0] = [otherwise(drawn.picked.choice(drawn.headers(field))) for field in drawn.fields]
    return Expected([])


def sheet_renamed(drawn: Drawn) -> Expected:
    drawn.suffix, drawn.sheet = "xlsx", drawn.picked.choice(["Sheet1", "三葵村", "2025年"])
    return Expected([])


def counted_from_1904(drawn: Drawn) -> Expected:
    drawn.suffix, drawn.options = "xlsx", {"date_1904": True}
    return Expected([], added_notes=("dates-from-1904",), without=("date1904",))


DRIFTS: list[Callable[[Drawn], Expected]] = [
    reordered, added, added_and_ignored, renamed_required, removed_required, removed_optional, doubled, moved_down,
    in_two_lines, written_otherwise, sheet_renamed, counted_from_1904,
]  # fmt: skip


@pytest.mark.parametrize("drift", DRIFTS, ids=lambda drift: drift.__name__)
def test_a_change_of_layout_is_named_and_shifts_nothing(drift, tmp_path):
    for seed in range(EACH):
        drawn = draw(seed)
        before = digest(read_drawn(drawn, tmp_path))
        expected = drift(drawn)
        after = read_drawn(drawn, tmp_path)
        assert findings(after) == expected.found, seed
        assert after.refused == expected.refused, seed
        if expected.refused:
            continue
        kept = {name: cells for name, cells in before.items() if name in digest(after, without=expected.without)}
        assert digest(after, without=expected.without) == kept, seed
        assert set(before) - set(kept) <= {*expected.without, "row_hash"}, seed
        (header,) = notes(after, "header")
        assert (header.rows, header.sheet) == (expected.header, drawn.sheet if drawn.suffix == "xlsx" else ""), seed
        said = {header.seen, *(str(note.kind) for note in after.notes)}
        assert said.issuperset(expected.added_notes), seed


def test_all_changes_together_are_three_hundred():
    assert len(DRIFTS) * EACH == 300


# Whole nights


@pytest.fixture
def bureau(tmp_path, fresh_url):
    made = Bureau(tmp_path / "home", fresh_url)
    made.deliver(FAMILY, [family_row(who) for who in people(3, first=900)])
    return made


def renamed(rows, field, header):
    return [{header if name == field else name: cell for name, cell in row.items()} for row in rows]


def test_a_source_that_lost_a_required_column_is_refused_and_the_others_go_on(bureau):
    bureau.deliver(SURVEY, renamed([survey_row(who) for who in people(4)], "身份证号码", "证号码"))
    summary = bureau.night(expect="yellow")
    assert funnel(summary["sources"][SURVEY]) == (0, 0, 0, 0, 0)
    assert funnel(summary["sources"][FAMILY]) == (3, 3, 0, 0, 0)
    assert bureau.findings() == {("column-missing", SURVEY, 1, "id_number"): 1, ("column-unknown", SURVEY, 1, None): 1}


def test_the_same_list_in_another_layout_changes_nobody(bureau):
    rows = [survey_row(who) for who in people(6)]
    bureau.deliver(SURVEY, rows)
    bureau.night(expect="green")
    before = bureau.content()
    bureau.deliver_workbook(
        SURVEY, {"三葵村": [dict(reversed(row.items())) for row in rows]}, name="list.csv", first_row=3
    )
    summary = bureau.night(expect="green")
    assert (summary["elders"]["new"], summary["elders"]["changed"], summary["push"]["planned"]) == (0, 0, 0)
    for table in ("elder", "category", "identifier"):
        assert bureau.content()[table] == before[table]


def sexes(bureau):
    return {number: elder["sex"] for number, elder in bureau.elders().items()}


@pytest.mark.parametrize(
    ("words", "found"),
    [
        pytest.param({"1": "female", "0": "male"}, {}, id="as agreed"),
        pytest.param({"0": "female", "1": "male"}, {"sex-mismatch": 25}, id="exchanged"),
        pytest.param({}, {"code-unknown": 25}, id="not agreed on"),
    ],
)
def test_numbers_for_sex_mean_what_was_agreed_and_an_exchange_shows_in_every_row(tmp_path, fresh_url, words, found):
    made = Bureau(tmp_path / "home", fresh_url)
    table = "".join(f'"{word}" = "{code}"\n' for word, code in words.items())
    file = made.own_configuration() / "sources" / f"{SURVEY}.toml"
    file.write_text(f"{file.read_text(encoding='utf-8')}\n[codes.sex]\n{table}", encoding="utf-8")
    crowd = people(25)
    made.deliver(SURVEY, [survey_row(who, 性别="0" if who.sex == "男" else "1") for who in crowd])
    made.night()
    assert {code: count for code, count in made.codes().items() if re.match("sex|code", code)} == found
    assert sexes(made) == {who.number: "male" if who.sex == "男" else "female" for who in crowd}


def test_a_drawn_list_reads_as_it_was_drawn(tmp_path):
    drawn = draw(3)
    table = digest(read_drawn(drawn, tmp_path))
    assert [table[field] for field in drawn.fields] == [
        [cell or None for cell in column] for column in zip(*drawn.rows[1:], strict=True)
    ]
    assert read_drawn(replace(drawn, suffix="csv"), tmp_path).tables["main"].received == len(drawn.rows) - 1

import csv
import json
import re
from collections import Counter, defaultdict
from datetime import date, timedelta
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from schemas.configuration import load_configuration
from simulator.defects.planting import ALL_DEFECTS
from simulator.delivered_list import LAYOUTS, header_of
from simulator.households import MEMBER_DEFECTS
from simulator.offices import write_sample

TODAY = date(2026, 11, 23)
PEOPLE = 2000
CONFIG = Path(__file__).parents[3] / "config"
ENCODINGS = {"health_incapacity": "utf-8-sig", "health_family_planning": "gb18030"}
SHEETS = {"village_survey": ("服务对象", 3), "disability_federation": ("持证残疾人", 2)}  # sheet, row of the header
ID_HEADERS = {"village_survey": "身份证号码"}
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)  # GB 11643-1999


def has_right_check(number):
    digits = sum(int(digit) * weight for digit, weight in zip(number[:17], WEIGHTS, strict=True))
    return number[17] == "10X98765432"[digits % 11]


def rows_of_sheet(path, sheet, header_row):
    rows = CalamineWorkbook.from_path(path).get_sheet_by_name(sheet).to_python(skip_empty_area=False)
    header = rows[header_row - 1]
    return {number: dict(zip(header, row, strict=True)) for number, row in enumerate(rows[header_row:], header_row + 1)}


def rows_of_text(path, encoding):
    with path.open(encoding=encoding, newline="") as file:
        header, *rows = csv.reader(file)
    return {number: dict(zip(header, row, strict=True)) for number, row in enumerate(rows, 2)}


def key_of(folder):
    with (folder / "answer_key.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


class Mixed:
    """A sample as offices send it, read back with plain tools."""

    def __init__(self, folder):
        self.folder = folder
        self.summary = write_sample(folder, people=PEOPLE, seed=11, today=TODAY)
        self.lists = {}
        for source in LAYOUTS:
            if source in SHEETS:
                self.lists[source] = rows_of_sheet(folder / source / f"{source}.xlsx", *SHEETS[source])
            else:
                self.lists[source] = rows_of_text(folder / source / f"{source}.csv", ENCODINGS[source])
        self.members = rows_of_sheet(folder / "village_survey/village_survey.xlsx", "家庭成员", 1)
        self.footer = [self.lists["village_survey"].popitem()[1] for _ in range(2)]
        self.key = key_of(folder)
        self.expected = json.loads((folder / "answer_key.json").read_text(encoding="utf-8"))
        self.spoiled = {(line["source"], line["sheet"], int(line["row_number"])) for line in self.key}

    def row(self, line):
        rows = self.members if line["sheet"] == "家庭成员" else self.lists[line["source"]]
        return rows[int(line["row_number"])]

    def sound_rows(self, source):
        sheet = SHEETS.get(source, ("",))[0]
        return [row for number, row in self.lists[source].items() if (source, sheet, number) not in self.spoiled]

    def lines(self, code):
        return [line for line in self.key if line["code"] == code]


@pytest.fixture(scope="module")
def mixed(tmp_path_factory):
    return Mixed(tmp_path_factory.mktemp("mixed"))


def id_of(line, row):
    return row[ID_HEADERS.get(line["source"], "身份证号")]


def age(number):
    born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    return TODAY.year - born.year - ((TODAY.month, TODAY.day) < (born.month, born.day))


def test_the_same_arguments_make_the_same_bytes_and_another_seed_other_people(tmp_path):
    def contents(name, seed):
        summary = write_sample(tmp_path / name, people=200, seed=seed, today=TODAY)
        return [file.read_bytes() for file in summary.files]

    first = contents("first", 1)
    assert first == contents("again", 1)
    assert all(one != other for one, other in zip(first, contents("other", 2), strict=True))


UNUSUAL = {"birth_date", "life_status", "life_status_date"}
"""Columns a list may have and the sample's have not."""


@pytest.mark.parametrize("source", LAYOUTS)
def test_headers_are_the_canonical_ones_of_the_configured_source(source):
    columns = load_configuration(CONFIG).sources[source].main.columns
    canonical = {name: headers[0] for name, headers in columns.items() if name not in UNUSUAL}
    assert {name: header_of(source, name) for name in LAYOUTS[source]} == canonical


@pytest.mark.parametrize("formats", ["mixed", "csv"])
def test_from_500_people_on_every_code_is_planted(tmp_path, formats):
    summary = write_sample(tmp_path, people=500, seed=5, today=TODAY, formats=formats)
    codes = {str(defect.code) for defect in ALL_DEFECTS}
    assert set(summary.defects) == codes | ({str(code) for code in MEMBER_DEFECTS} if formats == "mixed" else set())


def test_lists_are_sent_in_the_formats_offices_use(mixed):
    incapacity, planning = (
        (mixed.folder / source / f"{source}.csv").read_bytes()
        for source in ("health_incapacity", "health_family_planning")
    )
    assert incapacity.startswith(b"\xef\xbb\xbf")
    with pytest.raises(UnicodeDecodeError):
        planning.decode("utf-8")
    survey = CalamineWorkbook.from_path(mixed.folder / "village_survey/village_survey.xlsx")
    assert survey.sheet_names == ["服务对象", "家庭成员"]
    assert mixed.footer[1]["姓名"] == "合计"
    assert mixed.footer[0]["姓名"].startswith("制表人")


def test_no_key_lies_in_an_inbox_folder(mixed):
    assert {path.name for path in mixed.folder.iterdir() if path.is_dir()} == set(LAYOUTS)
    assert all(len(list((mixed.folder / source).iterdir())) == 1 for source in LAYOUTS)


def test_counts_add_up(mixed):
    assert Counter(line["code"] for line in mixed.key) == mixed.summary.defects
    assert mixed.expected["members"] == mixed.summary.members == len(mixed.members)
    for source, rows in mixed.lists.items():
        counts = mixed.expected["sources"][source]
        assert mixed.summary.rows[source] == len(rows)
        assert counts["received"] == sum(counts[part] for part in ("admitted", "held", "duplicate", "blank"))
        assert counts["received"] - counts["blank"] == len(rows)
    rows = sum(mixed.summary.rows.values())
    assert 0.03 < len([line for line in mixed.key if line["sheet"] != "家庭成员"]) / rows < 0.045
    assert 1.45 < rows / PEOPLE < 1.65


def test_a_row_has_one_defect_only(mixed):
    places = [(line["source"], line["sheet"], line["row_number"]) for line in mixed.key]
    assert len(places) == len(set(places))


HOLDS = {
    "id-number-missing": lambda line, row: id_of(line, row) == "",
    "id-number-characters": lambda line, row: bool(re.search(r"[^0-9X]", id_of(line, row))),
    "id-number-length": lambda line, row: len(id_of(line, row)) in {17, 19},
    "id-number-birth-date": lambda line, row: has_right_check(id_of(line, row)) and not is_day(id_of(line, row)[6:14]),
    "id-number-checksum": lambda line, row: not has_right_check(id_of(line, row)),
    "id-number-stored-as-number": lambda line, row: (
        isinstance(id_of(line, row), float) or bool(re.fullmatch(r"\d\.\d\dE\+17", id_of(line, row)))
    ),
    "id-number-upgraded": lambda line, row: bool(re.fullmatch(r"\d{15}", id_of(line, row))),
    "id-number-repaired": lambda line, row: not re.fullmatch(r"[0-9]{17}[0-9X]", id_of(line, row)),
    "id-number-region-unknown": lambda line, row: (
        has_right_check(id_of(line, row)) and id_of(line, row)[:2] in {"20", "58"}
    ),
    "id-type-unsupported": lambda line, row: bool(re.fullmatch(r"[A-Z]+\d{8}", id_of(line, row))),
    "sex-mismatch": lambda line, row: (int(id_of(line, row)[16]) % 2 == 1) == (row["性别"] == "女"),
    "age-under-sixty": lambda line, row: has_right_check(id_of(line, row)) and 50 <= age(id_of(line, row)) < 60,
    "age-implausible": lambda line, row: has_right_check(id_of(line, row)) and age(id_of(line, row)) > 120,
    "name-missing": lambda _, row: row["姓名"] == "",
    "name-characters": lambda _, row: not re.fullmatch(r"[\u4e00-\u9fff]+", row["姓名"]),
    "phone-format": lambda _, row: not re.fullmatch(r"1[3-9]\d{9}|0\d{2,3}-\d{7,8}", row["联系电话"]),
    "code-unknown": lambda line, row: row[header_of(line["source"], line["field"])] in {"未知X", "也许"},
    "date-format": lambda line, row: (
        not is_day("".join(re.findall(r"\d", row[header_of(line["source"], line["field"])])))
    ),
    "date-future": lambda line, row: row[header_of(line["source"], line["field"])] > TODAY.isoformat(),
    "amount-negative": lambda line, row: row[header_of(line["source"], line["field"])].startswith("-"),
    "amount-format": lambda line, row: isinstance(row[header_of(line["source"], line["field"])], str),
    "division-unknown": lambda _, row: row["户籍乡镇(街道)"] == "云上镇",
    "division-inconsistent": lambda _, row: (row["户籍县(市、区)"], row["户籍乡镇(街道)"]) == ("梅江区", "扶大镇"),
    "address-missing": lambda _, row: not any(row[h] for h in row if h.startswith(("户籍", "居住", "现住"))),
    "category-missing": lambda _, row: row["对象类型"] == "",
    "category-unknown": lambda _, row: row["对象类型"].split("、")[-1] in {"孤寡", "优抚对象", "困难党员", "五保"},
    "certificate-format": lambda _, row: not re.fullmatch(r"\d{17}[\dX][1-7][1-4](B\d)?", row["残疾人证号"]),
    "certificate-id-mismatch": lambda line, row: (
        has_right_check(row["残疾人证号"][:18]) and row["残疾人证号"][:18] != id_of(line, row)
    ),
    "certificate-category-mismatch": lambda _, row: row["残疾类别"] != CATEGORY[row["残疾人证号"][18]],
    "certificate-level-mismatch": lambda _, row: row["残疾等级"] != LEVEL[row["残疾人证号"][19]],
    "certificate-expired": lambda _, row: row["有效期至"] < TODAY.isoformat(),
    "certificate-cancelled": lambda _, row: row["证件状态"] == "注销",
    "severely-disabled-without-certificate": lambda _, row: "重残" in row["对象类型"] and not row["残疾人证号"],
    "severely-disabled-level": lambda _, row: "重残" in row["对象类型"] and row["残疾人证号"].endswith("43"),
    "ability-level-missing": lambda _, row: row["能力等级"] == "",
    "ability-assessment-old": lambda _, row: row["评估日期"] < (TODAY - timedelta(days=366)).isoformat(),
    "family-type-unknown": lambda _, row: row["家庭类型"] not in {"失独", "伤残"},
    "household-relation-unknown": lambda _, row: row["与户主关系"] in {"同住", "屋里人", "邻居家"},
    "household-member-id": lambda line, row: not has_right_check(id_of(line, row)),
}
CATEGORY = dict(zip("1234567", ("视力", "听力", "言语", "肢体", "智力", "精神", "多重"), strict=True))
LEVEL = dict(zip("1234", ("一级", "二级", "三级", "四级"), strict=True))


def is_day(digits):
    try:
        date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    except ValueError:
        return False
    return True


@pytest.mark.parametrize("code", HOLDS)
def test_lines_of_the_key_point_at_rows_that_hold_the_defect(mixed, code):
    lines = mixed.lines(code)
    assert lines
    assert all(HOLDS[code](line, mixed.row(line)) for line in lines)


def test_numbers_damaged_by_a_spreadsheet_are_numeric_cells_or_exponents(tmp_path):
    write_sample(tmp_path, people=20_000, seed=4, today=TODAY, formats="csv")
    damaged = [line for line in key_of(tmp_path) if line["code"] == "id-number-stored-as-number"]
    lists = {source: rows_of_text(tmp_path / source / f"{source}.csv", "utf-8") for source in LAYOUTS}
    assert {line["source"] for line in damaged} == set(LAYOUTS)
    assert all(
        re.fullmatch(r"\d\.\d\dE\+17", id_of(line, lists[line["source"]][int(line["row_number"])])) for line in damaged
    )


def test_a_repeated_row_comes_after_the_one_it_repeats(mixed):
    for line in mixed.lines("duplicate-exact"):
        row = mixed.row(line)
        same = [number for number, other in mixed.lists[line["source"]].items() if other == row]
        assert len(same) == 2
        assert max(same) == int(line["row_number"])


def test_people_in_conflict_are_named_on_every_row_concerned(mixed):
    by_number = defaultdict(set)
    for line in mixed.lines("same-number-different-person"):
        by_number[id_of(line, mixed.row(line))].add(mixed.row(line)["姓名"])
    assert all(len(names) == 2 and not set.intersection(*map(set, names)) for names in by_number.values())
    by_name = defaultdict(set)
    for line in mixed.lines("same-person-different-number"):
        row = mixed.row(line)
        by_name[row["姓名"], row["户籍村(居)"], id_of(line, row)[6:14]].add(id_of(line, row))
    assert all(len(numbers) == 2 and all(map(has_right_check, numbers)) for numbers in by_name.values())


def test_a_contradiction_has_another_office_behind_it(mixed):
    cancelled = {row["身份证号"] for row in mixed.lists["disability_federation"].values() if row["证件状态"] == "注销"}
    able = {row["身份证号"] for row in mixed.lists["health_incapacity"].values() if row["能力等级"] == "能力完好"}
    lines = mixed.lines("sources-contradict")
    surveyed = [line for line in lines if line["source"] == "village_survey"]
    asked = {id_of(line, mixed.row(line)) for line in lines if line["source"] != "village_survey"}
    assert {id_of(line, mixed.row(line)) for line in surveyed} == asked
    for line in surveyed:
        row = mixed.row(line)
        assert (id_of(line, row) in cancelled and "重残" in row["对象类型"]) or (
            id_of(line, row) in able and "失能" in row["对象类型"]
        )


def test_a_household_without_head_has_none_and_every_other_has_one(mixed):
    heads = Counter(row["服务对象身份证号码"] for row in mixed.members.values() if row["与户主关系"] == "户主")
    headless = {mixed.row(line)["服务对象身份证号码"] for line in mixed.lines("household-head-missing")}
    homes = Counter(row["服务对象身份证号码"] for row in mixed.members.values())
    assert headless
    assert {number for number in homes if not heads[number]} == headless
    assert set(homes.values()) == {1, 2, 3}
    assert set(homes) <= {row["身份证号码"] for row in mixed.sound_rows("village_survey")}


@pytest.mark.parametrize("source", LAYOUTS)
def test_numbers_of_sound_rows_are_valid_and_agree_with_the_row(mixed, source):
    for row in mixed.sound_rows(source):
        number = row[ID_HEADERS.get(source, "身份证号")]
        assert re.fullmatch(r"\d{17}[\dX]", number)
        assert has_right_check(number)
        assert not number.endswith("000")
        assert 60 <= age(number) <= 102
        assert (int(number[16]) % 2 == 1) == (row["性别"] == "男")
        assert re.fullmatch(r"[\u4e00-\u9fff]{2,3}", row["姓名"])
        assert re.fullmatch(r"1[3-9]\d{9}|0753-\d{7}|", row["联系电话"])
        assert not row.get("残疾人证号") or row["残疾人证号"][:18] == number


def test_sound_rows_of_the_survey_say_where_and_which_types(mixed):
    for row in mixed.sound_rows("village_survey"):
        assert row["户籍县(市、区)"] == row["居住县(市、区)"] == "梅县区"
        assert row["户籍村(居)"]
        assert row["居住村(居)"]
        assert set(row["对象类型"].split("、")) <= {"独居", "空巢", "留守", "失能", "重残", "计划生育特殊家庭"}
        assert ("重残" in row["对象类型"]) == bool(row["残疾人证号"])
        assert not row["残疾人证号"] or row["残疾人证号"][19] in "12"
        assert is_day(row["建档日期"].replace("/", ""))


def test_sound_rows_of_the_federation_agree_with_the_certificate_and_are_in_force(mixed):
    for row in mixed.sound_rows("disability_federation"):
        assert row["残疾类别"] == CATEGORY[row["残疾人证号"][18]]
        assert row["残疾等级"] == LEVEL[row["残疾人证号"][19]]
        assert row["发证日期"].replace(".", "-") < TODAY.isoformat() < row["有效期至"].replace(".", "-")
        assert row["证件状态"] == "正常"


def test_sound_rows_of_the_incapacity_list_have_a_level_and_a_recent_assessment(mixed):
    able = {id_of(line, mixed.row(line)) for line in mixed.lines("sources-contradict")}
    for row in mixed.sound_rows("health_incapacity"):
        assert row["能力等级"] in {"轻度失能", "中度失能", "重度失能", "完全失能"} or row["身份证号"] in able
        assert (TODAY - timedelta(days=360)).isoformat() < row["评估日期"] < TODAY.isoformat()


def test_without_defects_everybody_is_listed_under_one_number_and_one_name(tmp_path):
    summary = write_sample(tmp_path, people=3000, seed=8, today=TODAY, formats="csv", defects=False)
    people = defaultdict(set)
    for source in LAYOUTS:
        for row in rows_of_text(tmp_path / source / f"{source}.csv", "utf-8").values():
            people[row[ID_HEADERS.get(source, "身份证号")]].add(row["姓名"])
    assert len(people) == summary.elders == 3000
    assert all(len(names) == 1 for names in people.values())
    assert key_of(tmp_path) == []
    same = Counter((next(iter(names)), number[6:14]) for number, names in people.items())
    assert max(same.values()) == 1
    assert {"441421", "441402", "442421", "441403"} <= {number[:6] for number in people}


@pytest.mark.parametrize("today", [date(2024, 2, 29), date(2028, 2, 29), date(2027, 1, 1)], ids=str)
def test_samples_can_be_made_for_any_day(tmp_path, today):
    assert write_sample(tmp_path, people=500, seed=1, today=today, formats="csv").people == 500


@pytest.mark.parametrize("people", [1, 2, 3, 17])
def test_a_handful_of_people_makes_a_sample_too(tmp_path, people):
    assert write_sample(tmp_path, people=people, seed=1, today=TODAY).elders <= people


def test_nobody_is_no_sample(tmp_path):
    with pytest.raises(ValueError, match="at least one person"):
        write_sample(tmp_path, people=0, seed=1, today=TODAY)

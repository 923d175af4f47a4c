import csv
import io
import time
from pathlib import Path
from shutil import copytree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.configuration import load_configuration
from schemas.divisions import DIVISION_COLUMNS, Division, division_rows, full_code, level_of, read_division_table
from schemas.errors import ConfigurationInvalid

COUNTY = [
    {"代码": "44", "名称": "广东省"},
    {"代码": "4414", "名称": "梅州市"},
    {"代码": "441403", "名称": "梅县区"},
    {"代码": "441403100", "名称": "松口镇"},
    {"代码": "441403133", "名称": "扶大镇"},
    {"代码": "441403133201", "名称": "三葵村委会"},
]
CODES = st.integers(11, 65).flatmap(
    lambda province: st.tuples(*(st.integers(0, most) for most in (99, 99, 599, 599))).map(
        lambda parts: f"{province}{parts[0]:02d}{parts[1]:02d}{parts[2]:03d}{parts[3]:03d}"
    )
)


def division(*values):
    return Division(**dict(zip(DIVISION_COLUMNS, values, strict=False)))


def table(*rows, base=COUNTY, **more):
    return {division.code: division for division in read_division_table([*base, *rows], **more)}


def test_levels_and_parents_come_from_the_codes():
    assert [(d.code, d.level, d.parent_code) for d in table().values()] == [
        ("440000000000", 1, ""),
        ("441400000000", 2, "440000000000"),
        ("441403000000", 3, "441400000000"),
        ("441403100000", 4, "441403000000"),
        ("441403133000", 4, "441403000000"),
        ("441403133201", 5, "441403133000"),
    ]


def test_a_table_may_begin_with_the_bureaus_county():
    assert table(base=COUNTY[2:])["441403000000"].parent_code == ""


def test_a_county_may_belong_to_a_province_directly():
    rows = [{"代码": "42", "名称": "湖北省"}, {"代码": "429004", "名称": "仙桃市"}]
    assert table(*rows)["429004000000"].parent_code == "420000000000"


@pytest.mark.parametrize(
    "row",
    [
        {
            "统计用区划代码": "441403133203",
            "名 称": " 铁炉桥 村委会 ",
            "级别": "5",
            "上级代码": "441403133",
            "别名": "铁炉潭村委会|铁炉潭村委会|",
        },
        {"code": "441403133203", "name": "铁炉桥村委会", "level": "村级", "parent_code": "", "aliases": "铁炉潭村委会"},
        {
            "ＣＯＤＥ": "441403133203.0",
            "NAME": "铁炉桥村委会",
            "城乡分类代码": "220",
            "": None,
            "曾用名": "铁炉潭村委会",
        },
    ],
    ids=["published", "ours", "of a numeric column"],
)
def test_a_row_is_understood_under_the_headers_offices_use(row):
    base = [{**dict.fromkeys(row), **dict(zip(list(row)[:2], known.values(), strict=True))} for known in COUNTY]
    assert table(row, base=base)["441403133203"] == division(
        "441403133203", "铁炉桥村委会", 5, "441403133000", "", ("铁炉潭村委会",)
    )


CHANGES = [
    {"old_code": "441403130000", "new_code": "441403100000", "name": "松口镇", "kind": "town", "last_year_old": "2022"}
]


def test_a_file_of_changes_retires_codes_the_table_no_longer_has():
    changed = table(changes=[*CHANGES, {"old_code": "441421", "new_code": "441403", "name": "梅县 -> 梅县区"}])
    assert changed["441403130000"] == division("441403130000", "松口镇", 4, "441403000000", "441403100000")
    assert changed["441421000000"] == division("441421000000", "梅县", 3, "441400000000", "441403000000")


def test_a_file_of_changes_retires_codes_the_table_still_has():
    still = table({"代码": "441403130", "名称": "松口镇"}, changes=CHANGES)
    assert still["441403130000"].replaced_by == "441403100000"
    assert (
        table({"代码": "441403130", "名称": "松口镇", "现行代码": "441403100"}, base=with_successors(), changes=CHANGES)
        == still
    )


def with_successors():
    return [{**row, "现行代码": ""} for row in COUNTY]


def test_a_code_changed_twice_is_replaced_by_the_one_in_force():
    rows = [
        {"代码": "441403130", "名称": "松口镇", "现行代码": "441403131"},
        {"代码": "441403131", "名称": "松口镇", "现行代码": "441403100"},
    ]
    assert table(*rows, base=with_successors())["441403130000"].replaced_by == "441403100000"


def test_a_village_of_a_town_that_is_gone_is_below_its_successors_town():
    changes = [{"原代码": "441403126201", "现行代码": "441403133201"}]
    assert table(changes=changes)["441403126201"].parent_code == "441403133000"


def test_aliases_and_retired_codes_of_a_former_table_are_kept():
    former = table(
        {"代码": "441403130", "名称": "松口镇", "现行代码": "441403100", "别名": ""},
        {"代码": "441403134", "名称": "没有了镇", "现行代码": "", "别名": ""},
        base=[{**row, "别名": "扶大高管会" if row["名称"] == "扶大镇" else ""} for row in with_successors()],
    )
    renewed = table(former=former.values())
    assert renewed["441403133000"].aliases == ("扶大高管会",)
    assert renewed["441403130000"].replaced_by == "441403100000"
    assert "441403134000" not in renewed


@given(st.lists(CODES, min_size=1, max_size=6))
def test_what_is_written_is_read_as_the_same_divisions(codes):
    lines = {code[:end].ljust(12, "0") for code in codes for end in (2, 4, 6, 9, 12)}
    divisions = read_division_table([{"code": code, "name": f"第{n}"} for n, code in enumerate(sorted(lines))])
    target = io.StringIO()
    writer = csv.DictWriter(target, DIVISION_COLUMNS)
    writer.writeheader()
    writer.writerows(division_rows(divisions))
    assert read_division_table(csv.DictReader(io.StringIO(target.getvalue()))) == divisions
    parents = {division.code: division.level for division in divisions}
    assert all(d.level == 1 or parents[d.parent_code] < d.level for d in divisions)


@given(CODES)
def test_a_code_may_be_written_without_its_zeros(code):
    end = {1: 2, 2: 4, 3: 6, 4: 9, 5: 12}[level_of(code)]
    assert full_code(code[:end]) == full_code(f" {code[:end]}.0") == code


@pytest.mark.parametrize(
    "text", ["", "4", "441", "44140", "4414031", "4414031330", "004403", "4414O3", "梅县区", "4414.03"]
)
def test_what_is_no_code_is_none(text):
    assert full_code(text) is None


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([{"代码": "441403133", "名称": "扶大镇"}], "lines 6 and 8 both have the code 441403133000"),
        ([{"代码": "4414031", "名称": "扶大镇"}], "line 8: code is not a division code"),
        ([{"代码": "441403134", "名称": " "}], "line 8: 441403134000 has no name"),
        (
            [{"代码": "441403134201", "名称": "三葵村"}],
            "line 8: 441403134, the parent of 441403134201, is not in the table",
        ),
        (
            [{"代码": "441402001", "名称": "金山街道"}],
            "line 8: 441402, the parent of 441402001000, is not in the table",
        ),
        ([{"代码": "441403134", "名称": "云上镇", None: ["x"]}], "line 8 has more cells than the header"),
    ],
    ids=["code twice", "no code", "no name", "village without its town", "town without its county", "cells too many"],
)
def test_a_faulty_line_is_named(rows, told):
    with pytest.raises(ValueError, match=told):
        table(*rows)


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"级别": "3"}, "line 8: level 3 contradicts the code 441403134000, which is of level 4"),
        ({"上级代码": "441404"}, "line 8: 441404000000, the parent of 441403134000, is not in the table"),
        ({"上级代码": "441403133201"}, "line 8: 441403133201, the parent of 441403134000, is not above it"),
        ({"现行代码": "441403135"}, "line 8: 441403135000, which replaces 441403134000, is not in the table"),
        ({"现行代码": "441403134"}, "line 8: 441403134000 is replaced by itself in the end"),
        ({"现行代码": "441403"}, "line 8: 441403134000 is replaced by 441403000000, which is of another level"),
        ({"颜色": "红"}, "颜色: not a column of a division table"),
        ({"code": "441403134"}, "two columns say code"),
    ],
    ids=["level", "parent missing", "parent below", "successor missing", "own successor", "successor of another level",
         "unknown column", "column twice"],
)  # fmt: skip
def test_what_a_line_says_beside_its_code_is_checked(more, told):
    base = [{**row, **dict.fromkeys(more)} for row in COUNTY]
    with pytest.raises(ValueError, match=told):
        table({"代码": "441403134", "名称": "云上镇", **more}, base=base)


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([], "the table has no division"),
        ([{"代码": "", "名称": None}], "the table has no division"),
        ([{"代码": "44"}], "no column name"),
    ],
    ids=["no row", "an empty row", "no names"],
)
def test_a_table_that_is_none_is_refused(rows, told):
    with pytest.raises(ValueError, match=told):
        table(base=rows)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            {"old_code": "441403130", "new_code": "441403101"},
            "changes, line 2: 441403101000, which replaces 441403130000, is not",
        ),
        ({"old_code": "441403", "new_code": ""}, "line 2: new is not a division code"),
        ({"old_code": "441403100", "new_code": "441403133"}, "441403100000 is already replaced by 441403131000"),
    ],
    ids=["successor missing", "no successor", "replaced otherwise"],
)
def test_a_faulty_change_is_named(change, told):
    rows = [
        {"代码": "441403131", "名称": "松口镇", "现行代码": ""},
        {"代码": "441403100", "名称": "松口镇", "现行代码": "441403131"},
    ]
    with pytest.raises(ValueError, match=told):
        table(*rows, base=[row for row in with_successors() if row["名称"] != "松口镇"], changes=[change])


def test_a_faulty_line_of_the_configuration_is_told_with_its_file(tmp_path):
    folder = copytree(Path(__file__).parents[3] / "config", tmp_path / "config")
    path = folder / "divisions.csv"
    path.write_text(path.read_text(encoding="utf-8") + "441403133201,三葵村委会,5,441403133000,\n", encoding="utf-8")
    with pytest.raises(
        ConfigurationInvalid, match=r"divisions\.csv: lines \d+ and \d+ both have the code 441403133201"
    ):
        load_configuration(folder)


def test_a_table_of_fifty_thousand_divisions_is_read_in_seconds():
    towns = [
        {"code": f"4414{county:02d}{town:03d}", "name": "某镇"} for county in range(1, 9) for town in range(1, 251)
    ]
    villages = [{"code": f"{town['code']}{place:03d}", "name": "某村委会"} for town in towns for place in range(1, 25)]
    counties = [{"code": f"4414{county:02d}", "name": "某县"} for county in range(1, 9)]
    started = time.process_time()
    assert len(read_division_table([{"code": "4414", "name": "某市"}, *counties, *towns, *villages])) == 50_009
    assert time.process_time() - started < 10

"""对账结果: everybody is counted, nobody can be recognised, and nothing in it runs."""

from datetime import UTC, datetime
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from reports.reconcile_workbook import ReconcileReport, write_reconcile_workbook
from schemas.errors import StageFailed
from schemas.platform_profile import load_profile
from schemas.platform_reconcile import Agreement

PROFILE = load_profile(Path(__file__).parents[3] / "config/platform/example.toml")
TEXTS = {
    "person": "str",
    "bin": "str",
    "told": "str",
    "held": "str",
    "our_revision": "Int64",
    "their_revision": "Int64",
}


def report(people=(), differs=(), known=()):
    return ReconcileReport(
        profile=PROFILE,
        at=datetime(2024, 6, 30, 18, 0, tzinfo=UTC),
        people=pd.DataFrame(people, columns=list(TEXTS)).astype(TEXTS),
        differs=pd.DataFrame(differs, columns=["person", "header", "ours", "theirs"], dtype="str"),
        known=pd.DataFrame(known, columns=["person", "name", "village"], dtype="str"),
        listed={"present": 3, "withdrawn": 1},
        adopted=2,
    )


def sheets(told, folder):
    write_reconcile_workbook(told, folder / "对账结果.xlsx")
    book = openpyxl.load_workbook(folder / "对账结果.xlsx")
    return {sheet.title: [list(row) for row in sheet.iter_rows(values_only=True)] for sheet in book}


def test_every_place_has_its_line_and_the_lines_add_up(tmp_path):
    people = [(str(n), place, "present", "present", 1, 1) for n, place in enumerate([*Agreement, Agreement.AGREES], 1)]
    lines = {row[0]: row[1] for row in sheets(report(people), tmp_path)["汇总"][1:]}
    assert lines["合计"] == sum(list(lines.values())[: len(Agreement)]) == len(people)
    assert lines["一致"] == 2
    assert (lines["平台列出：在册"], lines["平台列出：已退出"], lines["采用平台值"]) == (3, 1, 2)


def test_the_sheets_are_there_when_nobody_is_in_them(tmp_path):
    found = sheets(report(), tmp_path)
    assert list(found) == [
        "汇总",
        "我方有对方无",
        "对方有我方无",
        "内容不一致",
        "版本不一致",
        "对方重复",
        "内容无法比对",
    ]
    assert {len(rows) for title, rows in found.items() if title != "汇总"} == {1}


def test_people_are_shown_by_village_and_number_with_both_sides(tmp_path):
    people = [
        ("10", "only-ours", "present", "nothing", 4, None), ("9", "only-ours", "present", "withdrawn", 3, 2),
        ("7", "only-ours", "present", "nothing", 1, None),
    ]  # fmt: skip
    known = [("10", "测试甲", "三葵村"), ("9", "测试乙", "三葵村"), ("7", "测试丙", "大黄村")]
    header, *rows = sheets(report(people, known=known), tmp_path)["我方有对方无"]
    assert header == ["人员编号", "姓名", "村", "我方", "对方", "我方版本", "对方版本"]
    assert rows == [
        ["9", "测**", "三葵村", "在册", "已退出", 3, 2], ["10", "测**", "三葵村", "在册", "无", 4, None],
        ["7", "测**", "大黄村", "在册", "无", 1, None],
    ]  # fmt: skip


def test_what_the_platform_calls_a_person_is_shown_only_if_it_is_a_number_like_ours(tmp_path):
    people = [("44142119450312001X", "only-theirs", "nothing", "present", None, 1)]
    (_, row) = sheets(report(people), tmp_path)["对方有我方无"]
    assert row[0] == "4414**********001X"


@pytest.mark.parametrize(("header", "cells", "shown"), [
    ("姓名", ("测试甲", "测试乙"), ["测**", "测**"]), ("证件号码", ("44142119450312001X", "=1+1"), ["4414**********001X", "****"]),
    ("联系电话", ("13800001234", ""), ["138****1234", "（空）"]), ("出生日期", ("1945-03-12", "昨天"), ["1945", "**"]),
    ("性别", ("0", "9"), ["男", "***"]), ("人员类型", ("8,17", "8,乱"), ["独居、重残", "独居、***"]),
    ("家庭每月收入(元)", ("1280.50", "0.00"), ["***", "***"]), ("评估日期", ("2024-03-01", ""), ["***", "（空）"]),
    ("户籍村(居)", ("三葵村", "李四"), ["三葵村", "李*"]), ("户籍区划代码", ("441403133201", "李四"), ["441403133201", "***"]),
    ("帮扶措施", ("每周上门探访一次并代购药品", "无"), ["每周上门探********", "*"]),
], ids=["name", "number", "phone", "birth date", "code", "several codes", "amount", "date of health", "village", "division", "text"])  # fmt: skip
def test_both_sides_of_a_difference_are_shown_as_their_column_allows(tmp_path, header, cells, shown):
    people = [("7", "differs", "present", "present", 1, 1)]
    (_, row) = sheets(report(people, [("7", header, *cells)]), tmp_path)["内容不一致"]
    assert row[3:] == [header, *shown]


def test_a_folder_that_is_not_there_is_said_without_a_traceback_of_others(tmp_path):
    with pytest.raises(StageFailed, match="cannot be written"):
        write_reconcile_workbook(report(), tmp_path / "nowhere" / "对账结果.xlsx")

"""The plan that officers open: what it says, that it says it masked, and that nothing in it runs."""

import stat
from dataclasses import replace
from datetime import date
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from reports.plan_workbook import DIFFERENCE_COLUMNS, PEOPLE_COLUMNS, SUMMARY_COLUMNS, PlanReport, write_plan_workbook
from schemas.errors import ContractBroken, RunStopped

ZHANG, LI, WANG = "11010519491231002X", "110101193001011234", "110101194001015678"


def frame(columns: tuple[str, ...], *rows: tuple[object, ...]) -> pd.DataFrame:
    made = pd.DataFrame(rows, columns=list(columns))
    numbers = {"person_id", "count"}
    return made.astype({column: "int64" if column in numbers else "str" for column in columns})


def report_of(**changed: object) -> PlanReport:
    report = PlanReport(
        run_id=12,
        business_date=date(2026, 1, 5),
        platform_label="特殊困难老年人导入表(示例)",
        digest="ab12" * 16,
        brakes=["变动人数过多。", "七日内退出人数过多。"],
        summary=frame(
            SUMMARY_COLUMNS,
            ("all", "", "new", 1), ("all", "", "changed", 1), ("all", "", "withdrawn", 1),
            ("village", "扶大镇/三葵村委会", "new", 1), ("village", "", "changed", 1), ("village", "扶大镇/三葵村委会", "withdrawn", 1),
            ("category", "重残", "new", 1), ("category", "独居", "changed", 1),
        ),
        people=frame(
            PEOPLE_COLUMNS,
            (41, "new", "张三", ZHANG, "扶大镇/三葵村委会", "重残", "", ""),
            (42, "changed", "欧阳兰", LI, "", "独居", "", ""),
            (43, "withdrawn", "=王五", WANG, "扶大镇/三葵村委会", "独居", "各来源名单均不再列出", "2026-01-05"),
        ),
        differences=frame(
            DIFFERENCE_COLUMNS,
            (42, "证件号码", ZHANG, LI), (42, "联系电话", "13800001234", ""), (42, "人员类型", "独居、重残", "独居"),
            (42, "帮扶责任人", "李小明", "=1+1"), (42, "户籍村(居)", "三葵村委会", "李小明"), (42, "新列", "13800001234", "李小明家老屋下十二号门"),
        ),
        fields={
            "证件号码": "id_number", "联系电话": "phone", "人员类型": "categories", "帮扶责任人": "assistance_person",
            "户籍村(居)": "household_village",
        },
    )  # fmt: skip
    return replace(report, **changed)  # type: ignore[arg-type]


def written(folder: Path, report: PlanReport) -> dict[str, list[list[object]]]:
    write_plan_workbook(report, folder / "plan.xlsx")
    book = openpyxl.load_workbook(folder / "plan.xlsx")
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert {cell.data_type for cell in cells} <= {"s", "n"}
    assert not any(cell.hyperlink for cell in cells)
    return {
        sheet.title: [["" if value is None else value for value in row] for row in sheet.iter_rows(values_only=True)]
        for sheet in book
    }


def test_officers_read_counts_then_why_it_is_held(tmp_path: Path) -> None:
    sheets = written(tmp_path, report_of(incomplete_count=2))
    assert list(sheets) == ["汇总", "新增", "变更", "退出", "分布"]
    assert sheets["汇总"] == [
        ["项目", "内容"],
        ["运行编号", "12"],
        ["业务日期", "2026-01-05"],
        ["平台", "特殊困难老年人导入表(示例)"],
        ["方案摘要", "ab12ab12ab12ab12"],
        ["状态", "暂缓上报，待批准"],
        ["新增人数", "1"],
        ["变更人数", "1"],
        ["退出人数", "1"],
        ["暂缓原因和办理要求", "变动人数过多。"],
        ["暂缓原因和办理要求", "七日内退出人数过多。"],
        ["说明", "填报不全、不能上报的另有 2 人，补全后自动列入下一次方案。"],
    ]


def test_people_are_shown_masked(tmp_path: Path) -> None:
    sheets = written(tmp_path, report_of())
    assert sheets["新增"] == [
        ["人员编号", "姓名", "证件号码", "村", "人员类型"],
        [41, "张*", "1101**********002X", "扶大镇/三葵村委会", "重残"],
    ]
    assert sheets["退出"] == [
        ["人员编号", "姓名", "证件号码", "村", "人员类型", "退出原因", "退出日期"],
        [43, "=**", "1101**********5678", "扶大镇/三葵村委会", "独居", "各来源名单均不再列出", "2026-01-05"],
    ]


def test_a_changed_value_is_masked_as_its_field(tmp_path: Path) -> None:
    who = [42, "欧**", "1101**********1234", ""]
    assert written(tmp_path, report_of())["变更"] == [
        ["人员编号", "姓名", "证件号码", "村", "字段", "原值", "新值"],
        [*who, "证件号码", "1101**********002X", "1101**********1234"],
        [*who, "联系电话", "138****1234", ""],
        [*who, "人员类型", "独居、重残", "独居"],
        [*who, "帮扶责任人", "李**", "=***"],
        [*who, "户籍村(居)", "三葵村委会", "李**"],
        [*who, "新列", "****", "李小明********"],
    ]


def test_nothing_of_a_person_is_in_the_file_but_what_is_masked(tmp_path: Path) -> None:
    text = str(written(tmp_path, report_of()))
    for clear in (ZHANG, LI, WANG, "张三", "欧阳兰", "王五", "李小明家", "13800001234"):
        assert clear not in text


def test_villages_and_types_are_counted_in_official_order(tmp_path: Path) -> None:
    assert written(tmp_path, report_of())["分布"] == [
        ["类别", "名称", "新增", "变更", "退出"],
        ["人员类型", "独居", 0, 1, 0],
        ["人员类型", "重残", 1, 0, 0],
        ["村（居）", "未填写", 0, 1, 0],
        ["村（居）", "扶大镇/三葵村委会", 1, 0, 1],
    ]


@pytest.mark.parametrize(
    ("people", "says"), [(3, "方案未触发上报限制，无须批准，将按时上报。"), (0, "本次没有需要上报的变动。")]
)
def test_a_plan_that_is_not_held_says_so(tmp_path: Path, people: int, says: str) -> None:
    report = report_of(brakes=[])
    if not people:
        report = replace(
            report,
            summary=report.summary.head(0),
            people=report.people.head(0),
            differences=report.differences.head(0),
        )
    sheets = written(tmp_path, report)
    assert ["状态", "可以上报"] in sheets["汇总"]
    assert sheets["汇总"][-1] == ["说明", says]
    assert len(sheets["变更"]) == (7 if people else 1)


def test_the_file_is_private_and_whole_or_not_there(tmp_path: Path) -> None:
    write_plan_workbook(report_of(), tmp_path / "plan.xlsx")
    assert stat.S_IMODE((tmp_path / "plan.xlsx").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["plan.xlsx"]
    with pytest.raises(RunStopped) as caught:
        write_plan_workbook(report_of(), tmp_path / "nowhere" / "plan.xlsx")
    assert caught.value.__context__ is None


def test_a_frame_without_a_column_is_our_own_fault(tmp_path: Path) -> None:
    with pytest.raises(ContractBroken, match="lacks the column name"):
        write_plan_workbook(report_of(people=report_of().people.drop(columns="name")), tmp_path / "plan.xlsx")

"""A plan as a workbook for the officers who must judge it: how many and why it is held, then person by person, masked.

What is planned and what holds it comes as frames and words; here it is laid out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pandas as pd

from reports.workbook import add_sheet, open_workbook
from schemas.codes import CODE_LISTS
from schemas.durable import replace_file
from schemas.errors import ContractBroken, StageFailed
from schemas.field_masks import mask_kind
from schemas.masking import mask_column
from schemas.platform_profile import OPERATIONS

__all__ = ["DIFFERENCE_COLUMNS", "PEOPLE_COLUMNS", "PlanReport", "write_plan_workbook"]

PEOPLE_COLUMNS: tuple[str, ...] = (
    "person_id", "sent_as", "name", "id_number", "village", "categories", "reason", "changed_on",
)  # fmt: skip
"""Columns of `PlanReport.people`, one row a person, unmasked."""

DIFFERENCE_COLUMNS: tuple[str, ...] = ("person_id", "header", "before", "after")
"""Columns of `PlanReport.differences`, one row a changed cell, unmasked."""

SUMMARY_COLUMNS: tuple[str, ...] = ("by", "name", "operation", "count")
"""Columns of `PlanReport.summary`; `by` is ``all``, ``village`` or ``category``."""

_LABELS = {
    "person_id": "人员编号", "name": "姓名", "id_number": "证件号码", "village": "村", "categories": "人员类型",
    "reason": "退出原因", "changed_on": "退出日期", "header": "字段", "before": "原值", "after": "新值",
}  # fmt: skip
_FREE = "方案未触发上报限制，无须批准，将按时上报。"
_NOTHING = "本次没有需要上报的变动。"
_HELD_BACK = "填报不全、不能上报的另有 {count} 人，补全后自动列入下一次方案。"


@dataclass(frozen=True, slots=True)
class PlanReport:
    """What there is to say about a plan.

    Args:
        digest: What is approved; its beginning is shown, so that two people can see that they mean the same plan.
        platform_label: Whose format it is.
        brakes: Why it is held and who must do what, a paragraph each; empty where it is not held.
        fields: The elder's field by the platform's header, for every header that holds one: it says how a value is masked.
        incomplete_count: People whose change cannot be told as it stands.
    """

    run_id: int
    business_date: date
    platform_label: str
    digest: str
    brakes: Sequence[str]
    summary: pd.DataFrame
    people: pd.DataFrame
    differences: pd.DataFrame
    fields: Mapping[str, str] = field(default_factory=dict)
    incomplete_count: int = 0


def write_plan_workbook(report: PlanReport, to: Path) -> None:
    """Writes the sheets 汇总 新增 变更 退出 分布, whole or not at all, mode 0600; cells are text, nothing in them runs.

    Names and ID numbers are masked, and changed values as the field they belong to.

    Raises:
        ContractBroken: A frame lacks a column.
        StageFailed: The disk is full or the folder not writable.
    """
    for frame, columns in (
        (report.people, PEOPLE_COLUMNS), (report.differences, DIFFERENCE_COLUMNS), (report.summary, SUMMARY_COLUMNS),
    ):  # fmt: skip
        if absent := [column for column in columns if column not in frame]:
            raise ContractBroken(f"a plan to show lacks the column {absent[0]}")
    people = _masked_people(report.people)
    sheets = {
        "汇总": _overview(report),
        "新增": people.loc[people["sent_as"] == "new", ["person_id", "name", "id_number", "village", "categories"]],
        "变更": _changes(people, report),
        "退出": people.loc[
            people["sent_as"] == "withdrawn",
            ["person_id", "name", "id_number", "village", "categories", "reason", "changed_on"],
        ],
        "分布": _distribution(report.summary),
    }
    try:
        with replace_file(to) as temporary, open_workbook(temporary) as book:
            for name, frame in sheets.items():
                add_sheet(book, name, frame, _LABELS)
    except OSError as error:
        problem = error.strerror or type(error).__name__
    else:
        return
    raise StageFailed(f"the workbook of the plan cannot be written: {problem}")


def _overview(report: PlanReport) -> pd.DataFrame:
    """What an officer reads first, a line each."""
    in_all = report.summary[report.summary["by"] == "all"].groupby("operation")["count"].sum()
    counts = {label: int(in_all.get(operation, 0)) for operation, label in OPERATIONS.items()}
    to_do = [*report.brakes] or [_FREE if sum(counts.values()) else _NOTHING]
    if report.incomplete_count:
        to_do.append(_HELD_BACK.format(count=report.incomplete_count))
    lines = [
        ("运行编号", str(report.run_id)), ("业务日期", report.business_date.isoformat()), ("平台", report.platform_label),
        ("方案摘要", report.digest[:16]), ("状态", "暂缓上报，待批准" if report.brakes else "可以上报"),
        *((f"{label}人数", str(count)) for label, count in counts.items()),
        *(("暂缓原因和办理要求" if report.brakes and place < len(report.brakes) else "说明", text) for place, text in enumerate(to_do)),
    ]  # fmt: skip
    return pd.DataFrame(lines, columns=["项目", "内容"], dtype="str")


def _masked_people(people: pd.DataFrame) -> pd.DataFrame:
    return people.assign(
        name=mask_column(people["name"], "name"),
        id_number=mask_column(people["id_number"], "id_number"),
        village=mask_column(people["village"], "place"),
    )


def _changes(people: pd.DataFrame, report: PlanReport) -> pd.DataFrame:
    """One line a changed cell, with whom it is about; what is no field of ours is hidden like free text."""
    shown = report.differences.reset_index(drop=True)
    masked = {name: shown[name].astype("str") for name in ("before", "after")}
    for header in shown["header"].unique():
        name = report.fields.get(str(header))
        kind = mask_kind(name) if name else "text"
        if kind is None:
            continue
        is_his = shown["header"] == header
        for column in masked.values():
            column.loc[is_his] = mask_column(column[is_his], kind)
    who = people[["person_id", "name", "id_number", "village"]].drop_duplicates("person_id")
    lines = shown[["person_id", "header"]].assign(**masked).merge(who, on="person_id", how="left")
    return lines[["person_id", "name", "id_number", "village", "header", "before", "after"]]


def _distribution(summary: pd.DataFrame) -> pd.DataFrame:
    """People by village and by type, an operation a column."""
    kinds = {"village": "村（居）", "category": "人员类型"}
    rows = summary[summary["by"].isin(list(kinds))]
    wide = rows.pivot_table(index=["by", "name"], columns="operation", values="count", aggfunc="sum", fill_value=0)
    wide = wide.reindex(columns=list(OPERATIONS), fill_value=0).rename(columns=dict(OPERATIONS)).astype("int64")
    wide = wide.sort_index(key=_official_order).reset_index()
    by = wide["by"].map(kinds).astype("str")
    name = wide["name"].replace("", "未填写").astype("str")
    return pd.DataFrame({"类别": by, "名称": name}).join(wide[list(OPERATIONS.values())])


def _official_order(keys: pd.Index) -> pd.Index:
    """Types in the registry's order; everything else by its name."""
    places = {label: f"{place:02}" for place, label in enumerate(CODE_LISTS["category"].values())}
    return keys.map(lambda key: places.get(key, key))

"""对账结果: what the platform holds beside what it was told, for the officer who has to act on it. Masked, nothing in it runs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from reports.workbook import add_sheet, open_workbook
from schemas.arrow_strings import flat_strings, series_of
from schemas.durable import replace_file
from schemas.errors import StageFailed
from schemas.field_masks import mask_kind
from schemas.fields import FIELDS, Sensitivity
from schemas.masking import mask_column
from schemas.platform_profile import PlatformColumn, PlatformProfile
from schemas.platform_reconcile import Agreement

__all__ = ["ReconcileReport", "write_reconcile_workbook"]

_EMPTY = "（空）"
_HIDDEN = "***"
_OUR_NUMBER = "^[0-9]{1,14}$"
_SIDES = {"told": "我方", "held": "对方", "our_revision": "我方版本", "their_revision": "对方版本"}
_SHEETS = (
    Agreement.ONLY_OURS, Agreement.ONLY_THEIRS, Agreement.DIFFERS, Agreement.REVISION_DIFFERS, Agreement.DOUBLED,
    Agreement.CONTENT_UNKNOWN,
)  # fmt: skip
_PRESENCE = {"present": "在册", "withdrawn": "已退出", "nothing": "无"}

_MEANINGS: Mapping[Agreement, tuple[str, str]] = {
    Agreement.AGREES: ("一致", "无需处理。"),
    Agreement.ONLY_OURS: (
        "我方有对方无",
        "我方已上报在册，平台查无此人或显示已退出。请核实平台是否被人删除或退出；应在册的，执行 reconcile --reassert 重新上报。",
    ),
    Agreement.ONLY_THEIRS: (
        "对方有我方无",
        "平台在册，我方已上报退出或从未上报。我方已上报退出的，执行 reconcile --reassert 再次上报退出；从未上报的须人工核实来历。",
    ),
    Agreement.DIFFERS: ("内容不一致", "平台所存与我方上报不同。以我方为准的，执行 reconcile --reassert 重新上报；以平台为准的，请更正来源名单。"),
    Agreement.REVISION_DIFFERS: ("版本不一致", "内容相同，版本号不同，一般无需处理；平台版本较高的，执行 reconcile --reassert 对齐版本。"),
    Agreement.CONTENT_UNKNOWN: ("内容无法比对", "双方均在册，但上报内容未留存或平台未提供内容，只核对了是否在册。"),
    Agreement.DOUBLED: ("对方重复", "平台对同一人列出多条，请在平台合并或删除多余记录后再对账。"),
    Agreement.ON_ITS_WAY: ("在途", "尚有变更待上报或结果未明，本次不作比对。"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ReconcileReport:
    """What the workbook is made of.

    Attributes:
        profile: the platform's format.
        at: when its list was read.
        people: ``person bin told held our_revision their_revision``.
        differs: ``person header ours theirs``.
        known: ``person name village`` of those who are not in order, as far as either side says.
        listed: records the platform listed, by ``present`` and ``withdrawn``.
        adopted: people in whom a value of the platform's stands.
    """

    profile: PlatformProfile
    at: datetime
    people: pd.DataFrame = field(repr=False)
    differs: pd.DataFrame = field(repr=False)
    known: pd.DataFrame = field(repr=False)
    listed: Mapping[str, int]
    adopted: int


def write_reconcile_workbook(report: ReconcileReport, to: Path) -> None:
    """Writes the workbook whole or not at all, mode 0600.

    Raises:
        StageFailed: the disk is full or the folder not writable.
    """
    sheets = {"汇总": _summary(report)}
    for place in _SHEETS:
        rows = _differences(report) if place is Agreement.DIFFERS else _people(report, place)
        sheets[_MEANINGS[place][0]] = rows
    try:
        with replace_file(to) as temporary, open_workbook(temporary) as book:
            for name, frame in sheets.items():
                add_sheet(book, name, frame)
    except OSError as error:
        problem = error.strerror or type(error).__name__
    else:
        return
    raise StageFailed(f"the workbook of the comparison cannot be written: {problem}")


def _summary(report: ReconcileReport) -> pd.DataFrame:
    found = report.people["bin"].value_counts().to_dict()
    rows: list[tuple[str, int | None, str]] = [
        (label, int(found.get(str(place), 0)), advice) for place, (label, advice) in _MEANINGS.items()
    ]
    rows += [
        ("合计", len(report.people), "以上各项之和，等于双方所有人员（每人只计一次）。"),
        ("平台列出：在册", report.listed.get("present", 0), "条"),
        ("平台列出：已退出", report.listed.get("withdrawn", 0), "条"),
        ("采用平台值", report.adopted, "人；这些列按规则以平台为准，不算不一致。"),
        ("对账时间", None, report.at.strftime("%Y-%m-%d %H:%M:%S %z")),
        ("平台", None, report.profile.label),
    ]
    table = pd.DataFrame(rows, columns=["项目", "人数", "说明"])
    return table.astype({"项目": "str", "人数": "Int64", "说明": "str"})


def _people(report: ReconcileReport, place: Agreement) -> pd.DataFrame:
    people = report.people[report.people["bin"] == place]
    people = people.assign(**{side: people[side].map(_PRESENCE).astype("str") for side in ("told", "held")})
    return _in_order(_named(people, report))[["人员编号", "姓名", "村", *_SIDES]].rename(columns=_SIDES)


def _differences(report: ReconcileReport) -> pd.DataFrame:
    columns = {column.header: column for column in report.profile.columns}
    parts = [
        rows.assign(
            ours=_shown(rows["ours"], columns[str(header)]), theirs=_shown(rows["theirs"], columns[str(header)])
        )
        for header, rows in report.differs.groupby("header", sort=False)
    ]
    rows = pd.concat([report.differs.head(0), *parts])
    labels = {"header": "字段", "ours": "我方", "theirs": "对方"}
    return _in_order(_named(rows, report))[["人员编号", "姓名", "村", *labels]].rename(columns=labels)


def _named(rows: pd.DataFrame, report: ReconcileReport) -> pd.DataFrame:
    """With number, name and village as they may be shown; the platform's own word for a person may be anything."""
    rows = rows.merge(report.known.drop_duplicates("person"), on="person", how="left", sort=False)
    is_number = rows["person"].str.fullmatch(_OUR_NUMBER)
    number = rows["person"].where(is_number, mask_column(rows["person"], "id_number")).astype("str")
    return rows.assign(
        人员编号=number, 姓名=mask_column(rows["name"], "name"), 村=mask_column(rows["village"], "place")
    )


def _in_order(rows: pd.DataFrame) -> pd.DataFrame:
    """By village, then number as numbers count."""
    order = pd.DataFrame(
        {"village": rows["村"].fillna(""), "length": rows["person"].str.len(), "person": rows["person"]}
    )
    return rows.loc[order.sort_values(["village", "length", "person"], kind="stable").index]


def _shown(cells: pd.Series, column: PlatformColumn) -> pd.Series:
    """Cells of one column as an officer may see them: codes in words, identifying texts masked, other sensitive ones hidden.

    Their side may hold anything in any column, so what does not look like its column is hidden too.
    """
    field = FIELDS.get(column.field)
    if column.type == "code" and column.codes:
        shown = _in_words(cells, column)
    elif field is not None and (kind := mask_kind(column.field)):
        shown = mask_column(cells, kind)
    elif field is None or field.sensitivity is Sensitivity.SENSITIVE:
        shown = pd.Series(_HIDDEN, index=cells.index, dtype="str")
    elif field.kind in {"number", "division"}:
        shown = cells.where(cells.str.fullmatch(_OUR_NUMBER), _HIDDEN)
    else:
        shown = mask_column(cells, "date" if field.kind == "date" else "text")
    return shown.where(cells != "", _EMPTY).astype("str")


def _in_words(cells: pd.Series, column: PlatformColumn) -> pd.Series:
    """Codes as our labels; what is no code of the profile's may be anything and is hidden."""
    meanings: dict[str, str] = {}
    for word, code in column.codes.items():
        meanings.setdefault(code, column.labels[word])

    def label(cell: str) -> str:
        codes = cell.split(column.separator) if column.separator else [cell]
        return "、".join(meanings.get(code, _HIDDEN) for code in codes)

    encoded = flat_strings(cells).dictionary_encode()
    words = pa.array([label(cell) for cell in encoded.dictionary.to_pylist()], pa.large_string())
    return series_of(words.take(pc.fill_null(encoded.indices, 0)) if len(words) else words, cells)

"""What the night's page and workbook show, counted from the report's plain data: tables, sentences, charts.

Every number a reader can add up is added up here; looks are the template's business.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pandas as pd

from reports import charts
from reports.causes import by_cause, counted, ranked
from reports.figures import figure_values
from reports.findings_data import MOST_FINDINGS
from reports.listing import Listing
from reports.page_words import EMPTY_NOTHING_TO_DO, FINDING_LABELS, SEVERITY_WORDS, STATUS_WORDS
from schemas.finding_states import FindingState, state_in_words
from schemas.reading_notes import NOTE_LABELS, ReadingNoteKind

if TYPE_CHECKING:
    from reports.night import NightReport, SourceLine

__all__ = ["FINDINGS_SHEET", "funnel_row", "listed", "nights_shown", "page_values", "trend_charts", "workbook_sheets"]

STAGE_WORDS: Mapping[str, str] = {
    "receive": "接收", "read": "读取", "standardise": "标准化", "identify": "识别", "judge": "校验", "validate": "校验",
    "deduplicate": "去重", "merge": "合并", "compare": "比对", "plan": "推送计划", "apply": "入库", "push": "推送",
    "render": "生成推送文件", "reconcile": "对账", "report": "生成报告",
}  # fmt: skip
PUSH_WORDS: Mapping[str, str] = {
    "planned": "计划", "sent": "已发出", "accepted": "已接收", "rejected": "被退回", "unknown": "结果不明", "waiting": "等待",
}  # fmt: skip
CHANGE_WORDS: Mapping[str, str] = {
    "new": "新增",
    "changed": "变更",
    "withdrawn": "退出",
    "unchanged": "未变",
    "total": "在册总数",
}
PARTS: Mapping[str, str] = {"admitted": "纳入", "held": "暂缓", "duplicate": "重复", "blank": "空白"}

NIGHTS_SHOWN = 30
FINDINGS_SHEET = "问题清单"
_SENTENCES: Mapping[str, str] = {
    "green": "运行正常完成，" + EMPTY_NOTHING_TO_DO,
    "yellow": "运行已完成，有事项等待处理。",
    "red": "运行没有成功，请先处理下列原因。",
}
_READING_LABELS: Mapping[str, str] = {
    "source_label": "来源", "delivery": "文件", "sheet": "工作表", "words": "说明", "rows": "行号", "count": "数量", "column": "列",
    "seen": "内容",
}  # fmt: skip


def page_values(report: NightReport, listing: Listing) -> dict[str, Any]:
    """Everything the template names beside the report itself and its list."""
    return {
        "sentence": _SENTENCES[report.status],
        "run_seconds": max((report.finished_at - report.started_at).total_seconds(), 0.0),
        "row_parts": PARTS,
        "funnel": [funnel_row(line) for line in report.sources],
        "total": _total_row(report),
        "household_difference": _household_difference(report),
        "changes": [(word, report.elders.get(key, 0), key) for key, word in CHANGE_WORDS.items()],
        "categories": charts.with_bars(report.categories),
        "push": [(word, report.push.get(key, 0), key) for key, word in PUSH_WORDS.items()],
        "files": [(name.rsplit("/", 1)[-1], "./" + quote(name, safe="/")) for name in report.files],
        "waiting": waiting(report),
        "reading": _reading(report).to_dict("records"),
        "finding_total": len(listing),
        "finding_most": MOST_FINDINGS,
        "severity_counts": {key: listing.count("severity", key) for key in SEVERITY_WORDS},
        "by_source": counted(listing, ["source", "source_label"]),
        "by_village": villages_compared(listing),
        "causes": by_cause(listing),
        "states": listing.tally("state"),
        "figures": figure_values(report.figures),
        "charts": trend_charts(report.trend),
        "nights": nights_shown(report.trend).to_dict("records"),
        "stages": charts.with_bars(
            [(STAGE_WORDS.get(name, name), seconds) for name, seconds in report.seconds.items()]
        ),
    }


def waiting(report: NightReport) -> list[tuple[str, str, str]]:
    """What waits for a person, gravest first, as (lamp, what, what to do)."""
    items: list[tuple[str, str, str]] = []
    findings = report.findings
    items += [
        ("red" if line.status == "red" else "yellow", f"{line.label}：{line.message}", "")
        for line in report.sources
        if line.status in {"yellow", "red", "absent"} and line.message
    ]
    for line in report.sources:
        if line.held:
            blocking = findings[(findings["source"] == line.name) & findings["severity"].isin(["reject", "hold"])]
            causes = "、".join(
                f"{label} {count:,} 条" for label, count in blocking["label"].value_counts().head(3).items()
            )
            hint = "退回的请报送单位更正后重新报送，待定的由业务人员核定。"
            items.append(("yellow", f"{line.label}：{line.held:,} 行暂缓，未纳入登记，也不推送。", _join(causes, hint)))
    again = findings.loc[findings["state"] == FindingState.REOPENED, "times_returned"]
    if len(again):
        third = int((again >= 2).sum())
        what = (
            f"{len(again):,} 处退回后又报来，仍未更正" + (f"，其中 {third:,} 处已退回两次以上" if third else "") + "。"
        )
        items.append(("yellow", what, "请再次退回（eldersync returns），并与报送单位联系。"))
    if report.household is not None and report.household.held:
        items.append(("yellow", f"家庭成员：{report.household.held:,} 行暂缓，没有对应到服务对象。", ""))
    for key, what, hint in (
        ("rejected", "条变更被省平台退回。", "请按退回原因更正，更正后自动再次推送。"),
        ("unknown", "条推送结果不明。", "核对之前不会重复推送。"),
        ("waiting", "条变更等待推送。", "下次运行时写入平台文件；缺必填项的，补齐后再报送。"),
    ):
        if report.push.get(key, 0):
            items.append(("yellow", f"{report.push[key]:,} {what}", hint))
    return items


def listed(findings: pd.DataFrame) -> pd.DataFrame:
    """The findings, gravest first, their states in officers' words: how often they were returned is among them."""
    ordered = ranked(findings)
    times = ordered["times_returned"].fillna(0).astype("int64")
    pairs = pd.DataFrame({"state": ordered["state"], "times": times})
    words = {
        pair: state_in_words(str(pair[0]), int(pair[1]))
        for pair in pairs.drop_duplicates().itertuples(index=False, name=None)
    }
    said = pd.MultiIndex.from_frame(pairs).map(words)
    return ordered.assign(state=pd.Series(said, index=ordered.index, dtype="str"))


def villages_compared(listing: Listing) -> list[dict[str, Any]]:
    """Findings by village, the most first, with ``percent`` of the most."""
    rows = counted(listing, ["town", "village"])
    most = max((row["total"] for row in rows), default=1)
    return [{**row, "percent": round(100 * row["total"] / most, 1)} for row in rows]


def workbook_sheets(report: NightReport) -> dict[str, tuple[pd.DataFrame, Mapping[str, str]]]:
    """The sheets of ``findings.xlsx``: name to rows and headers; findings with their ``evidence`` beside what is shown."""
    findings = listed(report.findings)
    findings = findings.assign(severity=_worded(findings["severity"], SEVERITY_WORDS))
    return {
        "概况": (_summary(report, findings), {"what": "项目", "count": "数量", "words": "说明"}),
        "每个来源的漏斗": (
            _funnel_frame(report),
            {"label": "来源", "body": "提供单位", "status": "状态", "deliveries": "报送份数", "received": "收到", **PARTS,
             "difference": "相差", "message": "说明"},
        ),
        FINDINGS_SHEET: (findings[[*FINDING_LABELS, "evidence"]], FINDING_LABELS),
        "文件读取说明": (_reading(report), _READING_LABELS),
    }  # fmt: skip


def _reading(report: NightReport) -> pd.DataFrame:
    """How files were read, a note a row, in officers' words."""
    if report.reading is None:
        return pd.DataFrame(columns=list(_READING_LABELS))
    words = {kind.value: NOTE_LABELS[kind] for kind in ReadingNoteKind}
    worded = report.reading.assign(words=report.reading["kind"].map(words))
    return worded[list(_READING_LABELS)].reset_index(drop=True)


def _worded(values: pd.Series, words: Mapping[str, str]) -> pd.Series:
    return values.replace(dict(words))


def _join(*sentences: str) -> str:
    return "。".join(sentence.rstrip("。") for sentence in sentences if sentence) + "。"


def _difference(line: SourceLine) -> int:
    return line.received - line.admitted - line.held - line.duplicate - line.blank


def funnel_row(line: SourceLine) -> dict[str, Any]:
    """A source's line of the funnel: what is not accounted for, and the parts of its bar."""
    counts = [line.admitted, line.held, line.duplicate, line.blank]
    return {"line": line, "difference": _difference(line), "bar": list(zip(PARTS, charts.shares(counts), strict=True))}


def _total_row(report: NightReport) -> dict[str, Any]:
    sums = {key: sum(getattr(line, key) for line in report.sources) for key in ("deliveries", "received", *PARTS)}
    bar = list(zip(PARTS, charts.shares([sums[key] for key in PARTS]), strict=True))
    return {**sums, "difference": sums["received"] - sum(sums[key] for key in PARTS), "bar": bar}


def _household_difference(report: NightReport) -> int:
    home = report.household
    return 0 if home is None else home.received - home.linked - home.held - home.blank


def nights_shown(trend: pd.DataFrame) -> pd.DataFrame:
    """The newest nights of a trend, oldest first: ``night`` and whole numbers."""
    nights = trend.sort_values(["business_date", "run_id"], kind="stable").tail(NIGHTS_SHOWN)
    numbers = nights.drop(columns="business_date").fillna(0).astype("int64")
    days = [f"{day:%Y-%m-%d}" for day in pd.to_datetime(nights["business_date"])]
    return numbers.assign(night=days)


def trend_charts(trend: pd.DataFrame) -> list[charts.Lines | charts.Bars]:
    """Charts of the newest nights: rows, findings, elders, changes."""
    rows = nights_shown(trend)
    if rows.empty:
        return []
    nights = [night[5:] for night in rows["night"]]
    value = {column: rows[column].tolist() for column in rows.columns if column != "night"}
    return [
        charts.lines("收到与纳入（行）", nights, {"收到": (3, value["received"]), "纳入": (0, value["admitted"])}, from_zero=True),
        charts.lines("暂缓（行）与问题（条）", nights, {"问题": (2, value["findings"]), "暂缓": (1, value["held"])}, from_zero=True),
        charts.lines("在册老年人（人）", nights, {"在册": (0, value["elders_total"])}, from_zero=False),
        charts.change_bars(
            "每次变化（人）", nights,
            {"新增": (0, value["new"]), "变更": (3, value["changed"]), "退出": (1, value["withdrawn"])},
        ),
    ]  # fmt: skip


def _summary(report: NightReport, findings: pd.DataFrame) -> pd.DataFrame:
    total = _total_row(report)
    rows: list[tuple[str, int | None, str | None]] = [
        ("运行编号", report.run_id, None),
        ("业务日期", None, report.business_date.isoformat()),
        ("开始时间", None, f"{report.started_at:%Y-%m-%d %H:%M:%S}"),
        ("结束时间", None, f"{report.finished_at:%Y-%m-%d %H:%M:%S}"),
        ("状态", None, f"{STATUS_WORDS[report.status]}：{_SENTENCES[report.status]}"),
        *(("原因", None, reason) for reason in report.status_reasons),
        ("收到", total["received"], "行"),
        *((word, total[key], "行") for key, word in PARTS.items()),
        *((word, report.elders.get(key, 0), "人") for key, word in CHANGE_WORDS.items()),
        *((f"其中：{label}", count, "人（一人可属多类）") for label, count in report.categories),
        *((f"推送：{word}", report.push.get(key, 0), "条") for key, word in PUSH_WORDS.items()),
        ("问题", len(findings), "条"),
        *((f"其中：{state}", int(count), "条") for state, count in findings["state"].value_counts().items()),
        *(
            (f"用时：{STAGE_WORDS.get(name, name)}", None, f"{seconds:.1f} 秒")
            for name, seconds in report.seconds.items()
        ),
    ]
    frame = pd.DataFrame(rows, columns=["what", "count", "words"])
    return frame.assign(count=frame["count"].astype("Int64"))


def _funnel_frame(report: NightReport) -> pd.DataFrame:
    columns = ["label", "body", "status", "deliveries", "received", *PARTS, "difference", "message"]
    rows = [
        (line.label, line.body_label, STATUS_WORDS.get(line.status, line.status), line.deliveries, line.received,
         line.admitted, line.held, line.duplicate, line.blank, _difference(line), line.message)
        for line in report.sources
    ]  # fmt: skip
    total = _total_row(report)
    rows.append(("合计", "", "", *(total[key] for key in ("deliveries", "received", *PARTS, "difference")), ""))
    return pd.DataFrame(rows, columns=columns)

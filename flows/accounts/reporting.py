"""Stage ``report``: what the night came to, as a summary in the ledger, pages and a workbook."""

from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import sqlalchemy as sa

from flows.accounts.report_site import Site, missing_pages, night_site, write_front, write_site
from flows.accounts.reported_findings import Reported, reported
from flows.context import Home, Night, open_registry
from registry import runs
from registry.elders import category_counts
from registry.engine import transaction
from registry.findings import findings_of_run
from reports.night import HouseholdLine, NightReport, SourceLine
from schemas.codes import CODE_LISTS
from schemas.configuration import Configuration, load_configuration
from schemas.errors import ConfigurationInvalid
from schemas.fields import FIELDS
from schemas.finding_states import AWAITING
from schemas.findings import Finding

__all__ = ["SOURCE_STATUS", "is_reported", "push_reasons", "report_path", "summary_of", "write_report"]

SOURCE_STATUS = {
    "taken": "green", "unchanged": "green", "none": "absent", "held": "yellow", "refused": "yellow", "failed": "red",
}  # fmt: skip
_OF_THE_PUSH = (Finding.PLATFORM_REJECTED, Finding.PLATFORM_UNKNOWN_OUTCOME)
COUNTED = ("received", "admitted", "held", "duplicate", "blank")


def write_report(night: Night, connection: sa.Connection) -> dict[str, Any]:
    """Gives the night its status and summary, and writes its page and workbook.

    Returns:
        The summary, which ``run --json`` prints.
    """
    findings = findings_of_run(connection, night.run_id)
    summary = summary_of(night, connection, findings)
    runs.finish_run(
        connection, night.run_id, status=summary["status"], at=night.now(), summary=summary, stopped_by=None
    )
    _write(night.home, night.configuration, connection, night.run_id, findings)
    return summary


def report_path(home: Path, config: Path, run_id: int) -> Path:
    """The page of a finished run; its pages are written again where one of them, or the front page, is gone.

    Raises:
        ConfigurationInvalid: there is no such run, or it did not finish.
    """
    configuration = load_configuration(config)
    rooms = Home(home.expanduser().resolve())
    with open_registry(rooms, configuration) as engine, transaction(engine) as connection:
        if runs.run_record(connection, run_id) is None:
            raise ConfigurationInvalid(f"there is no run {run_id}; `eldersync runs` lists them")
        folder = rooms.reports(run_id)
        if (rooms.path / "reports" / "index.html").is_file() and not missing_pages(folder):
            return folder / "index.html"
        return _write(rooms, configuration, connection, run_id, findings_of_run(connection, run_id))


def _write(
    home: Home, configuration: Configuration, connection: sa.Connection, run_id: int, findings: pd.DataFrame
) -> Path:
    """The pages of a run, and the front page: of the newest run, whichever was written."""
    site = _site(configuration, connection, run_id, findings)
    page = write_site(site, home.reports(run_id))
    newest = max((record["run_id"] for record in runs.runs(connection) if is_reported(record)), default=run_id)
    if newest == run_id:
        write_front(home, configuration, connection, site)
    elif not (home.path / "reports" / "index.html").is_file():
        of_newest = _site(configuration, connection, newest, findings_of_run(connection, newest))
        write_front(home, configuration, connection, of_newest)
    return page


def _site(configuration: Configuration, connection: sa.Connection, run_id: int, findings: pd.DataFrame) -> Site:
    record = runs.run_record(connection, run_id)
    if record is None or not is_reported(record):
        raise ConfigurationInvalid(f"run {run_id} did not finish; `eldersync show {run_id}` says why")
    found = reported(connection, configuration, run_id, findings)
    report = _report(configuration, connection, record, found)
    return night_site(connection, configuration, report, found, record["rules_digest"])


def is_reported(record: sa.RowMapping) -> bool:
    """Whether a run of the ledger is a night that finished, of which there is something to report."""
    return bool(record["summary"]) and "sources" in record["summary"]


def summary_of(night: Night, connection: sa.Connection, findings: pd.DataFrame) -> dict[str, Any]:
    """The night in figures: the object of ``run --json``."""
    recorded = runs.stages(connection, night.run_id)
    record = runs.run_record(connection, night.run_id)
    assert record is not None  # noqa: S101
    merged = recorded["merge", ""].result
    pushed = recorded["push", ""].result
    sources = [
        {"name": name, "status": _source_status(line), "deliveries": line["deliveries"],
         **{part: line[part] for part in COUNTED}, "message": line["message"], "members": line["members"]}
        for name in record["requested"]["sources"] for line in [merged["accounts"][name]]
    ]  # fmt: skip
    counts = findings.loc[findings["state"].isin(list(AWAITING)), "severity"].value_counts()
    severities = {severity: int(counts.get(severity, 0)) for severity in ("reject", "hold", "warn", "note")}
    reasons = _reasons(night, sources, findings[findings["state"].isin(list(AWAITING))], merged, pushed)
    return {
        "run_id": night.run_id,
        "business_date": night.business_date.isoformat(),
        "status": "yellow" if reasons else "green",
        "reasons": reasons,
        "sources": sources,
        "elders": merged["elders"],
        "findings": severities,
        "push": {name: pushed[name] for name in ("planned", "sent", "accepted", "rejected", "unknown", "waiting")},
        "files": pushed["files"],
        "report": str(night.home.reports(night.run_id) / "index.html"),
        "seconds": {
            f"{stage}:{source}" if source else stage: round(record.seconds, 3)
            for (stage, source), record in recorded.items()
        },
    }


def _source_status(line: dict[str, Any]) -> str:
    return "yellow" if line["needs_a_look"] else SOURCE_STATUS[line["status"]]


def _reasons(
    night: Night, sources: list[dict[str, Any]], awaiting: pd.DataFrame, merged: dict[str, Any], pushed: dict[str, Any]
) -> list[str]:
    """Why the night is not green: sentences in Chinese, in the order of weight.

    What the platform refused, or nobody knows the outcome of, is in the registry: the push has sentences of its own for it.
    """
    of_records = awaiting.loc[~awaiting["code"].isin([str(code) for code in _OF_THE_PUSH]), "severity"].value_counts()
    refused = int((awaiting["code"] == str(Finding.PLATFORM_REJECTED)).sum())
    pushed = {**pushed, "rejected": max(pushed["rejected"], refused)}
    labels = {name: source.label for name, source in night.configuration.sources.items()}
    reasons = [f"{labels[line['name']]}：{line['message']}" for line in sources if line["status"] in {"yellow", "red"}]
    if rejected := int(of_records.get("reject", 0)):
        reasons.append(f"{rejected} 处问题须退回来源单位更正，有关记录暂不入库。")
    if held := int(of_records.get("hold", 0)):
        reasons.append(f"{held} 处问题待工作人员核定，有关记录暂不入库。")
    return [*reasons, *_identity_reasons(merged), *push_reasons(pushed)]


def _identity_reasons(merged: dict[str, Any]) -> list[str]:
    """What waits of who is who, and which decisions no longer hold."""
    reasons = []
    if waiting := merged.get("cases", {}).get("open", 0):
        reasons.append(f"{waiting} 个人员身份问题待核定（eldersync decide list）。")
    if retired := merged.get("overrides_retired", 0):
        reasons.append(f"{retired} 项人工核定因来源改报已失效，现按来源数据登记（eldersync decide list --all）。")
    if left_out := merged.get("pairs", {}).get("left_out", 0):
        reasons.append(f"{left_out} 对人员因同名同处者过多未作比对，可能有重复登记未能发现。")
    return reasons


def push_reasons(pushed: dict[str, Any]) -> list[str]:
    """Why a push waits for a person, in sentences."""
    reasons = [brake["words"] for brake in pushed["brakes"]]
    if pushed["told_elsewhere"]:
        reasons.append(pushed["told_elsewhere"])
    if pushed["stopped_by"]:
        reasons.append(f"省级平台未按约定应答，已停止上报，须查明原因：{pushed['stopped_by']}")
    if pushed["is_away"]:
        reasons.append("省级平台连续无应答，变更已留存，恢复后继续上报（eldersync push）。")
    elif pushed["not_yet_taken"] and not pushed["stopped_by"]:
        reasons.append(f"省级平台暂未受理 {pushed['not_yet_taken']} 人的变更，已留存，稍后继续上报（eldersync push）。")
    if pushed["rejected"]:
        reasons.append(f"省级平台退回 {pushed['rejected']} 人，原因见问题清单，由来源单位更正。")
    if unknown := pushed["unknown"] - pushed["held"]:
        reasons.append(f"{unknown} 人的上报尚无结果，到时自动向省级平台查询（eldersync push）。")
    if pushed["without_answer"]:
        reasons.append(
            f"{pushed['without_answer']} 人的变更报出后没有结果（逾两周，或报出后换了上报方式），请导入平台的结果文件或向平台查询（eldersync push status）。"
        )
    if pushed["held"]:
        reasons.append(f"{pushed['held']} 人的上报结果无法确认，须人工核实（eldersync push status）。")
    return [
        *reasons,
        *(
            f"{lack['count']} 人缺少平台必填项“{lack['header']}”或填写不合要求，暂未报送。"
            for lack in pushed["incomplete"]
        ),
    ]


def _report(
    configuration: Configuration, connection: sa.Connection, record: sa.RowMapping, found: Reported
) -> NightReport:
    summary, zone = record["summary"], ZoneInfo(configuration.bureau.timezone)
    members = [line["members"] for line in summary["sources"] if line["members"]]
    household = {part: sum(line[part] for line in members) for part in ("received", "linked", "held", "blank")}
    bodies = configuration.bureau.bodies
    return NightReport(
        run_id=record["run_id"],
        business_date=record["business_date"],
        started_at=record["started_at"].astimezone(zone),
        finished_at=record["finished_at"].astimezone(zone),
        status=summary["status"],
        status_reasons=summary["reasons"],
        sources=[
            SourceLine(
                name=line["name"], label=configuration.sources[line["name"]].label,
                body_label=bodies[configuration.sources[line["name"]].body], status=line["status"],
                deliveries=line["deliveries"], message=line["message"], **{part: line[part] for part in COUNTED},
            )
            for line in summary["sources"]
        ],
        household=HouseholdLine(**household) if members else None,
        elders=summary["elders"],
        categories=[(CODE_LISTS["category"][code], count) for code, count in category_counts(connection).items()],
        push=summary["push"],
        files=[f"../../{name}" for name in summary["files"]],
        findings=found.findings,
        context=found.context,
        reading=_reading(configuration, connection, record["run_id"]),
        trend=_trend(connection, record["run_id"]),
        seconds=summary["seconds"],
    )  # fmt: skip


def _reading(configuration: Configuration, connection: sa.Connection, run_id: int) -> pd.DataFrame | None:
    """How the files in force after a run, and those it set aside, were read; columns of ``READING_COLUMNS``."""
    deliveries: set[int] = set()
    for (stage, _), record in runs.stages(connection, run_id).items():
        if stage == "receive":
            deliveries.update(record.result.get("take", {}).values())
        elif stage == "take":
            deliveries.update(record.result.get("standing", {}).get("deliveries", ()))
    notes = runs.reading_notes(connection, sorted(deliveries))
    if not notes:
        return None
    frame = pd.DataFrame(notes)
    labels = {name: source.label for name, source in configuration.sources.items()}
    column = frame["field"].map({name: field.label for name, field in FIELDS.items()}).fillna("")
    return frame.assign(source_label=frame["source"].map(labels).fillna(frame["source"]), column=column)


def _trend(connection: sa.Connection, run_id: int) -> pd.DataFrame:
    """The nights up to a run that finished, it among them; those that were taken back are left out."""
    finished = [
        record
        for record in runs.runs(connection, limit=60)
        if record["summary"]
        and record["kind"] == "night"
        and record["run_id"] <= run_id
        and (record["undone_by"] is None or record["run_id"] == run_id)
    ]
    nights = [record["summary"] for record in finished]
    return pd.DataFrame(
        {
            "business_date": pd.to_datetime([night["business_date"] for night in nights]).date,
            "run_id": [night["run_id"] for night in nights],
            **{
                part: [sum(s[part] for s in night["sources"]) for night in nights]
                for part in ("received", "admitted", "held")
            },
            "findings": [sum(night["findings"].values()) for night in nights],
            "elders_total": [night["elders"]["total"] for night in nights],
            **{part: [night["elders"][part] for night in nights] for part in ("new", "changed", "withdrawn")},
        }
    )

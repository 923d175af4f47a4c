"""Findings about files, and the sentences that say what became of a source tonight."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import pandas as pd
import sqlalchemy as sa

from connectors.reading import DeliveryContents
from flows.context import Night
from flows.intake.signatures import column_notes
from registry.findings import add_findings
from registry.runs import record_reading
from schemas.findings import Finding
from schemas.masking import mask_column
from schemas.rules_catalogue import rule_version
from transforms.brake import Shrinkage

__all__ = [
    "NOTHING_CAME",
    "NOTHING_CHANGED",
    "SAME_AS_BEFORE",
    "note_files",
    "note_reading",
    "note_repeated",
    "note_shrunk",
    "refusal",
    "server_failed",
    "shrunk",
    "stale",
    "still_arriving",
    "taken_back",
]

NOTHING_CAME = "收件夹中没有文件，沿用上次名单。"
NOTHING_CHANGED = "来源单位没有新的变动，沿用上次名单。"
SAME_AS_BEFORE = "文件与此前收到的相同，沿用上次名单。"


def refusal(count: int) -> str:
    """Why a source's files were not used."""
    return f"{count} 个文件无法使用（见问题清单），沿用上次名单。"


def still_arriving(count: int) -> str:
    """Why a source's files were not used although they are good."""
    return f"另有 {count} 个文件尚未传完，名单不全，收齐后一并采用；沿用上次名单。"


def stale(days: int, agreed: int) -> str:
    """That a list in force is older than agreed."""
    return f"名单已 {days} 天没有更新，超过约定的 {agreed} 天，请催报；沿用上次名单。"


def server_failed(problem: str) -> str:
    """That a source's server brought nothing, and the file dropped by hand was used."""
    return f"对方服务器未能取件（{problem}），已采用手工放入的文件。"


def taken_back(count: int, undone_run: int) -> str:
    """That lists lie there which were taken back with a night, and what to do."""
    return (
        f"{count} 份名单已随第 {undone_run} 次运行撤销，未采用：名单有误的，请来源单位重报；核实无误的，"
        f"执行 eldersync retake {undone_run}，下一次运行采用。"
    )


def shrunk(shrinkage: Shrinkage) -> str:
    """Why the brake holds a list, in numbers."""
    if shrinkage.village is not None:
        village = _shown_village(shrinkage.village)
        return (
            f"{village}原有 {shrinkage.village_before} 人，本次名单将减少 {shrinkage.village_lost} 人，超过限度；"
            "本次名单暂缓采用，沿用上次名单。"
        )
    return f"原有 {shrinkage.before} 人，本次名单将减少 {shrinkage.lost} 人，超过限度；本次名单暂缓采用，沿用上次名单。"


def _shown_village(scope: str) -> str:
    """A village of ``flows.intake.scopes`` as officers may read it."""
    if scope.startswith("?"):
        return "未写明村（居）的"
    return "".join(mask_column(pd.Series(scope.split("/"), dtype="str"), "place"))


def note_shrunk(
    night: Night, connection: sa.Connection, source: str, delivery_ids: list[int], shrinkage: Shrinkage
) -> None:
    """Notes on each delivery that the brake holds it."""
    seen = (
        f"{shrinkage.village_lost}/{shrinkage.village_before}"
        if shrinkage.village
        else f"{shrinkage.lost}/{shrinkage.before}"
    )
    _note(night, connection, source, [
        {"delivery_id": delivery_id, "code": Finding.DELIVERY_SHRUNK, "seen": seen} for delivery_id in delivery_ids
    ])  # fmt: skip


def note_repeated(night: Night, connection: sa.Connection, source: str, repeated: dict[str, int]) -> None:
    """Notes files that came before, byte for byte."""
    _note(night, connection, source, [
        {"delivery_id": delivery_id, "code": Finding.DELIVERY_REPEATED} for delivery_id in repeated.values()
    ])  # fmt: skip


def note_files(night: Night, connection: sa.Connection, source: str, contents: dict[int, DeliveryContents]) -> None:
    """Notes what reading found about files, headers and lines."""
    _note(night, connection, source, [
        {
            "delivery_id": delivery_id, "sheet": found.sheet or None, "row_number": found.row_number, "code": found.code,
            "header": found.seen if found.code.startswith("column-") else None, "field": found.field, "seen": found.seen or None,
        }
        for delivery_id, content in contents.items() for found in content.findings
    ])  # fmt: skip


def note_reading(connection: sa.Connection, contents: dict[int, DeliveryContents]) -> None:
    """Keeps how each file was read, refused ones included."""
    for delivery_id, content in contents.items():
        notes = [*content.notes, *column_notes(content)]
        record_reading(connection, delivery_id, [asdict(note) for note in notes])


def _note(night: Night, connection: sa.Connection, source: str, found: Sequence[dict[str, Any]]) -> None:
    found = [row for row in found if night.configuration.rules.is_on(Finding(row["code"]))]
    if not found:
        return
    columns = ("delivery_id", "sheet", "row_number", "header", "field", "code", "seen")
    frame = pd.DataFrame([{name: row.get(name) for name in columns} for row in found])
    frame["severity"] = [str(night.configuration.rules.severity(Finding(row["code"]))) for row in found]
    frame["rule"] = [rule_version(Finding(row["code"]), night.configuration.rules) for row in found]
    frame["code"] = [str(row["code"]) for row in found]
    types = {
        name: "Int64" if name in {"delivery_id", "row_number"} else "str" for name in [*columns, "severity", "rule"]
    }
    add_findings(connection, night.run_id, "file", source, frame.astype(types))

"""Stage ``take``: a source's deliveries become rows in force, unless they cannot be read or the brake holds them.

Only rows that are new to the registry are standardised and judged, and rows on which the calendar or changed rules
have turned a judgement.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from connectors.reading import DeliveryContents, TableContents
from flows.context import Night
from flows.deliveries import Kept, combined, read
from flows.households import take_members
from registry.findings import add_findings, end_file_findings
from registry.runs import last_done_run, run_record, set_delivery_state, stages
from registry.statements import add_rows, current_rows, end_rows, kept_places, place_findings_anew
from registry.tables import source_row
from schemas.configuration import Source
from schemas.errors import ContractBroken
from schemas.fields import FIELDS
from schemas.findings import Finding
from transforms.brake import Shrinkage, measure_shrinkage
from transforms.columns import texts
from transforms.divisions import DivisionTable
from transforms.judge import JudgedRows, judge
from transforms.resend import Resent, match_rows
from transforms.standardise import standardise

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Standing", "Taken", "take"]


@dataclass(slots=True)
class Standing:
    """The account of the list in force: what the funnel shows of a source until its next delivery."""

    deliveries: list[int] = field(default_factory=list)
    received: int = 0
    blank: int = 0
    broken: int = 0
    scopes: list[str] | None = None  # villages listed, where absence counts only within a village
    row_ids: list[int] | None = None  # rows listed, where absence means nothing
    members: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Taken:
    """What became of a source tonight."""

    status: Literal["taken", "unchanged", "none", "held", "refused"]
    message: str
    deliveries: int
    standing: dict[str, Any]
    withheld: dict[str, int] = field(default_factory=dict)  # received and blank of a delivery the brake holds


def take(night: Night, connection: sa.Connection, source_name: str) -> dict[str, Any]:
    """Takes a source's deliveries of tonight; see the module. Returns :class:`Taken` as a dictionary."""
    source = night.configuration.sources[source_name]
    receipt = stages(connection, night.run_id)["receive", source_name].result
    end_file_findings(connection, night.run_id, source_name)
    _note_repeated(night, connection, source_name, receipt["repeated"])
    before_run, before = last_done_run(connection, "take", source_name, before=night.run_id)
    standing = Standing(**before.get("standing", {}))
    current = current_rows(connection, source_name)
    due = _due(night, connection, current, before_run)
    if not receipt["take"]:
        _rejudge_standing(night, connection, source, current, due)
        return asdict(_nothing_new(receipt, standing))

    files = [Kept(delivery_id, sha256) for sha256, delivery_id in receipt["take"].items()]
    contents = {file.delivery_id: read(night, source, file) for file in files}
    _note_files(night, connection, source_name, contents)
    refused = [delivery_id for delivery_id, content in contents.items() if content.refused]
    good = {delivery_id: content for delivery_id, content in contents.items() if not content.refused}
    set_delivery_state(connection, refused, "refused", night.run_id)
    if not good or (refused and source.delivers == "full" and source.full_within == "source"):
        # Part of a list is no list: what the unreadable file holds would count as gone.
        set_delivery_state(connection, list(good), "held", night.run_id)
        return asdict(Taken("refused", _refusal(len(refused)), receipt["found"], asdict(standing)))
    return asdict(_take_rows(night, connection, source, current, due, good, receipt["found"], standing))


def _nothing_new(receipt: dict[str, Any], standing: Standing) -> Taken:
    if not receipt["found"]:
        return Taken("none", "收件夹中没有文件，沿用上次名单。", 0, asdict(standing))
    return Taken("unchanged", "文件与此前收到的相同，沿用上次名单。", receipt["found"], asdict(standing))


def _refusal(count: int) -> str:
    return f"{count} 个文件无法使用（见问题清单），沿用上次名单。"


def _take_rows(
    night: Night, connection: sa.Connection, source: Source, current: pa.Table, due: "NDArray[np.bool_]",
    contents: dict[int, DeliveryContents], found: int, standing: Standing,
) -> Taken:  # fmt: skip
    mains = {delivery_id: content.tables["main"] for delivery_id, content in contents.items()}
    new = combined((delivery_id, main.table) for delivery_id, main in mains.items())
    old_hash = current["row_hash"].to_numpy()
    resent = match_rows(old_hash, new["row_hash"].to_numpy())
    again = due[resent.kept_old]
    added = np.sort(np.concatenate([resent.added, resent.kept_new[again]]))
    judged = _judge_rows(night, source, new.take(pa.array(added)))
    scopes = _scopes(source, current, resent, judged)
    ended = _ended(source, current, resent, judged, scopes)
    shrinkage = _shrinkage(night, source, current, ended, judged)
    received = sum(main.received for main in mains.values())
    blank = sum(main.blank for main in mains.values())
    if shrinkage is not None and shrinkage.is_beyond:
        _note_shrunk(night, connection, source.name, list(contents), shrinkage)
        set_delivery_state(connection, list(contents), "held", night.run_id)
        withheld = {"received": received, "blank": blank}
        return Taken("held", _shrunk(shrinkage), found, asdict(standing), withheld)

    row_id = current["row_id"].to_numpy()
    gone = np.concatenate([ended, resent.kept_old[again]])
    end_rows(connection, source_row, night.run_id, row_id[gone])
    _rejudge_standing(night, connection, source, current, due & _untouched(current, resent, ended))
    kept_old, kept_new = resent.kept_old[~again], resent.kept_new[~again]
    place_findings_anew(
        connection, night.run_id, source.name, "row",
        new.select(["delivery_id", "sheet", "row_number"]).take(pa.array(kept_new)).append_column("row_id", pa.array(row_id[kept_old])),
    )  # fmt: skip
    added_ids = _store(night, connection, source, judged)
    members = _members(night, connection, source, contents, scopes)
    set_delivery_state(connection, list(contents), "accepted", night.run_id)
    account = Standing(
        deliveries=list(contents),
        received=received,
        blank=blank,
        broken=sum(main.broken for main in mains.values()),
        scopes=scopes,
        row_ids=[*map(int, added_ids), *map(int, row_id[kept_old])] if source.delivers == "incremental" else None,
        members=members,
    )
    return Taken("taken", "", found, asdict(account))


def _members(
    night: Night, connection: sa.Connection, source: Source, contents: dict[int, DeliveryContents],
    scopes: list[str] | None,
) -> dict[str, int]:  # fmt: skip
    tables: dict[int, TableContents] = {
        delivery_id: content.tables["members"]
        for delivery_id, content in contents.items()
        if "members" in content.tables
    }
    if source.members is None or not tables:
        return {}
    return asdict(take_members(night, connection, source, tables, scopes))


def _judge_rows(night: Night, source: Source, delivered: pa.Table) -> JudgedRows:
    """Standardises and judges rows as delivered, and carries their places along."""
    fields = list(source.main.columns)
    rows = pd.DataFrame({name: texts(delivered[name]) for name in fields})
    flags = {
        name: delivered[f"{name}__number"].to_numpy()
        for name in fields
        if FIELDS[name].kind in {"id_number", "certificate"} and f"{name}__number" in delivered.column_names
    }
    divisions = DivisionTable(night.configuration.divisions)
    standardised = standardise(rows, source, divisions, today=night.business_date)
    judged = judge(standardised, flags, source, night.configuration.rules, today=night.business_date)
    scope = pd.Series(pd.array([""] * len(rows), dtype="str"))
    if source.full_within == "household_village":
        scope = judged.rows["household_town"].fillna("") + "/" + judged.rows["household_village"].fillna("")
    placed = judged.rows.assign(
        source=pd.array([source.name] * len(rows), dtype="str"),
        delivery_id=delivered["delivery_id"].to_numpy(),
        sheet=texts(delivered["sheet"]),
        row_number=delivered["row_number"].to_numpy(),
        row_hash=delivered["row_hash"].to_numpy(),
        scope=scope,
    )
    return judged._replace(rows=placed)


def _store(night: Night, connection: sa.Connection, source: Source, judged: JudgedRows) -> "NDArray[np.int64]":
    row_ids = add_rows(connection, night.run_id, judged.rows)
    at = judged.findings["position"].to_numpy()
    places = judged.rows[["delivery_id", "sheet", "row_number"]].iloc[at].reset_index(drop=True)
    headers = {name: headers[0] for name, headers in source.main.columns.items()}
    found = judged.findings.assign(row_id=row_ids[at], header=judged.findings["field"].map(headers).astype("str"))
    add_findings(connection, night.run_id, "row", source.name, pd.concat([found, places], axis=1))
    return row_ids


def _due(night: Night, connection: sa.Connection, current: pa.Table, before_run: int) -> "NDArray[np.bool_]":
    """Rows in force whose judgement the calendar or other rules may have turned."""
    before = run_record(connection, before_run) if before_run else None
    if before is not None and (
        before["rules_digest"] != night.configuration.digest or before["business_date"] > night.business_date
    ):
        return np.ones(len(current), dtype=bool)
    passed = pc.less_equal(current["recheck_on"], pa.scalar(night.business_date))
    return np.asarray(pc.fill_null(passed, False).to_numpy(), dtype=bool)  # noqa: FBT003


def _rejudge_standing(
    night: Night, connection: sa.Connection, source: Source, current: pa.Table, due: "NDArray[np.bool_]"
) -> None:
    """Judges again rows that stand without having come tonight, from their kept originals."""
    if not due.any():
        return
    places = kept_places(connection, current["row_id"].to_numpy()[due])
    parts = []
    for file in sorted({Kept(*kept) for kept in zip(places["delivery_id"], places["sha256"], strict=True)}):
        rows = places[places["delivery_id"] == file.delivery_id]
        table = read(night, source, file).tables["main"].table
        chosen = np.isin(
            _place_keys(table["row_number"], table["row_hash"]), _place_keys(rows["row_number"], rows["row_hash"])
        )
        parts.append((file.delivery_id, table.filter(pa.array(chosen))))
    found = sum(len(table) for _, table in parts)
    if found != len(places):
        raise ContractBroken(
            f"{source.name}: {len(places)} rows were to be judged again, {found} are in the kept originals"
        )
    end_rows(connection, source_row, night.run_id, current["row_id"].to_numpy()[due])
    _store(night, connection, source, _judge_rows(night, source, combined(parts)))


def _place_keys(row_numbers: Any, row_hashes: Any) -> "NDArray[np.int64]":
    """One number for a row's place and content together."""
    turned: NDArray[np.int64] = np.asarray(row_numbers, dtype=np.int64) * np.int64(0x9E3779B97F4A7C1)
    return turned ^ np.asarray(row_hashes, dtype=np.int64)


def _untouched(current: pa.Table, resent: Resent, ended: "NDArray[np.int64]") -> "NDArray[np.bool_]":
    untouched = np.ones(len(current), dtype=bool)
    untouched[resent.kept_old] = False
    untouched[ended] = False
    return untouched


def _scopes(source: Source, current: pa.Table, resent: Resent, judged: JudgedRows) -> list[str] | None:
    """The villages tonight's files list; ``None`` where the whole source is one list."""
    if source.full_within == "source":
        return None
    kept = current["scope"].take(pa.array(resent.kept_old)).unique().to_pylist()
    return sorted({*kept, *judged.rows["scope"].unique()})


def _ended(
    source: Source, current: pa.Table, resent: Resent, judged: JudgedRows, scopes: list[str] | None
) -> "NDArray[np.int64]":
    """Which rows in force no longer are: those a full list leaves out, those an increment replaces."""
    if source.delivers == "incremental":
        replaced = np.isin(current["id_key"].fill_null(-1).to_numpy()[resent.ended], judged.rows["id_key"].dropna())
        superseded: NDArray[np.int64] = resent.ended[replaced]
        return superseded
    if scopes is None:
        return resent.ended
    listed = pc.is_in(current["scope"], pa.array(scopes, pa.large_string())).to_numpy()
    missing: NDArray[np.int64] = resent.ended[np.asarray(listed, dtype=bool)[resent.ended]]
    return missing


def _shrinkage(
    night: Night, source: Source, current: pa.Table, ended: "NDArray[np.int64]", judged: JudgedRows
) -> Shrinkage | None:
    if source.delivers == "incremental" or not len(current):
        return None
    stated = np.asarray(pc.and_(pc.is_valid(current["id_key"]), pc.invert(current["is_held"])).to_numpy(), dtype=bool)
    keys = current["id_key"].fill_null(-1).to_numpy()
    stays = stated.copy()
    stays[ended] = False
    fresh = judged.rows.loc[~judged.rows["is_held"], "id_key"].dropna().to_numpy(dtype=np.int64)
    before = pd.DataFrame({"id_key": keys[stated], "scope": texts(current["scope"])[stated].to_numpy()})
    return measure_shrinkage(before, np.concatenate([keys[stays], fresh]), night.configuration.rules.brake)


def _shrunk(shrinkage: Shrinkage) -> str:
    if shrinkage.village is not None:
        village = shrinkage.village.replace("/", "")
        return (
            f"{village}原有 {shrinkage.village_before} 人，本次名单将减少 {shrinkage.village_lost} 人，超过限度；"
            "本次名单暂缓采用，沿用上次名单。"
        )
    return f"原有 {shrinkage.before} 人，本次名单将减少 {shrinkage.lost} 人，超过限度；本次名单暂缓采用，沿用上次名单。"


def _note_shrunk(
    night: Night, connection: sa.Connection, source: str, delivery_ids: list[int], shrinkage: Shrinkage
) -> None:
    seen = (
        f"{shrinkage.village_lost}/{shrinkage.village_before}"
        if shrinkage.village
        else f"{shrinkage.lost}/{shrinkage.before}"
    )
    _note(night, connection, source, [
        {"delivery_id": delivery_id, "code": Finding.DELIVERY_SHRUNK, "seen": seen} for delivery_id in delivery_ids
    ])  # fmt: skip


def _note_repeated(night: Night, connection: sa.Connection, source: str, repeated: dict[str, int]) -> None:
    _note(night, connection, source, [
        {"delivery_id": delivery_id, "code": Finding.DELIVERY_REPEATED} for delivery_id in repeated.values()
    ])  # fmt: skip


def _note_files(night: Night, connection: sa.Connection, source: str, contents: dict[int, DeliveryContents]) -> None:
    _note(night, connection, source, [
        {
            "delivery_id": delivery_id, "sheet": found.sheet or None, "row_number": found.row_number, "code": found.code,
            "header": found.column, "field": found.field, "seen": found.seen or None,
        }
        for delivery_id, content in contents.items() for found in content.findings
    ])  # fmt: skip


def _note(night: Night, connection: sa.Connection, source: str, found: Sequence[dict[str, Any]]) -> None:
    if not found:
        return
    columns = ("delivery_id", "sheet", "row_number", "header", "field", "code", "seen")
    frame = pd.DataFrame([{name: row.get(name) for name in columns} for row in found])
    frame["severity"] = [str(night.configuration.rules.severity(Finding(row["code"]))) for row in found]
    frame["code"] = [str(row["code"]) for row in found]
    types = {name: "Int64" if name in {"delivery_id", "row_number"} else "str" for name in [*columns, "severity"]}
    add_findings(connection, night.run_id, "file", source, frame.astype(types))

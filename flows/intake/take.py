"""Stage ``take``: a source's deliveries become rows in force, unless they cannot be read or the brake holds them.

Only rows that are new to the registry are standardised and judged, and rows on which the calendar or changed rules
have turned a judgement.
"""

from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from connectors.reading import DeliveryContents, TableContents
from flows.context import Night
from flows.intake.correct_members import MembersCorrected
from flows.intake.corrections import Corrected, is_correction, take_corrections, without_corrected_rows
from flows.intake.deliveries import Kept, combined, read
from flows.intake.fetch import is_pulled, puts_away
from flows.intake.file_notes import (
    NOTHING_CAME,
    NOTHING_CHANGED,
    SAME_AS_BEFORE,
    note_files,
    note_reading,
    note_repeated,
    note_shrunk,
    refusal,
    server_failed,
    shrunk,
    stale,
    still_arriving,
    taken_back,
)
from flows.intake.households import take_members
from flows.intake.list_brake import hold_files, is_list_of_files_approved, shrinkage_of
from flows.intake.rows import Rejudged, due_rows, judged_rows, rejudge_standing, store_rows
from flows.intake.scopes import listed_scopes, place_by_file, villages_of_files
from flows.intake.vanished_rows import end_cancelled, told_of_vanished, vanished_among
from registry.findings import end_file_findings
from registry.runs import (
    Delivery,
    delivered,
    deliveries,
    last_done_run,
    newest_received_at,
    oldest_received_run,
    set_delivery_state,
    stages,
    supersede_deliveries,
    waiting_deliveries,
)
from registry.statements import current_rows, end_rows, place_findings_anew
from registry.tables import source_row
from registry.vanished import scopes_of
from schemas.configuration import Source
from schemas.findings import Finding
from transforms.columns import texts
from transforms.judge import JudgedRows
from transforms.resend import Resent, match_rows

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
    vanished: list[int] = field(default_factory=list)  # returned rows kept although the list has them no more
    members: dict[str, int] = field(default_factory=dict)
    position: dict[str, Any] = field(default_factory=dict)  # where the next pull goes on; nothing before it is owed


@dataclass(slots=True)
class Taken:
    """What became of a source tonight."""

    status: Literal["taken", "unchanged", "none", "held", "refused"]
    message: str
    deliveries: int
    standing: dict[str, Any]
    withheld: dict[str, int] = field(default_factory=dict)  # received and blank of a delivery the brake holds
    needs_a_look: bool = False  # the message is for a person, although the list is in order
    approved_loss: int = 0  # people the list loses beyond its brake, as two people have approved


def take(night: Night, connection: sa.Connection, source_name: str) -> dict[str, Any]:
    """Takes a source's deliveries of tonight; see the module. Returns :class:`Taken` as a dictionary."""
    source = night.configuration.sources[source_name]
    receipt = stages(connection, night.run_id)["receive", source_name].result
    end_file_findings(connection, night.run_id, source_name, [], [Finding.DELIVERY_REPEATED])
    note_repeated(night, connection, source_name, receipt["repeated"])
    before_run, before = last_done_run(connection, "take", source_name, before=night.run_id)
    standing = Standing(**before.get("standing", {}))
    standing = _without_cancelled(night, connection, standing)
    current = current_rows(connection, source_name)
    due = due_rows(night, connection, current, before_run)
    if due.all():
        # Other rules may name places anew and read other columns: what stands is judged before anything is compared.
        standing = _following(standing, current, rejudge_standing(night, connection, source, current, due))
        current = current_rows(connection, source_name)
        due = np.zeros(len(current), dtype=bool)
    files = [Kept(delivery_id, sha256) for sha256, delivery_id in receipt["take"].items()]
    contents = {file.delivery_id: read(night, source, file) for file in files}
    corrections = {delivery_id: content for delivery_id, content in contents.items() if is_correction(content)}
    beside = _lying_beside(connection, source, standing, receipt, corrections)
    contents |= {file.delivery_id: read(night, source, file) for file in beside}
    files += beside
    runs = _runs(night, connection, source, files)
    waiting = waiting_deliveries(connection, source_name, beside=[file.delivery_id for file in files])
    end_file_findings(connection, night.run_id, source_name, [file.delivery_id for file in files], [])
    note_files(night, connection, source_name, contents)
    note_reading(connection, contents)
    refused = [delivery_id for delivery_id, content in contents.items() if content.refused]
    set_delivery_state(connection, refused, "refused", night.run_id, {"rules": night.configuration.digest})
    good = {
        delivery_id: content
        for delivery_id, content in contents.items()
        if not content.refused and delivery_id not in corrections
    }
    oldest = oldest_received_run(connection, list(good))
    blocking = len(refused) + sum(d.state == "refused" and d.received_run >= oldest for d in waiting)
    arriving = receipt["left_alone"]
    if not good or ((blocking or arriving) and source.delivers == "full" and source.full_within == "source"):
        # Part of a list is no list: what an unreadable file holds, or one still on its way, would count as gone. The rest waits.
        standing = _following(standing, current, rejudge_standing(night, connection, source, current, due))
        left = _left_standing(source, receipt, standing, blocking, waiting, arriving=arriving if good else 0)
        taken = _told_when_stale(night, connection, source, left)
    else:
        again = {file.delivery_id: good[file.delivery_id] for file in beside if file.delivery_id in good}
        again, stays = without_corrected_rows(connection, source, again, current)
        rejudge_standing(night, connection, source, current, due & stays)
        taken = _take_rows(
            night, connection, source, current.filter(pa.array(~stays)), due[~stays], {**good, **again},
            receipt["found"], standing, runs,
        )  # fmt: skip
        if taken.status == "taken":
            received = taken.standing["received"] + int(stays.sum())
            taken = replace(taken, standing={**taken.standing, "received": received})
    if corrections:
        taken = _corrected(taken, take_corrections(night, connection, source, corrections))
    if taken.standing["vanished"]:
        taken = told_of_vanished(taken, current_rows(connection, source_name)["row_id"].to_numpy())
    told = _told_of_server(receipt, _moved_on(connection, source, receipt, taken))
    return asdict(_told_of_undone(receipt, told))


def _without_cancelled(night: Night, connection: sa.Connection, standing: Standing) -> Standing:
    """The account of the list in force without vanished rows of which somebody has said since that they were cancelled."""
    cancelled = end_cancelled(connection, night.run_id, standing.vanished)
    if not cancelled:
        return standing
    scopes = pd.DataFrame({"scope": scopes_of(connection, cancelled)})
    left = [row_id for row_id in standing.vanished if row_id not in set(cancelled)]
    return replace(standing, vanished=left, received=standing.received - _in_account(scopes, asdict(standing)))


def _corrected(taken: Taken, corrected: Corrected) -> Taken:
    """What became of a source once rows of its list were corrected: the account has others in their places."""
    standing = taken.standing
    ended, added = (_in_account(rows, standing) for rows in (corrected.ended, corrected.added))
    row_ids = standing["row_ids"]
    if row_ids is not None:
        gone, came = set(corrected.ended["row_id"].tolist()), corrected.added["row_id"].tolist()
        ended, added = len(gone.intersection(row_ids)), len(came)
        row_ids = [*(row_id for row_id in row_ids if row_id not in gone), *came]
    standing = {**standing, "row_ids": row_ids, "received": standing["received"] + added - ended}
    is_as_before = taken.status in {"none", "unchanged"}
    if is_as_before and corrected.withheld:
        return replace(taken, status="held", message=corrected.message, withheld=dict(corrected.withheld))
    return replace(
        taken,
        status="taken" if is_as_before else taken.status,
        message=corrected.message if is_as_before else f"{taken.message}{corrected.message}",
        standing=_with_members(standing, corrected.members),
        needs_a_look=taken.needs_a_look or corrected.needs_a_look,
    )


def _with_members(standing: dict[str, Any], corrected: MembersCorrected) -> dict[str, Any]:
    """The account with members linked that were held, and the other way round."""
    before = standing["members"]
    if not before:
        return standing
    more = {
        "received": corrected.received, "linked": corrected.linked, "held": corrected.received - corrected.linked,
    }  # fmt: skip
    return {**standing, "members": {part: count + more.get(part, 0) for part, count in before.items()}}


def _in_account(rows: pd.DataFrame, standing: dict[str, Any]) -> int:
    """How many of some rows are in the account of the list in force."""
    scopes = standing["scopes"]
    return len(rows) if scopes is None else int(rows["scope"].isin(scopes).sum())


def _told_of_server(receipt: dict[str, Any], taken: Taken) -> Taken:
    """Says that the source's server failed although a file dropped by hand was there."""
    if not receipt["problem"]:
        return taken
    return replace(taken, message=f"{taken.message}{server_failed(receipt['problem'])}", needs_a_look=True)


def _told_of_undone(receipt: dict[str, Any], taken: Taken) -> Taken:
    """Says that lists which were taken back with a night wait for somebody to decide about them."""
    if not receipt.get("undone"):  # a night begun before there were undone lists has no such number
        return taken
    said = "" if taken.message == SAME_AS_BEFORE else taken.message
    said = f"{said}{taken_back(receipt['undone'], receipt['undone_with'])}"
    return replace(taken, message=said, needs_a_look=True)


def _moved_on(connection: sa.Connection, source: Source, receipt: dict[str, Any], taken: Taken) -> Taken:
    """The next pull goes on where tonight's ended, if all it brought was taken; what was refused or broken is asked for again."""
    states = delivered(connection, source.name)
    is_owed = taken.standing["broken"] or any(states[sha256] != "accepted" for sha256 in receipt["pulled"])
    if is_owed or not is_pulled(source):
        return taken
    return replace(taken, standing={**taken.standing, "position": receipt["position"]["server"]})


def _following(standing: Standing, current: pa.Table, rejudged: Rejudged | None) -> Standing:
    """The account of the list in force once some of its rows were judged again: their ids and villages are others."""
    if rejudged is None:
        return standing
    after = dict(zip(rejudged.before.tolist(), rejudged.after.tolist(), strict=True))
    row_ids = standing.row_ids
    if row_ids is not None:
        row_ids = [after.get(row_id, row_id) for row_id in row_ids]
    standing = replace(standing, vanished=[after.get(row_id, row_id) for row_id in standing.vanished])
    if standing.scopes is None:
        return replace(standing, row_ids=row_ids)
    before = pd.Series(current["scope"].to_pylist(), index=current["row_id"].to_numpy(), dtype="str")
    scopes = before.copy()
    scopes[rejudged.before] = rejudged.scopes.to_numpy()
    was_listed = before.isin(standing.scopes)
    listed = scopes[was_listed].unique().tolist()
    # Rows of another list whose village turns out to be one of these are in force beside them.
    joined = int((scopes.isin(listed) & ~was_listed).sum())
    return replace(standing, row_ids=row_ids, scopes=sorted(listed), received=standing.received + joined)


def _lying_beside(
    connection: sa.Connection,
    source: Source,
    standing: Standing,
    receipt: dict[str, Any],
    corrections: dict[int, DeliveryContents],
) -> list[Kept]:
    """Files of the list in force that still lie there, or were put away by us, while another was replaced by one of its name.

    Without a name that tells so, tonight's files are taken for the whole list. Corrections replace no file, whatever their
    names are.
    """
    if source.delivers == "incremental" or source.full_within != "source":
        return []
    known = {delivery.delivery_id: delivery for delivery in deliveries(connection, source.name).values()}
    in_force = [known[delivery_id] for delivery_id in standing.deliveries]
    tonight = {
        known[delivery_id].file_name for delivery_id in receipt["take"].values() if delivery_id not in corrections
    }
    if tonight.isdisjoint(file.file_name for file in in_force):
        return []
    return [
        Kept(file.delivery_id, file.sha256)
        for file in in_force
        if file.file_name not in tonight and (file.delivery_id in receipt["lying"] or puts_away(source))
    ]


def _left_standing(
    source: Source,
    receipt: dict[str, Any],
    standing: Standing,
    refused: int,
    waiting: list[Delivery],
    *,
    arriving: int,
) -> Taken:
    """What to say of a source whose statements stay as they were."""
    held = [delivery.detail for delivery in waiting if delivery.state == "held"]
    if refused:
        return Taken("refused", refusal(refused), receipt["found"], asdict(standing))
    if arriving:
        return Taken("refused", still_arriving(arriving), receipt["found"], asdict(standing))
    if held:
        withheld = {part: sum(detail[part] for detail in held) for part in ("received", "blank")}
        return Taken("held", held[0]["message"], receipt["found"], asdict(standing), withheld)
    if receipt["found"]:
        return Taken("unchanged", SAME_AS_BEFORE, receipt["found"], asdict(standing))
    if is_pulled(source):
        return Taken("unchanged", NOTHING_CHANGED, 0, asdict(standing))
    return Taken("none", NOTHING_CAME, 0, asdict(standing))


def _told_when_stale(night: Night, connection: sa.Connection, source: Source, left: Taken) -> Taken:
    """Says of a list that came to nothing new that it is older than agreed; a pull that says the same is as fresh as today."""
    if source.fresh_days is None or is_pulled(source) or left.status not in {"none", "unchanged"}:
        return left
    received_at = newest_received_at(connection, left.standing["deliveries"])
    if received_at is None:
        return left
    days = (night.business_date - received_at.astimezone(night.now().tzinfo).date()).days
    if days <= source.fresh_days:
        return left
    return replace(left, message=stale(days, source.fresh_days), needs_a_look=True)


def _take_rows(
    night: Night, connection: sa.Connection, source: Source, current: pa.Table, due: "NDArray[np.bool_]",
    contents: dict[int, DeliveryContents], found: int, standing: Standing, runs: dict[int, int],
) -> Taken:  # fmt: skip
    mains = {delivery_id: content.tables["main"] for delivery_id, content in contents.items()}
    new = combined((delivery_id, main.table) for delivery_id, main in mains.items())
    old_hash = current["row_hash"].to_numpy()
    resent = match_rows(old_hash, new["row_hash"].to_numpy())
    again = due[resent.kept_old]
    added = np.sort(np.concatenate([resent.added, resent.kept_new[again]]))
    judged = judged_rows(night, source, new.take(pa.array(added)))
    if source.full_within == "household_village":
        judged = _placed_by_file(judged, new, current, resent)
    scopes = _scopes(source, current, resent, judged)
    ended = _ended(source, current, resent, judged, scopes, runs)
    asked = ended[:0]
    if source.delivers == "full":
        asked = vanished_among(connection, current, ended, resent.kept_old, judged)
        ended = np.setdiff1d(ended, asked)
    shrinkage = shrinkage_of(night, source, current, ended, judged)
    received = sum(main.received for main in mains.values())
    blank = sum(main.blank for main in mains.values())
    is_beyond = shrinkage is not None and shrinkage.is_beyond
    is_approved = is_beyond and is_list_of_files_approved(connection, source, contents)
    if shrinkage is not None and is_beyond and not is_approved:
        standing = _following(standing, current, rejudge_standing(night, connection, source, current, due))
        note_shrunk(night, connection, source.name, list(contents), shrinkage)
        hold_files(night, connection, contents, scopes, shrunk(shrinkage))
        _give_way(night, connection, source, list(contents), scopes)
        return Taken("held", shrunk(shrinkage), found, asdict(standing), {"received": received, "blank": blank})

    row_id = current["row_id"].to_numpy()
    gone = np.concatenate([ended, resent.kept_old[again]])
    end_rows(connection, source_row, night.run_id, row_id[gone])
    stays = _untouched(current, resent, ended)
    vanished = np.union1d(row_id[asked], np.intersect1d(row_id[stays], standing.vanished)).astype(np.int64).tolist()
    unlisted = Standing(vanished=vanished)
    unlisted = _following(unlisted, current, rejudge_standing(night, connection, source, current, due & stays))
    kept_old, kept_new = resent.kept_old[~again], resent.kept_new[~again]
    place_findings_anew(
        connection, night.run_id, source.name, "row",
        new.select(["delivery_id", "sheet", "row_number"]).take(pa.array(kept_new)).append_column("row_id", pa.array(row_id[kept_old])),
    )  # fmt: skip
    added_ids = store_rows(night, connection, source, judged)
    members = _members(night, connection, source, contents, scopes)
    set_delivery_state(connection, list(contents), "accepted", night.run_id, {})
    replaced = [] if source.delivers == "incremental" else scopes  # no increment says what another one says
    supersede_deliveries(connection, night.run_id, source.name, list(contents), replaced)
    account = Standing(
        deliveries=list(contents),
        received=received + len(asked),
        blank=blank,
        broken=sum(main.broken for main in mains.values()),
        scopes=scopes,
        row_ids=[*map(int, added_ids), *map(int, row_id[kept_old])] if source.delivers == "incremental" else None,
        vanished=unlisted.vanished,
        members=members,
        position=standing.position,
    )
    loss = shrinkage.lost if shrinkage is not None and is_approved else 0
    return Taken("taken", "", found, asdict(account), approved_loss=loss)


def _give_way(
    night: Night, connection: sa.Connection, source: Source, held: list[int], scopes: list[str] | None
) -> None:
    """Lists held before give way to a newer one of the same places that is held, too: only the newest can be let in."""
    older = [
        before.delivery_id
        for before in waiting_deliveries(connection, source.name, beside=held)
        if before.state == "held" and (scopes is None or set(before.detail["scopes"] or ()) & set(scopes))
    ]
    set_delivery_state(connection, older, "superseded", night.run_id, {})


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
    return listed_scopes([*kept, *judged.rows["scope"].unique()], current["scope"].unique().to_pylist())


def _placed_by_file(judged: JudgedRows, new: pa.Table, current: pa.Table, resent: Resent) -> JudgedRows:
    """New rows; one that names no village stands with the villages of its file, those of its kept rows among them."""
    kept = pd.DataFrame(
        {
            "scope": texts(current["scope"].take(pa.array(resent.kept_old))),
            "delivery_id": new["delivery_id"].take(pa.array(resent.kept_new)).to_numpy(),
        }
    )
    together = pd.concat([kept, judged.rows[["scope", "delivery_id"]]], ignore_index=True)
    villages = villages_of_files(together["scope"], together["delivery_id"])
    placed = place_by_file(judged.rows["scope"], judged.rows["delivery_id"], villages)
    return judged._replace(rows=judged.rows.assign(scope=placed))


def _runs(night: Night, connection: sa.Connection, source: Source, files: list[Kept]) -> dict[int, int]:
    """The night each increment was stated: that of its receipt, but this one for a file that had been done with and is said again."""
    if source.delivers == "full":
        return {}
    known = {delivery.delivery_id: delivery for delivery in deliveries(connection, source.name).values()}
    again = {file.delivery_id for file in files if known[file.delivery_id].state not in {"received", "refused", "held"}}
    return {number: night.run_id if number in again else delivery.received_run for number, delivery in known.items()}


def _ended(
    source: Source,
    current: pa.Table,
    resent: Resent,
    judged: JudgedRows,
    scopes: list[str] | None,
    runs: dict[int, int],
) -> "NDArray[np.int64]":
    """Which rows in force no longer are: those a full list leaves out, those an increment replaces that is not older."""
    if source.delivers == "incremental":
        stated = judged.rows["delivery_id"].map(runs).groupby(judged.rows["id_key"].astype("Int64")).max()
        stated.index = stated.index.astype("int64")
        again = stated.reindex(current["id_key"].fill_null(-1).to_numpy()[resent.ended], fill_value=-1)
        before = pd.Series(current["delivery_id"].to_numpy()[resent.ended]).map(runs)
        superseded: NDArray[np.int64] = resent.ended[again.to_numpy() >= before.to_numpy()]
        return superseded
    if scopes is None:
        return resent.ended
    listed = pc.is_in(current["scope"], pa.array(scopes, pa.large_string())).to_numpy()
    missing: NDArray[np.int64] = resent.ended[np.asarray(listed, dtype=bool)[resent.ended]]
    return missing

"""Plans as people look at them and let them go, and lists that lost too many people as people let them in."""

import getpass
from pathlib import Path
from typing import Any

import pandas as pd

from flows.intake.shrunk_lists import admit_held, held_list
from flows.telling.plan import release, subject_of
from flows.telling.push_desk import Desk, at_desk
from registry import approvals, runs
from registry.outbox_plan import plan_digest, plan_rows, under_way
from reports.plan_workbook import PlanReport, write_plan_workbook
from schemas.errors import ConfigurationInvalid
from schemas.fields import FIELDS
from schemas.masking import mask_column
from transforms.push_plan import add_summaries, differences, plan_people, plan_summary

__all__ = ["approve_list", "approve_plan", "shown_plan"]

_SHOWN = 20


def shown_plan(home: Path, config: Path, run_id: int, to: Path | None) -> dict[str, Any]:
    """What a run's plan would still tell the platform; also as a workbook.

    Returns:
        ``run_id profile target digest state`` (``held``, ``released``, ``under way`` where nothing is left to tell and some
        outcomes are not known, ``told``), ``under_way`` by state, ``new changed withdrawn``, ``brakes`` (with ``words``),
        ``approvers``, ``people`` (the first ones, masked) and ``file``.

    Raises:
        ConfigurationInvalid: the run has no plan.
    """
    with at_desk(home, config) as desk:
        planned = _planned(desk, run_id)
        rows, people, summary, changed = _looked_through(desk, planned)
        if to is not None:
            write_plan_workbook(_workbook(desk, planned, people, summary, changed), to)
        is_held = bool(rows) and planned.released_at is None and bool(planned.brakes)
        counts = people["sent_as"].value_counts()
        unsettled = under_way(desk.connection, desk.profile.name, run_id)
        return {
            "run_id": run_id,
            "profile": desk.profile.name,
            "target": desk.configuration.bureau.target,
            "digest": planned.digest,
            "state": "held" if is_held else "released" if rows else "under way" if unsettled else "told",
            "under_way": unsettled,
            **{operation: int(counts.get(operation, 0)) for operation in ("new", "changed", "withdrawn")},
            "brakes": planned.brakes if is_held else [],
            "approvers": approvals.approvers(desk.connection, subject_of(desk.profile.name), planned.digest),
            "people": _first_people(people, changed),
            "file": str(to.absolute()) if to else None,
        }


def approve_plan(home: Path, config: Path, run_id: int, *, by: str, reason: str) -> dict[str, Any]:
    """Records that somebody approves exactly this plan; the second person lets it go.

    Returns:
        ``run_id digest new changed withdrawn brakes approvers needed is_released released`` (people let go).

    Raises:
        ConfigurationInvalid: the plan is not held, or no longer what waits.
    """
    with at_desk(home, config) as desk:
        approvals.lock_plan(desk.connection, run_id)
        planned = _planned(desk, run_id)
        newest = approvals.read_plan(desk.connection, desk.profile.name)
        if newest is None or newest.run_id != run_id:
            raise ConfigurationInvalid(
                f"run {run_id} is not the newest plan; look at: eldersync plan {newest and newest.run_id}"
            )
        if not planned.brakes or planned.released_at is not None:
            raise ConfigurationInvalid(f"the plan of run {run_id} is not held; there is nothing to approve")
        if plan_digest(desk.connection, desk.profile.name) != planned.digest:
            raise ConfigurationInvalid(
                "what waits has changed since it was planned; run `eldersync push` and look again"
            )
        count = approvals.record_approval(
            desk.connection, subject=subject_of(desk.profile.name), digest=planned.digest, run_id=run_id,
            approver=by, account=getpass.getuser(), reason=reason, at=desk.now,
        )  # fmt: skip
        is_released = count >= approvals.APPROVERS_NEEDED
        released = release(desk.connection, desk.profile.name, run_id, desk.now) if is_released else 0
        return {
            "subject": "plan",
            "run_id": run_id,
            "digest": planned.digest,
            **{operation: planned.counts[operation] for operation in ("new", "changed", "withdrawn")},
            "brakes": planned.brakes,
            "approvers": approvals.approvers(desk.connection, subject_of(desk.profile.name), planned.digest),
            "needed": approvals.APPROVERS_NEEDED,
            "is_released": is_released,
            "released": released,
        }


def approve_list(home: Path, config: Path, run_id: int, source: str, *, by: str, reason: str) -> dict[str, Any]:
    """Records that somebody approves exactly the files of a list that was held for losing too many people.

    The second person lets it in: the next night takes it although it loses more people than its brake allows.

    Returns:
        ``run_id source digest message approvers needed is_released``.

    Raises:
        ConfigurationInvalid: no list of the source is held.
    """
    with at_desk(home, config) as desk:
        if source not in desk.configuration.sources:
            raise ConfigurationInvalid(f"there is no source named {source}")
        held = held_list(desk.connection, source)
        if held is None:
            raise ConfigurationInvalid(f"no list of {source} is held")
        if runs.run_record(desk.connection, run_id) is None:
            raise ConfigurationInvalid(f"there is no run {run_id}; `eldersync runs` lists them")
        count = approvals.record_approval(
            desk.connection, subject="delivery", digest=held.digest, run_id=run_id, approver=by,
            account=getpass.getuser(), reason=reason, at=desk.now,
        )  # fmt: skip
        is_released = count >= approvals.APPROVERS_NEEDED
        if is_released:
            admit_held(desk.connection, held)
        return {
            "subject": "list",
            "run_id": run_id,
            "source": source,
            "digest": held.digest,
            "message": held.message,
            "approvers": approvals.approvers(desk.connection, "delivery", held.digest),
            "needed": approvals.APPROVERS_NEEDED,
            "is_released": is_released,
        }


def _planned(desk: Desk, run_id: int) -> approvals.Plan:
    found = approvals.read_plan(desk.connection, desk.profile.name, run_id)
    if found is None:
        raise ConfigurationInvalid(
            f"run {run_id} has no plan for platform {desk.profile.name}; `eldersync runs` lists runs"
        )
    return found


def _looked_through(desk: Desk, planned: approvals.Plan) -> tuple[int, pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """How many people a plan still tells of, who they are, how many where, and which cells change."""
    people, summaries, changed = [], [], []
    for rows in plan_rows(desk.connection, desk.profile.name, planned.run_id):
        people.append(plan_people(rows, desk.profile))
        summaries.append(plan_summary(people[-1]))
        changed.append(differences(rows, rows["told_payload"], desk.profile))
    if not people:
        nobody = pd.DataFrame({"person_id": pd.Series(dtype="int64"), "sent_as": pd.Series(dtype="str"),
                               "payload": pd.Series(dtype="str"), "told_payload": pd.Series(dtype="str")})  # fmt: skip
        people = [plan_people(nobody, desk.profile)]
        changed = [differences(nobody, nobody["told_payload"], desk.profile)]
    everybody = pd.concat(people, ignore_index=True)
    return len(everybody), everybody, add_summaries(summaries), pd.concat(changed, ignore_index=True)


def _workbook(
    desk: Desk, planned: approvals.Plan, people: pd.DataFrame, summary: pd.DataFrame, changed: pd.DataFrame
) -> PlanReport:
    record = runs.run_record(desk.connection, planned.run_id)
    assert record is not None  # noqa: S101  its plan is there
    is_held = planned.released_at is None
    return PlanReport(
        run_id=planned.run_id,
        business_date=record["business_date"],
        platform_label=desk.profile.label,
        digest=planned.digest,
        brakes=[brake["words"] for brake in planned.brakes] if is_held else [],
        summary=summary,
        people=people,
        differences=changed,
        fields={column.header: column.field for column in desk.profile.columns if column.field in FIELDS},
        incomplete_count=int(planned.counts.get("incomplete", 0)),
    )


def _first_people(people: pd.DataFrame, changed: pd.DataFrame) -> list[dict[str, Any]]:
    """The first people of a plan with the headers that change; names masked."""
    first = people.head(_SHOWN)
    names = mask_column(first["name"], "name")
    headers = changed.groupby("person_id")["header"].agg(list)
    return [
        {"person_id": int(person), "sent_as": told, "name": name, "changes": headers.get(person, [])}
        for person, told, name in zip(first["person_id"], first["sent_as"], names, strict=True)
    ]

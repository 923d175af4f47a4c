"""Stage ``plan``: what the platform must hear is put into its bytes, counted, and let go or held by the brake."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

import pandas as pd
import sqlalchemy as sa

from flows.context import Night
from registry import approvals, outbox, outbox_plan, platform_state
from registry.outbox_observed import overtaken, raise_revisions
from registry.push_figures import held_figures, unreleased
from schemas.configuration import Configuration
from schemas.platform_profile import PlatformProfile
from transforms.payloads import Payloads, render_payloads
from transforms.push_brake import Braked, Held, measure, words

__all__ = ["make_plan", "plan", "release", "subject_of"]

PEOPLE_AT_ONCE = 20_000
WEEK = timedelta(days=7)


def plan(night: Night, connection: sa.Connection) -> dict[str, Any]:
    """Plans what is pending for the profile in force; see :func:`make_plan`."""
    return make_plan(
        connection, night.profile, night.configuration, run_id=night.run_id, now=night.now()
    )  # fmt: skip


def make_plan(
    connection: sa.Connection, profile: PlatformProfile, configuration: Configuration, *, run_id: int, now: datetime
) -> dict[str, Any]:
    """Puts every pending change into bytes under a key, and releases the plan unless a brake holds it.

    What was approved in exactly this form before is released; what was released before and still says the same stays so.

    Returns:
        ``new changed withdrawn`` in people planned (held ones included), ``incomplete`` by header and problem,
        ``digest``, ``brakes`` (kind, count, of, limit, scope, words) and ``is_released``.
    """
    name = profile.name
    approvals.lock_plan(connection, run_id)
    outbox.adopt_profile(connection, name)
    outbox.enqueue_everyone(connection, name, run_id)
    outbox.analyse(connection)
    raise_revisions(connection, name, run_id, overtaken(connection, name))
    outbox.coalesce(connection, name)
    faults = []
    for payloads in _rendered(connection, profile):
        outbox_plan.store_plan(connection, name, run_id, payloads.planned)
        outbox_plan.unplannable(connection, name, payloads.incomplete.assign(code="incomplete"))
        faults.append(payloads.incomplete[["person_id", "header", "problem"]])
    counts = outbox_plan.plan_counts(connection, name, run_id)
    digest = outbox_plan.plan_digest(connection, name)
    waiting = unreleased(connection, name, list(configuration.sources))
    brakes = [{**asdict(one), "words": words(one)} for one in _braked(connection, waiting, profile, configuration, now)]
    before = approvals.read_plan(connection, name, run_id)
    if before is None or before.released_at is None or len(waiting):
        # What was let go stays on record as it was let go.
        approvals.record_plan(
            connection,
            name,
            run_id,
            digest=digest,
            counts={**counts, "incomplete": _people(faults)},
            brakes=brakes,
            planned_at=now,
        )
    is_released = not brakes or approvals.is_approved(connection, subject_of(name), digest)
    if is_released:
        release(connection, name, run_id, now)
    return {
        **counts, "incomplete": _counted(faults), "digest": digest, "brakes": brakes, "is_released": is_released,
    }  # fmt: skip


def release(connection: sa.Connection, profile: str, run_id: int, now: datetime) -> int:
    """Lets a run's plan go; returns how many people are told by it who were not let go before."""
    released = outbox_plan.release(connection, profile, run_id)
    approvals.note_plan_released(connection, run_id, now)
    if released:
        platform_state.note_first_push(connection, profile, run_id)
    return released


def subject_of(profile: str) -> str:
    """What is approved with a plan: that it goes to this platform, and to no other that takes the same bytes."""
    return f"plan/{profile}"


def _rendered(connection: sa.Connection, profile: PlatformProfile) -> Iterator[Payloads]:
    after, told_fields = -1, [column.field for column in profile.columns if column.wins == "both"]
    while True:
        changes = outbox_plan.plannable(
            connection, profile.name, after=after, limit=PEOPLE_AT_ONCE, told_fields=told_fields
        )
        if changes.empty:
            return
        yield render_payloads(changes, profile)
        after = int(changes["person_id"].iloc[-1])


def _braked(
    connection: sa.Connection,
    planned: pd.DataFrame,
    profile: PlatformProfile,
    configuration: Configuration,
    now: datetime,
) -> list[Braked]:
    if planned.empty:
        return []
    sources = list(configuration.sources)
    first = platform_state.read(connection, profile.name).first_push_run
    if first is None and profile.is_example and configuration.bureau.target == "workbook":
        return []  # a file of an example goes nowhere, so there is nothing to hold
    figures = held_figures(connection, profile.name, sources, now=now, week_ago=now - WEEK)
    labels = {name: source.label for name, source in configuration.sources.items()}
    held = Held(
        people=figures.people,
        by_source={labels[source]: count for source, count in figures.by_source.items()},
        by_village=figures.by_village,
        week_ago=figures.week_ago,
        withdrawn_in_week=figures.withdrawn_in_week,
        was_ever_told=first is not None or figures.people > 0,
    )
    named = planned["sources"].str.split("|").map(lambda names: "|".join(labels.get(one, one) for one in names))
    return measure(planned.assign(sources=named), held, configuration.rules.push_brake)


def _counted(faults: list[pd.DataFrame]) -> list[dict[str, Any]]:
    if not faults:
        return []
    counted = pd.concat(faults, ignore_index=True)[["header", "problem"]].value_counts().reset_index()
    return [
        dict(zip(("header", "problem", "count"), row, strict=True))
        for row in counted.itertuples(index=False, name=None)
    ]


def _people(faults: list[pd.DataFrame]) -> int:
    return int(pd.concat(faults, ignore_index=True)["person_id"].nunique()) if faults else 0

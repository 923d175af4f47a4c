"""How an installation stands by its ledger: the newest run, the last nights, what waits. Read in one transaction, told elsewhere."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from flows.telling.push_pace import is_left_alone
from flows.telling.push_target import ElsewhereTold, told_elsewhere
from registry import approvals, outbox, platform_state, runs
from registry.platform_state import PlatformState
from registry.runs import StageRecord
from registry.standing import active_count, case_counts, not_yet_taken, open_counts, without_answer
from schemas.configuration import Configuration
from schemas.platform_profile import PlatformProfile

__all__ = ["Awaiting", "Situation", "day_of", "nothing_yet", "read_situation", "since_when"]

_NIGHTS_LOOKED_AT = 60
_ANSWER_WITHIN = timedelta(days=14)  # as flows.telling.push has it, which loads all that a push needs
Stages = Mapping[tuple[str, str], StageRecord]


@dataclass(frozen=True, slots=True)
class Awaiting:
    """What the platform has still to hear or to answer, in people by state, and what stands in the way."""

    by_state: Mapping[str, int]
    people: int
    unreleased: int
    rejected: int
    incomplete: int
    delayed: int
    unanswered: int
    is_away: bool
    plan: approvals.Plan | None
    platform: PlatformState
    elsewhere: ElsewhereTold | None


@dataclass(frozen=True, slots=True)
class Situation:
    """What the ledger says now.

    Attributes:
        configuration: names of sources, and the time zone.
        now: in the bureau's time zone.
        active: who holds the run lock, in words.
        latest: the newest run, and its ``stages``.
        night: the newest night that finished and was not undone, and its ``night_stages``.
        nights: those that finished, newest first.
        elders: people in the registry.
        findings: open ones, by severity.
        open_cases: questions about who is who.
        awaiting: nothing before the first run.
    """

    configuration: Configuration
    now: datetime
    active: str | None
    latest: sa.RowMapping | None
    stages: Stages
    night: sa.RowMapping | None
    night_stages: Stages
    nights: tuple[sa.RowMapping, ...]
    elders: int
    findings: Mapping[str, int]
    open_cases: int
    awaiting: Awaiting | None

    @property
    def is_killed(self) -> bool:
        """Whether the newest run is open and nobody performs it."""
        return self.latest is not None and self.latest["status"] == "running" and self.active is None

    def local(self, instant: datetime) -> datetime:
        """An instant as the bureau's clock shows it."""
        return instant.astimezone(ZoneInfo(self.configuration.bureau.timezone))


def nothing_yet(configuration: Configuration, now: datetime) -> Situation:
    """Where there is no registry yet."""
    return Situation(configuration, now, None, None, {}, None, {}, (), 0, {}, 0, None)


def day_of(night: sa.RowMapping) -> date:
    """The day a night is for."""
    day: date = night["business_date"]
    return day


def since_when(found: Situation, holds: Callable[[dict[str, Any]], bool]) -> date | None:
    """The day of the first of the newest nights in a row of whose summaries something holds."""
    since = None
    for night in found.nights:
        if not holds(night["summary"]):
            break
        since = day_of(night)
    return since


def read_situation(
    connection: sa.Connection, configuration: Configuration, profile: PlatformProfile, *, active: str | None, now: datetime
) -> Situation:  # fmt: skip
    """Reads it.

    Args:
        connection: in a transaction.
        configuration: in force.
        profile: of the platform in force.
        active: who holds the run lock.
        now: in the bureau's time zone.
    """
    latest = runs.latest_run(connection)
    finished = [
        record
        for record in runs.runs(connection, limit=_NIGHTS_LOOKED_AT)
        if record["undone_by"] is None and "sources" in (record["summary"] or {})
    ]
    night = finished[0] if finished else None
    return Situation(
        configuration=configuration,
        now=now,
        active=active,
        latest=latest,
        stages=runs.stages(connection, latest["run_id"]) if latest else {},
        night=night,
        night_stages=runs.stages(connection, night["run_id"]) if night else {},
        nights=tuple(finished),
        elders=active_count(connection),
        findings=open_counts(connection),
        open_cases=sum(case_counts(connection).values()),
        awaiting=_awaiting(connection, configuration, profile, now) if latest else None,
    )


def _awaiting(
    connection: sa.Connection, configuration: Configuration, profile: PlatformProfile, now: datetime
) -> Awaiting:
    name, target = profile.name, configuration.bureau.target
    state = platform_state.read(connection, name)
    return Awaiting(
        by_state=outbox.waiting(connection, name),
        people=outbox.waiting_count(connection, name),
        unreleased=outbox.unreleased_count(connection, name),
        rejected=outbox.refused_count(connection, name),
        incomplete=outbox.incomplete_count(connection, name),
        delayed=not_yet_taken(connection, name),
        unanswered=without_answer(
            connection, name, now - _ANSWER_WITHIN, is_online=target != "workbook"
        ),
        is_away=is_left_alone(state.open_until, now),
        plan=approvals.read_plan(connection, name),
        platform=state,
        elsewhere=told_elsewhere(connection, name, target),
    )  # fmt: skip

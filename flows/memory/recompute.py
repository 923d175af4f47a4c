"""Computing the registry again from the kept originals, decisions and rules, in a transaction that is rolled back."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import sqlalchemy as sa

from flows.context import Night, opened_night
from flows.intake.deliveries import Kept, combined, read
from flows.intake.households import judged_households
from flows.intake.rows import rejudge_standing
from flows.people.settle import settle
from registry import runs
from registry.engine import transaction
from registry.lock import assert_lock_held
from registry.recompute import as_if_no_night_had_merged, kept_members
from registry.statements import current_rows
from schemas.configuration import Brake, Configuration, Source
from schemas.errors import ConfigurationInvalid
from transforms.columns import texts
from transforms.judge import JudgedMembers

__all__ = [
    "Rehearsal",
    "RejudgedSource",
    "judge_members_again",
    "judge_rows_again",
    "rehearsal",
    "rolled_back",
    "settle_everybody",
]

log = logging.getLogger("eldersync")

_NEVER = 1_000_000_000


class Rehearsal(NamedTuple):
    """A night that is never committed, as the one after the last that stands, on the day of that."""

    night: Night
    connection: sa.Connection
    last_run: int
    rules_digest: str


class RejudgedSource(NamedTuple):
    """A source's rows in force judged again: ``row_id`` and ``again``; rows that could not be; rows the next night judges anyway."""

    pairs: pa.Table
    unread: int
    due: int


class MembersAgain(NamedTuple):
    """Members in force, and what they are judged again, in step; and how many could not be read."""

    stored: pd.DataFrame
    judged: JudgedMembers
    unread: int


@contextmanager
def rehearsal(home: Path, config: Path) -> Iterator[Rehearsal]:
    """A night under the run lock whose transaction is always rolled back.

    Raises:
        ConfigurationInvalid: no night has merged yet, so that there is nothing to compare with.
        AnotherRunIsActive: a run is going on.
    """
    with opened_night(home, config, None) as night:
        night.lock.announce("rehearsal")
        with transaction(night.engine) as connection:
            assert_lock_held(connection, night.lock)
            last_run, _ = runs.last_done_run(connection, "merge", before=1 << 62)
            record = runs.run_record(connection, last_run)
            if record is None:
                raise ConfigurationInvalid("no night has merged yet; begin with: eldersync run")
            night.business_date = record["business_date"]
            with rolled_back(connection):
                night.run_id = runs.begin_run(
                    connection, business_date=night.business_date, started_at=night.now(),
                    rules_digest=night.configuration.digest, requested={},
                )  # fmt: skip
                yield Rehearsal(night, connection, last_run, record["rules_digest"])


@contextmanager
def rolled_back(connection: sa.Connection) -> Iterator[None]:
    """Whatever is done inside has not been done afterwards."""
    attempt = connection.begin_nested()
    try:
        yield
    finally:
        if attempt.is_active:
            attempt.rollback()


def judge_rows_again(rehearsed: Rehearsal, source: Source, *, with_due: bool) -> RejudgedSource:
    """Reads every row of a source in force from its original and judges it; those the next night judges anyway on request."""
    night, connection = rehearsed.night, rehearsed.connection
    current = current_rows(connection, source.name)
    days = current["recheck_on"].to_pandas()
    due = np.array([day is not None and day <= night.business_date for day in days], dtype=bool)
    chosen = np.ones(len(current), dtype=bool) if with_due else ~due
    rejudged = rejudge_standing(night, connection, source, current, chosen)
    before = np.empty(0, np.int64) if rejudged is None else rejudged.before
    after = before if rejudged is None else rejudged.after
    log.info("%s: %d rows are judged again from their originals", source.name, len(before))
    pairs = pa.table({"row_id": pa.array(before, pa.int64()), "again": pa.array(after, pa.int64())})
    return RejudgedSource(pairs, int(chosen.sum()) - len(before), 0 if with_due else int(due.sum()))


def judge_members_again(rehearsed: Rehearsal, source: Source) -> MembersAgain | None:
    """Reads the household members of a source in force from their originals and judges them; ``None`` where there are none."""
    stored = kept_members(rehearsed.connection, source.name)
    if source.members is None or stored.empty:
        return None
    parts, place = [], ["delivery_id", "sheet", "row_number"]
    for file in sorted({Kept(*kept) for kept in zip(stored["delivery_id"], stored["sha256"], strict=True)}):
        contents = read(rehearsed.night, source, file)
        if contents.refused or "members" not in contents.tables:
            continue
        table = contents.tables["members"].table
        at = pd.MultiIndex.from_arrays([texts(table["sheet"]), table["row_number"].to_numpy()])
        wanted = stored.loc[stored["delivery_id"] == file.delivery_id, ["sheet", "row_number"]]
        parts.append((file.delivery_id, table.filter(pa.array(at.isin(pd.MultiIndex.from_frame(wanted))))))
    if not parts:
        return MembersAgain(stored.iloc[:0], JudgedMembers(stored.iloc[:0], stored.iloc[:0]), len(stored))
    judged = judged_households(rehearsed.night, rehearsed.connection, source, combined(parts))
    at_place = judged.rows[place].assign(position=np.arange(len(judged.rows)))
    both = stored.merge(at_place, on=place, how="inner")
    log.info("%s: %d household members are judged again from their originals", source.name, len(both))
    again = judged._replace(rows=judged.rows.iloc[both["position"].to_numpy()].reset_index(drop=True))
    return MembersAgain(both.drop(columns="position"), again, len(stored) - len(both))


def settle_everybody(rehearsed: Rehearsal) -> dict[str, Any]:
    """Stage merge for everybody, as if it were the first ever; no brake holds it, since nothing comes of it."""
    night, connection = rehearsed.night, rehearsed.connection
    as_if_no_night_had_merged(connection, night.run_id)
    in_force, night.configuration = night.configuration, _without_brakes(night.configuration)
    try:
        result = settle(night, connection)
    finally:
        night.configuration = in_force
    log.info("%d people are resolved and merged again", result["looked_at"])
    return result


def _without_brakes(configuration: Configuration) -> Configuration:
    sources = {name: source.model_copy(update={"brake": None}) for name, source in configuration.sources.items()}
    rules = configuration.rules.model_copy(update={"brake": Brake(people=_NEVER)})
    return configuration.model_copy(update={"sources": sources, "rules": rules})

"""Reconciling with the platform: what it holds beside what it was told, what follows from it, and the report for officers."""

import getpass
import hashlib
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import sqlalchemy as sa

from flows.context import Night, opened_night
from flows.logs import log_to_file
from flows.telling.reconcile_adopt import Consequences, adopt, consequences_of, remember_strangers, tell_again
from flows.telling.reconcile_compare import Comparison, Records, compare_lists, records_put_aside
from flows.telling.reconcile_lists import opened_list
from registry import platform_state, runs
from registry.approvals import record_approval
from registry.engine import transaction
from registry.lock import assert_lock_held
from registry.outbox_compared import give_way
from registry.outbox_observed import held_up_people
from reports.reconcile_workbook import ReconcileReport, write_reconcile_workbook
from schemas.durable import replace_file
from schemas.errors import ConfigurationInvalid, StageFailed
from schemas.platform_reconcile import Agreement, ReconcileFormat
from transforms.held_fields import name_and_village

__all__ = ["reconcile", "reconcile_with"]

_WORKBOOK, _COUNTS = "对账结果.xlsx", "counts.json"


def reconcile(home: Path, config: Path, *, reassert: bool, by: str, reason: str, write: bool) -> dict[str, Any]:
    """Compares what the platform holds with what it was told; see :func:`reconcile_with`.

    Raises:
        ConfigurationInvalid: who decides and why is not said, there was no night yet, or the target has no list.
        AnotherRunIsActive: a run is going on.
        SourceUnavailable, SourceRefusesUs, SourceNotBelieved: of the platform's list; then nothing is concluded from it.
    """
    with opened_night(home, config, None) as night, log_to_file(night.home.logs):
        night.lock.announce("reconcile")
        with opened_list(night) as pages:
            return reconcile_with(
                night, pages, night.profile.reconcile, reassert=reassert, by=by, reason=reason, write=write
            )


def reconcile_with(
    night: Night, pages: Iterable[pd.DataFrame], rules: ReconcileFormat, *, reassert: bool, by: str = "",
    reason: str = "", write: bool,
) -> dict[str, Any]:  # fmt: skip
    """Compares, and does what follows from it, under the run lock.

    Where a column is theirs to say, their value becomes what was told. With ``reassert`` and ``write`` what they hold becomes
    what was told of whoever differs, too, who is then entered to be told ours again; the next plan does so under its brake.
    With ``reassert`` alone nothing becomes anything: it is only said who would be told again.

    Whose change is held, because the platform holds something else or nobody can tell, is judged by what was told before it.
    ``reassert`` is the way out: what is held, and what waits behind it, gives way to ours as it is now, told above theirs.

    After a restore the registry is older than the platform. What they hold becomes what was told of everybody who differs,
    what was open in the backup and is not above it gives way, numbers they know and we do not are kept from new people, and
    pushing may go on: it tells what the lists change from here. Only with ``reassert`` in this very comparison is ours, as it was restored, told over theirs.

    Args:
        night: of this home; the run that all this counts as is its newest.
        pages: the platform's list: ``person revision is_present fields``.
        rules: of comparison.
        reassert: whether whoever differs should be told again.
        by: who decides that.
        reason: why.
        write: enter them; else it is only said how many they would be.

    Returns:
        ``people`` by bin and in ``total``; ``listed`` records by state; in people ``adopted`` (a value of theirs stands),
        ``unknown_to_us`` (present under a number that the registry does not have), ``held`` (a change of theirs is held),
        ``taken_over`` (what is held there became what was told), ``told_again`` (entered now) and ``to_tell_again`` (would be,
        with ``reassert`` and ``write``);
        ``gave_way`` in entries; ``was_restored``, ``agrees`` (nothing for a person to look at), ``run_id``, ``at``, ``files``.
    """
    if reassert and not (by.strip() and reason.strip()):
        raise ConfigurationInvalid(
            "--reassert needs --by and --reason: who decides that the platform is told again, and why"
        )
    night.run_id, was_restored = _state(night)
    with records_put_aside(night) as aside:
        compared = compare_lists(night, pages, rules, aside, judges_all=was_restored)
        at = night.now()
        with transaction(night.engine) as connection:
            whom = consequences_of(connection, compared.reconciled)
        summary = _summary(night, compared, whom, at, was_restored=was_restored)
        folder = night.home.path / "reports" / "reconcile" / at.strftime("%Y%m%dT%H%M%S")
        summary["files"] = [str(folder / name) for name in (_WORKBOOK, _COUNTS)]
        _write_workbook(night, compared, whom, aside, at, folder)
        with transaction(night.engine) as connection:
            assert_lock_held(connection, night.lock)
            if reassert and not write:
                summary |= {"to_tell_again": len(whom.again)}
            else:
                summary |= _conclude(night, connection, whom, aside, reassert=reassert, was_restored=was_restored)
            if reassert and write:
                _record_decision(night, connection, folder, by, reason, at)
            runs.record_stage(
                connection, night.run_id, "reconcile", "", status="done", seconds=(night.now() - at).total_seconds(),
                result=summary,
            )  # fmt: skip
    _write_counts(summary, folder)
    return summary


def _state(night: Night) -> tuple[int, bool]:
    """The newest run, and whether the registry was restored since it was last reconciled."""
    with transaction(night.engine) as connection:
        newest = runs.latest_run(connection)
        state = platform_state.read(connection, night.profile.name)
    if newest is None:
        raise ConfigurationInvalid("there was no night yet, so the platform was told nothing to compare with")
    return int(newest["run_id"]), state.must_reconcile


def _conclude(
    night: Night, connection: sa.Connection, whom: Consequences, aside: Records, *, reassert: bool, was_restored: bool
) -> dict[str, int]:
    takes_over = reassert or was_restored
    taken_over = adopt(night, connection, whom, aside, takes_over=takes_over)
    gave_way = give_way(connection, night.profile.name) if was_restored else 0
    told_again = tell_again(night, connection, whom) if reassert else 0
    if was_restored:
        remember_strangers(night, connection, aside)
        platform_state.note_reconciled(connection, night.profile.name)
    still = 0 if takes_over else len(whom.again)
    held = len(held_up_people(connection, night.profile.name))
    return {
        "held": held, "taken_over": taken_over, "gave_way": gave_way, "told_again": told_again, "to_tell_again": still,
    }  # fmt: skip


def _summary(
    night: Night, compared: Comparison, whom: Consequences, at: datetime, *, was_restored: bool
) -> dict[str, Any]:
    counts = compared.reconciled.counts()
    needs_nobody = {Agreement.AGREES, Agreement.ON_ITS_WAY, Agreement.REVISION_DIFFERS}
    strangers = whom.people["person_id"].isna() & (whom.people["held"] == "present")
    return {
        "run_id": night.run_id,
        "at": at.isoformat(timespec="seconds"),
        "people": counts,
        "total": sum(counts.values()),
        "listed": {state: compared.listed[state] for state in ("present", "withdrawn")},
        "adopted": len(whom.adopted),
        "unknown_to_us": int(strangers.sum()),
        "held": int(whom.people["is_held"].sum()),
        "was_restored": was_restored,
        "agrees": not whom.people["is_held"].any()
        and not any(count for place, count in counts.items() if place not in needs_nobody),
        **dict.fromkeys(("taken_over", "gave_way", "told_again", "to_tell_again"), 0),
        "files": [],
    }


def _write_workbook(
    night: Night, compared: Comparison, whom: Consequences, aside: Records, at: datetime, folder: Path
) -> None:
    report = ReconcileReport(
        profile=night.profile, at=at, people=compared.reconciled.people, differs=compared.reconciled.differs,
        known=_known(night, whom, aside), listed=compared.listed, adopted=len(whom.adopted),
    )  # fmt: skip
    with _told_if_not_written():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_reconcile_workbook(report, folder / _WORKBOOK)


def _write_counts(summary: dict[str, Any], folder: Path) -> None:
    with _told_if_not_written(), replace_file(folder / _COUNTS) as temporary:
        temporary.write_text(json.dumps(summary, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


@contextmanager
def _told_if_not_written() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        problem = error.strerror or type(error).__name__
    else:
        return
    raise StageFailed(f"the report of the comparison cannot be written: {problem}")


def _known(night: Night, whom: Consequences, aside: Records) -> pd.DataFrame:
    """Names and villages: ours, and of those whom we do not know theirs."""
    known = [whom.people.loc[whom.people["person_id"].notna(), ["person", "name", "village"]]]
    strangers = whom.people.loc[whom.people["person_id"].isna(), "person"]
    for records in aside.each():
        theirs = records[records["person"].isin(strangers)]
        known.append(theirs[["person"]].join(name_and_village(theirs["fields"], night.profile)))
    return pd.concat(known, ignore_index=True)


def _record_decision(night: Night, connection: sa.Connection, folder: Path, by: str, reason: str, at: datetime) -> None:
    """Remembers who had the platform told again, why, and on the strength of which comparison."""
    digest = hashlib.sha256((folder / _WORKBOOK).read_bytes()).hexdigest()
    record_approval(
        connection, subject="reconcile", digest=digest, run_id=night.run_id, approver=by, account=getpass.getuser(),
        reason=reason, at=at,
    )  # fmt: skip

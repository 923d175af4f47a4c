"""``eldersync prune``: what ``[retention]`` lets go: originals, files put away in an inbox, reports, platform files, logs, old backups, Prefect's history.

Rows of the registry are never let go here. What the present state, a decision or an open push stands on stays whatever its age.
"""

import logging
import re
import shutil
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import sqlalchemy as sa

from connectors.folder.done import let_go_taken
from flows.context import Home, open_registry
from flows.keeping.backup_store import (
    assert_own,
    assert_there,
    backup_folder,
    backups_in,
    explaining_disk,
    one_at_a_time,
    original_path,
    pool_of,
    read_manifest,
)
from flows.keeping.prefect_history import prune_flow_runs
from registry import runs
from registry.engine import transaction
from registry.lock import run_lock
from registry.retention import Original, known_contents, note_pruned, runs_before, runs_still_told, unneeded_originals
from schemas.configuration import load_configuration, load_operations
from schemas.errors import SourceUnavailable
from schemas.operations import Retention

__all__ = ["prune"]

log = logging.getLogger("eldersync")

_OF_A_RUN = re.compile(r"([1-9][0-9]{0,17})(-[1-9][0-9]*)?")
_OF_AN_INSTANT = re.compile(r"(\d{8})T\d{6}")
_OF_A_MONTH = re.compile(r"(\d{4}-\d{2})")


class _PutAway(NamedTuple):
    """Files a night moved to 已处理 below its inbox, by what they are known by."""

    inboxes: list[Path]
    before: datetime
    known: set[str]

    def sizes(self, *, write: bool) -> list[int]:
        """Of those let go; an inbox that cannot be reached, as a share may be, is left for the next time."""
        found = []
        for inbox in self.inboxes:
            try:
                found += let_go_taken(inbox, before=self.before, known=self.known, write=write)
            except SourceUnavailable as problem:
                log.warning("prune: %s: %s", inbox.name, problem)
        return found


class _Due(NamedTuple):
    """What is let go, by kind; folders and files are deleted whole."""

    originals: list[Original]
    put_away: _PutAway
    paths: dict[str, list[Path]]


def prune(home: Path, config: Path, *, write: bool, now: datetime | None = None) -> dict[str, Any]:
    """Lets go what is kept no longer, or says in numbers what that would be.

    Args:
        home: of the installation.
        config: its configuration.
        write: let go.
        now: the instant ages are counted to, if not this one.

    Returns:
        ``files`` and ``bytes`` of each of ``originals put_away reports outgoing logs backups``; ``flow_runs`` of Prefect (nothing where
        no server answers); ``is_done``.

    Raises:
        ConfigurationInvalid: naming file and key; or the home is another user's.
        AnotherRunIsActive: a run or a backup is going on, and ``write`` is asked for.
        BackupFailed: something could not be deleted; what was is gone, the rest the next time.
    """
    configuration, operations = load_configuration(config), load_operations(config)
    rooms, now = Home(home.expanduser().resolve()), now or datetime.now(UTC)
    backups = backup_folder(rooms.path, operations)
    if write:
        assert_own(rooms.path)
        assert_there(backups, operations)
    with ExitStack() as stack:
        engine = stack.enter_context(open_registry(rooms, configuration))
        if write:
            stack.enter_context(run_lock(engine, "prune"))
            stack.enter_context(one_at_a_time(backups))
        with transaction(engine) as connection:
            due = _due(connection, rooms, backups, operations.retention, operations.backup.keep, now)
        found = {kind: _measured(paths) for kind, paths in due.paths.items()}
        found["originals"] = {"files": len(due.originals), "bytes": sum(original.size for original in due.originals)}
        if write:
            with explaining_disk("files cannot be deleted in", rooms.path):
                _let_go(engine, rooms, due, backups, now)
        sizes = due.put_away.sizes(write=write)
        found["put_away"] = {"files": len(sizes), "bytes": sum(sizes)}
    before = now - timedelta(days=operations.retention.prefect_days)
    flow_runs = prune_flow_runs(rooms.path, operations.server, before, write=write)
    log.info("prune: %s", ", ".join(f"{part['files']} {kind}" for kind, part in found.items()))
    return {**found, "flow_runs": flow_runs, "is_done": write}


def _due(connection: sa.Connection, rooms: Home, backups: Path, retention: Retention, keep: int, now: datetime) -> _Due:
    def before(days: int) -> datetime:
        return now - timedelta(days=days)

    originals: list[Original] = []
    if retention.received_days is not None:
        unneeded = unneeded_originals(connection, before(retention.received_days))
        originals = [original for original in unneeded if original_path(rooms.received, original.sha256).is_file()]
    newest = runs.latest_run(connection)
    kept = {newest["run_id"]} if newest else set()
    reported = runs_before(connection, before(retention.reports_days)) - kept
    handed_in = runs_before(connection, before(retention.outgoing_days)) - kept - runs_still_told(connection)
    return _Due(
        originals,
        _PutAway(_inboxes(rooms), before(retention.put_away_days), known_contents(connection)),
        {
            "reports": [
                *_of_runs(rooms.path / "reports", reported),
                *_dated(rooms.path / "reports/reconcile", _OF_AN_INSTANT, "%Y%m%d", before(retention.reports_days)),
                *_dated(rooms.path / "reports/scorecard", _OF_A_MONTH, "%Y-%m", before(retention.reports_days + 31)),
            ],
            "outgoing": _of_runs(rooms.path / "outgoing", handed_in),
            "logs": _old_logs(rooms.path / "logs", before(retention.logs_days)),
            "backups": backups_in(backups)[:-keep],
        },
    )


def _inboxes(rooms: Home) -> list[Path]:
    return sorted(path for path in rooms.inbox.iterdir() if path.is_dir())


def _of_runs(folder: Path, run_ids: set[int]) -> list[Path]:
    def is_due(name: str) -> bool:
        named = _OF_A_RUN.fullmatch(name)
        return named is not None and int(named[1]) in run_ids

    return _chosen(folder, is_due)


def _dated(folder: Path, form: re.Pattern[str], date_format: str, before: datetime) -> list[Path]:
    """Folders named for a day or month before an instant."""

    def is_due(name: str) -> bool:
        named = form.fullmatch(name)
        return named is not None and datetime.strptime(named[1], date_format).replace(tzinfo=UTC) < before

    return _chosen(folder, is_due)


def _chosen(folder: Path, is_due: Callable[[str], bool]) -> list[Path]:
    return sorted(path for path in folder.iterdir() if is_due(path.name)) if folder.is_dir() else []


def _old_logs(folder: Path, before: datetime) -> list[Path]:
    """Log files nobody has written to since; those that are still open have the plain name."""
    if not folder.is_dir():
        return []
    closed = [path for path in folder.iterdir() if path.is_file() and path.suffix != ".log"]
    return sorted(path for path in closed if datetime.fromtimestamp(path.stat().st_mtime, UTC) < before)


def _measured(paths: Iterable[Path]) -> dict[str, int]:
    files = [file for path in paths for file in ([path] if path.is_file() else path.rglob("*")) if file.is_file()]
    return {"files": len(files), "bytes": sum(file.stat().st_size for file in files)}


def _let_go(engine: sa.Engine, rooms: Home, due: _Due, backups: Path, now: datetime) -> None:
    if due.originals:
        with transaction(engine) as connection:  # first, so that a file that is gone was never missed
            note_pruned(connection, due.originals, now)
    for original in due.originals:
        original_path(rooms.received, original.sha256).unlink()
    for path in (path for paths in due.paths.values() for path in paths):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    if due.paths["backups"]:
        _empty_pool(backups)


def _empty_pool(backups: Path) -> None:
    """Deletes originals that none of the backups names any more."""
    named = {part.name for backup in backups_in(backups) for part in read_manifest(backup).originals}
    for path in pool_of(backups).glob("*/*"):
        if path.name not in named:
            path.unlink()

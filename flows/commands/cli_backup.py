"""The command line of keeping: backups, bringing one back, letting go what is old, and new versions of the tables."""

import sys
from functools import partial
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from flows.commands.cli_common import COMMON, GREEN, RED, YELLOW, Common, config_of, give, home_of
from schemas.errors import ConfigurationInvalid

__all__ = ["add_backup_commands"]

backup_app = App(
    name="backup", help="Back up registry, ledger, kept originals and configuration; look through a backup."
)

Flag = Annotated[bool, Parameter(negative="")]


def add_backup_commands(app: App) -> None:
    """Hangs the commands of this module into the command line."""
    app.command(backup_app)
    for command in (restore, prune, upgrade):
        app.command(command)


@backup_app.default
def backup(*, to: Path | None = None, common: Common = COMMON) -> int:
    """Makes a backup and looks through it; a night may be at work meanwhile. Secrets are not in it.

    Args:
        to: folder for it, such as another disk [folder of operations.toml, else HOME/backups].
        common: options every command takes.
    """
    from flows.commands.print_backup import print_backup
    from flows.keeping.backup import make_backup

    found = make_backup(home_of(common), config_of(common), to)
    give(found, common, print_backup)
    if not found["is_whole"]:
        return RED
    return YELLOW if found["missing"] or found["damaged"] else GREEN


@backup_app.command
def check(folder: Path, *, common: Common = COMMON) -> int:
    """Reads a whole backup again and compares every part with its digest.

    Args:
        folder: the backup, beside which its originals lie.
        common: options every command takes.
    """
    from flows.commands.print_backup import print_check
    from flows.keeping.backup_check import check_backup

    home_of(common)
    found = check_backup(folder)
    give(found, common, print_check)
    return GREEN if found["is_whole"] else RED


@backup_app.command(name="list")
def list_(*, folder: Path | None = None, common: Common = COMMON) -> int:
    """The backups there are, oldest first.

    Args:
        folder: where they lie [folder of operations.toml, else HOME/backups].
        common: options every command takes.
    """
    from flows.commands.print_backup import print_backups
    from flows.keeping.backup_store import listed_backups

    give(listed_backups(home_of(common), config_of(common), folder), common, print_backups)
    return GREEN


def restore(folder: Path, *, by: str = "", reason: str = "", yes: Flag = False, common: Common = COMMON) -> int:
    """Brings a backup back into an empty home; in numbers first, and asks for --yes. The platform is reconciled with before it is told.

    Args:
        folder: the backup, beside which its originals lie.
        by: name of the person who restores it [the account].
        reason: why.
        yes: do it.
        common: options every command takes; --home must be named, and be empty or not be there.
    """
    from flows.commands.print_backup import print_restore
    from flows.keeping.restore import restore as bring_back
    from flows.people.at_rest import Decider

    if common.home is None:
        raise ConfigurationInvalid("name the new home: --home DIR")
    decider = Decider(by, reason) if by or reason else None
    give(bring_back(folder, home_of(common), write=yes, decider=decider), common, print_restore)
    return GREEN if yes else YELLOW


def prune(*, yes: Flag = False, common: Common = COMMON) -> int:
    """Lets go what [retention] of operations.toml keeps no longer; in numbers first, and asks for --yes.

    Args:
        yes: do it.
        common: options every command takes.
    """
    from flows.commands.print_backup import print_pruned
    from flows.keeping.prune import prune as let_go

    give(let_go(home_of(common), config_of(common), write=yes), common, print_pruned)
    return GREEN if yes else YELLOW


def upgrade(*, no_backup: Flag = False, common: Common = COMMON) -> int:
    """Brings the registry's tables to this program's version, after a backup; killed, it goes on when it is started again.

    Args:
        no_backup: there is a backup of this moment already.
        common: options every command takes.
    """
    from flows.commands.print_backup import print_upgrade
    from flows.keeping.upgrade import upgrade_registry

    say = partial(print, file=sys.stderr, flush=True)
    give(
        upgrade_registry(home_of(common), config_of(common), back_up=not no_backup, say=say),
        common,
        print_upgrade,
    )
    return GREEN

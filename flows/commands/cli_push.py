"""The command line of the push: what will be told to the platform, who lets it go, and what became of it."""

import sys
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

from flows.commands.cli_common import COMMON, EXIT_CODE, GREEN, YELLOW, Common, Positive, config_of, give, home_of

__all__ = ["add_push_commands"]

push_app = App(name="push", help="Tell the platform what waits, and see what became of it.")
receipts_app = App(name="receipts", help="The platform's answers that come back as files.")
profile_app = App(name="profile", help="The platform's format.")

Flag = Annotated[bool, Parameter(negative="")]
Person = Annotated[str, Parameter(allow_leading_hyphen=True)]


def add_push_commands(app: App) -> None:
    """Hangs the commands of this module into the command line."""
    for command in (plan, approve, hold, release, reconcile):
        app.command(command)
    for group in (push_app, receipts_app, profile_app):
        app.command(group)


def plan(run: Positive, *, to: Path | None = None, common: Common = COMMON) -> int:
    """What a run will tell the platform: new, changed, withdrawn, and why it is held if it is.

    Args:
        run: number of the run.
        to: also write it as a workbook, a line for each changed field, masked.
        common: options every command takes.
    """
    from flows.commands.print_push import print_plan
    from flows.telling.push_plans import shown_plan

    found = shown_plan(home_of(common), config_of(common), run, to)
    give(found, common, print_plan)
    return YELLOW if found["state"] == "held" else GREEN


def approve(run: Positive, *, by: str, reason: str, source: str = "", common: Common = COMMON) -> int:
    """Lets go what a brake holds; two different people must, for exactly the same plan or list.

    Args:
        run: number of the run whose plan, or whose list, is held.
        by: name of the person who approves.
        reason: why it is right.
        source: approve the list of this source that was held for losing too many people, instead of the plan.
        common: options every command takes.
    """
    from flows.commands.print_push import print_approval
    from flows.telling.push_plans import approve_list, approve_plan

    home, config = home_of(common), config_of(common)
    if source:
        found = approve_list(home, config, run, source, by=by, reason=reason)
    else:
        found = approve_plan(home, config, run, by=by, reason=reason)
    give(found, common, print_approval)
    return GREEN if found["is_released"] else YELLOW


def hold(person: Person, *, by: str, reason: str, common: Common = COMMON) -> int:
    """Tells the platform nothing of a person until released.

    Args:
        person: person_id, or an ID number ('-' reads it from standard input).
        by: name of the person who decides.
        reason: why.
        common: options every command takes.
    """
    from flows.commands.print_push import print_hold
    from flows.telling.push_people import hold_person

    give(hold_person(home_of(common), config_of(common), _read(person), by=by, reason=reason), common, print_hold)
    return GREEN


def release(person: Person, *, by: str, reason: str, common: Common = COMMON) -> int:
    """Ends a hold.

    Args:
        person: person_id, or an ID number ('-' reads it from standard input).
        by: name of the person who decides.
        reason: why.
        common: options every command takes.
    """
    from flows.commands.print_push import print_hold
    from flows.telling.push_people import release_person

    give(release_person(home_of(common), config_of(common), _read(person), by=by, reason=reason), common, print_hold)
    return GREEN


@push_app.default
def push(*, common: Common = COMMON) -> int:
    """Tells the platform what is planned, released and due; finds out what became of what it was told before."""
    from flows.commands.print_push import print_pushed
    from flows.telling.push_now import push_now

    found = push_now(home_of(common), config_of(common))
    give(found, common, print_pushed)
    return EXIT_CODE[found["status"]]


@push_app.command(name="status")
def push_status(*, common: Common = COMMON) -> int:
    """What waits for the platform and why, and whether it answers."""
    from flows.commands.print_push import print_push_status
    from flows.telling.push_people import status_of_push

    found = status_of_push(home_of(common), config_of(common))
    give(found, common, print_push_status)
    return EXIT_CODE[found["status"]]


@push_app.command
def restored(*, by: str, reason: str, common: Common = COMMON) -> int:
    """Marks a registry that was restored out of a backup: keys are new, and nothing is pushed before `eldersync reconcile`.

    Args:
        by: name of the person who has restored it.
        reason: why.
        common: options every command takes.
    """
    from flows.commands.print_push import print_restored
    from flows.telling.push_restored import mark_restored

    give(mark_restored(home_of(common), config_of(common), by=by, reason=reason), common, print_restored)
    return YELLOW


@push_app.command
def resend(person: Person, *, by: str, reason: str, common: Common = COMMON) -> int:
    """Tells the platform once more what it refused of a person, or what nobody knows the outcome of.

    Args:
        person: person_id, or an ID number ('-' reads it from standard input).
        by: name of the person who decides.
        reason: why.
        common: options every command takes.
    """
    from flows.commands.print_push import print_hold
    from flows.telling.push_people import resend_person

    give(resend_person(home_of(common), config_of(common), _read(person), by=by, reason=reason), common, print_hold)
    return GREEN


@push_app.command
def proof(person: Person, *, common: Common = COMMON) -> int:
    """Everything the platform was told of a person: when, which digest, under which key, its answer and receipt.

    Args:
        person: person_id, or an ID number ('-' reads it from standard input).
        common: options every command takes.
    """
    from flows.commands.print_push import print_proof
    from flows.telling.push_people import proof_of_person

    give(proof_of_person(home_of(common), config_of(common), _read(person)), common, print_proof)
    return GREEN


@receipts_app.command(name="import")
def import_receipts(file: Path, *, run: Positive | None = None, yes: Flag = False, common: Common = COMMON) -> int:
    """Reads the platform's result workbook; says in numbers what it would settle, and does so with --yes.

    Args:
        file: the workbook the platform gave back.
        run: the run whose files it answers [told by the rows themselves; a row that leaves it open is not used].
        yes: settle.
        common: options every command takes.
    """
    from flows.commands.print_push import print_receipts
    from flows.telling.receipts import import_receipts as import_file

    found = import_file(home_of(common), config_of(common), file, run=run, write=yes)
    give(found, common, print_receipts)
    return GREEN if found["is_settled"] and not found["waits"] else YELLOW


def reconcile(
    *, reassert: Flag = False, by: str = "", reason: str = "", yes: Flag = False, common: Common = COMMON
) -> int:
    """Compares what the platform holds with what it was told; differences by field go into a workbook.

    Args:
        reassert: plan to tell again whoever differs; still subject to the brakes. Only said in numbers without --yes.
        by: name of the person who decides, for --reassert.
        reason: why, for --reassert.
        yes: do it.
        common: options every command takes.
    """
    from flows.commands.print_push import print_reconciled
    from flows.telling.reconcile import reconcile as compare

    found = compare(home_of(common), config_of(common), reassert=reassert, by=by, reason=reason, write=yes)
    give(found, common, print_reconciled)
    return GREEN if found["agrees"] else YELLOW


@profile_app.command(name="try")
def try_(name: str, *, common: Common = COMMON) -> int:
    """Ten people of the registry in a platform's format, masked.

    Args:
        name: of the profile: config/platform/NAME.toml.
        common: options every command takes.
    """
    from flows.commands.print_push import print_profile
    from flows.telling.profile_try import try_profile

    give(try_profile(home_of(common), config_of(common), name), common, print_profile)
    return GREEN


@profile_app.command
def ddl(name: str, *, dialect: Literal["postgresql", "mysql"] = "postgresql", common: Common = COMMON) -> int:
    """The statements for the exchange table a platform's format needs; whoever keeps that database runs them.

    Args:
        name: of the profile: config/platform/NAME.toml.
        dialect: of the database; mysql is MariaDB's as well.
        common: options every command takes.
    """
    from flows.telling.profile_try import exchange_table

    found = {"statements": exchange_table(config_of(common), name, dialect)}
    give(found, common, lambda found: print(found["statements"], end=""))  # noqa: T201
    return GREEN


def _read(person: str) -> str:
    return sys.stdin.readline().strip() if person == "-" else person

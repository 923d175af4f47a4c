"""The command line of the registry's memory: taking nights back, proving the registry, trying rules out."""

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from flows.commands.cli_common import COMMON, EXIT_CODE, GREEN, RED, YELLOW, Common, Positive, config_of, give, home_of

__all__ = ["add_memory_commands", "rules_app"]

rules_app = App(name="rules", help="The rules in force, and what others would change.")

Flag = Annotated[bool, Parameter(negative="")]


def add_memory_commands(app: App) -> None:
    """Hangs the commands of this module into the command line."""
    app.command(undo)
    app.command(retake)
    app.command(rebuild)
    app.command(rules_app)


def undo(
    run: Positive, *, by: str, reason: str, with_later: Flag = False, yes: Flag = False, common: Common = COMMON
) -> int:
    """Takes a night back: the registry as before it, and corrections to the platform; in numbers first, and asks for --yes.

    Args:
        run: number of the run.
        by: name of the person who takes it back.
        reason: why.
        with_later: take back the later nights that stand on it, too.
        yes: do it.
        common: options every command takes.
    """
    from flows.commands.print_memory import print_undo
    from flows.memory.undo import Undoing, undo_run
    from flows.people.at_rest import Decider

    decider, what = Decider(by, reason), Undoing(run, with_later=with_later)
    found = undo_run(home_of(common), config_of(common), what, decider, write=yes)
    give(found, common, print_undo)
    return EXIT_CODE[found["status"]] if yes else YELLOW


def retake(run: Positive, *, by: str, reason: str, source: str | None = None, common: Common = COMMON) -> int:
    """Has the next run take again the lists that were taken back with a run; without it they are left alone.

    Args:
        run: number of the run that was undone.
        by: name of the person who decides.
        reason: why.
        source: only this source's.
        common: options every command takes.
    """
    from flows.commands.print_memory import print_retaken
    from flows.memory.undo import retake_lists
    from flows.people.at_rest import Decider

    give(retake_lists(home_of(common), config_of(common), run, source, Decider(by, reason)), common, print_retaken)
    return GREEN


def rebuild(*, check: Flag = False, to: Path | None = None, common: Common = COMMON) -> int:
    """Recomputes the registry from the kept originals, decisions and rules, and proves it identical; nothing is written.

    Args:
        check: compare only; nothing else is offered.
        to: file to write what differs to: .csv, .xlsx, .parquet or .json.
        common: options every command takes.
    """
    from flows.commands.print_memory import print_rebuild
    from flows.memory.rebuild import check_registry

    found = check_registry(home_of(common), config_of(common), to, is_check=check)
    give(found, common, print_rebuild)
    return GREEN if found["is_identical"] else RED


@rules_app.command(name="try")
def try_(*, to: Path, rules: Path | None = None, survivorship: Path | None = None, common: Common = COMMON) -> int:
    """Which people other rules would alter, and which findings would come and go; nothing is written but the list.

    Args:
        to: file to write: .csv, .xlsx, .parquet or .json.
        rules: a rules.toml to try in the place of the one in force.
        survivorship: a survivorship.toml to try in the place of the one in force.
        common: options every command takes.
    """
    from flows.commands.print_memory import print_tried_rules
    from flows.memory.rules_try import try_rules

    give(try_rules(home_of(common), config_of(common), rules, survivorship, to), common, print_tried_rules)
    return GREEN

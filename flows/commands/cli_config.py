"""The command line of the configuration: what is wrong with it, and what is in force."""

from functools import partial
from typing import Annotated

from cyclopts import App, Parameter

from flows.commands.cli_common import COMMON, GREEN, USAGE, Common, config_of, give, home_of

__all__ = ["add_config_commands"]


def add_config_commands(app: App) -> None:
    """Hangs the group of configuration commands into the command line."""
    group = App(name="config", help="The configuration: what is wrong with it, and what is in force.")
    group.command(check)
    group.command(show)
    app.command(group)


def check(*, common: Common = COMMON) -> int:
    """Every problem of all configuration files at once, by file, line and key; nothing is started."""
    from flows.commands.print_config import print_faults
    from flows.settings.configuration_check import check_configuration

    found = check_configuration(home_of(common), config_of(common))
    give(found, common, print_faults)
    return USAGE if found["problems"] else GREEN


def show(
    part: str = "", *, origin: Annotated[bool, Parameter(negative="")] = False, common: Common = COMMON
) -> int:  # fmt: skip
    """Every value in force; secrets only as set or missing.

    Args:
        part: only what begins so, as rules.brake or sources.village_survey.
        origin: say from which file and line each comes, or that it is the default.
        common: options every command takes.
    """
    from flows.commands.print_config import print_values
    from flows.settings.configuration_show import shown_configuration

    found = shown_configuration(home_of(common), config_of(common), part)
    give(found, common, partial(print_values, with_origin=origin))
    return GREEN

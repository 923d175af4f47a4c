"""The commands ``eldersync watch`` and ``eldersync help``: the look of the watchdog, and what a code means.

``watch`` exits 0 where all is quiet and 3 where something is wrong, whether anybody was told of it or not.
"""

from typing import Any

from cyclopts import App

from flows.commands.cli_common import COMMON, GREEN, YELLOW, Common, config_of, give, home_of

__all__ = ["add_watch_commands"]


def add_watch_commands(app: App) -> None:
    """Hangs the commands into the command line."""
    app.command(watch)
    app.command(help_, name="help")


def watch(*, common: Common = COMMON) -> int:
    """One look of the watchdog: a night that did not happen, a dead worker, a full disk, a wrong clock; tells of what is new.

    Args:
        common: options every command takes.
    """
    from flows.watching.watch import look

    found = look(home_of(common), config_of(common))
    give(found, common, _print_watched)
    return YELLOW if found["problems"] else GREEN


def help_(code: str | None = None, *, common: Common = COMMON) -> int:
    """What a code of a card, a finding or the push means and what to do; every code without one.

    Args:
        code: as the status, the report or the push show it.
        common: options every command takes.
    """
    from flows.commands.print_status import print_help
    from flows.watching.code_help import all_codes, explained

    give(all_codes() if code is None else explained(code), common, print_help)
    return GREEN


def _print_watched(found: dict[str, Any]) -> None:
    from flows.commands.print_status import print_cards

    told = "；已发消息" if found["told"] else ""
    print(f"{found['at']}  {len(found['problems'])} 个问题{told}" if found["problems"] else f"{found['at']}  没有问题")  # noqa: T201
    print_cards(found["problems"])

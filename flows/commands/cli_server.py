"""The command line of the server: begin it, end it, and ask it with Prefect's own commands."""

import sys
from datetime import datetime
from typing import Annotated, Any

from cyclopts import App, Parameter, validators

from flows.commands.cli_common import COMMON, GREEN, Common, config_of, give, home_of

__all__ = ["add_server_commands"]

Flag = Annotated[bool, Parameter(negative="")]


def add_server_commands(app: App) -> None:
    """Hangs the commands of this module into the command line."""
    for command in (up, down, prefect):
        app.command(command)


def up(*, foreground: Flag = False, common: Common = COMMON) -> int:
    """Begins the server, its worker and the schedule on this machine, and says where the page is.

    Args:
        foreground: stay, start again what dies, and end both in order on Ctrl-C or SIGTERM.
        common: options every command takes.
    """
    from flows.schedule import installation_up

    home, config = home_of(common), config_of(common)
    if foreground:
        installation_up.begin_in_foreground(home, config, lambda found: _tell(found, common))
    else:
        give(installation_up.begin_detached(home, config), common, _print_standing)
    return GREEN


def down(
    *, now: Flag = False, wait: Annotated[float, Parameter(validator=validators.Number(gte=0))] = 1,
    common: Common = COMMON,
) -> int:  # fmt: skip
    """Ends the worker, then the server; what is at work is waited for.

    Args:
        now: cancel what is at work; the next night, or `eldersync resume`, goes on from there.
        wait: minutes to wait for what is at work.
        common: options every command takes.
    """
    from flows.schedule.installation_up import end

    give(end(home_of(common), config_of(common), now=now, wait_seconds=60 * wait), common, _print_ended)
    return GREEN


def prefect(*arguments: Annotated[str, Parameter(allow_leading_hyphen=True)], common: Common = COMMON) -> int:
    """One of Prefect's own commands, asked of this server; for instance: eldersync prefect flow-run ls.

    Args:
        arguments: of Prefect's command; options that eldersync has too come after a lone --.
        common: options every command takes.
    """
    from flows.schedule.installation_up import run_prefect_command

    return run_prefect_command(home_of(common), config_of(common), list(arguments))


def _tell(found: dict[str, Any], common: Common) -> None:
    give(found, common, _print_standing)
    sys.stdout.flush()  # who started it waits for this


def _print_standing(found: dict[str, Any]) -> None:
    night = datetime.fromisoformat(found["next_night"]) if found["next_night"] else None
    lines = [
        "服务早已启动 (the server is up already)" if found["was_up"] else "服务已启动 (the server is up)",
        f"  网页 (UI)              {found['url']}",
        f"  登录 (login)           {found['user']}:口令 (password)，整行见 (whole line in) {found['password_in']}",
        f"  下次夜间运行 (next night)  {night:%Y-%m-%d %H:%M}" if night else "  下次夜间运行 (next night)  无 (none)",
        "  停止 (stop)            eldersync down",
    ]
    print("\n".join(lines))  # noqa: T201


def _print_ended(found: dict[str, Any]) -> None:
    print("服务已停止 (the server is down)" if found["stopped"] else "服务本未运行 (nothing was running)")  # noqa: T201

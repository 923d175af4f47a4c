"""The command ``eldersync returns``: lists go back to their senders, what is wrong in red.

Exit codes as everywhere (``flows.cli``); 0 also where nothing goes back.
"""

from typing import Annotated

from cyclopts import App, Parameter

from flows.commands.cli_common import COMMON, GREEN, Common, Positive, config_of, give, home_of

__all__ = ["add_return_commands"]


def add_return_commands(app: App) -> None:
    """Hangs the command into the command line."""
    app.command(returns)


def returns(
    run: Positive, *, source: str | None = None, body: str | None = None,
    all_rows: Annotated[bool, Parameter(negative="")] = False, common: Common = COMMON,
) -> int:  # fmt: skip
    """Return workbooks and letters of a run, by body, beside its report.

    Args:
        run: number of the run.
        source: only this source's files.
        body: only this body's.
        all_rows: every row of a file that goes back, not only those with findings.
        common: options every command takes.
    """
    from flows.commands.print_returns import print_returns
    from flows.returning.returns import write_returns

    given = write_returns(home_of(common), config_of(common), run, source=source, body=body, all_rows=all_rows)
    give(given, common, print_returns)
    return GREEN

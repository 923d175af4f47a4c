"""The commands ``eldersync report`` and ``eldersync scorecard``: where pages lie, written again or anew.

Exit codes as everywhere (``flows.cli``).
"""

from pathlib import Path

from cyclopts import App

from flows.commands.cli_common import COMMON, GREEN, Common, Positive, config_of, give, home_of

__all__ = ["add_report_commands"]


def add_report_commands(app: App) -> None:
    """Hangs the commands into the command line."""
    app.command(report)
    app.command(scorecard)


def report(run: Positive, *, common: Common = COMMON) -> int:
    """Where the HTML report of a run lies; its pages are written again if one of them is gone.

    Args:
        run: number of the run.
        common: options every command takes.
    """
    from flows.accounts.reporting import report_path

    found = {"report": str(report_path(home_of(common), config_of(common), run))}
    give(found, common, lambda found: print(found["report"]))  # noqa: T201
    return GREEN


def scorecard(*, month: str | None = None, to: Path | None = None, common: Common = COMMON) -> int:
    """The monthly scorecard of sources, as a page and a workbook beside the reports.

    Args:
        month: YYYY-MM [this month].
        to: a further workbook, .xlsx.
        common: options every command takes.
    """
    from flows.accounts.scorecard import scorecard as write

    given = write(home_of(common), config_of(common), month, to)
    give(given, common, lambda found: print(f"{found['page']}\n{found['workbook']}"))  # noqa: T201
    return GREEN

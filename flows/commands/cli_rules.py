"""The command line of rules: which there are, and what one of them says."""

from pathlib import Path

from cyclopts import App

from flows.commands.cli_common import COMMON, GREEN, Common, config_of, give, home_of

__all__ = ["add_rules_commands"]


def add_rules_commands(app: App) -> None:
    """Hangs the commands of this module into the group of rules."""
    app.command(list_, name="list")
    app.command(explain)


def list_(*, to: Path | None = None, common: Common = COMMON) -> int:
    """Every rule: when it is judged, how grave it is, whose it is, its version, and how many findings of it stand.

    Args:
        to: file to write: .csv, .xlsx, .parquet or .json.
        common: options every command takes.
    """
    from flows.accounts.rules_list import list_rules
    from flows.commands.print_rules import print_rules

    give(list_rules(home_of(common), config_of(common), to), common, print_rules)
    return GREEN


def explain(code: str, *, common: Common = COMMON) -> int:
    """One rule: what it means, what to do, its parameters, and what a bureau has changed of it.

    Args:
        code: as it stands in reports.
        common: options every command takes.
    """
    from flows.accounts.rules_list import explain_rule
    from flows.commands.print_rules import print_rule

    give(explain_rule(home_of(common), config_of(common), code), common, print_rule)
    return GREEN

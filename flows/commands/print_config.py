"""The configuration on a terminal: what is wrong with it, and what is in force."""

from typing import Any

__all__ = ["print_faults", "print_values"]


def print_faults(found: dict[str, Any]) -> None:
    """Prints faults, each as FILE:LINE: KEY: what is expected."""
    for problem in found["problems"]:
        place = problem["file"] if problem["line"] is None else f"{problem['file']}:{problem['line']}"
        print(": ".join(filter(None, [place, problem["key"], problem["words"]])))  # noqa: T201
    count = len(found["problems"])
    verdict = "nothing is wrong" if not count else "1 problem" if count == 1 else f"{count} problems"
    print(f"{found['folder']}: {found['files']} files, {verdict}")  # noqa: T201


def print_values(found: dict[str, Any], *, with_origin: bool) -> None:
    """Prints values in force, a line each, and where they come from if that is asked for."""
    for shown in found["values"]:
        origin = f"  # {shown['origin']}" if with_origin else ""
        print(f"{shown['key']} = {shown['value']}{origin}")  # noqa: T201

"""Which aims were reached by what was measured, said for each set of rows."""

import statistics
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.identity_page import Set

__all__ = ["quality_verdict", "speed_verdict"]

_GIB = 2**30 / 1e6


def quality_verdict(sets: "list[Set]") -> str:
    """One line for each aim of quality."""
    return "\n".join(
        [
            _said("No wrong pair joined by itself", sets, lambda found: found.judged.automatic.wrong == 0),
            _said("0.98 of the true problems found", sets, lambda found: found.judged.recall >= 0.98),
            _said("At most 1.5 questions for a true problem", sets, lambda found: found.judged.load <= 1.5),
            _said(
                "A better F1 than Splink's, once questions are answered",
                [found for found in sets if found.weights],
                lambda found: found.judged.decided.f1 > found.splink.f1,
            ),
            _said(
                "The same with as many questions answered for Splink",
                [found for found in sets if found.weights],
                lambda found: found.judged.decided.f1 > found.splink_answered.f1,
            ),
        ]
    )


def speed_verdict(sets: "list[Set]") -> str:
    """One line for each aim of time and memory that was measured."""
    lines = []
    for found in sets:
        if found.number == 100_000:
            everybody, night = (
                statistics.median(spent.seconds for spent in found.spent[way]) for way in ("ours", "night")
            )
            lines.append(
                f"- 100,000 people in less than 60 s: {_within(everybody, 60)} ({everybody:.1f} s); a night with 1 % changed in less than "
                f"a tenth of that: {_within(night, 6)} ({night:.1f} s)."
            )
        if found.number == 1_000_000:
            most = max(spent.megabytes for way in ("ours", "night") for spent in found.spent[way])
            lines.append(f"- A million people in less than 2 GiB: {_within(most, 2 * _GIB)} ({most / _GIB:.2f} GiB).")
    return "\n".join(lines)


def _said(aim: str, sets: "list[Set]", is_reached: "Callable[[Set], bool]") -> str:
    reached = [found.title for found in sets if is_reached(found)]
    missed = [found.title for found in sets if not is_reached(found)]
    parts = [f"reached with {', '.join(reached)}"] * bool(reached) + [f"**not with {', '.join(missed)}**"] * bool(
        missed
    )
    return f"- {aim}: {'; '.join(parts) or 'not measured'}."


def _within(measured: float, most: float) -> str:
    return "reached" if measured < most else "**not reached**"

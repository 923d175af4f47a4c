"""What the elders and rows that a page is about come to: ages, categories, columns filled in; and their charts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from reports import charts

__all__ = ["Figures", "figure_values"]


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts of people; nobody is named.

    Args:
        people: elders in the registry, or rows of a list.
        ages: label of an age, men, women; the youngest first.
        categories: label of a category, men, women.
        completeness: label of a column, how many have it filled in, how many are asked for it.
    """

    people: int = 0
    ages: Sequence[tuple[str, int, int]] = ()
    categories: Sequence[tuple[str, int, int]] = ()
    completeness: Sequence[tuple[str, int, int]] = ()


def figure_values(figures: Figures | None) -> dict[str, Any]:
    """What the template of figures names; ``pyramids`` and ``completeness`` are empty where there is nothing to count."""
    counted = figures or Figures()
    pyramids = [
        charts.pyramid(title, rows)
        for title, rows in (
            ("年龄与性别（人）", counted.ages),
            ("对象类型与性别（人，一人可属多类）", counted.categories),
        )
        if any(men + women for _, men, women in rows)
    ]
    completeness = [
        {"label": label, "filled": filled, "asked": asked, "missing": asked - filled, "share": filled / asked}
        for label, filled, asked in counted.completeness
        if asked
    ]
    return {"people": counted.people, "pyramids": pyramids, "completeness": completeness}

"""The front page: every night in a line, how things go, how fresh each list is, and where everything else lies."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from reports.night import PageLink
from reports.night_view import trend_charts
from reports.pages import write_page

__all__ = ["FrontPage", "NightLine", "SourceFreshness", "write_front_page"]


@dataclass(frozen=True, slots=True)
class NightLine:
    """A run in a line; counts are ``None`` where it did not finish, ``page`` is empty where no page of it lies there."""

    run_id: int
    business_date: date
    status: str
    page: str
    received: int | None = None
    admitted: int | None = None
    held: int | None = None
    findings: int | None = None
    elders: int | None = None
    new: int | None = None
    changed: int | None = None
    withdrawn: int | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class SourceFreshness:
    """When a list came last; ``days`` since then, ``limit`` after which it counts as old (``None``: nothing is agreed)."""

    label: str
    body_label: str
    received_at: datetime | None
    files: int
    days: int | None
    limit: int | None

    @property
    def words(self) -> str:
        """What an officer makes of it."""
        if self.received_at is None or self.days is None:
            return "没有收到资料"
        if self.limit is not None and self.days > self.limit:
            return f"超过约定的 {self.limit} 天"
        return "今天" if not self.days else f"{self.days} 天前"

    @property
    def status(self) -> str:
        """Its lamp."""
        if self.received_at is None or self.days is None:
            return "absent"
        return "yellow" if self.limit is not None and self.days > self.limit else "green"


@dataclass(frozen=True, eq=False)
class FrontPage:
    """The page in plain data.

    Args:
        bureau: whose it is.
        nights: newest first.
        trend: as in ``reports.night.NightReport``.
        sources: every list.
        newest: number of the newest night with a page; ``pages`` are its other pages.
        scorecards: months of which a scorecard lies there, newest first.
    """

    bureau: str
    nights: Sequence[NightLine]
    trend: pd.DataFrame
    sources: Sequence[SourceFreshness]
    newest: int | None = None
    pages: Sequence[PageLink] = ()
    scorecards: Sequence[str] = ()
    waiting: Sequence[str] = ()


def write_front_page(front: FrontPage, path: Path) -> Path:
    """Writes the page whole or not at all; its folder exists."""
    values: dict[str, Any] = {"front": front, "charts": trend_charts(front.trend)}
    return write_page(path, "front.html.j2", values)

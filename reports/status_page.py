"""The page an operator looks at in the morning: one line, a bill that adds up, and a card for each problem."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from reports.pages import write_page

__all__ = ["StatusBillLine", "StatusCard", "StatusPage", "write_status_page"]


@dataclass(frozen=True, slots=True)
class StatusBillLine:
    """A sum and its parts; ``verdict`` says whether it adds up, and is empty where there is nothing to compare."""

    label: str
    total: int
    unit: str
    parts: Sequence[tuple[str, int]]
    verdict: str
    difference: int


@dataclass(frozen=True, slots=True)
class StatusCard:
    """A problem: what it is, whose job, since when, what happened, what to do, and the command to copy."""

    code: str
    lamp: str
    title: str
    since: str
    owner: str
    what: str
    todo: str
    command: str


@dataclass(frozen=True, slots=True)
class StatusPage:
    """The page in plain data.

    Args:
        bureau: whose installation it is.
        lamp: ``green yellow red running none``.
        headline: all of it in one line.
        written_at: when it was written; what it says may be over since.
        bill: sums of the newest night, and of now.
        cards: the gravest first.
        report: the newest night's page, from the folder of the reports; empty where there is none.
    """

    bureau: str
    lamp: str
    headline: str
    written_at: datetime
    bill: Sequence[StatusBillLine] = ()
    cards: Sequence[StatusCard] = ()
    report: str = ""


def write_status_page(page: StatusPage, path: Path) -> Path:
    """Writes the page whole or not at all; its folder exists."""
    owners = list(dict.fromkeys(card.owner for card in page.cards))
    return write_page(path, "status.html.j2", {"page": page, "owners": owners})

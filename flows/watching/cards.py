"""Cards: one problem of the installation each, with whose job it is and the command that helps."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from flows.watching.card_words import CARD_WORDS, Lamp, Owner

__all__ = ["Card", "as_lines", "card", "in_order", "owners_counted", "worst_lamp"]

_GRAVITY = {code: place for place, code in enumerate(CARD_WORDS)}


@dataclass(frozen=True, slots=True)
class Card:
    """A problem as an operator sees it.

    Attributes:
        code: of ``flows.watching.card_words``.
        lamp: how grave it is.
        title: what it is, with the list it is about where it is about one.
        since: an ISO date or instant; empty where it is not known.
        owner: whose job it is.
        what: what happened, in numbers.
        todo: what to do.
        command: to copy; empty where there is none.
    """

    code: str
    lamp: Lamp
    title: str
    since: str
    owner: Owner
    what: str
    todo: str
    command: str


def card(
    code: str, what: str, *, since: date | datetime | None = None, owner: Owner | None = None, of: str = "",
    run: int | None = None, source: str = "",
) -> Card:  # fmt: skip
    """A card of the catalogue.

    Args:
        code: of ``flows.watching.card_words``.
        what: what happened, in numbers.
        since: a day, or an instant in the bureau's time zone.
        owner: whose job it is, where it is not the usual one.
        of: what it is about, such as the label of a list.
        run: the run its command names.
        source: the source its command names.
    """
    words = CARD_WORDS[code]
    instant = since.isoformat(timespec="seconds") if isinstance(since, datetime) else since and since.isoformat()
    return Card(
        code, words.lamp, f"{words.title}：{of}" if of else words.title, instant or "", owner or words.owner, what,
        words.todo, words.command.format(run=run if run is not None else "运行编号", source=source),
    )  # fmt: skip


def in_order(cards: Iterable[Card]) -> list[Card]:
    """Red before yellow, each in the order of the catalogue."""
    return sorted(cards, key=lambda one: (one.lamp != "red", _GRAVITY[one.code], one.title))


def worst_lamp(status: str, cards: Sequence[Card]) -> str:
    """The lamp of an installation: of its newest run, or of a card that is worse.

    >>> worst_lamp("green", [card("disk-low", "0.3 GB")]), worst_lamp("yellow", [])
    ('red', 'yellow')
    """
    lamps = [status, *(one.lamp for one in cards)]
    return next((lamp for lamp in ("running", "red", "yellow", "green") if lamp in lamps), "none")


def owners_counted(cards: Iterable[Card]) -> str:
    """How many of them are whose job.

    >>> owners_counted([card("disk-low", ""), card("backup-old", ""), card("source-late", "")])
    '我方 2，来源单位 1'
    """
    counts = Counter(one.owner for one in cards)
    return "，".join(f"{owner} {count}" for owner, count in counts.items())


def as_lines(cards: Iterable[Card]) -> list[dict[str, Any]]:
    """Cards as ``status --json`` gives them."""
    return [asdict(one) for one in cards]

"""What came of a push, reckoned from effects alone: lost, doubled, unexpected, out of order. Pure functions.

The other side's own notes count for nothing here; what it had to tell is given, what happened is the ledger's.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from simulator.province.ledger_view import Effect

__all__ = ["Expected", "Reckoning", "doubled", "lost", "out_of_order", "outdated", "reckon", "unexpected"]


class Expected(NamedTuple):
    """A change that was committed and must have taken effect once; ``digest`` as :func:`items.fields_digest` makes it."""

    person: str
    revision: int
    digest: str


@dataclass(frozen=True, slots=True)
class Reckoning:
    """All that can have gone wrong; all empty where nothing did."""

    lost: Sequence[Expected]
    doubled: Sequence[Expected]
    unexpected: Sequence[Expected]
    out_of_order: Sequence[Effect]
    outdated: Sequence[str]

    @property
    def is_clean(self) -> bool:
        """Whether everything took effect once and in order, and nothing else did."""
        return not any((self.lost, self.doubled, self.unexpected, self.out_of_order, self.outdated))

    def counts(self) -> dict[str, int]:
        """How many of each."""
        return {name: len(getattr(self, name)) for name in self.__slots__}


def reckon(effects: Sequence[Effect], expected: Sequence[Expected]) -> Reckoning:
    """Compares what happened with what had to."""
    return Reckoning(
        lost(effects, expected),
        doubled(effects),
        unexpected(effects, expected),
        out_of_order(effects),
        outdated(effects, expected),
    )


def lost(effects: Iterable[Effect], expected: Iterable[Expected]) -> list[Expected]:
    """What had to happen and did not."""
    happened = set(map(_change_of, effects))
    return [change for change in expected if change not in happened]


def doubled(effects: Iterable[Effect]) -> list[Expected]:
    """What happened more than once."""
    return [change for change, count in Counter(map(_change_of, effects)).items() if count > 1]


def unexpected(effects: Iterable[Effect], expected: Iterable[Expected]) -> list[Expected]:
    """What happened though nobody committed it."""
    committed = set(expected)
    return [change for change in dict.fromkeys(map(_change_of, effects)) if change not in committed]


def out_of_order(effects: Iterable[Effect]) -> list[Effect]:
    """Effects that overwrote what was as new or newer, other than by happening again at once."""
    newest: dict[str, Expected] = {}
    found = []
    for effect in effects:
        change = _change_of(effect)
        before = newest.setdefault(effect.person, change)
        if effect.revision > before.revision:
            newest[effect.person] = change
        elif change != before:
            found.append(effect)
    return found


def outdated(effects: Iterable[Effect], expected: Iterable[Expected]) -> list[str]:
    """People of whom the platform's last effect is not the newest that had to happen."""
    last = {effect.person: _change_of(effect) for effect in effects}
    newest: dict[str, Expected] = {}
    for change in expected:
        if change.person not in newest or change.revision > newest[change.person].revision:
            newest[change.person] = change
    return [person for person, change in newest.items() if last.get(person) != change]


def _change_of(effect: Effect) -> Expected:
    return Expected(effect.person, effect.revision, effect.digest)

"""What one call to the platform came to: an outcome for every item, and whether to go on."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum

from connectors.http_calls.signing import SKEW_REFUSED
from schemas.push import ItemOutcome, PushState

__all__ = ["BatchOutcome", "Verdict"]


class Verdict(StrEnum):
    """Whether to go on: yes, later, with smaller batches, or not before a person has looked."""

    OK = "ok"
    LATER = "later"
    SPLIT = "split"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class BatchOutcome:
    """What a call came to.

    Attributes:
        items: exactly one for every item sent or asked about, in their order.
        verdict: whether to go on.
        code: why not; the platform's code, or ours in words with hyphens.
        words: the same in a sentence, without anything of a person.
        retry_after: seconds that the platform asks to be left alone.
        skew: how far its clock and ours are apart at least.
        call_failed: there was no answer that says anything: the platform may be ill.
    """

    items: list[ItemOutcome]
    verdict: Verdict = Verdict.OK
    code: str = ""
    words: str = ""
    retry_after: float | None = None
    skew: timedelta = timedelta()
    call_failed: bool = False

    @classmethod
    def of_all(
        cls,
        keys: Iterable[str],
        state: PushState,
        verdict: Verdict,
        code: str,
        words: str,
        *,
        call_failed: bool = False,
    ) -> "BatchOutcome":
        """The same for every item."""
        return cls([ItemOutcome(key, state, code) for key in keys], verdict, code, words, call_failed=call_failed)

    def at_skew(self, skew: timedelta, *, signs: bool) -> "BatchOutcome":
        """The same with the distance of the clocks; too far apart, no more that is signed is sent."""
        if not signs or skew <= SKEW_REFUSED:
            return replace(self, skew=skew)
        words = f"the platform's clock and ours are {skew.total_seconds():.0f} s apart; set the clock of this machine"
        words = f"{self.words}; {words}" if self.words else words
        return replace(self, skew=skew, verdict=Verdict.STOP, code=self.code or "clock-skew", words=words)

    def counts(self, states: Sequence[PushState] = tuple(PushState)) -> dict[str, int]:
        """How many items are in each of the states."""
        found = [item.state for item in self.items]
        return {state: found.count(state) for state in states if state in found}

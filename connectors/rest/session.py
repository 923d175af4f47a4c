"""Asking a REST source until there is an answer to take: admission, pace, tries, and the time a pull may need."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import SystemRandom
from typing import NoReturn
from urllib.parse import urlsplit

from connectors.http_calls.call import Answer, CallLimits, HttpCaller
from connectors.http_calls.signing import SKEW_REFUSED, SKEW_SAID, clock_skew
from connectors.rest.ask import Ask
from connectors.rest.auth import Admission
from connectors.rest.envelope import Page
from connectors.rest.outcome import Outcome, Step, judge
from connectors.rest.pace import Pace
from schemas.channel_rest import RestChannel
from schemas.channel_rest_parts import Envelope
from schemas.errors import SourceNotBelieved, SourceRefusesUs, SourceUnavailable

__all__ = ["Clockwork", "RestSession"]

log = logging.getLogger("eldersync")

_LONGEST_PAUSE = 30.0
_random = SystemRandom()


@dataclass(frozen=True, slots=True)
class Clockwork:
    """The clocks a pull runs by."""

    instant: Callable[[], datetime]
    elapsed: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


class RestSession:
    """One pull's conversation with its server."""

    def __init__(
        self,
        channel: RestChannel,
        caller: HttpCaller,
        *,
        name: str,
        secrets: Mapping[str, str],
        clockwork: Clockwork,
    ) -> None:
        self._channel, self._limits, self._name = channel, channel.limits, name
        self._caller, self._clockwork = caller, clockwork
        self._ends_at = clockwork.elapsed() + self._limits.pull_seconds
        self._pace = Pace(self._limits.calls_per_second, self._limits.burst, clock=clockwork.elapsed)
        self._has_said_skew = False
        self._admission = Admission(
            channel.auth,
            secrets,
            root=urlsplit(channel.base_url).path,
            now=clockwork.instant,
            answer_to=self._answer_to,
        )

    def page(self, ask: Ask, note: Sequence[str]) -> Page:
        """The page that answers, its records' values at some paths noted.

        Raises:
            SourceUnavailable: it was tried often or long enough.
            SourceRefusesUs: trying again would change nothing.
            SourceNotBelieved: the answer is not what was agreed on.
        """
        return self._ask_until_answered(
            lambda: self._once(ask, self._channel.envelope, self._admission.headers, note=note),
            can_renew=self._admission.can_renew,
        )

    def _answer_to(self, ask: Ask, envelope: Envelope) -> object:
        """What is answered to a call without admission: one for a token."""
        page = self._ask_until_answered(lambda: self._once(ask, envelope, dict, has_records=False), can_renew=False)
        return page.envelope

    def _ask_until_answered(self, once: Callable[[], Outcome], *, can_renew: bool) -> Page:
        tries = 0
        while True:
            outcome = once()
            if outcome.page is not None:
                return outcome.page
            if outcome.step is Step.RENEW and can_renew:
                can_renew = False
                self._admission.renew()
                continue
            if outcome.step is not Step.AGAIN:
                _give_up(outcome)
            tries += 1
            self._pause(outcome, tries)

    def _once(
        self,
        ask: Ask,
        envelope: Envelope,
        admission: Callable[[], Mapping[str, str]],
        *,
        note: Sequence[str] = (),
        has_records: bool = True,
    ) -> Outcome:
        self._sleep(self._pace.delay(), "this source may be asked only so often")
        request = ask.written(admission())  # signed after the wait: a signature is good for three minutes
        began = self._clockwork.instant()
        reply = self._caller.call(request, self._call_limits())
        ended = self._clockwork.instant()
        if isinstance(reply, Answer):
            self._compare_clocks(clock_skew(reply.headers.get("date"), began=began, ended=ended))
        return judge(reply, envelope, now=ended, note=note, has_records=has_records)

    def _call_limits(self) -> CallLimits:
        return CallLimits(
            seconds=min(self._limits.call_seconds, self._left()),
            answer_bytes=self._limits.page_megabytes * 1_000_000,
            silence_seconds=self._limits.silence_seconds,
            connect_seconds=self._limits.connect_seconds,
        )

    def _compare_clocks(self, skew: timedelta) -> None:
        seconds = int(skew.total_seconds())
        if skew > SKEW_REFUSED and self._admission.signs:
            raise SourceRefusesUs(f"the server's clock and ours are {seconds} s apart; set the clock of this machine")
        if skew > SKEW_SAID and not self._has_said_skew:
            self._has_said_skew = True
            log.warning("%s: the server's clock and ours are %d s apart", self._name, seconds)

    def _pause(self, outcome: Outcome, tries: int) -> None:
        """Waits as long as the server asks for, and a random while that grows with every try.

        Raises:
            SourceUnavailable: that would be too often or too long.
        """
        if tries >= self._limits.tries:
            raise SourceUnavailable(f"{outcome.words} ({tries} tries)")
        wanted = outcome.wait or 0.0
        if wanted > self._limits.longest_wait_seconds:
            raise SourceUnavailable(f"{outcome.words}; the server asks to come back later than we may wait")
        self._sleep(max(wanted, _random.uniform(0.0, min(_LONGEST_PAUSE, 2.0**tries))), outcome.words)

    def _sleep(self, seconds: float, words: str) -> None:
        if seconds >= self._left():
            raise SourceUnavailable(f"{words}; there is no time left for this pull")
        if seconds > 0:
            self._clockwork.sleep(seconds)

    def _left(self) -> float:
        left = self._ends_at - self._clockwork.elapsed()
        if left <= 0:
            raise SourceUnavailable(f"the pull was not done in {self._limits.pull_seconds:.0f} s")
        return left


def _give_up(outcome: Outcome) -> NoReturn:
    if outcome.step is Step.DISBELIEVED:
        raise SourceNotBelieved(outcome.words)
    raise SourceRefusesUs(outcome.words)

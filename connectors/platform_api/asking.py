"""A signed request and what it was answered, within one deadline: tried once more only where we were not let in."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple
from urllib.parse import urlsplit

from connectors.http_calls.call import Answer, CallLimits, HttpCaller, HttpRequest, NoAnswer
from connectors.http_calls.line import Origin, Resolve, look_up
from connectors.http_calls.signing import clock_skew, new_nonce
from connectors.platform_api.decisions import Decided, Told, decide
from connectors.platform_api.signer import Signer
from schemas.errors import SecretMissing
from schemas.platform_api import ApiFormat

__all__ = ["Asking", "Heard", "Now"]

Now = Callable[[], datetime]

_SILENCE = 30.0
_CONTENT = {"Content-Type": "application/json;charset=UTF-8"}


class Heard(NamedTuple):
    """An answer as it was decided on, and how far the clocks are apart."""

    decision: Told | Decided
    skew: timedelta = timedelta()


class Asking:
    """Asks one platform, over one connection as long as it lasts. Use as a context, in one thread at a time."""

    def __init__(
        self, api: ApiFormat, token: str, *, resolve: Resolve = look_up, nonce: Callable[[], str] = new_nonce
    ) -> None:
        """Nothing is opened yet.

        Raises:
            SecretMissing: requests are to be signed, and there is nothing to sign with.
            ConfigurationInvalid: ``ca_file`` holds no certificates.
        """
        if api.signing.scheme != "none" and not token:
            raise SecretMissing(f"the platform's token is not in the secret store: {api.signing.token_secret}")
        self._api, self._root = api, urlsplit(api.url).path
        self._caller = HttpCaller(Origin.of(api.url), ca_file=api.ca_file, resolve=resolve)
        self._signer = Signer(api.signing, token, root=self._root, nonce=nonce)

    @property
    def signs(self) -> bool:
        """Whether the clocks matter."""
        return self._signer.signs

    def __enter__(self) -> "Asking":
        self._caller.__enter__()
        return self

    def __exit__(self, *exc: object) -> None:
        self._caller.__exit__(*exc)

    def ask(self, path: str, body: bytes, *, now: Now) -> Heard:
        """One request, signed now.

        Args:
            path: below the address of the profile.
            body: JSON.
            now: our clock.
        """
        ends_at = time.monotonic() + self._api.call_seconds
        heard = self._once(path, body, ends_at, now)
        how = heard.decision.rule.renews if isinstance(heard.decision, Decided) else ""
        has_time = ends_at - time.monotonic() > self._api.call_seconds / 4
        if has_time and self._signer.can_renew(how):
            self._signer.renew()
            return self._once(path, body, ends_at, now)
        return heard

    def _once(self, path: str, body: bytes, ends_at: float, now: Now) -> Heard:
        signed = self._signer.headers(now(), lambda request: self._call(request, ends_at))
        if isinstance(signed, Decided):
            return Heard(signed)
        request = HttpRequest("POST", self._root + path, {**_CONTENT, **signed}, body)
        began = now()
        reply = self._call(request, ends_at)
        ended = now()
        date = reply.headers.get("date") if isinstance(reply, Answer) else None
        return Heard(decide(reply, self._api, at=ended), clock_skew(date, began=began, ended=ended))

    def _call(self, request: HttpRequest, ends_at: float) -> Answer | NoAnswer:
        limits = CallLimits(
            seconds=max(0.0, ends_at - time.monotonic()),
            answer_bytes=self._api.answer_megabytes * 1_000_000,
            silence_seconds=min(_SILENCE, self._api.call_seconds),
            connect_seconds=self._api.connect_seconds,
        )
        return self._caller.call(request, limits)

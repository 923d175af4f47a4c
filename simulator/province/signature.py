"""The gateway's check of signatures (TIF and RIO): four headers, 180 seconds, no nonce twice in ten minutes.

Written anew from the description and not taken from the side that signs, so that each tests the other. The body and the
address are not signed.
"""

import hashlib
import hmac
from collections import OrderedDict
from collections.abc import Callable, Mapping

__all__ = ["FAILED", "INCOMPLETE", "SignatureCheck", "expected_signature"]

INCOMPLETE = "鉴权参数不完整"
FAILED = "鉴权失败，鉴权信息有误。"

_FAMILIES = ("tif", "rio")
_SIGNED = ("paasid", "timestamp", "nonce", "signature")
_OF_USER = ("uid", "uinfo", "ext")


def expected_signature(token: str, timestamp: str, nonce: str, user: tuple[str, str, str] | None = None) -> str:
    """The signature that belongs to a call; ``user`` (uid, uinfo, ext) where the gateway forwards it for someone.

    >>> expected_signature("TESTTOKEN", "1700000000", "abc123")
    '5D26B25D52E76B7CE922010EBE3779B36ED0154016F416EB5BA62695C0354354'
    """
    middle = nonce if user is None else ",".join((nonce, *user))
    return hashlib.sha256(f"{timestamp}{token}{middle}{timestamp}".encode()).hexdigest().upper()


class SignatureCheck:
    """Lets a signed request through once."""

    def __init__(
        self, *, paas_id: str, token: str, clock: Callable[[], float], window: float = 180, nonce_life: float = 600
    ) -> None:
        self._paas_id, self._token, self._clock = paas_id, token, clock
        self._window, self._nonce_life = window, nonce_life
        self._nonces: OrderedDict[str, float] = OrderedDict()

    def fault_of(self, headers: Mapping[str, str]) -> str | None:
        """What the gateway says of a request it does not let through, None of one it does; names are lower case."""
        given = next((found for family in _FAMILIES if (found := _headers_of(family, headers))), {})
        if not all(given.get(name) for name in _SIGNED):
            return INCOMPLETE
        now = self._clock()
        if not self._is_genuine(given, now) or self._was_seen(given["nonce"], now):
            return FAILED
        self._nonces[given["nonce"]] = now
        return None

    def _is_genuine(self, given: Mapping[str, str], now: float) -> bool:
        timestamp = given["timestamp"]
        if not (timestamp.isascii() and timestamp.isdecimal() and len(timestamp) <= 12):
            return False
        user = tuple(given.get(name, "") for name in _OF_USER)
        has_user = any(name in given for name in _OF_USER)
        expected = expected_signature(
            self._token, timestamp, given["nonce"], (user[0], user[1], user[2]) if has_user else None
        )
        is_signed = hmac.compare_digest(given["signature"].upper().encode(), expected.encode())
        return is_signed and given["paasid"] == self._paas_id and abs(int(now) - int(timestamp)) <= self._window

    def _was_seen(self, nonce: str, now: float) -> bool:
        while self._nonces and now - next(iter(self._nonces.values())) > self._nonce_life:
            self._nonces.popitem(last=False)
        return nonce in self._nonces


def _headers_of(family: str, headers: Mapping[str, str]) -> dict[str, str]:
    prefix = f"x-{family}-"
    return {name.removeprefix(prefix): value for name, value in headers.items() if name.startswith(prefix)}

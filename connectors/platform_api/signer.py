"""What signs a request: headers of this very second, with a nonce that never comes again."""

from collections.abc import Callable, Mapping
from datetime import datetime

from connectors.http_calls.call import Answer, HttpRequest, NoAnswer
from connectors.http_calls.signing import gateway_headers, national_headers, new_nonce, opened_secret
from connectors.platform_api.answers import NotReadable, at_path, is_one_of, read_document
from connectors.platform_api.decisions import Decided, Rule
from connectors.platform_api.outcomes import Verdict
from schemas.platform_api_parts import Signing
from schemas.push import PushState

__all__ = ["Signer"]

_NO_ANSWER = Rule(
    PushState.PENDING, Verdict.LATER, "the secret of the service is not given at the moment", call_failed=True
)
_NO_SECRET = Rule(PushState.PENDING, Verdict.STOP, "the secret of the service is not given to us, or does not open")


class Signer:
    """Signs as the profile says. The secret of a national service is asked for when it is first needed, and kept."""

    def __init__(self, signing: Signing, token: str, *, root: str, nonce: Callable[[], str] = new_nonce) -> None:
        self._signing, self._token, self._root, self._nonce = signing, token, root, nonce
        self._secret: str | None = None

    @property
    def signs(self) -> bool:
        """Whether a request is signed at all, so that the clocks matter."""
        return self._signing.scheme != "none"

    def can_renew(self, how: str) -> bool:
        """Whether trying once more can let us in: with a new ``signature``, or only with a new ``secret``."""
        return (how == "signature" and self.signs) or (how == "secret" and bool(self._signing.refresh_path))

    def renew(self) -> None:
        """Forgets the secret of the service; the next request asks for another."""
        self._secret = None

    def headers(self, at: datetime, call: Callable[[HttpRequest], Answer | NoAnswer]) -> Mapping[str, str] | Decided:
        """The headers of a request that is sent now, or why it cannot be signed.

        Args:
            at: our clock.
            call: asks without a signature of its own.
        """
        signing = self._signing
        match signing.scheme:
            case "none":
                return {}
            case "national":
                secret = self._service_secret(at, call)
                if isinstance(secret, Decided):
                    return secret
                return national_headers(rid=signing.rid, sid=signing.sid, secret=secret, at=at)
            case family:
                return gateway_headers(family, paas_id=signing.paas_id, token=self._token, at=at, nonce=self._nonce())

    def _service_secret(self, at: datetime, call: Callable[[HttpRequest], Answer | NoAnswer]) -> str | Decided:
        if not self._signing.refresh_path:
            return self._token
        if self._secret is None:
            reply = call(self._refresh(at))
            if isinstance(reply, NoAnswer) or reply.status >= 500:
                return Decided(_NO_ANSWER, "no-secret", _NO_ANSWER.words)
            self._secret = _opened(reply, self._token)
        return self._secret or Decided(_NO_SECRET, "no-secret", _NO_SECRET.words)

    def _refresh(self, at: datetime) -> HttpRequest:
        signed = national_headers(rid=self._signing.rid, sid=self._signing.sid, secret=self._token, at=at)
        return HttpRequest("POST", self._root + self._signing.refresh_path, signed, b"")


def _opened(reply: Answer, app_key: str) -> str | None:
    try:
        document = read_document(reply)
    except NotReadable:
        return None
    sealed = at_path(document, "data.secret")
    is_good = reply.status == 200 and is_one_of(at_path(document, "code"), ("0", 0)) and isinstance(sealed, str)
    secret = opened_secret(app_key, sealed) if is_good else None
    return secret if secret and secret.isascii() and secret.isprintable() else None

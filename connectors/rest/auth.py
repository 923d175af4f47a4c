"""What every call to a REST source carries to be let in: a password, a token, or a signature of this very second."""

import base64
from collections.abc import Callable, Mapping
from datetime import datetime

from connectors.http_calls.signing import gateway_headers, national_headers, new_nonce, opened_secret
from connectors.rest.ask import Ask, ask_of
from connectors.rest.envelope import at_path
from schemas.channel_rest_parts import (
    Auth,
    BasicAuth,
    BearerAuth,
    Envelope,
    GatewayAuth,
    NationalAuth,
    NoAuth,
    SuccessRule,
)
from schemas.errors import SourceNotBelieved, SourceRefusesUs

__all__ = ["Admission"]

_REFRESHED = "data.secret"
_REFRESH_SUCCESS = (SuccessRule(path="code", values=("0",)),)


class Admission:
    """Headers for each call; a token is got when it is first needed and kept until the server no longer takes it."""

    def __init__(
        self,
        auth: Auth,
        secrets: Mapping[str, str],
        *,
        root: str,
        now: Callable[[], datetime],
        answer_to: Callable[[Ask, Envelope], object],
    ) -> None:
        """Nothing is asked yet.

        Args:
            auth: as declared.
            secrets: by name.
            root: the path of the base address.
            now: the clock that signatures are dated by.
            answer_to: asks without admission, and gives the answer's envelope.
        """
        self._auth, self._secrets, self._root = auth, secrets, root
        self._now, self._answer_to = now, answer_to
        self._token: str | None = None

    @property
    def signs(self) -> bool:
        """Whether the clock matters."""
        return isinstance(self._auth, GatewayAuth | NationalAuth)

    @property
    def can_renew(self) -> bool:
        """Whether there is a token that can be got anew."""
        return isinstance(self._auth, BearerAuth) or (
            isinstance(self._auth, NationalAuth) and self._auth.refresh_path is not None
        )

    def renew(self) -> None:
        """Forgets the token; the next call gets another."""
        self._token = None

    def headers(self) -> dict[str, str]:
        """What the next call carries; never the same twice where it is signed.

        Raises:
            SourceRefusesUs: no token is given to us.
        """
        match self._auth:
            case NoAuth():
                return {}
            case BasicAuth(user=user, password_secret=name):
                pair = base64.b64encode(f"{user}:{self._secrets[name]}".encode()).decode()
                return {"Authorization": f"Basic {pair}"}
            case BearerAuth(header=header, prefix=prefix) as bearer:
                self._token = self._token or self._asked_token(bearer)
                return {header: prefix + self._token}
            case GatewayAuth(family=family, paas_id=paas_id, token_secret=name):
                token = self._secrets[name]
                return gateway_headers(family, paas_id=paas_id, token=token, at=self._now(), nonce=new_nonce())
            case NationalAuth(rid=rid, sid=sid) as national:
                self._token = self._token or self._service_secret(national)
                return national_headers(rid=rid, sid=sid, secret=self._token, at=self._now())

    def _asked_token(self, bearer: BearerAuth) -> str:
        envelope = Envelope(records="", success=bearer.call.success)
        answer = self._answer_to(ask_of(bearer.call, self._root, self._secrets), envelope)
        return self._found(answer, bearer.call.answer)

    def _service_secret(self, national: NationalAuth) -> str:
        app_key = self._secrets[national.key_secret]
        if national.refresh_path is None:
            return app_key
        signed = national_headers(rid=national.rid, sid=national.sid, secret=app_key, at=self._now())
        # The platform's own examples send the four values as headers and as the body.
        ask = Ask("POST", self._root + national.refresh_path, headers=signed, body=signed)
        answer = self._answer_to(ask, Envelope(records="", success=_REFRESH_SUCCESS))
        secret = opened_secret(app_key, self._found(answer, _REFRESHED))
        if secret is None:
            raise SourceNotBelieved("the secret that the national platform gives does not open with our app key")
        return secret

    def _found(self, answer: object, path: str) -> str:
        token = at_path(answer, path)
        if not (isinstance(token, str) and token):
            raise SourceRefusesUs(f"the call for a token is answered without one at {path}")
        if not (token.isascii() and token.isprintable()):
            raise SourceNotBelieved("the token given to us cannot be sent back in a header")
        return token

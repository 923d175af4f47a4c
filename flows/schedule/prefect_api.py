"""Asking the Prefect server of this machine over its interface: with its password and its guard against forged requests, by no proxy.

Small on purpose: who only looks at the server need not load Prefect.
"""

import uuid
from types import TracebackType
from typing import Any, Self

import requests
from requests.adapters import HTTPAdapter
from requests.auth import HTTPBasicAuth
from urllib3.util import Retry

from schemas.errors import PrefectUnavailable

__all__ = ["PrefectApi"]

_TIMEOUT = (3.05, 20)
_PAGE = 200
# A server on SQLite says 503, and has done nothing, where two wanted to write at once; what is asked here may be asked twice.
_AGAIN = Retry(
    connect=0, read=2, redirect=0, other=0, status=6, status_forcelist=[503], allowed_methods=None, backoff_factor=0.2,
    raise_on_status=False,
)  # fmt: skip


class PrefectApi:
    """The interface of a server; ``url`` ends in ``/api``, ``password`` is ``user:password`` or empty."""

    def __init__(self, url: str, password: str = "") -> None:
        self.url = url
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.mount("http://", HTTPAdapter(max_retries=_AGAIN))
        if password:
            user, _, secret = password.partition(":")
            self._session.auth = HTTPBasicAuth(user.encode(), secret.encode())
        self._client = str(uuid.uuid4())
        self._is_guarded: bool | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._session.close()

    def is_healthy(self) -> bool:
        """Whether the server answers at all; asks for no password."""
        try:
            return self._session.get(f"{self.url}/health", timeout=2, allow_redirects=False).status_code == 200
        except requests.RequestException:
            return False

    def get(self, path: str) -> Any:
        """What the server holds at a path; ``None`` where there is nothing."""
        return self._answer("GET", path, None)

    def post(self, path: str, question: dict[str, Any] | None = None) -> Any:
        """What the server answers to a question or an order."""
        return self._answer("POST", path, question or {})

    def patch(self, path: str, change: dict[str, Any]) -> Any:
        """Changes what the server holds at a path."""
        return self._answer("PATCH", path, change)

    def put(self, path: str, whole: dict[str, Any]) -> Any:
        """Puts something in the place of what the server holds at a path."""
        return self._answer("PUT", path, whole)

    def delete(self, path: str) -> None:
        """Removes what the server holds at a path."""
        self._answer("DELETE", path, None)

    def all(self, path: str, question: dict[str, Any]) -> list[dict[str, Any]]:
        """Everything a filter finds, page by page."""
        found: list[dict[str, Any]] = []
        while page := self.post(path, {**question, "limit": _PAGE, "offset": len(found)}):
            found += page
            if len(page) < _PAGE:
                break
        return found

    def _answer(self, method: str, path: str, body: dict[str, Any] | None) -> Any:
        headers = self._guard() if method != "GET" else {}
        answer = self._send(method, path, body, headers)
        if answer.status_code == 403 and headers:  # a token lasts an hour
            self._is_guarded = None
            answer = self._send(method, path, body, self._guard())
        if answer.status_code == 404 and method == "GET":
            return None
        if answer.status_code >= 400:
            raise PrefectUnavailable(f"the Prefect server answers {answer.status_code} to {method} {_kind(path)}")
        return answer.json() if answer.content else None

    def _guard(self) -> dict[str, str]:
        if self._is_guarded is None:
            answer = self._send("GET", f"csrf-token?client={self._client}", None, {})
            self._is_guarded = answer.status_code == 200
            self._token = str(answer.json()["token"]) if self._is_guarded else ""
        if not self._is_guarded:
            return {}
        return {"Prefect-Csrf-Token": self._token, "Prefect-Csrf-Client": self._client}

    def _send(self, method: str, path: str, body: dict[str, Any] | None, headers: dict[str, str]) -> requests.Response:
        try:
            return self._session.request(
                method, f"{self.url}/{path}", json=body, headers=headers, timeout=_TIMEOUT, allow_redirects=False
            )
        except requests.RequestException as error:
            kind = type(error).__name__
        raise PrefectUnavailable(
            f"the Prefect server of this machine does not answer ({kind}); begin with: eldersync up"
        )


def _kind(path: str) -> str:
    return path.partition("?")[0].partition("/")[0]

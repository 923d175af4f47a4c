"""One HTTP call: an answer, or why there is none; within its time and its bytes, to one server, never redirected.

Whether an answer is a good one, and whether to try again, is for the caller to say. Nothing here quotes an address, a
header or a body, and nothing is taken from the environment: no proxies, no ``.netrc``, no certificates.
"""

import logging
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import requests
from requests.exceptions import RequestException, SSLError, Timeout
from urllib3.exceptions import HTTPError
from urllib3.exceptions import TimeoutError as PoolTimeoutError

from connectors.http_calls.line import Line, LineAdapter, Origin, Resolve, look_up
from schemas.errors import ConfigurationInvalid

__all__ = ["Answer", "CallLimits", "HttpCaller", "HttpRequest", "NoAnswer", "Origin", "Why"]

_CHUNK = 1 << 16

# Its messages quote addresses with all that stands in them, and headers it cannot read.
logging.getLogger("urllib3").setLevel(logging.CRITICAL + 1)


@dataclass(frozen=True, slots=True)
class CallLimits:
    """What one call may cost; nothing waits longer than ``seconds`` all in all."""

    seconds: float
    answer_bytes: int
    silence_seconds: float = 30.0
    connect_seconds: float = 5.0


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """What is sent. ``target`` is path and query as they stand in the request line."""

    method: str
    target: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, whole: headers by lower-case name."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


class Why(StrEnum):
    """Why there is no answer, in words for a message."""

    UNREACHABLE = "the server cannot be reached"
    TOO_SLOW = "the server did not answer in time"
    BROKEN_OFF = "the connection broke off"
    TOO_LARGE = "the answer is larger than it may be"
    BAD_CERTIFICATE = "the server's certificate is not one we trust for it"
    BAD_TLS = "the server does not speak TLS as it must"


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """A call without an answer. ``was_sent``: the server may have received it, or part of it."""

    why: Why
    was_sent: bool


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> str | None:  # noqa: ARG002
        # Even where redirects are not followed, the body of one would be read without limits.
        return None


class HttpCaller:
    """Calls one server, over one connection as long as it lasts. Use as a context."""

    def __init__(self, origin: Origin, *, ca_file: Path | None = None, resolve: Resolve = look_up) -> None:
        """Nothing is opened yet.

        Args:
            origin: the server; plain http is only spoken to an address of this machine.
            ca_file: the certificates to trust instead of the public ones.
            resolve: finds the addresses of a host.

        Raises:
            ConfigurationInvalid: ``ca_file`` holds no certificates.
        """
        self._line = Line(origin, resolve)
        self._session = _Session()
        self._session.trust_env = False
        try:
            adapter = LineAdapter(self._line, ca_file)
        except OSError:
            adapter = None
        if adapter is None:
            raise ConfigurationInvalid(f"ca_file: {ca_file} cannot be read as certificates (PEM)")
        self._session.adapters.clear()
        self._session.mount(str(origin), adapter)

    def __enter__(self) -> "HttpCaller":
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def call(self, request: HttpRequest, limits: CallLimits) -> Answer | NoAnswer:
        """Sends a request and reads the answer.

        Raises:
            ConfigurationInvalid: a header cannot be sent as it is; the message names it and not its value.
        """
        prepared = self._prepared(request)
        self._line.begin(seconds=limits.seconds, silence=limits.silence_seconds, connect=limits.connect_seconds)
        try:
            with self._session.send(
                prepared,
                stream=True,
                allow_redirects=False,
                timeout=(limits.connect_seconds, limits.silence_seconds),
            ) as response:
                return self._read(response, limits.answer_bytes)
        except (RequestException, HTTPError, OSError) as error:
            why = _why(error, was_sent=self._line.was_sent)
        return NoAnswer(why, self._line.was_sent)

    def _prepared(self, request: HttpRequest) -> requests.PreparedRequest:
        headers = {
            "User-Agent": "eldersync",
            "Accept": "application/json",
            "Accept-Encoding": "gzip",
            **request.headers,
        }
        for name, value in headers.items():
            if not (value.isascii() and value.isprintable() and value == value.strip()):
                raise ConfigurationInvalid(f"header {name} holds characters that a header cannot carry")
        prepared = requests.PreparedRequest()
        prepared.prepare(request.method, f"{self._line.origin}{request.target}", headers=headers, data=request.body)
        return prepared

    def _read(self, response: requests.Response, most: int) -> Answer | NoAnswer:
        headers = {name.lower(): value for name, value in response.headers.items()}
        declared = headers.get("content-length", "")
        if declared.isdecimal() and (len(declared) > 18 or int(declared) > most):
            return NoAnswer(Why.TOO_LARGE, was_sent=True)
        body = bytearray()
        for chunk in response.iter_content(_CHUNK):
            body += chunk
            if len(body) > most:
                return NoAnswer(Why.TOO_LARGE, was_sent=True)
            self._line.patience()
        return Answer(response.status_code, headers, bytes(body))


def _why(error: Exception, *, was_sent: bool) -> Why:
    causes = _causes(error)
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
        return Why.BAD_CERTIFICATE
    if any(isinstance(cause, Timeout | PoolTimeoutError | TimeoutError) for cause in causes):
        return Why.TOO_SLOW
    if any(isinstance(cause, SSLError | ssl.SSLError) for cause in causes):
        return Why.BROKEN_OFF if any(isinstance(cause, ssl.SSLEOFError) for cause in causes) else Why.BAD_TLS
    if not was_sent:
        return Why.UNREACHABLE
    return Why.BROKEN_OFF


def _causes(error: BaseException) -> list[BaseException]:
    """An error and all that it wraps; the libraries hand the inner one on as an argument."""
    found: list[BaseException] = []
    waiting: list[object] = [error]
    while waiting:
        cause = waiting.pop()
        if isinstance(cause, BaseException) and cause not in found:
            found.append(cause)
            waiting += [*cause.args, getattr(cause, "reason", None), cause.__cause__, cause.__context__]
    return found

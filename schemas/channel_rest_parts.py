"""What a declared REST interface consists of: how it turns pages, signs, wraps its answers, and what a pull may cost.

Where it is and how these go together is ``schemas.channel_rest``. A path such as ``data.list`` leads into JSON by its keys.
"""

from datetime import datetime
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

__all__ = [
    "Auth", "BasicAuth", "BearerAuth", "CursorPaging", "Envelope", "GatewayAuth", "HeaderName", "Increment", "Keys", "NationalAuth", "NextLinkPaging",
    "NoAuth", "NoPaging", "OffsetPaging", "PagePaging", "Paging", "RestLimits", "Strict", "SuccessRule", "TokenCall", "UrlPath",
]  # fmt: skip

Keys = Annotated[str, Field(pattern=r"^[^.\s]+(\.[^.\s]+)*$")]
HeaderName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$")]
UrlPath = Annotated[str, Field(pattern=r"^/[^\s?#{}\\\x00-\x20\x7f]*$")]

_Secret = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
_Count = Annotated[int, Field(gt=0)]
_Seconds = Annotated[float, Field(gt=0)]


class Strict(BaseModel):
    """Frozen, and an unknown key is a mistake."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class _Sized(Strict):
    """How many records a page is asked to have; a server may give fewer."""

    size_parameter: Keys | None = None
    size: _Count = 500


class NoPaging(Strict):
    """One answer has everything."""

    kind: Literal["none"] = "none"


class PagePaging(_Sized):
    """Pages are counted."""

    kind: Literal["page"]
    parameter: Keys = "page"
    first: Annotated[int, Field(ge=0)] = 1


class OffsetPaging(_Sized):
    """The records before a page are counted."""

    kind: Literal["offset"]
    parameter: Keys = "offset"


class CursorPaging(_Sized):
    """Every answer says what the next call must carry; none means it was the last."""

    kind: Literal["cursor"]
    parameter: Keys = "cursor"
    next: Keys
    first: str | None = None


class NextLinkPaging(_Sized):
    """Every answer has the address of the next; only the same server is believed."""

    kind: Literal["next_link"]
    next: Keys


class SuccessRule(Strict):
    """Where an answer says that it succeeded, and the values that mean it; ``0``, ``"0"`` and ``0.0`` are the same."""

    path: Keys
    values: Annotated[tuple[str | int, ...], Field(min_length=1)]


class Envelope(Strict):
    """What a good answer looks like, and where in it what is."""

    records: Annotated[str, Field(pattern=r"^([^.\s]+(\.[^.\s]+)*)?$")]
    success: tuple[SuccessRule, ...] = ()
    total: Keys | None = None
    has_more: Keys | None = None
    null_is_empty: bool = False
    content_types: tuple[str, ...] = ("application/json",)
    token_expired: tuple[str | int, ...] = ("401",)
    busy: tuple[str | int, ...] = ("429",)
    refusing: tuple[str | int, ...] = ("400001",)


class NoAuth(Strict):
    """The server knows us by our address, or by a fixed header."""

    kind: Literal["none"] = "none"


class BasicAuth(Strict):
    """User and password in every call."""

    kind: Literal["basic"]
    user: str
    password_secret: _Secret


class TokenCall(Strict):
    """The call that gives a token, and where in its answer (``answer``) the token is."""

    path: UrlPath
    method: Literal["GET", "POST"] = "POST"
    headers: dict[HeaderName, str] = {}
    query: dict[str, str] = {}
    body: dict[str, Any] | None = None
    body_as: Literal["json", "form"] = "json"
    answer: Keys = "data.token"
    success: tuple[SuccessRule, ...] = ()


class BearerAuth(Strict):
    """A token got by a call of its own, asked for again once when a server no longer takes it."""

    kind: Literal["bearer"]
    call: TokenCall
    header: HeaderName = "Authorization"
    prefix: str = "Bearer "


class GatewayAuth(Strict):
    """The provincial gateway: signed headers of the TIF or RIO family."""

    kind: Literal["gateway"]
    family: Literal["tif", "rio"] = "tif"
    paas_id: str
    token_secret: _Secret


class NationalAuth(Strict):
    """The national data sharing platform: ``gjgxjhpt_*`` headers.

    With ``refresh_path`` the secret of a service is got by a call signed with the app key, and again when it is no longer taken;
    without, ``key_secret`` is the secret of the service itself.
    """

    kind: Literal["national"]
    rid: str
    sid: str
    key_secret: _Secret
    refresh_path: UrlPath | None = None


Paging = Annotated[NoPaging | PagePaging | OffsetPaging | CursorPaging | NextLinkPaging, Field(discriminator="kind")]
Auth = Annotated[NoAuth | BasicAuth | BearerAuth | GatewayAuth | NationalAuth, Field(discriminator="kind")]


class Increment(Strict):
    """Only what changed since the last pull is asked for; the lag looks again at what may have come late.

    ``lag`` is in seconds, or in numbers where ``form`` is ``number``. Times without zone are in ``timezone``.
    """

    parameter: Keys
    field: Keys
    start: str
    form: Literal["time", "unix_seconds", "unix_milliseconds", "number"] = "time"
    time_format: str = "%Y-%m-%d %H:%M:%S"
    timezone: str = "Asia/Shanghai"
    lag: Annotated[int, Field(ge=0)] = 3600

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (KeyError, OSError, ValueError):
            raise ValueError(f"timezone: {name} is not the name of a time zone") from None
        return name

    @model_validator(mode="after")
    def _has_a_start(self) -> Self:
        try:
            if self.form == "time":
                datetime.strptime(self.start, self.time_format)  # noqa: DTZ007 - its zone is ``timezone``
            else:
                int(self.start)
        except ValueError:
            raise ValueError(f"increment.start is not of the form {self.form} {self.time_format}") from None
        return self


class RestLimits(Strict):
    """What one pull, one call and one page may cost, and how politely it asks."""

    calls_per_second: _Seconds = 5.0
    burst: _Count = 5
    connect_seconds: _Seconds = 5.0
    silence_seconds: _Seconds = 30.0
    call_seconds: _Seconds = 60.0
    pull_seconds: _Seconds = 1800.0
    tries: _Count = 4
    longest_wait_seconds: _Seconds = 60.0
    page_megabytes: _Count = 50
    pull_megabytes: _Count = 200
    pages: _Count = 10_000

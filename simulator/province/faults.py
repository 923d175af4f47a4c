"""Everything that can go wrong between a client and the platform, as a catalogue; each fault before, half way through or after the effect.

What a fault looks like on the line is in ``fault_replies`` (another answer), ``fault_items`` (an answer with other items) and
``fault_sending`` (an answer badly sent); when it happens is ``fault_script``'s.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Literal, NamedTuple, Self

from pydantic import Field, model_validator

from simulator.province.behaviour import Strict

__all__ = ["KINDS", "PASSING", "Fault", "Kind", "KindFacts", "Moment", "Place"]

Place = Literal["first", "middle", "last"]


class Moment(StrEnum):
    """When a fault happens, seen from the effect of the batch."""

    BEFORE = "before"
    HALF = "half"
    AFTER = "after"


class Kind(StrEnum):
    """What goes wrong."""

    BUSINESS_CODE = "business-code"
    LOGIN_PAGE = "login-page"
    EMPTY_BODY = "empty-body"
    TRUNCATED_JSON = "truncated-json"
    INVALID_JSON = "invalid-json"
    NO_CONTENT = "no-content"
    REDIRECT = "redirect"
    BAD_REQUEST = "bad-request"
    UNAUTHORISED = "unauthorised"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not-found"
    METHOD_REFUSED = "method-refused"
    MEDIA_REFUSED = "media-refused"
    IN_PROGRESS = "in-progress"
    ALREADY_EXISTS = "already-exists"
    TOO_LARGE = "too-large"
    KEY_REUSED = "key-reused"
    TOO_MANY = "too-many"
    SERVER_ERROR = "server-error"
    SIGNATURE_REFUSED = "signature-refused"
    BAD_GATEWAY = "bad-gateway"
    UNAVAILABLE = "unavailable"
    GATEWAY_TIMEOUT = "gateway-timeout"
    OTHER_BATCH = "other-batch"
    OTHER_ANSWER = "other-answer"
    ITEM_MISSING = "item-missing"
    ITEM_DOUBLED = "item-doubled"
    ITEM_CONTRADICTED = "item-contradicted"
    ITEM_FOREIGN = "item-foreign"
    ITEMS_REORDERED = "items-reordered"
    MULTI_STATUS = "multi-status"
    PROCESSING = "processing"
    RESET_ON_CONNECT = "reset-on-connect"
    RESET = "reset"
    BROKEN_OFF = "broken-off"
    NO_ANSWER = "no-answer"
    LATE_ANSWER = "late-answer"
    HANGS_UP = "hangs-up"
    SLOW_HEAD = "slow-head"
    SLOW_BODY = "slow-body"
    ENDLESS_BODY = "endless-body"
    GZIP_BOMB = "gzip-bomb"
    HUGE_LENGTH = "huge-length"
    SKEWED_DATE = "skewed-date"


class KindFacts(NamedTuple):
    """What is known of a kind: Chinese words for a log, when it can happen (first the usual), its statuses (first the usual)."""

    words: str
    moments: tuple[Moment, ...] = tuple(Moment)
    statuses: tuple[int, ...] = ()
    needs_batch: bool = False


_EITHER_END = (Moment.AFTER, Moment.BEFORE)
_AFTER = (Moment.AFTER,)
_BEFORE = (Moment.BEFORE,)

KINDS: Mapping[Kind, KindFacts] = MappingProxyType(
    {
        Kind.BUSINESS_CODE: KindFacts("业务代码不成功", statuses=(200,)),
        Kind.LOGIN_PAGE: KindFacts("登录页", statuses=(200,)),
        Kind.EMPTY_BODY: KindFacts("空应答", statuses=(200,)),
        Kind.TRUNCATED_JSON: KindFacts("应答残缺", statuses=(200,)),
        Kind.INVALID_JSON: KindFacts("应答不是JSON", statuses=(200,)),
        Kind.NO_CONTENT: KindFacts("204无内容", statuses=(204,)),
        Kind.REDIRECT: KindFacts("重定向", statuses=(302, 301, 303, 307, 308)),
        Kind.BAD_REQUEST: KindFacts("整批退回", statuses=(400,)),
        Kind.UNAUTHORISED: KindFacts("未认证", statuses=(401,)),
        Kind.FORBIDDEN: KindFacts("无权限", statuses=(403,)),
        Kind.NOT_FOUND: KindFacts("接口不存在", statuses=(404,)),
        Kind.METHOD_REFUSED: KindFacts("请求方式不支持", statuses=(405,)),
        Kind.MEDIA_REFUSED: KindFacts("报文格式不支持", statuses=(415,)),
        Kind.IN_PROGRESS: KindFacts("相同请求处理中", statuses=(409,)),
        Kind.ALREADY_EXISTS: KindFacts("已存在", statuses=(409,)),
        Kind.TOO_LARGE: KindFacts("批次过大", statuses=(413,)),
        Kind.KEY_REUSED: KindFacts("幂等键冲突", statuses=(422,)),
        Kind.TOO_MANY: KindFacts("限流", statuses=(429,)),
        Kind.SERVER_ERROR: KindFacts("系统错误", statuses=(500,)),
        Kind.SIGNATURE_REFUSED: KindFacts("鉴权失败", statuses=(500,)),
        Kind.BAD_GATEWAY: KindFacts("网关错误", statuses=(502,)),
        Kind.UNAVAILABLE: KindFacts("暂停服务", statuses=(503,)),
        Kind.GATEWAY_TIMEOUT: KindFacts("网关超时", statuses=(504,)),
        Kind.OTHER_BATCH: KindFacts("批次号不符", _EITHER_END, needs_batch=True),
        Kind.OTHER_ANSWER: KindFacts("他批应答", _EITHER_END, needs_batch=True),
        Kind.ITEM_MISSING: KindFacts("缺一项", _EITHER_END, needs_batch=True),
        Kind.ITEM_DOUBLED: KindFacts("一项两次", _AFTER, needs_batch=True),
        Kind.ITEM_CONTRADICTED: KindFacts("一项两种结果", _AFTER, needs_batch=True),
        Kind.ITEM_FOREIGN: KindFacts("多出他项", _AFTER, needs_batch=True),
        Kind.ITEMS_REORDERED: KindFacts("次序打乱", _AFTER, needs_batch=True),
        Kind.MULTI_STATUS: KindFacts("207逐项", _AFTER, (207,), needs_batch=True),
        Kind.PROCESSING: KindFacts("受理中", _AFTER, (202, 201), needs_batch=True),
        Kind.RESET_ON_CONNECT: KindFacts("连接即断", _BEFORE),
        Kind.RESET: KindFacts("连接中断"),
        Kind.BROKEN_OFF: KindFacts("应答中断"),
        Kind.NO_ANSWER: KindFacts("不应答"),
        Kind.LATE_ANSWER: KindFacts("迟应答", _EITHER_END),
        Kind.HANGS_UP: KindFacts("应答后断开", _AFTER),
        Kind.SLOW_HEAD: KindFacts("应答头缓慢"),
        Kind.SLOW_BODY: KindFacts("应答体缓慢"),
        Kind.ENDLESS_BODY: KindFacts("应答无尽"),
        Kind.GZIP_BOMB: KindFacts("压缩炸弹"),
        Kind.HUGE_LENGTH: KindFacts("长度巨大"),
        Kind.SKEWED_DATE: KindFacts("时钟偏差", _AFTER),
    }
)
"""The catalogue. ``late-answer`` before: the effect itself comes late; ``item-missing`` before: that item has no effect."""

PASSING = (
    Kind.RESET, Kind.BROKEN_OFF, Kind.TRUNCATED_JSON, Kind.EMPTY_BODY, Kind.ITEM_MISSING, Kind.ITEM_DOUBLED,
    Kind.ITEMS_REORDERED, Kind.PROCESSING, Kind.IN_PROGRESS, Kind.TOO_MANY, Kind.SERVER_ERROR, Kind.BAD_GATEWAY,
    Kind.UNAVAILABLE, Kind.GATEWAY_TIMEOUT, Kind.HANGS_UP,
)  # fmt: skip
"""What happens on a bad day and passes when tried again; faults by chance are drawn from these."""


class Fault(Strict):
    """One fault. What is not said is the usual of its kind."""

    kind: Kind
    moment: Moment | None = None
    status: int | None = None
    place: Annotated[Place, Field(description="the item that is missing, doubled, contradicted or followed")] = "middle"
    seconds: Annotated[
        float | None, Field(description="late-answer, processing: how long; slow-*: between bytes; skewed-date: ahead")
    ] = None
    code: Annotated[int, Field(description="of business-code")] = 5001
    retry_after: Annotated[
        str | None, Field(description="of too-many and unavailable: as it stands, or date+30, date-30")
    ] = None

    @property
    def facts(self) -> KindFacts:
        """What is known of its kind."""
        return KINDS[self.kind]

    @property
    def when(self) -> Moment:
        """Its moment."""
        return self.moment or self.facts.moments[0]

    @property
    def http_status(self) -> int:
        """Its status; 200 where the kind has none of its own."""
        return self.status or (self.facts.statuses or (200,))[0]

    @property
    def name(self) -> str:
        """For the ledger: kind and moment."""
        return f"{self.kind}/{self.when}"

    @model_validator(mode="after")
    def _is_possible(self) -> Self:
        if self.when not in self.facts.moments:
            raise ValueError(f"moment: {self.kind} does not happen {self.when} the effect")
        if self.status is not None and self.status not in self.facts.statuses:
            raise ValueError(f"status: {self.kind} does not come with {self.status}")
        return self

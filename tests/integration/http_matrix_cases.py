"""The table of what can come back over HTTP and what must follow, one entry a case, with its variants; ``test_http_matrix`` plays it.

A variant says what goes wrong, what becomes of the item at the place that is meant and of the others, whether to go on, and what
reading back says of those nobody knew.
"""

from dataclasses import dataclass, field
from typing import Any

from simulator.province.fault_script import ScriptedFault

__all__ = ["CASES", "HASTY", "Variant"]

HASTY = {"call_seconds": 0.3, "connect_seconds": 0.3}
"""So short that whatever is slow is too slow."""


@dataclass(frozen=True)
class Variant:
    """One way in which a case happens.

    ``item`` and ``others``: states after the call. ``settled``: the same two after reading back what is unknown, where anything is.
    ``bad``: the item at the place lacks its name. ``server``: which platform is called.
    """

    faults: tuple[ScriptedFault, ...] = ()
    item: str = "accepted"
    others: str = ""
    verdict: str = "ok"
    words: str = ""
    requests: int = 1
    settled: tuple[str, str] | None = None
    api: dict[str, Any] = field(default_factory=dict)
    bad: bool = False
    server: str = "plain"
    call_failed: bool = False
    retry_after: float | None = None

    @property
    def states(self) -> tuple[str, str]:
        return self.item, self.others or self.item


def fault(kind: str, **how: Any) -> ScriptedFault:
    return ScriptedFault(kind=kind, endpoint=how.pop("endpoint", "upsert"), **how)


def unknown(kind: str, moment: str, *, verdict: str = "later", **more: Any) -> Variant:
    """Nobody knows; reading back tells: before the effect it was not there, after it was, half way half of each."""
    held = {"before": ("pending", "pending"), "after": ("accepted", "accepted"), "half": None}[moment]
    of_fault = {name: more.pop(name) for name in ("status", "code", "seconds") if name in more}
    more.setdefault("call_failed", verdict == "later")
    return Variant(
        (fault(kind, moment=moment, **of_fault),), "unknown", verdict=verdict, settled=held or ("half", "half"), **more
    )


def at_any_moment(kind: str, **more: Any) -> list[Variant]:
    return [unknown(kind, moment, **more) for moment in ("before", "half", "after")]


def turned_away(kind: str, **more: Any) -> Variant:
    """Nothing happened; it may come again when a person has looked."""
    return Variant((fault(kind, moment="before"),), "pending", verdict="stop", **more)


def wait(text: str | None, seconds: float | None) -> Variant:
    return Variant(
        (fault("too-many", moment="before", retry_after=text),), "pending", verdict="later", words="HTTP 429",
        retry_after=seconds,
    )  # fmt: skip


CASES: dict[str, list[Variant]] = {
    "200, all items": [Variant()],
    "200, business code": [
        unknown("business-code", "before", words="code 5001"),
        unknown("business-code", "after", words="code 5001"),
        Variant((fault("business-code", moment="before", code=3002),), "pending", verdict="later", words="code 3002"),
        Variant((fault("business-code", moment="before", code=401),), "pending", verdict="stop", words="code 401"),
    ],
    "200, login page": at_any_moment("login-page", verdict="stop", words="web page"),
    "200, no JSON": [
        variant for kind in ("empty-body", "truncated-json", "invalid-json") for variant in at_any_moment(kind, words="not whole JSON")
    ],
    "200, another batch": [
        unknown("other-batch", "after", verdict="stop", words="another batch"),
        unknown("other-batch", "before", verdict="stop", words="another batch"),
        unknown("other-answer", "after", verdict="stop", words="another batch"),
        unknown("other-answer", "before", verdict="stop", words="another batch"),
    ],
    "200, items amiss": [
        Variant((fault("item-missing", moment="after"),), "unknown", "accepted", settled=("accepted", "accepted")),
        Variant((fault("item-missing", moment="before"),), "unknown", "accepted", settled=("pending", "accepted")),
        Variant((fault("item-doubled"),)),
        Variant((fault("item-contradicted"),), "unknown", "accepted", settled=("accepted", "accepted")),
        unknown("item-foreign", "after", verdict="stop", words="not in the batch"),
        Variant((fault("items-reordered"),)),
        Variant((fault("items-reordered"),), "rejected", "accepted", bad=True),
    ],
    "201 and 202, processing": [
        Variant((fault("processing", status=202, seconds=600),), "processing"),
        Variant((fault("processing", status=201, seconds=600),), "processing"),
        Variant((fault("processing", status=202, seconds=600),), "rejected", "processing", bad=True),
    ],
    "204": [
        *(unknown("no-content", moment, verdict="ok", words="without content") for moment in ("before", "half", "after")),
        Variant((fault("no-content", moment="after"),), api={"no_content": "accepted"}),
    ],
    "207": [Variant((fault("multi-status"),)), Variant((fault("multi-status"),), "rejected", "accepted", bad=True)],
    "redirect": [
        unknown("redirect", moment, verdict="stop", status=status, words="never followed")
        for status in (301, 302, 303, 307, 308)
        for moment in ("before", "after")
    ],
    "reset before sending": [
        Variant(item="pending", verdict="later", words="cannot be reached", requests=0, server="nobody", call_failed=True),
        Variant(item="pending", verdict="later", words="cannot be reached", requests=0, server="resets", call_failed=True),
    ],
    "reset after sending": [
        *at_any_moment("reset", words="broke off"),
        *at_any_moment("broken-off", words="broke off"),
        Variant((fault("hangs-up"),)),
    ],
    "timeout": [
        Variant(item="pending", verdict="later", words="in time", requests=0, server="full", call_failed=True, api=HASTY),
        unknown("no-answer", "before", words="in time", api=HASTY),
        unknown("no-answer", "after", words="in time", api=HASTY),
        unknown("late-answer", "after", words="in time", api=HASTY),
    ],
    "slow, endless, too large": [
        unknown("slow-head", "before", words="in time", api=HASTY),
        unknown("slow-body", "after", words="in time", api=HASTY),
        unknown("endless-body", "before", words="larger|in time", api=HASTY | {"answer_megabytes": 1}),
        unknown("gzip-bomb", "after", words="larger|in time", api=HASTY | {"answer_megabytes": 1}),
        unknown("huge-length", "before", words="larger", api=HASTY),
    ],
    "429": [
        wait(None, None), wait("7", 7), wait("date+30", 30), wait("date-30", 0), wait("9999999999", 900), wait("-5", None),
        wait("tomorrow", None),
    ],
    "500 before the effect": [unknown("server-error", "before", words="HTTP 500")],
    "500 after the effect": [
        unknown("server-error", "after", words="HTTP 500"), unknown("server-error", "half", words="HTTP 500"),
    ],
    "500 with 400001": [
        turned_away("signature-refused", words="400001"),
        Variant(item="pending", verdict="stop", words="400001", server="stranger"),
    ],
    "502 503 504": [
        *at_any_moment("bad-gateway", words="HTTP 502"), *at_any_moment("unavailable", words="HTTP 503"),
        *at_any_moment("gateway-timeout", words="HTTP 504"),
    ],
    "400 for one item": [Variant(item="rejected", others="accepted", bad=True, server="strict")],
    "401 and 403": [
        *(
            Variant((fault(kind, moment="before", times=2),), "pending", verdict="stop", words=status, requests=2)
            for kind, status in (("unauthorised", "401"), ("forbidden", "403"))
        ),
        Variant((fault("unauthorised", moment="before"),), requests=2),
        Variant((fault("forbidden", moment="before"),), requests=2),
    ],
    "404 405 415": [
        turned_away("not-found", words="HTTP 404"), turned_away("method-refused", words="HTTP 405"),
        turned_away("media-refused", words="HTTP 415"),
    ],
    "409 in progress": [Variant((fault("in-progress", moment="before"),), "pending", verdict="later", words="code 3002")],
    "409 already exists": at_any_moment("already-exists", verdict="ok", words="code 2001", call_failed=False),
    "413": [Variant((fault("too-large", moment="before", least_items=13, times=100),), server="small")],
    "422": [unknown("key-reused", "before", verdict="stop", words="code 3001"), Variant(server="reused")],
    "TLS": [
        Variant(item="pending", verdict="stop", words="certificate", requests=0, server=server)
        for server in ("wrong host", "self-signed", "expired", "unknown authority")
    ] + [Variant(server="tls")],
    "clock skew": [
        Variant((fault("skewed-date", seconds=seconds, endpoint=endpoint),), verdict="stop", words=r"3\d\d s apart", server=server)
        for seconds in (301, -301)
        for endpoint, server in (("query", "checked first"), ("upsert", "plain"))
    ] + [Variant((fault("skewed-date", seconds=130, endpoint="query"),), requests=2, server="checked first")],
}  # fmt: skip

"""How the platform behaves when nothing is wrong: paths, envelope, limits, and what it remembers.

Nothing is known of the real platform, so each of these is a choice; a client must get along with all of them.
"""

from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

__all__ = ["BATCH_OPERATIONS", "Behaviour", "Endpoint", "EnvelopeName", "Strict"]

EnvelopeName = Literal["code-200", "code-0", "code-text-0", "status-1", "double-code"]

_Seconds = Annotated[float, Field(ge=0)]
_Count = Annotated[int, Field(gt=0)]


class Strict(BaseModel):
    """Frozen, and an unknown key is a mistake."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Endpoint(StrEnum):
    """What the platform can be asked."""

    UPSERT = "upsert"
    WITHDRAW = "withdraw"
    QUERY = "query"
    LIST = "list"
    RECEIPTS = "receipts"


BATCH_OPERATIONS = MappingProxyType(
    {Endpoint.UPSERT: frozenset({"new", "changed"}), Endpoint.WITHDRAW: frozenset({"withdrawn"})}
)
"""The endpoints that take batches, and the operations each takes."""


class Behaviour(Strict):
    """The platform's habits."""

    paas_id: Annotated[str, Field(min_length=1)] = "elders"
    endpoints: dict[Endpoint, Annotated[str, Field(pattern=r"^/[^\s?#]*$")]] = {}
    envelope: EnvelopeName = "code-200"
    keys: Annotated[
        Literal["for-ever", "one-day", "none"], Field(description="how long an idempotency key is remembered")
    ] = "for-ever"
    answers: Annotated[
        Literal["at-once", "later"], Field(description="later: 202 and a receipt, the outcome by receipt query")
    ] = "at-once"
    processing_seconds: Annotated[_Seconds, Field(description="until a receipt's outcome is known")] = 0
    offers_lookup: Annotated[bool, Field(description="whether query and list are there at all")] = True
    checks_existence: Annotated[
        bool, Field(description="whether new of someone held, or changed or withdrawn of someone not held, is rejected")
    ] = True
    accepts_stale: Annotated[
        bool, Field(description="whether a revision that is not newer takes effect all the same")
    ] = False
    bad_item_refuses_batch: Annotated[bool, Field(description="whether one bad item makes the answer 400")] = False
    most_items: Annotated[_Count, Field(description="more in a batch is 413")] = 1000
    largest_page: _Count = 500
    requests_per_second: Annotated[float, Field(gt=0)] | None = None
    burst: _Count = 10
    retry_after: Literal["seconds", "date", "none"] = "seconds"
    window_seconds: _Seconds = 180
    nonce_seconds: _Seconds = 600

    @property
    def paths(self) -> dict[Endpoint, str]:
        """The path of every endpoint."""
        return {endpoint: f"/ebus/elders/{endpoint}" for endpoint in Endpoint} | self.endpoints

    @property
    def key_seconds(self) -> float:
        """How long a key is remembered."""
        return {"for-ever": float("inf"), "one-day": 86_400.0, "none": 0.0}[self.keys]

    @model_validator(mode="after")
    def _one_path_each(self) -> Self:
        if len(set(self.paths.values())) < len(Endpoint):
            raise ValueError("endpoints: two have the same path")
        return self

"""How much a plan may change at the platform before two people must have looked at it."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["PushBrake"]

_People = Annotated[int, Field(ge=0)]
_Share = Annotated[float, Field(ge=0, le=1)]


class PushBrake(BaseModel):
    """Limits of a plan; of the two numbers of a pair the larger applies, and only more than it is too many.

    ``people share``: everyone the plan tells of, of those the platform holds. ``source_…``: withdrawn of a source's people,
    ``village_…``: of a village's. ``week_…``: withdrawn in seven days, of those held before them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    people: _People = 10
    share: _Share = 0.05
    source_people: _People = 10
    source_share: _Share = 0.05
    village_people: _People = 3
    village_share: _Share = 0.05
    week_people: _People = 10
    week_share: _Share = 0.1

"""Whom to believe, field by field: the sources, best first, and how to choose where several of them say something."""

from collections.abc import Sequence
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, model_validator

from schemas.codes import CODE_LISTS
from schemas.fields import FIELDS, STATED_FIELDS

__all__ = ["CERTIFICATE_FIELDS", "PLACE_PARTS", "Belief", "Strategy", "Survivorship"]

Strategy = Literal["order", "newest", "most_complete", "longest_valid", "any_true", "union"]

PLACE_PARTS: dict[str, tuple[str, ...]] = {
    place: tuple(f"{place}_{part}" for part in ("county", "town", "village", "division_code"))
    for place in ("household", "residence")
}
"""County, town, village and code of a place are believed together: parts of two sources' places would be no place."""

CERTIFICATE_FIELDS: tuple[str, ...] = (
    "disability_certificate_number", "disability_category", "disability_level", "certificate_issued_date",
    "certificate_expiry_date", "certificate_status",
)  # fmt: skip
"""What one disability certificate says."""

_FROM_THE_NUMBER = frozenset({"id_number", "birth_date", "sex", "categories"})


class Belief(BaseModel):
    """How a field's value is chosen; a plain list of sources means ``order``.

    ``sources``: who is believed, best first, others never; missing: as ``otherwise``. Every strategy breaks its ties by this order.
    ``value``: of ``any_true``, the code that wins wherever anybody says it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    sources: tuple[str, ...] | None = None
    strategy: Strategy = "order"
    value: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _plain_list(cls, given: Any) -> Any:
        return {"sources": given} if isinstance(given, Sequence) and not isinstance(given, str) else given

    @model_validator(mode="after")
    def _value_where_it_is_asked_for(self) -> Self:
        if (self.value is not None) != (self.strategy == "any_true"):
            raise ValueError("value is for any_true, which needs it")
        return self


class Survivorship(BaseModel):
    """For each field the sources to believe, best first, and the strategy; a field not named takes ``otherwise``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    otherwise: tuple[str, ...]
    fields: dict[str, Belief] = {}

    @model_validator(mode="after")
    def _known_fields(self) -> Self:
        for field, belief in self.fields.items():
            if field not in STATED_FIELDS:
                raise ValueError(f"fields.{field} is not a field a source may state")
            if problem := _unfit(field, belief):
                raise ValueError(f"fields.{field}: {problem}")
        return self

    @model_validator(mode="after")
    def _one_thing_one_rule(self) -> Self:
        for parts in PLACE_PARTS.values():
            self._alike([part for part in parts if part in STATED_FIELDS], "a place")
        if any(self.belief(field).strategy == "longest_valid" for field in CERTIFICATE_FIELDS):
            self._alike(CERTIFICATE_FIELDS, "a certificate")
        return self

    def _alike(self, fields: Sequence[str], what: str) -> None:
        for field in fields[1:]:
            if self.belief(field) != self.belief(fields[0]):
                raise ValueError(f"fields.{field} differs from {fields[0]}: parts of {what} are believed together")

    def belief(self, field: str) -> Belief:
        """How ``field`` is chosen; the code of a place as the place is."""
        told = self.fields.get(field.replace("_division_code", "_county")) or Belief()
        return told if told.sources is not None else told.model_copy(update={"sources": self.otherwise})

    def order(self, field: str) -> tuple[str, ...]:
        """Sources to believe for ``field``, best first; sources not named come last and never win."""
        return self.belief(field).sources or ()


def _unfit(field: str, belief: Belief) -> str:
    """Why a strategy does not suit a field; empty where it does."""
    kind, codes = FIELDS[field].kind, FIELDS[field].codes
    if belief.strategy != "order" and field in _FROM_THE_NUMBER:
        return "has no strategy but order"
    if belief.strategy == "any_true" and (codes != "yes_no" or belief.value not in CODE_LISTS["yes_no"]):
        return "any_true is for questions answered with yes or no, and value is one of these"
    if belief.strategy == "union" and (kind != "text" or field.endswith(("name", "address"))):
        return "union is for free texts; of names and addresses one is right"
    if belief.strategy == "longest_valid" and field not in CERTIFICATE_FIELDS:
        return "longest_valid is for what a certificate says"
    return ""

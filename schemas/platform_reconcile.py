"""How what we told the platform is compared with what it holds, as configuration; and the words for what can come of it."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict

__all__ = ["Agreement", "ReconcileFormat"]


class Agreement(StrEnum):
    """What comparing a person's two sides says; everybody is in exactly one of these."""

    AGREES = "agrees"  # both hold the same, or neither holds anyone present
    ONLY_OURS = "only-ours"  # told as present; they hold nothing, or someone withdrawn
    ONLY_THEIRS = "only-theirs"  # they hold someone present who was told as withdrawn, or never
    DIFFERS = "differs"
    REVISION_DIFFERS = "revision-differs"  # the same content under another revision
    CONTENT_UNKNOWN = "content-unknown"  # present on both sides, but one of them does not say with what content
    DOUBLED = "doubled"  # they list the person more than once
    ON_ITS_WAY = "on-its-way"  # something is still to be told, or its outcome is not known: not judged


class ReconcileFormat(BaseModel):
    """``[reconcile]`` of a profile.

    ``contained_is_same``: headers of columns in which our value is no other one where it is part of their longer one, as
    an address that their side completes. ``not_listed``: headers of columns that the platform takes and its list does not
    show; they are not compared.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    contained_is_same: tuple[str, ...] = ()
    not_listed: tuple[str, ...] = ()

    @property
    def headers(self) -> tuple[str, ...]:
        """Every header that is named here."""
        return (*self.contained_is_same, *self.not_listed)

"""How each field of the registry is masked where people look."""

from schemas.fields import FIELDS
from schemas.masking import MaskKind

__all__ = ["mask_kind"]


def mask_kind(field: str) -> MaskKind | None:
    """How a field is masked; ``None`` where it may be seen."""
    kind = FIELDS[field].kind
    if kind == "id_number" or kind == "certificate" or kind == "phone":  # noqa: PLR1714  the type checker follows this
        return kind
    if field.endswith("name") or field == "assistance_person":
        return "name"
    if kind == "division":
        return None if field.endswith("_code") else "place"
    if field == "birth_date":
        return "date"
    return "text" if field.endswith("_address") or field == "remarks" else None

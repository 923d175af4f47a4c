"""Lists that the brake holds because they lose too many people: what exactly is held, and letting it in after all."""

import hashlib
from dataclasses import dataclass

import sqlalchemy as sa

from flows.intake.receive import APPROVED
from registry.approvals import is_approved
from registry.runs import Delivery, set_delivery_state, waiting_deliveries

__all__ = ["HeldList", "admit_held", "held_list", "is_list_approved"]


@dataclass(frozen=True, slots=True)
class HeldList:
    """The held deliveries of a source as one thing to approve; ``digest`` is of exactly these files."""

    deliveries: list[Delivery]
    digest: str
    message: str


def held_list(connection: sa.Connection, source: str) -> HeldList | None:
    """What the brake holds of a source; ``None`` where it holds nothing."""
    held = [delivery for delivery in waiting_deliveries(connection, source, beside=[]) if delivery.state == "held"]
    if not held:
        return None
    return HeldList(held, _digest(source, [delivery.sha256 for delivery in held]), held[0].detail["message"])


def admit_held(connection: sa.Connection, held: HeldList) -> None:
    """Has the next night look at held files again; approved, they pass its brake."""
    for delivery in held.deliveries:
        set_delivery_state(
            connection, [delivery.delivery_id], "held", delivery.state_run, {"rules": APPROVED}
        )  # fmt: skip


def is_list_approved(connection: sa.Connection, source: str, files: list[str]) -> bool:
    """Whether two people have approved a list that consists of exactly these files, by their SHA-256."""
    return is_approved(connection, "delivery", _digest(source, files))


def _digest(source: str, files: list[str]) -> str:
    return hashlib.sha256("\n".join([source, *sorted(files)]).encode()).hexdigest()

"""Faults within an answer to a batch: which items take effect at all, and which are told, how often, and how."""

from collections.abc import Sequence

from simulator.province.faults import Fault, Kind, Moment, Place
from simulator.province.items import Item, ItemAnswer

__all__ = ["altered", "items_in_effect", "told_batch"]


def items_in_effect(items: Sequence[Item], fault: Fault | None) -> Sequence[Item]:
    """The items that take effect."""
    if fault is None or fault.when is Moment.AFTER or fault.kind is Kind.LATE_ANSWER:
        return items
    if fault.kind is Kind.ITEM_MISSING:
        place = _place(fault.place, len(items))
        return [*items[:place], *items[place + 1 :]]
    return items[: len(items) // 2] if fault.when is Moment.HALF else ()


def told_batch(batch: str, fault: Fault | None) -> str:
    """The batch that the answer says it is about."""
    return f"other-{batch}" if fault and fault.kind in {Kind.OTHER_BATCH, Kind.OTHER_ANSWER} else batch


def altered(items: Sequence[Item], answers: Sequence[ItemAnswer], fault: Fault) -> list[ItemAnswer]:
    """The answers as a fault tells them.

    Args:
        items: those that were sent.
        answers: for those that took effect, or were rejected, in their order.
        fault: what goes wrong; a kind that is not about items claims that all went well.
    """
    place = _place(fault.place, len(items))
    by_key = {answer.key: answer for answer in answers}
    whole = [by_key.get(item.key) or _claimed(item.key) for item in items]
    before, this, after = whole[:place], whole[place], whole[place + 1 :]
    match fault.kind:
        case Kind.ITEM_MISSING:
            told = [*before, *after]
        case Kind.ITEM_DOUBLED:
            told = [*before, this, this, *after]
        case Kind.ITEM_CONTRADICTED:
            told = [*before, this, _contradicting(this), *after]
        case Kind.ITEM_FOREIGN:
            told = [*before, this, _claimed("not-yours-1"), *after]
        case Kind.ITEMS_REORDERED:
            told = whole[::-1]
        case Kind.OTHER_ANSWER:
            told = [_claimed(f"not-yours-{number}") for number, _ in enumerate(items, 1)]
        case _:
            told = whole
    return told


def _place(place: Place, count: int) -> int:
    return {"first": 0, "middle": count // 2, "last": count - 1}[place]


def _claimed(key: str) -> ItemAnswer:
    return ItemAnswer(key, "accepted", "R-nothing-happened")


def _contradicting(answer: ItemAnswer) -> ItemAnswer:
    if answer.status == "accepted":
        return ItemAnswer(answer.key, "rejected", None, "5002", "处理失败")
    return _claimed(answer.key)

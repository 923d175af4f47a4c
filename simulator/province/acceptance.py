"""What becomes of the items of a batch: keys known before, objections, effects, receipts. All of a batch happens, or nothing."""

from collections.abc import Sequence
from typing import NamedTuple

from simulator.province.behaviour import BATCH_OPERATIONS, Behaviour, Endpoint
from simulator.province.item_rules import ItemRules, Objection
from simulator.province.items import Item, ItemAnswer
from simulator.province.ledger import Held, Ledger
from simulator.province.ledger_view import Seen

__all__ = ["Acceptance", "BatchRefused", "Taken"]


class BatchRefused(Exception):
    """The whole batch is refused because of one item, and nothing of it took effect."""

    def __init__(self, status: int, code: str, words: str) -> None:
        super().__init__(f"HTTP {status}, code {code}")
        self.status, self.code, self.words = status, code, words


class Taken(NamedTuple):
    """What came of a batch: an answer for each item that was looked at, and how many keys were known before."""

    answers: list[ItemAnswer]
    known_before: int

    def count(self, status: str) -> int:
        """How many items have this status."""
        return sum(answer.status == status for answer in self.answers)


class Acceptance:
    """Takes items into the ledger, or says why not."""

    def __init__(self, ledger: Ledger, rules: ItemRules, behaviour: Behaviour) -> None:
        self._ledger, self._rules, self._behaviour = ledger, rules, behaviour

    def take(
        self, items: Sequence[Item], endpoint: Endpoint, seen: Seen, *, is_later: bool = False, due: float | None = None
    ) -> tuple[Taken, Seen]:
        """Takes a batch; what came of it, and the request as it was noted.

        Args:
            items: to take; none where only the request is to be noted.
            endpoint: upsert or withdraw.
            seen: the request; counts are filled in here.
            is_later: answer "processing", and settle afterwards.
            due: when those are settled; without it after the platform's usual time.

        Raises:
            BatchRefused: the platform does not take part of a batch; the request is noted, nothing else happened.
        """
        is_later = is_later or self._behaviour.answers == "later"
        due = seen.at + self._behaviour.processing_seconds if due is None else due
        try:
            with self._ledger.whole():
                request = self._ledger.begin_request(seen)
                taken = self._take_all(items, endpoint, request, seen.at, due if is_later else None)
                seen = seen._replace(
                    known=taken.known_before, accepted=taken.count("accepted"), rejected=taken.count("rejected"),
                    processing=taken.count("processing"),
                )  # fmt: skip
                self._ledger.finish_request(request, seen)
        except BatchRefused as refused:
            self.note(seen._replace(status=refused.status))
            raise
        return taken, seen

    def note(self, seen: Seen) -> None:
        """Notes a request that did nothing."""
        with self._ledger.whole():
            self._ledger.begin_request(seen)

    def settle_due(self, at: float) -> None:
        """Settles the receipts whose time has come."""
        due = self._ledger.due_receipts(at)
        if not due:
            return
        with self._ledger.whole():
            for receipt, request, item in due:
                self._ledger.settle_receipt(_answer(item, receipt, self._apply(item, receipt, request, at)))

    def _take_all(self, items: Sequence[Item], endpoint: Endpoint, request: int, at: float, due: float | None) -> Taken:
        taken = Taken([], 0)
        for place, item in enumerate(items):
            known = self._known(item, at)
            if known is None:
                known = self._take_one(item, endpoint, f"R{request:08d}{place:05d}", request, at, due)
            else:
                taken = taken._replace(known_before=taken.known_before + 1)
            taken.answers.append(known)
        return taken

    def _known(self, item: Item, at: float) -> ItemAnswer | None:
        if self._behaviour.keys == "none":
            return None
        known = self._ledger.known_key(item.key, since=at - self._behaviour.key_seconds)
        if known is None:
            return None
        if known.payload != item.payload:
            raise BatchRefused(422, "3001", "幂等键已用于其他内容")
        return known.answer

    def _take_one(
        self, item: Item, endpoint: Endpoint, receipt: str, request: int, at: float, due: float | None
    ) -> ItemAnswer:
        objection = self._rules.objection(item, BATCH_OPERATIONS[endpoint])
        if objection is None and due is None:
            objection = self._apply(item, receipt, request, at)
        if objection is not None:
            if self._behaviour.bad_item_refuses_batch:
                raise BatchRefused(400, objection.code, "批次中有数据项不符合要求，整批退回")
            return _answer(item, None, objection)
        answer = _answer(item, receipt, None) if due is None else ItemAnswer(item.key, "processing", receipt)
        self._ledger.give_receipt(item, answer, request, at, due=due)
        return answer

    def _apply(self, item: Item, receipt: str, request: int, at: float) -> Objection | None:
        """Lets an item take effect, or says why it does not fit what is held."""
        held = self._ledger.held(item.person)
        objection = self._clash(item, held)
        if objection is None:
            self._ledger.take_effect(item, self._rules.id_number(item), receipt, request, at, held)
        return objection

    def _clash(self, item: Item, held: Held | None) -> Objection | None:
        is_present = held is not None and held.is_present
        if self._behaviour.checks_existence:
            if item.operation == "new" and is_present:
                return Objection("2001", "该人员已登记")
            if item.operation != "new" and not is_present:
                return Objection("2002", "该人员未登记")
            if item.operation != "withdrawn" and self._ledger.is_of_another(self._rules.id_number(item), item.person):
                return Objection("2004", "证件号码已由其他人员登记")
        if held is not None and item.revision <= held.revision and not self._behaviour.accepts_stale:
            return (
                Objection("2005", "该版本已登记") if item.revision == held.revision else Objection("2003", "版本过旧")
            )
        return None


def _answer(item: Item, receipt: str | None, objection: Objection | None) -> ItemAnswer:
    if objection is None:
        return ItemAnswer(item.key, "accepted", receipt)
    return ItemAnswer(item.key, "rejected", receipt, objection.code, objection.reason)

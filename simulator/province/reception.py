"""What becomes of a request, from the gateway's signature check to the reply: let in or not, taken or answered, and what goes wrong."""

import hashlib
import json
from collections.abc import Callable
from typing import Any, NamedTuple

from simulator.province.acceptance import Acceptance, BatchRefused
from simulator.province.answers import Answers
from simulator.province.behaviour import BATCH_OPERATIONS, Behaviour, Endpoint
from simulator.province.fault_items import altered, items_in_effect, told_batch
from simulator.province.fault_replies import FaultReplies
from simulator.province.fault_script import FaultScript
from simulator.province.faults import Fault, Kind
from simulator.province.items import Batch, BatchUnreadable, read_batch
from simulator.province.ledger_view import Seen
from simulator.province.lookups import LookupRefused, Lookups
from simulator.province.pace import Pace
from simulator.province.platform_clock import PlatformClock
from simulator.province.signature import SignatureCheck
from simulator.province.wire import Reply, Request

__all__ = ["Admitted", "Reception"]

_LOOKED_UP = {Endpoint.QUERY, Endpoint.LIST}


class Admitted(NamedTuple):
    """A request that was let in, with what will go wrong with it."""

    endpoint: Endpoint
    document: Any
    batch: Batch
    fault: Fault | None
    seen: Seen


class _TurnedAway(Exception):
    def __init__(self, reply: Reply) -> None:
        super().__init__()
        self.reply = reply


class Reception:
    """Receives requests one at a time: :meth:`admit`, then :meth:`perform`, and in any case :meth:`release`."""

    def __init__(
        self, *, acceptance: Acceptance, lookups: Lookups, answers: Answers, behaviour: Behaviour, gate: SignatureCheck,
        pace: Pace, script: FaultScript, replies: FaultReplies, clock: PlatformClock, tell: Callable[[Seen], None],
    ) -> None:  # fmt: skip
        self._acceptance, self._lookups, self._answers, self._behaviour = acceptance, lookups, answers, behaviour
        self._gate, self._pace, self._script, self._replies = gate, pace, script, replies
        self._clock, self._tell = clock, tell
        self._endpoints = {path: endpoint for endpoint, path in behaviour.paths.items()}
        self._keys_in_progress: set[str] = set()

    def admit(self, request: Request) -> Admitted | Reply:
        """Lets a request in, or says why not. Keys of a batch are in progress from here on."""
        now = self._clock()
        self._acceptance.settle_due(now)
        seen = Seen(now, "", "", hashlib.sha256(request.body).hexdigest())
        try:
            self._pass_gate(request)
            endpoint = self._route(request)
            seen = seen._replace(endpoint=endpoint)
            document, batch = self._read(request, endpoint)
            seen = seen._replace(batch=batch.name, items=len(batch.items))
            self._begin(batch)
        except _TurnedAway as away:
            self._note(seen._replace(status=away.reply.status))
            return away.reply
        fault = self._script.fault_for(endpoint, batch.items)
        return Admitted(endpoint, document, batch, fault, seen._replace(fault=fault.name if fault else ""))

    def perform(self, admitted: Admitted) -> Reply:
        """Does what was asked for, as far as the fault lets it, and says what is answered."""
        fault = admitted.fault
        good = self._take_batch(admitted) if admitted.endpoint in BATCH_OPERATIONS else self._look_up(admitted)
        return self._replies.instead_of(good, fault) if fault else good

    def release(self, admitted: Admitted) -> None:
        """The keys of a batch are in progress no more."""
        self._keys_in_progress.difference_update(item.key for item in admitted.batch.items)

    def unreadable(self, status: int) -> Reply:
        """The reply to what is no request at all."""
        return self._answers.refused(status)

    def _pass_gate(self, request: Request) -> None:
        if words := self._gate.fault_of(request.headers):
            raise _TurnedAway(self._answers.unsigned(words))
        if wait := self._pace.seconds_to_wait():
            how = {"seconds": str(wait), "date": f"date+{wait}", "none": None}[self._behaviour.retry_after]
            raise _TurnedAway(self._replies.too_many(how))

    def _route(self, request: Request) -> Endpoint:
        endpoint = self._endpoints.get(request.path)
        if endpoint is None or (endpoint in _LOOKED_UP and not self._behaviour.offers_lookup):
            raise self._turn_away(404)
        if request.method != "POST":
            raise _TurnedAway(self._answers.refused(405).with_headers(Allow="POST"))
        media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type != "application/json" or "content-encoding" in request.headers:
            raise self._turn_away(415)
        return endpoint

    def _read(self, request: Request, endpoint: Endpoint) -> tuple[Any, Batch]:
        try:
            document = json.loads(request.body)
        except (ValueError, RecursionError):
            document = None
        if document is None:
            raise self._turn_away(400, words="请求报文不是JSON")
        if endpoint not in BATCH_OPERATIONS:
            return document, Batch("", ())
        try:
            batch = read_batch(document)
        except BatchUnreadable as unreadable:
            words = str(unreadable)
        else:
            return None, batch
        raise self._turn_away(400, words=words)

    def _begin(self, batch: Batch) -> None:
        if len(batch.items) > self._behaviour.most_items:
            raise self._turn_away(413, words=f"每批最多{self._behaviour.most_items}项")
        keys = {item.key for item in batch.items}
        if self._behaviour.keys != "none":
            if keys & self._keys_in_progress:
                raise self._turn_away(409, code=3002, words="相同请求正在处理，请稍后再试")
            self._keys_in_progress |= keys

    def _take_batch(self, admitted: Admitted) -> Reply:
        batch, fault = admitted.batch, admitted.fault
        is_later = fault is not None and fault.kind is Kind.PROCESSING
        due = admitted.seen.at + fault.seconds if fault and is_later and fault.seconds is not None else None
        status = 202 if self._behaviour.answers == "later" else 200
        if fault and fault.facts.statuses:
            status = fault.http_status
        try:
            taken, seen = self._acceptance.take(
                items_in_effect(batch.items, fault), admitted.endpoint,
                admitted.seen._replace(at=self._clock(), status=status), is_later=is_later, due=due,
            )  # fmt: skip
        except BatchRefused as refused:
            self._tell(admitted.seen._replace(status=refused.status))
            return self._answers.refused(refused.status, code=int(refused.code), words=refused.words)
        self._tell(seen)
        answers = altered(batch.items, taken.answers, fault) if fault else taken.answers
        return self._answers.of_batch(told_batch(batch.name, fault), answers, status=status)

    def _look_up(self, admitted: Admitted) -> Reply:
        try:
            data = self._lookups.answer(admitted.endpoint, admitted.document)
        except LookupRefused as refused:
            reply = self._answers.refused(400, words=str(refused))
        else:
            reply = self._answers.done(data)
        fault = admitted.fault
        self._note(admitted.seen._replace(status=fault.http_status if fault and fault.facts.statuses else reply.status))
        return reply

    def _note(self, seen: Seen) -> None:
        self._acceptance.note(seen)
        self._tell(seen)

    def _turn_away(self, status: int, *, code: int | None = None, words: str = "") -> _TurnedAway:
        return _TurnedAway(self._answers.refused(status, code=code, words=words))

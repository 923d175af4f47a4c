"""What a good answer says of each item: once is enough, twice alike is once, twice unlike is nothing, and silence is not consent."""

from collections.abc import Sequence
from typing import Any

from connectors.platform_api.answers import MISSING, as_text, at_path, clean, is_one_of, safe_code
from connectors.platform_api.outcomes import BatchOutcome, Verdict
from schemas.platform_api import ApiFormat
from schemas.platform_api_parts import ItemCodeMeaning
from schemas.push import ItemOutcome, PushState

__all__ = ["judge_items", "outcome_of", "receipt_of", "same_outcome"]

_LONGEST_RECEIPT = 200

_OF_CODE: dict[ItemCodeMeaning, PushState] = {
    "rejected": PushState.REJECTED,
    "later": PushState.PENDING,
    "read-back": PushState.UNKNOWN,
    "stop": PushState.PENDING,
}


def judge_items(document: Any, api: ApiFormat, *, batch: str, keys: Sequence[str]) -> BatchOutcome:
    """The outcome of every item of a batch, in the order they were sent.

    An answer to another batch, or with an item that is not ours, answers something else: nothing of it is believed.

    Args:
        document: of an answer that says it succeeded.
        api: what is called how in it.
        batch: the name of the batch, as it was sent.
        keys: of its items; none twice.
    """
    names = api.answer
    echoed = at_path(document, names.batch) if names.batch else batch
    if echoed not in (batch, None) and echoed is not MISSING:
        return _something_else(keys, "other-batch", "the platform answers to another batch")
    told = at_path(document, names.items)
    if not isinstance(told, list):
        words = f"the answer has no list at {names.items}"
        return BatchOutcome.of_all(keys, PushState.UNKNOWN, Verdict.LATER, "no-items", words, call_failed=True)
    if echoed != batch:
        return _something_else(
            keys, "no-batch", f"the platform does not say which batch it answers to, at {names.batch}"
        )
    found: dict[str, list[Any]] = {key: [] for key in keys}
    for one in told:
        key = at_path(one, names.key)
        if not isinstance(key, str) or key not in found:
            return _something_else(keys, "foreign-item", "the platform answers for an item that was not in the batch")
        found[key].append(one)
    return _settled([_of_item(key, answers, api) for key, answers in found.items()], api)


def outcome_of(key: str, told: Any, api: ApiFormat) -> ItemOutcome:
    """What one answer says of one item, by its status and its code."""
    names = api.answer
    code = safe_code([at_path(told, names.code)]) if names.code else ""
    words = clean(at_path(told, names.reason)) if names.reason else ""
    receipt = receipt_of(told, names.receipt)
    status = at_path(told, names.status)
    if is_one_of(status, names.accepted):
        return ItemOutcome(key, PushState.ACCEPTED, code, words, receipt)
    if is_one_of(status, names.processing):
        if receipt is None:  # nothing to ask with
            return ItemOutcome(key, PushState.UNKNOWN, code or "no-receipt", words)
        return ItemOutcome(key, PushState.PROCESSING, code, words, receipt)
    is_told = isinstance(status, str | int)
    if is_one_of(status, names.rejected) or (is_told and names.otherwise == "rejected"):
        state = _OF_CODE[api.item_codes.get(code, "rejected")]
        return ItemOutcome(key, state, code or "rejected", words, receipt)
    return ItemOutcome(key, PushState.UNKNOWN, "unknown-status", words, receipt)


def receipt_of(told: Any, path: str) -> str | None:
    """The receipt, if there is one that can be kept and sent back as it is."""
    given = at_path(told, path) if path else MISSING
    text = as_text(given) if isinstance(given, str | int) else ""
    return text if text and text.isprintable() and text == clean(text) and len(text) <= _LONGEST_RECEIPT else None


def same_outcome(outcomes: Sequence[ItemOutcome]) -> ItemOutcome:
    """What several answers for one item come to: the first, or unknown where they contradict each other."""
    first = outcomes[0]
    if all((one.state, one.code, one.receipt) == (first.state, first.code, first.receipt) for one in outcomes):
        return first
    return ItemOutcome(first.key, PushState.UNKNOWN, "contradicted")


def _of_item(key: str, answers: Sequence[Any], api: ApiFormat) -> ItemOutcome:
    if not answers:
        return ItemOutcome(key, PushState.UNKNOWN, "not-answered")
    return same_outcome([outcome_of(key, told, api) for told in answers])


def _settled(items: list[ItemOutcome], api: ApiFormat) -> BatchOutcome:
    """Every item by itself; one whose code says so ends the push."""
    stopping = {
        item.code for item in items if api.item_codes.get(item.code) == "stop" and item.state == PushState.PENDING
    }
    if not stopping:
        return BatchOutcome(items)
    code = min(stopping)
    return BatchOutcome(items, Verdict.STOP, code, f"the platform answers items with code {code}; a person has to look")


def _something_else(keys: Sequence[str], code: str, words: str) -> BatchOutcome:
    return BatchOutcome.of_all(keys, PushState.UNKNOWN, Verdict.STOP, code, words)

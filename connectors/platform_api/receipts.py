"""What became of items that were being processed, by their receipts; asked again until it is told, but not for ever."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from connectors.platform_api.answers import at_path, is_one_of
from connectors.platform_api.item_answers import outcome_of, receipt_of, same_outcome
from connectors.platform_api.outcomes import BatchOutcome, Verdict
from schemas.platform_api import ApiFormat
from schemas.push import ItemOutcome, PushState

__all__ = ["settle_receipts", "stays_processing"]


def settle_receipts(document: Any, api: ApiFormat, items: pd.DataFrame, *, at: datetime) -> BatchOutcome:
    """What became of each item; one whose receipt is not answered stays as it is.

    Args:
        document: of an answer that says it succeeded.
        api: what is called how in it.
        items: ``key receipt first_sent_at``.
        at: our clock.
    """
    told = at_path(document, api.receipts.items)
    keys = items["key"].tolist()
    if not isinstance(told, list):
        words = f"the answer has no list at {api.receipts.items}"
        return BatchOutcome(stays_processing(items, api, at=at), Verdict.LATER, "no-items", words, call_failed=True)
    answers: dict[str, list[Any]] = {receipt: [] for receipt in items["receipt"]}
    for one in told:
        receipt = receipt_of(one, api.receipts.receipt)
        if receipt is None or receipt not in answers:
            words = "the platform answers for a receipt that was not asked for"
            return BatchOutcome(stays_processing(items, api, at=at), Verdict.STOP, "foreign-receipt", words)
        answers[receipt].append(one)
    waiting = stays_processing(items, api, at=at)
    return BatchOutcome(
        [
            _outcome(key, receipt, answers[receipt], stays, api)
            for key, receipt, stays in zip(keys, items["receipt"], waiting, strict=True)
        ]
    )


def stays_processing(items: pd.DataFrame, api: ApiFormat, *, at: datetime) -> list[ItemOutcome]:
    """Items whose outcome is still not told: asked about again, or read back when that has gone on for too long."""
    first_sent = pd.to_datetime(items["first_sent_at"], utc=True)
    is_overdue = (first_sent <= at - timedelta(hours=api.poll_hours)).tolist()
    return [
        ItemOutcome(key, PushState.UNKNOWN, "processing-too-long", receipt=receipt)
        if overdue
        else ItemOutcome(key, PushState.PROCESSING, receipt=receipt, retry_after=api.poll_seconds)
        for key, receipt, overdue in zip(items["key"], items["receipt"], is_overdue, strict=True)
    ]


def _outcome(key: str, receipt: str, answers: Sequence[Any], stays: ItemOutcome, api: ApiFormat) -> ItemOutcome:
    if not answers:
        return stays
    outcome = same_outcome([_told(key, receipt, one, api) for one in answers])
    return stays if outcome.state == PushState.PROCESSING else outcome


def _told(key: str, receipt: str, told: Any, api: ApiFormat) -> ItemOutcome:
    if is_one_of(at_path(told, api.answer.status), api.receipts.unknown):
        return ItemOutcome(key, PushState.UNKNOWN, "receipt-unknown")
    if at_path(told, api.answer.key) not in (key, None) and isinstance(at_path(told, api.answer.key), str):
        return ItemOutcome(key, PushState.UNKNOWN, "other-key", receipt=receipt)
    outcome = outcome_of(key, told, api)
    return ItemOutcome(key, outcome.state, outcome.code, outcome.words, receipt)

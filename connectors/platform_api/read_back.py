"""What became of items nobody knows the outcome of, told from what the platform holds now of their people.

======================================================  ======================================================
the platform holds                                      the item
======================================================  ======================================================
our revision, present or not as told, same content      accepted
our revision, otherwise                                 held ``other-content``
a higher revision                                       held ``newer-there``
the person twice                                        held ``there-twice``
someone we told as new, present, without our revision   held ``there-already``
a lower revision, or nobody                             pending ``not-there``: it did not take effect
======================================================  ======================================================

A platform that tells no revisions is judged by content alone. One that offers no look-up settles nothing: as long as it keeps
its keys the item is told again (``telling_again``), afterwards it is held for a person (``no-lookup``). Somebody who has no number of the kind that is asked by is held, too
(``no-number``).
"""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pandas as pd

from connectors.platform_api.records import Record
from schemas.platform_api import ApiFormat
from schemas.platform_profile import PlatformColumn
from schemas.push import ItemOutcome, PushState

__all__ = ["Asked", "asked_of", "settle_by_records", "settle_without"]

"""Fields of the telling, not of the person; a platform need not keep them."""


@dataclass(frozen=True, slots=True)
class Asked:
    """An item whose outcome is asked for. ``number`` is what the person is asked for by."""

    key: str
    number: str = field(repr=False)
    revision: int
    sent_as: str
    payload: dict[str, str] = field(repr=False)


def asked_of(items: pd.DataFrame, api: ApiFormat) -> list[Asked]:
    """The items as they are asked about: ``key person_id revision sent_as payload``."""
    columns = (items[name] for name in ("key", "person_id", "revision", "sent_as", "payload"))
    return [_asked(*row, by=api.lookup.by) for row in zip(*columns, strict=True)]


def _asked(key: str, person: int, revision: int, sent_as: str, payload: object, *, by: str) -> Asked:
    told = json.loads(payload) if isinstance(payload, str) else {}
    return Asked(key, told.get(by, "") if by else str(person), int(revision), sent_as, told)


def settle_by_records(
    asked: Sequence[Asked], records: Sequence[Record], api: ApiFormat, columns: Sequence[PlatformColumn]
) -> list[ItemOutcome]:
    """What became of each item, by the records of everybody who was asked for."""
    by_person: defaultdict[str, list[Record]] = defaultdict(list)
    for record in records:
        by_person[record.person].append(record)
    return [_settle(item, by_person.get(item.number, []), api, columns) for item in asked]


def settle_without(items: pd.DataFrame, api: ApiFormat, *, at: datetime) -> list[ItemOutcome]:
    """What becomes of items where the platform offers no look-up: ``key``, and when they were first sent (``first_sent_at``)."""
    first_sent = pd.to_datetime(items["first_sent_at"], utc=True)
    is_kept = (first_sent > at - timedelta(hours=api.keys_hours)).tolist()
    return [
        ItemOutcome(key, *((PushState.PENDING, "key-is-kept") if kept else (PushState.HELD, "no-lookup")))
        for key, kept in zip(items["key"], is_kept, strict=True)
    ]


def _settle(item: Asked, records: Sequence[Record], api: ApiFormat, columns: Sequence[PlatformColumn]) -> ItemOutcome:
    if not item.number:
        return ItemOutcome(item.key, PushState.HELD, "no-number")
    state, code = _judge(item, records, api, columns)
    return ItemOutcome(item.key, state, code, receipt=records[0].receipt if records else None)


def _judge(
    item: Asked, records: Sequence[Record], api: ApiFormat, columns: Sequence[PlatformColumn]
) -> tuple[PushState, str]:
    is_withdrawal = item.sent_as == "withdrawn"
    if not records:
        is_gone = is_withdrawal and api.record.forgets_withdrawn
        return (PushState.ACCEPTED, "") if is_gone else (PushState.PENDING, "not-there")
    if len(records) > 1:
        return PushState.HELD, "there-twice"
    record = records[0]
    is_as_told = record.is_present != is_withdrawal
    is_same = is_as_told and (is_withdrawal or _is_same_content(item, record, columns))
    if api.record.revision:
        return _judge_by_revision(item, record, is_same=is_same)
    return _judge_by_content(item, record, is_same=is_same)


def _judge_by_revision(item: Asked, record: Record, *, is_same: bool) -> tuple[PushState, str]:
    held = record.revision or 0  # someone entered by hand has none
    if held > item.revision:
        return PushState.HELD, "newer-there"
    if held == item.revision:
        return (PushState.ACCEPTED, "") if is_same else (PushState.HELD, "other-content")
    if item.sent_as == "new" and record.is_present:
        return PushState.HELD, "there-already"
    return PushState.PENDING, "not-there"


def _judge_by_content(item: Asked, record: Record, *, is_same: bool) -> tuple[PushState, str]:
    if is_same and (record.fields is not None or item.sent_as == "withdrawn"):
        return PushState.ACCEPTED, ""
    if item.sent_as == "new" and record.is_present:
        return PushState.HELD, "other-content"
    return PushState.PENDING, "not-there"


def _is_same_content(item: Asked, record: Record, columns: Sequence[PlatformColumn]) -> bool:
    """Whether every column that is ours to say is held as it was told; columns that say what happened are not asked for."""
    if record.fields is None:  # a platform that tells nothing but the revision
        return True
    for column in columns:
        ours, theirs = item.payload.get(column.key, ""), record.fields.get(column.key, "")
        is_kept = column.empty == "keeps" and not ours
        if not column.is_of_the_change and column.wins != "theirs" and not is_kept and ours != theirs:
            return False
    return True

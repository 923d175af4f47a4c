"""Finding out by telling again, where a platform offers no look-up and answers a key it has had with its first answer."""

from collections.abc import Callable
from dataclasses import replace

import pandas as pd

from connectors.platform_api.outcomes import BatchOutcome, Verdict
from schemas.push import ItemOutcome, PushState

__all__ = ["tell_again"]

_GOES_ON = {Verdict.OK, Verdict.SPLIT}


def tell_again(items: pd.DataFrame, send: Callable[[pd.DataFrame], BatchOutcome]) -> BatchOutcome:
    """Sends items once more as they were; what is not answered stays unknown, for it may have taken effect before.

    Args:
        items: ``key person_id revision sent_as fields``, of both interfaces.
        send: sends those of one interface.
    """
    waiting = [part for _, part in items.groupby(items["sent_as"] == "withdrawn")]
    found: dict[str, ItemOutcome] = {}
    outcome = BatchOutcome([])
    while waiting and outcome.verdict in _GOES_ON:
        part = waiting.pop()
        outcome = send(part)
        if outcome.verdict == Verdict.SPLIT:
            half = len(part) // 2
            waiting += [part.iloc[half:], part.iloc[:half]]
        else:
            found |= {item.key: item for item in outcome.items}
    return replace(outcome, items=[_still_unknown(found.get(key), key) for key in items["key"]])


def _still_unknown(found: ItemOutcome | None, key: str) -> ItemOutcome:
    if found is None:
        return ItemOutcome(key, PushState.UNKNOWN, "not-told-again")
    return replace(found, state=PushState.UNKNOWN) if found.state == PushState.PENDING else found

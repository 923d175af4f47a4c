"""Stage ``receive``: what lies in a source's inbox is kept unchanged and recorded."""

from typing import Any

import sqlalchemy as sa

from connectors.inbox import keep, list_inbox
from flows.context import Night
from registry.runs import Delivery, deliveries, record_delivery, withdraw_refused
from schemas.errors import SourceUnavailable

__all__ = ["receive"]


def receive(night: Night, connection: sa.Connection, source: str) -> dict[str, Any]:
    """Keeps and records the files of a source's inbox.

    Returns:
        ``found`` files; ``take``: ids of deliveries to read tonight, by SHA-256, so that their order does not depend on
        arrival: new ones, ones whose night was cut short, and ones refused or held under other rules than today's;
        ``repeated``: ids of those that came before, or twice tonight.
    """
    known = deliveries(connection, source)
    take: dict[str, int] = {}
    repeated: dict[str, int] = {}
    try:
        kept = [keep(path, night.home.received) for path in list_inbox(night.home.inbox / source)]
    except OSError as error:
        problem = error.strerror
    else:
        problem = None
    if problem:
        raise SourceUnavailable(f"inbox of {source}: {problem}")
    for file in sorted(kept, key=lambda file: file.sha256):
        before = known.get(file.sha256)
        if file.sha256 in take:
            repeated[file.sha256] = take[file.sha256]
        elif before is not None and (before.state == "received" or _is_due_again(before, night)):
            take[file.sha256] = before.delivery_id
        elif before is not None and before.state in {"accepted", "superseded"}:
            repeated[file.sha256] = before.delivery_id
        elif before is None:
            take[file.sha256] = record_delivery(
                connection, source=source, sha256=file.sha256, file_name=file.original_name, size=file.size,
                run_id=night.run_id, at=night.now(),
            )  # fmt: skip
    here = {file.sha256 for file in kept}
    gone = [d.delivery_id for d in known.values() if d.state == "refused" and d.sha256 not in here]
    withdraw_refused(connection, night.run_id, source, gone)
    return {"found": len(kept), "take": take, "repeated": repeated}


def _is_due_again(before: Delivery, night: Night) -> bool:
    """Whether a file set aside is looked at again: when the rules have changed since."""
    return before.state in {"held", "refused"} and before.detail.get("rules") != night.configuration.digest

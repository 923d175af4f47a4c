"""Stage ``receive``: what lies in a source's inbox is kept unchanged and recorded."""

from typing import Any

import sqlalchemy as sa

from connectors.inbox import keep, list_inbox
from flows.context import Night
from registry.runs import deliveries, record_delivery
from schemas.errors import SourceUnavailable

__all__ = ["receive"]


def receive(night: Night, connection: sa.Connection, source: str) -> dict[str, Any]:
    """Keeps and records the files of a source's inbox.

    Returns:
        ``found`` files; ``take``: ids of deliveries to read tonight, in an order that does not depend on arrival
        (new ones, and ones that were refused or held before); ``repeated``: ids of those taken on an earlier night.
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
        if before is not None and before.state == "accepted":
            repeated[file.sha256] = before.delivery_id
        elif before is not None:
            take[file.sha256] = before.delivery_id
        elif file.sha256 not in take:
            take[file.sha256] = record_delivery(
                connection, source=source, sha256=file.sha256, file_name=file.original_name, size=file.size,
                run_id=night.run_id, at=night.now(),
            )  # fmt: skip
    return {"found": len(kept), "take": take, "repeated": repeated}

"""Stage ``receive``: what a source's channel brought is recorded, and which deliveries to read tonight is decided."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from connectors.keeping import Fetched
from flows.context import Night
from registry.runs import Delivery, deliveries, last_done_run, record_delivery, withdraw_refused
from schemas.channels import DatabaseChannel, RestChannel

__all__ = ["receive"]

_TAKEN = frozenset({"accepted", "superseded"})


def receive(night: Night, connection: sa.Connection, source: str, looks: Mapping[str, Fetched]) -> dict[str, Any]:
    """Records kept files of a source, and where its channel is to be looked at next, in one transaction.

    Returns:
        ``found`` files; ``take``: ids of deliveries to read tonight, by SHA-256, so that their order does not depend on
        arrival: new ones, ones whose night was cut short, and ones refused or held under other rules than today's;
        ``repeated``: ids of those that came before, or twice tonight; ``lying``: ids of all known ones that lie there
        unchanged; ``left_alone``: files that may still be arriving;
        ``position``: what the channel is to be told the next time.
    """
    known = deliveries(connection, source)
    fetched = [file for look in looks.values() for file in look.deliveries]
    still_there = [sha256 for look in looks.values() for sha256 in look.still_there]
    anew = _returned(night, connection, source, known, looks)
    take: dict[str, int] = {}
    repeated: dict[str, int] = {}
    for file in sorted(fetched, key=lambda file: file.sha256):
        before = known.get(file.sha256)
        if file.sha256 in take:
            repeated[file.sha256] = take[file.sha256]
        elif before is not None and (file.sha256 in anew or _is_due(before, night)):
            take[file.sha256] = before.delivery_id
        elif before is not None and before.state in _TAKEN:
            repeated[file.sha256] = before.delivery_id
        elif before is None:
            take[file.sha256] = record_delivery(
                connection, source=source, sha256=file.sha256, file_name=file.original_name, size=file.size,
                run_id=night.run_id, at=night.now(),
            )  # fmt: skip
    # Files that were not fetched again are read again for the same reasons as those that were.
    again = [known[sha256] for sha256 in still_there if sha256 in known and sha256 not in take]
    take |= {before.sha256: before.delivery_id for before in again if _is_due(before, night)}
    here = {*(file.sha256 for file in fetched), *still_there}
    gone = [d.delivery_id for d in known.values() if d.state == "refused" and d.sha256 not in here]
    withdraw_refused(connection, night.run_id, source, gone)
    return {
        "found": len(here),
        "take": dict(sorted(take.items())),
        "repeated": repeated,
        "lying": sorted(known[sha256].delivery_id for sha256 in here if sha256 in known),
        "left_alone": sum(look.left_alone for look in looks.values()),
        "position": {place: look.position for place, look in looks.items()},
    }


def _returned(
    night: Night, connection: sa.Connection, source: str, known: Mapping[str, Delivery], looks: Mapping[str, Fetched]
) -> set[str]:
    """Pulls that say again what an earlier pull said, after another one in between: a pull is what a source says now."""
    if not isinstance(night.configuration.sources[source].channel, DatabaseChannel | RestChannel):
        return set()
    _, taken = last_done_run(connection, "take", source, before=night.run_id)
    in_force = taken.get("standing", {}).get("deliveries", [])
    pulled = {file.sha256 for file in looks["server"].deliveries}
    return {
        sha256
        for sha256 in pulled
        if (before := known.get(sha256)) and before.state in _TAKEN and before.delivery_id not in in_force
    }


def _is_due(before: Delivery, night: Night) -> bool:
    """Whether a known file is read: its night was cut short, or it was set aside under other rules than today's."""
    rules_changed = before.state in {"held", "refused"} and before.detail.get("rules") != night.configuration.digest
    return before.state == "received" or rules_changed

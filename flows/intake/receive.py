"""Stage ``receive``: what a source's channel brought is recorded, and which deliveries to read tonight is decided."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from connectors.keeping import Fetched
from flows.context import Night
from flows.intake.fetch import is_pulled
from registry.runs import Delivery, deliveries, last_done_run, record_delivery, run_record, withdraw_deliveries
from registry.undo_statements import TAKEN_AGAIN, UNDONE

__all__ = ["APPROVED", "receive"]

APPROVED = "approved"
"""What stands in the place of rules where people have let in what the rules hold."""

_TAKEN = frozenset({"accepted", "superseded"})


def receive(night: Night, connection: sa.Connection, source: str, looks: Mapping[str, Fetched]) -> dict[str, Any]:
    """Records kept files of a source, and where its channel is to be looked at next, in one transaction.

    Returns:
        ``found`` files; ``take``: ids of deliveries to read tonight, by SHA-256, so that their order does not depend on
        arrival: new ones, ones whose night was cut short, ones refused or held under other rules than today's, and ones
        that were taken out of the inbox untaken and come again;
        ``repeated``: ids of those that came before, or twice tonight; ``lying``: ids of all known ones that lie there
        unchanged; ``pulled``: SHA-256 of what was pulled; ``left_alone``: files that may still be arriving;
        ``problem``: why a server's part is missing, where there is a file dropped by hand;
        ``undone``: how many lists were taken back and are not taken again by themselves, and ``undone_with`` which run;
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
    gone = [d for d in known.values() if d.state in {"received", "refused"} and d.sha256 not in here]
    if _counts_though_gone(night, source):
        take |= {before.sha256: before.delivery_id for before in gone if before.state == "received"}
    # A list that people let in is read from what was kept, wherever its file has gone.
    take |= {before.sha256: before.delivery_id for before in known.values() if _is_let_in(before)}
    undone = _undone(known, here)
    left = [before.delivery_id for before in gone if before.sha256 not in take]
    withdraw_deliveries(connection, night.run_id, source, left)
    pulled = looks["server"].deliveries if is_pulled(night.configuration.sources[source]) else []
    return {
        "found": len({*here, *take}),
        "take": dict(sorted(take.items())),
        "repeated": repeated,
        "pulled": [file.sha256 for file in pulled],
        "lying": sorted(known[sha256].delivery_id for sha256 in here if sha256 in known),
        "problem": "".join(look.problem for look in looks.values()),
        "undone": len(undone),
        "undone_with": _undone_with(connection, undone),
        "left_alone": sum(look.left_alone for look in looks.values()),
        "position": {place: look.position for place, look in looks.items()},
    }


def _returned(
    night: Night, connection: sa.Connection, source: str, known: Mapping[str, Delivery], looks: Mapping[str, Fetched]
) -> set[str]:
    """Pulls that say again what an earlier pull said, after another one in between: a pull is what a source says now."""
    if not is_pulled(night.configuration.sources[source]):
        return set()
    _, taken = last_done_run(connection, "take", source, before=night.run_id)
    in_force = taken.get("standing", {}).get("deliveries", [])
    pulled = {file.sha256 for file in looks["server"].deliveries}
    return {
        sha256
        for sha256 in pulled
        if (before := known.get(sha256)) and before.state in _TAKEN and before.delivery_id not in in_force
    }


def _is_let_in(before: Delivery) -> bool:
    """Whether two people have let in what the brake holds, or somebody what was taken back with a night."""
    is_approved = before.state == "held" and before.detail.get("rules") == APPROVED
    return is_approved or (before.state == "received" and TAKEN_AGAIN in before.detail)


def _undone(known: Mapping[str, Delivery], here: set[str]) -> list[Delivery]:
    """Lists that were taken back and lie there, or were the source's last word although they lie there no longer."""
    newest = max((before.state_run for before in known.values() if before.state == "accepted"), default=0)
    undone = [before for before in known.values() if before.state == UNDONE]
    return [before for before in undone if before.sha256 in here or before.state_run > newest]


def _undone_with(connection: sa.Connection, undone: list[Delivery]) -> int:
    """The night by whose number the newest of these lists are taken again; 0 where there are none."""
    if not undone:
        return 0
    record = run_record(connection, max(before.state_run for before in undone))
    return min(record["undoes"]) if record else 0


def _is_due(before: Delivery, night: Night) -> bool:
    """Whether a known file is read: it was never taken nor set aside, or that was under other rules than today's."""
    rules_changed = before.state in {"held", "refused"} and before.detail.get("rules") != night.configuration.digest
    return before.state in {"received", "withdrawn"} or rules_changed


def _counts_though_gone(night: Night, source: str) -> bool:
    """Whether a file whose night was cut short counts although it lies there no longer: no later increment says it again."""
    settings = night.configuration.sources[source]
    return settings.delivers == "incremental" and not is_pulled(settings)

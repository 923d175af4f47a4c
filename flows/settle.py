"""Stage ``merge``: the statements of everyone concerned become elders, and the registry's changes with their outbox."""

from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa

from flows.context import Night
from registry import platform_state
from registry.elders import (
    active_count,
    apply_changes,
    numbered,
    registered_people,
    rows_of_people,
    select_people,
    set_outcomes,
)
from registry.findings import add_findings, end_merge_findings
from registry.runs import last_done_run, stages
from registry.statements import outcome_counts
from schemas.errors import FunnelUnbalanced, MassWithdrawal, PushFailed
from schemas.fields import STATED_FIELDS
from schemas.findings import Finding
from schemas.models import elders_schema, validated
from transforms.between import resolve
from transforms.compare import compare
from transforms.merge import merge
from transforms.noted import Notes

__all__ = ["balanced_account", "settle"]


def settle(night: Night, connection: sa.Connection) -> dict[str, Any]:
    """Resolves duplicates and conflicts, merges, compares and applies, for people whom changed rows concern.

    Returns:
        Counts of elders ``new changed unchanged withdrawn total``, and of people ``looked_at`` and ``disputed``.

    Raises:
        PushFailed: the registry was restored and not reconciled yet.
    """
    if platform_state.read(connection, night.profile.name).must_reconcile:
        # Whom the platform knows under a number that the registry has forgotten is not known before.
        raise PushFailed("the registry was restored: run `eldersync reconcile` before anybody new is given a number")
    merged_run, _ = last_done_run(connection, "merge", before=night.run_id)
    looked_at = select_people(connection, merged_run)
    rows = rows_of_people(connection)
    resolved = resolve(rows, [field for field in STATED_FIELDS if field not in {"id_number", "remarks"}])
    differs = resolved.outcome != rows["outcome"].to_numpy(dtype=object)
    row_ids = rows["row_id"].to_numpy(dtype=np.int64)
    set_outcomes(connection, row_ids[differs], pd.Series(resolved.outcome[differs]))
    admitted = rows[resolved.outcome == "admitted"].reset_index(drop=True)
    merged = merge(admitted, night.configuration)
    validated(merged.elders, elders_schema())
    end_merge_findings(connection, night.run_id)
    _store(night, connection, rows, resolved.notes)
    _store(night, connection, admitted, merged.notes)
    changes = compare(merged.elders, registered_people(connection), resolved.disputed)
    _brake_withdrawals(night, connection, len(changes.withdrawn), merged_run)
    written = numbered(connection, changes.written)
    apply_changes(connection, night.profile.name, night.run_id, written, changes.withdrawn, merged.categories)
    total = active_count(connection)
    new = int((written["operation"] == "new").sum())
    changed = int((written["operation"] == "changed").sum())
    return {
        "elders": {
            "new": new,
            "changed": changed,
            "unchanged": total - new - changed,
            "withdrawn": len(changes.withdrawn),
            "total": total,
        },
        "looked_at": looked_at,
        "disputed": len(resolved.disputed),
    }


def _brake_withdrawals(night: Night, connection: sa.Connection, withdrawn: int, merged_run: int) -> None:
    """Every list has passed its own brake; if more people go than all of them together may lose, the night is wrong."""
    registered = active_count(connection)
    brakes = map(night.configuration.brake, night.configuration.sources)
    # A list that a night took before it broke off ends its people on this one.
    taken = [record for run in range(merged_run + 1, night.run_id + 1) for record in stages(connection, run).values()]
    approved = sum(record.result.get("approved_loss", 0) for record in taken)
    limit = approved + sum(max(brake.people, brake.share * registered) for brake in brakes)
    if withdrawn > limit:
        raise MassWithdrawal(
            f"{withdrawn} of {registered} elders would be withdrawn, more than the {limit:.0f} that all lists together may "
            f"lose; check the business date ({night.business_date}), rules.toml and the clock; nothing was changed or pushed"
        )


def _store(night: Night, connection: sa.Connection, rows: pd.DataFrame, notes: Notes) -> None:
    found = notes.frame()
    if found.empty:
        return
    at = found["position"].to_numpy()
    codes = {code: str(night.configuration.rules.severity(Finding(code))) for code in found["code"].unique()}
    places = rows[["source", "delivery_id", "sheet", "row_number", "row_id"]].iloc[at].reset_index(drop=True)
    headers = {
        (name, field): headers[0]
        for name, source in night.configuration.sources.items()
        for field, headers in source.main.columns.items()
    }
    header = [headers.get(key) for key in zip(places["source"], found["field"], strict=True)]
    found = found.assign(severity=found["code"].map(codes).astype("str"), header=pd.array(header, dtype="str"))
    add_findings(connection, night.run_id, "merge", None, pd.concat([found, places], axis=1))


def balanced_account(connection: sa.Connection, source: str, taken: dict[str, Any]) -> dict[str, int]:
    """A source's funnel, its two ends counted apart: rows received by the reader, rows in force by the database.

    Raises:
        FunnelUnbalanced: received differs from admitted + held + duplicate + blank; nothing is pushed then.
    """
    if taken["status"] in {"none", "refused", "failed"}:
        return {"received": 0, "admitted": 0, "held": 0, "duplicate": 0, "blank": 0}
    if taken["status"] == "held":
        received, blank = taken["withheld"]["received"], taken["withheld"]["blank"]
        return {"received": received, "admitted": 0, "held": received - blank, "duplicate": 0, "blank": blank}
    standing = taken["standing"]
    if not standing["deliveries"]:
        return {"received": 0, "admitted": 0, "held": 0, "duplicate": 0, "blank": 0}
    counts = outcome_counts(connection, source, standing["scopes"], standing["row_ids"])
    account = {
        "received": standing["received"],
        "admitted": counts["admitted"],
        "held": counts["held"] + standing["broken"],
        "duplicate": counts["duplicate"],
        "blank": standing["blank"],
    }
    accounted = account["admitted"] + account["held"] + account["duplicate"] + account["blank"]
    if accounted != account["received"]:
        raise FunnelUnbalanced(f"{source}: {account['received']} rows were received, {accounted} are accounted for")
    return account

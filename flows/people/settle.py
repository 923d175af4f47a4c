"""Stage ``merge``: the statements of everyone concerned become elders, and the registry's changes with their outbox."""

from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa

from flows.context import Night
from flows.people.weigh import Weighed, weigh
from flows.people.who_is_who import questions_of
from registry import platform_state
from registry.cases import case_counts, renew
from registry.decision_links import overrides_in_force
from registry.decisions import retire
from registry.elder_categories import standing_categories
from registry.elder_states import store_states
from registry.elders import (
    active_count,
    apply_changes,
    numbered,
    registered_people,
    rows_of_people,
    set_outcomes,
)
from registry.findings import add_findings, end_merge_findings
from registry.people import choose_people
from registry.runs import last_done_run, stages_between
from registry.statements import outcome_counts
from schemas.errors import FunnelUnbalanced, MassWithdrawal, PushFailed
from schemas.findings import Finding
from schemas.models import elders_schema, validated
from schemas.rules_catalogue import rule_version
from transforms.compare import compare
from transforms.held_beside import found_in_held_rows
from transforms.identity.cases import damaged_subjects
from transforms.identity.links import apply_links
from transforms.merge import Merged, merge
from transforms.merging.category_ends import category_ends
from transforms.noted import Notes

__all__ = ["balanced_account", "settle"]

RETIRED = "来源数据已变化"


def settle(night: Night, connection: sa.Connection) -> dict[str, Any]:
    """Resolves duplicates and conflicts, merges, compares and applies, for people whom changed rows concern.

    Returns:
        Counts of ``elders`` (``new changed unchanged withdrawn total``), of people ``looked_at`` and ``disputed``, of questions
        (``cases``: what became of them, and how many are ``open``), of ``pairs`` compared and left out, of overrides retired.

    Raises:
        PushFailed: the registry was restored and not reconciled yet.
    """
    if platform_state.read(connection, night.profile.name).must_reconcile:
        # Whom the platform knows under a number that the registry has forgotten is not known before.
        raise PushFailed("the registry was restored: run `eldersync reconcile` before anybody new is given a number")
    merged_run, _ = last_done_run(connection, "merge", before=night.run_id)
    questions = questions_of(connection, merged_run, night.configuration.identity)
    choose_people(connection, questions.own_keys)
    rows = apply_links(rows_of_people(connection), questions.links)
    registered = registered_people(connection)
    weighed = weigh(night, connection, questions, rows, registered)
    merged = merge(
        weighed.merged_from, night.configuration, overrides=overrides_in_force(connection), carried=weighed.carried
    )
    validated(merged.elders, elders_schema())
    _store_findings(night, connection, rows, weighed, merged)
    changes = compare(merged.elders, registered, weighed.disputed)
    _brake_withdrawals(night, connection, len(changes.withdrawn), merged_run)
    written = numbered(connection, changes.written)
    ends = category_ends(
        standing_categories(connection), merged.categories, weighed.merged_from, rows[weighed.outcome == "held"], merged.elders,
        weighed.life.ended, today=night.business_date,
    )  # fmt: skip
    apply_changes(
        connection, night.profile.name, night.run_id, written, changes.withdrawn, merged.categories, category_ends=ends
    )
    store_states(connection, night.run_id, weighed.life.states, weighed.disputed)
    retire(connection, merged.retired.tolist(), night.run_id, night.now(), RETIRED)
    asked = renew(
        connection, night.run_id, questions.own_keys, damaged_subjects(questions.statements), weighed.cases.found,
        weighed.cases.sides,
    )  # fmt: skip
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
        "looked_at": len(questions.keys),
        "disputed": len(weighed.disputed),
        "cases": {**asked, "open": sum(case_counts(connection).values())},
        "pairs": {"compared": questions.compared, "left_out": sum(questions.left_out.values())},
        "overrides_retired": len(merged.retired),
    }


def _store_findings(
    night: Night, connection: sa.Connection, rows: pd.DataFrame, weighed: Weighed, merged: Merged
) -> None:
    """What rows came to, and what was found between them; what was found of these people before has ended."""
    differs = weighed.outcome != rows["outcome"].to_numpy(dtype=object)
    row_ids = rows["row_id"].to_numpy(dtype=np.int64)
    set_outcomes(connection, night.run_id, row_ids[differs], pd.Series(weighed.outcome[differs]))
    end_merge_findings(connection, night.run_id)
    _store(night, connection, rows, weighed.between)
    _store(night, connection, weighed.spoken, weighed.life.notes)
    _store(night, connection, weighed.merged_from, merged.notes)
    _store(night, connection, rows, found_in_held_rows(rows, weighed.outcome, night.configuration))


def _brake_withdrawals(night: Night, connection: sa.Connection, withdrawn: int, merged_run: int) -> None:
    """Every list has passed its own brake; if more people go than all of them together may lose, the night is wrong."""
    registered = active_count(connection)
    brakes = map(night.configuration.brake, night.configuration.sources)
    # A list that a night took before it broke off ends its people on this one.
    taken = stages_between(connection, merged_run, night.run_id)
    approved = sum(record.result.get("approved_loss", 0) for record in taken)
    limit = approved + sum(max(brake.people, brake.share * registered) for brake in brakes)
    if withdrawn > limit:
        raise MassWithdrawal(
            f"{withdrawn} of {registered} elders would be withdrawn, more than the {limit:.0f} that all lists together may "
            f"lose; check the business date ({night.business_date}), rules.toml and the clock; nothing was changed or pushed"
        )


def _store(night: Night, connection: sa.Connection, rows: pd.DataFrame, notes: Notes) -> None:
    found = notes.frame()
    if "is_stand_in" in rows:
        # What stands in for a held row was said on an earlier night; of itself there is nothing more to say.
        found = found[
            ~rows["is_stand_in"].to_numpy(dtype=bool)[found["position"].to_numpy(dtype=np.int64)]
        ].reset_index(drop=True)
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
    versions = {code: rule_version(Finding(code), night.configuration.rules) for code in codes}
    found = found.assign(
        severity=found["code"].map(codes).astype("str"), rule=found["code"].map(versions).astype("str"),
        header=pd.array(header, dtype="str"),
    )  # fmt: skip
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

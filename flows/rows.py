"""Rows on their way into force: standardised, judged, stored with their findings; and those to be judged again."""

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from flows.context import Night
from flows.deliveries import Kept, combined, read
from registry.findings import add_findings
from registry.runs import run_record
from registry.statements import add_rows, end_rows, kept_places
from registry.tables import source_row
from schemas.configuration import Source
from schemas.errors import ContractBroken
from schemas.fields import FIELDS
from schemas.models import staged_schema, validated
from transforms.columns import texts
from transforms.divisions import DivisionTable
from transforms.judge import JudgedRows, judge
from transforms.standardise import standardise

if TYPE_CHECKING:
    from numpy.typing import NDArray

_TRUSTED = timedelta(days=31)

__all__ = ["Rejudged", "due_rows", "judged_rows", "rejudge_standing", "store_rows"]

log = logging.getLogger("eldersync")


class Rejudged(NamedTuple):
    """Rows judged again, in step: their ids before and after, and their villages after."""

    before: "NDArray[np.int64]"
    after: "NDArray[np.int64]"
    scopes: pd.Series


def judged_rows(night: Night, source: Source, delivered: pa.Table) -> JudgedRows:
    """Standardises and judges rows as delivered, and carries their places along."""
    fields = list(source.main.columns)
    rows = pd.DataFrame({name: texts(delivered[name]) for name in fields})
    flags = {
        name: delivered[f"{name}__number"].to_numpy()
        for name in fields
        if FIELDS[name].kind in {"id_number", "certificate"} and f"{name}__number" in delivered.column_names
    }
    divisions = DivisionTable(night.configuration.divisions)
    standardised = standardise(rows, source, divisions, today=night.business_date)
    judged = judge(standardised, flags, source, night.configuration.rules, today=night.business_date)
    scope = pd.Series(pd.array([""] * len(rows), dtype="str"))
    if source.full_within == "household_village":
        scope = judged.rows["household_town"].fillna("") + "/" + judged.rows["household_village"].fillna("")
    placed = judged.rows.assign(
        source=pd.array([source.name] * len(rows), dtype="str"),
        delivery_id=delivered["delivery_id"].to_numpy(),
        sheet=texts(delivered["sheet"]),
        row_number=delivered["row_number"].to_numpy(),
        row_hash=delivered["row_hash"].to_numpy(),
        scope=scope,
    )
    admitted = placed.loc[~placed["is_held"], [name for name in placed.columns if name in FIELDS]]
    validated(admitted, staged_schema(tuple(admitted.columns)))
    return judged._replace(rows=placed)


def store_rows(night: Night, connection: sa.Connection, source: Source, judged: JudgedRows) -> "NDArray[np.int64]":
    """Adds judged rows and their findings; gives the rows' ids."""
    row_ids = add_rows(connection, night.run_id, judged.rows)
    at = judged.findings["position"].to_numpy()
    places = judged.rows[["delivery_id", "sheet", "row_number"]].iloc[at].reset_index(drop=True)
    headers = {name: headers[0] for name, headers in source.main.columns.items()}
    found = judged.findings.assign(row_id=row_ids[at], header=judged.findings["field"].map(headers).astype("str"))
    add_findings(connection, night.run_id, "row", source.name, pd.concat([found, places], axis=1))
    return row_ids


def due_rows(night: Night, connection: sa.Connection, current: pa.Table, before_run: int) -> "NDArray[np.bool_]":
    """Rows in force whose judgement the calendar or other rules may have turned."""
    before = run_record(connection, before_run) if before_run else None
    if before is not None and (
        before["rules_digest"] != night.configuration.digest
        # Judged on a later day, or on one so long ago that its clock may have been wrong.
        or not timedelta(0) <= night.business_date - before["business_date"] <= _TRUSTED
    ):
        return np.ones(len(current), dtype=bool)
    passed = pc.less_equal(current["recheck_on"], pa.scalar(night.business_date))
    return np.asarray(pc.fill_null(passed, False).to_numpy(), dtype=bool)  # noqa: FBT003


def rejudge_standing(
    night: Night, connection: sa.Connection, source: Source, current: pa.Table, due: "NDArray[np.bool_]"
) -> Rejudged | None:
    """Judges again rows that stand without having come tonight, from their kept originals; ``None`` if there are none.

    A row is found by its place: its fingerprint is another one where columns were agreed on since. Rows of an original
    that today's configuration refuses stay as they were judged.
    """
    if not due.any():
        return None
    places = kept_places(connection, current["row_id"].to_numpy()[due])
    parts = []
    for file in sorted({Kept(*kept) for kept in zip(places["delivery_id"], places["sha256"], strict=True)}):
        rows = places[places["delivery_id"] == file.delivery_id]
        contents = read(night, source, file)
        if contents.refused:
            log.warning("%s: delivery %d is refused by today's configuration", source.name, file.delivery_id)
            places = places.drop(rows.index)
            continue
        table = contents.tables["main"].table
        parts.append((file.delivery_id, table.filter(pa.array(np.isin(table["row_number"], rows["row_number"])))))
    found = sum(len(table) for _, table in parts)
    if found != len(places):
        raise ContractBroken(
            f"{source.name}: {len(places)} rows were to be judged again, {found} are in the kept originals"
        )
    if not found:
        return None
    end_rows(connection, source_row, night.run_id, places["row_id"].to_numpy(dtype=np.int64))
    judged = judged_rows(night, source, combined(parts))
    after = judged.rows[["delivery_id", "row_number", "scope"]].assign(
        after=store_rows(night, connection, source, judged)
    )
    both = places.merge(after, on=["delivery_id", "row_number"], validate="one_to_one")
    return Rejudged(both["row_id"].to_numpy(dtype=np.int64), both["after"].to_numpy(dtype=np.int64), both["scope"])

"""Rows on their way into force: standardised, judged, stored with their findings; and those to be judged again."""

import logging
from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from flows.context import Night
from flows.intake.deliveries import Kept, combined, read
from flows.intake.scopes import place_by_file, village_scopes, villages_of_files
from registry.decision_links import admit_linked
from registry.finding_closures import admit_confirmed
from registry.findings import add_findings
from registry.runs import run_record
from registry.statements import add_rows, end_rows, kept_places
from registry.tables import source_row
from schemas.configuration import Configuration, Source
from schemas.fields import FIELDS
from schemas.models import staged_schema, validated
from transforms.columns import texts
from transforms.judge import JudgedRows, judge
from transforms.locality import Locality
from transforms.standardise import standardise

if TYPE_CHECKING:
    from numpy.typing import NDArray

_TRUSTED = timedelta(days=31)

__all__ = ["Rejudged", "due_rows", "judge_delivered", "judged_rows", "rejudge_standing", "store_rows"]

log = logging.getLogger("eldersync")


class Rejudged(NamedTuple):
    """Rows judged again, in step: their ids before and after, and their villages after."""

    before: "NDArray[np.int64]"
    after: "NDArray[np.int64]"
    scopes: pd.Series


def judged_rows(night: Night, source: Source, delivered: pa.Table) -> JudgedRows:
    """Standardises and judges rows as delivered, and carries their places along."""
    return judge_delivered(night.configuration, source, delivered, today=night.business_date)


def judge_delivered(configuration: Configuration, source: Source, delivered: pa.Table, *, today: date) -> JudgedRows:
    """:func:`judged_rows` without a night: what it says depends on configuration, rows and day alone."""
    fields = list(source.main.columns)
    rows = pd.DataFrame({name: texts(delivered[name]) for name in fields})
    numbers = {
        name: delivered[f"{name}__number"].to_numpy() for name in fields if f"{name}__number" in delivered.column_names
    }
    from_1904 = None
    if "date1904" in delivered.column_names:
        from_1904 = pc.fill_null(delivered["date1904"], False).to_numpy()  # noqa: FBT003
    locality = Locality.of(configuration)
    standardised = standardise(rows, numbers, source, locality, today=today, counts_from_1904=from_1904)
    judged = judge(standardised, numbers, source, configuration.rules, today=today)
    scope = pd.Series(pd.array([""] * len(rows), dtype="str"))
    if source.full_within == "household_village":
        scope = village_scopes(judged.rows)
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


def _keeping_their_list(judged: JudgedRows, before: pd.Series) -> JudgedRows:
    """Rows judged again; one that names no village stays in the list it stood in."""
    scopes, files = judged.rows["scope"], judged.rows["delivery_id"]
    placed = place_by_file(scopes, files, villages_of_files(scopes, files))
    stays = scopes.str.endswith("/") & before.str.startswith("?").fillna(value=False)
    return judged._replace(rows=judged.rows.assign(scope=placed.mask(stays, before)))


def store_rows(night: Night, connection: sa.Connection, source: Source, judged: JudgedRows) -> "NDArray[np.int64]":
    """Adds judged rows and their findings, and admits those held only for what a person has decided; gives the rows' ids."""
    row_ids = add_rows(connection, night.run_id, judged.rows)
    at = judged.findings["position"].to_numpy()
    places = judged.rows[["delivery_id", "sheet", "row_number"]].iloc[at].reset_index(drop=True)
    headers = {name: headers[0] for name, headers in source.main.columns.items()}
    found = judged.findings.assign(row_id=row_ids[at], header=judged.findings["field"].map(headers).astype("str"))
    add_findings(connection, night.run_id, "row", source.name, pd.concat([found, places], axis=1))
    if admitted := admit_confirmed(connection, night.run_id, source.name):
        log.info("%s: %d rows are admitted as a person has confirmed them", source.name, admitted)
    if linked := admit_linked(connection, night.run_id, source.name):
        log.info("%s: %d rows are admitted as a person has said whose they are", source.name, linked)
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

    A row is found by its place, sheet and row: its fingerprint is another one where columns were agreed on since. Rows of
    an original that today's configuration refuses, or that are no records under it, stay as they were judged.
    """
    if not due.any():
        return None
    places = kept_places(connection, current["row_id"].to_numpy()[due])
    scope_before = dict(zip(current["row_id"].to_pylist(), current["scope"].to_pylist(), strict=True))
    parts = []
    for file in sorted({Kept(*kept) for kept in zip(places["delivery_id"], places["sha256"], strict=True)}):
        rows = places[places["delivery_id"] == file.delivery_id]
        contents = read(night, source, file)
        if contents.refused:
            log.warning("%s: delivery %d is refused by today's configuration", source.name, file.delivery_id)
            places = places.drop(rows.index)
            continue
        table = contents.tables["main"].table
        stands = pd.MultiIndex.from_arrays([texts(table["sheet"]), table["row_number"].to_numpy()])
        sought = pd.MultiIndex.from_frame(rows[["sheet", "row_number"]])
        parts.append((file.delivery_id, table.filter(pa.array(stands.isin(sought)))))
        if gone := rows.index[~sought.isin(stands)].tolist():
            log.warning("%s: %d rows of delivery %d are no records any more", source.name, len(gone), file.delivery_id)
            places = places.drop(gone)
    if places.empty:
        return None
    end_rows(connection, source_row, night.run_id, places["row_id"].to_numpy(dtype=np.int64))
    judged = judged_rows(night, source, combined(parts))
    place = ["delivery_id", "sheet", "row_number"]
    before = judged.rows[place].merge(places.assign(scope=places["row_id"].map(scope_before)), on=place, how="left")
    judged = _keeping_their_list(judged, before["scope"])
    after = judged.rows[[*place, "scope"]].assign(after=store_rows(night, connection, source, judged))
    both = places.merge(after, on=place, validate="one_to_one")
    return Rejudged(both["row_id"].to_numpy(dtype=np.int64), both["after"].to_numpy(dtype=np.int64), both["scope"])

"""The findings as a report shows them: in words, with the place, the day they were first found, and their rows masked.

Which page shows which of them is ``flows.accounts.report_site``'s business.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd
import sqlalchemy as sa

from flows.people.places import town_codes, town_names
from registry.report_figures import ROW_TABLES, business_days, places_of_findings, stated_rows
from reports.findings_data import MOST_ROWS
from reports.wording import with_words
from schemas.codes import CODE_LISTS
from schemas.configuration import Configuration
from schemas.field_masks import mask_kind
from schemas.fields import FIELDS
from schemas.finding_states import FindingState
from schemas.findings import Severity
from schemas.masking import mask_column

__all__ = ["Reported", "reported"]

_GRAVEST_FIRST = {str(severity): place for place, severity in enumerate(Severity)}
_NOT_SHOWN = {"person_id", "status", "household_division_code", "residence_division_code"}


class Reported(NamedTuple):
    """What the pages list.

    Attributes:
        findings: columns of ``reports.night.FINDING_COLUMNS``, and ``town_code`` (nine digits; empty where none is stated).
        context: masked cells by ``row_key``, under the labels of their fields.
    """

    findings: pd.DataFrame
    context: pd.DataFrame


def reported(connection: sa.Connection, configuration: Configuration, run_id: int, findings: pd.DataFrame) -> Reported:
    """The findings of a run as ``registry.findings.findings_of_run`` gives them, without those confirmed as right."""
    shown = with_words(findings[findings["state"] != FindingState.CONFIRMED], configuration)
    places = places_of_findings(connection, run_id)
    placed = shown.merge(places.drop(columns="village"), on="finding_id", how="left", sort=False)
    since = [int(run) for run in placed["since_run"].unique()]
    days = {run: day.isoformat() for run, day in business_days(connection, since).items()}
    code = town_codes(placed["division_code"].fillna(""))
    worded = placed.assign(
        town_code=code,
        town=town_names(code, placed["town"].fillna(""), configuration),
        since=placed["since_run"].map(days).fillna("").astype("str"),
        row_key=_row_keys(placed),
    )
    return Reported(worded, _context(connection, worded))


def _row_keys(placed: pd.DataFrame) -> pd.Series:
    """A number for each row; of household members it is below zero, since they are counted apart."""
    keys = placed["row_id"].where(placed["origin"] != "member", -placed["row_id"])
    return keys.where(placed["origin"] != "file").astype("Int64")


def _context(connection: sa.Connection, findings: pd.DataFrame) -> pd.DataFrame:
    """The cells of rows in which something was found: on each page those of its gravest findings, as many as it carries."""
    rank = findings["severity"].map(_GRAVEST_FIRST)
    ordered = findings.assign(rank=rank).sort_values(["rank", "finding_id"], kind="stable").dropna(subset=["row_key"])
    first = ordered.drop_duplicates("row_key")
    wanted = [first.head(MOST_ROWS)] + [first[first.groupby(by).cumcount() < MOST_ROWS] for by in ("town_code", "code")]
    keys = pd.concat(wanted)["row_key"].drop_duplicates().to_numpy("int64")
    parts = [
        _masked(stated_rows(connection, ROW_TABLES[name], numbers.tolist()), sign)
        for name, sign, numbers in (("row", 1, keys[keys > 0]), ("member", -1, -keys[keys < 0]))
        if len(numbers)
    ]
    return pd.concat(parts) if parts else pd.DataFrame(index=pd.Index([], dtype=np.int64))


def _masked(rows: pd.DataFrame, sign: int) -> pd.DataFrame:
    """Rows as they may be seen, by their key: codes in words, free text and whatever names somebody masked."""
    shown = {
        FIELDS[str(name)].label: _shown(rows[name], str(name))
        for name in rows.columns
        if str(name) in FIELDS and str(name) not in _NOT_SHOWN
    }
    masked = pd.DataFrame(shown).set_index(pd.Index(sign * rows["row_id"].to_numpy("int64")))
    return masked.mask(masked == "")


def _shown(cells: pd.Series, name: str) -> pd.Series:
    field, kind = FIELDS[name], mask_kind(name)
    if field.kind == "code" and field.codes:
        return cells.map(dict(CODE_LISTS[field.codes])).fillna(mask_column(cells, "name"))
    if field.kind == "categories":
        words = cells.dropna().drop_duplicates()
        return cells.map(
            {text: "、".join(CODE_LISTS["category"].get(code, code[:1]) for code in text.split("|")) for text in words}
        )
    if field.kind == "fen":
        return (pd.to_numeric(cells) / 100).map("{:.2f}".format, na_action="ignore").astype("str").where(cells.notna())
    if kind is None and field.kind in {"text", "division"}:
        kind = "text"
    return cells if kind is None else mask_column(cells, kind)

"""Household members inside stage ``take``: read, checked, linked to the elder whose household it is."""

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import sqlalchemy as sa

from connectors.reading import TableContents
from flows.context import Night
from flows.intake.deliveries import combined
from registry.findings import add_findings
from registry.statements import add_members, current_members, elder_scopes, end_rows, place_findings_anew
from registry.tables import member_row
from schemas.configuration import Configuration, Source
from schemas.fields import FIELDS
from transforms.columns import hash_texts, join_texts, texts
from transforms.judge import JudgedMembers, judge_members
from transforms.resend import match_rows
from transforms.standardise import standardise_members

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["MembersTaken", "judge_delivered_members", "judged_households", "store_members", "take_members"]


@dataclass(frozen=True, slots=True)
class MembersTaken:
    """The account of the members' sheets: ``received == linked + held + blank``."""

    received: int
    linked: int
    held: int
    blank: int


def take_members(
    night: Night, connection: sa.Connection, source: Source, tables: dict[int, TableContents], scopes: list[str] | None
) -> MembersTaken:
    """Takes the members of a source's deliveries once its elders' rows are in force.

    All members are judged, since whether they are linked or have a head depends on other rows; only differences are
    written.
    """
    new = combined((delivery_id, contents.table) for delivery_id, contents in tables.items())
    judged = judged_households(night, connection, source, new)
    current = current_members(connection, source.name)
    resent = match_rows(current["row_hash"].to_numpy(), judged.rows["row_hash"].to_numpy())
    row_id = current["row_id"].to_numpy()
    ended = resent.ended
    if source.delivers == "incremental":  # a household is listed whole, others are not spoken of
        listed = judged.rows["elder_id_number"].dropna()
        ended = ended[texts(current["elder_id_number"]).iloc[ended].isin(listed).to_numpy(dtype=bool)]
    elif scopes is not None:
        ended = ended[np.isin(texts(current["scope"]).to_numpy()[ended], [*scopes, ""])]
    end_rows(connection, member_row, night.run_id, row_id[ended])
    places = judged.rows[["delivery_id", "sheet", "row_number"]]
    again = places.iloc[resent.kept_new].assign(row_id=row_id[resent.kept_old])
    place_findings_anew(
        connection, night.run_id, source.name, "member", pa.Table.from_pandas(again, preserve_index=False)
    )
    store_members(night, connection, source, judged, resent.added)
    linked = int(judged.rows["is_linked"].sum())
    broken = sum(contents.broken for contents in tables.values())
    return MembersTaken(
        received=sum(contents.received for contents in tables.values()),
        linked=linked,
        held=len(judged.rows) - linked + broken,
        blank=sum(contents.blank for contents in tables.values()),
    )


def judged_households(night: Night, connection: sa.Connection, source: Source, new: pa.Table) -> JudgedMembers:
    """Members as delivered, judged against the elders in force, with ``scope`` and a ``row_hash`` that knows the judgement."""
    elders = elder_scopes(connection, source.name)
    judged = judge_delivered_members(night.configuration, source, new, elders["id_number"], today=night.business_date)
    villages = elders.set_index("id_number")["scope"].to_dict()
    judged.rows["scope"] = judged.rows["elder_id_number"].map(villages).astype("str").fillna("")
    judged.rows["row_hash"] = _hash_with_judgement(new["row_hash"].to_numpy(), judged)
    return judged


def judge_delivered_members(
    configuration: Configuration, source: Source, new: pa.Table, elder_numbers: pd.Series, *, today: date
) -> JudgedMembers:
    """Standardises and judges members as delivered, and carries their places along."""
    assert source.members is not None  # noqa: S101  for the type checker; the caller asked
    rows = pd.DataFrame({name: texts(new[name]) for name in source.members.columns})
    flags = {
        name: new[f"{name}__number"].to_numpy()
        for name in source.members.columns
        if FIELDS[name].kind == "id_number" and f"{name}__number" in new.column_names
    }
    judged = judge_members(standardise_members(rows, source), flags, elder_numbers, configuration.rules, today=today)
    placed = judged.rows.assign(
        source=pd.array([source.name] * len(rows), dtype="str"),
        delivery_id=new["delivery_id"].to_numpy(),
        sheet=texts(new["sheet"]),
        row_number=new["row_number"].to_numpy(),
        outcome=pd.array(np.where(judged.rows["is_linked"], "linked", "held"), dtype="str"),
    )
    return judged._replace(rows=placed)


def _hash_with_judgement(hashes: "NDArray[np.int64]", judged: JudgedMembers) -> "NDArray[np.int64]":
    """A row whose judgement changed is another row, though its cells are the same."""
    codes = judged.findings.groupby("position")["code"].agg("|".join)
    marks = np.full(len(hashes), "", dtype=object)
    marks[codes.index.to_numpy(dtype=np.int64)] = codes.to_numpy(dtype=object)
    return hash_texts(
        join_texts([texts(pa.array(hashes).cast(pa.large_string())), texts(pa.array(marks, pa.large_string()))])
    )


def store_members(
    night: Night, connection: sa.Connection, source: Source, judged: JudgedMembers, added: "NDArray[np.int64]"
) -> "NDArray[np.int64]":
    """Adds some of the judged members and their findings; gives the rows' ids."""
    rows = judged.rows.drop(columns="is_linked").iloc[added].reset_index(drop=True)
    row_ids = add_members(connection, night.run_id, rows)
    place = np.full(len(judged.rows), -1, dtype=np.int64)
    place[added] = np.arange(len(added))
    found = judged.findings[place[judged.findings["position"].to_numpy()] >= 0].reset_index(drop=True)
    at = place[found["position"].to_numpy()]
    assert source.members is not None  # noqa: S101
    headers = {name: headers[0] for name, headers in source.members.columns.items()}
    found = found.assign(row_id=row_ids[at], header=found["field"].map(headers).astype("str"))
    places = rows[["delivery_id", "sheet", "row_number"]].iloc[at].reset_index(drop=True)
    add_findings(connection, night.run_id, "member", source.name, pd.concat([found, places], axis=1))
    return row_ids

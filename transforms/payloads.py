"""What the platform is told of a person, as bytes that stay the same however often it is told: payload, digest, and back.

Which value stands in which column is ``transforms.render``; how payloads travel is the connectors'.
"""

import hashlib
from functools import reduce
from typing import NamedTuple

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from schemas.errors import ContractBroken
from schemas.fields import FIELDS
from schemas.platform_profile import PlatformProfile
from transforms.columns import STR, text_scalar, texts, to_arrow
from transforms.json_texts import byte_slices, json_objects, read_json_objects
from transforms.platform_cells import texts_of
from transforms.render import render_rows

__all__ = ["Payloads", "payload_table", "render_payloads", "told_cells"]


class Payloads(NamedTuple):
    """What is to be told, and what cannot be: each change is in exactly one of the two.

    ``planned``: ``person_id revision sent_as payload sent_fields digest``, in the order of the changes. ``sent_as`` is new,
    changed, withdrawn, or ``nothing`` where the platform need not hear, and then the others are missing. ``sent_fields`` is
    missing where all of ``payload`` is sent. ``incomplete``: as in :class:`transforms.render.Rendered`.
    """

    planned: pd.DataFrame
    incomplete: pd.DataFrame


def render_payloads(changes: pd.DataFrame, profile: PlatformProfile) -> Payloads:
    """Renders changes as payloads: JSON objects of all the profile's columns, names in its order, texts only.

    Where ``profile.sends`` is ``changed``, someone the platform knows is told with ``sent_fields`` alone: the columns that
    are required for a change, and those whose text is not the one told last; a column it was never told is sent. Those
    over what it was told last are the payload. New and withdrawn people are told whole. A change that leaves all of the
    person's own columns as they were told last is ``nothing``: of those that speak of the change itself, such as its kind
    and day, nobody needs to hear then.

    ``digest`` is the SHA-256 of ``sent_as``, a line feed, and what is sent: a revision is told as different bytes if and
    only if its digest differs.

    Args:
        changes: as for :func:`transforms.render.render_rows`, and ``told_payload``, what the platform was told last,
            missing where it was told nothing. ``operation`` may be ``nothing``. Memory grows with the number of rows.
        profile: the platform's format.

    Raises:
        ContractBroken: a column is absent, or a told payload is not an object of texts.
    """
    if "told_payload" not in changes:
        raise ContractBroken("changes to render lack the column told_payload")
    changes = changes.reset_index(drop=True)
    telling = changes[(changes["operation"] != "nothing").to_numpy(dtype=bool)]
    told = told_cells(telling["told_payload"], profile)
    rows, incomplete = render_rows(telling, profile, told)
    spoken = _speak(rows, told.loc[rows.index], texts_of(telling["operation"].loc[rows.index]), profile)
    is_planned = ~changes.index.isin(telling.index.difference(rows.index))
    planned = changes.loc[is_planned, ["person_id", "revision"]].join(
        spoken[(spoken["sent_as"] != "nothing").to_numpy(dtype=bool)]
    )
    planned["sent_as"] = planned["sent_as"].fillna("nothing")
    return Payloads(planned.reset_index(drop=True), incomplete)


def payload_table(payloads: pd.Series, profile: PlatformProfile) -> pd.DataFrame:
    """The cells of payloads under the profile's headers: texts, empty where a payload lacks a column; the same index.

    Raises:
        ContractBroken: a payload is not an object of texts.
    """
    return told_cells(payloads, profile).fillna("")


def told_cells(payloads: pd.Series, profile: PlatformProfile) -> pd.DataFrame:
    """The same, with cells missing where a payload lacks the column: a column younger than the payload was not told."""
    cells = read_json_objects(to_arrow(payloads.astype(STR)), [column.key for column in profile.columns])
    table = {column.header: texts(cells[column.key]).array for column in profile.columns}
    return pd.DataFrame(table, index=payloads.index, dtype=None if table else STR)


def _speak(rows: pd.DataFrame, told: pd.DataFrame, operation: pa.Array, profile: PlatformProfile) -> pd.DataFrame:
    """``sent_as payload sent_fields digest`` of rendered rows, by their index."""
    payload = json_objects({column.key: to_arrow(rows[column.header]) for column in profile.columns})
    same = _same_as_told(rows, told, profile)
    sent_fields = _sent_fields(rows, same, operation, profile)
    sent_as = pc.if_else(_is_told_already(same, operation, profile), "nothing", operation)
    said = pc.binary_join_element_wise(sent_as, pc.coalesce(sent_fields, payload), text_scalar("\n"))
    # One call of OpenSSL a text: 0.1 s for 100,000 of them, and Arrow has no SHA-256.
    digest = pa.array([hashlib.sha256(text).hexdigest() for text in byte_slices(said)], pa.large_string())
    cells = {"sent_as": sent_as, "payload": payload, "sent_fields": sent_fields, "digest": digest}
    return pd.DataFrame({name: texts(array) for name, array in cells.items()}).set_axis(rows.index)


def _same_as_told(rows: pd.DataFrame, told: pd.DataFrame, profile: PlatformProfile) -> dict[str, pa.Array]:
    """By column, which rows say what was told last; a column that was not told is not the same as an empty one."""
    return {
        column.key: pc.fill_null(
            pc.equal(to_arrow(rows[column.header]), to_arrow(told[column.header])), fill_value=False
        )
        for column in profile.columns
    }


def _is_told_already(same: dict[str, pa.Array], operation: pa.Array, profile: PlatformProfile) -> pa.Array:
    of_the_person = [same[column.key] for column in profile.columns if column.field in FIELDS]
    return reduce(pc.and_, of_the_person, pc.equal(operation, "changed"))


def _sent_fields(
    rows: pd.DataFrame, same: dict[str, pa.Array], operation: pa.Array, profile: PlatformProfile
) -> pa.Array:
    """What is sent where that is not all: required columns and those that differ from what was told; null elsewhere."""
    if profile.sends == "whole":
        return pa.nulls(len(rows), pa.large_string())
    cells = {column.key: to_arrow(rows[column.header]) for column in profile.columns}
    is_due = {column.key: pa.scalar("changed" in column.required) for column in profile.columns}
    only = {key: pc.or_(pc.invert(same[key]), is_due[key]) for key in cells}
    is_partial = pc.and_not(pc.equal(operation, "changed"), reduce(pc.and_, only.values()))
    return pc.if_else(is_partial, json_objects(cells, only), None)

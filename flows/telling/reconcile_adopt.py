"""What follows from a comparison: what the platform holds becomes what it was told, and whoever must hear anew is entered."""

from typing import NamedTuple

import numpy as np
import pandas as pd
import sqlalchemy as sa

from flows.context import Night
from flows.telling.reconcile_compare import OUR_NUMBER, Records
from registry.outbox_compared import described_people, give_way_to_ours
from registry.outbox_observed import lift_records, observe, raise_revisions
from schemas.platform_reconcile import Agreement
from transforms.held_fields import as_payloads
from transforms.reconcile import Reconciled

__all__ = ["Consequences", "adopt", "consequences_of", "remember_strangers", "tell_again"]

_TOLD_AGAIN = (Agreement.ONLY_OURS, Agreement.ONLY_THEIRS, Agreement.DIFFERS, Agreement.CONTENT_UNKNOWN)
_TAKEN_OVER = (*_TOLD_AGAIN, Agreement.REVISION_DIFFERS)


class Consequences(NamedTuple):
    """Who is concerned, by the platform's word for the person; each a set of its own.

    Attributes:
        people: everybody who is not just as told, ``person person_id bin held is_held name village``; ``person_id`` is missing
            where the registry knows nobody of that number, and then nothing follows but the report.
        adopted: the platform's value stands in a column that is its own.
        again: they would be told again, because the two sides differ in what is ours to say, or because a change of theirs is
            held and had no effect.
        taken_over: after a restore or before being told again, what is held becomes what was told.
    """

    people: pd.DataFrame
    adopted: pd.Series
    again: pd.Series
    taken_over: pd.Series


def consequences_of(connection: sa.Connection, found: Reconciled) -> Consequences:
    """Works out who is concerned; nothing is written."""
    in_order = found.people["bin"].isin([Agreement.AGREES, Agreement.ON_ITS_WAY])
    is_adopted = found.people["person"].isin(found.adopted["person"])
    is_concerned = ~in_order | is_adopted | found.people["is_held"]
    people = found.people.loc[is_concerned, ["person", "bin", "held", "is_held"]].reset_index(drop=True)
    numbers = people.loc[people["person"].str.fullmatch(OUR_NUMBER), "person"].astype("int64")
    described = described_people(connection, numbers.to_list())
    people = people.merge(described.assign(person=described["person_id"].astype("str")), on="person", how="left")
    known = people[people["person_id"].notna()]
    stands = known["person"].isin(found.adopted["person"]) & known["bin"].isin(
        [Agreement.AGREES, Agreement.REVISION_DIFFERS]
    )
    return Consequences(
        people,
        adopted=known.loc[stands, "person"],
        again=known.loc[
            known["bin"].isin(_TOLD_AGAIN) | known["is_held"] & (known["bin"] != Agreement.DOUBLED), "person"
        ],
        taken_over=known.loc[known["bin"].isin(_TAKEN_OVER), "person"],
    )


def adopt(night: Night, connection: sa.Connection, whom: Consequences, aside: Records, *, takes_over: bool) -> int:
    """What the platform holds becomes what it was told last; how many people that concerns.

    Args:
        night: with the run it counts as.
        connection: in the caller's transaction.
        whom: those in whom a value of the platform's stands, and with ``takes_over`` those who differ as well.
        aside: the records that were read.
        takes_over: whether those who differ are concerned.
    """
    chosen = pd.concat([whom.adopted, whom.taken_over]).drop_duplicates() if takes_over else whom.adopted
    for records in aside.each():
        _observe(night, connection, records[records["person"].isin(chosen)])
    absent = whom.people[whom.people["person"].isin(chosen) & (whom.people["held"] == "nothing")]
    nothing = pd.DataFrame(
        {
            "person": absent["person"],
            "revision": pd.array([pd.NA] * len(absent), dtype="Int64"),
            "is_present": np.zeros(len(absent), dtype=bool),
            "fields": pd.array([None] * len(absent), dtype="str"),
        }
    )
    _observe(night, connection, nothing)
    lift_records(connection, night.profile.name)
    return len(chosen)


def remember_strangers(night: Night, connection: sa.Connection, aside: Records) -> None:
    """After a restore, numbers that the platform holds or has withdrawn and the registry knows nobody of are kept from others."""
    for records in aside.each():
        numbered = records[records["person"].str.fullmatch(OUR_NUMBER)].drop_duplicates("person")
        known = described_people(connection, numbered["person"].astype("int64").to_list())["person_id"].astype("str")
        _observe(night, connection, numbered[~numbered["person"].isin(known)])


def tell_again(night: Night, connection: sa.Connection, whom: Consequences) -> int:
    """Enters those who differ under revisions above the platform's; the next plan tells them, under its brake.

    What was held of them, and what waited behind it, gives way.
    """
    people = whom.again.astype("int64").to_list()
    give_way_to_ours(connection, night.profile.name, people)
    return raise_revisions(connection, night.profile.name, night.run_id, people)


def _observe(night: Night, connection: sa.Connection, records: pd.DataFrame) -> None:
    held = pd.DataFrame(
        {
            "person_id": records["person"].astype("int64"),
            "revision": records["revision"],
            "is_present": records["is_present"].astype("bool"),
            "payload": as_payloads(records["fields"], night.profile),
        }
    )
    observe(connection, night.profile.name, night.run_id, night.now(), held)

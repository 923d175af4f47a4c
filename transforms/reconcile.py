"""What we say the platform holds beside what it does hold: each person in exactly one place, and by which fields sides differ.

Large registries are compared page by page: :func:`compare_page` for each page of the platform's list as it comes, keeping its
:class:`Compared` (a short row a person, fields only of those who differ) and no page; :func:`settle` when the last one
is read. :func:`reconcile` does both for tables that are at hand as a whole.
"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa

from schemas.errors import ContractBroken
from schemas.platform_profile import PlatformProfile
from schemas.platform_reconcile import Agreement, ReconcileFormat
from transforms.columns import texts
from transforms.held_fields import compare_fields

__all__ = ["Compared", "Reconciled", "compare_page", "reconcile", "settle"]

_ROWS_AT_ONCE = 10_000
_PRESENCE = {True: "present", False: "withdrawn"}
_LONG = {"person": "str", "header": "str", "ours": "str", "theirs": "str"}
_LISTED = {"person": "str", "revision": "Int64", "is_present": "bool", "is_content_known": "bool"}


class Compared(NamedTuple):
    """What is kept of a page of the platform's list.

    ``listed``: ``person revision is_present is_content_known`` of every record. ``differs`` and ``adopted``: as of
    :class:`transforms.held_fields.FieldDifferences`. ``apart``: the records (``person revision is_present fields``) that are
    not just what was told, for whoever has to take them over; large where much differs, so better put aside.
    """

    listed: pd.DataFrame
    differs: pd.DataFrame
    adopted: pd.DataFrame
    apart: pd.DataFrame


class Reconciled(NamedTuple):
    """The two sides compared.

    ``people``: ``person bin`` (:class:`schemas.platform_reconcile.Agreement`) ``told held`` (``present``, ``withdrawn`` or
    ``nothing``) ``our_revision their_revision`` (missing where there is none) ``is_held`` (a change of the person is held, so
    that ours was not told), one row for everybody who was told, is listed, is on the way or is held. ``differs``: ``person header ours theirs`` of those who differ. ``adopted``: the same of fields in
    which their value stands, of everybody who is judged.
    """

    people: pd.DataFrame
    differs: pd.DataFrame
    adopted: pd.DataFrame

    def counts(self) -> dict[str, int]:
        """People by bin, every bin named; they add up to everybody."""
        found = self.people["bin"].value_counts().to_dict()
        return {str(place): int(found.get(str(place), 0)) for place in Agreement}


def reconcile(
    told: pd.DataFrame, theirs: pd.DataFrame, profile: PlatformProfile, rules: ReconcileFormat, on_its_way: pd.Series,
    held_up: pd.Series | None = None,
) -> Reconciled:  # fmt: skip
    """Compares whole tables; see :func:`compare_page` and :func:`settle` for what they hold."""
    person = told["person_id"].astype("str")
    pages = (theirs.iloc[start : start + _ROWS_AT_ONCE] for start in range(0, len(theirs), _ROWS_AT_ONCE))
    compared = [compare_page(told[person.isin(page["person"])], page, profile, rules) for page in pages]
    return settle(told, compared, on_its_way, held_up)


def compare_page(told: pd.DataFrame, page: pd.DataFrame, profile: PlatformProfile, rules: ReconcileFormat) -> Compared:
    """Compares records of the platform's list with what their people were told.

    Args:
        told: ``person_id revision sent_as payload is_changed_since`` of the people of the page who were told anything;
            a payload that was not kept is missing.
        page: ``person revision is_present fields``, texts and JSON; a revision or the fields may be missing.
        profile: the platform's format.
        rules: its rules of comparison.
    """
    ours = told.assign(person=told["person_id"].astype("str"), was_present=_is_present(told["sent_as"]))
    ours = ours.rename(columns={"revision": "our_revision"}).astype({"our_revision": "Int64"})
    if not ours["person"].is_unique:
        raise ContractBroken("more than one thing is said to be what the platform was told last of a person")
    page = page.astype({"revision": "Int64"})
    both = page.merge(ours.drop(columns="person_id"), on="person", how="left", sort=False)
    is_known = (both["payload"].notna() & both["fields"].notna()).to_numpy(dtype=bool)
    is_alike = _equal(both["was_present"], both["is_present"])
    found = compare_fields(both[is_alike & is_known], profile, rules)
    is_settled = is_alike & is_known & ~_other_revision(both["our_revision"], both["revision"])
    is_settled &= ~both["person"].isin(pd.concat([found.differs["person"], found.adopted["person"]])).to_numpy(
        dtype=bool
    )
    listed = both[["person", "revision", "is_present"]].assign(is_content_known=is_known)
    return Compared(listed, *found, both.loc[~is_settled, ["person", "revision", "is_present", "fields"]])


def settle(
    told: pd.DataFrame, compared: Iterable[Compared], on_its_way: pd.Series, held_up: pd.Series | None = None
) -> Reconciled:
    """Puts everybody into one bin.

    Whoever is on the way is not judged; whose change is held is, by what was told before it. Whoever is listed twice is only that. Then it counts who is present, then the
    content, then the revision; a platform that tells no revision is not asked about it.

    Args:
        told: ``person_id revision sent_as``, one row for everybody who was ever told.
        compared: what :func:`compare_page` made of every page.
        on_its_way: ``person_id`` of everybody with something open in the outbox.
        held_up: ``person_id`` of everybody whose change is held; nobody unless given.
    """
    held_up = pd.Series(dtype="int64") if held_up is None else held_up
    pages = list(compared)
    listed = _stacked([page.listed for page in pages], _LISTED)
    differs = _stacked([page.differs for page in pages], _LONG)
    adopted = _stacked([page.adopted for page in pages], _LONG)
    people = _everybody(told, listed, pd.concat([on_its_way, held_up]))
    people = people.assign(
        bin=_bins(people, listed, differs, on_its_way), is_held=people["person"].isin(held_up.astype("str"))
    )
    place = people.set_index("person")["bin"]
    is_apart = (differs["person"].map(place) == Agreement.DIFFERS).to_numpy(dtype=bool)
    is_judged = ~adopted["person"].map(place).isin([Agreement.ON_ITS_WAY, Agreement.DOUBLED]).to_numpy(dtype=bool)
    return Reconciled(people, differs[is_apart].reset_index(drop=True), adopted[is_judged].reset_index(drop=True))


def _everybody(told: pd.DataFrame, listed: pd.DataFrame, open_now: pd.Series) -> pd.DataFrame:
    """One row a person of either side: ``person told held our_revision their_revision is_content_known``."""
    ours = pd.DataFrame(
        {
            "person": told["person_id"].astype("str"),
            "told": _is_present(told["sent_as"]).map(_PRESENCE).astype("str"),
            "our_revision": told["revision"].astype("Int64"),
        }
    )
    theirs = listed.drop_duplicates("person").rename(columns={"revision": "their_revision"})
    theirs = theirs.assign(held=theirs.pop("is_present").map(_PRESENCE).astype("str"))
    people = ours.merge(theirs, on="person", how="outer", sort=False)
    waiting = pd.DataFrame({"person": open_now.drop_duplicates().astype("str")})
    people = people.merge(waiting, on="person", how="outer", sort=False)
    return people.fillna({"told": "nothing", "held": "nothing", "is_content_known": False}).astype(
        {"is_content_known": "bool"}
    )


def _bins(people: pd.DataFrame, listed: pd.DataFrame, differs: pd.DataFrame, on_its_way: pd.Series) -> pd.Series:
    person, told, held = people["person"], people["told"], people["held"]
    is_told, is_held = (told == "present").to_numpy(dtype=bool), (held == "present").to_numpy(dtype=bool)
    doubled = listed.loc[listed["person"].duplicated(), "person"]
    is_both = ((told != "nothing") & (told == held)).to_numpy(dtype=bool)
    cases: dict[Agreement, np.ndarray] = {
        Agreement.ON_ITS_WAY: person.isin(on_its_way.astype("str")).to_numpy(dtype=bool),
        Agreement.DOUBLED: person.isin(doubled).to_numpy(dtype=bool),
        Agreement.ONLY_OURS: is_told & ~is_held,
        Agreement.ONLY_THEIRS: is_held & ~is_told,
        Agreement.CONTENT_UNKNOWN: is_told & is_held & ~people["is_content_known"].to_numpy(dtype=bool),
        Agreement.DIFFERS: person.isin(differs["person"]).to_numpy(dtype=bool),
        Agreement.REVISION_DIFFERS: is_both & _other_revision(people["our_revision"], people["their_revision"]),
    }
    places = np.select(list(cases.values()), list(range(1, len(cases) + 1)))
    words = pa.array([Agreement.AGREES, *cases], pa.large_string())
    return texts(words.take(pa.array(places))).set_axis(people.index)


def _is_present(sent_as: pd.Series) -> pd.Series:
    return sent_as != "withdrawn"


def _other_revision(ours: pd.Series, theirs: pd.Series) -> np.ndarray:
    """Where both say a revision and not the same one."""
    return ours.ne(theirs).to_numpy(dtype=bool, na_value=False)


def _equal(left: pd.Series, right: pd.Series) -> np.ndarray:
    return left.eq(right).to_numpy(dtype=bool)


def _stacked(frames: list[pd.DataFrame], kinds: dict[str, str]) -> pd.DataFrame:
    empty = pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in kinds.items()})
    return pd.concat([empty, *frames], ignore_index=True)[list(kinds)].astype(kinds)

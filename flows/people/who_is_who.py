"""Who is in question tonight: people whose statements or decisions changed, and pairs that may be one person."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import sqlalchemy as sa

from registry.decision_links import concerned_keys, links_in_force, unmerged
from registry.people import any_row_changed, changed_keys, keys_of_ended_cases, keys_together, statements_in_force
from schemas.identity_cases import CaseKind
from schemas.identity_decisions import Links
from schemas.identity_rules import IdentityRules
from transforms.identity.candidates import Pairs, find_pairs
from transforms.identity.cases import Cases, cases_of
from transforms.identity.links import apply_links, is_excluded

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Keys = NDArray[np.int64]

__all__ = ["Questions", "questions_of"]


class Questions(NamedTuple):
    """What must be settled tonight.

    ``links``: decisions in force. ``statements``: all rows in force, under the keys of their persons. ``keys``: the people looked at; ``own_keys``: the keys
    of all their numbers, theirs among them. ``pairs``: pairs to ask about that nobody has decided (``kind one other score
    reasons``), damaged rows' candidates among them; ``cases`` are the questions they make. ``unmerged``: numbers that were one
    person's until a decision was taken back (``decision_id id_key``). ``compared`` and ``left_out``
    count the pairs that were compared, and those that were not because too many people share what they share.
    """

    links: Links
    statements: pd.DataFrame
    keys: "Keys"
    own_keys: "Keys"
    pairs: pd.DataFrame
    unmerged: pd.DataFrame
    cases: Cases
    compared: int
    left_out: dict[str, int]


def questions_of(connection: sa.Connection, since_run: int, rules: IdentityRules) -> Questions:
    """Who may be one person, among everybody in the first night, and afterwards among those whom a change concerns.

    Args:
        connection: in the stage's transaction.
        since_run: the last run that merged; 0 if none.
        rules: how likeness is judged.
    """
    links = links_in_force(connection)
    concerned = _concerned(connection, since_run)
    if since_run and not len(concerned) and not any_row_changed(connection, since_run):
        return _nobody(links, rules)
    linked = apply_links(statements_in_force(connection), links)
    # A row that is somebody else's than its number's holder is as good as one with a damaged number.
    stranger = is_excluded(linked, links)
    statements = linked.assign(
        id_number=linked["own_number"], id_key=linked["id_key"].mask(stranger), is_held=linked["is_held"] | stranger
    )
    refused = pd.concat([links.not_rows, linked.loc[stranger, ["source", "row_hash", "id_key"]]], ignore_index=True)
    person = statements["id_key"].to_numpy(dtype=np.int64, na_value=-1)
    # In the first night that is everybody; people who are stated no more must be looked at, too, after an upgrade.
    keys = np.union1d(_persons(concerned, links), person[person >= 0]) if not since_run else _persons(concerned, links)
    keys = keys_together(connection, keys)
    while True:
        found = find_pairs(statements, np.isin(person, keys), rules, refused=refused)
        partners = _partners(found.frame)
        # A partner in another open question is judged together with the others in that question.
        more = np.setdiff1d(keys_together(connection, partners), keys)
        keys = np.union1d(keys, more)
        if not len(np.setdiff1d(more, partners)):
            break
    cases = cases_of(statements, found.frame, _NO_CONFLICTS, rules, separated=links.separated)
    pairs = _undecided(found, cases)
    return Questions(
        links,
        statements,
        keys,
        _own_keys(keys, links),
        pairs,
        unmerged(connection, since_run),
        cases,
        found.compared,
        dict(found.left_out),
    )


def _concerned(connection: sa.Connection, since_run: int) -> "Keys":
    return np.concatenate(
        [changed_keys(connection, since_run), concerned_keys(connection, since_run), keys_of_ended_cases(connection, since_run)]
    )  # fmt: skip


def _nobody(links: Links, rules: IdentityRules) -> Questions:
    """A night in which nothing changed: no row is read."""
    nobody = np.zeros(0, np.int64)
    pairs = pd.DataFrame({"kind": _TEXT, "one": nobody, "other": nobody, "score": np.zeros(0), "reasons": _TEXT})
    statements = pd.DataFrame(
        {"id_key": pd.array([], "Int64"), "is_held": np.zeros(0, bool), "source": _TEXT, "row_hash": nobody, "row_id": nobody, "name": _TEXT, "id_number": _TEXT}
    )  # fmt: skip
    cases = cases_of(statements, pairs, _NO_CONFLICTS, rules)
    taken_back = pd.DataFrame({"decision_id": nobody, "id_key": nobody})
    return Questions(links, statements, nobody, nobody, pairs, taken_back, cases, 0, {})


_TEXT = pd.array([], dtype="str")
_NO_CONFLICTS = pd.DataFrame({"id_key": np.zeros(0, np.int64), "name": _TEXT})


def _partners(pairs: pd.DataFrame) -> "Keys":
    two = pairs[(pairs["kind"] == CaseKind.SAME_PERSON_DIFFERENT_NUMBER).to_numpy(dtype=bool)]
    return np.unique(two[["one", "other"]].to_numpy(dtype=np.int64))


def _undecided(found: Pairs, cases: Cases) -> pd.DataFrame:
    """Pairs without those that were decided to be two people."""
    pairs = found.frame
    is_pair = (pairs["kind"] == CaseKind.SAME_PERSON_DIFFERENT_NUMBER).to_numpy(dtype=bool)
    subjects = "pair:" + pairs["one"].astype("str") + ":" + pairs["other"].astype("str")
    return pairs[~is_pair | subjects.isin(cases.found["subject"]).to_numpy(dtype=bool)].reset_index(drop=True)


def _persons(own_keys: "Keys", links: Links) -> "Keys":
    """Numbers' keys, and with each the key of the person it is of."""
    numbers = links.numbers
    own, person = (numbers[name].to_numpy(dtype=np.int64) for name in ("id_key", "person_key"))
    return np.union1d(own_keys, person[np.isin(own, own_keys)])


def _own_keys(keys: "Keys", links: Links) -> "Keys":
    """People's keys, and the keys of all numbers that are theirs."""
    numbers = links.numbers
    own, person = (numbers[name].to_numpy(dtype=np.int64) for name in ("id_key", "person_key"))
    return np.union1d(keys, own[np.isin(person, keys)])

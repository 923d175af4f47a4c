"""What tonight's statements of some people come to: who said it best, who stands in for whom, what is kept, what must be asked."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import sqlalchemy as sa

from flows.context import Night
from flows.people.who_is_who import Questions
from registry.decision_links import states_decided
from registry.earlier_rows import rows_by_id
from registry.elder_states import standing_states
from schemas.fields import STATED_FIELDS
from schemas.identity_cases import CaseKind
from transforms.between import Resolved, resolve
from transforms.identity.cases import Cases, cases_of
from transforms.identity.contradicted_deaths import death_cases
from transforms.identity.links import apply_links, is_excluded, is_of_holder
from transforms.identity.whole_numbers import whole_number_cases
from transforms.merging.earlier_rows import earlier_row_ids
from transforms.merging.kept_values import Kept, keep_values
from transforms.merging.life_states import LifeStates, life_states
from transforms.merging.stand_ins import stand_ins
from transforms.noted import Notes

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Weighed", "weigh"]

_COMPARED = [field for field in STATED_FIELDS if field not in {"id_number", "remarks"}]


class Weighed(NamedTuple):
    """``outcome`` of each row, and who is ``disputed``: nobody touches what the registry has of them.

    ``spoken``: the best row of each source for each person, with rows that stand in for held ones (``is_stand_in``) and kept
    values, which ``carried`` names; ``merged_from`` those of them that records are made of. ``between`` was found between
    rows (positions in the rows given), ``life.notes`` in ``spoken``.
    """

    outcome: "NDArray[np.object_]"
    disputed: "NDArray[np.int64]"
    spoken: pd.DataFrame
    merged_from: pd.DataFrame
    carried: pd.DataFrame
    life: LifeStates
    between: Notes
    cases: Cases


def weigh(
    night: Night, connection: sa.Connection, questions: Questions, rows: pd.DataFrame, registered: pd.DataFrame
) -> Weighed:
    """Weighs all rows of the people looked at; reads from the registry, and changes nothing there.

    Args:
        night: rules and business date.
        connection: in the stage's transaction; the people are in the table ``people``.
        questions: who is in question, and decisions in force.
        rows: rows in force under the keys of their persons.
        registered: what the registry holds of these people.
    """
    links = questions.links
    resolved = resolve(
        rows, _COMPARED, pairs=_frozen(questions),
        of_holder=is_of_holder(rows, links), excluded=is_excluded(rows, links),
    )  # fmt: skip
    kept = _spoken(night, connection, questions, rows, registered, resolved)
    life = life_states(kept.rows, states_decided(connection), standing_states(connection), night.configuration)
    disputed = np.union1d(resolved.disputed, life.disputed)
    leaves = kept.rows["id_key"].isin(np.union1d(life.ended, disputed)).to_numpy(dtype=bool)
    outcome = resolved.outcome.copy()
    outcome[(outcome == "admitted") & rows["id_key"].isin(disputed).to_numpy(dtype=bool)] = "held"
    return Weighed(
        outcome, disputed, kept.rows, kept.rows[~leaves].reset_index(drop=True), kept.carried, life, resolved.notes,
        _cases(questions, resolved, life, night),
    )  # fmt: skip


def _spoken(
    night: Night, connection: sa.Connection, questions: Questions, rows: pd.DataFrame, registered: pd.DataFrame,
    resolved: Resolved,
) -> Kept:  # fmt: skip
    earlier = apply_links(rows_by_id(connection, earlier_row_ids(rows, registered)), questions.links)
    before = pd.concat([earlier, rows[earlier.columns]], ignore_index=True)
    standing = stand_ins(
        rows, resolved.outcome, before, registered, _held_candidates(questions), resolved.disputed,
        minimum_age=night.configuration.rules.minimum_age, today=night.business_date,
    )  # fmt: skip
    admitted = rows[resolved.outcome == "admitted"].assign(is_stand_in=False)
    spoken = pd.concat([admitted, standing.reindex(columns=admitted.columns)], ignore_index=True)
    return keep_values(spoken, before, registered, night.configuration)


def _frozen(questions: Questions) -> pd.DataFrame:
    """Pairs of whom nothing is touched. Two whom a decision had made one, wrongly, first stand apart again."""
    pairs = _of_kind(questions.pairs, CaseKind.SAME_PERSON_DIFFERENT_NUMBER)
    apart = questions.unmerged.merge(questions.unmerged, on="decision_id")
    both = pd.MultiIndex.from_frame(apart[["id_key_x", "id_key_y"]])
    return pairs[~pd.MultiIndex.from_frame(pairs[["one", "other"]]).isin(both)]


def _held_candidates(questions: Questions) -> pd.DataFrame:
    """``source id_key`` of damaged rows and whose they may be."""
    damaged = _of_kind(questions.pairs, CaseKind.NUMBER_DAMAGED)
    sources = questions.statements["source"].iloc[damaged["one"].to_numpy(dtype=np.int64)].reset_index(drop=True)
    return pd.DataFrame({"source": sources, "id_key": damaged["other"].to_numpy(dtype=np.int64)})


def _of_kind(pairs: pd.DataFrame, kind: CaseKind) -> pd.DataFrame:
    return pairs[(pairs["kind"] == kind).to_numpy(dtype=bool)]


def _cases(questions: Questions, resolved: Resolved, life: LifeStates, night: Night) -> Cases:
    numbers = cases_of(questions.statements, questions.pairs.iloc[:0], resolved.conflicts, night.configuration.identity)
    whole = whole_number_cases(questions.statements, questions.cases.found["subject"], today=night.business_date)
    parts = (questions.cases, numbers, death_cases(life.contradicted), whole)
    return Cases(
        pd.concat([part.found for part in parts], ignore_index=True),
        pd.concat([part.sides for part in parts], ignore_index=True),
    )

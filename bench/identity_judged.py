"""What questions are worth: true problems found, questions asked for each, and who is who once each is answered rightly."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from bench.identity_measures import Quality, groups_of, quality
from bench.identity_statements import Stated
from bench.identity_truth import KINDS, Problems

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Flags = NDArray[np.bool_]

__all__ = [
    "Asked", "Judged", "automatic_groups", "decided_groups", "exact_groups", "found_problems", "judge_asked", "wanted_questions",
]  # fmt: skip


@dataclass(frozen=True, slots=True, repr=False)
class Asked:
    """The questions: two numbers of one person, whose a damaged row is, and whether a number has two people."""

    pairs: pd.DataFrame  # one, other (keys)
    rows: pd.DataFrame  # row (position), id_key of each candidate
    numbers: "Ints"  # keys

    def count(self) -> int:
        return len(self.pairs) + self.rows["row"].nunique() + len(self.numbers)


@dataclass(frozen=True, slots=True, repr=False)
class Judged:
    """The measures of one population; ``found``, ``there`` and ``asked`` by kind of problem."""

    automatic: Quality
    decided: Quality
    there: dict[str, int]
    found: dict[str, int]
    asked: dict[str, int]
    wanted: dict[str, int]  # of those asked: about a true problem

    def __add__(self, other: "Judged") -> "Judged":
        """Of two populations side by side."""
        return Judged(
            self.automatic + other.automatic,
            self.decided + other.decided,
            *(_added(getattr(self, name), getattr(other, name)) for name in ("there", "found", "asked", "wanted")),
        )

    @property
    def recall(self) -> float:
        return sum(self.found.values()) / max(sum(self.there.values()), 1)

    @property
    def load(self) -> float:
        return sum(self.asked.values()) / max(sum(self.there.values()), 1)


def exact_groups(rows: pd.DataFrame) -> "Ints":
    """Rows that say the same number, as it was delivered where it is no good one."""
    alone = "row " + rows["row_id"].astype(str)
    said = rows["id_number"].astype(object).where(rows["id_number"].notna(), alone)
    return np.asarray(pd.factorize(said)[0], dtype=np.int64)


def automatic_groups(rows: pd.DataFrame, disputed: "Ints") -> "Ints":
    """Rows joined by their good number, unless the number is in question; every other row is by itself."""
    keys = _keys(rows)
    joined = (keys >= 0) & ~np.isin(keys, disputed)
    return np.asarray(pd.factorize(np.where(joined, keys, -rows["row_id"].to_numpy(dtype=np.int64)))[0], dtype=np.int64)


def judge_asked(stated: Stated, problems: Problems, asked: Asked) -> Judged:
    """Answers every question as the truth has it, and compares."""
    people = np.asarray(pd.factorize(stated.truth["person"])[0], dtype=np.int64)
    decided = decided_groups(stated, asked)
    is_found = found_problems(stated, problems, asked, decided)
    is_wanted = wanted_questions(stated, problems, asked)
    # Whoever is in an open question is held, whatever the question is: the registry joins nothing of theirs.
    disputed = np.union1d(asked.numbers, asked.pairs[["one", "other"]].to_numpy(dtype=np.int64).ravel())
    return Judged(
        automatic=quality(automatic_groups(stated.rows, disputed), people),
        decided=quality(decided, people),
        there=problems.counts(),
        found={kind: int(found.sum()) for kind, found in is_found.items()},
        asked={kind: len(wanted) for kind, wanted in is_wanted.items()},
        wanted={kind: int(wanted.sum()) for kind, wanted in is_wanted.items()},
    )


def _added(one: dict[str, int], other: dict[str, int]) -> dict[str, int]:
    return {kind: count + other[kind] for kind, count in one.items()}


def _keys(rows: pd.DataFrame) -> "Ints":
    return rows["id_key"].to_numpy(dtype=np.int64, na_value=-1)


def decided_groups(stated: Stated, asked: Asked) -> "Ints":
    """Groups once every question is answered: a number in question falls into its people, same people are joined."""
    keys, person = _keys(stated.rows), stated.truth["person"].to_numpy(dtype=np.int64)
    split = np.isin(keys, asked.numbers)
    own = np.where(keys >= 0, -1, np.arange(len(keys)))
    nodes = pd.DataFrame({"id_key": keys, "own": own, "person": np.where(split, person, -1)})
    node = nodes.groupby(["id_key", "own", "person"], sort=False).ngroup().to_numpy()
    # Of a number that nobody asked about, whoever has most rows is taken for its holder.
    held = pd.DataFrame({"node": node, "id_key": keys, "holder": person}).value_counts().reset_index()
    held = held.sort_values(["count", "holder"], ascending=[False, True]).drop_duplicates("node")
    of_key = held.loc[held["id_key"] >= 0, ["id_key", "node", "holder"]]
    ends = asked.pairs.merge(of_key, left_on="one", right_on="id_key").merge(
        of_key, left_on="other", right_on="id_key", suffixes=("", "_other")
    )
    ends = ends[ends["holder"] == ends["holder_other"]]
    offers = asked.rows.merge(of_key, on="id_key")
    offers = offers[offers["holder"].to_numpy() == person[offers["row"].to_numpy(dtype=np.int64)]]
    one = np.concatenate([ends["node"].to_numpy(), node[offers["row"].to_numpy(dtype=np.int64)]])
    other = np.concatenate([ends["node_other"].to_numpy(), offers["node"].to_numpy()])
    return groups_of(int(node.max()) + 1, one.astype(np.int64), other.astype(np.int64))[node]


def found_problems(stated: Stated, problems: Problems, asked: Asked, decided: "Ints") -> dict[str, "Flags"]:
    """Which true problems are solved once every question is answered, by kind in the order of ``problems``."""
    keys, person = _keys(stated.rows), stated.truth["person"].to_numpy(dtype=np.int64)
    placed = pd.DataFrame({"id_key": keys, "person": person, "group": decided})[keys >= 0].drop_duplicates()
    pairs = problems.pairs.reset_index(names="problem")
    ends = pairs.merge(placed, left_on=["one", "person"], right_on=["id_key", "person"]).merge(
        placed, left_on=["other", "person"], right_on=["id_key", "person"], suffixes=("", "_other")
    )
    joined = ends.loc[ends["group"] == ends["group_other"], "problem"].unique()
    damaged = problems.damaged.assign(group=decided[problems.damaged["row"].to_numpy(dtype=np.int64)])
    with_keyed = (
        damaged.merge(placed[["person", "group"]].drop_duplicates(), how="left", indicator=True)["_merge"] == "both"
    )
    of_two = np.isin(problems.numbers["id_key"].to_numpy(), asked.numbers)
    kind = problems.numbers["kind"].to_numpy()
    return {
        KINDS[0]: np.isin(np.arange(len(pairs)), joined), KINDS[1]: with_keyed.to_numpy(dtype=bool),
        KINDS[2]: of_two[kind == KINDS[2]], KINDS[3]: of_two[kind == KINDS[3]],
    }  # fmt: skip


def wanted_questions(stated: Stated, problems: Problems, asked: Asked) -> dict[str, "Flags"]:
    """Which questions are about a true problem. A pair in which a number of two people has part is, if they share one."""
    holders = problems.holders[["id_key", "person"]]
    both = (
        asked.pairs.reset_index(names="asked")
        .merge(holders, left_on="one", right_on="id_key")
        .merge(holders, left_on=["other", "person"], right_on=["id_key", "person"])
    )
    person = stated.truth["person"].to_numpy(dtype=np.int64)
    offers = asked.rows.assign(person=person[asked.rows["row"].to_numpy(dtype=np.int64)])
    right = offers.merge(holders, on=["id_key", "person"])["row"].unique()
    return {
        KINDS[0]: np.isin(np.arange(len(asked.pairs)), both["asked"].unique()),
        KINDS[1]: np.isin(np.sort(asked.rows["row"].unique()), right),
        "number": np.isin(asked.numbers, problems.numbers["id_key"].to_numpy()),
    }

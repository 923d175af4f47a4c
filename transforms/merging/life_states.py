"""Dated states of people: deceased, moved away, in an institution, refusing; who says so, who contradicts, whom it ends.

A state stands until the source that said it says another one (``living`` among them): an empty cell, or a list that no longer
names the person, takes nothing back, or the dead would return with the next list that leaves them out. A decision of a person
outweighs what sources had said up to its day.
"""

import hashlib
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from schemas.configuration import Configuration
from schemas.findings import Finding
from schemas.life_states import LifeEvidence
from transforms.columns import is_filled, texts, to_arrow
from transforms.merging.masks import is_in, keyed
from transforms.noted import Notes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Mask = NDArray[np.bool_]
    Keys = NDArray[np.int64]

__all__ = ["LIFE_DECISION_COLUMNS", "STATE_COLUMNS", "LifeStates", "life_states"]

STATE_COLUMNS = ("id_key", "state", "source", "from_date", "evidence", "row_id", "decision_id")
LIFE_DECISION_COLUMNS = ("id_key", "state", "from_date", "decision_id")
_DECISION = "decision"
_TYPES = {
    "id_key": "int64", "state": "str", "source": "str", "from_date": "str", "evidence": "str", "row_id": "Int64", "decision_id": "Int64",
}  # fmt: skip


class LifeStates(NamedTuple):
    """What holds of some people.

    ``states``: ``STATE_COLUMNS``, at most one of each source for each person; ``living`` is no state.
    ``contradicted``: ``id_key side source row_id state from_date evidence`` of deaths that another source does not know of:
    side 1 says so, side 2 renews the person; ``evidence`` is the digest of both. They are told beside a decision, too, so that
    other evidence than it was made on can be seen.
    ``disputed``: those among them of whom nobody has decided anything: nobody touches what the registry has of them.
    ``ended``: people who leave the registry, or do not enter it.
    ``notes``: contradictions that are only asked about; positions are places in the rows given.
    """

    states: pd.DataFrame
    contradicted: pd.DataFrame
    disputed: "Keys"
    ended: "Keys"
    notes: Notes


def life_states(
    rows: pd.DataFrame, decisions: pd.DataFrame, standing: pd.DataFrame, configuration: Configuration
) -> LifeStates:
    """Weighs what sources and decisions say of people's lives.

    Args:
        rows: admitted rows, at most one of each source for each person; ``life_status life_status_date`` and what a row has.
        decisions: ``LIFE_DECISION_COLUMNS``; of several about a person the one with the highest id counts. ``living``
            outweighs what was said to hold from its day or before, or from an unknown day; without a day it outweighs all.
        standing: ``STATE_COLUMNS`` of the states that stand now.
        configuration: which states end a record (``rules.ending_states``), and whose empty cells delete.
    """
    rows = _with_life(rows)
    decided = decisions.sort_values("decision_id").drop_duplicates("id_key", keep="last")
    stated = _statements(rows, standing, configuration)
    stated = stated[~_outweighed(stated, decided)].reset_index(drop=True)
    pairs = _renewed(stated, rows, configuration.rules.ending_states)
    of_death = is_in(pairs["state"], ("deceased",))
    ends = is_in(stated["state"], configuration.rules.ending_states)
    ends &= ~np.isin(np.arange(len(stated)), pairs["statement"].to_numpy(dtype=np.int64))
    # Where somebody decided that a person lives, what was said of a later day counts again.
    holding = decided[~is_in(decided["state"], ("living",))]
    says = is_in(holding["state"], configuration.rules.ending_states)
    by_decision = holding["id_key"].to_numpy(dtype=np.int64)
    contradicted = stated["id_key"].to_numpy(dtype=np.int64)[pairs["statement"].to_numpy(dtype=np.int64)[of_death]]
    by_sources = np.setdiff1d(stated["id_key"].to_numpy(dtype=np.int64)[ends], np.r_[by_decision, contradicted])
    notes = Notes()
    asked = pairs[~of_death]
    told = stated["row_id"].to_numpy(dtype=np.int64, na_value=-1)[asked["statement"].to_numpy(dtype=np.int64)]
    by_row = pd.Index(rows["row_id"].to_numpy(dtype=np.int64)).get_indexer(pd.Index(told))
    positions = np.union1d(by_row[by_row >= 0], asked["position"].to_numpy(dtype=np.int64))
    if configuration.rules.is_on(Finding.SOURCES_CONTRADICT):
        notes.add(Finding.SOURCES_CONTRADICT, positions.astype(np.int64), "life_status")
    return LifeStates(
        _with_decisions(stated, holding),
        _sides(stated, rows, pairs[of_death].reset_index(drop=True)),
        np.setdiff1d(contradicted, by_decision),
        np.union1d(by_sources, by_decision[says]).astype(np.int64),
        notes,
    )


def _with_life(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with columns for what they say of a life, where no source of theirs has such columns."""
    missing = [name for name in ("life_status", "life_status_date") if name not in rows]
    return rows.assign(**{name: texts(pa.nulls(len(rows), pa.large_string())) for name in missing})


def _statements(rows: pd.DataFrame, standing: pd.DataFrame, configuration: Configuration) -> pd.DataFrame:
    """The states that sources say tonight, and those they said before and have not taken back."""
    says = is_filled(rows["life_status"])
    is_state = says & ~is_in(rows["life_status"], ("living",))
    said = pd.DataFrame(
        {
            "id_key": rows["id_key"].to_numpy(dtype=np.int64),
            "state": rows["life_status"],
            "source": rows["source"],
            # Without a day of its own it holds at least since the day of the row.
            "from_date": texts(pc.coalesce(to_arrow(rows["life_status_date"]), to_arrow(rows["stated_date"]))),
            "evidence": texts([str(LifeEvidence.LIST)] * len(rows)),
            "row_id": rows["row_id"].to_numpy(dtype=np.int64),
        }
    )[is_state]
    deleting = [n for n, source in configuration.sources.items() if {"*", "life_status"} & {*source.empty_deletes}]
    ended_by = says | (is_in(rows["source"], deleting) if deleting else np.zeros(len(rows), dtype=bool))
    kept = standing[~is_in(standing["source"], (_DECISION,))]
    spoken = keyed(rows["id_key"], rows["source"])[ended_by]
    kept = kept[~keyed(kept["id_key"], kept["source"]).isin(spoken)]
    columns = list(STATE_COLUMNS)
    parts = [frame.reindex(columns=columns).astype(_TYPES) for frame in (said, kept)]
    return pd.concat(parts, ignore_index=True)


def _outweighed(stated: pd.DataFrame, decided: pd.DataFrame) -> "Mask":
    """Statements that a later decision says are not so."""
    living = decided[is_in(decided["state"], ("living",))]
    place = pd.Index(living["id_key"].to_numpy(dtype=np.int64)).get_indexer(pd.Index(stated["id_key"]))
    day = living["from_date"].astype("str").reset_index(drop=True).reindex(place).reset_index(drop=True)
    later = (stated["from_date"] > day).to_numpy(dtype=bool, na_value=False)
    return np.asarray((place >= 0) & ~later, dtype=bool)


def _renewed(stated: pd.DataFrame, rows: pd.DataFrame, ending: tuple[str, ...]) -> pd.DataFrame:
    """Which ending statements another source's row contradicts: ``statement position state``.

    It does when it says that the person lives, on no earlier day, or names the person on a later one without saying such
    a state itself.
    """
    ends = stated.assign(statement=np.arange(len(stated)))[is_in(stated["state"], ending)]
    others = pd.DataFrame(
        {
            "id_key": rows["id_key"].to_numpy(dtype=np.int64),
            "other": rows["source"],
            "position": np.arange(len(rows)),
            "says": rows["life_status"],
            "said_from": rows["life_status_date"],
            "renewed_on": rows["stated_date"],
        }
    )
    pairs = ends.merge(others, on="id_key")
    pairs = pairs[(pairs["source"] != pairs["other"]).to_numpy(dtype=bool)].reset_index(drop=True)
    undated = ~is_filled(pairs["from_date"])
    lives = is_in(pairs["says"], ("living",))
    earlier = (pairs["said_from"] < pairs["from_date"]).to_numpy(dtype=bool, na_value=False)
    later = (pairs["renewed_on"] > pairs["from_date"]).to_numpy(dtype=bool, na_value=False)
    names = ~lives & ~is_in(pairs["says"], ending) & is_filled(pairs["renewed_on"])
    chosen = (lives & ~earlier) | (names & (later | undated))
    return pairs.loc[chosen, ["statement", "position", "state"]].reset_index(drop=True)


def _with_decisions(stated: pd.DataFrame, holding: pd.DataFrame) -> pd.DataFrame:
    """Sources' states and those people have decided, in the order of persons and sources."""
    own = holding[["id_key", "state", "from_date", "decision_id"]].assign(
        source=_DECISION, evidence=str(LifeEvidence.DECISION)
    )
    columns = list(STATE_COLUMNS)
    parts = [frame.reindex(columns=columns).astype(_TYPES) for frame in (stated, own)]
    return pd.concat(parts, ignore_index=True).sort_values(["id_key", "source"], ignore_index=True)


def _sides(stated: pd.DataFrame, rows: pd.DataFrame, pairs: pd.DataFrame) -> pd.DataFrame:
    """Who says that a person died, and who does not know of it."""
    dead = stated.iloc[pairs["statement"].to_numpy(dtype=np.int64)]
    renewing = rows.iloc[pairs["position"].to_numpy(dtype=np.int64)]
    day = texts(pc.coalesce(to_arrow(renewing["life_status_date"]), to_arrow(renewing["stated_date"])))
    columns = ["id_key", "source", "row_id", "state", "from_date"]
    sides = [
        dead[columns].assign(side=1),
        pd.DataFrame(
            {
                "id_key": renewing["id_key"].to_numpy(dtype=np.int64),
                "source": renewing["source"].reset_index(drop=True),
                "row_id": renewing["row_id"].to_numpy(dtype=np.int64),
                "state": renewing["life_status"].fillna("").reset_index(drop=True),
                "from_date": day,
            }
        ).assign(side=2),
    ]
    together = pd.concat(sides, ignore_index=True).drop_duplicates(["id_key", "side", "source"])
    together = together.sort_values(["id_key", "side", "source"], ignore_index=True)
    together = together.astype(
        {"source": "str", "state": "str", "from_date": "str", "row_id": "Int64", "id_key": "int64"}
    )
    return together.assign(evidence=_digests(together))[["id_key", "side", *columns[1:], "evidence"]]


def _digests(sides: pd.DataFrame) -> pd.Series:
    """For each person a digest of what both sides say; contradictions are few, so they may be looked at one by one."""
    said = sides["source"] + "\x1f" + sides["state"] + "\x1f" + sides["from_date"].fillna("")
    joined = said.groupby(sides["id_key"]).agg("\x1e".join)
    digests = {key: hashlib.sha256(str(text).encode()).hexdigest() for key, text in joined.items()}
    return sides["id_key"].map(digests).astype("str")

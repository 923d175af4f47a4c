"""Splink on the same rows, set up as somebody would who knows both it and the data; its threshold is chosen on the truth.

The thresholds that suit it best are not known to anybody who has no truth, so its figures are the best it could reach.
"""

import logging
import warnings
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
from pypinyin import lazy_pinyin

from bench.identity_measures import Quality, groups_of, quality

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

__all__ = ["Best", "answered", "best_of", "link", "link_chinese", "prepare_chinese"]

_WEIGHTS = np.arange(-10, 41, 1.0)
_SEED = 7
MOST_ITERATIONS = (
    10  # with more, what a thousand people never show becomes too unlikely to be reckoned with, and Splink stops
)


class Best(NamedTuple):
    """The grouping at the threshold with the highest F1, and the threshold (match weight)."""

    quality: Quality
    weight: float


def prepare_chinese(rows: pd.DataFrame) -> pd.DataFrame:
    """What a careful user would derive: names by sound, birth dates of damaged numbers by their digits, town and village."""
    names = rows["name"].astype(object)
    sounds = {name: " ".join(lazy_pinyin(name)) for name in names.dropna().unique()}
    number = rows["id_number"].astype(object)
    number = number.where(~number.str.contains("E", na=True))  # what a spreadsheet made of it says nothing
    digits = number.str.slice(6, 14)
    said = digits.str.slice(0, 4) + "-" + digits.str.slice(4, 6) + "-" + digits.str.slice(6, 8)
    born = rows["birth_date"].astype(object).where(rows["birth_date"].notna(), said.where(number.str.len() >= 17))
    return pd.DataFrame(
        {
            "unique_id": np.arange(len(rows)), "source": rows["source"].astype(object), "name": names, "sound": names.map(sounds),
            "id_number": number, "certificate": rows["disability_certificate_number"].astype(object).str.slice(0, 18),
            "first_15": number.str.slice(0, 15), "born": born, "sex": rows["sex"].astype(object),
            "phone": rows["phone"].astype(object), "town": rows["household_division_code"].astype(object).str.slice(0, 9),
            "village": rows["household_village"].astype(object).str.slice(0, 2),
        }
    ).astype(object).where(lambda frame: frame.notna(), None)  # fmt: skip


def link_chinese(prepared: pd.DataFrame) -> pd.DataFrame:
    """Scored pairs ``unique_id_l unique_id_r match_weight`` of our kind of rows."""
    import splink.comparison_level_library as cll
    import splink.comparison_library as cl
    from splink import SettingsCreator, block_on

    number = cl.CustomComparison(
        output_column_name="id_number",
        comparison_levels=[
            cll.NullLevel("id_number"),
            cll.ExactMatchLevel("id_number"),
            cll.LevenshteinLevel("id_number", 1),
            cll.LevenshteinLevel("id_number", 2),
            cll.ExactMatchLevel("first_15"),
            cll.LevenshteinLevel("id_number", 4),
            cll.ElseLevel(),
        ],
    )
    name = cl.CustomComparison(
        output_column_name="name",
        comparison_levels=[
            cll.NullLevel("name"),
            cll.ExactMatchLevel("name", term_frequency_adjustments=True),
            cll.ExactMatchLevel("sound"),
            cll.LevenshteinLevel("name", 1),
            cll.JaroWinklerLevel("sound", 0.9),
            cll.ElseLevel(),
        ],
    )
    born = cl.CustomComparison(
        output_column_name="born",
        comparison_levels=[
            cll.NullLevel("born"),
            cll.ExactMatchLevel("born"),
            cll.DamerauLevenshteinLevel("born", 1),
            cll.DamerauLevenshteinLevel("born", 2),
            cll.ElseLevel(),
        ],
    )
    place = cl.CustomComparison(
        output_column_name="place",
        comparison_levels=[
            cll.NullLevel("town"),
            cll.And(cll.ExactMatchLevel("town"), cll.ExactMatchLevel("village")),
            cll.ExactMatchLevel("town"),
            cll.ElseLevel(),
        ],
    )
    settings = SettingsCreator(
        link_type="dedupe_only",
        comparisons=[number, name, born, place, cl.ExactMatch("sex"), cl.ExactMatch("phone"), cl.ExactMatch("certificate")],
        blocking_rules_to_generate_predictions=[
            block_on("id_number"), block_on("first_15"), block_on("certificate"), block_on("name", "born"), block_on("sound", "born"),
            block_on("name", "town"), block_on("sound", "town", "village"), block_on("phone", "born"), block_on("phone", "name"),
            block_on("substr(id_number, 7, 12)"), block_on("substr(id_number, 1, 10)", "substr(sound, 1, 5)", "village"),
        ],
    )  # fmt: skip
    trained_on = [block_on("id_number"), block_on("name", "born"), block_on("sound", "town", "village")]
    certain = [block_on("id_number", "sound")]
    return link(prepared, settings, trained_on, certain, recall=0.9)


def link(
    prepared: pd.DataFrame, settings: Any, trained_on: list[Any], certain: list[Any], *, recall: float
) -> pd.DataFrame:
    """Scored pairs ``unique_id_l unique_id_r match_weight`` of a model trained without labels, by expectation maximisation."""
    from splink import DuckDBAPI, Linker

    logging.getLogger("splink").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module="splink")
    linker = Linker(DuckDBAPI().register(prepared), settings, log_level=logging.ERROR)
    linker.training.estimate_probability_two_random_records_match(certain, recall=recall)
    linker.training.estimate_u_using_random_sampling(max_pairs=2_000_000, seed=_SEED)
    for rule in trained_on:
        linker.training.estimate_parameters_using_expectation_maximisation(rule)
    scored = linker.inference.predict(threshold_match_weight=float(_WEIGHTS[0]))
    pairs: pd.DataFrame = scored.as_pandas_dataframe()[["unique_id_l", "unique_id_r", "match_weight"]]
    return pairs


def best_of(scored: pd.DataFrame, people: "Ints") -> Best:
    """Tries every threshold; rows linked by a chain of pairs are one group, as Splink's own clustering has it."""
    one, other = scored["unique_id_l"].to_numpy(dtype=np.int64), scored["unique_id_r"].to_numpy(dtype=np.int64)
    weight = scored["match_weight"].to_numpy(dtype=float)

    def at(least: float) -> Quality:
        chosen = weight >= least
        return quality(groups_of(len(people), one[chosen], other[chosen]), people)

    best = max(_WEIGHTS.tolist(), key=lambda least: at(least).f1)
    return Best(at(best), best)


def answered(scored: pd.DataFrame, people: "Ints", questions: int) -> Quality:
    """The best of Splink with an officer beside it, who answers as many questions as ours asks, and rightly.

    What is likelier than a threshold is joined by itself; of the rest the likeliest pairs are asked about, no two about the
    same groups. Of all thresholds the best by the truth is taken.
    """
    ranked = scored.sort_values("match_weight", ascending=False, kind="stable")
    one, other = (ranked[f"unique_id_{side}"].to_numpy(dtype=np.int64) for side in "lr")
    weight = ranked["match_weight"].to_numpy(dtype=float)
    found = []
    for least in _WEIGHTS[::2]:
        joined = int((weight >= least).sum())
        groups = groups_of(len(people), one[:joined], other[:joined])
        mine, theirs = groups[one[joined:]], groups[other[joined:]]
        apart = np.minimum(mine, theirs) * len(people) + np.maximum(mine, theirs)
        first = np.sort(np.unique(apart, return_index=True)[1])
        asked = joined + first[mine[first] != theirs[first]][:questions]
        same = asked[people[one[asked]] == people[other[asked]]]
        linked = np.concatenate([np.arange(joined), same])
        found.append(quality(groups_of(len(people), one[linked], other[linked]), people))
    return max(found, key=lambda reached: reached.f1)

"""What pages count of elders: of everybody and of each town, nobody twice, and what is unknown in no band and no town's place."""

import numpy as np
import pandas as pd
import pytest

from flows.accounts.site_figures import ElderFigures
from schemas.codes import CODE_LISTS

TEXT = pd.StringDtype("pyarrow", na_value=np.nan)
AGES = [  # town_code, sex, categories, age, people
    ("441421001", "male", "living_alone", 60, 2),
    ("441421001", "female", "living_alone|empty_nest", 60, 3),
    ("441421001", "female", "empty_nest", 95, 1),
    ("441421002", "male", "empty_nest", 65, 4),
    ("441421002", "", "living_alone", None, 5),
]


@pytest.fixture
def elders():
    ages = pd.DataFrame(AGES, columns=["town_code", "sex", "categories", "age", "people"])
    ages = ages.astype({"town_code": TEXT, "sex": TEXT, "categories": TEXT, "age": "Int64", "people": "Int64"})
    filled = pd.DataFrame(
        {"town_code": ["441421001", "441421001", "441421002"], "division_code": "", "town": "", "village": ["甲", "乙", "丙"],
         "people": [4, 2, 9], "asked:phone": [4, 2, 9], "filled:phone": [3, 2, 0]}
    )  # fmt: skip
    counted = {"people": "Int64", "asked:phone": "Int64", "filled:phone": "Int64"}
    return ElderFigures(ages, filled.astype({"town_code": TEXT, **counted}))


def by_category(figures):
    return {label: (men, women) for label, men, women in figures.categories if men or women}


def test_a_town_counts_its_own_people(elders):
    towns = elders.of_towns()
    assert {code: figures.people for code, figures in towns.items()} == {"441421001": 6, "441421002": 9}
    assert [line for line in towns["441421001"].ages if sum(line[1:])] == [("60–64 岁", 2, 3), ("95 岁及以上", 0, 1)]
    labels = CODE_LISTS["category"]
    assert by_category(towns["441421001"]) == {labels["living_alone"]: (2, 3), labels["empty_nest"]: (0, 4)}
    assert [counts[1:] for counts in towns["441421001"].completeness] == [(5, 6)]
    assert [counts[1:] for counts in towns["441421002"].completeness] == [(0, 9)]


def test_everybody_is_the_sum_of_the_towns(elders):
    everybody, towns = elders.of_all(), elders.of_towns().values()
    assert everybody.people == sum(town.people for town in towns) == 15
    men, women = (sum(line[place] for line in everybody.ages) for place in (1, 2))
    assert (men, women) == (6, 4), "whose age or sex is unknown is in no band"
    assert [counts[1:] for counts in everybody.completeness] == [(5, 15)]


def test_where_nobody_is_registered_there_is_nothing_to_count(elders):
    nobody = ElderFigures(elders.ages.iloc[:0], elders.filled.iloc[:0])
    assert (nobody.of_towns(), nobody.of_all().people, tuple(nobody.of_all().ages)) == ({}, 0, ())

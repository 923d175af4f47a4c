"""Made-up people who are hard to tell apart: reproducible, right where nothing goes wrong, wrong as often as the table says."""

from dataclasses import fields, replace

import numpy as np
import pytest

from bench.identity_numbers import NUMBER_ERRORS, with_fitting_check
from bench.identity_people import draw_people
from bench.identity_rates import Rates
from bench.identity_statements import NAME_ERRORS, TODAY, state
from bench.identity_truth import problems_of
from schemas.idnumber import check_character

NOTHING_WRONG = Rates(**{field.name: 0.0 for field in fields(Rates)})
PEOPLE, SEED = 3_000, 5


def test_the_same_seed_draws_the_same_rows():
    one, other = state(PEOPLE, SEED), state(PEOPLE, SEED)
    assert one.rows.equals(other.rows)
    assert one.truth.equals(other.truth)


def test_where_nothing_goes_wrong_equal_numbers_are_equal_people():
    stated = state(PEOPLE, SEED, rates=NOTHING_WRONG)
    assert not stated.rows["is_held"].any()
    assert (stated.rows.groupby("id_key")["row_id"].size().sum()) == len(stated.rows)
    assert (stated.truth.groupby(stated.rows["id_key"].astype("int64"))["person"].nunique() == 1).all()
    assert not any(problems_of(stated).counts().values())


def test_every_person_is_on_a_list_and_on_none_twice_unless_it_repeats_rows():
    stated = state(PEOPLE, SEED, rates=NOTHING_WRONG)
    listed = stated.truth.assign(source=stated.rows["source"])
    assert stated.truth["person"].nunique() == PEOPLE
    assert not listed.duplicated(["person", "source"]).any()


def test_check_characters_fit():
    people = draw_people(PEOPLE, SEED, TODAY)
    for number in people.numbers[:200]:
        text = number.tobytes().decode()
        assert check_character(text[:17]) == text[17]
    assert (with_fitting_check(people.former) == people.former).all()


def test_twins_share_birth_date_village_and_surname_and_differ_in_their_order():
    people = draw_people(20_000, SEED, TODAY, replace(Rates(), twin=0.02))
    twins = np.flatnonzero(people.twin > np.arange(len(people)))
    others = people.twin[twins]
    assert len(twins) > 100
    assert (people.born[twins] == people.born[others]).all()
    assert (people.village[twins] == people.village[others]).all()
    assert (
        (people.names[twins, 0] == people.names[others, 0]) | (people.names[others] == ord("·")).any(axis=1)
    ).mean() > 0.98
    apart = (people.numbers[twins] != people.numbers[others]).sum(axis=1)
    assert np.median(apart) <= 3


@pytest.mark.parametrize("error", [name for name in NAME_ERRORS[1:] if name not in {"hakka_homophone"}])
def test_names_are_miswritten_about_as_often_as_the_table_says(error):
    stated = state(PEOPLE, SEED, rates=replace(NOTHING_WRONG, **{error: 0.5}))
    share = (stated.truth["name_error"] == NAME_ERRORS.index(error)).mean()
    assert 0.25 < share < 0.55


@pytest.mark.parametrize("error", NUMBER_ERRORS[1:9])
def test_numbers_are_miswritten_as_often_as_the_table_says(error):
    stated = state(PEOPLE, SEED, rates=replace(NOTHING_WRONG, **{error: 0.1}))
    assert (stated.truth["number_error"] == NUMBER_ERRORS.index(error)).mean() == pytest.approx(0.1, abs=0.02)


def test_one_wrong_digit_is_always_held():
    stated = state(PEOPLE, SEED, rates=replace(NOTHING_WRONG, one_digit=0.3))
    wrong = stated.truth["number_error"] == NUMBER_ERRORS.index("one_digit")
    assert stated.rows.loc[wrong, "id_key"].isna().all()


def test_what_a_clerk_made_fit_is_a_second_number_of_its_person():
    stated = state(PEOPLE, SEED, rates=replace(NOTHING_WRONG, fitted_by_clerk=0.1))
    fitted = stated.truth["number_error"] == NUMBER_ERRORS.index("fitted_by_clerk")
    assert stated.rows.loc[fitted, "id_key"].notna().mean() > 0.9  # the others have made a day that no month has
    assert len(problems_of(stated).pairs) > 20


def test_a_list_that_a_spreadsheet_has_saved_keeps_only_numbers_that_end_in_x():
    stated = state(PEOPLE, SEED, rates=replace(NOTHING_WRONG, damaged_list=1.0))
    good = stated.rows.loc[~stated.rows["is_held"], "id_number"]
    assert good.str.endswith("X").all()
    assert len(good) / len(stated.rows) == pytest.approx(1 / 11, abs=0.02)


def test_numbers_given_out_twice_are_of_two_people():
    stated = state(PEOPLE, SEED, rates=replace(NOTHING_WRONG, issued_twice=0.01))
    assert problems_of(stated).counts()["number of two people"] == pytest.approx(30, abs=2)


def test_nobody_is_named_as_somebody_of_the_same_family_is():
    people = draw_people(20_000, SEED, TODAY, replace(Rates(), sibling=0.4, namesake=0.0, dotted_name=0.0))
    named = np.column_stack([people.head, people.names])
    assert len(np.unique(named, axis=0)) == len(people)

"""Words and numbers of code columns: what each means, what the ID numbers prove, and what may be shown."""

from datetime import date

import pytest
from foreign_layouts import CELLS, make_people
from made_up_rows import id_number

from transforms.columns import texts
from transforms.crosswalk import CodeWord, code_words, known_otherwise

TODAY = date(2026, 11, 20)
PEOPLE = make_people(60)


def column(kind):
    return texts([CELLS[kind](person) or None for person in PEOPLE])


def words_of(cells, field, **more):
    return {word.word: word for word in code_words(texts(cells), field, **more)}


@pytest.mark.parametrize(
    ("kind", "proven"),
    [("sex 12", {"1": "male", "2": "female"}), ("sex 01", {"0": "male", "1": "female"})],
    ids=["as GB/T 2261.1 has it", "as much software has it"],
)
def test_a_bare_one_is_whatever_the_id_numbers_prove(kind, proven):
    known = known_otherwise("sex", {"id_number": column("id")}, today=TODAY)
    words = code_words(column(kind), "sex", known=known)
    assert {word.word: word.proven for word in words} == proven
    assert all(word.code is None and word.share == 1 for word in words)
    assert sum(word.rows for word in words) == len(PEOPLE)


@pytest.mark.parametrize(
    ("rows", "wrong", "proven"),
    [
        pytest.param(20, 0, "male", id="twenty that agree"),
        pytest.param(19, 0, None, id="too few"),
        pytest.param(40, 2, "male", id="95 in a hundred"),
        pytest.param(40, 3, None, id="fewer than that"),
    ],
)
def test_a_proof_needs_twenty_rows_and_19_of_20_that_agree(rows, wrong, proven):
    sexes = texts(["female"] * wrong + ["male"] * (rows - wrong))
    (word,) = code_words(texts(["1"] * rows), "sex", known=sexes)
    assert word.proven == proven


def test_rows_without_a_good_number_prove_nothing():
    known = known_otherwise("sex", {"id_number": texts([id_number()[:17] + "?"] * 30)}, today=TODAY)
    (word,) = code_words(texts(["1"] * 30), "sex", known=known)
    assert (word.times, word.proven, word.rows) == (30, None, 0)


def test_a_certificate_proves_category_and_level():
    cells = {"disability_certificate_number": column("certificate")}
    for field, kind in (("disability_category", "category"), ("disability_level", "level digit")):
        known = known_otherwise(field, cells, today=TODAY)
        proven = [word for word in code_words(column(kind), field, known=known) if word.proven]
        assert all(word.proven == word.code for word in proven)


def test_a_level_counted_from_the_other_end_is_seen():
    turned = texts([str(5 - int(CELLS["level digit"](person))) for person in make_people(200)])
    cells = {"disability_certificate_number": texts([CELLS["certificate"](person) for person in make_people(200)])}
    words = code_words(turned, "disability_level", known=known_otherwise("disability_level", cells, today=TODAY))
    assert {word.word: (word.code, word.proven) for word in words} == {
        "1": ("1", "4"), "2": ("2", "3"), "3": ("3", "2"), "4": ("4", "1"),
    }  # fmt: skip


def test_no_column_proves_an_ability_level():
    assert known_otherwise("ability_level", {"id_number": column("id")}, today=TODAY) is None


def test_words_are_counted_as_they_are_read():
    words = words_of(["男", " 男 ", "男性", "1.0", "1", "1 "], "sex")
    assert {word: (found.times, found.code) for word, found in words.items()} == {
        "男": (2, "male"), "1": (3, None), "男性": (1, "male"),
    }  # fmt: skip


def test_a_sources_own_words_are_known():
    assert words_of(["1", "1", "1"], "sex", own={"1": "male"})["1"].code == "male"


def test_several_categories_in_a_cell_are_several_words():
    words = words_of(["独居、空巢", "独居", "孤寡 独居", "孤寡", "孤寡"], "categories")
    assert {word: (found.times, found.code) for word, found in words.items()} == {
        "独居": (3, "living_alone"), "空巢": (1, "empty_nest"), "孤寡": (3, None),
    }  # fmt: skip


@pytest.mark.parametrize(
    "cells",
    [
        pytest.param(["张三丰", "李四光"], id="a name or two"),
        pytest.param(["13800138000"] * 5, id="a telephone many share"),
        pytest.param(["这是很长的一句话，不会是词表"] * 5, id="a sentence"),
        pytest.param(["张三丰"] * 3 + ["男"] * 9000, id="a name that comes up three times in a long list"),
    ],
)
def test_what_may_be_a_person_is_only_counted(cells):
    words = code_words(texts(cells), "sex")
    assert [word for word in words if word.word is None] == [CodeWord(None, sum(cell != "男" for cell in cells))]
    assert {word.word for word in words} <= {None, "男"}


def test_no_words_of_an_empty_column():
    assert code_words(texts([None, None]), "sex") == []

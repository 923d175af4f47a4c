"""Rows rewritten by decisions: whose they are, what they said themselves, and that neither order nor repetition matters."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.identity_decisions import Links, key_of_number, number_of_key
from schemas.idnumber import check_character, judge_column
from transforms.identity.links import apply_links, is_excluded, is_of_holder

NUMBERS = [body + check_character(body) for body in (f"441421194503{day}{day:02d}7" for day in range(20, 28))]
KEYS = [key_of_number(number) for number in NUMBERS]
COLUMNS = {
    "source": "str", "row_hash": "Int64", "id_key": "Int64", "id_number": "str", "birth_date": "str", "name": "str",
}  # fmt: skip


def table(rows: list[tuple[object, ...]], **columns: str) -> pd.DataFrame:
    cells = zip(*rows, strict=True) if rows else [[] for _ in columns]
    return pd.DataFrame(
        {name: pd.array(list(v), dtype=kind) for (name, kind), v in zip(columns.items(), cells, strict=True)}
    )


def statements(*rows: tuple[object, ...]) -> pd.DataFrame:
    return table(list(rows), **COLUMNS)


def linked(
    numbers: list[tuple[object, ...]] = (), rows: list[tuple[object, ...]] = (), names: list[tuple[object, ...]] = (),  # type: ignore[assignment]
    excluded: list[tuple[object, ...]] = (),  # type: ignore[assignment]
) -> Links:  # fmt: skip
    return Links.none()._replace(
        numbers=table(list(numbers), id_key="Int64", person_key="Int64", number="str"),
        rows=table(list(rows), source="str", row_hash="Int64", person_key="Int64", number="str"),
        names=table(list(names), id_key="Int64", name="str"),
        excluded=table(list(excluded), id_key="Int64", name="str"),
    )


def stated(place: int, name: str = "张三", row_hash: int = 1) -> tuple[object, ...]:
    number = NUMBERS[place]
    return ("a", row_hash, KEYS[place], number, f"{number[6:10]}-{number[10:12]}-{number[12:14]}", name)


ROWS = st.lists(
    st.tuples(
        st.sampled_from("ab"), st.integers(-3, 3), st.sampled_from([None, *KEYS]), st.sampled_from([None, "坏", *NUMBERS]),
        st.sampled_from([None, "1945-03-12"]), st.sampled_from([None, "张三", "李四"]),
    ),
    max_size=12,
).map(lambda rows: statements(*rows))  # fmt: skip
PERSON = st.sampled_from(list(zip(KEYS, NUMBERS, strict=True)))
LINKS = st.builds(
    lambda numbers, rows: linked([(key, *person) for key, person in numbers.items()], [(*row, *person) for row, person in rows.items()]),
    st.dictionaries(st.sampled_from(KEYS), PERSON, max_size=5),
    st.dictionaries(st.tuples(st.sampled_from("ab"), st.integers(-3, 3)), PERSON, max_size=5),
)  # fmt: skip


def plain(rows: pd.DataFrame) -> list[tuple[object, ...]]:
    return [tuple(None if pd.isna(cell) else cell for cell in row) for row in rows.itertuples(index=False, name=None)]


@given(ROWS, LINKS)
def test_doing_it_twice_changes_nothing(rows: pd.DataFrame, links: Links) -> None:
    once = apply_links(rows, links)
    pd.testing.assert_frame_equal(apply_links(once, links), once)


@given(ROWS)
def test_without_a_decision_nothing_changes(rows: pd.DataFrame) -> None:
    same = apply_links(rows, Links.none())
    assert plain(same[list(COLUMNS)]) == plain(rows)
    assert plain(same[["own_key", "own_number"]]) == plain(rows[["id_key", "id_number"]])


@given(ROWS, LINKS, st.randoms(use_true_random=False))
def test_neither_the_order_of_rows_nor_of_decisions_matters(rows: pd.DataFrame, links: Links, random: object) -> None:
    seed = random.getrandbits(32)  # type: ignore[attr-defined]
    order = np.random.default_rng(seed).permutation(len(rows))
    turned = Links(*(frame.iloc[::-1].reset_index(drop=True) for frame in links))
    there = apply_links(rows.iloc[order].reset_index(drop=True), turned)
    assert plain(there) == [plain(apply_links(rows, links))[place] for place in order]


@given(ROWS, LINKS)
def test_what_a_row_said_itself_stays_readable(rows: pd.DataFrame, links: Links) -> None:
    assert plain(apply_links(rows, links)[["own_number"]]) == plain(rows[["id_number"]])


def test_rows_of_a_merged_number_are_the_persons_with_number_and_birth_date() -> None:
    found = apply_links(statements(stated(0), stated(1), stated(2)), linked([(KEYS[1], KEYS[0], NUMBERS[3])]))
    assert found["id_key"].tolist() == [KEYS[0], KEYS[0], KEYS[2]]
    assert found["id_number"].tolist() == [NUMBERS[0], NUMBERS[3], NUMBERS[2]]
    assert found["birth_date"].iloc[1].replace("-", "") == NUMBERS[3][6:14]
    assert found["own_key"].tolist() == KEYS[:3]


@pytest.mark.parametrize("key", [None, KEYS[4]], ids=["not admitted yet", "admitted before"])
def test_a_damaged_row_is_the_persons_and_has_no_key_of_its_own(key: int | None) -> None:
    row = ("a", 7, key, "441421194503120000", "1945-03-12", "张三")
    other = ("b", 7, None, "441421194503120000", None, "张三")
    found = apply_links(statements(row, other), linked(rows=[("a", 7, KEYS[4], NUMBERS[4])]))
    assert plain(found[["id_key", "id_number", "own_key", "own_number"]]) == [
        (KEYS[4], NUMBERS[4], None, "441421194503120000"), (None, "441421194503120000", None, "441421194503120000"),
    ]  # fmt: skip


def test_an_excluded_name_counts_under_the_number_a_row_states_and_a_holders_under_the_person() -> None:
    links = linked([(KEYS[1], KEYS[0], NUMBERS[0])], names=[(KEYS[0], "李四")], excluded=[(KEYS[1], "张三")])
    rows = apply_links(statements(stated(0, "张三"), stated(1, "张三"), stated(1, "李四"), stated(2, "李四")), links)
    assert is_excluded(rows, links).tolist() == [False, True, False, False]
    assert is_of_holder(rows, links).tolist() == [False, False, True, False]


@given(st.integers(0, 10**17 - 1).map(lambda body: f"{body:017d}"))
def test_a_key_is_a_number_and_the_other_way_round(body: str) -> None:
    number = body + check_character(body)
    assert number_of_key(key_of_number(number)) == number


def test_a_key_is_that_of_a_column_of_numbers() -> None:
    from datetime import date

    judged = judge_column(pd.Series(NUMBERS, dtype="str"), np.zeros(len(NUMBERS), dtype=bool), today=date(2024, 6, 30))
    assert [key for key in judged.key.tolist() if key > 0] == [
        key for key, fault in zip(KEYS, judged.fault, strict=True) if pd.isna(fault)
    ]
    with pytest.raises(ValueError, match="no ID number"):
        number_of_key(KEYS[0] + 1)

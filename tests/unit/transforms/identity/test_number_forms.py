from datetime import date

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_up_statements import number, with_check

from transforms.identity.number_forms import (
    FAR,
    FIRST_15,
    NOTHING,
    OFF_1,
    OFF_2,
    TRANSPOSED,
    NumberForms,
    plain_numbers,
)

WHOLE = number(date(1940, 5, 16), 122)


def forms(*numbers: str) -> NumberForms:
    return NumberForms.of(pa.array(numbers, pa.large_string()))


def nearness(written: str) -> int:
    return int(forms(written, WHOLE).nearness(np.array([0]), np.array([1]))[0])


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (WHOLE[:9] + "7" + WHOLE[10:], OFF_1),
        (WHOLE[:17] + ("0" if WHOLE[17] != "0" else "1"), OFF_1),
        (WHOLE[:9] + WHOLE[10:], OFF_1),
        (WHOLE[:9] + WHOLE[9] + WHOLE[9:], OFF_1),
        (with_check(WHOLE[:16] + str((int(WHOLE[16]) + 2) % 10)), OFF_2),
        (WHOLE[:8] + "99" + WHOLE[10:], OFF_2),
        (WHOLE[:8] + "7" + WHOLE[10:], OFF_2),
        (WHOLE[:11] + WHOLE[12] + WHOLE[11] + WHOLE[13:], TRANSPOSED),
        (with_check(WHOLE[:11] + WHOLE[12] + WHOLE[11] + WHOLE[13:17]), TRANSPOSED),
        (WHOLE[:15] + "000", FIRST_15),
        (WHOLE[:15], FIRST_15),
        (WHOLE[:15] + "99", FIRST_15),
        (WHOLE[:6] + WHOLE[8:17], OFF_1),
        (WHOLE[:6] + "9" + WHOLE[9:17], OFF_1),
        (WHOLE[:6] + WHOLE[9] + WHOLE[8] + WHOLE[10:17], TRANSPOSED),
        (number(date(1951, 7, 28), 345), FAR),
        ("441421", NOTHING),
        ("", NOTHING),
    ],
    ids=["a digit", "the check character", "one missing", "one doubled", "order and check", "two digits", "one wrong, one missing",
         "turned", "turned, and the check fits", "zeros of a spreadsheet", "first fifteen", "seventeen, the last two wrong",
         "old form", "old form, a digit wrong", "old form, turned", "another", "six digits", "nothing"],
)  # fmt: skip
def test_how_near_a_written_number_is(written, expected):
    assert nearness(written) == expected


def edits(one: str, other: str) -> int:
    """Levenshtein's distance, in plain Python."""
    row = list(range(len(other) + 1))
    for place, mine in enumerate(one, 1):
        before, row[0] = row[0], place
        for at, theirs in enumerate(other, 1):
            before, row[at] = row[at], min(before + (mine != theirs), row[at] + 1, row[at - 1] + 1)
    return row[-1]


@given(st.lists(st.tuples(st.sampled_from(["drop", "double", "change"]), st.integers(0, 16)), max_size=3))
def test_the_distance_of_numbers_of_other_lengths_is_levenshteins(changes):
    written = WHOLE
    for change, place in changes:
        middle = {"drop": "", "double": written[place : place + 1] * 2, "change": "7"}[change]
        written = written[:place] + middle + written[place + 1 :]
    if len(written) not in {16, 17, 19, 20}:
        return
    expected = {1: OFF_1, 2: OFF_2}.get(edits(written, WHOLE))
    if expected is None:
        expected = FIRST_15 if written[:15] == WHOLE[:15] else FAR
    assert nearness(written) == expected


def readings(written: str) -> set[tuple[int, int, int]]:
    found = forms(written).readings()
    return set(zip(found.region.tolist(), found.birth.tolist(), found.order.tolist(), strict=True))


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (WHOLE, {(441421, 19400516, 122)}),
        (WHOLE[:6] + WHOLE[8:17], {(441421, -1, -1), (441421, 19400516, 122)}),
        (WHOLE[:15], {(441421, 19400516, -1), (441421, -1, 161)}),
        (WHOLE[:4] + WHOLE[5:], {(441411, -1, int(WHOLE[15:])), (441411, 19400516, 122)}),
        ("441421", {(441421, -1, -1)}),
        ("4414", {(-1, -1, -1)}),
    ],
    ids=["whole", "fifteen digits", "first fifteen", "one missing in front", "region", "less"],
)
def test_what_can_still_be_read_of_a_number(written, expected):
    assert readings(written) == expected


@pytest.mark.parametrize(
    ("cell", "plain"),
    [
        ("4.41422E+17", "441422"),
        ("4.4142119400516E+17", "44142119400516"),
        ("441421194005161000.0", "441421194005161000"),
        ("４４１４２１ 19400516 122x", "44142119400516122X"),
        (None, None),
    ],
    ids=["exponent", "long exponent", "point and zero", "width and blanks", "missing"],
)
def test_numbers_of_spreadsheets_become_plain(cell, plain):
    assert plain_numbers(pa.array([cell], pa.large_string())).to_pylist() == [plain]


def test_whole_numbers_have_the_key_that_the_registry_gives_them():
    assert forms(WHOLE, WHOLE[:17], "44142119400516122A").whole_keys().tolist() == [
        int(WHOLE[:17]) * 11 + "0123456789X".index(WHOLE[17]), -1, -1,
    ]  # fmt: skip

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.idnumber import check_character
from transforms.columns import texts
from transforms.signatures import signature_of, surviving_digits

FIRST = st.integers(11010519000101000, 65999920231231999).map(str)
NUMBERS = FIRST.map(lambda first: first + check_character(first))


def counted(cells, numbers=()):
    return signature_of(texts(cells), np.isin(np.arange(len(cells)), list(numbers)))


def number(serial, *, end=None):
    """The first valid number from a serial on, if wanted one with a certain last character."""
    while True:
        first = f"4414211945{serial:07d}"
        if end in {None, check_character(first)}:
            return first + check_character(first)
        serial += 1


def numbers(count, *, end=None):
    return [number(103120 + 20 * n, end=end) for n in range(count)]


def without_x(cells):
    return [cell for cell in cells if not cell.endswith("X")]


@given(st.lists(NUMBERS, min_size=5, max_size=40))
def test_a_column_typed_into_numeric_cells_is_told_by_its_numbers_ending_x(people):
    stored = [cell if cell.endswith("X") else cell[:15] + "000" for cell in people]
    damaged = sum(not cell.endswith("X") for cell in people)
    signature = counted(stored)
    assert signature.total == len(people)
    assert signature.ending_000 == damaged
    assert signature.intact == signature.intact_ending_x == len(people) - damaged
    assert signature.is_typed_as_numbers == (damaged >= 5)


@pytest.mark.parametrize(
    ("cells", "stored", "is_typed"),
    [
        ([*["441421194503120000"] * 4, number(103120, end="X")], [], False),
        ([*["441421194503120000"] * 5, number(103120, end="X")], [], True),
        ([*["441421194503120000"] * 5, without_x(numbers(30))[0]], [], False),
        (["441421194503121024"] * 5, range(5), True),
        (["4.41421E+17"] * 5, [], True),
        ([" '４４１４２１１９４５０３１２００００ "] * 5, [], True),
        (numbers(30), [], False),
        ([None, "", "不详"], [], False),
        ([], [], False),
    ],
    ids=["four", "five", "one intact", "numeric cells", "exponents", "full width", "intact", "nothing", "no rows"],
)
def test_five_damaged_and_none_intact_but_those_ending_x_make_a_column_typed_as_numbers(cells, stored, is_typed):
    assert counted(cells, stored).is_typed_as_numbers is is_typed


@given(st.lists(FIRST, min_size=20, max_size=40))
def test_a_column_that_went_through_floating_point_is_told_by_its_multiples(firsts):
    rounded = [str(int(float(f"{first}{number % 10}"))) for number, first in enumerate(firsts)]
    signature = counted(rounded)
    assert signature.digits == signature.multiples == len(firsts)
    assert signature.is_rounded
    assert not counted(rounded[:19]).is_rounded


@given(st.lists(NUMBERS, min_size=20, max_size=40, unique=True))
def test_a_column_of_real_numbers_went_through_nothing(people):
    signature = counted(people)
    assert not signature.is_rounded
    assert not signature.is_typed_as_numbers


def test_one_number_that_is_no_multiple_clears_the_column():
    rounded = [str(int(float(cell))) for cell in without_x(numbers(60))[:30]]
    assert counted(rounded).is_rounded
    assert not counted([*rounded, without_x(numbers(60))[31]]).is_rounded


@given(NUMBERS.filter(lambda cell: not cell.endswith("X")))
def test_what_a_spreadsheet_kept_of_a_number_is_found_in_all_it_writes(cell):
    kept = float(cell[:15] + "000")
    assert surviving_digits(str(int(kept))) == cell[:15]
    assert surviving_digits(f"{kept:.14E}") == cell[:15]
    assert cell.startswith(surviving_digits(f"{float(cell[:6] + '0' * 12):.5E}"))


@given(NUMBERS.filter(lambda cell: not cell.endswith("X")), st.sampled_from(["41", "23", "11"]))
def test_what_a_spreadsheet_kept_of_a_certificate_is_its_first_fifteen_digits(cell, kind):
    kept = float((cell + kind)[:15] + "00000")
    assert surviving_digits(str(int(kept))) == cell[:15]


@pytest.mark.parametrize("text", ["", "张三", "44142119450312001X", "12345", "1.5", "E+17", "4,4E+17"])
def test_of_a_text_that_was_no_long_number_nothing_is_left(text):
    assert surviving_digits(text) is None

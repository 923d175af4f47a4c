"""The checks in the blank list are the rules the list is judged by, told by working out their formulas."""

import re
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.templates.cell_checks import (
    amount_check,
    certificate_check,
    date_check,
    hint,
    id_number_check,
    phone_check,
    word_check,
)
from schemas.certificate import judge_certificate
from schemas.codes import CODE_LISTS
from schemas.idnumber import check_character, judge

TODAY = date(2025, 6, 30)


class Error:
    """A spreadsheet's error: whatever is done with it but asking whether it is a number fails."""

    def __neg__(self):
        return self


class Text(str):
    """A cell's text, which a spreadsheet turns into a number where one is needed."""

    __slots__ = ()
    __hash__ = str.__hash__

    def number(self):
        if day := re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)", self):
            return float(date(*map(int, day.groups())).toordinal())
        return float(self)

    def __neg__(self):
        try:
            return -self.number()
        except ValueError:
            return Error()

    def __mul__(self, other):
        return self.number() * other

    def __sub__(self, other):
        return self.number() - other


def mid(text, start, length):
    if isinstance(start, np.ndarray):
        return np.array([Text(text[place - 1 : place - 1 + length]) for place in start], dtype=object)
    return Text(text[int(start) - 1 : int(start) - 1 + length])


FUNCTIONS = {
    "AND": lambda *values: all(values), "OR": lambda *values: any(values), "LEN": len, "ABS": abs, "MID": mid,
    "MOD": lambda number, by: number % by, "SUMPRODUCT": np.sum, "ROW": lambda rows: rows,
    "INDIRECT": lambda rows: np.arange(int(rows.split(":")[0]), int(rows.split(":")[1]) + 1),
    "UPPER": lambda text: Text(text.upper()), "LEFT": lambda text: Text(text[:1]), "RIGHT": lambda text: Text(text[-1:]),
    "TEXT": lambda text, _: Text(f"{int(text):08d}"[:4] + "-" + f"{int(text):08d}"[4:6] + "-" + f"{int(text):08d}"[6:]),
    "TODAY": TODAY.toordinal, "ISNUMBER": lambda value: isinstance(value, float),
    "SUBSTITUTE": lambda text, old, new: Text(text.replace(old, new)),
    "FIND": lambda word, text: float(text.index(word)) if word in text else Error(),
}  # fmt: skip


def accepts(check, text):
    """Whether a check lets a text pass; a formula that ends in an error does not."""
    formula = re.sub(r"(?<![<>])=", "==", check["value"].removeprefix("=").replace("^", "**"))
    try:
        return bool(eval(formula, {"__builtins__": {}, **FUNCTIONS, "C3": Text(text)}))  # noqa: S307
    except (ValueError, TypeError):
        return False


BODIES = st.builds(
    lambda region, born, order: f"{region}{born:%Y%m%d}{order:03d}",
    st.integers(110000, 990000),
    st.dates(date(1900, 3, 1), date(2030, 1, 1)),
    st.integers(0, 999),
)
NUMBERS = BODIES.map(lambda body: body + check_character(body))


@given(NUMBERS, st.integers(0, 17), st.sampled_from("0123456789Xx"))
def test_the_check_of_an_id_number_is_the_registrys_own(number, place, sign):
    for text in (number, number[:place] + sign + number[place + 1 :], number[:-1], number + "0"):
        if text[0] == "0" or text.endswith("000"):
            continue  # numbers a spreadsheet damaged are told by other means
        judged = judge(text, today=TODAY)
        assert accepts(id_number_check("C3"), text) == (len(text) == 18 and judged.id_number == text.upper())


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        ("11010519491231002X", True), ("11010519491231002x", True), ("441421194503120018", True), ("810000195001010010", True),
        ("911124198103030017", True), ("441421194503120019", False), ("441403194902290011", False), ("44142119450312001", False),
        ("护照E1234567", False), ("", False),
    ],
)  # fmt: skip
def test_known_numbers_pass_or_do_not(text, passes):
    assert accepts(id_number_check("C3"), text) == passes


@given(NUMBERS, st.integers(0, 9), st.integers(0, 9), st.sampled_from(["", "B1", "B", "C1", "1"]))
def test_the_check_of_a_certificate_is_the_registrys_own(number, category, level, end):
    text = f"{number}{category}{level}{end}"
    if judge(number, today=TODAY).id_number and not number.endswith("000"):
        assert accepts(certificate_check("C3"), text) == judge_certificate(text, today=TODAY).is_well_formed


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        ("13800138000", True), ("0753-2561234", True), ("07532561234", True), ("020-12345678", True),
        ("13800138000/0753-2561234", True), ("13800138000、13900139000", True), ("1380013800", False), ("2561234", False),
        ("138001380000", False), ("12800138000", False), ("0753-535354", False), ("一三八", False),
    ],
)  # fmt: skip
def test_telephones_pass_by_their_shape(text, passes):
    assert accepts(phone_check("C3"), text) == passes


@pytest.mark.parametrize("check", [id_number_check, certificate_check, phone_check])
def test_a_formula_is_one_that_spreadsheets_take(check):
    made = check("AB2001")
    assert len(made["value"]) <= 255
    assert "{" not in made["value"]
    assert "!" not in made["value"]
    # A range outside quotes would grow when somebody inserts a row.
    assert ":" not in re.sub('"[^"]*"', "", made["value"])


def test_every_check_warns_and_says_what_is_expected():
    checks = [
        id_number_check("A1"), certificate_check("A1"), phone_check("A1"), date_check(), amount_check(), word_check(("是",), "安全"),
    ]  # fmt: skip
    for check in checks:
        assert check["error_type"] == "warning"
        assert len(check["error_title"]) <= 32
        assert 0 < len(check["error_message"]) <= 255
    assert "error_type" not in hint("对象类型", "独居")


def test_every_drop_down_is_short_enough():
    for words in CODE_LISTS.values():
        assert len(",".join(words.values())) <= 255

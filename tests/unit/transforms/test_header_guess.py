"""Which field a column is: by header, by content, by both; and what is left to a person."""

from collections import defaultdict
from datetime import date

import pytest
from foreign_layouts import CELLS, LAYOUTS, Layout, make_people, rows_of
from hypothesis import given
from hypothesis import strategies as st
from made_up_rows import CONFIGURATION, FEWER

from connectors.reading.grid import column_letter
from connectors.reading.layouts.header import normal_header
from schemas.column_guess import ColumnGuess, Confidence, Reason
from schemas.fields import FIELDS, STATED_FIELDS
from transforms.column_content import content_of, place_levels
from transforms.columns import texts
from transforms.header_guess import SampleColumn, guess_columns
from transforms.header_meaning import HeaderWords
from transforms.header_words import USUAL_WORDS

TODAY = date(2026, 11, 20)
PEOPLE = make_people(60)
PLACES = place_levels(CONFIGURATION.divisions)


def header_words(source: str | None = None) -> HeaderWords:
    others = defaultdict(set)
    for one in CONFIGURATION.sources.values():
        for field, headers in one.main.columns.items():
            for header in headers:
                others[normal_header(header)].add(field)
    own = CONFIGURATION.sources[source].main.columns if source else {}
    return HeaderWords(
        own={normal_header(header): field for field, headers in own.items() for header in headers},
        others={word: frozenset(fields) for word, fields in others.items()},
        labels={normal_header(FIELDS[field].label): field for field in STATED_FIELDS},
    )


WORDS = header_words()


def columns_of(layout: Layout, rows: list[list[str]]) -> list[SampleColumn]:
    return [
        SampleColumn(column_letter(place), header, normal_header(header), texts([row[place] or None for row in rows]))
        for place, (header, _, _) in enumerate(layout)
    ]


def guessed(layout: Layout, words: HeaderWords = WORDS, count: int = 60, **given: str) -> list[ColumnGuess]:
    columns = columns_of(layout, rows_of(layout, PEOPLE[:count]))
    return guess_columns(columns, words, PLACES, today=TODAY, given={letter: field for field, letter in given.items()})


def one(header: str, kind: str, *others: tuple[str, str], source: str | None = None) -> ColumnGuess:
    """The guess of a column among others."""
    layout: Layout = [(header, None, kind), *((other, None, cells) for other, cells in others)]
    return guessed(layout, header_words(source))[0]


@pytest.mark.parametrize("name", LAYOUTS)
def test_columns_of_foreign_lists_are_told(name):
    layout = LAYOUTS[name]
    told = {guess.header: guess.field for guess in guessed(layout)}
    assert told == {header: field for header, field, _ in layout}


def test_the_foreign_lists_are_many_and_none_of_their_columns_is_taken_for_another():
    wrong = [
        (name, header)
        for name, layout in LAYOUTS.items()
        for (header, field, _), guess in zip(layout, guessed(layout), strict=True)
        if guess.field not in {field, None}
    ]
    assert len(LAYOUTS) >= 12
    assert wrong == []


@given(st.sampled_from(sorted(LAYOUTS)), st.randoms())
@FEWER
def test_the_order_of_columns_makes_no_difference(name, chance):
    layout = list(LAYOUTS[name])
    before = {guess.header: guess.field for guess in guessed(layout, count=20)}
    chance.shuffle(layout)
    assert {guess.header: guess.field for guess in guessed(layout, count=20)} == before


@given(st.sampled_from(sorted(LAYOUTS)))
@FEWER
def test_no_field_is_given_to_two_columns(name):
    layout = [*LAYOUTS[name], *((f"{header}2", None, kind) for header, _, kind in LAYOUTS[name])]
    fields = [guess.field for guess in guessed(layout, count=20) if guess.field]
    assert len(fields) == len(set(fields))


def test_a_header_of_the_source_itself_is_certain():
    guess = one("身份证号", "id", source="health_incapacity")
    assert (guess.field, guess.confidence) == ("id_number", Confidence.CERTAIN)
    assert guess.reasons == (Reason.ALIAS,)


def test_a_header_of_the_source_stays_certain_where_its_content_differs_and_that_is_said():
    guess = one("联系电话", "address", source="health_incapacity")
    assert (guess.field, guess.confidence) == ("phone", Confidence.CERTAIN)
    assert Reason.CONTENT_DIFFERS in guess.reasons


@pytest.mark.parametrize(
    ("header", "kind", "field", "confidence"),
    [
        pytest.param("证件号", "id", "id_number", Confidence.HIGH, id="header of another source, content agrees"),
        pytest.param("有效证件号码", "id", "id_number", Confidence.HIGH, id="usual word and telling content"),
        pytest.param("残疾人证号", "empty", "disability_certificate_number", Confidence.HIGH, id="label, nothing below"),
        pytest.param("评估单位", "organisation", "ability_assessor", Confidence.MEDIUM, id="usual word"),
        pytest.param("评估机构名", "organisation", "ability_assessor", Confidence.MEDIUM, id="similar header"),
        pytest.param("评估日期时间", "date", None, Confidence.NONE, id="not similar enough"),
        pytest.param("号码", "id", "id_number", Confidence.MEDIUM, id="content alone"),
        pytest.param("证件号", "certificate", "disability_certificate_number", Confidence.MEDIUM, id="the other document"),
        pytest.param("联系电话", "masked phone", None, Confidence.NONE, id="content contradicts"),
        pytest.param("对象类别", "family type", None, Confidence.NONE, id="words of another code list"),
        pytest.param("建档立卡日期", "date", None, Confidence.NONE, id="another register's date"),
        pytest.param("身份证有效期至", "date", None, Confidence.NONE, id="another document's date"),
        pytest.param("养老保险编号", "serial", None, Confidence.NONE, id="a number, not an amount"),
    ],
)  # fmt: skip
def test_how_sure_a_column_is(header, kind, field, confidence):
    guess = one(header, kind)
    assert (guess.field, guess.confidence) == (field, confidence)


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        pytest.param("户主身份证号", "id", id="head of the household"),
        pytest.param("子女姓名", "other name", id="child"),
        pytest.param("经办人电话", "phone", id="official"),
        pytest.param("家属联系电话", "phone", id="family"),
        pytest.param("配偶联系电话", "phone", id="spouse, for whom there is no such field"),
        pytest.param("银行账号", "serial", id="account"),
    ],
)
def test_what_is_another_persons_is_never_the_elders(header, kind):
    assert one(header, kind).field is None


def test_two_columns_that_only_look_alike_are_left_to_a_person():
    guesses = guessed([("甲", None, "id"), ("乙", None, "spouse id")])
    assert [(guess.field, guess.reasons, guess.candidates) for guess in guesses] == [
        (None, (Reason.SEVERAL_COLUMNS,), ("id_number",))
    ] * 2


def test_of_two_headers_of_one_field_the_one_whose_content_agrees_is_it():
    guesses = guessed([("身份证号", None, "id"), ("证件号码", None, "words")])
    assert [guess.field for guess in guesses] == ["id_number", None]


def test_places_without_a_word_on_whose_they_are_have_candidates():
    guess = one("街道", "town")
    assert (guess.field, guess.candidates) == (None, ("household_town", "residence_town"))
    assert guess.reasons == (Reason.PLACE_UNCLEAR,)


def test_what_a_person_decided_goes_before_any_guess():
    guesses = guessed([("甲", None, "id"), ("乙", None, "spouse id")], id_number="A", spouse_id_number="B")
    assert [(guess.field, guess.confidence) for guess in guesses] == [
        ("id_number", Confidence.CERTAIN), ("spouse_id_number", Confidence.CERTAIN),
    ]  # fmt: skip


def test_sex_in_numbers_is_told_by_the_id_numbers():
    guess = one("类", "sex 01", ("身份证号", "id"))
    assert (guess.field, guess.reasons) == ("sex", (Reason.CONTENT,))


def test_a_date_is_the_birth_date_where_it_is_the_one_in_the_id_number():
    assert one("甲", "born compact", ("身份证号", "id")).field == "birth_date"
    assert one("甲", "date", ("身份证号", "id")).field is None


def test_id_numbers_ruined_by_a_spreadsheet_are_still_seen_to_be_id_numbers():
    cells = texts([f"{person.number[:15]}000" for person in PEOPLE])
    guess, *_ = guess_columns([SampleColumn("A", "甲", "甲", cells)], WORDS, PLACES, today=TODAY)
    assert guess.field == "id_number"


def test_a_list_without_rows_is_told_by_its_headers_alone():
    layout: Layout = [("姓名", None, "name"), ("甲", None, "id"), ("身份证号", None, "id")]
    assert [guess.field for guess in guessed(layout, count=0)] == ["name", None, "id_number"]


def test_a_column_without_a_header_cannot_be_agreed_on():
    assert one("", "id").reasons == (Reason.NO_HEADER,)


def test_no_usual_word_stands_for_two_fields():
    owners = defaultdict(set)
    for field, words in USUAL_WORDS.items():
        for word in words:
            owners[word].add(field)
            assert word == normal_header(word)
    assert [word for word, fields in owners.items() if len(fields) > 1] == []


@pytest.mark.parametrize(
    ("kind", "look"),
    [("id", "id_number"), ("certificate", "certificate"), ("phone", "phone"), ("born", "date"), ("born month", "month"),
     ("sex", "sex"), ("types", "category"), ("category", "disability_category"), ("county", "county"), ("town", "town"),
     ("village", "village"), ("address", "address"), ("name", "name"), ("money", "amount")],
)  # fmt: skip
def test_cells_look_like_what_they_are(kind, look):
    content = content_of(texts([CELLS[kind](person) for person in PEOPLE]), PLACES, today=TODAY)
    assert content.shares.get(look, 0) >= 0.9
    assert content.filled == 1


def test_words_of_code_lists_do_not_look_like_names():
    cells = texts(["肢体", "精神", "视力", "独居", "空巢", "正常"])
    assert content_of(cells, PLACES, today=TODAY).shares.get("name", 0) == 0

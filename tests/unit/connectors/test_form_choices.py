"""Boxes and ticks: what is certain is read, what is not is said to be unclear, and never the other way round."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.reading.forms.choices import CELL_END, has_marks, read_choices
from connectors.reading.forms.tick_marks import in_plain_characters, symbol

WORDS = ("独居", "空巢", "留守", "失能", "重残", "计划生育特殊家庭")
PATTERN = re.compile("(?:" + "|".join(WORDS) + ")(?:老年人)?")


def ticked(text):
    choices = read_choices(text, PATTERN)
    return [option.text.removesuffix("老年人") for option in choices.ticked] if choices.is_clear else "unclear"


@pytest.mark.parametrize("empty", ["□", "☐", "○", "( )", "（　）", "[ ]", "【 】", "\uf0a8", "\uf06f"])
@pytest.mark.parametrize(
    "full",
    ["☑", "■", "√", "✓", "✔", "☒", "●", "[√]", "（√）", "[x]", "□√", "√□", "\uf0fe", "\uf052", "✅"],
)
@pytest.mark.parametrize("side", ["before", "after"])
def test_every_way_to_tick_is_read_on_both_sides(empty, full, side):
    marks = [full if word in {"空巢", "重残"} else empty for word in WORDS]
    pairs = [
        f"{mark}{word}老年人" if side == "before" else f"{word}老年人{mark}"
        for mark, word in zip(marks, WORDS, strict=True)
    ]
    assert ticked(" ".join(pairs)) == ["空巢", "重残"]


def test_a_box_typed_as_the_character_for_mouth_is_one_only_before_a_word_of_the_form():
    assert ticked("口独居老年人 √空巢老年人 口留守老年人") == ["空巢"]
    assert not has_marks("松口镇 丙村镇口")


@pytest.mark.parametrize(
    ("text", "chosen"),
    [
        pytest.param("□独居√ □空巢 □留守", ["独居"], id="tick behind a word that has its box before"),
        pytest.param("√ □独居 □空巢 □留守", ["独居"], id="tick before the first box"),
        pytest.param("□√独居□空巢□留守", ["独居"], id="tick beside its box, no blanks"),
        pytest.param("√独居 空巢 留守", ["独居"], id="tick alone before its word"),
        pytest.param("独居 空巢√ 留守", ["空巢"], id="tick alone behind its word"),
        pytest.param("独居\n空巢 √\n留守", ["空巢"], id="a line end is farther than a blank"),
        pytest.param("√独居√空巢√留守", ["独居", "空巢", "留守"], id="all of them, no blanks"),
        pytest.param(CELL_END.join(["□", "独居", "☑", "空巢"]), ["空巢"], id="boxes in cells of their own"),
        pytest.param("×独居 √空巢 ×留守", ["空巢"], id="crosses beside ticks mean no"),
        pytest.param("☒独居 □空巢 □留守", ["独居"], id="Word's crossed box means yes"),
        pytest.param("□独居 ☑低保 □空巢", ["低保"], id="a word of somebody's own has its own box"),
        pytest.param("独居□ 低保☑ 空巢□", ["低保"], id="the same with boxes behind"),
        pytest.param("□独居 □空巢 □留守", [], id="nothing"),
        # What cannot be told
        pytest.param("□独居√□空巢 □留守", "unclear", id="a tick between two words, touching both"),
        pytest.param("□独居 √ □空巢 □留守", "unclear", id="a tick between two words, as far from both"),
        pytest.param("独居 √ 空巢", "unclear", id="the same without boxes"),
        pytest.param("×独居 空巢 留守", "unclear", id="a cross alone may mean either"),
        pytest.param("☒独居 ☑空巢 □留守", "unclear", id="a crossed box beside a ticked one"),
        pytest.param("☑×独居 □空巢", "unclear", id="ticked and crossed out"),
        pytest.param("\ufffc独居 □空巢", "unclear", id="a control whose state is not known"),
        pytest.param("\uf021独居 □空巢", "unclear", id="a sign nobody knows"),
    ],
)  # fmt: skip
def test_ticks_go_to_their_words_or_are_unclear(text, chosen):
    assert ticked(text) == chosen


def test_what_is_written_behind_a_word_belongs_to_it():
    options = read_choices("□独居 ☑重残(残疾人证号: 12) □空巢", PATTERN).options
    assert [option.tail for option in options] == ["", "(残疾人证号: 12)", ""]


def test_words_without_any_mark_are_neither_ticked_nor_not():
    assert [option.is_ticked for option in read_choices("独居、空巢", PATTERN).options] == [None, None]
    assert not has_marks("独居、空巢")


@given(st.sets(st.sampled_from(WORDS)), st.booleans(), st.sampled_from(["", " ", "  ", "\n", CELL_END]), st.data())
def test_a_form_with_a_box_for_each_word_reads_what_was_ticked(chosen, is_before, gap, data):
    pairs = []
    for word in WORDS:
        mark = data.draw(st.sampled_from("☑√✓■" if word in chosen else "□☐"))
        pairs.append(f"{mark}{word}" if is_before else f"{word}{mark}")
    assert ticked(gap.join(pairs)) == [word for word in WORDS if word in chosen]


@given(st.text(st.sampled_from("□☑√×☒ 独居空巢\n口(注)" + CELL_END), max_size=30))
def test_no_text_breaks_it_and_a_tick_is_never_given_to_two_words(text):
    choices = read_choices(text, PATTERN)
    assert len(choices.ticked) <= sum(text.count(tick) for tick in "☑√☒")


@pytest.mark.parametrize(
    ("font", "code", "shown"),
    [
        ("Wingdings", 0xF0FE, "☑"), ("Wingdings", 0xFE, "☑"), ("Wingdings", 0xF052, "☑"), ("Wingdings", 0xF0A8, "□"),
        ("Wingdings", 0xF06F, "□"), ("Wingdings", 0xF0FD, "☒"), ("Wingdings 2", 0xF052, "☑"), ("Wingdings 2", 0xA3, "□"),
        ("Wingdings 2", 0x50, "✓"), ("Wingdings 2", 0xA8, "▣"), ("Wingdings", 0x4A, "\uf04a"),
    ],
)  # fmt: skip
def test_symbols_are_what_their_font_shows(font, code, shown):
    assert symbol(font, code) == shown


def test_symbols_that_lost_their_font_are_read_where_they_can_be_nothing_else():
    assert in_plain_characters("\uf0fe\uf0a8\uf04a") == "☑□\uf04a"

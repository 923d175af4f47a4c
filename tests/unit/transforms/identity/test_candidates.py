from datetime import date
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up_statements import ELSEWHERE, MEI, RULES, SAME_TOWN, everybody, key, number, statements

from schemas.identity_cases import CaseKind, CaseReason
from transforms.identity.candidates import PAIR_COLUMNS, find_pairs
from transforms.identity.entities import gather
from transforms.identity.scores import reason_texts, score, signs_of, sound_counts

FEWER = settings(max_examples=25)
WHOLE = MEI["id_number"]
OTHER = number(date(1951, 7, 28), 345, "441402")
AWAY = {
    "household_division_code": ELSEWHERE, "residence_division_code": ELSEWHERE, "household_village": "桥市村委会",
    "residence_village": "桥市村委会",
}  # fmt: skip
NEARBY = {
    "household_division_code": SAME_TOWN, "residence_division_code": SAME_TOWN, "household_village": "所里村委会",
    "residence_village": "所里村委会",
}  # fmt: skip
NOWHERE = dict.fromkeys(AWAY)
PHONE = {"phone": "13900000001"}


def found(*rows, numeric=()):
    """Kind and reasons of all that is asked about some rows."""
    table = statements(rows, numeric)
    pairs = find_pairs(table, everybody(table), RULES).frame
    return list(zip(pairs["kind"].str.slice(0, 4), pairs["reasons"], strict=True))


# One row each against the woman everybody is compared with: what is asked about two valid numbers.
TWO_NUMBERS = {
    "near number": ({"id_number": number(order=124)}, "same_name|same_birth_date|same_village|number_off_2"),
    "number turned, check fitted": (
        {"id_number": number(order=212)}, "same_name|same_birth_date|same_village|number_transposed",
    ),
    "issued anew elsewhere, same village": (
        {"id_number": number(order=345, region="442421")}, "same_name|same_birth_date|same_village",
    ),
    "issued anew, same town": (
        {"id_number": number(order=345, region="442421"), **NEARBY}, "same_name|same_birth_date|same_town",
    ),
    "name by ear, same village": (
        {"id_number": number(order=345, region="442421"), "name": "章玉媒"}, "same_sound|same_birth_date|same_village",
    ),
    "traditional name": (
        {"id_number": number(order=345, region="442421"), "name": "張玉梅"}, "variant_name|same_birth_date|same_village",
    ),
    "region corrected, moved away": ({"id_number": number(region="441402"), **AWAY}, "same_name|same_birth_date"),
    "day and month turned": (
        {"id_number": number(date(1940, 8, 5), 345)}, "same_name|birth_date_transposed|same_village",
    ),
    "another birth date, same telephone": (
        {"id_number": OTHER, **PHONE}, "same_name|same_village|same_phone",
    ),
    "same contact": (
        {"id_number": number(order=345, region="442421"), **AWAY, "emergency_contact_phone": "13900000001"},
        "same_name|same_birth_date|same_person_contact",
    ),
    "certificate with the other's number": (
        {"id_number": OTHER, **AWAY, "disability_certificate_number": WHOLE + "41"}, "same_name|certificate_number",
    ),
}  # fmt: skip
FIRST_ROW = {
    "day and month turned": {"id_number": number(date(1940, 5, 8))},
    "another birth date, same telephone": PHONE,
    "same contact": {"emergency_contact_phone": "13900000001"},
}


@pytest.mark.parametrize("case", TWO_NUMBERS)
def test_two_numbers_of_one_person_are_asked_about(case):
    row, reasons = TWO_NUMBERS[case]
    assert found(FIRST_ROW.get(case, {}), row) == [("same", reasons)]


NOT_ASKED = {
    "twins": [{"name": "张玉梅"}, {"name": "张玉兰", "id_number": number(order=124)}],
    "twins with one telephone": [PHONE, {"name": "张玉兰", "id_number": number(order=124), **PHONE}],
    "a couple with near numbers": [
        {"name": "王国强", **PHONE}, {"name": "李秀英", "id_number": number(date(1940, 5, 17), 122), **PHONE},
    ],
    "one name in one village, other years": [{}, {"id_number": number(date(1947, 5, 16), 345)}],
    "one name in one village, the year after": [{}, {"id_number": number(date(1941, 5, 16), 345)}],
    "one name and birth date far apart": [{}, {"id_number": number(order=345, region="442421"), **AWAY}],
    "one name and birth date, places unknown": [NOWHERE, {"id_number": number(order=345, region="442421"), **NOWHERE}],
    "another name with a near number": [{}, {"name": "王芳", "id_number": number(order=124)}],
    "two rows without a number": [{"id_number": None}, {"id_number": None}],
    "one person on two lists": [{}, {"source": "disability_federation", "name": "张玉媒"}],
}  # fmt: skip


@pytest.mark.parametrize("case", NOT_ASKED)
def test_two_people_are_not_asked_about(case):
    assert found(*NOT_ASKED[case]) == []


DAMAGED = {
    "zeros of a numeric cell": ({"id_number": WHOLE[:15] + "000"}, "same_name|same_birth_date|same_village|first_15"),
    "exponent": ({"id_number": "4.41421E+17"}, "same_name|same_village"),
    "missing": ({"id_number": None}, "same_name|same_village"),
    "missing, nobody else is called so": ({"id_number": None, **NOWHERE}, "same_name"),
    "a digit wrong": (
        {"id_number": WHOLE[:15] + "9" + WHOLE[16:], **AWAY}, "same_name|same_birth_date|number_off_1",
    ),
    "a digit of the year wrong, name by ear": (
        {"id_number": WHOLE[:9] + "7" + WHOLE[10:], "name": "章玉媒", **AWAY}, "same_sound|number_off_1",
    ),
    "seventeen digits": ({"id_number": WHOLE[:16] + WHOLE[17:], **AWAY}, "same_name|same_birth_date|number_off_1"),
    "a digit doubled": ({"id_number": WHOLE[:8] + WHOLE[7:], **AWAY}, "same_name|number_off_1"),
    "two digits wrong": (
        {"id_number": WHOLE[:4] + "98" + WHOLE[6:], **AWAY}, "same_name|same_birth_date|number_off_2",
    ),
    "neighbours turned": (
        {"id_number": WHOLE[:14] + WHOLE[15] + WHOLE[14] + WHOLE[16:], **AWAY},
        "same_name|same_birth_date|number_transposed",
    ),
    "fifteen digits, the month impossible": (
        {"id_number": WHOLE[:6] + "401516" + WHOLE[14:17]}, "same_name|same_village|number_off_1",
    ),
    "certificate": (
        {"id_number": None, "name": "张梅", **AWAY, "disability_certificate_number": WHOLE + "41"},
        "variant_name|certificate_number",
    ),
    "telephone, a character missing": (
        {"id_number": None, "name": "张梅", **AWAY, **PHONE}, "variant_name|same_phone",
    ),
    "day and month turned": (
        {"id_number": "441421194008051229", **AWAY}, "same_name|birth_date_transposed",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", DAMAGED)
def test_a_row_with_a_damaged_number_gets_its_person_as_candidate(case):
    row, reasons = DAMAGED[case]
    born = number(date(1940, 5, 8)) if case == "day and month turned" else WHOLE
    registered = {"id_number": born, **(PHONE if "same_phone" in reasons else {})}
    assert found(registered, row, numeric=[1] if "cell" in case else []) == [("numb", reasons)]


def test_every_reason_is_produced():
    given = "|".join(reasons for _, reasons in [*TWO_NUMBERS.values(), *DAMAGED.values()])
    assert set(given.split("|")) == set(CaseReason)


NOBODY = {
    "another person": {"id_number": None, "name": "王国强"},
    "one of many of this name": {"id_number": None, **AWAY},
    "another number altogether": {"id_number": OTHER[:17] + "?", **AWAY},
}


@pytest.mark.parametrize("case", NOBODY)
def test_a_row_that_may_be_anybody_gets_no_candidate(case):
    namesakes = [{"id_number": number(date(1941, 1, day), 200 + day)} for day in range(1, 21)]
    assert found({}, *namesakes, NOBODY[case]) == []


def test_the_likeliest_come_first_and_at_most_five():
    namesakes = [{"id_number": number(date(1941, 1, day), 200 + day)} for day in range(1, 8)]
    table = statements([*namesakes, {**PHONE}, {"id_number": None, **PHONE}])
    frame = find_pairs(table, everybody(table), RULES).frame
    frame = frame[frame["kind"] == CaseKind.NUMBER_DAMAGED]
    assert frame["other"].tolist() == [key(WHOLE), *sorted(key(row["id_number"]) for row in namesakes)[:4]]
    assert (np.diff(frame["score"]) <= 0).all()


def test_a_person_a_row_was_decided_not_to_be_is_not_offered_again():
    table = statements([{}, {"id_number": number(date(1947, 5, 16), 345)}, {"id_number": None}])
    refused = table.loc[[2], ["source", "row_hash"]].assign(id_key=key(WHOLE))
    frame = find_pairs(table, everybody(table), RULES, refused=refused).frame
    assert frame["other"].tolist() == [key(number(date(1947, 5, 16), 345))]


def test_all_that_is_stated_of_a_person_counts():
    rows = [
        {"source": "disability_federation", "name": "张老太", **NOWHERE},
        {"source": "village_survey", **PHONE},
        {"id_number": number(order=345, region="442421"), **AWAY, **PHONE},
    ]
    assert found(*rows) == [("same", "same_name|same_birth_date|same_phone")]


def test_a_telephone_of_many_says_nothing():
    others = [
        {"id_number": number(date(1930, 1, day), 301), "name": name, **PHONE}
        for day, name in enumerate(["甲乙", "丙丁", "戊己", "庚辛", "壬癸", "子丑"], 1)
    ]
    assert found(PHONE, {"id_number": OTHER, **PHONE}, *others) == []


NAMES = st.sampled_from(["张玉梅", "张玉媒", "张玉兰", "張玉梅", "张梅", "王国强"])
PLACES = st.sampled_from([{}, AWAY, NEARBY, NOWHERE])
PHONES = st.sampled_from([None, "13900000001", "13900000002"])
GOOD = [
    number(date(1940, 5, 8)), number(date(1940, 8, 5)), number(date(1940, 5, 8), 124), number(date(1940, 5, 8), 122, "442421"),
    number(date(1941, 5, 8), 122), number(date(1951, 7, 28), 345), number(date(1940, 5, 8), 345, "442421"),
]  # fmt: skip
BAD = [
    None, "4.41421E+17", GOOD[0][:15] + "000", GOOD[0][:9] + "7" + GOOD[0][10:], GOOD[0][:12] + GOOD[0][13:],
    GOOD[5][:16] + "??", GOOD[0][:6] + "401308" + GOOD[0][14:17],
]  # fmt: skip
ROWS = st.lists(
    st.tuples(NAMES, PLACES, PHONES, PHONES, st.sampled_from(GOOD) | st.sampled_from(BAD), st.sampled_from([None, GOOD[0] + "41"])),
    min_size=1, max_size=12,
)  # fmt: skip


def table_of(drawn):
    return statements(
        {"name": name, **place, "phone": phone, "emergency_contact_phone": contact, "id_number": of,
         "disability_certificate_number": certificate}
        for name, place, phone, contact, of, certificate in drawn
    )  # fmt: skip


def by_content(table, frame):
    """Pairs as what they are of, without positions; equal rows cannot be told apart."""
    hashes = table["row_hash"].to_numpy()
    return sorted(
        (kind, int(hashes[one]) if kind == CaseKind.NUMBER_DAMAGED else one, other, points, reasons)
        for kind, one, other, points, reasons in frame[list(PAIR_COLUMNS)].itertuples(index=False)
    )


@FEWER
@given(ROWS)
def test_blocks_find_what_comparing_everybody_with_everybody_finds(drawn):
    table = table_of(drawn)
    entities = gather(table, everybody(table), RULES)
    people, rows = range(entities.people), range(entities.people, len(entities))
    expected = []
    for kind, pairs, rules in (
        (CaseKind.SAME_PERSON_DIFFERENT_NUMBER, list(combinations(people, 2)), RULES.scores.different_number),
        (CaseKind.NUMBER_DAMAGED, [(one, other) for one in people for other in rows], RULES.scores.damaged_number),
    ):
        one, other = (np.array([pair[side] for pair in pairs], dtype=np.int64) for side in (0, 1))
        signs = signs_of(entities, one, other)
        common = sound_counts(entities, other) if kind is CaseKind.NUMBER_DAMAGED else None
        points, reasons = score(signs, rules, common), reason_texts(signs)
        for place in np.flatnonzero(points >= rules.review):
            mine, theirs = int(entities.keys[one[place]]), int(other[place])
            sides = (
                (int(entities.row_positions[theirs - entities.people]), mine)
                if kind is CaseKind.NUMBER_DAMAGED
                else (mine, int(entities.keys[theirs]))
            )
            expected.append((kind, *sides, points[place], reasons[place]))
    frame = pd.DataFrame(expected, columns=list(PAIR_COLUMNS)).astype({"kind": "str"})
    damaged = frame[frame["kind"] == CaseKind.NUMBER_DAMAGED].sort_values(
        ["one", "score", "other"], ascending=[True, False, True]
    )
    kept = pd.concat([frame[frame["kind"] != CaseKind.NUMBER_DAMAGED], damaged.groupby("one").head(5)])
    assert by_content(table, find_pairs(table, everybody(table), RULES).frame) == by_content(table, kept)


@FEWER
@given(ROWS, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(drawn, order):
    turned = list(drawn)
    order.shuffle(turned)
    one, other = table_of(drawn), table_of(turned)
    found_one, found_other = (find_pairs(table, everybody(table), RULES).frame for table in (one, other))
    assert by_content(one, found_one) == by_content(other, found_other)


@FEWER
@given(ROWS, st.data())
def test_a_night_finds_what_concerns_those_who_changed_and_nothing_else_differs(drawn, data):
    table = table_of(drawn)
    changed = np.array(data.draw(st.lists(st.booleans(), min_size=len(table), max_size=len(table))))
    everything = find_pairs(table, everybody(table), RULES).frame
    people = set(table["id_key"][changed].dropna())
    of_two = everything["kind"] == CaseKind.SAME_PERSON_DIFFERENT_NUMBER
    concerned = ~of_two | everything["one"].isin(people) | everything["other"].isin(people)
    night = find_pairs(table, changed, RULES).frame
    assert by_content(table, night) == by_content(table, everything[concerned])


def test_blocks_that_are_too_large_are_passed_over_and_counted():
    rules = RULES.model_copy(update={"scores": RULES.scores.model_copy(update={"largest_block": 2})})
    table = statements({"id_number": number(date(1940, 5, day), 300 + day)} for day in (1, 2, 3))
    pairs = find_pairs(table, everybody(table), rules)
    assert pairs.left_out["people: sound, village"] == 2 * 3  # by its code and by its name
    assert pairs.frame.empty


def test_nobody_is_compared_where_there_is_nobody():
    table = statements([{}]).iloc[:0]
    assert find_pairs(table, everybody(table), RULES).frame.empty

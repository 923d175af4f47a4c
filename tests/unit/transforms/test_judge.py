from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_up_rows import (
    CONFIGURATION,
    DISABILITY,
    FAMILY,
    FEWER,
    INCAPACITY,
    SURVEY,
    TODAY,
    codes,
    found,
    id_number,
    judged,
)

from schemas.findings import CATALOGUE, Finding, Severity
from schemas.idnumber import check_character
from transforms.columns import texts, to_arrow
from transforms.judge import judge_members
from transforms.standardise import standardise_members

NUMBER = id_number()
CLEAN = {
    SURVEY: {"name": "张玉梅", "id_number": NUMBER, "household_village": "大黄村", "categories": "独居"},
    INCAPACITY: {"name": "张玉梅", "id_number": NUMBER, "household_address": "程江镇", "ability_level": "2"},
    FAMILY: {"name": "张玉梅", "id_number": NUMBER, "household_address": "程江镇", "family_planning_type": "失独"},
    DISABILITY: {
        "name": "张玉梅", "id_number": NUMBER, "household_address": "程江镇", "disability_certificate_number": NUMBER + "41",
    },
}  # fmt: skip
NUMBERS = st.none() | st.sampled_from(
    [NUMBER, NUMBER[:-1], NUMBER.lower() + " ", "4.41421E+17", "441421194005061000", "护照E1234567", "4414211940A5061219",
     id_number(date(1964, 7, 1)), id_number(date(1964, 6, 30)), id_number(date(1890, 1, 1)), NUMBER + "41", ""]
)  # fmt: skip
CELLS = st.none() | st.sampled_from(
    ["", "男", "女", "独居", "重残", "2023-01-01", "2030-01-01", "12345", "一级", "5", "注销", "X"]
)


@st.composite
def deliveries(draw):
    source = draw(st.sampled_from(sorted(CLEAN)))
    fields = [field for field in CONFIGURATION.sources[source].main.columns if not field.endswith("number")]
    row = st.dictionaries(st.sampled_from(fields), CELLS, max_size=5).flatmap(
        lambda cells: NUMBERS.map(lambda number: CLEAN[source] | cells | {"id_number": number})
    )
    return source, draw(st.lists(row, min_size=1, max_size=6))


def plain(frame):
    return [tuple(None if pd.isna(value) else value for value in row) for row in frame.itertuples(index=False)]


@FEWER
@given(deliveries())
def test_every_row_comes_out_and_is_held_exactly_when_a_finding_says_so(given_):
    source, rows = given_
    judgement = judged(rows, source)
    assert len(judgement.rows) == len(rows)
    grave = judgement.findings["severity"].isin([Severity.REJECT, Severity.HOLD])
    held = set(judgement.findings.loc[grave, "position"])
    assert set(np.flatnonzero(judgement.rows["is_held"])) == held
    assert set(judgement.findings["severity"]) <= set(Severity)


@FEWER
@given(deliveries(), st.data())
def test_a_row_is_judged_alike_whatever_stands_beside_it(given_, data):
    source, rows = given_
    at = data.draw(st.integers(0, len(rows) - 1))
    together, alone = judged(rows, source), judged([rows[at]], source)
    assert plain(alone.rows) == [plain(together.rows)[at]]
    assert {rest for _, *rest in map(list, found(alone)) for rest in [tuple(rest)]} == {
        (code, field) for place, code, field in found(together) if place == at
    }


@FEWER
@given(deliveries())
def test_an_id_number_has_at_most_one_fault_of_its_own(given_):
    source, rows = given_
    judgement = judged(rows, source)
    own = {code for code in Finding if code.startswith("id-") and CATALOGUE[code].severity in {"reject", "hold"}}
    faults = judgement.findings[judgement.findings["code"].isin([str(code) for code in own])]
    assert not faults["position"].duplicated().any()
    keyless = set(np.flatnonzero(judgement.rows["id_key"].isna()))
    assert set(faults["position"]) == keyless


@FEWER
@given(deliveries(), st.integers(0, 500))
def test_no_judgement_turns_before_the_day_it_is_to_be_looked_at_again(given_, later):
    source, rows = given_
    judgement = judged(rows, source)
    day = TODAY + timedelta(days=later)
    soonest = judgement.rows["recheck_on"].to_numpy()
    then = judged(rows, source, today=day)
    before, after = ({at: set() for at in range(len(rows))} for _ in range(2))
    for sets, of in ((before, judgement), (after, then)):
        for place, code, field in found(of):
            if code not in {"date-future", "id-number-birth-date"}:
                sets[place].add((code, field))
    for at in range(len(rows)):
        if before[at] != after[at]:
            assert soonest[at] <= day.isoformat()


@pytest.mark.parametrize("source", sorted(CLEAN))
def test_a_clean_row_has_no_finding(source):
    assert codes(judged([CLEAN[source]], source)) == []


@pytest.mark.parametrize(
    ("born", "on", "expected"),
    [
        (date(1964, 7, 1), date(2024, 6, 30), ["age-under-sixty"]),
        (date(1964, 6, 30), date(2024, 6, 30), []),
        (date(1964, 2, 29), date(2024, 2, 28), ["age-under-sixty"]),
        (date(1964, 2, 29), date(2024, 2, 29), []),
        (date(1903, 6, 30), date(2024, 6, 29), []),
        (date(1903, 6, 30), date(2024, 6, 30), ["age-implausible"]),
    ],
    ids=["day before", "birthday", "day before a leap birthday", "leap birthday", "120", "121"],
)
def test_age_is_reckoned_in_completed_years_on_the_business_date(born, on, expected):
    row = CLEAN[FAMILY] | {"id_number": id_number(born)}
    assert codes(judged([row], FAMILY, today=on)) == expected


@pytest.mark.parametrize(
    ("source", "changes", "day"),
    [
        (FAMILY, {"id_number": id_number(date(1964, 7, 2))}, "2024-07-02"),
        (FAMILY, {"id_number": id_number(date(1903, 8, 1))}, "2024-08-01"),
        (DISABILITY, {"certificate_expiry_date": "2024-07-05"}, "2024-07-06"),
        (DISABILITY, {"certificate_expiry_date": "9999-12-31"}, "2061-05-06"),
        (INCAPACITY, {"ability_assessed_date": "2023-07-10"}, "2024-07-11"),
        (INCAPACITY, {"id_number": "4414", "ability_assessed_date": "2023-01-10"}, None),
    ],
    ids=["sixtieth birthday", "121st birthday", "after expiry", "for ever", "after a year", "never"],
)
def test_a_row_is_looked_at_again_on_the_first_day_its_judgement_may_turn(source, changes, day):
    rows = judged([CLEAN[source] | changes], source).rows
    assert to_arrow(rows["recheck_on"]).to_pylist() == [day]


def test_a_number_in_a_numeric_cell_is_held_even_where_its_check_character_fits():
    assert codes(judged([CLEAN[SURVEY]], as_number=[0])) == ["id-number-stored-as-number"]


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (None, ["id-number-missing"]),
        ("4414211940050612", ["id-number-length"]),
        ("44142119400506A219", ["id-number-characters"]),
        ("44142119400231121" + check_character("44142119400231121"), ["id-number-birth-date"]),
        (NUMBER[:17] + ("0" if NUMBER[17] != "0" else "1"), ["id-number-checksum"]),
        ("441421194005061000", ["id-number-stored-as-number"]),
        ("G12345678", ["id-type-unsupported"]),
        (NUMBER[:6] + NUMBER[8:17], ["id-number-upgraded"]),
        ("'" + NUMBER, ["id-number-repaired"]),
        (f" {NUMBER}\u3000", []),
        (id_number(region="100101"), ["id-number-region-unknown"]),
        (id_number(region="820000"), []),
    ],
    ids=["missing", "length", "characters", "birth date", "checksum", "stored as number", "passport", "15 digits",
         "apostrophe", "plain blanks", "region", "residence permit"],
)  # fmt: skip
def test_an_id_number_is_judged_in_the_order_of_the_catalogue(number, expected):
    assert codes(judged([CLEAN[FAMILY] | {"id_number": number}], FAMILY)) == expected


@pytest.mark.parametrize(
    ("source", "changes", "expected"),
    [
        (SURVEY, {"sex": "女"}, []),
        (SURVEY, {"sex": "男"}, []),
        (SURVEY, {"birth_date": "1940-05-06"}, []),
        (SURVEY, {"birth_date": "1940-05-07"}, ["birth-date-mismatch"]),
        (SURVEY, {"name": None}, ["name-missing"]),
        (SURVEY, {"categories": None}, ["category-missing"]),
        (SURVEY, {"categories": "高龄"}, ["category-unknown"]),
        (SURVEY, {"disability_certificate_number": NUMBER + "41B1"}, []),
        (SURVEY, {"disability_certificate_number": NUMBER}, ["certificate-format"]),
        (SURVEY, {"disability_certificate_number": id_number(serial=333) + "41"}, ["certificate-id-mismatch"]),
        (DISABILITY, {"disability_category": "2"}, ["certificate-category-mismatch"]),
        (DISABILITY, {"disability_level": "2"}, ["certificate-level-mismatch"]),
        (DISABILITY, {"certificate_expiry_date": "2024-06-30"}, []),
        (DISABILITY, {"certificate_expiry_date": "2024-06-29"}, ["certificate-expired"]),
        (
            DISABILITY,
            {"certificate_status": "注销", "certificate_expiry_date": "2020-01-01"},
            ["certificate-cancelled"],
        ),
        (INCAPACITY, {"ability_level": None}, ["ability-level-missing"]),
        (INCAPACITY, {"ability_level": "九级"}, ["code-unknown"]),
        (INCAPACITY, {"ability_assessed_date": "2023-06-30"}, []),
        (INCAPACITY, {"ability_assessed_date": "2023-06-29"}, ["ability-assessment-old"]),
        (FAMILY, {"family_planning_type": None}, ["family-type-unknown"]),
        (FAMILY, {"family_planning_type": "其他"}, ["family-type-unknown"]),
    ],
    ids=str,
)
def test_one_fault_is_one_finding(source, changes, expected):
    row = CLEAN[source] | changes
    if "sex" in changes:
        expected = [] if (changes["sex"] == "男") == (NUMBER[16] in "13579") else ["sex-mismatch"]
    assert codes(judged([row], source)) == expected


@pytest.mark.parametrize("source", sorted(CLEAN))
def test_every_source_has_a_place_or_an_address_to_miss(source):
    row = {name: cell for name, cell in CLEAN[source].items() if not name.startswith("household_")}
    assert codes(judged([row], source)) == ["address-missing"]


def test_a_row_shows_all_its_findings_side_by_side():
    row = CLEAN[SURVEY] | {"name": None, "id_number": "44", "phone": "1", "categories": None, "registered_date": "?"}
    assert codes(judged([row])) == [
        "category-missing",
        "date-format",
        "id-number-length",
        "name-missing",
        "phone-format",
    ]


def test_category_and_level_come_from_the_certificate_where_nothing_else_states_them():
    rows = judged([CLEAN[DISABILITY], CLEAN[DISABILITY] | {"disability_level": "3"}], DISABILITY).rows
    assert rows["disability_category"].tolist() == ["4", "4"]
    assert rows["disability_level"].tolist() == ["1", "3"]


def test_a_rule_may_change_how_grave_a_finding_is():
    row = CLEAN[SURVEY] | {"phone": "1"}
    rules = CONFIGURATION.rules.model_copy(update={"severities": {Finding.PHONE_FORMAT: Severity.REJECT}})
    assert (judged([row]).rows["is_held"].tolist(), judged([row], rules=rules).rows["is_held"].tolist()) == (
        [False], [True],
    )  # fmt: skip


def test_people_of_one_name_and_birth_date_share_a_key_and_so_do_those_of_one_name_and_place_of_issue():
    other_place = CLEAN[FAMILY] | {"id_number": id_number(serial=333, region="441402")}
    other_birth = CLEAN[FAMILY] | {"id_number": id_number(date(1941, 5, 6))}
    other_birth["id_number"] = id_number(date(1941, 5, 6), int(NUMBER[14:17]))
    rows = judged([CLEAN[FAMILY], other_place, other_birth, CLEAN[FAMILY] | {"id_number": "1"}], FAMILY).rows
    birth, place = rows["name_birth_key"].tolist(), rows["name_place_key"].tolist()
    assert birth[0] == birth[1] != birth[2]
    assert place[0] == place[2] != place[1]
    assert birth[3] is place[3] is pd.NA


def members(*rows):
    source = CONFIGURATION.sources[SURVEY]
    frame = pd.DataFrame({field: texts([row.get(field) for row in rows]) for field in source.members.columns})
    elders = texts([NUMBER])
    return judge_members(standardise_members(frame, source), {}, elders, CONFIGURATION.rules, today=TODAY)


def test_members_are_linked_to_an_elder_of_the_delivery_by_number():
    rows = [
        {"elder_id_number": NUMBER.lower(), "name": "张玉梅", "relation_to_head": "户主"},
        {"elder_id_number": NUMBER, "name": "赵小明", "id_number": "44", "relation_to_head": "长子"},
        {"elder_id_number": id_number(serial=333), "name": "赵小红", "relation_to_head": "户主"},
        {"elder_id_number": None, "name": "赵小兰", "relation_to_head": "户主"},
    ]
    judgement = members(*rows)
    assert judgement.rows["is_linked"].tolist() == [True, True, False, False]
    assert found(judgement) == {
        (1, "household-member-id", "id_number"), (2, "household-member-id", "elder_id_number"),
        (3, "household-member-id", "elder_id_number"),
    }  # fmt: skip


def test_a_household_without_a_head_is_said_once():
    rows = [{"elder_id_number": NUMBER, "name": name, "relation_to_head": "长子"} for name in ("赵小明", "赵小红")]
    assert found(members(*rows)) == {(0, "household-head-missing", "relation_to_head")}

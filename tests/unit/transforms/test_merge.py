import random

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
    id_number,
    in_force,
    with_rules,
)

from schemas.codes import CATEGORIES
from schemas.fields import STATED_FIELDS
from transforms.columns import to_arrow
from transforms.merge import CONTENT_FIELDS, MERGED_FIELDS, merge, source_letters

NUMBERS = [id_number(serial=serial) for serial in (121, 232, 343)]
SOURCES = sorted(CONFIGURATION.sources)
CELLS = {
    "phone": st.none() | st.sampled_from(["13900000001", "13900000002", "13900000003"]),
    "name": st.sampled_from(["张玉梅", "张玉媒"]),
    "household_village": st.none() | st.sampled_from(["大黄村", "小黄村"]),
    "household_town": st.none() | st.sampled_from(["程江镇", "扶大镇"]),
    "household_address": st.none() | st.sampled_from(["程江镇一路", "程江镇二路"]),
    "categories": st.sampled_from(["独居", "空巢、重残", "失能", "重残", "留守/计划生育特殊家庭"]),
    "ability_level": st.none() | st.sampled_from(["0", "1", "3"]),
    "family_planning_type": st.none() | st.just("失独"),
    "disability_level": st.none() | st.sampled_from(["1", "2", "3", "4"]),
    "disability_category": st.none() | st.sampled_from(["4", "5"]),
    "certificate_status": st.none() | st.sampled_from(["正常", "过期", "注销"]),
    "remarks": st.none() | st.just("备注"),
}
STATEMENTS = st.lists(
    st.tuples(st.sampled_from(SOURCES), st.sampled_from(NUMBERS), st.fixed_dictionaries(CELLS)),
    min_size=1, max_size=10, unique_by=lambda statement: statement[:2],
).map(lambda several: [(source, row | {"id_number": number}) for source, number, row in several])  # fmt: skip


def values(table):
    return {name: to_arrow(table[name]).to_pylist() for name in table if str(table[name].dtype) == "str"}


def together(field):
    """The fields that are believed of one source: the parts of a place."""
    place = field.partition("_")[0]
    parts = [f"{place}_{part}" for part in ("county", "town", "village", "division_code")]
    return parts if field in parts else [field]


def oracle(rows):
    """Survivorship and categories in plain Python: what every person's record says."""
    rows = rows.astype(object).where(rows.notna(), None).to_dict("records")
    rules = CONFIGURATION.rules
    elders = {}
    for number in sorted({row["id_number"] for row in rows}):
        of = {row["source"]: row for row in rows if row["id_number"] == number}
        elder = {}
        for field in MERGED_FIELDS:
            order = [of[s] for s in CONFIGURATION.survivorship.order(field) if s in of]
            told = (row[field] for row in order if any(row[other] is not None for other in together(field)))
            elder[field] = next(told, None)
        ticked = set((of.get(SURVEY, {}).get("categories") or "").split("|"))
        certified = elder["disability_level"] in rules.severe_levels
        cancelled = elder["certificate_status"] == "cancelled"
        if cancelled or (elder["disability_level"] and not certified):
            ticked.discard("severely_disabled")
        if INCAPACITY in of and (of[INCAPACITY]["ability_level"] or "9") >= "1":
            ticked.add("incapacitated")
        if FAMILY in of:
            ticked.add("family_planning_special")
        holder = of.get(DISABILITY, {})
        if holder.get("disability_level") in rules.severe_levels and holder.get("certificate_status") != "cancelled":
            ticked.add("severely_disabled")
        elder["categories"] = "|".join(category for category in CATEGORIES if category in ticked) or None
        elders[number] = elder
    return elders


@FEWER
@given(STATEMENTS)
def test_every_record_says_what_plain_python_says(statements):
    rows = in_force(statements)
    told = values(merge(rows, CONFIGURATION).elders)
    expected = oracle(rows)
    assert told["id_number"] == sorted(expected)
    for field in (*MERGED_FIELDS, "categories"):
        assert told[field] == [expected[number][field] for number in told["id_number"]], field


@FEWER
@given(STATEMENTS, st.randoms(use_true_random=False))
def test_the_order_of_statements_does_not_matter(statements, order: random.Random):
    rows = in_force(statements)
    turned = list(range(len(rows)))
    order.shuffle(turned)
    straight = merge(rows, CONFIGURATION)
    shuffled = merge(rows.iloc[turned].reset_index(drop=True), CONFIGURATION)
    assert shuffled.elders.equals(straight.elders)
    by = ["id_key", "category", "source"]
    assert (
        shuffled.categories.sort_values(by, ignore_index=True).equals(straight.categories.sort_values(by, ignore_index=True))
    )  # fmt: skip


@FEWER
@given(STATEMENTS)
def test_nobody_vanishes_and_nobody_is_made_up(statements):
    merged = merge(in_force(statements), CONFIGURATION)
    assert len(merged.elders) == len({row["id_number"] for _, row in statements})
    assert not merged.elders["id_key"].duplicated().any()
    assert merged.elders["content_hash"].nunique() == len(merged.elders)


@FEWER
@given(STATEMENTS)
def test_every_value_is_found_in_the_row_that_is_said_to_have_won_it(statements):
    rows = in_force(statements)
    merged = merge(rows, CONFIGURATION).elders
    letters = {letter: name for name, letter in source_letters(CONFIGURATION).items()}
    order = list(source_letters(CONFIGURATION))
    by_id = rows.set_index("row_id")
    for elder in merged.to_dict("records"):
        row_ids = dict(zip(order, elder["row_ids"].strip("{}").split(","), strict=True))
        assert {name for name, row_id in row_ids.items() if row_id != "NULL"} == set(
            rows.loc[rows["id_number"] == elder["id_number"], "source"]
        )
        for field, letter in zip(STATED_FIELDS, elder["winners"], strict=True):
            if letter == ".":
                assert field == "categories" or elder[field] != elder[field]
            elif field != "sex":
                assert by_id.loc[int(row_ids[letters[letter]]), field] == elder[field]


@FEWER
@given(STATEMENTS)
def test_a_category_is_of_a_person_exactly_when_a_statement_of_it_stands(statements):
    merged = merge(in_force(statements), CONFIGURATION)
    assert not merged.categories.duplicated(["id_key", "category", "source"]).any()
    stated = {(row.id_key, row.category) for row in merged.categories.itertuples()}
    held = {
        (key, category)
        for key, joined in zip(merged.elders["id_key"], values(merged.elders)["categories"], strict=True)
        for category in (joined or "").split("|")
        if category
    }
    assert stated == held


@FEWER
@given(STATEMENTS)
def test_the_fingerprint_of_the_content_tells_records_apart_and_nothing_else(statements):
    rows = in_force(statements)
    one = merge(rows, CONFIGURATION).elders
    other = merge(rows.assign(row_id=rows["row_id"] + 100, stated_date="2020-01-01"), CONFIGURATION).elders
    assert one[list(CONTENT_FIELDS)].equals(other[list(CONTENT_FIELDS)])
    assert one["content_hash"].tolist() == other["content_hash"].tolist()


NUMBER = NUMBERS[0]
WHO = {"name": "张玉梅", "id_number": NUMBER, "household_village": "大黄村", "household_address": "程江镇"}


def tick(categories, **cells):
    return (SURVEY, WHO | {"categories": categories} | cells)


def certified(kind="4", level="1", **cells):
    return (DISABILITY, WHO | {"disability_certificate_number": f"{NUMBER}{kind}{level}"} | cells)


def assessed(level, **cells):
    return (INCAPACITY, WHO | {"ability_level": level} | cells)


BOTH = ["sources-contradict"] * 2  # once on each side
UNTICKED = {"unticked_contradicts": ("incapacitated",)}
EXTENDED = {"severe_extended_categories": ("5", "6"), "severe_extended_levels": ("3", "4")}


@pytest.mark.parametrize(
    ("statements", "rules", "categories", "codes"),
    [
        ([tick("独居、空巢")], {}, "living_alone|empty_nest", []),
        ([tick("失能")], {}, "incapacitated", []),
        ([tick("重残")], {}, "severely_disabled", ["severely-disabled-without-certificate"]),
        ([tick("重残", disability_certificate_number=NUMBER + "42")], {}, "severely_disabled", []),
        ([tick("重残", disability_certificate_number=NUMBER + "43")], {}, None, ["severely-disabled-level"]),
        ([tick("重残"), certified(level="3")], {}, None, ["severely-disabled-level"]),
        ([tick("重残"), certified(level="2")], {}, "severely_disabled", []),
        ([tick("重残"), certified(certificate_status="注销")], {}, None, BOTH),
        ([tick("独居"), certified(certificate_status="注销")], {}, "living_alone", []),
        ([certified(level="1")], {}, "severely_disabled", []),
        ([certified(level="3")], {}, None, []),
        ([certified(certificate_expiry_date="2020-01-01")], {}, "severely_disabled", []),
        ([certified(certificate_status="过期")], {}, "severely_disabled", []),
        ([certified(certificate_status="注销")], {}, None, []),
        ([certified(kind="5", level="3")], {}, None, []),
        ([certified(kind="5", level="3")], EXTENDED, "severely_disabled", []),
        ([certified(kind="6", level="4")], EXTENDED, "severely_disabled", []),
        ([certified(kind="4", level="3")], EXTENDED, None, []),
        ([tick("重残"), certified(kind="6", level="4")], EXTENDED, "severely_disabled", []),
        ([assessed("1")], {}, "incapacitated", []),
        ([assessed("0")], {}, None, []),
        ([assessed(None)], {}, "incapacitated", []),
        ([assessed("1")], {"incapacitated_from_level": 2}, None, []),
        ([tick("失能"), assessed("0")], {}, "incapacitated", BOTH),
        ([tick("独居"), assessed("2")], {}, "living_alone|incapacitated", []),
        ([tick("独居"), assessed("2")], UNTICKED, "living_alone|incapacitated", BOTH),
        ([tick("独居"), assessed("0")], UNTICKED, "living_alone", []),
        ([tick("失能"), assessed(None)], UNTICKED, "incapacitated", []),
        ([certified(), assessed("2")], UNTICKED, "incapacitated|severely_disabled", []),
        ([tick("失能"), assessed("3")], {}, "incapacitated", []),
        ([(FAMILY, WHO | {"family_planning_type": None})], {}, "family_planning_special", []),
        (
            [tick("留守"), assessed("2"), certified(), (FAMILY, WHO | {"family_planning_type": "失独"})], {},
            "left_behind|incapacitated|severely_disabled|family_planning_special", [],
        ),
    ],
    ids=["ticks", "tick of 失能", "tick without certificate", "tick with level 2", "tick with level 3",
         "tick, federation says 3", "tick, federation says 2", "tick, cancelled", "other tick, cancelled", "level 1",
         "level 3", "expired", "status expired", "cancelled", "智力 3", "智力 3 extended", "精神 4 extended",
         "肢体 3 extended", "tick, 精神 4 extended", "ability 1", "ability 0", "ability missing", "ability 1 from 2",
         "tick, ability 0", "unticked, ability 2", "unticked asked, ability 2", "unticked asked, ability 0", "ticked asked, no level",
         "asked, nobody to tick", "tick, ability 3", "family planning", "everything"],
)  # fmt: skip
def test_categories_follow_the_evidence(statements, rules, categories, codes):
    merged = merge(in_force(statements), with_rules(**rules))
    assert values(merged.elders)["categories"] == [categories]
    assert merged.notes.frame()["code"].tolist() == codes


@pytest.mark.parametrize(("statements", "fields"), [
    ([tick("失能"), assessed("0")], {SURVEY: "categories", INCAPACITY: "ability_level"}),
    ([tick("重残"), certified(certificate_status="注销")], {SURVEY: "categories", DISABILITY: "certificate_status"}),
    ([tick("独居"), assessed("2")], {SURVEY: "categories", INCAPACITY: "ability_level"}),
], ids=["ability 0", "cancelled", "unticked"])  # fmt: skip
def test_a_contradiction_is_asked_of_both_bodies_where_each_says_it(statements, fields):
    rows = in_force([*statements, (FAMILY, WHO)])
    notes = merge(rows, with_rules(**UNTICKED)).notes.frame()
    assert dict(zip(rows["source"].iloc[notes["position"]], notes["field"], strict=True)) == fields


def test_nobody_is_asked_about_a_row_that_only_stands_in():
    rows = in_force([tick("失能"), assessed("0")])
    notes = merge(rows.assign(is_stand_in=rows["source"] == SURVEY), CONFIGURATION).notes.frame()
    assert notes["field"].tolist() == ["ability_level"]


def test_the_list_is_the_evidence_where_a_tick_says_the_same():
    merged = merge(in_force([tick("失能、独居"), assessed("2")]), CONFIGURATION).categories
    said = {(row.category, row.source, row.evidence) for row in merged.itertuples()}
    assert said == {
        ("living_alone", SURVEY, "survey_tick"), ("incapacitated", SURVEY, "survey_tick"),
        ("incapacitated", INCAPACITY, "assessment"),
    }  # fmt: skip


def test_sex_comes_from_the_number_and_a_foreigners_from_its_sources():
    foreign = id_number(serial=121, region="911124")
    rows = [(SURVEY, WHO | {"sex": "女", "categories": "独居"}), (SURVEY, WHO | {"id_number": foreign, "sex": "女"})]
    elders = merge(in_force(rows), CONFIGURATION).elders
    assert dict(zip(elders["id_number"], elders["sex"], strict=True)) == {NUMBER: "male", foreign: "female"}


def test_a_place_is_of_one_source_in_all_its_parts():
    rows = in_force(
        [
            (SURVEY, {"name": "张玉梅", "id_number": NUMBERS[0], "household_village": "大黄村", "categories": "独居"}),
            (DISABILITY, {"name": "张玉梅", "id_number": NUMBERS[0], "household_address": "梅县区扶大镇三葵村",
                          "residence_address": "梅县区扶大镇三葵村", "disability_certificate_number": NUMBERS[0] + "41"}),
        ]
    )  # fmt: skip
    (elder,) = merge(rows, CONFIGURATION).elders.to_dict("records")
    assert [elder[f"household_{part}"] for part in ("village", "address")] == ["大黄村", "梅县区扶大镇三葵村"]
    assert all(elder[f"household_{part}"] != elder[f"household_{part}"] for part in ("county", "town", "division_code"))
    assert [elder[f"residence_{part}"] for part in ("county", "town", "village", "division_code")] == [
        "梅县区", "扶大镇", "三葵村委会", "441403133201",
    ]  # fmt: skip
    letters = dict(zip(STATED_FIELDS, elder["winners"], strict=True))
    assert [letters[f"household_{part}"] for part in ("town", "village", "address")] == [".", "d", "a"]


def test_nobody_merges_into_nobody():
    merged = merge(in_force([tick("独居")]).iloc[:0], CONFIGURATION)
    assert (len(merged.elders), len(merged.categories)) == (0, 0)

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_up_rows import (
    CONFIGURATION,
    DISABILITY,
    FEWER,
    SURVEY,
    TODAY,
    delivered,
    id_number,
    judged,
    standardised,
)

from schemas.codes import CATEGORIES, CODE_LISTS
from schemas.fields import FIELDS
from transforms.columns import to_arrow
from transforms.standardise import standardise_members

WORDS = st.none() | st.sampled_from(
    ["张玉梅", " 张 玉梅 ", "男", "M", "不详", "13900000000", "+86 139-0000-0000", "0753-2222222/13900000000", "12", "独居、空巢",
     "☑独居 □空巢", "高龄", "", " ", "2024年5月3日", "去年", "2030-01-01", "41-3-5", "45413", "7532345678", "扶大高管会", "300", "1,280.5元", "-5", "约三百", "是", "安全",
     "梅县区", "程江镇", "大埔县", "三葵村", "无此镇", "一级", "肢体", "正常", "注销", "重度失能", "完好", "失独", "A\x07b", "NA", "Ａｌａｎ"]
)  # fmt: skip

CERTIFICATE = id_number() + "41"
PARTS = ("county", "town", "village", "division_code")


@st.composite
def deliveries(draw):
    source = draw(st.sampled_from(sorted(CONFIGURATION.sources)))
    fields = list(CONFIGURATION.sources[source].main.columns)
    rows = draw(st.lists(st.dictionaries(st.sampled_from(fields), WORDS, max_size=8), min_size=1, max_size=6))
    return source, rows


def table(result):
    """Rows and findings as plain Python."""
    notes = result.notes.frame()
    rows = list(zip(*(to_arrow(result.rows[field]).to_pylist() for field in result.rows), strict=True))
    found = [(row.position, row.code, row.field) for row in notes.itertuples()]
    return rows, sorted(found, key=str)


@FEWER
@given(deliveries())
def test_every_row_comes_out_with_the_columns_it_had(given_):
    source, rows = given_
    result = standardised(rows, source)
    assert len(result.rows) == len(rows)
    places = {f"{place}_{part}" for place in ("household", "residence") for part in PARTS}
    assert set(delivered(rows, source)) <= set(result.rows) <= set(delivered(rows, source)) | places
    assert {str(dtype) for dtype in result.rows.dtypes} == {"str"}
    positions = result.notes.frame()["position"]
    assert positions.between(0, len(rows) - 1).all()


@FEWER
@given(deliveries(), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(given_, order):
    source, rows = given_
    turned = list(range(len(rows)))
    order.shuffle(turned)
    straight, found = table(standardised(rows, source))
    shuffled, found_there = table(standardised([rows[place] for place in turned], source))
    assert shuffled == [straight[place] for place in turned]
    assert sorted(((turned[at], *rest) for at, *rest in found_there), key=str) == found


@FEWER
@given(deliveries(), st.data())
def test_a_row_is_read_alike_whatever_stands_beside_it(given_, data):
    source, rows = given_
    at = data.draw(st.integers(0, len(rows) - 1))
    fields = list(CONFIGURATION.sources[source].main.columns)
    numbers = {field: data.draw(st.sets(st.integers(0, len(rows) - 1))) for field in fields}
    stored = {field: [0] for field in fields if at in numbers[field]}
    straight, found = table(standardised(rows, source, numbers=numbers))
    alone, found_alone = table(standardised([rows[at]], source, numbers=stored))
    assert alone == [straight[at]]
    assert [rest for _, *rest in found_alone] == [rest for place, *rest in found if place == at]


@FEWER
@given(deliveries())
def test_standardising_twice_changes_nothing(given_):
    source, rows = given_
    once = standardised(rows, source).rows
    kinds = {"text", "phone", "date", "division", "categories"}
    again = standardised(once.astype(object).where(once.notna(), None).to_dict("records"), source).rows
    for field in delivered(rows, source):
        if FIELDS[field].kind in kinds or field == "sex":
            assert to_arrow(again[field]).to_pylist() == to_arrow(once[field]).to_pylist(), field


@FEWER
@given(deliveries())
def test_codes_and_dates_that_come_out_are_the_registrys(given_):
    source, rows = given_
    result = standardised(rows, source).rows
    for field in delivered(rows, source):
        values = [value for value in to_arrow(result[field]).to_pylist() if value is not None]
        if FIELDS[field].kind == "code":
            assert set(values) <= set(CODE_LISTS[FIELDS[field].codes])
        if FIELDS[field].kind == "categories":
            assert {part for value in values for part in value.split("|")} <= set(CATEGORIES)
        if FIELDS[field].kind == "date" and field != "certificate_expiry_date":
            assert all(value <= TODAY.isoformat() for value in values)
        if FIELDS[field].kind == "fen":
            assert all(value.isdigit() for value in values)


@FEWER
@given(deliveries())
def test_a_cell_with_something_in_it_is_kept_or_reported(given_):
    source, rows = given_
    result = standardised(rows, source)
    reported = {(row.position, row.field) for row in result.notes.frame().itertuples()}
    for field in delivered(rows, source):
        cells = to_arrow(result.rows[field]).to_pylist()
        for at, row in enumerate(rows):
            if (row.get(field) or "").strip() and cells[at] is None:
                assert (at, field) in reported


CASES = [
    ("village_survey", "categories", "独居、空巢", "living_alone|empty_nest", []),
    ("village_survey", "categories", "空巢，独居;失能", "living_alone|empty_nest|incapacitated", []),
    ("village_survey", "categories", "独居老人/重残（一级）", "living_alone|severely_disabled", []),
    ("village_survey", "categories", "☑留守", "left_behind", []),
    ("village_survey", "categories", "独居、高龄", "living_alone", ["category-unknown"]),
    ("village_survey", "categories", "高龄", None, ["category-unknown"]),
    ("village_survey", "sex", "女性", "female", []),
    ("village_survey", "sex", "1", None, ["code-unknown"]),
    ("village_survey", "phone", "139 0000 0000", "13900000000", []),
    ("village_survey", "phone", "+86 13900000000", "13900000000", []),
    ("village_survey", "phone", "13900000000.0", "13900000000", []),
    ("village_survey", "phone", "13900000000、0753-2222222", "13900000000/0753-2222222", []),
    ("village_survey", "phone", "13900000000 0753-2222222", "13900000000/0753-2222222", []),
    ("village_survey", "phone", "139-0000-0000", "13900000000", []),
    ("village_survey", "phone", "(0753) 222 2222", "07532222222", []),
    ("village_survey", "phone", "13900000000 张三", "13900000000张三", ["phone-format"]),
    ("village_survey", "phone", "12345", "12345", ["phone-format"]),
    ("village_survey", "name", "张　玉 梅", "张玉梅", []),
    ("village_survey", "name", "阿不都•热合曼", "阿不都·热合曼", []),
    ("village_survey", "name", "NA", "NA", []),
    ("village_survey", "name", "张\x01梅", "张梅", ["name-characters"]),
    ("village_survey", "name", "张", "张", ["name-characters"]),
    ("village_survey", "registered_date", "2024年5月3日", "2024-05-03", []),
    ("village_survey", "registered_date", "2024-07-01", None, ["date-future"]),
    ("village_survey", "registered_date", "三月", None, ["date-format"]),
    ("village_survey", "registered_date", "23-5-3", "2023-05-03", []),
    ("village_survey", "registered_date", "二〇二三年五月三日", "2023-05-03", []),
    ("village_survey", "registered_date", "45413", None, ["date-format"]),
    ("village_survey", "household_monthly_income_fen", "1,280.5元", "128050", []),
    ("village_survey", "household_monthly_income_fen", "-1", None, ["amount-negative"]),
    ("village_survey", "household_monthly_income_fen", "无", None, ["amount-format"]),
    ("village_survey", "drinking_water_safe", "不安全", "no", []),
    ("village_survey", "household_village", "null", "null", []),
    ("disability_federation", "certificate_expiry_date", "2099-01-01", "2099-01-01", []),
    ("disability_federation", "disability_level", "一级", "1", []),
    ("disability_federation", "disability_category", "肢体残疾", "4", []),
    ("disability_federation", "certificate_status", "已注销", "cancelled", []),
    ("health_incapacity", "ability_level", "2.0", "2", []),
    ("health_incapacity", "ability_level", "能力完好", "0", []),
    ("health_family_planning", "family_planning_type", "失独家庭", "bereaved", []),
    ("health_family_planning", "family_planning_type", "其他", None, ["family-type-unknown"]),
]


@pytest.mark.parametrize(("source", "field", "cell", "expected", "codes"), CASES, ids=lambda value: repr(value)[:24])
def test_a_cell_comes_out_in_the_registrys_vocabulary(source, field, cell, expected, codes):
    place = {"household_village": "大黄村"} if source == SURVEY else {"household_address": "程江镇"}
    row = {"name": "张玉梅"} | place | {field: cell}
    result = standardised([row], source)
    assert to_arrow(result.rows[field]).to_pylist() == [expected]
    assert result.notes.frame()["code"].tolist() == codes


def test_what_was_seen_is_shown_only_where_it_is_vocabulary():
    cells = ["神秘词"] * 3 + ["赵某某住址"]
    rows = [{"name": "张玉梅", "household_village": "大黄村", "categories": "独居", "sex": cell} for cell in cells]
    assert standardised(rows).notes.frame()["seen"].tolist() == ["神秘词"] * 3 + ["赵****"]


@pytest.mark.parametrize("source", sorted(CONFIGURATION.sources))
def test_a_table_without_rows_has_the_columns_of_a_full_one(source):
    full = standardised([{"name": "张玉梅"}], source).rows
    assert list(standardised([], source).rows) == list(full)


def test_a_certificate_in_a_numeric_cell_comes_out_with_the_digits_that_are_left():
    row = {"name": "张玉梅", "household_address": "程江镇", "disability_certificate_number": "44142119450311999488"}
    stored = {"disability_certificate_number": [1, 2]}
    result = standardised([row, row, row | {"disability_certificate_number": "12345"}], DISABILITY, numbers=stored)
    assert to_arrow(result.rows["disability_certificate_number"]).to_pylist() == [
        "44142119450311999488", "4.41421194503120E+19", "12345",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("cell", "stored", "codes"),
    [
        (CERTIFICATE, [], []),
        (CERTIFICATE, [0], ["certificate-format"]),
        (str(int(float(CERTIFICATE))), [0], ["certificate-format"]),
        ("4.41421194503E+19", [], ["certificate-format"]),
    ],
    ids=["text", "number with all its digits", "number as a spreadsheet keeps it", "exponent in text"],
)
def test_a_certificate_that_was_a_number_is_never_believed(cell, stored, codes):
    row = {
        "name": "张玉梅",
        "household_address": "程江镇",
        "id_number": CERTIFICATE[:18],
        "disability_certificate_number": cell,
    }
    judgement = judged([row], DISABILITY, numbers={"disability_certificate_number": stored})
    assert judgement.findings["code"].tolist() == codes
    assert to_arrow(judgement.rows["disability_level"]).to_pylist() == [None if codes else "1"]


def test_members_relations_come_out_as_codes():
    source = CONFIGURATION.sources[SURVEY]
    rows = [{"name": "赵小明", "relation_to_head": word} for word in ("长子", "户主", "邻居")]
    fields = source.members.columns
    frame = delivered([], SURVEY).reindex(columns=[])
    for field in fields:
        frame[field] = np.array([row.get(field) for row in rows], dtype=object)
    result = standardise_members(frame.astype("str"), source)
    assert to_arrow(result.rows["relation_to_head"]).to_pylist() == ["son", "head", None]
    assert result.notes.frame()["code"].tolist() == ["household-relation-unknown"]

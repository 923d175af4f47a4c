"""Why a statement of a category is made no longer, and since when."""

import numpy as np
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
    id_number,
    in_force,
    with_rules,
)

from schemas.categories import CATEGORY_END_LABELS, EVIDENCE_LABELS, CategoryEnd, Evidence
from transforms.merge import merge
from transforms.merging.category_ends import category_ends

NUMBER = id_number(serial=121)
WHO = {"name": "张玉梅", "household_village": "大黄村", "id_number": NUMBER}


def ticked(categories, **cells):
    return SURVEY, WHO | {"categories": categories, "registered_date": "2024-01-01"} | cells


def certified(level="1", **cells):
    return DISABILITY, WHO | {
        "disability_certificate_number": f"{NUMBER}4{level}",
        "certificate_issued_date": "2019-01-01",
    } | cells


def assessed(level, on="2024-01-01", **cells):
    return INCAPACITY, WHO | {"ability_level": level, "ability_assessed_date": on} | cells


def family(**cells):
    return FAMILY, WHO | {"family_planning_type": "失独", "family_planning_confirmed_date": "2020-01-01"} | cells


def ends(before, now, *, configuration=CONFIGURATION, ended=(), same_rows=False):
    """What ends between two merges, as (category, source): (reason, day)."""
    first = in_force(before)
    stated = merge(first, CONFIGURATION).categories
    hashes = first.set_index("row_id")["row_hash"]
    standing = stated.assign(row_hash=hashes.reindex(stated["row_id"]).to_numpy())
    rows = in_force([*now, family(id_number=id_number(serial=999))])
    if not same_rows:
        rows = rows.assign(row_id=rows["row_id"] + 100)
    admitted = rows[~rows["is_held"]].reset_index(drop=True)
    merged = merge(admitted, configuration)
    gone = category_ends(
        standing, merged.categories, admitted, rows[rows["is_held"]], merged.elders,
        first["id_key"].to_numpy(dtype=np.int64)[:1] if ended else np.zeros(0, dtype=np.int64), today=TODAY,
    )  # fmt: skip
    gone = gone.astype(object).where(gone.notna(), None)
    return {(e.category, e.source): (e.end_reason, e.to_date) for e in gone.itertuples()}


TONIGHT = TODAY.isoformat()
FROM_TWO = with_rules(incapacitated_from_level=2)
ONLY_FIRST = with_rules(severe_levels=("1",))


@pytest.mark.parametrize(("before", "now", "configuration", "expected"), [
    ([ticked("独居、空巢")], [ticked("空巢", registered_date="2024-05-01")], CONFIGURATION,
     {("living_alone", SURVEY): ("unticked", "2024-05-01"), ("empty_nest", SURVEY): ("replaced", "2024-05-01")}),
    ([ticked("独居")], [ticked("独居", phone="13900000001")], CONFIGURATION, {("living_alone", SURVEY): ("replaced", None)}),
    ([ticked("独居")], [], CONFIGURATION, {("living_alone", SURVEY): ("no-longer-listed", TONIGHT)}),
    ([ticked("独居")], [ticked(None)], CONFIGURATION, {("living_alone", SURVEY): ("row-held", TONIGHT)}),
    ([certified()], [certified(certificate_status="注销")], CONFIGURATION,
     {("severely_disabled", DISABILITY): ("certificate-cancelled", TONIGHT)}),
    ([certified()], [certified("3", certificate_issued_date="2024-02-01")], CONFIGURATION,
     {("severely_disabled", DISABILITY): ("level-changed", "2024-02-01")}),
    ([certified("2")], [certified("2")], ONLY_FIRST, {("severely_disabled", DISABILITY): ("rules-changed", TONIGHT)}),
    ([assessed("3")], [assessed("0", "2024-05-01")], CONFIGURATION,
     {("incapacitated", INCAPACITY): ("assessment-says-able", "2024-05-01")}),
    ([assessed(None)], [assessed("0", "2024-05-01")], CONFIGURATION,
     {("incapacitated", INCAPACITY): ("assessment-says-able", "2024-05-01")}),
    ([assessed("1")], [assessed("1")], FROM_TWO, {("incapacitated", INCAPACITY): ("rules-changed", TONIGHT)}),
    ([assessed(None)], [assessed("2", "2024-05-01")], CONFIGURATION, {("incapacitated", INCAPACITY): ("replaced", "2024-05-01")}),
    ([ticked("重残")], [ticked("重残"), certified(certificate_status="注销")], CONFIGURATION,
     {("severely_disabled", SURVEY): ("certificate-cancelled", TONIGHT)}),
    ([ticked("重残")], [ticked("重残"), certified("4")], CONFIGURATION, {("severely_disabled", SURVEY): ("level-changed", TONIGHT)}),
    ([family()], [family(spouse_name="李建国")], CONFIGURATION, {("family_planning_special", FAMILY): ("replaced", None)}),
], ids=["unticked", "replaced", "not listed", "held", "cancelled", "lighter level", "other severe levels", "able", "able after no level",
        "other threshold", "assessed after no level", "tick, cancelled", "tick, lighter level", "list goes on"])  # fmt: skip
def test_a_statement_ends_for_what_its_source_says_now(before, now, configuration, expected):
    assert ends(before, now, configuration=configuration) == expected


def test_what_is_stated_by_the_same_row_goes_on():
    assert ends([ticked("独居"), assessed("2")], [ticked("独居"), assessed("2")], same_rows=True) == {}


def test_who_leaves_for_a_state_of_their_own_takes_every_statement_along():
    assert ends([ticked("独居")], [], ended=[NUMBER]) == {("living_alone", SURVEY): ("person-withdrawn", TONIGHT)}


STATED = st.lists(
    st.one_of(
        st.sampled_from(["独居", "失能", "重残、独居", None]).map(ticked),
        st.sampled_from(["1", "2", "3"]).flatmap(
            lambda level: st.sampled_from(["正常", "注销"]).map(lambda status: certified(level, certificate_status=status))
        ),
        st.sampled_from(["0", "2", None]).map(assessed), st.just(family()),
    ),
    min_size=1, max_size=4, unique_by=lambda statement: statement[0],
)  # fmt: skip


@FEWER
@given(STATED.filter(lambda several: any(cells.get("categories", "") is not None for _, cells in several)), STATED)
def test_exactly_what_stood_and_is_not_stated_by_that_row_any_more_ends_and_each_has_a_reason(before, now):
    first = in_force(before)
    stood = {
        (e.category, e.source)
        for e in merge(first[~first["is_held"]].reset_index(drop=True), CONFIGURATION).categories.itertuples()
    }
    before = [statement for statement, held in zip(before, first["is_held"], strict=True) if not held]
    gone = ends(before, now)
    assert set(gone) == stood  # every row is another one now
    assert {reason for reason, _ in gone.values()} <= {str(reason) for reason in CategoryEnd}
    assert all(day is None or day <= TONIGHT for _, day in gone.values())


def test_every_reason_and_every_evidence_has_words_for_officers():
    assert set(CATEGORY_END_LABELS) == set(CategoryEnd)
    assert set(EVIDENCE_LABELS) == set(Evidence)


def test_nothing_stood_and_nothing_ends():
    assert ends([ticked("独居")], [ticked("独居")], same_rows=True) == {}

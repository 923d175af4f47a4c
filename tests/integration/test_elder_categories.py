"""Categories and dated states as the registry keeps them over nights: since when, on what evidence, until when and why not longer."""

from datetime import timedelta

import pytest
from nights import (
    DISABILITY,
    FAMILY,
    INCAPACITY,
    SURVEY,
    TODAY,
    Bureau,
    disability_row,
    family_row,
    incapacity_row,
    people,
    survey_row,
)

ONE, OTHER, *REST = people(8)
NEXT_DAY, DAY_AFTER = TODAY + timedelta(days=1), TODAY + timedelta(days=2)


@pytest.fixture
def bureau(tmp_path, fresh_url):
    return Bureau(tmp_path / "home", fresh_url)


def statements(bureau, who=ONE):
    """Statements of a person's categories that are over: (category, source): (reason, day), and those that stand."""
    rows = bureau.query(
        "SELECT c.* FROM category c JOIN elder e USING (person_id) WHERE e.id_number = :number ORDER BY c.from_run",
        number=who.number,
    )
    over = {(r["category"], r["source"]): (r["end_reason"], str(r["to_date"])) for r in rows if r["to_run"]}
    standing = {(r["category"], r["source"]): r["evidence"] for r in rows if not r["to_run"]}
    assert all(r["end_reason"] is None and r["to_date"] is None for r in rows if not r["to_run"])
    return over, standing


def states(bureau, who=ONE):
    rows = bureau.query(
        "SELECT t.* FROM elder_state t JOIN elder e USING (person_id) WHERE e.id_number = :number ORDER BY t.from_run, t.source",
        number=who.number,
    )
    return [(r["state"], r["source"], str(r["from_date"]), r["end_reason"]) for r in rows]


def status(bureau, who=ONE):
    return bureau.elders()[who.number]["status"]


def test_statements_end_with_the_reason_their_source_gives_and_others_go_on(bureau):
    bureau.deliver(SURVEY, [survey_row(ONE, 对象类型="独居、空巢"), survey_row(OTHER)])
    bureau.deliver(DISABILITY, [disability_row(ONE), disability_row(OTHER)])
    bureau.deliver(INCAPACITY, [incapacity_row(ONE), incapacity_row(OTHER)])
    bureau.deliver(FAMILY, [family_row(ONE), family_row(OTHER)])
    bureau.night(expect="green")
    assert statements(bureau)[0] == {}
    bureau.deliver(SURVEY, [survey_row(ONE, 对象类型="空巢", 建档日期="2024-06-20"), survey_row(OTHER)])
    bureau.deliver(DISABILITY, [disability_row(ONE, 证件状态="注销"), disability_row(OTHER)])
    bureau.deliver(INCAPACITY, [incapacity_row(ONE, 能力等级="能力完好", 评估日期="2024-06-25"), incapacity_row(OTHER)])
    bureau.deliver(FAMILY, [family_row(OTHER)])
    bureau.night(NEXT_DAY, expect="green")
    over, standing = statements(bureau)
    assert over == {
        ("living_alone", SURVEY): ("unticked", "2024-06-20"), ("empty_nest", SURVEY): ("replaced", "2024-06-20"),
        ("severely_disabled", DISABILITY): ("certificate-cancelled", "2024-07-01"),
        ("incapacitated", INCAPACITY): ("assessment-says-able", "2024-06-25"),
        ("family_planning_special", FAMILY): ("no-longer-listed", "2024-07-01"),
    }  # fmt: skip
    assert standing == {("empty_nest", SURVEY): "survey_tick"}
    assert statements(bureau, OTHER)[0] == {}


def test_a_contradiction_is_a_question_to_both_bodies_until_they_agree(bureau):
    bureau.deliver(SURVEY, [survey_row(ONE, 对象类型="重残、独居"), survey_row(OTHER)])
    bureau.deliver(DISABILITY, [disability_row(ONE, 证件状态="注销"), disability_row(OTHER)])
    for day in (TODAY, NEXT_DAY):
        bureau.night(day, expect="green")
        asked = {key: count for key, count in bureau.findings().items() if key[0] == "sources-contradict"}
        assert asked == {
            ("sources-contradict", SURVEY, 2, "categories"): 1,
            ("sources-contradict", DISABILITY, 2, "certificate_status"): 1,
        }
    bureau.deliver(SURVEY, [survey_row(ONE), survey_row(OTHER)])
    bureau.night(DAY_AFTER, expect="green")
    assert "sources-contradict" not in bureau.codes()


def told(who=ONE, state="", on="", **cells):
    return survey_row(who, 人员状态=state, 状态日期=on, **cells)


def test_a_death_ends_the_record_and_outlives_lists_without_the_person_until_they_are_said_to_live(bureau):
    bureau.deliver(SURVEY, [told(), told(OTHER)])
    bureau.deliver(INCAPACITY, [incapacity_row(ONE), incapacity_row(OTHER)])
    bureau.night(expect="green")
    bureau.deliver(SURVEY, [told(state="死亡", on="2024-06-20"), told(OTHER)])
    summary = bureau.night(NEXT_DAY, expect="green")
    assert (summary["elders"]["withdrawn"], status(bureau)) == (1, "withdrawn")
    assert states(bureau) == [("deceased", SURVEY, "2024-06-20", None)]
    assert set(statements(bureau)[0].values()) == {("person-withdrawn", "2024-07-01")}
    bureau.deliver(SURVEY, [told(OTHER)])
    bureau.night(DAY_AFTER, expect="green")
    bureau.deliver(SURVEY, [told(备注="又一次"), told(OTHER)])
    bureau.night(DAY_AFTER, expect="green")
    assert (status(bureau), states(bureau)) == ("withdrawn", [("deceased", SURVEY, "2024-06-20", None)])
    bureau.deliver(SURVEY, [told(state="正常"), told(OTHER)])
    bureau.night(DAY_AFTER, expect="green")
    assert (status(bureau), states(bureau)) == ("active", [("deceased", SURVEY, "2024-06-20", "said-otherwise")])
    assert set(statements(bureau)[1]) == {("living_alone", SURVEY), ("incapacitated", INCAPACITY)}


def test_who_enters_an_institution_or_refuses_stays_and_the_state_goes_on_by_the_row_that_said_it_first(bureau):
    bureau.deliver(SURVEY, [told(state="入住机构", on="2024-05-01"), told(OTHER, "拒绝服务")])
    bureau.night(expect="green")
    bureau.deliver(SURVEY, [told(state="入住机构", on="2024-05-01", 备注="二"), told(OTHER, "拒绝服务")])
    bureau.night(NEXT_DAY, expect="green")
    assert bureau.active() == {ONE.number, OTHER.number}
    assert states(bureau) == [("in_institution", SURVEY, "2024-05-01", None)]
    assert states(bureau, OTHER) == [("refused", SURVEY, "2024-01-05", None)]
    bureau.deliver(SURVEY, [told(state="拒绝服务", on="2024-06-01"), told(OTHER, "拒绝服务")])
    bureau.night(DAY_AFTER, expect="green")
    assert states(bureau) == [
        ("in_institution", SURVEY, "2024-05-01", "said-otherwise"), ("refused", SURVEY, "2024-06-01", None)
    ]  # fmt: skip


def test_a_death_another_source_does_not_know_of_waits_and_the_record_stays_as_it_was(bureau):
    bureau.deliver(SURVEY, [told(), told(OTHER)])
    bureau.deliver(INCAPACITY, [incapacity_row(ONE, 评估日期="2024-06-25"), incapacity_row(OTHER)])
    bureau.night(expect="green")
    before = bureau.elders()[ONE.number]
    bureau.deliver(SURVEY, [told(state="死亡", on="2024-06-20"), told(OTHER)])
    summary = bureau.night(NEXT_DAY)
    assert (summary["elders"]["withdrawn"], bureau.elders()[ONE.number], states(bureau)) == (0, before, [])
    assert [case["kind"] for case in bureau.query("SELECT kind FROM identity_case WHERE to_run IS NULL")] == [
        "death-contradicted"
    ]


def test_an_empty_cell_deletes_nothing_and_the_record_says_where_the_value_is_from(bureau):
    bureau.deliver(SURVEY, [survey_row(ONE), survey_row(OTHER)])
    bureau.night(expect="green")
    (row,) = bureau.query("SELECT row_id FROM source_row WHERE id_number = :number", number=ONE.number)
    bureau.deliver(SURVEY, [survey_row(ONE, 联系电话="", 备注="二"), survey_row(OTHER)])
    for day in (NEXT_DAY, DAY_AFTER):
        bureau.night(day, expect="green")
        elder = bureau.elders()[ONE.number]
        assert (elder["phone"], elder["carried"]) == (ONE.phone, f'{{"d.phone": {row["row_id"]}}}')
    assert elder["revision"] == 2


def test_a_held_row_replaces_nothing_until_it_is_corrected(bureau):
    bureau.deliver(SURVEY, [survey_row(ONE), survey_row(OTHER)])
    bureau.night(expect="green")
    before = bureau.elders()[ONE.number]
    bureau.deliver(SURVEY, [survey_row(ONE, 对象类型="", 联系电话="13800000001"), survey_row(OTHER)])
    for day in (NEXT_DAY, DAY_AFTER):
        bureau.night(day, expect="yellow")
        assert bureau.elders()[ONE.number] == before
        assert bureau.codes(besides=["delivery-repeated"]) == {"category-missing": 1}
    bureau.deliver(SURVEY, [survey_row(ONE, 联系电话="13800000001"), survey_row(OTHER)])
    bureau.night(DAY_AFTER, expect="green")
    assert bureau.elders()[ONE.number]["phone"] == "13800000001"

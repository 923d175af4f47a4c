"""What people are shown of a plan."""

import json
from pathlib import Path

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from schemas.platform_profile import load_profile
from transforms.push_plan import add_summaries, differences, plan_people, plan_summary

PROFILE = load_profile(Path(__file__).parents[3] / "config/platform/example.toml")

CELLS = {
    "操作类型": "新增", "人员编号": "41", "姓名": "测试甲", "性别": "1", "证件号码": "11010519491231002X",
    "户籍乡镇(街道)": "扶大镇", "户籍村(居)": "三葵村委会", "人员类型": "8,17", "家庭每月收入(元)": "1280.50",
}  # fmt: skip


def planned(*people: tuple[int, str, dict[str, str], dict[str, str] | None]) -> pd.DataFrame:
    """A plan of people: person, sent_as, cells, and the cells told last."""
    rows = [
        (person, sent_as, json.dumps(cells), None if told is None else json.dumps(told))
        for person, sent_as, cells, told in people
    ]
    plan = pd.DataFrame(rows, columns=["person_id", "sent_as", "payload", "told_payload"])
    return plan.astype({"person_id": "int64", "sent_as": "str", "payload": "str", "told_payload": "str"})


def test_differences_are_told_cell_by_cell_in_words():
    after = CELLS | {
        "性别": "0",
        "人员类型": "8,15",
        "家庭每月收入(元)": "",
        "联系电话": "13800001234",
        "类别变更": "是",
    }
    plan = planned((41, "changed", after, CELLS), (42, "new", after, None), (43, "changed", CELLS, CELLS))
    found = differences(plan, plan["told_payload"], PROFILE)
    assert list(found.columns) == ["person_id", "header", "before", "after"]
    assert found.to_numpy().tolist() == [
        [41, "性别", "女", "男"],
        [41, "联系电话", "", "13800001234"],
        [41, "人员类型", "独居、重残", "独居、空巢"],
        [41, "家庭每月收入(元)", "1280.50", ""],
    ]


def test_a_code_nobody_knows_is_shown_as_it_is():
    plan = planned((41, "changed", CELLS | {"人员类型": "8"}, CELLS | {"人员类型": "8,99"}))
    assert differences(plan, plan["told_payload"], PROFILE)["before"].tolist() == ["独居、99"]


def test_nobody_changed_makes_no_differences():
    for plan in (planned(), planned((42, "new", CELLS, None))):
        found = differences(plan, plan["told_payload"], PROFILE)
        assert list(found.columns) == ["person_id", "header", "before", "after"]
        assert found.empty


@given(
    st.lists(
        st.tuples(st.sampled_from(["甲", "乙", ""]), st.sampled_from(["甲", "乙", ""]), st.booleans()), max_size=12
    )
)
def test_differences_agree_with_the_rule_in_plain_python(people):
    plan = planned(
        *(
            (
                place,
                "changed" if known else "new",
                CELLS | {"帮扶单位": new, "姓名": new},
                CELLS | {"帮扶单位": old, "姓名": old},
            )
            for place, (old, new, known) in enumerate(people)
        )
    )
    expected = [
        [place, header, old, new]
        for place, (old, new, known) in enumerate(people)
        for header in ("姓名", "帮扶单位")
        if known and old != new
    ]
    found = differences(plan.sample(frac=1, random_state=1), plan["told_payload"], PROFILE)
    assert sorted(found.to_numpy().tolist()) == sorted(expected)


def test_people_are_shown_in_words_and_those_leaving_with_the_types_told_last():
    gone = CELLS | {"操作类型": "退出", "人员类型": "", "退出原因": "各来源名单均不再列出", "退出日期": "2026-01-05"}
    people = plan_people(planned((41, "new", CELLS, None), (42, "withdrawn", gone, CELLS)), PROFILE)
    assert people.to_numpy().tolist() == [
        [41, "new", "测试甲", "11010519491231002X", "扶大镇/三葵村委会", "独居、重残", "", ""],
        [42, "withdrawn", "测试甲", "11010519491231002X", "扶大镇/三葵村委会", "独居、重残", "各来源名单均不再列出", "2026-01-05"],
    ]  # fmt: skip


def test_a_plan_is_counted_by_operation_village_and_type():
    elsewhere = CELLS | {"户籍村(居)": "", "人员类型": "8"}
    strange = CELLS | {"户籍乡镇(街道)": "", "户籍村(居)": "李小明"}
    people = plan_people(
        planned((1, "new", CELLS, None), (2, "new", elsewhere, None), (3, "changed", strange, CELLS), (4, "withdrawn", CELLS, CELLS)),
        PROFILE,
    )  # fmt: skip
    found = add_summaries([plan_summary(people)])
    counts = {(by, name): {} for by, name in zip(found["by"], found["name"], strict=True)}
    for by, name, operation, count in found.to_numpy().tolist():
        counts[by, name][operation] = count
    assert counts == {
        ("all", ""): {"new": 2, "changed": 1, "withdrawn": 1},
        ("village", ""): {"new": 1},
        ("village", "扶大镇/三葵村委会"): {"new": 1, "withdrawn": 1},
        ("village", "李**"): {"changed": 1},
        ("category", "独居"): {"new": 2, "changed": 1, "withdrawn": 1},
        ("category", "重残"): {"new": 1, "changed": 1, "withdrawn": 1},
    }


def test_summaries_of_parts_add_up_to_that_of_the_whole():
    people = plan_people(
        planned(*((n, "new" if n % 2 else "changed", CELLS | {"人员类型": "8" if n % 3 else "17"}, CELLS) for n in range(20))),
        PROFILE,
    )  # fmt: skip
    parts = [plan_summary(people.iloc[start : start + 6]) for start in range(0, 20, 6)]
    pd.testing.assert_frame_equal(add_summaries(parts), add_summaries([plan_summary(people)]))


def test_a_plan_of_nobody_counts_nobody():
    assert add_summaries([]).empty
    assert add_summaries([plan_summary(plan_people(planned(), PROFILE))]).empty

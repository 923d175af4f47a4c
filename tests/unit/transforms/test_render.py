import json
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import ContractBroken
from schemas.fields import ELDER_FIELDS, FIELDS
from schemas.platform_profile import PlatformProfile, load_profile
from transforms.render import render_json_lines, render_rows

EXAMPLE = Path(__file__).parents[3] / "config/platform/example.toml"
PROFILE = load_profile(EXAMPLE)

ELDER = {
    "operation": "new", "revision": 1, "person_id": 41, "name": "测试甲", "sex": "female",
    "id_number": "11010519491231002X", "birth_date": "1949-12-31", "phone": "13800001234",
    "household_division_code": "441403133201", "household_town": "扶大镇", "household_village": "三葵村委会",
    "categories": "living_alone|severely_disabled", "disability_level": "1", "ability_level": "0",
    "drinking_water_safe": "yes", "gas_safe": "no", "household_monthly_income_fen": 128050, "monthly_pension_fen": 5,
    "registered_date": "2024-05-03",
}  # fmt: skip

GOLDEN = {
    "操作类型": "新增", "人员编号": "41", "姓名": "测试甲", "性别": "1", "证件号码": "11010519491231002X",
    "出生日期": "1949-12-31", "联系电话": "13800001234", "户籍区划代码": "441403133201", "户籍乡镇(街道)": "扶大镇",
    "户籍村(居)": "三葵村委会", "人员类型": "8,17", "残疾等级": "1", "能力等级": "0", "饮水是否安全": "是",
    "生活用气是否安全": "否", "家庭每月收入(元)": "1280.50", "每月养老保险(元)": "0.05", "建档日期": "2024-05-03",
}  # fmt: skip


def changes_of(*elders: dict[str, object]) -> pd.DataFrame:
    """Changes as the registry gives them: ``str`` columns, whole numbers nullable."""
    changes = pd.DataFrame(elders).reindex(columns=["operation", "revision", *ELDER_FIELDS])
    for name in changes:
        is_number = name == "revision" or (name in FIELDS and FIELDS[str(name)].kind in {"fen", "number"})
        changes[name] = changes[name].astype("Int64" if is_number else "str")
    return changes


def profile_with(**column: object) -> PlatformProfile:
    """A profile of one column."""
    given = PROFILE.model_dump() | {"columns": [{"header": "列", **column}], "reasons": {}, "exchange": None}
    return PlatformProfile.model_validate(given)


def test_an_elder_becomes_the_row_the_profile_describes() -> None:
    rows, incomplete = render_rows(changes_of(ELDER), PROFILE)
    assert tuple(rows.columns) == PROFILE.headers
    assert rows.iloc[0].to_dict() == dict.fromkeys(PROFILE.headers, "") | GOLDEN
    assert set(rows.dtypes.map(str)) == {"str"}
    assert incomplete.empty


@pytest.mark.parametrize(
    ("header", "field"), [("姓名", "name"), ("性别", "sex"), ("证件号码", "id_number"), ("人员类型", "categories")]
)
def test_a_change_without_a_required_value_is_set_aside(header: str, field: str) -> None:
    changes = changes_of(ELDER, ELDER | {field: " ", "person_id": 42})
    rows, incomplete = render_rows(changes, PROFILE)
    assert rows["人员编号"].tolist() == ["41"]
    assert incomplete.to_dict("records") == [
        {"person_id": 42, "revision": 1, "header": header, "problem": "missing"},
    ]


def test_every_fault_of_a_change_is_told() -> None:
    faulty = ELDER | {"name": None, "sex": "unclear", "phone": "1" * 31}
    rows, incomplete = render_rows(changes_of(faulty), PROFILE)
    assert rows.empty
    assert sorted(zip(incomplete["header"], incomplete["problem"], strict=True)) == [
        ("姓名", "missing"),
        ("性别", "no-code"),
        ("联系电话", "too-long"),
    ]


def test_a_value_of_exactly_the_greatest_length_is_written() -> None:
    rows, _ = render_rows(changes_of(ELDER | {"phone": "1" * 30}), PROFILE)
    assert rows["联系电话"].tolist() == ["1" * 30]


def test_someone_who_left_is_told_without_a_type_but_with_a_reason() -> None:
    changes = changes_of(ELDER | {"operation": "withdrawn", "categories": None}).assign(reason="not-listed")
    rows, incomplete = render_rows(changes, PROFILE)
    assert rows[["操作类型", "人员类型", "退出原因"]].to_numpy().tolist() == [["退出", "", "各来源名单均不再列出"]]
    assert incomplete.empty
    rows, incomplete = render_rows(changes.assign(operation="changed"), PROFILE)
    assert incomplete["header"].tolist() == ["人员类型"]


def test_the_day_of_leaving_is_told_of_those_who_leave_alone() -> None:
    changes = changes_of(ELDER, ELDER | {"operation": "withdrawn"}).assign(changed_on="2026-01-05")
    assert render_rows(changes, PROFILE).rows["退出日期"].tolist() == ["", "2026-01-05"]


def test_a_reason_nobody_knows_is_not_passed_on() -> None:
    changes = changes_of(ELDER | {"operation": "withdrawn"}).assign(reason="bored")
    assert render_rows(changes, PROFILE).incomplete[["header", "problem"]].to_numpy().tolist() == [
        ["退出原因", "no-code"]
    ]


@pytest.mark.parametrize("field", ["reason", "category_change"])
def test_words_of_a_change_are_told_as_labels_or_as_codes(field: str) -> None:
    words = {"reason": ("no-category", "不再属于特殊困难老年人六类对象"), "category_change": ("no", "否")}
    word, label = words[field]
    changes = changes_of(ELDER).assign(**{field: word})
    assert render_rows(changes, profile_with(field=field)).rows["列"].tolist() == [label]
    codes = {"reason": {"not-listed": "1", "no-category": "2"}, "category_change": {"yes": "1", "no": "2"}}[field]
    coded = profile_with(field=field, type="code", codes=codes)
    assert render_rows(changes, coded).rows["列"].tolist() == ["2"]


@pytest.mark.parametrize(
    ("date_format", "said"),
    [("YYYYMMDD", "20240503"), ("DD/MM/YYYY", "03/05/2024"), ("YYYY年MM月DD日", "2024年05月03日")],
)
def test_dates_follow_the_platform(date_format: str, said: str) -> None:
    profile = profile_with(field="registered_date", type="date", date_format=date_format)
    rows, _ = render_rows(changes_of(ELDER, ELDER | {"registered_date": None}), profile)
    assert rows["列"].tolist() == [said, ""]


@given(st.lists(st.none() | st.integers(-(10**12), 10**12), min_size=1))
def test_amounts_in_yuan_are_exact(amounts: list[int | None]) -> None:
    profile = profile_with(field="monthly_subsidy_fen", type="amount")
    changes = changes_of(*[{"operation": "new", "revision": 1, "person_id": 1}] * len(amounts))
    for given_as in ("Int64", "str"):
        fen = pd.Series(amounts, dtype="Int64").astype(given_as)
        said = render_rows(changes.assign(monthly_subsidy_fen=fen), profile).rows["列"]
        for amount, words in zip(amounts, said, strict=True):
            plain = "" if amount is None else f"{'-' if amount < 0 else ''}{abs(amount) // 100}.{abs(amount) % 100:02}"
            assert words == plain


def test_every_change_is_either_rendered_or_explained() -> None:
    changes = changes_of(*[ELDER | {"person_id": n, "name": "测试" if n % 3 else None} for n in range(1, 31)])
    rows, incomplete = render_rows(changes.sample(frac=1, random_state=5), PROFILE)
    assert sorted([*rows["人员编号"].astype(int), *incomplete["person_id"]]) == list(range(1, 31))
    assert (changes.loc[rows.index, "person_id"].astype(str) == rows["人员编号"]).all()


def test_no_changes_make_no_rows() -> None:
    rows, incomplete = render_rows(changes_of(ELDER).head(0), PROFILE)
    assert tuple(rows.columns) == PROFILE.headers
    assert len(rows) == len(incomplete) == len(render_json_lines(changes_of(ELDER).head(0), rows)) == 0


def test_an_absent_column_is_our_own_fault() -> None:
    with pytest.raises(ContractBroken, match="lack the column phone"):
        render_rows(changes_of(ELDER).drop(columns="phone"), PROFILE)


def test_json_lines_carry_key_operation_and_cells() -> None:
    changes = changes_of(ELDER | {"name": None}, ELDER | {"person_id": 42, "revision": 7, "operation": "changed"})
    rows, _ = render_rows(changes, PROFILE)
    (line,) = render_json_lines(changes, rows).to_pylist()
    assert json.loads(line) == {"key": "42-7", "operation": "changed", "fields": rows.iloc[0].to_dict()}


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=8), min_size=1, max_size=8))
def test_json_texts_read_back_exactly(names: list[str]) -> None:
    changes = pd.DataFrame({"person_id": 1, "revision": 1, "operation": "new"}, index=range(len(names)))
    rows = pd.DataFrame({'列"一\\': names}, dtype="str")
    lines = render_json_lines(changes, rows).to_pylist()
    assert [json.loads(line)["fields"]['列"一\\'] for line in lines] == names
    assert not any("\n" in line for line in lines)

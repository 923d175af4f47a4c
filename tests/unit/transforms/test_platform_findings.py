import json

import pandas as pd
import pytest
from made_up_rows import CONFIGURATION, DISABILITY, INCAPACITY, SURVEY, id_number, with_rules
from told_changes import PROFILE

from schemas.fields import STATED_FIELDS
from schemas.findings import Finding, Severity
from transforms.columns import texts
from transforms.merge import source_letters
from transforms.platform_findings import FINDING_COLUMNS, platform_findings

NUMBER, NAME, PHONE = id_number(), "张玉梅", "13800138000"
LETTERS = source_letters(CONFIGURATION)
PAYLOAD = json.dumps({"姓名": NAME, "证件号码": NUMBER, "联系电话": PHONE}, ensure_ascii=False)


def outcomes(*several):
    columns = {name: texts([one.get(name) for one in several]) for name in ("state", "code", "words")}
    payload = texts([one.get("payload", PAYLOAD) for one in several])
    numbers = {name: [one.get(name, 1) for one in several] for name in ("person_id", "revision")}
    return pd.DataFrame({**numbers, **columns, "payload": payload}).astype({"person_id": "int64", "revision": "int64"})


def statements(*sources, person=1, won=None):
    """An elder of one row each of some sources; ``won`` says by field which of them won, the first all others."""
    winners = "".join(
        LETTERS[(won or {}).get(field, sources[0])] if (won or {}).get(field, 1) else "." for field in STATED_FIELDS
    )
    ids = range(100 * person, 100 * person + len(sources))
    return pd.DataFrame(
        {
            "person_id": [person] * len(sources), "winners": texts([winners] * len(sources)),
            "letter": texts([LETTERS[source] for source in sources]), "row_id": pd.array(ids, "Int64"),
            "source": texts(list(sources)), "delivery_id": pd.array([9] * len(sources), "Int64"),
            "sheet": texts(["服务对象"] * len(sources)), "row_number": pd.array([row + 5 for row in ids], "Int64"),
        }
    )  # fmt: skip


def found(outcome, said, configuration=CONFIGURATION, profile=PROFILE):
    frame = platform_findings(outcomes(outcome), said, profile, configuration)
    assert tuple(frame) == FINDING_COLUMNS
    return frame.astype(object).where(frame.notna(), None).to_dict("records")[0]


def test_a_refused_field_is_the_bodys_whose_value_won():
    said = statements(SURVEY, DISABILITY, won={"id_number": DISABILITY})
    finding = found({"state": "rejected", "code": "1007", "words": "号码有误"}, said)
    assert (finding["code"], finding["severity"]) == ("platform-rejected", "warn")
    assert (finding["source"], finding["field"], finding["header"]) == (DISABILITY, "id_number", "身份证号")
    assert (finding["delivery_id"], finding["sheet"], finding["row_number"], finding["row_id"]) == (
        9,
        "服务对象",
        106,
        101,
    )
    assert finding["seen"] == f"平台项目“证件号码”。{PROFILE.reasons['1007'].words}平台答复 1007：号码有误"


@pytest.mark.parametrize(
    ("words", "field"),
    [
        ("第 5 行 身份证号格式错误", "id_number"), ("手机号码位数不对", "phone"), ("联系电话：必填项未填写", "phone"),
        ("紧急联系电话不能为空", "emergency_contact_phone"), ("户籍区划代码不在字典", "household_county"),
        ("姓名和联系电话为空", None), ("系统繁忙", None),
    ],
    ids=["pattern", "pattern with a header", "header in the words", "longer header", "derived field", "two headers", "nothing"],
)  # fmt: skip
def test_without_a_code_the_words_name_the_field(words, field):
    profile = PROFILE
    if field is None:  # 姓名…为空 is one of the patterns, which would decide
        profile = PROFILE.model_copy(update={"receipts": None})
    assert found({"state": "rejected", "words": words}, statements(SURVEY), profile=profile)["field"] == field


def test_a_field_nobody_stated_is_asked_of_the_first_that_is_believed_and_has_the_column():
    reason = {"state": "rejected", "code": "1001", "words": "能力等级未填写"}
    said = statements(SURVEY, INCAPACITY, won={"ability_level": None})
    assert found(reason, said)["source"] == INCAPACITY
    assert found(reason, statements(DISABILITY, SURVEY, won={"ability_level": None}))["source"] == SURVEY


def test_a_refusal_of_no_field_is_the_first_sources_that_lists_the_person():
    finding = found({"state": "rejected", "code": "2001"}, statements(INCAPACITY, DISABILITY))
    assert (finding["source"], finding["field"], finding["header"]) == (DISABILITY, None, None)


def test_somebody_no_source_states_any_more_is_nobodys_row_but_somebodys_finding():
    finding = found({"state": "rejected", "code": "1007"}, statements(SURVEY, person=2))
    assert (finding["source"], finding["row_id"], finding["row_number"]) == (SURVEY, None, None)


@pytest.mark.parametrize("state", ["unknown", "held"])
def test_an_outcome_nobody_knows_is_a_finding_of_its_own(state):
    finding = found({"state": state}, statements(SURVEY))
    assert (finding["code"], finding["seen"]) == ("platform-unknown-outcome", "平台没有说明原因。")


def test_other_outcomes_are_no_findings():
    settled = outcomes(*({"state": state} for state in ("accepted", "pending", "sent", "superseded", "processing")))
    assert platform_findings(settled, statements(SURVEY), PROFILE, CONFIGURATION).empty


def test_a_severity_is_the_bureaus():
    rules = with_rules(severities={Finding.PLATFORM_REJECTED: Severity.NOTE})
    assert found({"state": "rejected"}, statements(SURVEY), rules)["severity"] == "note"


def test_words_about_a_person_we_no_longer_have_the_payload_of_are_not_shown():
    finding = found({"state": "rejected", "code": NAME, "words": f"{NAME}已登记", "payload": None}, statements(SURVEY))
    assert finding["seen"] == "平台没有说明原因。"


def test_each_outcome_is_one_finding_and_order_does_not_matter():
    people = range(1, 6)
    refused = outcomes(*({"state": "rejected", "code": "1007", "person_id": person} for person in people))
    said = pd.concat([statements(SURVEY, DISABILITY, person=person) for person in people], ignore_index=True)
    found = platform_findings(refused, said, PROFILE, CONFIGURATION)
    other = platform_findings(refused.iloc[::-1], said.iloc[::-1], PROFILE, CONFIGURATION)
    assert found["person_id"].tolist() == [*people]
    pd.testing.assert_frame_equal(found, other)


def test_nothing_of_the_person_is_seen():
    hostile = f"{NAME} {NUMBER} 电话１３８００１３８０００ 玉 梅 1940年5月6日"
    finding = found({"state": "rejected", "code": NUMBER, "words": hostile}, statements(SURVEY))
    assert not any(secret in finding["seen"] for secret in (NAME, NUMBER, PHONE, "１３８", "玉", "1940"))

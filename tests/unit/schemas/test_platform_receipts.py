import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from schemas.platform_profile import load_profile
from schemas.platform_receipts import Feedback, ReceiptsFormat

ROOT = Path(__file__).parents[3]
PROFILE = load_profile(ROOT / "config/platform/example.toml")
SMALL = {"headers": {"person_number": ["编号"], "result": ["结果"]}, "accepted": ["成功"], "rejected": ["失败"]}


def test_a_small_format_is_enough():
    receipts = ReceiptsFormat.model_validate(SMALL)
    assert receipts.verdicts == {"成功": "accepted", "失败": "rejected"}
    assert (receipts.takes, receipts.reason_rejects) == ("each-row", False)


BROKEN = {
    "nobody": ({"headers": {"result": ["结果"]}}, "nothing says whom a row is about"),
    "no result": ({"headers": {"person_number": ["编号"]}}, "nothing says what became of a row"),
    "no words": ({"accepted": [], "rejected": []}, "nothing says what became of a row"),
    "reason without a column": (
        {"headers": {"person_number": ["编号"]}, "reason_rejects": True}, "nothing says what became of a row"
    ),
    "word twice": ({"processing": ["成 功"]}, "the word 成功 says two things"),
    "header twice": (
        {"headers": {"person_number": ["编号"], "result": ["结果", "编 号"]}}, "is both person_number and result"
    ),
    "no expression": ({"feedback": [{"pattern": "(", "code": "1"}]}, "is no regular expression"),
    "foreign group": ({"feedback": [{"pattern": "(?P<name>.)", "code": "1"}]}, "only group with a name may be row"),
    "tells nothing": ({"feedback": [{"pattern": "错误"}]}, "tells neither a row nor a code nor a header"),
    "unknown key": ({"colour": "red"}, "Extra inputs"),
}  # fmt: skip


@pytest.mark.parametrize(("change", "said"), BROKEN.values(), ids=BROKEN.keys())
def test_a_format_that_cannot_be_understood_is_refused(change, said):
    with pytest.raises(ValidationError, match=re.escape(said)):
        ReceiptsFormat.model_validate(SMALL | change)


@pytest.mark.parametrize(
    ("sentence", "found"),
    [
        ("第 12 行 身份证号格式错误", Feedback(12, "1007", "")),
        ("第１２行：证件号码校验位不正确", Feedback(12, "1007", "")),
        ("第3条,姓名不能为空", Feedback(3, "1001", "姓名")),
        ("手机号码长度不对", Feedback(None, "", "联系电话")),
        ("出生日期格式有误", Feedback(None, "1004", "出生日期")),
        ("人员类型不在字典中", Feedback(None, "1003", "")),
        ("该人员已存在", Feedback(None, "2001", "")),
        ("第 99999999999999999999 行", Feedback()),
        ("系统繁忙", Feedback()),
        ("", Feedback()),
    ],
)
def test_the_shipped_patterns_understand_what_platforms_say(sentence, found):
    assert PROFILE.receipts.understand(sentence) == found


def test_an_endless_sentence_is_looked_through_as_far_as_it_matters():
    receipts = ReceiptsFormat.model_validate(SMALL | {"feedback": [{"pattern": "错误$", "code": "1"}]})
    assert receipts.understand("长" * 1_000_000 + "错误") == Feedback()


def test_every_code_of_an_item_the_stand_in_may_answer_is_explained():
    page = (ROOT / "docs/simulated-province.md").read_text(encoding="utf-8")
    codes = re.findall(r"\b[12]0\d\d\b", page.split("**Codes of an item.**")[1].split("**Of a batch:**")[0])
    assert len(codes) == 15
    assert set(codes) <= PROFILE.reasons.keys()
    assert {pattern.code for pattern in PROFILE.receipts.feedback if pattern.code} <= PROFILE.reasons.keys()


def test_patterns_of_the_shipped_profile_name_its_columns():
    named = [pattern.header for pattern in PROFILE.receipts.feedback if pattern.header]
    assert set(named) <= set(PROFILE.headers)

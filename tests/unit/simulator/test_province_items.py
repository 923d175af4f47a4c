"""Each item is judged by the profile: the reason names the column, in Chinese, and never quotes what is in it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from province_items import PROFILE, item_of

from simulator.province.behaviour import BATCH_OPERATIONS, Endpoint
from simulator.province.item_rules import ItemRules
from simulator.province.items import BatchUnreadable, fields_digest, read_batch

RULES = ItemRules(PROFILE)
UPSERT, WITHDRAW = (BATCH_OPERATIONS[endpoint] for endpoint in (Endpoint.UPSERT, Endpoint.WITHDRAW))


def objection(operations=UPSERT, **item):
    return RULES.objection(item_of(**item), operations)


def test_a_whole_item_is_taken():
    more = {
        "出生日期": "1949-12-31",
        "残疾等级": "1",
        "饮水是否安全": "是",
        "家庭每月收入(元)": "-1280.50",
        "备注": None,
    }
    del more["备注"]
    assert objection(**more) is None
    assert objection(revision=2, operation="changed") is None
    assert objection(WITHDRAW, operation="withdrawn", 人员类型="", 退出原因="死亡") is None


@pytest.mark.parametrize(("header", "value", "code", "reason"), [
    ("姓名", "", "1001", "「姓名」为必填项"),
    ("人员类型", "", "1001", "「人员类型」为必填项"),
    ("姓名", "测" * 51, "1002", "「姓名」超过50个字符"),
    ("性别", "2", "1003", "「性别」不在代码表内"),
    ("人员类型", "8,99", "1003", "「人员类型」不在代码表内"),
    ("人员类型", "8,8", "1003", "「人员类型」不在代码表内"),
    ("出生日期", "1949/12/31", "1004", "「出生日期」日期格式应为YYYY-MM-DD"),
    ("出生日期", "1949-02-30", "1004", "「出生日期」日期格式应为YYYY-MM-DD"),
    ("人员编号", "七", "1005", "「人员编号」应为整数"),
    ("每月补贴(元)", "12.5", "1006", "「每月补贴(元)」应为两位小数的金额"),
    ("证件号码", "440102198001021231", "1007", "「证件号码」不是有效的公民身份号码"),
    ("别的列", "", "1008", "含有模板以外的字段"),
    ("人员编号", "77", "1010", "「人员编号」与报文不一致"),
    ("操作类型", "变更", "1010", "「操作类型」与报文不一致"),
], ids=[
    "name missing", "categories missing", "too long", "unknown code", "unknown among codes", "code twice", "other date",
    "no such date", "no number", "no amount", "check character", "unknown column", "other person", "other operation",
])  # fmt: skip
def test_what_the_profile_does_not_allow_is_rejected_with_a_reason(header, value, code, reason):
    assert objection(**{header: value}) == (code, reason)


def test_a_column_that_is_not_sent_is_empty():
    fields = dict(item_of().fields)
    del fields["姓名"]
    assert objection(fields=fields).code == "1001"


@pytest.mark.parametrize(("operations", "operation"), [(UPSERT, "withdrawn"), (WITHDRAW, "new"), (UPSERT, "deleted")],
                         ids=["withdrawn to upsert", "new to withdraw", "unknown"])  # fmt: skip
def test_each_endpoint_takes_its_operations(operations, operation):
    assert RULES.objection(item_of(operation=operation, fields={}), operations).code == "1009"


def test_a_batch_is_read_as_it_is_sent():
    sent = {"key": "7-2", "person": 7, "revision": 2, "operation": "new", "fields": {"姓名": "测试乙"}}
    batch = read_batch({"batch": "b-9", "items": [sent]})
    assert (batch.name, batch.items[0].person, batch.items[0].fields) == ("b-9", "7", {"姓名": "测试乙"})
    assert batch.items[0].payload == f"7/2/new/{fields_digest({'姓名': '测试乙'})}"


GOOD = {"key": "7-2", "person": "7", "revision": 2, "operation": "new", "fields": {}}


@pytest.mark.parametrize(("change", "words"), [
    ({"key": ""}, "第 1 项缺少 key、person 或 operation"), ({"key": "k" * 201}, "第 1 项缺少"), ({"person": None}, "第 1 项缺少"),
    ({"person": True}, "第 1 项缺少"), ({"operation": 3}, "第 1 项缺少"), ({"revision": "2"}, "revision 不是正整数"),
    ({"revision": 0}, "revision 不是正整数"), ({"revision": True}, "revision 不是正整数"), ({"revision": 1 << 70}, "revision"),
    ({"fields": None}, "fields 不是文本"), ({"fields": {"姓名": 3}}, "fields 不是文本"),
    ({"fields": {"姓名": "\ud800"}}, "不成对的代理字符"), ({"key": "\ud800"}, "第 1 项缺少"),
], ids=[
    "key empty", "key long", "person null", "person true", "operation", "revision text", "revision 0", "revision true",
    "revision huge", "no fields", "field a number", "half a character", "half a character in a key",
])  # fmt: skip
def test_an_item_of_another_form_spoils_the_batch(change, words):
    with pytest.raises(BatchUnreadable, match=words):
        read_batch({"batch": "b-1", "items": [GOOD | change]})


@pytest.mark.parametrize("document", [None, [], {}, {"batch": "b"}, {"batch": "", "items": [GOOD]}, {"batch": "b", "items": []},
                                      {"batch": "b", "items": ["x"]}], ids=json.dumps)  # fmt: skip
def test_what_is_no_batch_is_not_read(document):
    with pytest.raises(BatchUnreadable):
        read_batch(document)


@given(st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=5), st.randoms())
def test_the_digest_knows_the_fields_and_not_their_order(fields, random):
    shuffled = list(fields.items())
    random.shuffle(shuffled)
    assert fields_digest(dict(shuffled)) == fields_digest(fields)
    assert fields_digest({**fields, "another": "1"}) != fields_digest(fields)

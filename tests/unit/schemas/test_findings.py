"""The catalogue is complete and speaks to data officers."""

import re
from typing import get_args

import pytest

from schemas.findings import CATALOGUE, ID_NUMBER_JUDGED_IN_ORDER, Finding, Group, Owner, Severity

CHINESE = re.compile("[\u4e00-\u9fff]")


def test_every_code_has_one_rule_and_stands_in_its_order():
    assert list(CATALOGUE) == list(Finding)
    assert all(rule.code is code for code, rule in CATALOGUE.items())


@pytest.mark.parametrize("code", Finding)
def test_every_rule_has_chinese_words_that_help(code):
    rule = CATALOGUE[code]
    for words in (rule.label, rule.meaning, rule.remedy, rule.expected):
        assert CHINESE.search(words)
        assert words == words.strip()
        assert words not in {"无效", "错误", "不合法", "格式错误"}
    assert rule.meaning.endswith("。")
    assert rule.remedy.endswith("。")
    assert rule.group in get_args(Group)
    assert rule.owner in get_args(Owner)


def test_labels_tell_the_codes_apart():
    assert len({rule.label for rule in CATALOGUE.values()}) == len(CATALOGUE)


def test_whatever_waits_for_a_decision_is_our_officers_or_the_platforms():
    holds = [rule for rule in CATALOGUE.values() if rule.severity is Severity.HOLD]
    assert {rule.owner for rule in holds} == {"civil_affairs", "platform"}


def test_an_id_numbers_own_faults_keep_their_row_out():
    assert all(CATALOGUE[fault].severity is Severity.REJECT for fault in ID_NUMBER_JUDGED_IN_ORDER)
    assert ID_NUMBER_JUDGED_IN_ORDER[0] is Finding.ID_NUMBER_MISSING
    assert ID_NUMBER_JUDGED_IN_ORDER[-1] is Finding.ID_NUMBER_CHECKSUM


def test_the_catalogue_cannot_be_changed_in_passing():
    with pytest.raises(TypeError):
        CATALOGUE[Finding.NAME_MISSING] = CATALOGUE[Finding.NAME_CHARACTERS]

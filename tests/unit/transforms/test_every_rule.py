"""Every rule of a source's rows and of its household sheet: a row that breaks it alone, and one beside it that does not."""

from datetime import date
from typing import NamedTuple

import pandas as pd
import pytest
from made_up_rows import CONFIGURATION, DISABILITY, FAMILY, INCAPACITY, SURVEY, TODAY, codes, id_number, judged

from schemas.findings import Finding
from schemas.idnumber import check_character
from schemas.rules_catalogue import MEMBER_RULES, ROW_RULES
from schemas.rules_declared import Stage
from transforms.columns import texts
from transforms.judge import judge_members
from transforms.standardise import standardise_members

NUMBER = id_number()
SEX = "男" if NUMBER[16] in "13579" else "女"
CLEAN = {
    SURVEY: {"name": "张玉梅", "id_number": NUMBER, "household_town": "程江镇", "household_village": "大黄村", "categories": "独居"},
    INCAPACITY: {"name": "张玉梅", "id_number": NUMBER, "household_address": "程江镇", "ability_level": "2"},
    FAMILY: {"name": "张玉梅", "id_number": NUMBER, "household_address": "程江镇", "family_planning_type": "失独"},
    DISABILITY: {
        "name": "张玉梅", "id_number": NUMBER, "household_address": "程江镇", "disability_certificate_number": NUMBER + "41",
    },
}  # fmt: skip


class Broken(NamedTuple):
    """What is changed in a clean row so that it breaks a rule, and so that it does not."""

    source: str
    wrong: dict[str, str | None]
    right: dict[str, str | None]


def of_number(wrong: str | None, right: str = NUMBER) -> Broken:
    return Broken(FAMILY, {"id_number": wrong}, {"id_number": right})


_OTHER = id_number(serial=333)
ROWS: dict[str, Broken] = {
    "id-number-missing": of_number(None),
    "id-number-stored-as-number": of_number("441421194005061000"),
    "id-number-characters": of_number("44142119400506A219"),
    "id-number-length": of_number("4414211940050612"),
    "id-number-birth-date": of_number("44142119400231121" + check_character("44142119400231121"), id_number(date(1940, 2, 29))),
    "id-number-checksum": of_number(NUMBER[:17] + ("0" if NUMBER[17] != "0" else "1")),
    "id-type-unsupported": of_number("G12345678"),
    "id-number-upgraded": of_number(NUMBER[:6] + NUMBER[8:17]),
    "id-number-repaired": of_number("'" + NUMBER, f" {NUMBER} "),
    "id-number-region-unknown": of_number(id_number(region="100101"), id_number(region="820000")),
    "age-under-sixty": of_number(id_number(date(1964, 7, 1)), id_number(date(1964, 6, 30))),
    "age-implausible": of_number(id_number(date(1903, 6, 30)), id_number(date(1903, 7, 1))),
    "sex-mismatch": Broken(SURVEY, {"sex": "女" if SEX == "男" else "男"}, {"sex": SEX}),
    "birth-date-mismatch": Broken(SURVEY, {"birth_date": "1940-05-07"}, {"birth_date": "1940-05-06"}),
    "name-missing": Broken(FAMILY, {"name": " "}, {"name": "张三"}),
    "name-characters": Broken(FAMILY, {"name": "张@三"}, {"name": "阿依古丽·买买提"}),
    "phone-format": Broken(FAMILY, {"phone": "1391234"}, {"phone": "0753-2222222"}),
    "code-unknown": Broken(SURVEY, {"gas_safe": "也许"}, {"gas_safe": "是"}),
    "date-format": Broken(SURVEY, {"registered_date": "去年"}, {"registered_date": "2024年6月30日"}),
    "date-future": Broken(SURVEY, {"registered_date": "2024-07-01"}, {"registered_date": "2024-06-30"}),
    "amount-format": Broken(SURVEY, {"monthly_pension_fen": "约三百"}, {"monthly_pension_fen": "1,280.50"}),
    "amount-negative": Broken(SURVEY, {"monthly_pension_fen": "-1"}, {"monthly_pension_fen": "0"}),
    "division-unknown": Broken(SURVEY, {"household_town": "无此镇"}, {"household_town": "程江"}),
    "division-inconsistent": Broken(SURVEY, {"household_county": "大埔县"}, {"household_county": "梅县区"}),
    "address-missing": Broken(SURVEY, {"household_town": None, "household_village": None}, {"household_village": None}),
    "category-missing": Broken(SURVEY, {"categories": None}, {"categories": "失能"}),
    "category-unknown": Broken(SURVEY, {"categories": "独居、高龄"}, {"categories": "独居、空巢"}),
    "certificate-format": Broken(
        SURVEY, {"disability_certificate_number": NUMBER}, {"disability_certificate_number": NUMBER + "41B1"}
    ),
    "certificate-id-mismatch": Broken(
        SURVEY, {"disability_certificate_number": _OTHER + "41"}, {"disability_certificate_number": NUMBER + "41"}
    ),
    "certificate-category-mismatch": Broken(DISABILITY, {"disability_category": "2"}, {"disability_category": "4"}),
    "certificate-level-mismatch": Broken(DISABILITY, {"disability_level": "2"}, {"disability_level": "1"}),
    "certificate-expired": Broken(
        DISABILITY, {"certificate_expiry_date": "2024-06-29"}, {"certificate_expiry_date": "2024-06-30"}
    ),
    "certificate-cancelled": Broken(DISABILITY, {"certificate_status": "注销"}, {"certificate_status": "正常"}),
    "ability-level-missing": Broken(INCAPACITY, {"ability_level": None}, {"ability_level": "0"}),
    "ability-assessment-old": Broken(
        INCAPACITY, {"ability_assessed_date": "2023-06-29"}, {"ability_assessed_date": "2023-06-30"}
    ),
    "family-type-unknown": Broken(FAMILY, {"family_planning_type": None}, {"family_planning_type": "伤残"}),
}  # fmt: skip

HEAD = {"elder_id_number": NUMBER, "name": "张玉梅", "relation_to_head": "户主"}
SON = {
    "elder_id_number": NUMBER,
    "name": "赵小明",
    "relation_to_head": "长子",
    "id_number": id_number(date(1970, 1, 1)),
}
MEMBERS = {
    "household-head-missing": ([SON], [HEAD, SON]),
    "household-relation-unknown": (
        [HEAD, SON | {"relation_to_head": "邻居"}],
        [HEAD, SON | {"relation_to_head": "次子"}],
    ),
    "household-member-id": ([HEAD, SON | {"id_number": "44"}], [HEAD, SON | {"id_number": None}]),
}


def said_of(members: list[dict[str, str]]) -> list[str]:
    source = CONFIGURATION.sources[SURVEY]
    frame = pd.DataFrame({field: texts([row.get(field) for row in members]) for field in source.members.columns})
    rows = standardise_members(frame, source)
    return codes(judge_members(rows, {}, texts([NUMBER]), CONFIGURATION.rules, today=TODAY))


@pytest.mark.parametrize("code", ROWS)
def test_a_row_that_breaks_a_rule_has_its_finding_and_no_other(code):
    broken = ROWS[code]
    assert codes(judged([CLEAN[broken.source] | broken.wrong], broken.source)) == [code]


@pytest.mark.parametrize("code", ROWS)
def test_a_row_beside_it_has_none(code):
    broken = ROWS[code]
    assert codes(judged([CLEAN[broken.source] | broken.right], broken.source)) == []


@pytest.mark.parametrize("code", MEMBERS)
def test_members_that_break_a_rule_have_its_finding_and_no_other(code):
    wrong, right = MEMBERS[code]
    assert (said_of(wrong), said_of(right)) == ([code], [])


def test_every_rule_of_rows_and_members_is_here():
    here = {rule.code.value for rule in (*ROW_RULES, *MEMBER_RULES) if rule.stage is not Stage.SOURCES}
    assert {*ROWS, *MEMBERS} == here


def off(*codes_: str):
    return CONFIGURATION.rules.model_copy(update={"off": tuple(map(Finding, codes_))})


@pytest.mark.parametrize(
    "code", ["phone-format", "age-under-sixty", "certificate-expired", "address-missing", "category-missing"]
)
def test_a_rule_that_is_off_finds_nothing_and_holds_no_row(code):
    broken = ROWS[code]
    judgement = judged([CLEAN[broken.source] | broken.wrong], broken.source, rules=off(code))
    assert codes(judgement) == []
    assert judgement.rows["is_held"].tolist() == [False]


def test_a_rule_that_is_off_has_no_day_on_which_it_turns():
    row = CLEAN[INCAPACITY] | {"ability_assessed_date": "2023-07-10"}
    days = [
        judged([row], INCAPACITY, rules=rules).rows["recheck_on"].tolist()
        for rules in (off(), off("ability-assessment-old"))
    ]
    assert days == [["2024-07-11"], ["2061-05-06"]]


def test_a_cell_that_could_not_be_read_is_not_missing_as_well_although_its_rule_is_off():
    row = CLEAN[SURVEY] | {"categories": "五保"}
    assert codes(judged([row], rules=off("category-unknown"))) == []

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_up_rows import CONFIGURATION, DIVISIONS

from schemas.configuration import Division
from schemas.findings import Finding
from transforms.divisions import DivisionTable

BY_CODE = {division.code: division for division in CONFIGURATION.divisions}
PLACES = st.none() | st.sampled_from(
    [
        "梅县区",
        "梅县",
        "广东省梅州市梅县区",
        "大埔县",
        "程江镇",
        "程江",
        "扶大镇",
        "扶大",
        "三葵村委会",
        "三葵村",
        "三葵",
        "别处",
    ]
)


def official(code):
    division = BY_CODE[code]
    return BY_CODE[division.replaced_by or code]


@pytest.mark.parametrize("division", [d for d in CONFIGURATION.divisions if d.level >= 3], ids=lambda d: d.code)
def test_every_division_resolves_to_its_present_code_and_name(division):
    names = {3: None, 4: None, 5: None}
    code = division.code
    while code and BY_CODE[code].level >= 3:
        names[BY_CODE[code].level] = BY_CODE[code].name
        code = BY_CODE[code].parent_code
    resolved = DIVISIONS.resolve(names[3], names[4], names[5])
    assert (resolved.code, resolved.fault) == (official(division.code).code, None)
    assert official(division.code).name in (resolved.county, resolved.town, resolved.village)


@given(PLACES, PLACES, PLACES)
def test_resolving_what_was_resolved_changes_nothing(county, town, village):
    once = DIVISIONS.resolve(county, town, village)
    assert DIVISIONS.resolve(once.county, once.town, once.village) == once


@given(PLACES, PLACES, PLACES, st.randoms(use_true_random=False))
def test_the_order_of_the_table_does_not_matter(county, town, village, order: random.Random):
    shuffled = list(CONFIGURATION.divisions)
    order.shuffle(shuffled)
    assert DivisionTable(shuffled).resolve(county, town, village) == DIVISIONS.resolve(county, town, village)


@given(PLACES, PLACES, PLACES)
def test_a_known_code_is_never_given_beside_an_unknown_county(county, town, village):
    resolved = DIVISIONS.resolve(county, town, village)
    if resolved.fault is Finding.DIVISION_UNKNOWN and resolved.at == "county":
        assert resolved.code is None
    if resolved.code:
        assert resolved.code in BY_CODE
        assert BY_CODE[resolved.code].name in (resolved.county, resolved.town, resolved.village)


@pytest.mark.parametrize(
    ("written", "names", "code", "fault"),
    [
        (("梅县区", "扶大镇", "三葵村"), ("梅县区", "扶大镇", "三葵村委会"), "441403133201", None),
        ((None, "扶大", "三葵"), ("梅县区", "扶大镇", "三葵村委会"), "441403133201", None),
        (("梅县", "程江", "任何村"), ("梅县区", "程江镇", "任何村"), "441403132000", None),
        (("梅县区", "扶大镇", "任何村"), ("梅县区", "扶大镇", "任何村"), "441403133000", ("division-unknown", "village")),
        (("梅县区", "无此镇", None), ("梅县区", "无此镇", None), "441403000000", ("division-unknown", "town")),
        (("大埔县", "程江镇", None), ("大埔县", "程江镇", None), "441422000000", ("division-inconsistent", "town")),
        (("无此县", "程江镇", None), ("无此县", "程江镇", None), None, ("division-unknown", "county")),
        ((None, "扶大高管会", "铁炉潭村"), ("梅县区", "扶大镇", "铁炉桥村委会"), "441403133203", None),
        (("廣東省梅州市梅縣", "畬江鎮", None), ("梅县区", "畲江镇", None), "441403107000", None),
        (("441421", "441403130000", None), ("梅县区", "松口镇", None), "441403100000", None),
        (("梅县区", "扶大镇", "441403133201"), ("梅县区", "扶大镇", "三葵村委会"), "441403133201", None),
        (("梅县区", "扶大镇", "三葵村委"), ("梅县区", "扶大镇", "三葵村委会"), "441403133201", None),
        ((None, None, "三葵村"), (None, None, "三葵村"), None, None),
        ((None, None, None), (None, None, None), None, None),
    ],
    ids=["all three", "short forms", "village table missing", "village unknown", "town unknown", "town elsewhere",
         "county unknown", "aliases", "other characters", "codes", "code of a village", "committee cut short", "village alone", "nothing"],
)  # fmt: skip
def test_written_places_resolve_as_far_as_is_certain(written, names, code, fault):
    resolved = DIVISIONS.resolve(*written)
    assert (resolved.county, resolved.town, resolved.village) == names
    assert resolved.code == code
    assert (resolved.fault, resolved.at) == (fault or (None, None))


TWINS = DivisionTable(
    [
        *CONFIGURATION.divisions,
        Division(code="441403132001", name="程江社区居委会", level=5, parent_code="441403132000"),
        Division(code="441403132200", name="程江村委会", level=5, parent_code="441403132000"),
        Division(code="441403200000", name="程江街道办事处", level=4, parent_code="441403000000"),
        Division(code="441422100000", name="扶大镇", level=4, parent_code="441422000000"),
    ]
)


@pytest.mark.parametrize(
    ("written", "code", "fault"),
    [
        (("梅县区", "程江镇", "程江社区"), "441403132001", None),
        (("梅县区", "程江镇", "程江村"), "441403132200", None),
        (("梅县区", "程江镇", "程江"), "441403132000", "division-unknown"),
        (("梅县区", "程江街道", None), "441403200000", None),
        (("梅县区", "程江", None), "441403000000", "division-unknown"),
        ((None, "扶大镇", None), None, "division-inconsistent"),
        (("大埔县", "扶大镇", None), "441422100000", None),
    ],
    ids=["community", "village", "either", "subdistrict", "either town", "either county", "that county"],
)
def test_of_two_places_of_one_name_none_is_guessed(written, code, fault):
    resolved = TWINS.resolve(*written)
    assert (resolved.code, resolved.fault) == (code, fault)


def test_a_town_without_its_county_is_the_bureaus_own():
    table = [
        *CONFIGURATION.divisions,
        Division(code="441481100000", name="大坪镇", level=4, parent_code="441481000000"),
    ]
    assert DivisionTable(table).resolve(None, "大坪镇", None).code is None
    assert DivisionTable(table, "梅县区").resolve(None, "大坪镇", None).code == "441403104000"
    assert DivisionTable(table, "兴宁市").resolve(None, "大坪镇", None).code == "441481100000"


def test_a_town_that_went_to_another_county_is_found_under_both():
    table = DivisionTable(
        [
            *CONFIGURATION.divisions,
            Division(
                code="441403140000", name="云上镇", level=4, parent_code="441403000000", replaced_by="441402140000"
            ),
            Division(code="441402140000", name="云上街道办事处", level=4, parent_code="441402000000"),
        ],
        "梅县区",
    )
    for county, town in (("梅县区", "云上镇"), ("梅江区", "云上镇"), ("梅江区", "云上街道")):
        assert table.resolve(county, town, None)[:4] == ("梅江区", "云上街道办事处", None, "441402140000")


def test_one_of_several_counties_of_a_name_is_the_one_nearby():
    far = [
        Division(code="430000000000", name="湖南省", level=1),
        Division(code="430100000000", name="长沙市", level=2, parent_code="430000000000"),
        Division(code="430101000000", name="丰顺县", level=3, parent_code="430100000000"),
    ]
    assert DivisionTable([*CONFIGURATION.divisions, *far]).resolve("丰顺县", None, None).code is None
    assert (
        DivisionTable([*CONFIGURATION.divisions, *far], "梅县区").resolve("丰顺县", None, None).code == "441423000000"
    )

import random
import time

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_up_rows import CONFIGURATION, DISABILITY, INCAPACITY, LOCALITY, TODAY, standardised

from schemas.configuration import Division
from schemas.divisions import read_division_table
from transforms.addresses import AddressBook, Located
from transforms.columns import texts, to_arrow
from transforms.divisions import DivisionTable
from transforms.standardise import standardise


def village(code, name):
    return Division(code=code, name=name, level=5, parent_code=f"{code[:9]}000")


TABLE = (
    *CONFIGURATION.divisions,
    village("441403132001", "圩镇社区居委会"),
    village("441403132200", "大黄村委会"),
    village("441403132201", "大和村委会"),
    village("441403104001", "圩镇社区居委会"),
    village("441403104200", "三坑村委会"),
    village("441403102200", "三坑村委会"),
    village("441403001001", "程江社区居委会"),
    village("441403114200", "梅州村委会"),
    Division(code="441422100000", name="湖寮镇", level=4, parent_code="441422000000"),
    Division(code="441422101000", name="大麻镇", level=4, parent_code="441422000000"),
    Division(code="441481100000", name="大坪镇", level=4, parent_code="441481000000"),
    Division(code="440100000000", name="广州市", level=2, parent_code="440000000000"),
    Division(code="440106000000", name="天河区", level=3, parent_code="440100000000"),
    Division(code="430000000000", name="湖南省", level=1),
    Division(code="430100000000", name="长沙市", level=2, parent_code="430000000000"),
)
BOOK = AddressBook(DivisionTable(TABLE, "梅县区"))
BY_CODE = {division.code: division for division in TABLE}
IN_FORCE = {division.replaced_by or division.code for division in TABLE}

PLACES = {
    "in full": ("广东省梅州市梅县区扶大镇三葵村12号", "441403133201"),
    "short": ("梅县扶大三葵", "441403133201"),
    "alias of a town": ("扶大高管会三葵村委会", "441403133201"),
    "another alias": ("梅县区扶大高新区所里村", "441403133200"),
    "county, town, village": ("梅县区程江镇大黄村委会", "441403132200"),
    "retired county": ("广东省梅县扶大镇三丰村", "441403133202"),
    "retired name of a village": ("扶大镇铁炉潭村", "441403133203"),
    "code in force": ("441403133201", "441403133201"),
    "retired code": ("441403130000", "441403100000"),
    "code of a town": ("441403133三葵村", "441403133201"),
    "code of a retired county": ("441421", "441403000000"),
    "postal code": ("514700梅县区扶大镇三葵村", "441403133201"),
    "one character for another": ("畬江镇", "441403107000"),
    "the other character": ("畲江镇", "441403107000"),
    "traditional": ("廣東省梅州市梅縣扶大鎮三葵村", "441403133201"),
    "blanks": (" 广东省 梅州市　梅县区 扶大镇 三葵村 12 号", "441403133201"),
    "full width": ("梅县区扶大镇三葵村１２号", "441403133201"),
    "signs": ("广东省/梅州市/梅县区/扶大镇/三葵村", "441403133201"),
    "label": ("户籍地址：梅县区扶大镇三葵村", "441403133201"),
    "country": ("中国广东省梅州市梅县区扶大镇所里村", "441403133200"),
    "brackets": ("梅县区(原梅县)扶大镇(高管会)三葵村", "441403133201"),
    "city without county": ("梅州市扶大镇三葵村", "441403133201"),
    "development zone": ("梅州高新区扶大镇三葵村", "441403133201"),
    "zone after the county": ("梅县区梅州高新区扶大镇三葵村", "441403133201"),
    "written twice": ("广东省梅州市梅县区广东省梅县区扶大镇扶大镇三葵村", "441403133201"),
    "street before the village": ("梅县区扶大镇府前路12号三葵村", "441403133201"),
    "village committee": ("扶大镇三葵村民委员会", "441403133201"),
    "committee cut short": ("扶大镇三葵村委", "441403133201"),
    "group": ("扶大三葵八队", "441403133201"),
    "town's old kind": ("梅县区新城镇程江社区", "441403001001"),
    "village named like the city": ("梅县区隆文镇梅州村", "441403114200"),
    "town of another county": ("大埔县湖寮镇龙岗村", "441422100000"),
    "county's short name": ("大埔湖寮镇", "441422100000"),
    "town nobody else has": ("湖寮镇龙岗村", "441422100000"),
    "two counties have such a town": ("大坪镇三坑村", "441403104200"),
    "county says which": ("兴宁市大坪镇", "441481100000"),
    "another city": ("广州市天河区", "440106000000"),
    "town alone": ("扶大", "441403133000"),
    "town with a stranger's street": ("梅县区扶大镇三丰花园3栋", "441403133000"),
    "part of another village's name": ("梅县区扶大镇上三葵村", "441403133000"),
    "hamlet before a village": ("梅县区扶大镇老屋村三葵村", "441403133000"),
    "one of several of that name": ("梅县区三坑村", "441403000000"),
    "which market town": ("梅县区圩镇社区", "441403000000"),
    "market town of a town": ("梅县区程江镇圩镇社区", "441403132001"),
    "village without its town": ("梅县区三葵村", "441403000000"),
    "street named like a town": ("梅县区程江大道12号", "441403000000"),
    "street in the county": ("梅县人民路12号", "441403000000"),
    "county alone": ("梅县", "441403000000"),
    "nothing but a village": ("三葵村", None),
    "a house": ("老屋下12号", None),
    "short town and a number": ("城东12号", None),
    "city alone": ("广东省梅州市", None),
    "unknown": ("不详", None),
    "nothing": ("、", None),
}


@pytest.mark.parametrize(("text", "code"), PLACES.values(), ids=PLACES)
def test_an_address_is_the_deepest_place_that_is_certain(text, code):
    located = BOOK.locate(text)
    assert (located.code, located.fault) == (code, None)
    if code:
        assert BY_CODE[code].name in (located.county, located.town, located.village)


OUTSIDE = {
    "another province": ("江西省赣州市寻乌县大坪镇", "province", "江西省"),
    "another province, short": ("福建武平扶大", "province", "福建"),
    "a province of the table": ("湖南省长沙市", "province", "湖南省"),
    "city outside the table": ("深圳市南山区粤海街道", "city", "深圳市"),
    "city of the province": ("广东省惠州市大坪镇", "city", "惠州市"),
    "county outside the table": ("梅州市云上县扶大镇三葵村", "county", "云上县"),
    "kind of another county": ("五华区人民路", "county", "五华区"),
    "two counties": ("梅县区大埔县湖寮镇", "county", "大埔县"),
    "county of another city": ("广州市梅县区扶大镇", "county", "梅县区"),
}


@pytest.mark.parametrize(("text", "at", "named"), OUTSIDE.values(), ids=OUTSIDE)
def test_an_address_outside_is_nowhere_and_says_by_which_name(text, at, named):
    assert BOOK.locate(text) == Located(fault="division-unknown", at=at, named=named)


@pytest.mark.parametrize(
    ("text", "fault", "named"),
    [
        ("梅县区云上镇大村", "division-unknown", "云上镇"),
        ("梅县区湖寮镇龙岗村", "division-inconsistent", "湖寮镇"),
        ("大埔县扶大镇三葵村", "division-inconsistent", "扶大镇"),
    ],
    ids=["no town of that name", "town of another county", "our town in another county"],
)
def test_a_town_that_its_county_does_not_have_is_a_fault(text, fault, named):
    located = BOOK.locate(text)
    assert (located.fault, located.at, located.named) == (fault, "town", named)
    assert located.code in {"441403000000", "441422000000"}
    assert (located.town, located.village) == (None, None)


def test_towns_of_a_county_without_towns_in_the_table_are_not_judged():
    assert BOOK.locate("蕉岭县云上镇") == Located(county="蕉岭县", code="441427000000")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("松口镇上坑村委会第3组", "上坑村委会"),
        ("南口镇侨乡村", "侨乡村"),
        ("松口镇人民路3号", None),
        ("松口镇农村信用社", None),
    ],
)
def test_where_the_table_has_no_villages_a_village_is_kept_as_it_is_written(text, name):
    located = BOOK.locate(text)
    assert located.village == name
    assert BY_CODE[located.code].level == 4


COMPLETE = read_division_table(
    [
        {"code": "441403", "name": "梅县区"},
        *({"code": f"44140310{town}", "name": f"{name}镇"} for town, name in enumerate(("扶大", "程江"))),
        {"code": "441403100200", "name": "三葵村委会"},
        {"code": "441403100201", "name": "三坑村委会"},
        {"code": "441403101200", "name": "三坑村委会"},
    ]
)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("三葵村12号", "441403100200"),
        ("梅县区三葵12号", "441403100200"),
        ("三葵", None),
        ("三坑村", None),
        ("梅县区三坑村", "441403000000"),
    ],
)
def test_a_village_without_its_town_is_certain_only_where_all_villages_are_known(text, code):
    assert AddressBook(DivisionTable(COMPLETE, "梅县区")).locate(text).code == code


def test_without_the_bureaus_county_in_the_table_no_address_is_read():
    book = AddressBook(DivisionTable(TABLE, "无此县"))
    assert book.locate("广东省梅州市梅县区扶大镇三葵村") == Located()


WORDS = st.sampled_from(
    ["广东省", "江西省", "湖南省", "梅州市", "深圳市", "广州市", "梅县区", "梅县", "大埔县", "兴宁市", "五华", "扶大镇", "扶大", "程江", "大坪镇", "湖寮镇",
     "云上镇", "扶大高管会", "三葵村", "三葵", "大黄村委会", "圩镇社区", "铁炉潭", "三坑", "花园", "大道", "路", "12号", "第3组", "老屋下", " ", "(", ")",
     "441403133201", "441403130000", "440106", "村", "区", "市", "镇", "县"]
)  # fmt: skip
LINES = st.lists(WORDS, max_size=7).map("".join)
VILLAGES = st.sampled_from([division for division in TABLE if division.level == 5])
COUNTIES = st.sampled_from([division for division in TABLE if division.level == 3])


@given(LINES)
def test_what_is_found_is_in_the_table_and_hangs_together(text):
    located = BOOK.locate(text)
    assert located.code is None or located.code in IN_FORCE
    names = [located.county, located.town, located.village]
    assert names == sorted(names, key=lambda name: name is None)
    code = located.code
    while code and BY_CODE[code].level >= 3:
        assert BY_CODE[code].name == names[BY_CODE[code].level - 3]
        code = BY_CODE[code].parent_code


@given(LINES)
def test_no_address_is_in_another_province(text):
    located = BOOK.locate(text)
    assert (located.code or "44").startswith("44")
    if text.startswith(("江西省", "湖南省")):
        assert located.code is None


@given(VILLAGES, st.text(max_size=12) | LINES)
def test_what_stands_behind_the_village_changes_nothing(division, rest):
    town = BY_CODE[division.parent_code]
    line = f"{BY_CODE[town.parent_code].name}{town.name}{division.name}"
    assert BOOK.locate(line).code == division.code
    assert BOOK.locate(f"{line} {rest}") == BOOK.locate(line)
    assert BOOK.locate(f"{line}12号{rest}") == BOOK.locate(line)


@given(COUNTIES, LINES)
def test_an_address_that_names_a_county_is_in_no_other(division, rest):
    named = division.replaced_by or division.code
    located = BOOK.locate(f"广东省{division.name} {rest}")
    assert located.code is None or located.code[:6] == named[:6]


@given(LINES, st.randoms(use_true_random=False))
def test_the_order_of_the_table_does_not_matter(text, order: random.Random):
    shuffled = list(TABLE)
    order.shuffle(shuffled)
    assert AddressBook(DivisionTable(shuffled, "梅县区")).locate(text) == BOOK.locate(text)


@given(LINES, LINES)
def test_what_was_read_before_does_not_matter(text, other):
    book = AddressBook(DivisionTable(TABLE, "梅县区"))
    book.locate(other)
    assert book.locate(text) == BOOK.locate(text)


@pytest.mark.parametrize("source", [INCAPACITY, DISABILITY])
def test_a_source_with_addresses_only_gets_the_columns_of_a_place(source):
    rows = [
        {"name": "张玉梅", "household_address": "梅县区扶大镇三葵村12号", "residence_address": "江西省赣州市"},
        {"name": "李国强", "household_address": "梅县区云上镇", "residence_address": None},
    ]
    result = standardised(rows, source)
    assert [to_arrow(result.rows[f"household_{part}"]).to_pylist() for part in ("county", "town", "village", "address")] == [
        ["梅县区", "梅县区"], ["扶大镇", None], ["三葵村委会", None], [row["household_address"] for row in rows],
    ]  # fmt: skip
    assert to_arrow(result.rows["household_division_code"]).to_pylist() == ["441403133201", "441403000000"]
    assert to_arrow(result.rows["residence_division_code"]).to_pylist() == [None, None]
    assert [(found.position, found.code, found.field, found.seen) for found in result.notes.frame().itertuples()] == [
        (1, "division-unknown", "household_address", "云上镇")
    ]


def test_columns_of_its_own_for_a_place_are_believed_instead_of_its_address():
    main = CONFIGURATION.sources[DISABILITY].main
    columns = main.columns | {"household_county": ("户籍县",)}
    source = CONFIGURATION.sources[DISABILITY].model_copy(update={"main": main.model_copy(update={"columns": columns})})
    cells = {"name": "张玉梅", "household_county": "大埔县", "household_address": "梅县区扶大镇三葵村"}
    delivered = pd.DataFrame({field: texts([cells.get(field)]) for field in columns})
    rows = standardise(delivered, {}, source, LOCALITY, today=TODAY).rows
    assert [rows[f"household_{part}"][0] for part in ("county", "division_code", "address")] == [
        "大埔县", "441422000000", "梅县区扶大镇三葵村",
    ]  # fmt: skip


def test_a_hundred_thousand_addresses_are_read_in_seconds():
    towns = [
        {"code": f"441403{100 + town}", "name": f"{'上下大新龙石横'[town % 7]}{'坑塘岗坪湖'[town // 7]}镇"}
        for town in range(35)
    ]
    villages = [
        {"code": f"441403{100 + town}{200 + place}", "name": f"{'长高黄白'[place % 4]}{'洞径寨陂角'[place // 4]}村委会"}
        for town in range(35) for place in range(20)
    ]  # fmt: skip
    table = read_division_table([{"code": "441403", "name": "梅县区"}, *towns, *villages])
    book = AddressBook(DivisionTable(table, "梅县区"))
    named = [f"梅县区{towns[n % 35]['name']}{villages[n % 700]['name']}第{n}组" for n in range(100_000)]
    started = time.process_time()
    assert all(book.locate(line).village for line in named)
    assert time.process_time() - started < 10


def test_aliases_are_part_of_the_table():
    bare = [division.model_copy(update={"aliases": ()}) for division in TABLE]
    assert AddressBook(DivisionTable(bare, "梅县区")).locate("扶大镇铁炉潭村").village is None
    assert BOOK.locate("扶大镇铁炉潭村").village == "铁炉桥村委会"

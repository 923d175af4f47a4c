"""What is filled in behind the labels: places, dates, amounts, help; as written, and never guessed."""

import pytest

from connectors.reading.forms.answers import (
    UNCLEAR,
    read_assistance,
    read_benefits,
    read_boxed,
    read_categories,
    read_date,
    read_one,
)
from connectors.reading.forms.cells import FormCell
from connectors.reading.forms.places import Place, is_same_place, read_place


def cells(*texts):
    return [FormCell(0, column, text) for column, text in enumerate(texts, 1)]


HERE = Place("梅县区", "扶大镇", "三葵村")


@pytest.mark.parametrize(
    ("texts", "place"),
    [
        pytest.param(["梅县区县(市、区)", "扶大镇乡镇(街道)", "三葵村村(居)"], HERE, id="before the units, three cells"),
        pytest.param(["梅县区  县（市、区） 扶大镇 乡镇（街道） 三葵村 村（居）"], HERE, id="before the units, one cell"),
        pytest.param(["梅县区", "县(市、区)", "扶大镇", "乡镇(街道)", "三葵村", "村(居)"], HERE, id="cells of their own"),
        pytest.param(["__梅县区__县(市、区)__扶大镇__乡镇(街道)_三葵村_村(居)"], HERE, id="on underscores"),
        pytest.param(["县(市、区)", "梅县区", "乡镇(街道)", "扶大镇", "村(居)", "三葵村"], HERE, id="behind the units"),
        pytest.param(["梅县区", "扶大镇", "三葵村"], HERE, id="three cells without units"),
        pytest.param(["梅县区 扶大镇  三葵村"], HERE, id="three words without units"),
        pytest.param(["梅县区扶大镇三葵村"], HERE, id="one word"),
        pytest.param(["广东省梅州市梅县区扶大镇三葵村"], HERE, id="one word with province and city"),
        pytest.param(["梅县区县(市、区)", "扶大镇乡镇(街道)", "三葵村"], HERE, id="one unit written over"),
        pytest.param(["梅县县(市、区)", "扶大乡镇(街道)", "三葵村(居)"], Place("梅县", "扶大", "三葵"), id="without their kinds"),
        pytest.param(
            ["", "县(市、区)", "扶大镇", "乡镇(街道)", "三葵村", "村(居)"], Place(None, "扶大镇", "三葵村"), id="no county, own cells"
        ),
        pytest.param(
            ["县(市、区)", "扶大镇乡镇(街道)", "三葵村村(居)"], Place(None, "扶大镇", "三葵村"), id="no county, three cells"
        ),
        pytest.param(["   县(市、区)   乡镇(街道)   村(居)"], Place(), id="nothing, one cell"),
        pytest.param(["县(市、区)", "", "乡镇(街道)", "", "村(居)", ""], Place(), id="nothing, behind the units"),
        pytest.param(
            ["梅县区县(市、区)扶大镇乡镇(街道)三葵村村(居)第3组"], Place("梅县区", "扶大镇", "三葵村", rest="第3组"), id="a group behind"
        ),
        pytest.param(["新城街道办事处 乡镇(街道)"], Place(town="新城街道办事处"), id="one name of three"),
        pytest.param(["新城街道办事处"], Place(whole="新城街道办事处"), id="one name without its unit"),
        pytest.param(["老屋下"], Place(whole="老屋下"), id="no place that could be divided"),
    ],
)  # fmt: skip
def test_county_town_and_village_are_read_however_the_line_was_filled(texts, place):
    assert read_place(cells(*texts)) == place


@pytest.mark.parametrize("text", ["同上", "同户籍地址", "与户籍地址一致", "同上 县(市、区) 乡镇(街道) 村(居)"])
def test_an_address_may_be_the_one_above(text):
    assert is_same_place(cells(text))


@pytest.mark.parametrize(
    ("texts", "date"),
    [
        (["2024 年 3 月 5 日"], "2024年3月5日"),
        (["２０２４年０３月０５日"], "2024年03月05日"),
        (["2024", "年", "3", "月", "5", "日"], "2024年3月5日"),
        (["_2024_年_3_月_5_日"], "2024年3月5日"),
        (["2024年3月5日   编号 7"], "2024年3月5日"),
        (["2024-03-05 00:00:00"], "2024-03-05 00:00:00"),
        (["2024.3.5"], "2024.3.5"),
        (["    年   月   日"], None),
        ([""], None),
        (["2024 年   月   日"], "2024年月日"),
        (["今年三月"], "今年三月"),
    ],
)
def test_a_date_is_put_together_and_an_unfilled_one_is_none(texts, date):
    assert read_date(cells(*texts)) == date


@pytest.mark.parametrize(
    ("text", "pension"),
    [
        pytest.param("☑有领取养老保险，每月 180.5 元 □无养老保险", "180.5", id="has"),
        pytest.param("□有领取养老保险，每月 元 ☑无养老保险", "0", id="has none"),
        pytest.param("□有领取养老保险，每月____元 □无养老保险", None, id="nothing"),
        pytest.param("□有领取养老保险，每月 180 元 □无养老保险", "180", id="an amount without a tick is stated"),
        pytest.param("有领取养老保险，每月 180 元", "180", id="without boxes"),
        pytest.param("无养老保险", "0", id="none without boxes"),
        pytest.param("有领取养老保险，每月 元 无养老保险", None, id="both without boxes"),
        pytest.param("☑有领取养老保险，每月约 180 元 □无养老保险", "约180", id="as written"),
        # Words are no amounts: these are reported.
        pytest.param("☑有领取养老保险，每月   元 □无养老保险", "有领取养老保险", id="a tick without an amount"),
        pytest.param("☑有领取养老保险，每月 180 元 ☑无养老保险", "有领取养老保险、无养老保险", id="both"),
        pytest.param(
            "□有领取养老保险，每月 180 元 ☑无养老保险", "有领取养老保险、无养老保险", id="none, and an amount"
        ),
        pytest.param(
            "□有领取养老保险，每月 元 √ □无养老保险",
            f"有领取养老保险、无养老保险（{UNCLEAR}）",
            id="a tick between both",
        ),
    ],
)
def test_a_pension_is_an_amount_nothing_or_words_that_are_reported(text, pension):
    assert read_benefits(cells(text))["monthly_pension_fen"] == pension


def test_pension_and_subsidy_do_not_mix_over_their_three_rows():
    rows = cells(
        "□有领取养老保险，每月   元 ☑无养老保险",
        "☑有享受社会救助和社会福利补贴，每月补贴金额 300 元",
        "□未享受社会救助和社会福利补贴",
    )
    assert read_benefits(rows) == {"monthly_pension_fen": "0", "monthly_subsidy_fen": "300"}


@pytest.mark.parametrize(
    ("text", "categories", "certificate"),
    [
        ("□独居 ☑重残老年人(残疾人证号:44142119450312001843)", "重残", "44142119450312001843"),
        ("□独居 ☑重残老年人(残疾人证号: ____ ) 44142119450312001843", "重残", "44142119450312001843"),
        ("□独居 □重残老年人(残疾人证号：44142119450312001843B1)", None, "44142119450312001843B1"),
        ("☑重残 残疾人证号：44142119450312001843 (注: 可多选)", "重残", "44142119450312001843"),
        ("独居、留守", "独居、留守", None),
        ("独居老人,重度残疾", "独居老人,重度残疾", None),
        ("非独居、重残", "非独居、重残", None),
        ("☑非独居 □重残", "非", None),
        ("□独居 ☑失 独", "计划生育特殊家庭", None),
        ("□独居 ☑五保户", "五保户", None),
        ("五保户", "五保户", None),
        ("独居 空巢 留守 失能 重残 计划生育特殊家庭", UNCLEAR, None),
        ("□独居√□空巢 □留守", UNCLEAR, None),
        ("", None, None),
    ],
)
def test_types_are_the_ticked_ones_with_the_number_in_the_box(text, categories, certificate):
    assert read_categories(cells(text)) == (categories, certificate)


@pytest.mark.parametrize(
    ("texts", "word"),
    [
        (["是"], "是"), (["√"], "√"), (["☑是 □否"], "是"), (["□安全 ☑不安全"], "不安全"), (["是√ 否"], "是"),
        (["□是", "☑否"], "否"), (["□是 □否"], None), (["☑是 ☑否"], "☑是 ☑否"), (["基本安全"], "基本安全"), ([""], None),
    ],
)  # fmt: skip
def test_a_question_has_one_answer_or_what_is_written(texts, word):
    assert read_one(cells(*texts), "yes_no") == word


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("☑低保对象 □特困人员", "低保对象"), ("□低保对象 □特困人员", None), ("☑低保对象 ☑特困人员", "☑低保对象 ☑特困人员"),
        ("高血压、糖尿病 √", "高血压、糖尿病 √"), ("低保", "低保"),
    ],
)  # fmt: skip
def test_boxes_in_a_free_text_are_read_only_where_they_are_a_choice(text, value):
    assert read_boxed(cells(text)) == value


@pytest.mark.parametrize(
    ("organisation", "measures", "found"),
    [
        pytest.param(
            ["☑党政机关、群团组织", "□乡镇(街道)、村(居)委员会", "□企业", "☑社会组织"], ["每月上门"],
            ("党政机关、群团组织；社会组织", "每月上门"), id="boxes and a text",
        ),
        pytest.param(["□企业"], ["☑志愿者", "□其他", "每月上门"], ("志愿者", "每月上门"), id="the form's own mixture"),
        pytest.param(["□企业"], ["□志愿者 □其他 每月上门"], (None, "每月上门"), id="written behind a box without a tick"),
        pytest.param(["□企业"], ["□志愿者", "☑其他", ""], ("其他", None), id="other, without more"),
        pytest.param(["□企业 ☑其他：梅县某爱心协会"], [""], ("其他：梅县某爱心协会", None), id="other, named"),
        pytest.param(["□企业(某公司)"], [], ("企业：某公司", None), id="a name counts without a tick"),
        pytest.param(["扶大镇三葵村委会"], ["送餐"], ("扶大镇三葵村委会", "送餐"), id="without boxes"),
        pytest.param(["□企业√□社会组织"], [""], (UNCLEAR, None), id="a tick between two"),
        pytest.param(["党政机关、群团组织 企业 社会组织 志愿者 其他"], [], (UNCLEAR, None), id="boxes got lost"),
        pytest.param(["□企业 □社会组织"], ["□志愿者 □其他"], (None, None), id="nothing"),
    ],
)  # fmt: skip
def test_who_helps_and_how(organisation, measures, found):
    assert read_assistance(cells(*organisation), cells(*measures)) == found

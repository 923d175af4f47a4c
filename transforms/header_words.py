"""Words of headers as bodies write them: usual names of our fields, and whose name, number or address is meant.

Headers agreed on with a source are configuration (``config/sources``). These are words seen elsewhere; what they suggest
is shown to a person and never taken without one. All are in the form of a normal header: letters and digits only.
"""

import re
from types import MappingProxyType

__all__ = ["USUAL_WORDS", "bare_header", "other_person", "person_of_field", "place_of_field", "place_of_header"]

USUAL_WORDS: MappingProxyType[str, tuple[str, ...]] = MappingProxyType(
    {
        "name": ("人员姓名", "服务对象", "被评估人", "持证人", "xm", "name"),
        "sex": ("性別", "xb", "sex", "gender"),
        "id_number": (
            "身份证", "身份证件号", "身份证件号码", "公民身份证号", "公民身份证号码", "居民身份证号", "居民身份证号码", "证件号",
            "证件号码", "身份号码", "有效证件号码", "sfzh", "sfzhm", "gmsfhm", "zjhm", "idcard", "idnumber", "cardno",
        ),
        "birth_date": ("生日", "出生时间", "出生年月", "csrq", "birthday", "birthdate"),
        "phone": (
            "手机", "手机号", "联系方式", "联系手机", "移动电话", "电话号码", "联系号码", "lxdh", "sjh", "sjhm", "phone", "mobile",
        ),
        "emergency_contact_name": ("应急联系人", "紧急联络人", "紧急情况联系人"),
        "emergency_contact_phone": ("应急联系电话", "应急联系人电话", "紧急联络电话", "紧急联系人手机", "紧急联系方式"),
        "household_address": ("户籍地", "户籍所在地", "户口所在地", "户籍住址", "户籍详细地址", "户籍地详址", "hjdz"),
        "residence_address": (
            "居住地", "现居住地", "现居地", "现居地址", "常住地址", "家庭住址", "家庭地址", "住址", "实际居住地", "居住详细地址",
            "居住地详址", "jzdz", "xzz",
        ),
        "household_county": ("户籍县", "户籍区县", "户籍市县区"),
        "household_town": ("户籍街镇", "户籍镇街", "户籍街道", "户籍乡镇街道"),
        "household_village": ("户籍社区", "户籍村社区", "户籍居委", "户籍村委", "户籍村居委会"),
        "residence_county": ("居住县", "居住区县", "现住县区"),
        "residence_town": ("居住街镇", "居住镇街", "居住街道", "现住乡镇"),
        "residence_village": ("居住社区", "居住村社区", "居住居委", "居住村委", "现住村居"),
        "categories": ("老人类型", "老年人类别", "老人类别", "对象类别", "人员类别", "特殊困难类型", "困难类型", "特困类型"),
        "disability_certificate_number": ("残疾人证编号", "残疾证编号", "残疾证号码", "残联证号", "证号", "cjrzh", "cjzh"),
        "disability_category": ("残疾类型", "残疾种类", "残疾类别名称", "cjlb"),
        "disability_level": ("残疾程度", "残疾等级名称", "残疾级数", "cjdj"),
        "certificate_issued_date": ("发证时间", "办证日期", "领证日期", "首次发证日期", "初次发证日期", "fzrq"),
        "certificate_expiry_date": ("有效期止", "有效期截止", "有效期截止日期", "证件有效期", "证件有效期至", "到期日期", "失效日期"),
        "certificate_status": ("持证状态", "残疾证状态", "残疾人证状态"),
        "guardian_name": ("法定监护人", "监护人名称"),
        "guardian_phone": ("监护人手机", "监护人联系方式", "监护人手机号"),
        "ability_level": ("失能程度", "失能级别", "评估结论", "评估结果", "评定等级", "老年人能力等级", "失能情况", "能力评估等级"),
        "ability_standard": ("评估依据", "评估工具", "评定标准", "评估规范"),
        "ability_assessed_date": ("评定日期", "评估完成日期", "评定时间"),
        "ability_assessor": ("评估单位", "评定机构", "评估机构名称", "评定单位"),
        "family_planning_type": ("扶助类别", "特扶类型", "特扶类别", "家庭类别", "特殊家庭类别", "计生家庭类型"),
        "family_planning_confirmed_date": ("确认时间", "认定时间", "资格确认日期"),
        "spouse_name": ("配偶", "爱人姓名"),
        "spouse_id_number": ("配偶证件号", "配偶证件号码", "配偶公民身份号码", "配偶身份证", "爱人身份证号"),
        "drinking_water_safe": ("饮水安全", "饮用水是否安全"),
        "electricity_safe": ("用电安全", "生活用电安全"),
        "gas_safe": ("用气安全", "燃气是否安全"),
        "housing_safe": ("住房安全", "房屋是否安全"),
        "household_monthly_income_fen": ("家庭月收入元", "月收入"),
        "monthly_pension_fen": ("养老金", "养老保险金", "每月养老金", "每月养老金元", "养老保险待遇"),
        "monthly_subsidy_fen": ("补贴", "每月补助", "补助金额", "福利补贴"),
        "assistance_organisation": ("结对单位", "帮扶组织"),
        "assistance_person": ("帮扶人", "帮扶干部", "结对帮扶人", "帮扶联系人"),
        "assistance_measures": ("帮扶内容", "帮扶情况"),
        "registered_date": ("登记时间", "建档时间", "摸底日期", "填表日期", "采集日期"),
        "remarks": ("备注说明", "其他说明", "bz"),
    }
)  # fmt: skip
"""For each field other words it goes by."""

_SELF = re.compile(r"^(?:本人|老年人|老人|服务对象|对象|残疾人|持证人|被评估人|申请人|参保人|人员)(?=.)")
_ADDED = re.compile(r"(?:必填项?|选填|可不填|单选|多选|文本格式|\d+位|yyyymmdd)$")

_PEOPLE: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("spouse", re.compile(r"配偶|爱人|老伴|丈夫|妻子")),
    ("guardian", re.compile(r"监护|代理人")),
    ("emergency", re.compile(r"紧急|应急")),
    ("helper", re.compile(r"帮扶|责任人|包保|结对|网格|志愿|探访")),
    ("head", re.compile(r"户主")),
    ("relative", re.compile(r"子女|儿子|女儿|赡养|扶养|亲属|家属|家长|父亲|母亲|照护|照料|护理人|成员")),
    ("official", re.compile(r"填表|填报|经办|审核|审批|调查|登记人|录入|(?<!被)评估人|评估员|医生|医师|负责人|社工|签名|签字|村干部")),
    ("contact", re.compile(r"联系人|联络人|联络员")),
    ("account", re.compile(r"银行|开户|卡号|账号|帐号|账户|社保|医保")),
)  # fmt: skip
_NOT_A_PERSON = re.compile(r"^(?:与户主关系|户主关系)")

_HOUSEHOLD, _RESIDENCE = re.compile(r"户籍|户口"), re.compile(r"居住|现住|常住|现居|家庭住址|家庭地址|联系地址|^住址")


def bare_header(normal: str) -> str:
    """A normal header without words that say it is the listed person's own, or how to fill it in.

    >>> bare_header("老人联系电话"), bare_header("姓名必填"), bare_header("本人")
    ('联系电话', '姓名', '本人')
    """
    return _SELF.sub("", _ADDED.sub("", normal) or normal)


def other_person(normal: str) -> str:
    """Whom a header speaks of, if not of the listed person; empty for the latter.

    >>> other_person("配偶联系电话"), other_person("联系电话"), other_person("户主身份证号")
    ('spouse', '', 'head')
    """
    if _NOT_A_PERSON.match(normal):
        return ""
    return next((who for who, words in _PEOPLE if words.search(normal)), "")


def person_of_field(field: str) -> str:
    """Whom a field speaks of, in the words of :func:`other_person`."""
    if field.startswith("assistance_"):
        return "helper"
    return next((who for who in ("spouse", "guardian", "emergency") if field.startswith(f"{who}_")), "")


def place_of_header(normal: str) -> str:
    """Which address a header speaks of: ``household``, ``residence``, or empty where it does not say."""
    if _HOUSEHOLD.search(normal):
        return "household"
    return "residence" if _RESIDENCE.search(normal) else ""


def place_of_field(field: str) -> str:
    """Which address a field is part of; empty where it is none of an address."""
    is_place = field.endswith(("_county", "_town", "_village", "_address"))
    return field.partition("_")[0] if is_place else ""

"""Lists as other bodies lay them out: their headers, what each column is, and made-up people in them. Nobody is real.

``LAYOUTS`` pairs each header with the field it is (``None`` where the registry has none, or where only a person can tell)
and with the kind of its cells.
"""

import random
from collections.abc import Callable
from datetime import date, timedelta

from schemas.idnumber import check_character

__all__ = ["LAYOUTS", "Person", "make_people", "rows_of"]

_SURNAMES = "陈李黄林张刘钟谢温曾赖古邓叶罗吴杨廖丘邹何侯饶宋蓝"
_GIVEN = ("阿妹", "金水", "福生", "玉兰", "秀英", "建国", "桂花", "运来", "添福", "春娣", "伟", "娟", "胜", "芳")
_VILLAGES = ("三葵村", "三丰村", "所里村", "铁炉桥村")
_TOWNS = ("扶大镇", "松口镇", "程江镇", "雁洋镇")
_RELATIONS = ("本人", "配偶", "子")


class Person:
    """Someone who does not exist."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.born = date(1938, 1, 1) + timedelta(days=chance.randrange(9000))
        serial = chance.randrange(1, 999)
        self.is_man = serial % 2 == 1
        self.number = _number(self.born, serial)
        self.spouse_number = _number(self.born + timedelta(days=400), serial + 1 if serial < 998 else 2)
        self.name, self.other_name = _name(chance), _name(chance)
        self.phone, self.other_phone = (f"13{chance.randrange(10**9):09}" for _ in range(2))
        self.village, self.town = chance.choice(_VILLAGES), chance.choice(_TOWNS)
        self.category, self.level = chance.choice("1234567"), chance.choice("1234")


def _number(born: date, serial: int) -> str:
    first17 = f"441421{born:%Y%m%d}{serial:03d}"
    return first17 + check_character(first17)


def _name(chance: random.Random) -> str:
    return chance.choice(_SURNAMES) + chance.choice(_GIVEN)


def make_people(count: int, seed: int = 7) -> list[Person]:
    """People; the same seed makes the same."""
    chance = random.Random(seed)  # noqa: S311
    return [Person(chance) for _ in range(count)]


CELLS: dict[str, Callable[[Person], str]] = {
    "serial": lambda p: str(p.chance.randrange(1, 5000)),
    "name": lambda p: p.name,
    "other name": lambda p: p.other_name,
    "sex": lambda p: "男" if p.is_man else "女",
    "sex 12": lambda p: "1" if p.is_man else "2",
    "sex 01": lambda p: "0" if p.is_man else "1",
    "id": lambda p: p.number,
    "spouse id": lambda p: p.spouse_number,
    "phone": lambda p: p.phone,
    "other phone": lambda p: p.other_phone,
    "masked phone": lambda p: f"{p.phone[:3]}****{p.phone[-4:]}",
    "born": lambda p: p.born.strftime("%Y-%m-%d"),
    "born compact": lambda p: p.born.strftime("%Y%m%d"),
    "born month": lambda p: p.born.strftime("%Y.%m"),
    "date": lambda p: (date(2021, 1, 1) + timedelta(days=p.chance.randrange(900))).strftime("%Y/%m/%d"),
    "age": lambda p: str(2026 - p.born.year),
    "address": lambda p: f"梅县区{p.town}{p.village}{p.chance.randrange(1, 99)}号",
    "county": lambda _: "梅县区",
    "town": lambda p: p.town,
    "village": lambda p: p.village,
    "certificate": lambda p: p.number + p.category + p.level,
    "category": lambda p: ("视力", "听力", "言语", "肢体", "智力", "精神", "多重")[int(p.category) - 1],
    "category digit": lambda p: p.category,
    "level": lambda p: ("一级", "二级", "三级", "四级")[int(p.level) - 1],
    "level digit": lambda p: p.level,
    "status": lambda p: p.chance.choice(("正常", "正常", "注销", "过期")),
    "ability": lambda p: p.chance.choice(("轻度失能", "中度失能", "重度失能", "完全失能")),
    "ability word": lambda p: p.chance.choice(("轻度", "中度", "重度")),
    "standard": lambda _: "GB/T 42195-2022",
    "organisation": lambda p: p.chance.choice(("梅县区人民医院", "扶大镇卫生院")),
    "family type": lambda p: p.chance.choice(("失独", "伤残")),
    "types": lambda p: p.chance.choice(("独居", "空巢", "独居、空巢", "留守")),
    "yes no": lambda p: p.chance.choice(("是", "否")),
    "money": lambda p: str(p.chance.randrange(100, 3000)),
    "words": lambda p: p.chance.choice(("无", "暂无", "已知晓", "每周电话联系一次")),
    "relation": lambda p: p.chance.choice(_RELATIONS),
    "side": lambda p: p.chance.choice(("双侧", "单侧", "")),
    "empty": lambda _: "",
}
"""What stands in a cell, by kind."""

Layout = list[tuple[str, str | None, str]]

LAYOUTS: dict[str, Layout] = {
    # The columns a federation's exports have in public importers of its data.
    "federation export": [
        ("姓名", "name", "name"), ("证件号码", "id_number", "id"), ("年龄", None, "age"), ("性别", "sex", "sex"),
        ("区县", None, "county"), ("街道", None, "town"), ("居委", None, "village"), ("户籍类别", None, "words"),
        ("状态", "certificate_status", "status"), ("残疾类别", "disability_category", "category"),
        ("残疾等级", "disability_level", "level"), ("双侧或单侧", None, "side"),
        ("户口地址", "household_address", "address"), ("联系地址", "residence_address", "address"),
        ("联系电话", "phone", "phone"), ("工作/就业", None, "words"), ("初次申领日期", "certificate_issued_date", "date"),
        ("业务申请类型", None, "words"), ("申请日期", None, "date"), ("备注", "remarks", "words"),
    ],
    "federation, other words": [
        ("序号", None, "serial"), ("残疾人姓名", "name", "name"), ("性别", "sex", "sex"), ("公民身份号码", "id_number", "id"),
        ("残疾人证编号", "disability_certificate_number", "certificate"), ("残疾类型", "disability_category", "category"),
        ("残疾级别", "disability_level", "level"), ("发证时间", "certificate_issued_date", "date"),
        ("证件有效期至", "certificate_expiry_date", "date"), ("监护人姓名", "guardian_name", "other name"),
        ("监护人联系电话", "guardian_phone", "other phone"), ("本人联系电话", "phone", "phone"),
        ("户籍所在地", "household_address", "address"), ("现居住地址", "residence_address", "address"),
        ("监护人身份证号", None, "spouse id"),
    ],
    "federation, digits": [
        ("姓名", "name", "name"), ("性别", "sex", "sex 12"), ("身份证", "id_number", "id"),
        ("残疾证号", "disability_certificate_number", "certificate"), ("残疾类别", "disability_category", "category digit"),
        ("残疾等级", "disability_level", "level digit"), ("手机", "phone", "phone"), ("住址", "residence_address", "address"),
    ],
    "certificate under the name of a document": [
        ("姓名", "name", "name"), ("身份证号", "id_number", "id"), ("证件号", "disability_certificate_number", "certificate"),
        ("性别", "sex", "sex"), ("状态", "certificate_status", "status"),
    ],
    "assessment of ability": [
        ("编号", None, "serial"), ("被评估人姓名", "name", "name"), ("性别", "sex", "sex"),
        ("身份证件号码", "id_number", "id"), ("出生日期", "birth_date", "born"), ("年龄", None, "age"),
        ("家庭住址", "residence_address", "address"), ("联系方式", "phone", "phone"), ("评估结果", "ability_level", "ability"),
        ("评估工具", "ability_standard", "standard"), ("评估日期", "ability_assessed_date", "date"),
        ("评估单位", "ability_assessor", "organisation"), ("评估人员签名", None, "other name"), ("备注", "remarks", "words"),
    ],
    "health, short": [
        ("老人姓名", "name", "name"), ("身份证号码", "id_number", "id"), ("失能程度", "ability_level", "ability word"),
        ("家属姓名", None, "other name"), ("家属电话", None, "other phone"), ("性别", "sex", "sex"),
    ],
    "special families": [
        ("序号", None, "serial"), ("本人姓名", "name", "name"), ("性别", "sex", "sex"), ("本人身份证号", "id_number", "id"),
        ("配偶姓名", "spouse_name", "other name"), ("配偶身份证号码", "spouse_id_number", "spouse id"),
        ("扶助类别", "family_planning_type", "family type"), ("确认时间", "family_planning_confirmed_date", "date"),
        ("开户银行", None, "words"), ("银行账号", None, "serial"), ("户籍地址", "household_address", "address"),
        ("手机号", "phone", "phone"), ("婚姻状况", None, "words"),
    ],
    "village roster": [
        ("序号", None, "serial"), ("*姓名（必填）", "name", "name"), ("*性别", "sex", "sex"),
        ("*身份证号码（18位）", "id_number", "id"), ("户籍镇街", "household_town", "town"),
        ("户籍村社区", "household_village", "village"), ("居住镇街", "residence_town", "town"),
        ("居住村社区", "residence_village", "village"), ("老人类型", "categories", "types"),
        ("紧急联系人姓名", "emergency_contact_name", "other name"),
        ("紧急联系人手机", "emergency_contact_phone", "other phone"), ("联系电话", "phone", "phone"),
        ("每月养老金（元）", "monthly_pension_fen", "money"), ("是否低保", None, "yes no"),
        ("帮扶责任人", "assistance_person", "other name"), ("建档时间", "registered_date", "date"),
    ],
    "pinyin initials": [
        ("XM", "name", "name"), ("XB", "sex", "sex 01"), ("GMSFHM", "id_number", "id"), ("CSRQ", "birth_date", "born compact"),
        ("LXDH", "phone", "phone"), ("HJDZ", "household_address", "address"), ("JZDZ", "residence_address", "address"),
        ("CJRZH", "disability_certificate_number", "certificate"), ("CJLB", "disability_category", "category digit"),
        ("CJDJ", "disability_level", "level digit"), ("DJSJ", None, "date"),
    ],
    "household register": [
        ("户主姓名", None, "other name"), ("户主身份证号", None, "spouse id"), ("姓名", "name", "name"),
        ("身份证号", "id_number", "id"), ("与户主关系", None, "relation"), ("性别", "sex", "sex"),
        ("户口所在地", "household_address", "address"), ("电话", "phone", "phone"),
    ],
    "two telephones": [
        ("姓名", "name", "name"), ("公民身份证号码", "id_number", "id"), ("电话1", None, "phone"), ("电话2", None, "other phone"),
        ("性别", "sex", "sex"), ("地址", None, "address"), ("登记日期", "registered_date", "date"),
    ],
    "headers that say nothing": [
        ("甲", "name", "name"), ("乙", "id_number", "id"), ("丙", "sex", "sex"), ("丁", "phone", "phone"),
        ("戊", "birth_date", "born"), ("己", None, "address"), ("庚", None, "date"),
    ],
    "masked and monthly": [
        ("姓名", "name", "name"), ("身份证号", "id_number", "id"), ("联系电话", None, "masked phone"),
        ("出生年月", None, "born month"), ("性别", "sex", "sex"), ("能力等级", "ability_level", "ability"),
    ],
    "visits of a station": [
        ("服务对象姓名", "name", "name"), ("服务对象身份证号", "id_number", "id"), ("对象类别", "categories", "types"),
        ("居住社区", "residence_village", "village"), ("探访人员", None, "other name"), ("探访日期", None, "date"),
        ("性别", "sex", "sex"), ("紧急联络人", "emergency_contact_name", "other name"),
        ("紧急联络电话", "emergency_contact_phone", "other phone"), ("联系人", None, "other name"),
    ],
}  # fmt: skip


def rows_of(layout: Layout, people: list[Person]) -> list[list[str]]:
    """The cells of a list, without its header."""
    return [[CELLS[kind](person) for _, _, kind in layout] for person in people]

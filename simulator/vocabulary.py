"""The words made-up lists are written in: names as they are around Meizhou, places, offices, phrases. Nobody real is meant.

Divisions follow ``config/divisions.csv``; villages outside 扶大镇 are invented, since the table has none to compare with.
"""

__all__ = [
    "ASSESSORS", "ASSISTANCE", "BOY_NAMES", "COUNTY", "GIRL_NAMES", "HEALTH_CONDITIONS", "INSTRUMENTS", "ORGANISATIONS",
    "PREFIXES", "REMARKS", "SURNAMES", "TOWNS", "VILLAGES",
]  # fmt: skip

SURNAMES = "陈李黄林张刘钟谢温曾赖古邓叶罗吴杨廖丘邹何侯饶宋蓝梁彭江熊肖朱徐王郭余潘卢巫凌范郑周刁练童管田汤沈蔡官傅涂姚魏利卜幸房"
"""Common ones first; Hakka families mostly. Given names are drawn a character at a time."""

BOY_NAMES = (
    "国建文明志伟华强德光荣生金庆福贵祥昌新春东海云龙永忠义仁学才平安康元松柏森水火石山川河武威胜利民兴旺发财达"
    "通远宏伯仲叔季佑佐辉煌耀灿炳焕煜勋功业成立本根基柱梁栋楠桐彬权杰豪俊英雄振奋世宗绍继承先训诗书礼和顺良善"
    "裕添增喜乐天佛应运来富"
)
GIRL_NAMES = (
    "秀玉兰芳梅珍凤莲香桂花月娥娇琼菊红霞银带招娣伴妹群芬莉萍燕丽娟淑惠贞静雅慧敏琴瑶珠翠碧彩青素清冰雪晴艳"
    "美好媛婷婉姣姑满娘足招四细亚阿胜英爱怜思念想引新添如意巧云彩茶茹苹荷蓉蕊薇"
)

COUNTY = "梅县区"

TOWNS = (
    "扶大镇", "松口镇", "城东镇", "石扇镇", "梅西镇", "大坪镇", "石坑镇", "南口镇", "畲江镇", "水车镇", "梅南镇", "雁洋镇",
    "白渡镇", "丙村镇", "隆文镇", "松源镇", "桃尧镇", "程江镇", "新城街道办事处",
)  # fmt: skip

_FUDA = ("扶大社区居委会", "所里村委会", "三葵村委会", "三丰村委会", "铁炉桥村委会")
_FIRST, _SECOND = "上下大新龙石横长高黄白西东南福双古竹", "坑塘岗坪湖洞径寨陂角"


def _villages(town: int) -> tuple[str, ...]:
    # Seven and eighteen have no common factor, so no two towns share a name.
    ending = "社区居委会" if TOWNS[town].endswith("办事处") else "村委会"
    return tuple(_FIRST[(town * 7 + place * 5) % len(_FIRST)] + second + ending for place, second in enumerate(_SECOND))


VILLAGES: tuple[tuple[str, str], ...] = tuple(
    (TOWNS[town], village) for town in range(len(TOWNS)) for village in (_villages(town) if town else _FUDA)
)
"""Town and village; the first five are those of 扶大镇, the area of the notice."""

PREFIXES: dict[str, float] = {
    "441421": 0.62, "441402": 0.08, "441403": 0.03, "442421": 0.08, "442401": 0.03, "441422": 0.02, "441423": 0.015,
    "441424": 0.02, "441425": 0.01, "441426": 0.01, "441427": 0.015, "441481": 0.02, "440106": 0.01, "440301": 0.01,
    "440524": 0.008, "350822": 0.006, "360730": 0.005, "431003": 0.004, "810000": 0.004, "820000": 0.001, "830000": 0.002,
}  # fmt: skip
"""Regions that elders of 梅县区 carry in their numbers, and their shares: where the number was issued, not where they live."""

INSTRUMENTS = ("GB/T 42195-2022",) * 6 + ("老年人照护需求评估", "国家基本公共卫生服务自理能力评估")
ASSESSORS = (
    "梅县区人民医院",
    "梅县区中医医院",
    "扶大镇卫生院",
    "畲江中心卫生院",
    "松口中心卫生院",
    "梅县区老年人能力评估中心",
)

ORGANISATIONS = ("乡镇(街道)、村(居)委员会",) * 4 + ("党政机关、群团组织", "社会组织", "志愿者", "企业", "其他")
ASSISTANCE = (
    "上门探访",
    "电话问候",
    "上门探访、代办事务",
    "送餐",
    "家政服务",
    "上门探访、协助就医",
    "结对帮扶",
    "节日慰问",
)
REMARKS = (
    "子女在外务工",
    "行动不便",
    "与子女同村居住",
    "听力较差，来电请拨紧急联系人",
    "冬季随子女居住",
    "已申请适老化改造",
)

HEALTH_CONDITIONS = ("健康", "一般", "高血压", "糖尿病", "慢性病", "残疾", "心脏病")

"""A line of an address as it is read: its characters, what looks like a name in it, and where a name may end."""

import re
import unicodedata

from transforms.place_names import TOWN, VILLAGE, Certainty, NameIndex, Read, same_characters

__all__ = [
    "ANOTHER_KIND", "A_CITY", "A_COUNTY", "A_PROVINCE", "A_STREET", "A_TOWN", "A_VILLAGE", "NO_CITY", "NUMBER_IN_FRONT",
    "PROVINCES", "UP_TO_A_DIGIT", "Line", "behind_gap", "is_village",
]  # fmt: skip

PROVINCES = {
    "北京": "11", "天津": "12", "河北": "13", "山西": "14", "内蒙古": "15", "辽宁": "21", "吉林": "22", "黑龙江": "23", "上海": "31",
    "江苏": "32", "浙江": "33", "安徽": "34", "福建": "35", "江西": "36", "山东": "37", "河南": "41", "湖北": "42", "湖南": "43",
    "广东": "44", "广西": "45", "海南": "46", "重庆": "50", "四川": "51", "贵州": "52", "云南": "53", "西藏": "54", "陕西": "61",
    "甘肃": "62", "青海": "63", "宁夏": "64", "新疆": "65", "台湾": "71", "香港": "81", "澳门": "82",
}  # fmt: skip
"""First two digits of a code by the province's short name (GB/T 2260)."""

_BRACKETED = re.compile(r"[(\[{【〔][^)\]}】〕]*[)\]}】〕]?")
_LABEL = re.compile(r"^\s*(?:[一-龥]{1,8}:|现住址?|家住|住址|地址|中国)")
_SEPARATORS = re.compile(r"[\s,、;。·.\-—_/|:'\"]+")

UP_TO_A_DIGIT = re.compile(r"\D+\d")
NUMBER_IN_FRONT = re.compile(r"(?:\d{12}|\d{9}|\d{6})(?!\d)", re.ASCII)
A_STREET = re.compile(
    r"大道|大街|路|街(?!道)|巷|桥|花园|小区|新村|广场|大厦|公园|市场|中学|小学|学校|幼儿园|医院|卫生院|车站|机场|酒店|工业|公司|厂|苑"
)
A_PROVINCE = re.compile(
    rf"({'|'.join(PROVINCES)})(省|市|自治区|壮族自治区|回族自治区|维吾尔自治区|特别行政区)?(?!村|社区|居委|镇|乡|东|西|南|北|中)"
)
A_CITY = re.compile(r"市(?!场)")
NO_CITY = re.compile(rf"村|社区|居委|镇|乡|{A_STREET.pattern}")
ANOTHER_KIND = re.compile(r"村|社区|居委|管理区|市(?!场)|县(?!城)|区")
# Development zones, estates and the like end in 区 and are no counties.
_COUNTY_ENDING = r"市(?!场)|自治州|地区|盟|县(?!城|道)|旗|(?<![高新开发管理园小社林矿景库校])区"
A_COUNTY = re.compile(rf"[一-龥]{{1,9}}?(?:{_COUNTY_ENDING})(?:区|市(?!场))?")
A_TOWN = re.compile(
    r"(?:(?!村|路|街|巷|号|区|县|市|社)[一-龥]){2,5}?(?:街道办事处|街道(?!办)|办事处|镇(?!镇)|乡(?!镇|企|下|间|亲|道|村))"
)
A_VILLAGE = re.compile(
    r"(?:(?!路|街|巷|号|镇|乡(?!村)|区|农村)[一-龥]){1,8}?(?:村民委员会|社区居民委员会|社区居委会|居民委员会|村委会|居委会|社区|村)"
)

# What follows a short name decides whether it is one: 三葵12号 and 三葵第3组 are in 三葵, 三丰花园 and 程江大道 are something else.
_ENDS_A_NAME = re.compile(r"\d|[A-Za-z]|第|组|队|[一二三四五六七八九十]{1,3}(?:组|队|号|片|社|小组|村民小组)", re.ASCII)
# 府前路12号三葵村 is in 三葵, but 上三葵村 and 老屋村三葵村 are nobody knows where.
_NAMES_A_DIVISION = {
    TOWN: re.compile(rf"省|{_COUNTY_ENDING}|镇|乡|街道|办事处|村"),
    VILLAGE: re.compile(r"村|社区|居委"),
}
_ENDS_A_GAP = frozenset("号路街巷道区园0123456789")
_LONGEST_GAP = 12


class Line:
    """A line of text under reading: its characters in one form, where people set blanks, and how far it has been read."""

    def __init__(self, text: str) -> None:
        plain = _LABEL.sub("", _BRACKETED.sub(" ", same_characters(unicodedata.normalize("NFKC", text))))
        parts = _SEPARATORS.split(plain)
        self.text = "".join(parts)
        self.at = 0
        self._cuts = set[int]()
        for part in parts[:-1]:
            self._cuts.add(len(part) + max(self._cuts, default=0))

    def ends_at(self, place: int) -> bool:
        """Whether a name may end here although it has no ending: at a blank, a number, the end."""
        return place == len(self.text) or place in self._cuts or bool(_ENDS_A_NAME.match(self.text, place))

    def is_cut(self, place: int) -> bool:
        """Whether a blank or a sign stood before a place."""
        return place in self._cuts

    def has(self, pattern: re.Pattern[str], place: int | None = None) -> re.Match[str] | None:
        """What the pattern matches where reading has come to, or at a place."""
        return pattern.match(self.text, self.at if place is None else place)


def is_village(line: Line, found: Read) -> bool:
    """Whether a village's name that stands in a line is meant as one."""
    if found.certainty is Certainty.BARE:
        return line.ends_at(found.end)
    return found.certainty is Certainty.WRITTEN_OUT or not line.has(A_STREET, found.end)


def behind_gap(line: Line, names: NameIndex, level: int) -> Read | None:
    """The first whole name a little further on, if what is before it names no division and comes to an end there."""
    for place in range(line.at + 1, min(line.at + _LONGEST_GAP, len(line.text))):
        gap = line.text[line.at : place]
        if _NAMES_A_DIVISION[level].search(gap):
            return None
        if gap[-1] in _ENDS_A_GAP or line.is_cut(place):
            found = names.read(line.text, place)
            if found and found.code and found.certainty is Certainty.WRITTEN_OUT:
                return found
    return None

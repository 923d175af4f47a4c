"""How a name comes to be written otherwise: by ear, by eye, in traditional forms.

Names are matrices of code points, one row a name, zero where it is shorter; a table says what each character may become.
"""

from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np
from pypinyin import lazy_pinyin

from simulator.vocabulary import BOY_NAMES, GIRL_NAMES, SURNAMES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

__all__ = [
    "BY_EAR",
    "BY_EAR_IN_HAKKA",
    "BY_EYE",
    "IN_TRADITIONAL",
    "WIDTH",
    "Spellings",
    "lengths_of",
    "points_of",
    "texts_of",
]

WIDTH = 8
"""Characters a name has room for."""

_OTHERS = (
    "玮炜纬维卫薇微尉芝之知枝支智治致芷娜纳祺琪琦奇启棋骐企辰晨宸臣诚澄呈程城承丞泓鸿弘洪竑媚妹眉嵋楣怡仪宜依伊逸毅溢亿忆益奕颖莹盈瀛迎营"
    "璐露路鹭录禄陆炎岩研妍延言严彦艳宴砚钧均军君俊峻骏浚凯恺楷铠凌灵玲铃陵翎伶令苓岭淋琳霖临麟邻锋峰枫丰风封逢烽钰瑜渝余羽宇禹雨语妤育郁玉裕"
    "昕欣馨鑫芯辛心鹃绢涓卷捐眷滔涛韬桃陶焘佳嘉家加珈枷捷杰洁婕劼桀洁解姐霄潇箫晓筱孝效校肖笑绍少韶邵勺舒疏淑姝叔书树数恕述"
    "敬靖净径竟境镜京晶经精景井警卿青轻庆晴氢清琴芹勤沁秦禽钦亲禄绿律吕旅侣铭鸣名茗命敏闽民旻珉岷皿闵振镇震阵珍真贞祯桢针"
    "森参生升声胜圣盛剩绳省笙牲甥源元圆园原缘远愿苑院渊袁垣员沅援红虹宏湖壶瑚虎互护沪户化画话桦滑骅花华哗环欢焕换唤幻患"
)
_HAKKA = (
    "黄王",
    "辉飞",
    "红丰逢",
    "惠费",
    "志自至",
    "诗思师司",
    "昌仓",
    "章庄",
    "新辛",
    "元原",
    "坤昆",
    "权泉",
    "琼穷",
    "娘良",
    "兰南",
    "光官",
    "何和",
    "火伙",
)
"""Alike in the Hakka of Meixian and not in the standard language, or told apart there by few."""

_LOOKS = (
    "末未",
    "土士",
    "己巳",
    "日曰",
    "人入",
    "天夫",
    "王玉",
    "玲铃",
    "娣弟",
    "坤珅",
    "金全",
    "英芙",
    "桂佳",
    "秀季",
    "凤风",
    "大太",
    "云去",
    "芳苏",
    "梅海",
    "莲连",
    "香番",
    "珍诊",
    "明朋",
    "清请",
    "永水",
    "昌冒",
    "建健",
    "华毕",
    "春舂",
    "兰三",
    "荣宋",
    "仁仕",
    "伟佛",
    "志忘",
    "祥详",
    "海悔",
    "娟捐",
    "琼谅",
    "灿灶",
    "焕换",
    "柏伯",
    "权叔",
    "运远",
    "达迭",
    "新析",
    "文丈",
    "平乎",
    "贵责",
    "群郡",
    "娇矫",
    "菊鞠",
    "月用",
    "花化",
    "红江",
    "银根",
    "福副",
    "禄绿",
    "寿春",
    "学字",
    "宏宠",
    "伯佰",
    "仲伸",
    "丽酾",
    "雪雷",
    "静挣",
    "美羡",
    "淑椒",
    "慧彗",
    "刘划",
    "陈阵",
    "李季",
    "张弘",
    "钟种",
    "谢榭",
    "曾会",
    "赖懒",
    "叶吐",
    "罗岁",
    "杨扬",
    "侯候",
    "梁粱",
    "彭澎",
    "汤杨",
    "沈忱",
)
_SIMPLE = "国华东庆云龙义学兴发达远伟业杰权栋礼书顺刘陈黄张钟谢温赖邓叶罗吴杨邹饶蓝卢范郑兰凤娇琼红银带丽静莲贵荣胜辉灿焕应运来绍继训诗时满亚爱怜恋巧彩娟珠宝钱萧涂练"
_FULL = "國華東慶雲龍義學興發達遠偉業傑權棟禮書順劉陳黃張鍾謝溫賴鄧葉羅吳楊鄒饒藍盧範鄭蘭鳳嬌瓊紅銀帶麗靜蓮貴榮勝輝燦煥應運來紹繼訓詩時滿亞愛憐戀巧彩娟珠寶錢蕭塗練"


class Spellings:
    """What characters may become, drawn from at random."""

    def __init__(self, groups: "list[str]") -> None:
        found: dict[int, set[int]] = {}
        for group in groups:
            for character in group:
                found.setdefault(ord(character), set()).update(map(ord, set(group) - {character}))
        found = {point: others for point, others in found.items() if others}
        self._known = np.array(sorted(found), dtype=np.int64)
        self._count = np.array([len(found[point]) for point in self._known.tolist()], dtype=np.int64)
        self._others = np.zeros((len(found), max(map(len, found.values()))), dtype=np.int64)
        for place, point in enumerate(self._known.tolist()):
            self._others[place, : len(found[point])] = sorted(found[point])

    def change(self, names: "Ints", rng: np.random.Generator) -> "Ints":
        """The names, each with one character that this table knows written otherwise, if it has any."""
        place = np.minimum(np.searchsorted(self._known, names), len(self._known) - 1)
        knows = self._known[place] == names
        # A surname is misheard as well, but a given name more often.
        knows[:, 0] &= (rng.random(len(names)) < 0.2) | ~knows[:, 1:].any(axis=1)
        chosen = np.argmax(rng.random(names.shape) * knows, axis=1)
        rows = np.flatnonzero(knows.any(axis=1))
        changed, at = names.copy(), place[rows, chosen[rows]]
        which = (rng.random(len(rows)) * self._count[at]).astype(np.int64)
        changed[rows, chosen[rows]] = self._others[at, which]
        return changed


def _by_sound(characters: str) -> list[str]:
    sounds = sorted((lazy_pinyin(character)[0], character) for character in sorted(set(characters)))
    return ["".join(character for _, character in group) for _, group in groupby(sounds, key=lambda pair: pair[0])]


BY_EAR = Spellings(_by_sound(SURNAMES + BOY_NAMES + GIRL_NAMES + _OTHERS))
BY_EAR_IN_HAKKA = Spellings(list(_HAKKA))
BY_EYE = Spellings(list(_LOOKS))
IN_TRADITIONAL = Spellings([a + b for a, b in zip(_SIMPLE, _FULL, strict=True) if a != b])


def points_of(texts: "list[str]") -> "Ints":
    """Names as code points."""
    names = np.zeros((len(texts), WIDTH), dtype=np.int64)
    for row, text in enumerate(texts):
        names[row, : len(text)] = [*map(ord, text)]
    return names


def texts_of(names: "Ints") -> "NDArray[np.str_]":
    """Code points as names."""
    return np.ascontiguousarray(names.astype(np.uint32)).view(f"<U{names.shape[1]}").ravel()


def lengths_of(names: "Ints") -> "Ints":
    return np.asarray(np.count_nonzero(names, axis=1), dtype=np.int64)

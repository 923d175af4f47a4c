"""Names of places as people write them: characters of one meaning, and endings that may be left out.

What a name stands for is decided elsewhere: column by column in ``transforms.divisions``, inside a line of text in
``transforms.addresses``.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from enum import IntEnum
from functools import cache
from typing import NamedTuple

from schemas.divisions import Division

__all__ = [
    "CITY", "COUNTY", "PROVINCE", "TOWN", "VILLAGE", "Certainty", "NameIndex", "Read", "keys_of", "same_characters",
]  # fmt: skip

PROVINCE, CITY, COUNTY, TOWN, VILLAGE = range(1, 6)
"""Levels of divisions."""

# Traditional and variant characters that occur in names of places, each before the one it is read as. Both sides of every
# comparison are read so; 畬 and 畲 are two characters for one town's name.
_PAIRS = (
    "縣县區区鎮镇鄉乡邨村廣广東东雲云龍龙陽阳陰阴嶺岭豐丰順顺華华興兴寧宁甯宁遠远蓮莲鐵铁爐炉橋桥園园圍围場场塢坞壩坝灣湾灘滩"
    "澗涧潯浔漢汉濱滨濟济瀧泷溫温滄沧湯汤澤泽溝沟漁渔島岛嶼屿峽峡崗岗岡冈嵐岚峯峰巖岩樓楼樹树楊杨櫃柜棟栋欄栏檳槟權权葉叶"
    "蕭萧蘇苏蘭兰藍蓝蔣蒋薑姜萬万莊庄蓋盖蔭荫蘆芦蝦虾螢萤衛卫觀观親亲記记許许謝谢譚谭豬猪貝贝財财貴贵賢贤賴赖賀贺贛赣車车軍军"
    "輝辉農农連连進进過过達达遷迁選选邊边鄧邓鄭郑鄒邹鄔邬銀银銅铜鋪铺舖铺錫锡錦锦鍾钟鐘钟鎖锁鏡镜長长門门開开間间閣阁關关閩闽"
    "陳陈陸陆隊队階阶際际隴陇雙双雞鸡鷄鸡離离電电靈灵韓韩響响頂顶頭头額额願愿顯显風风飛飞餘余馬马駐驻驛驿鬥斗魚鱼鮮鲜鳥鸟鳳凤"
    "鳴鸣鴨鸭鵝鹅鶴鹤鷹鹰麗丽麥麦黃黄點点齊齐龜龟烏乌無无熱热營营獅狮獨独環环瓊琼產产畫画當当發发監监盤盘盧卢礦矿礎础禮礼種种"
    "積积穀谷竈灶筆笔節节範范簡简糧粮紅红紀纪約约純纯紙纸紡纺細细終终組组結结絲丝經经綠绿維维網网緣缘縱纵總总線线織织繡绣羅罗"
    "義义聖圣聯联聲声肅肃腳脚臨临臺台舊旧藝艺處处術术裏里裡里補补複复見见規规視视覺觉設设試试詩诗話话誠诚語语說说調调談谈請请"
    "論论諸诸證证識识議议護护讀读變变讓让負负貢贡貨货質质贊赞趙赵踐践輪轮轉转辦办郵邮醫医釋释針针鈴铃鉛铅錢钱鋼钢閘闸隨随險险"
    "雜杂霧雾靜静項项須须預预領领題题類类養养館馆騎骑驗验鬆松鹽盐齡龄國国圖图團团墳坟壢坜壟垄壯壮壽寿夢梦夾夹奮奋婦妇媽妈孫孙"
    "學学宮宫實实寶宝寬宽審审將将專专尋寻對对導导層层屬属嶽岳師师帶带幫帮庫库廟庙廠厂廬庐廳厅張张強强彎弯後后徑径從从復复徵征"
    "恆恒慶庆應应懷怀戲戏戶户採采揚扬換换撫抚據据擴扩攔拦數数斷断於于時时晉晋暢畅曆历曉晓書书會会條条楓枫極极榮荣樁桩樂乐樣样"
    "橫横櫻樱歐欧歲岁歷历歸归氣气決决沒没況况涼凉淨净淺浅淵渊滿满漲涨潔洁潤润濃浓濕湿瀾澜為为煙烟煉炼燈灯爭争牆墙瑪玛瑯琅畝亩"
    "畢毕異异疊叠盡尽確确碼码磚砖祿禄禎祯稅税窪洼窩窝筍笋築筑篤笃籃篮籬篱粵粤紮扎給给綏绥綱纲綿绵緊紧繞绕繼继續续罈坛壇坛習习"
    "聶聂職职膠胶臘腊艙舱荊荆萊莱葦苇蒼苍蕩荡薦荐薩萨藥药虛虚號号蠶蚕覽览陝陕湧涌濶阔羣群坵丘畬畲崬岽"
)
_SAME = str.maketrans(dict(zip(_PAIRS[::2], _PAIRS[1::2], strict=True)))

_ENDINGS = {
    PROVINCE: r"省",
    CITY: r"市",
    COUNTY: r"区|县(?!城)|市(?!场)",
    TOWN: r"街道办事处|办事处街道|办事处|街道(?!办)|镇|乡",
    VILLAGE: r"村民委员会|社区居民委员会|社区居委会|居民委员会|村委会|居委会|社区居委|村委|居委|社区|村",
}
_FINAL = {level: re.compile(rf"({ending})$") for level, ending in _ENDINGS.items()}
_NEXT = {level: re.compile(ending) for level, ending in _ENDINGS.items()}
_KINDS = {
    "村民委员会": "村", "村委会": "村", "村委": "村", "村": "村", "镇": "镇", "乡": "乡", "区": "区", "县": "县", "市": "市",
}  # fmt: skip
"""What kind of place an ending says; all others are communities (社区) and subdistricts (街道)."""


def same_characters(text: str) -> str:
    """The text in the characters that names are compared in.

    >>> same_characters("梅縣畬江鎮")
    '梅县畲江镇'
    """
    return text if text.isascii() else text.translate(_SAME)


def keys_of(name: str, level: int) -> tuple[str, ...]:
    """What a place may be known by, most certain first: its name, its name and kind, its name without a kind.

    A town may have both a village and a community of one name, so the kind may be left out only where that is certain.

    >>> keys_of("三葵村民委员会", 5), keys_of("扶大", 4)
    (('三葵村民委员会', '三葵/村', '三葵'), ('扶大',))
    """
    ending = _FINAL[level].search(name)
    bare = name[: ending.start()] if ending else name
    return (name, f"{bare}/{_KINDS.get(ending[0], '')}", bare) if ending and bare else (name,)


class Certainty(IntEnum):
    """How sure it is that some characters of a line are the name they look like."""

    BARE = 1  # 三葵: what follows decides
    LISTED = 2  # as the table has it, without an ending: 梅西水库, an alias
    WRITTEN_OUT = 3  # 三葵村


class Read(NamedTuple):
    """A name found in a line: where it ends, whose it is (``None``: of several places), and how sure that is."""

    end: int
    code: str | None
    certainty: Certainty


class NameIndex:
    """The names of some divisions of one level, with the codes in force that each may stand for."""

    def __init__(self, level: int, divisions: Iterable[Division]) -> None:
        self._level = level
        self._codes: dict[str, set[str]] = defaultdict(set)
        self._listed: set[str] = set()
        for division in divisions:
            for name in map(same_characters, (division.name, *division.aliases)):
                self._listed.add(name)
                for key in keys_of(name, level):
                    self._codes[key].add(division.replaced_by or division.code)
        self._codes.default_factory = None
        lengths: dict[str, set[int]] = defaultdict(set)
        for key in self._codes:
            lengths[key[0]].add(len(key))
        self._lengths = {first: sorted(found, reverse=True) for first, found in lengths.items()}
        self._next = _NEXT[level]
        # The same few names stand in a hundred thousand lines.
        self._written_out = cache(self._read_written_out)
        self._as_it_is = cache(self._read_as_it_is)

    def __bool__(self) -> bool:
        return bool(self._codes)

    def code_of(self, name: str) -> str | None:
        """The code of a name that stands alone, unless several places have it or none."""
        return self._only(keys_of(same_characters(name), self._level))

    def has_like(self, name: str) -> bool:
        """Whether some place has the name, leaving its kind aside."""
        return keys_of(same_characters(name), self._level)[-1] in self._codes

    def read(self, line: str, at: int) -> Read | None:
        """The longest name that begins at a place in a line; above towns an ending, if there is one, must be its own."""
        for length in self._lengths.get(line[at : at + 1], ()):
            name = line[at : at + length]
            if name not in self._codes:
                continue
            end = at + len(name)
            if ending := self._next.match(line, end):
                if (code := self._written_out(name + ending[0])) or self._level > COUNTY:
                    return Read(ending.end(), code, Certainty.WRITTEN_OUT)
            elif length > 1:
                return Read(end, *self._as_it_is(name))
        return None

    def _read_written_out(self, name: str) -> str | None:
        keys = keys_of(name, self._level)
        return self._only(keys if self._level > COUNTY else keys[:2])

    def _read_as_it_is(self, name: str) -> tuple[str | None, Certainty]:
        certainty = Certainty.LISTED if name in self._listed else Certainty.BARE
        has_ending = len(keys_of(name, self._level)) == 3
        return self._only((name,)), Certainty.WRITTEN_OUT if has_ending else certainty

    def _only(self, keys: Iterable[str]) -> str | None:
        """The code of the first key that only one place has."""
        return next((min(codes) for key in keys if len(codes := self._codes.get(key, _NONE)) == 1), None)


_NONE: frozenset[str] = frozenset()

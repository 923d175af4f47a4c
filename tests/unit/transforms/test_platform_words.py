import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_up_rows import id_number

from transforms.platform_words import masked_words

NUMBER, NAME, PHONE = id_number(), "欧阳玉梅", "13800138000"
PERSON = {
    "人员编号": "41", "姓名": NAME, "证件号码": NUMBER, "出生日期": "1940-05-06", "联系电话": PHONE,
    "户籍村(居)": "三葵村", "人员类型": "8,15", "残疾人证号": f"{NUMBER}42B1", "备注": "住 老屋下12号，腿脚 不便",
}  # fmt: skip


def wide(text):
    return "".join(chr(ord(character) + 0xFEE0) if "!" <= character <= "~" else character for character in text)


def spaced(text):
    return " ".join(text)


def plain(text):
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text))).upper()


@pytest.mark.parametrize(
    "words",
    [
        f"证件号码{NUMBER}格式错误", f"证件号码{wide(NUMBER)}格式错误", f"号码 {spaced(NUMBER)} 有误", f"{NUMBER.lower()}已存在",
        f"{NUMBER[:6]}-{NUMBER[6:14]}-{NUMBER[14:]}重复", f"尾号{NUMBER[-4:]}的人员已存在", f"{NUMBER[:17]}缺一位",
        f"{NAME}已登记", "欧 阳\u3000玉 梅 已登记", "欧阳·玉梅已登记", "欧\u200b阳玉\u200b梅已登记", "玉梅已登记", "阳玉梅老人已登记",
        f"电话{PHONE}", f"电话{PHONE[:3]} {PHONE[3:7]} {PHONE[7:]}", f"电话+86-{PHONE[:3]}-{PHONE[3:7]}-{PHONE[7:]}", wide(PHONE),
        "生于1940年5月6日", "生于1940-05-06", "生于１９４０年０５月０６日", "三 葵 村的户口", "腿脚不便", "老屋下 12 号",
        f"{NAME}{NUMBER}{PHONE}三葵村", f"第5行\n{NAME}\t{NUMBER}\r有误",
    ],
)  # fmt: skip
def test_nothing_of_the_person_is_left_of_the_platforms_words(words):
    masked = masked_words(words, PERSON, [NAME])
    left = plain(masked)
    for secret in (
        NAME,
        "玉梅",
        "阳玉",
        NUMBER,
        NUMBER[-4:],
        NUMBER[6:14],
        PHONE,
        PHONE[3:7],
        "三葵",
        "腿脚",
        "老屋下12",
        "1940年",
    ):
        assert plain(secret) not in left
    assert re.search(r"\d{5}", left) is None
    assert "****" in masked
    assert "\n" not in masked


@pytest.mark.parametrize(
    ("words", "masked"),
    [
        ("第 5 行 身份证号格式错误", "第 5 行 身份证号格式错误"),
        ("手机号码长度应为 11 位", "手机号码长度应为 11 位"),
        ("代码 1007", "代码 1007"),
        ("", ""),
    ],
)
def test_what_is_not_the_persons_stays_readable(words, masked):
    assert masked_words(words, {"姓名": NAME, "性别": "0", "证件号码": NUMBER}) == masked


def test_a_strangers_number_is_hidden_too():
    assert masked_words(f"与{id_number(serial=343)}重复", PERSON) == "与****重复"


def test_endless_words_are_cut_after_they_were_masked():
    masked = masked_words("错" * 190 + NUMBER + "误" * 1000, PERSON)
    assert len(masked) == 200
    assert masked.startswith("错" * 190 + "****误")


PIECES = st.sampled_from([NAME, NUMBER, PHONE, "三葵村", "有误", "，", "第 5 行", "\u200b", "姓名"]) | st.text(
    max_size=4
)


@given(st.lists(st.tuples(PIECES, st.sampled_from([str, wide, spaced, str.lower])), max_size=8))
def test_whatever_stands_around_it_no_value_comes_through(pieces):
    masked = masked_words("".join(spelt(piece) for piece, spelt in pieces), PERSON, [NAME])
    for secret in (NAME, NUMBER, PHONE, "三葵村"):
        assert plain(secret) not in plain(masked)

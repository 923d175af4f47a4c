"""What was filled in behind the labels of a form: boxes, blanks in a sentence, dates in pieces. Values stay as written.

Where ticks contradict each other or cannot be told apart, the value is a text that no code list knows, so that the row is
reported and nothing is guessed.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from connectors.reading.forms.cells import FormCell
from connectors.reading.forms.choices import CELL_END, Choices, Option, has_marks, read_choices, without_marks
from connectors.reading.grid import BLANKS
from schemas.codes import CODE_LISTS, WORDS

__all__ = [
    "UNCLEAR", "Assistance", "Categories", "plain", "read_assistance", "read_benefits", "read_boxed",
    "read_categories", "read_date", "read_one", "written",
]  # fmt: skip

UNCLEAR = "勾选不清"
"""Stands where it cannot be told what was ticked; the official words themselves would be taken for ticked ones."""

_FILLED = BLANKS + "_＿‗"
_CERTIFICATE = re.compile(r"残疾人?证(?:件)?号码?")
_BRACKET = re.compile(r"[()\[\]]")
_BEHIND_BRACKET = re.compile(r"\s{0,9}([0-9Xx][0-9XxBb ]{9,60})")
_AMOUNT_WORDS = re.compile(rf"每月|补贴|金额|领取|享受|[,,，、;；:：。元{BLANKS}{CELL_END}_＿‗]+")
_DAY = re.compile(r"(\d{4}年\d{1,2}月\d{1,2})日?")


class Categories(NamedTuple):
    """The types that are ticked, and the certificate number written inside the box of 重残."""

    categories: str | None
    certificate: str | None


class Assistance(NamedTuple):
    """Who helps, and what is done."""

    organisation: str | None
    measures: str | None


def _pattern(words: Sequence[str]) -> str:
    r"""Any of the words, the longest first; blanks inside a word do not matter."""
    gaps = r"[ \u3000]*"
    return "|".join(gaps.join(map(re.escape, word)) for word in sorted(words, key=len, reverse=True))


def _han_words(code_list: str) -> dict[str, str]:
    words = {label: code for code, label in CODE_LISTS[code_list].items()} | dict(WORDS[code_list])
    return {word: code for word, code in words.items() if re.search(r"[\u4e00-\u9fff]", word)}


_CATEGORY_OF = _han_words("category")
_CATEGORIES = re.compile(_pattern([*_CATEGORY_OF]))
_ONE_OF = {code_list: re.compile(_pattern([*_han_words(code_list)])) for code_list in ("yes_no", "sex")}
_ANY_WORD = re.compile(r"[^\W_]+")
_BENEFITS = re.compile(
    r"(?P<no_pension>(?:无|未领取|没有领取|未参加)\s*养老保险)|(?P<pension>(?:有\s?(?:领取)?[\u4e00-\u9fff]{0,8}?\s?)?养老保险)"
    r"|(?P<no_subsidy>(?:未享受|无|没有享受)\s*社会救助(?:和社会福利)?(?:补贴)?)"
    r"|(?P<subsidy>(?:有\s*)?(?:享受)?\s*社会救助(?:和社会福利)?(?:补贴)?)"
)
_ORGANISATIONS: Mapping[str, tuple[str, str]] = {
    "party": ("党政机关、群团组织", r"党政机关(?:[、,]?\s*群团组织)?"),
    "village": ("乡镇(街道)、村(居)委员会", r"乡镇\s*(?:\(街道\))?[、,]?\s*村\s*\(?居?\)?\s*委(?:员)?会"),
    "company": ("企业", "企业"),
    "society": ("社会组织", "社会组织"),
    "volunteer": ("志愿者", "志愿者"),
    "other": ("其他", "其他|其它"),
}
_ORGANISATION = re.compile("|".join(f"(?P<{key}>{pattern})" for key, (_, pattern) in _ORGANISATIONS.items()))


def plain(text: str) -> str | None:
    """A value without the blanks and underscores around it; ``None`` where nothing was written.

    >>> plain("__张三__ "), plain("____")
    ('张三', None)
    """
    return text.strip(_FILLED) or None


def written(cells: Sequence[FormCell]) -> str | None:
    """What all cells say, one after the other."""
    return plain(" ".join(text for cell in cells if (text := plain(cell.text))))


def read_date(cells: Sequence[FormCell]) -> str | None:
    """A date of which year, month and day may stand apart; a blank form's ``年 月 日`` is none."""
    text = written(cells) or ""
    compact = re.sub(rf"[{_FILLED}]", "", unicodedata.normalize("NFKC", text))
    if not re.search(r"\d", compact):
        return None if re.fullmatch(r"[年月日/.\-:]*", compact) else text
    day = _DAY.match(compact)
    if day:
        return f"{day[1]}日"
    return compact if "年" in compact else text


def read_one(cells: Sequence[FormCell], code_list: str) -> str | None:
    """The word of a code list that is ticked, or what is written where there are no boxes.

    Two ticked words are left as they stand, which no code list knows.
    """
    text = _joined(cells)
    if not has_marks(text) or not plain(without_marks(text).replace(CELL_END, "")):
        return written(cells)
    choices = read_choices(text, _ONE_OF[code_list])
    if choices.is_clear and len(choices.ticked) < 2:
        return choices.ticked[0].text if choices.ticked else None
    return written(cells)


def read_boxed(cells: Sequence[FormCell]) -> str | None:
    """The only word that is ticked where there are boxes and some are empty, else what is written."""
    text = _joined(cells)
    if not has_marks(text):
        return written(cells)
    choices = read_choices(text, _ANY_WORD)
    is_choice = choices.has_boxes and any(not option.is_ticked for option in choices.options)
    if is_choice and choices.is_clear and len(choices.ticked) < 2:
        return choices.ticked[0].text if choices.ticked else None
    return written(cells)


def read_categories(cells: Sequence[FormCell]) -> Categories:
    """The ticked types, joined by ``、``, and the certificate number.

    Without any box what is written stands, unless all six types are there: then the boxes got lost.
    """
    choices = read_choices(_joined(cells), _CATEGORIES)
    certificate = next((number for option in choices.options if (number := _certificate(option.tail))), None)
    known = {_category_of(option) for option in choices.options} - {None}
    if not choices.is_clear or (not choices.has_marks and len(known) == len(CODE_LISTS["category"])):
        return Categories(UNCLEAR, certificate)
    if not choices.has_marks:
        text = _CERTIFICATE.sub("", written(cells) or "").replace(certificate or "", "")
        return Categories(plain(text), certificate)
    codes = {_category_of(option) for option in choices.ticked}
    labels = [label for code, label in CODE_LISTS["category"].items() if code in codes]
    unknown = [_bare(option.text) for option in choices.ticked if option.key is None]
    return Categories("、".join([*labels, *unknown]) or None, certificate)


def _category_of(option: Option) -> str | None:
    return _CATEGORY_OF.get(_bare(option.key or ""))


def read_benefits(cells: Sequence[FormCell]) -> dict[str, str | None]:
    """Monthly pension and subsidy in yuan as written; 0 where the box says there is none.

    An amount without a tick counts as stated. A tick without an amount, both boxes ticked, and ``none`` beside an amount
    are left as words, which are no amounts.
    """
    choices = read_choices(_joined(cells), _BENEFITS)
    return {
        "monthly_pension_fen": _amount(choices, "pension"),
        "monthly_subsidy_fen": _amount(choices, "subsidy"),
    }


def read_assistance(organisation: Sequence[FormCell], measures: Sequence[FormCell]) -> Assistance:
    """Who helps and how. The form has two of the six boxes of 帮扶单位 in the row of 帮扶措施.

    A ticked box, or one behind which something is written, names who helps; what is written in the row of the measures is
    the measure.
    """
    choices = read_choices(_joined(organisation), _ORGANISATION)
    boxed, free = _apart(measures)
    others = read_choices(_joined(boxed), _ORGANISATION)
    said = [text for cell in free if (text := plain(cell.text))]
    said += [
        others.before,
        *(_tail(option) if option.key else option.text for option in others.options if _is_said(option)),
    ]
    named = Choices([option for option in others.options if option.key], others.is_clear)
    return Assistance(_organisation(organisation, choices, named), " ".join(filter(None, said)) or None)


def _apart(cells: Sequence[FormCell]) -> tuple[list[FormCell], list[FormCell]]:
    """Cells with boxes, words whose box is the cell before included; and cells with anything else."""
    boxed: list[FormCell] = []
    free: list[FormCell] = []
    is_after_box = False
    for cell in cells:
        is_boxed = has_marks(cell.text)
        (boxed if is_boxed or (is_after_box and not cell.is_blank) else free).append(cell)
        is_after_box = is_boxed and not plain(without_marks(cell.text))
    return boxed, free


def _is_said(option: Option) -> bool:
    """Whether what an option of the row of the measures says was written: words of the form's own are not."""
    return option.key is not None or option.is_ticked is not False


def _organisation(cells: Sequence[FormCell], choices: Choices, others: Choices) -> str | None:
    if not choices.is_clear or not others.is_clear:
        return UNCLEAR
    if not choices.has_marks:
        if len(choices.options) >= 4:
            return UNCLEAR
        words = [text] if (text := written(cells)) else []
    else:
        words = [_named(option) for option in choices.options if option.is_ticked or _tail(option)]
    words += [_ORGANISATIONS[option.key][0] if option.key else option.text for option in others.ticked]
    return "；".join(words) or None


def _named(option: Option) -> str:
    word = _ORGANISATIONS[option.key][0] if option.key else option.text
    return f"{word}：{tail}" if (tail := _tail(option)) else word


def _tail(option: Option) -> str:
    return option.tail.replace(CELL_END, " ").strip(_FILLED + ":：()（）")


def _amount(choices: Choices, benefit: str) -> str | None:
    stated = [option for option in choices.options if option.key == benefit]
    denied = [option for option in choices.options if option.key == f"no_{benefit}"]
    amount = next((text for option in stated if (text := _AMOUNT_WORDS.sub("", option.tail))), None)
    has, has_none = (any(option.is_ticked for option in options) for options in (stated, denied))
    if not choices.has_marks:
        has, has_none = bool(stated), bool(denied)
        if has and has_none:  # no box survived
            has = has_none = False
    words = "、".join(_bare(option.text) for option in [*stated, *denied])
    if not choices.is_clear:
        return f"{words}（{UNCLEAR}）" if words else UNCLEAR
    if has_none:
        return words if has or amount else "0"
    return amount or (_bare(stated[0].text) if has else None)


def _certificate(tail: str) -> str | None:
    """The number behind its words inside the brackets, or behind these where they are empty."""
    label = _CERTIFICATE.search(tail)
    if not label:
        return None
    inside, *behind = _BRACKET.split(tail[label.end() :].replace(CELL_END, " "), maxsplit=1)
    found = _BEHIND_BRACKET.match(behind[0]) if behind else None
    return inside.strip(_FILLED + ":：") or (found[1].strip() if found else None)


def _joined(cells: Sequence[FormCell]) -> str:
    """The cells' texts with their ends marked; a cell that is true or false is a box of the newest spreadsheets."""
    boxes = {"TRUE": "☑", "FALSE": "□"}
    return CELL_END.join(boxes.get(text := cell.text.strip(BLANKS), text) for cell in cells)


def _bare(text: str) -> str:
    return "".join(text.split())

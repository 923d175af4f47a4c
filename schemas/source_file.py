"""A source's file as text, drafted from a sample for a person to read.

What a source's file may say is in ``schemas.configuration``; whether a draft may be used is checked there, by loading it.
"""

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from schemas.codes import CODE_LISTS
from schemas.column_guess import CONFIDENCE_LABELS, REASON_LABELS, ColumnGuess
from schemas.fields import FIELDS

__all__ = ["DraftCode", "SourceDraft", "render_source", "toml_list"]

_COMMENT_COLUMN = 44
_FEW_CODES = 3
_INTRODUCTION = """\
# 本文件由样本草拟，请逐行核对后使用；核对完毕，用 eldersync source try 再试一次。
# 行尾注明把握程度和理由。以 # 开头的列和代码没有采用，核实后去掉行首的 # 即可。
# 各项含义见 docs/configuration.md。要让本来源的内容优先于其他来源，还须写入 survivorship.toml。"""
_NO_DATE = """\
# 样本中没有日期列。请与来源单位商定增加此列；没有日期时，同一人的多行以后收到的为准。"""


@dataclass(frozen=True, slots=True)
class DraftCode:
    """A word of the sample in a code column: what it means, if that is known, and why, in words for officers."""

    word: str
    code: str | None
    comment: str


@dataclass(frozen=True, slots=True)
class SourceDraft:
    """What is known of a new source.

    ``columns`` are all columns of the sample, taken or not; ``ignored`` the headers among them that nobody needs; ``agreed_date`` is the date field to be agreed on where the
    sample has none; ``sample`` says which sample it was, without its name.
    """

    label: str
    body: str
    delivers: str
    stated_on: str
    states: str | None
    sheets: tuple[str, ...]
    columns: tuple[ColumnGuess, ...]
    codes: Mapping[str, Sequence[DraftCode]]
    sample: str
    ignored: tuple[str, ...] = ()
    agreed_date: str = ""
    password_secret: str | None = None


def render_source(draft: SourceDraft) -> str:
    """A source's file, whole."""
    columns = [_column_line(guess) for guess in draft.columns if guess.field]
    if draft.agreed_date:
        columns += [_NO_DATE, f"{draft.agreed_date} = {toml_list([FIELDS[draft.agreed_date].label])}"]
    columns += [line for guess in draft.columns if not guess.field for line in _open_lines(guess)]
    parts = [
        _INTRODUCTION,
        f"# 样本：{_line(draft.sample)}",
        *_head(draft),
        "",
        "[main]",
        _noted(f"sheets = {toml_list(draft.sheets)}", "没有这些名称的工作表时，凡表头相符的都读取"),
        _noted(f"required = {toml_list(_required(draft))}", "缺少这些列的文件不予采用"),
        *_ignored(draft),
        "",
        "[main.columns]",
        *columns,
    ]
    for code_list, words in draft.codes.items():
        parts += ["", f"[codes.{code_list}]", *_code_lines(code_list, words)]
    return "\n".join(parts) + "\n"


def _head(draft: SourceDraft) -> list[str]:
    lines = [
        f"label = {_text(draft.label)}",
        f"body = {_text(draft.body)}",
        _noted(
            f"delivers = {_text(draft.delivers)}",
            "全量 full：名单上没有的人视为不再符合；增量 incremental：没有不说明什么",
        ),
        _noted(f"stated_on = {_text(draft.stated_on)}", "同一人有多行时，以这一日期最近的为准"),
    ]
    categories = "、".join(f"{code} {label}" for code, label in CODE_LISTS["category"].items())
    if draft.states:
        lines.append(_noted(f"states = {_text(draft.states)}", "列入本名单即为该类对象；重残、失能另看等级"))
    elif "categories" not in {guess.field for guess in draft.columns}:
        lines.append(f'# states = ""   # 列入本名单即为某类对象的，在此写明：{categories}')
    if draft.password_secret:
        lines.append(_noted(f"password_secret = {_text(draft.password_secret)}", "打开文件的密码在密码库中的名称"))
    return [*lines, "aliases_version = 1"]


def _required(draft: SourceDraft) -> list[str]:
    taken = {guess.field for guess in draft.columns}
    return [field for field in ("name", "id_number") if field in taken]


def _ignored(draft: SourceDraft) -> list[str]:
    """Columns nobody needs, and those of which that is to be said."""
    unknown = [
        guess.header
        for guess in draft.columns
        if not guess.field and not guess.candidates and guess.header and guess.header not in draft.ignored
    ]
    lines = (
        [_noted(f"ignored = {toml_list(draft.ignored)}", "其他来源同样不采用，或有多列同名")] if draft.ignored else []
    )
    if unknown and draft.ignored:
        lines.append(f"# 没有对应登记项的列，确认不需要的加入 ignored：{toml_list(unknown)}")
    elif unknown:
        lines.append(_noted(f"# ignored = {toml_list(unknown)}", "没有对应登记项的列，确认不需要的去掉行首的 #"))
    return lines


def _column_line(guess: ColumnGuess) -> str:
    return _noted(f"{guess.field} = {toml_list([guess.header])}", _why(guess))


def _open_lines(guess: ColumnGuess) -> list[str]:
    return [_noted(f"# {field} = {toml_list([guess.header])}", _why(guess)) for field in guess.candidates]


def _why(guess: ColumnGuess) -> str:
    reasons = "、".join(REASON_LABELS[reason] for reason in guess.reasons)
    return f"{guess.letter} 列，{CONFIDENCE_LABELS[guess.confidence]}" + (f"：{reasons}" if reasons else "")


def _code_lines(code_list: str, words: Sequence[DraftCode]) -> list[str]:
    """Words that are proven as they are; others once for each code of a short list, or with the codes to choose from."""
    codes = CODE_LISTS[code_list]
    lines = []
    if len(codes) > _FEW_CODES and any(word.code is None for word in words):
        lines.append("# 可填：" + "、".join(f"{code} {label}" for code, label in codes.items()))
    for word in words:
        if word.code is not None:
            lines.append(_noted(f"{_key(word.word)} = {_text(word.code)}", word.comment))
        elif len(codes) > _FEW_CODES:
            lines.append(_noted(f'# {_key(word.word)} = ""', word.comment))
        else:
            lines += [_noted(f"# {_key(word.word)} = {_text(code)}", word.comment) for code in codes]
    return lines


def _noted(line: str, comment: str) -> str:
    return f"{line}{' ' * (_COMMENT_COLUMN - _width(line))} # {_line(comment)}"


def _width(text: str) -> int:
    """How wide a text is where Chinese characters take two places."""
    return sum(1 + (unicodedata.east_asian_width(character) in "WF") for character in text)


def _line(text: str) -> str:
    """A text fit for a comment: TOML forbids control characters there, and a line's end would end it."""
    return "".join(character for character in text if character.isprintable())


def _text(text: str) -> str:
    # JSON's escapes are TOML's; printable characters stand for themselves in both.
    return json.dumps(_line(text), ensure_ascii=False)


def toml_list(texts: Sequence[str]) -> str:
    """Texts as a TOML array on one line."""
    return "[" + ", ".join(map(_text, texts)) + "]"


def _key(word: str) -> str:
    return word if re.fullmatch(r"[A-Za-z0-9_-]+", word) else _text(word)

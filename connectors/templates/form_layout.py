"""附件1 as it is printed (notice 管委会〔2024〕2号): its parts, rows and blanks, on a page of 24 equal columns.

A document fills a frame as one cell; a spreadsheet gives each of its pieces a cell.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

__all__ = [
    "COLUMNS", "DATE", "FOOTNOTE", "PARTS", "SIGNED", "SIGNED_DATE", "Blank", "Box", "Frame", "Part", "Piece", "Words",
    "placed", "title",
]  # fmt: skip

COLUMNS = 24

Holds = Literal["text", "id_number", "certificate", "phone", "amount", "yes_no", "sex", "relation"]
"""What a blank is for; the last three are words of the code lists of that name."""


@dataclass(frozen=True, slots=True)
class Words:
    """Printed words; a label names what is filled in behind it."""

    text: str
    columns: int
    is_label: bool = False


@dataclass(frozen=True, slots=True)
class Box:
    """A box to be ticked, before its word."""

    word: str
    columns: int  # of the word; the box has one more


@dataclass(frozen=True, slots=True)
class Blank:
    """Where something is filled in."""

    columns: int
    holds: Holds = "text"


Piece = Words | Box | Blank


@dataclass(frozen=True, slots=True)
class Frame:
    """A framed cell of the form: what is printed and left blank in it, from left to right."""

    pieces: tuple[Piece, ...]
    rows: int = 1
    goes_on_below: bool = False  # no line between it and the frame below
    goes_on_above: bool = False

    @property
    def columns(self) -> int:
        """How many columns it takes."""
        return sum(piece.columns + isinstance(piece, Box) for piece in self.pieces)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the form: its heading and its rows; what a frame from above takes up is left out of a row."""

    heading: str
    rows: tuple[tuple[Frame, ...], ...]


def title(area: str) -> str:
    """The form's title for an area, such as 梅州市梅县区."""
    return f"{area}特殊困难老年人基本信息登记表"


DATE = "建档日期：    年   月   日"
SIGNED = "工作人员(签字)："
SIGNED_DATE = "年   月   日"
FOOTNOTE = "备注：此表一式两份，区级民政部门、乡镇(街道)各存档一份。"


def _label(text: str, columns: int, rows: int = 1) -> Frame:
    return Frame((Words(text, columns, is_label=True),), rows)


def _blank(columns: int, holds: Holds = "text", rows: int = 1) -> Frame:
    return Frame((Blank(columns, holds),), rows)


def _place(label: str) -> tuple[Frame, ...]:
    units = (("县(市、区)", 3), ("乡镇(街道)", 3), ("村(居)", 2))
    return (_label(label, 3), *(Frame((Blank(7 - width), Words(unit, width))) for unit, width in units))


_NUMBERED = ("户主", "2", "3", "4")
_MEMBER_COLUMNS = (
    ("序号", 2), ("姓名", 3), ("性别", 2), ("身份证号码", 6), ("与户主关系", 3), ("健康状况", 3), ("是否为低保对象/特困人员", 5),
)  # fmt: skip


def _member(number: str) -> tuple[Frame, ...]:
    return (
        _label(number, 2), _blank(3), _blank(2, "sex"), _blank(6, "id_number"), _blank(3, "relation"), _blank(3), _blank(5),
    )  # fmt: skip


_PERSON = (
    (
        _label("姓名", 2), _blank(3), _label("性别", 2), _blank(2, "sex"), _label("身份证号码", 3), _blank(5, "id_number"),
        _label("联系电话", 3), _blank(4, "phone"),
    ),
    (_label("紧急联系人", 3), _blank(9), _label("联系电话", 3), _blank(9, "phone")),
    _place("户籍地址"),
    _place("居住地址"),
    (
        _label("对象类型", 3, rows=3),
        Frame(
            (Box("独居老年人", 4), Box("空巢老年人", 4), Box("留守老年人", 4), Box("失能老年人", 5)), goes_on_below=True
        ),
    ),
    (
        Frame(
            (Box("重残老年人(残疾人证号:", 6), Blank(6, "certificate"), Words(")", 1), Box("计划生育特殊家庭老年人", 6)),
            goes_on_below=True, goes_on_above=True,
        ),
    ),
    (Frame((Words("(注：同时符合几种类型的可多选)", 21),), goes_on_above=True),),
)  # fmt: skip
_CONDITIONS = (
    *(
        (_label(question, 8), _blank(16, "yes_no"))
        for question in ("饮水是否安全", "生活用电是否安全", "生活用气是否安全", "住房是否安全")
    ),
    (_label("家庭每月收入(元)", 8), _blank(16, "amount")),
    (
        _label("家庭每月领取养老保险、社会救助和社会福利补贴等情况", 8, rows=3),
        Frame((Box("有领取养老保险，每月", 6), Blank(2, "amount"), Words("元", 1), Box("无养老保险", 5))),
    ),
    (Frame((Box("有享受社会救助和社会福利补贴，每月补贴金额", 11), Blank(3, "amount"), Words("元", 1))),),
    (Frame((Box("未享受社会救助和社会福利补贴", 15),)),),
)  # fmt: skip
_ASSISTANCE = (
    (
        _label("帮扶单位(组织)", 4, rows=2), Frame((Box("党政机关、群团组织", 5),)), Frame((Box("乡镇(街道)、村(居)委员会", 6),)),
        _label("帮扶责任人", 3, rows=2), _blank(4, rows=2),
    ),
    (Frame((Box("企业", 5),)), Frame((Box("社会组织", 6),))),
    (_label("帮扶措施", 4), Frame((Box("志愿者", 5),)), Frame((Box("其他", 6),)), _blank(7)),
)  # fmt: skip

PARTS: tuple[Part, ...] = (
    Part("一、服务对象基本情况", _PERSON),
    Part(
        "二、家庭基本情况",
        (tuple(_label(text, width) for text, width in _MEMBER_COLUMNS), *(_member(number) for number in _NUMBERED)),
    ),
    Part("三、家庭生活条件", _CONDITIONS),
    Part("四、已享受帮扶情况", _ASSISTANCE),
)


def placed(part: Part) -> Iterator[tuple[int, int, Frame]]:
    """Each frame of a part with its row and first column, counted from 0."""
    above: dict[int, int] = {}  # columns taken by a frame from above, and for how many rows more
    for row, frames in enumerate(part.rows):
        column = 0
        for frame in frames:
            while above.get(column, 0) > row:
                column += 1
            yield row, column, frame
            above |= dict.fromkeys(range(column, column + frame.columns), row + frame.rows)
            column += frame.columns

"""Headers of two lines: 户籍地址 over 县(市、区), 乡镇(街道) and 村(居). What a column is, is told from both cells together.

Spreadsheets say by merged cells which columns a heading stands over. A text exported from one has the heading in its
first column and blank cells to the right of it.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from connectors.reading.grid import is_blank
from connectors.reading.layouts.header import HeaderNames, normal_header

__all__ = ["Heads", "heads_of", "is_second_line", "joined", "names_of", "reads_like_a_header"]

_NUMBER = re.compile(r"[0-9０-９]{6}")
_HINT = re.compile(r"^[（(【\[].*[)）】\]]$", re.DOTALL)

_HEADER_WORDS = re.compile(
    "(?:姓名|性别|身份证|号码?|联系|电话|手机|地址|详细|[县市区镇乡村居组]|街道|委会|社区|门牌|名称|单位|机构|标准|日期|时间|[年月日元]"
    "|金额|类别|类型|[等级]?级别?|关系|情况|户籍|居住|所在地?|本人|是否|[有无])+"
)

_WORDS_AFTER = re.compile("(?:地址|所在地|地|信息|情况|资料)$")

_OF_THEMSELVES = re.compile("基本|个人|本人|老人|老年人|服务对象|对象|人员|身份|残疾人")
_OF_OTHERS = re.compile(
    "联系人|监护|配偶|爱人|户主|子女|亲属|家属|赡养|照护|照料|护理|成员|帮扶|责任人|负责|经办|填表|填报|调查"
)
_WHOSE = frozenset({"name", "sex", "birth_date", "id_number", "phone"})
_PLACES = ("_county", "_town", "_village", "_address")


class Heads(NamedTuple):
    """For each column the column whose upper cell is its heading, -1 where there is none; and how many columns each has."""

    of: list[int]
    columns: Counter[int]


def heads_of(upper: Sequence[str], lower: Sequence[str], across: Mapping[int, int]) -> Heads:
    """The heading of each column.

    Args:
        upper: cells of the first line.
        lower: cells of the second line.
        across: first and last column of the merged cells of the first line.
    """
    of: list[int] = []
    head, last = -1, -1
    for column, cell in enumerate(upper):
        if not is_blank(cell):
            head = column
            last = across.get(column, column if across else len(upper))
        is_under = head == column or (head >= 0 and column <= last and not is_blank(lower[column]))
        if head != column and is_blank(lower[head]) and head not in across:
            is_under = False  # nothing stands below the heading itself: it is a column, not a heading
        of.append(head if is_under else -1)
    return Heads(of, Counter(head for head in of if head >= 0))


def is_second_line(upper: Sequence[str], lower: Sequence[str], heads: Heads, names: HeaderNames) -> bool:
    """Whether the lower cells can belong to a header: below a column's own header stands nothing but a hint to it.

    A person's row cannot: it has a name below 姓名, or a number.
    """
    if not any(map(normal_header, lower)) or any(map(_NUMBER.search, lower)):
        return False
    return all(
        is_blank(cell)
        or _HINT.match(cell.strip())
        or _is_repeated(upper[column], cell)
        or names.field(upper[column] + cell)
        for column, cell in enumerate(lower)
        if heads.of[column] == column and heads.columns[column] == 1 and names.field(upper[column])
    )


def joined(heading: str, cell: str) -> str:
    """A heading and the cell below it as one header.

    >>> joined("户籍地址", "村(居)"), joined("紧急联系人", "电话")
    ('户籍村(居)', '紧急联系人电话')
    """
    return _WORDS_AFTER.sub("", heading.strip()) + cell


def names_of(
    upper: Sequence[str], lower: Sequence[str], heads: Heads, names: HeaderNames
) -> tuple[tuple[str, ...], tuple[str | None, ...]]:
    """What is shown of each column, and its field.

    Heading and cell together decide; a cell without its heading only where no other column is that field, and where the
    heading does not change whose it is: 姓名 below 紧急联系人 is not the elder's.
    """
    cells, fields, loose = [], [], []
    for column in range(len(upper)):
        head = heads.of[column]
        heading, cell = upper[head] if head >= 0 else "", lower[column]
        if is_blank(cell):
            cell, heading = (heading, "") if head == column else ("", "")
        elif _is_repeated(heading, cell):
            heading = ""
        together = names.field(heading + cell) or names.field(joined(heading, cell))
        alone = names.field(cell) if heading and together is None else None
        if alone is None and together is None and heading and heads.columns[head] == 1:
            together = names.field(heading)
        cells.append(f"{heading}/{cell}" if heading else cell)
        fields.append(together)
        loose.append(alone if alone and _may_stand_alone(heading, alone, names) else None)
    certain = set(fields)
    return tuple(cells), tuple(
        field or (alone if alone not in certain else None) for field, alone in zip(fields, loose, strict=True)
    )


def reads_like_a_header(cell: str) -> bool:
    """Whether a cell is made of nothing but words of headers; a person's row says more.

    >>> reads_like_a_header("乡镇(街道)"), reads_like_a_header("扶大镇")
    (True, False)
    """
    return bool(_HEADER_WORDS.fullmatch(normal_header(cell)))


def _is_repeated(heading: str, cell: str) -> bool:
    """Whether both lines say the same, as when merged cells were filled on export."""
    return normal_header(heading) == normal_header(cell)


def _may_stand_alone(heading: str, field: str, names: HeaderNames) -> bool:
    if _OF_OTHERS.search(heading) or names.field(heading):
        return False
    is_open = field in _WHOSE or field.endswith(_PLACES)
    return not is_open or bool(_OF_THEMSELVES.search(heading))

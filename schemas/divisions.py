"""Administrative divisions: what one is, and a table of them read and checked, ours or as an office publishes it.

A code is the statistical one of twelve digits (统计用区划代码): two for the province, two for the city, two for the county, three
for the town, three for the village; what a division does not reach down to is zeros. Resolving what people write is no
business of this module (``transforms.divisions``, ``transforms.addresses``).
"""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from schemas.spelling import clean

__all__ = ["DIVISION_COLUMNS", "Division", "division_rows", "full_code", "level_of", "read_division_table"]

DIVISION_COLUMNS = ("code", "name", "level", "parent_code", "replaced_by", "aliases")
"""The columns of ``config/divisions.csv``, in order."""

_HEADERS = {
    "code": ("code", "代码", "区划代码", "行政区划代码", "统计用区划代码"),
    "name": ("name", "名称", "区划名称", "行政区划名称"),
    "level": ("level", "级别", "层级"),
    "parent_code": ("parent_code", "上级代码", "上级区划代码", "父级代码"),
    "replaced_by": ("replaced_by", "现行代码", "变更后代码"),
    "aliases": ("aliases", "别名", "曾用名"),
}
_CHANGE_HEADERS = {
    "old": ("old_code", "原代码", "旧代码", "变更前代码"),
    "new": ("new_code", "现行代码", "新代码", "变更后代码"),
    "name": ("name", "原名称", "名称"),
}
# Columns of published tables that say nothing we need: urban class, running number, kind and years of a change.
_IGNORED = {
    "城乡分类", "城乡分类代码", "序号", "备注", "说明", "变更年份", "kind", "last_year_old", "first_year_new",
}  # fmt: skip

_CODE = re.compile(r"\d{2}|\d{4}|\d{6}|\d{9}|\d{12}", re.ASCII)
_ENDS = (2, 4, 6, 9)  # how many digits of a code name the division of each level above a village
_LEVELS = {"省": 1, "省级": 1, "市": 2, "地级": 2, "县": 3, "县级": 3, "乡": 4, "镇": 4, "乡级": 4, "村": 5, "村级": 5}

Row = Mapping[str, str | None]


class Division(BaseModel):
    """One division (levels 1 province, 2 city, 3 county, 4 town, 5 village); a retired one names its successor."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: Annotated[str, Field(pattern=r"^\d{12}$")]
    name: Annotated[str, Field(min_length=1)]
    level: Annotated[int, Field(ge=1, le=5)]
    parent_code: Annotated[str, Field(pattern=r"^(\d{12})?$")] = ""
    replaced_by: Annotated[str, Field(pattern=r"^(\d{12})?$")] = ""
    aliases: tuple[str, ...] = ()


@dataclass(slots=True)
class _Line:
    """A row of a table before it is known whether the divisions it names are there."""

    number: int
    name: str
    level: int
    parent_code: str = ""
    replaced_by: str = ""
    aliases: tuple[str, ...] = ()


def level_of(code: str) -> int:
    """How far down a code of twelve digits reaches.

    >>> [level_of(code) for code in ("440000000000", "441400000000", "441403000000", "441403133000", "441403133201")]
    [1, 2, 3, 4, 5]
    """
    return 1 + bisect_left(_ENDS, len(code.rstrip("0")))


def full_code(text: str) -> str | None:
    """A code in its twelve digits, also from its first two, four, six or nine; ``None`` where it is no code.

    >>> full_code("441403133"), full_code(" 441403.0 "), full_code("44140")
    ('441403133000', '441403000000', None)
    """
    digits = text if _CODE.fullmatch(text) else clean(text).removesuffix(".0")
    return digits.ljust(12, "0") if _CODE.fullmatch(digits) and int(digits[:2]) else None


def read_division_table(
    rows: Iterable[Row], *, changes: Iterable[Row] = (), former: Iterable[Division] = ()
) -> tuple[Division, ...]:
    """Reads and checks a division table.

    Levels come from the codes, parents too where the table does not say them. The first row is line 2, as a
    spreadsheet with a header shows it.

    Args:
        rows: 代码 and 名称, perhaps 级别, 上级代码, 现行代码, 别名 (or the names of ``DIVISION_COLUMNS``).
        changes: 原代码 and 现行代码 of each retired code (or ``old_code``, ``new_code``), perhaps its name.
        former: a table in force until now; its aliases and retired codes are kept unless ``rows`` say otherwise.

    Raises:
        ValueError: naming the line, when a code, level, parent or successor is wrong, missing or stated twice.
    """
    lines: dict[str, _Line] = {}
    for number, row in _numbered(rows, _HEADERS, ("code", "name")):
        code, line = _line(number, row)
        if code in lines:
            raise ValueError(f"lines {lines[code].number} and {number} both have the code {code}")
        lines[code] = line
    if not lines:
        raise ValueError("the table has no division")
    _keep_former(lines, former)
    for number, row in _numbered(changes, _CHANGE_HEADERS, ("old", "new")):
        _apply_change(lines, number, row)
    top = min(line.level for line in lines.values())
    return tuple(_division(code, line, lines, top) for code, line in lines.items())


def division_rows(divisions: Iterable[Division]) -> Iterator[dict[str, str]]:
    """The rows of ``divisions.csv`` that :func:`read_division_table` makes the same divisions of."""
    for division in divisions:
        yield {
            "code": division.code, "name": division.name, "level": str(division.level),
            "parent_code": division.parent_code, "replaced_by": division.replaced_by,
            "aliases": "|".join(division.aliases),
        }  # fmt: skip


def _numbered(
    rows: Iterable[Row], headers: Mapping[str, tuple[str, ...]], required: tuple[str, ...]
) -> Iterator[tuple[int, dict[str, str]]]:
    """Rows under our names for their columns, without those that are empty."""
    named: dict[str | None, str] = {}
    for number, row in enumerate(rows, start=2):
        named = named or _columns(row, headers, required)
        if None in row:  # what csv.DictReader makes of it
            raise ValueError(f"line {number} has more cells than the header")
        texts = {name: (row.get(header) or "").strip() for header, name in named.items() if header is not None}
        if any(texts.values()):
            yield number, texts


def _columns(row: Row, headers: Mapping[str, tuple[str, ...]], required: tuple[str, ...]) -> dict[str | None, str]:
    known = {header: name for name, written in headers.items() for header in written}
    found: dict[str | None, str] = {}
    for header in row:
        plain = clean(header or "").lower()
        if plain in known and known[plain] in found.values():
            raise ValueError(f"two columns say {headers[known[plain]][0]}")
        if plain in known:
            found[header] = known[plain]
        elif plain and plain not in _IGNORED:
            raise ValueError(f"{header}: not a column of a division table")
    for name in required:
        if name not in found.values():
            raise ValueError(f"there is no column {headers[name][0]} ({headers[name][1]})")
    return found


def _line(number: int, row: Mapping[str, str]) -> tuple[str, _Line]:
    code = _code_in(row, "code", number)
    level = level_of(code)
    stated = row.get("level", "").removesuffix(".0")
    if stated and str(_LEVELS.get(stated, stated)) != str(level):
        raise ValueError(f"line {number}: level {stated} contradicts the code {code}, which is of level {level}")
    if not row["name"]:
        raise ValueError(f"line {number}: {code} has no name")
    aliases = tuple(dict.fromkeys(alias.strip() for alias in row.get("aliases", "").split("|") if alias.strip()))
    above, successor = (_code_in(row, name, number) if row.get(name) else "" for name in ("parent_code", "replaced_by"))
    return code, _Line(number, "".join(row["name"].split()), level, above, successor, aliases)


def _code_in(row: Mapping[str, str], name: str, number: int) -> str:
    code = full_code(row[name])
    if code is None:
        raise ValueError(f"line {number}: {name} is not a division code of 2, 4, 6, 9 or 12 digits")
    return code


def _keep_former(lines: dict[str, _Line], former: Iterable[Division]) -> None:
    for division in former:
        if line := lines.get(division.code):
            line.aliases = line.aliases or division.aliases
        elif division.replaced_by in lines:
            above = division.parent_code if division.parent_code in lines else ""
            lines[division.code] = _Line(
                0, division.name, division.level, above, division.replaced_by, division.aliases
            )


def _apply_change(lines: dict[str, _Line], number: int, row: Mapping[str, str]) -> None:
    old, new = (_code_in(row, name, number) for name in ("old", "new"))
    if new not in lines:
        raise ValueError(f"changes, line {number}: {new}, which replaces {old}, is not in the table")
    line = lines.get(old)
    if line is None:
        # A change is often written as 梅县 -> 梅县区; the retired code is known by the former name.
        name = re.split(r"\s*(?:->|→)\s*", row.get("name", ""))[0] or lines[new].name
        lines[old] = _Line(number, name, level_of(old), replaced_by=new)
    elif line.replaced_by not in {"", new}:
        raise ValueError(f"changes, line {number}: {old} is already replaced by {line.replaced_by}")
    else:
        line.replaced_by = new


def _division(code: str, line: _Line, lines: Mapping[str, _Line], top: int) -> Division:
    successor = _successor(code, lines) if line.replaced_by else ""
    return Division(
        code=code,
        name=line.name,
        level=line.level,
        parent_code=_parent(code, line, lines, top, successor),
        replaced_by=successor,
        aliases=line.aliases,
    )


def _successor(code: str, lines: Mapping[str, _Line]) -> str:
    """The code in force that a retired one came to, over any number of changes."""
    passed = [code]
    while after := lines[passed[-1]].replaced_by:
        if after not in lines:
            raise ValueError(
                f"line {lines[passed[-1]].number}: {after}, which replaces {passed[-1]}, is not in the table"
            )
        if after in passed:
            raise ValueError(f"line {lines[code].number}: {code} is replaced by itself in the end")
        passed.append(after)
    if lines[passed[-1]].level != lines[code].level:
        raise ValueError(f"line {lines[code].number}: {code} is replaced by {passed[-1]}, which is of another level")
    return passed[-1]


def _parent(code: str, line: _Line, lines: Mapping[str, _Line], top: int, successor: str) -> str:
    if line.parent_code:
        above = lines.get(line.parent_code)
        if above is None or above.level >= line.level:
            missing = "not in the table" if above is None else "not above it"
            raise ValueError(f"line {line.number}: {line.parent_code}, the parent of {code}, is {missing}")
        return line.parent_code
    # Provinces may govern counties directly, but a village belongs to its own town and a town to its own county.
    ends = _ENDS[: line.level - 1] if line.level < 4 else _ENDS[line.level - 2 : line.level - 1]
    for end in reversed(ends):
        if (ancestor := code[:end].ljust(12, "0")) in lines:
            return ancestor
    if line.level == top:
        return ""
    if successor:
        return _parent(successor, lines[successor], lines, top, "")
    raise ValueError(f"line {line.number}: {code[: ends[-1]]}, the parent of {code}, is not in the table")

"""County, town and village as written in columns of their own, resolved against the bureau's division table.

A county or town is always judged. A village is judged only where the table has villages for its town, because no
public table of villages is complete.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import NamedTuple

from schemas.divisions import Division, full_code
from schemas.findings import Finding
from transforms.place_names import CITY, COUNTY, PROVINCE, TOWN, VILLAGE, NameIndex, same_characters

__all__ = ["DivisionTable", "Resolved"]


class Resolved(NamedTuple):
    """Official names as far as they are known, the deepest certain code, and what could not be resolved."""

    county: str | None
    town: str | None
    village: str | None
    code: str | None
    fault: Finding | None
    at: str | None  # county, town or village


class DivisionTable:
    """The division table, ready to resolve names; retired codes resolve to the ones that replaced them.

    ``home`` is the name of the bureau's county: of several places of one name the one there is meant, as on the bureau's
    own forms. Names are looked up below a division only once somebody asks, so that a table of the whole country costs a
    bureau little more than its own.
    """

    def __init__(self, divisions: Iterable[Division], home: str = "") -> None:
        self._divisions = {division.code: division for division in divisions}
        self._children: dict[str, list[Division]] = defaultdict(list)
        for division in self._divisions.values():
            self._children[division.parent_code].append(division)
            successor = self._divisions.get(division.replaced_by)
            if successor and successor.parent_code != division.parent_code:
                self._children[successor.parent_code].append(division)
        self._indexes: dict[tuple[str, int], NameIndex] = {}
        self._lineages: dict[str, dict[int, str]] = {}
        self._complete: dict[str, bool] = {}
        self.home = self.beginning("", COUNTY).code_of(home) if home else None
        """The bureau's county, if the table has one of that name."""

    def number(self, text: str, level: int | None = None) -> str | None:
        """The code in force for a code written out, of a level if that matters; ``None`` if the table has none."""
        if not text.isdigit():
            return None
        division = self._divisions.get(full_code(text) or "")
        return (division.replaced_by or division.code) if division and level in {None, division.level} else None

    def name(self, code: str) -> str:
        """The official name of a division."""
        return self._divisions[code].name

    def lineage(self, code: str) -> dict[int, str]:
        """The code of a division in force and those it lies in, by level."""
        if code not in self._lineages:
            division = self._divisions.get(code)
            above = self.lineage(division.parent_code) if division else {}
            self._lineages[code] = above | {division.level: code} if division else {}
        return self._lineages[code]

    def below(self, code: str, level: int) -> NameIndex:
        """The names of all divisions of a level inside a division in force."""
        if (code, level) not in self._indexes:
            self._indexes[code, level] = NameIndex(level, self._inside(code, level))
        return self._indexes[code, level]

    def beginning(self, digits: str, level: int) -> NameIndex:
        """The names of all divisions of a level whose codes begin with some digits."""
        if (digits, level) not in self._indexes:
            every = (d for d in self._divisions.values() if d.level == level and d.code.startswith(digits))
            self._indexes[digits, level] = NameIndex(level, every)
        return self._indexes[digits, level]

    def is_complete(self, county: str) -> bool:
        """Whether the table has villages for every town of a county, so that a village's name alone may be certain."""
        if county not in self._complete:
            towns = [town for town in self._inside(county, TOWN) if not town.replaced_by]
            self._complete[county] = bool(towns) and all(self._children.get(town.code) for town in towns)
        return self._complete[county]

    def resolve(self, county: str | None, town: str | None, village: str | None) -> Resolved:
        """Resolves one written triple; names it does not know stay as they were written."""
        written, county_code = self._county(county) if county else (None, None)
        if county and not county_code:
            return Resolved(written, town, village, None, Finding.DIVISION_UNKNOWN, "county")
        town = self._prefix.sub("", self._official(town, TOWN)) if town else None
        if town and not county_code:
            # The form leaves the county blank for its own towns; the town says which county it is.
            county_code = self._county_of_town(town)
        named = self.name(county_code) if county_code else written
        if not town:
            return Resolved(named, None, village, county_code, None, None)
        towns = self.below(county_code, TOWN) if county_code else _NOTHING
        if town_code := towns.code_of(town):
            return self._resolve_village(town_code, village)
        elsewhere = self.beginning("", TOWN).has_like(town) and not towns.has_like(town)
        fault = Finding.DIVISION_INCONSISTENT if elsewhere else Finding.DIVISION_UNKNOWN
        return Resolved(named, town, village, county_code, fault, "town")

    def _resolve_village(self, town_code: str, village: str | None) -> Resolved:
        county_code = self.lineage(town_code).get(COUNTY)
        county, town = self.name(county_code) if county_code else None, self.name(town_code)
        villages = self.below(town_code, VILLAGE)
        if not village or not villages:
            return Resolved(county, town, village, town_code, None, None)
        village = self._official(village, VILLAGE)
        if code := villages.code_of(village):
            return Resolved(county, town, self.name(code), code, None, None)
        elsewhere = self.beginning("", VILLAGE).has_like(village) and not villages.has_like(village)
        fault = Finding.DIVISION_INCONSISTENT if elsewhere else Finding.DIVISION_UNKNOWN
        return Resolved(county, town, village, town_code, fault, "village")

    def _county(self, written: str) -> tuple[str, str | None]:
        """A county's name without the names of province and city before it, and its code."""
        written = self._prefix.sub("", self._official(written, COUNTY))
        plain = self._prefix.sub("", same_characters(written))
        near = self.beginning(self.home[:4], COUNTY).code_of(plain) if self.home else None
        return written, near or self.beginning("", COUNTY).code_of(plain)

    def _county_of_town(self, town: str) -> str | None:
        if self.home and self.below(self.home, TOWN).has_like(town):
            return self.home
        code = self.beginning("", TOWN).code_of(town)
        return self.lineage(code).get(COUNTY) if code else None

    def _official(self, written: str, level: int) -> str:
        """The name of a division of which somebody wrote the code; anything else as it is."""
        code = self.number(written, level)
        return self.name(code) if code else written

    def _inside(self, code: str, level: int) -> Iterator[Division]:
        for child in self._children.get(code, ()):
            if child.level == level:
                yield child
            elif child.level < level and not child.replaced_by:
                yield from self._inside(child.code, level)

    @cached_property
    def _prefix(self) -> re.Pattern[str]:
        """The names of the country, a province and a city in front of a county or town."""
        names = [
            "|".join(sorted(map(re.escape, self._names_of(level)), key=len, reverse=True)) for level in (PROVINCE, CITY)
        ]
        return re.compile(rf"^(中国)?({names[0]})?({names[1]})?(?=.)")

    def _names_of(self, level: int) -> list[str]:
        return [division.name for division in self._divisions.values() if division.level == level]


_NOTHING = NameIndex(TOWN, ())

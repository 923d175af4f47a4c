"""County, town and village as written, resolved against the bureau's division table.

A county or town is always judged. A village is judged only where the table has villages for its town, because no
public table of villages is complete.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from schemas.configuration import Division
from schemas.findings import Finding

__all__ = ["DivisionTable", "Resolved"]

_VILLAGE_ENDING = re.compile(r"(村民委员会|社区居民委员会|社区居委会|居民委员会|村委会|居委会|社区|村)$")
_TOWN_ENDING = re.compile(r"(街道办事处|办事处街道|办事处|街道|镇|乡)$")
_KINDS = {"村民委员会": "村", "村委会": "村", "村": "村", "镇": "镇", "乡": "乡"}  # all others: 社区 and 街道
_COUNTY_ENDING = re.compile(r"(区|县|市)$")
_PREFIX = re.compile(r"^(中国)?(广东省)?(梅州市)?(?=.)")


class Resolved(NamedTuple):
    """Official names as far as they are known, the deepest certain code, and what could not be resolved."""

    county: str | None
    town: str | None
    village: str | None
    code: str | None
    fault: Finding | None
    at: str | None  # county, town or village


def _bare(name: str, ending: re.Pattern[str]) -> str:
    return ending.sub("", name) or name


def _keys(name: str, ending: re.Pattern[str]) -> tuple[str, ...]:
    """What a place may be known by, most certain first: its name, its name and kind, its name without a kind.

    A town may have both a village and a community of one name, so the kind may be left out only where that is certain.
    """
    found = ending.search(name)
    bare = _bare(name, ending)
    return (name, bare) if found is None else (name, f"{bare}/{_KINDS.get(found[0], '')}", bare)


def _only(codes_of: Mapping[str, set[str]], keys: Iterable[str]) -> str | None:
    """The code of the first key that only one place has."""
    return next((min(codes) for key in keys if len(codes := codes_of.get(key, set())) == 1), None)


class DivisionTable:
    """The division table, ready to resolve names; retired codes resolve to the ones that replaced them."""

    def __init__(self, divisions: Iterable[Division]) -> None:
        self._names: dict[str, str] = {}
        self._counties: dict[str, str] = {}
        self._towns: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        self._villages: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        self._town_anywhere: dict[str, set[str]] = defaultdict(set)
        self._village_anywhere: set[str] = set()
        ordered = sorted(divisions, key=lambda division: division.level)
        for division in ordered:
            self._names[division.code] = division.name
        for division in ordered:
            code = division.replaced_by or division.code
            if division.level == 3:
                self._counties[_bare(division.name, _COUNTY_ENDING)] = code
            elif division.level == 4:
                for key in _keys(division.name, _TOWN_ENDING):
                    self._towns[division.parent_code][key].add(code)
                    self._town_anywhere[key].add(code)
            elif division.level == 5:
                for key in _keys(division.name, _VILLAGE_ENDING):
                    self._villages[division.parent_code][key].add(code)
                self._village_anywhere.add(_bare(division.name, _VILLAGE_ENDING))

    def resolve(self, county: str | None, town: str | None, village: str | None) -> Resolved:
        """Resolves one written triple; names it does not know stay as they were written."""
        county = _PREFIX.sub("", county) if county else None
        town = _PREFIX.sub("", town) if town else None
        county_code = self._counties.get(_bare(county, _COUNTY_ENDING)) if county else None
        if county and not county_code:
            return Resolved(county, town, village, None, Finding.DIVISION_UNKNOWN, "county")
        town_keys = _keys(town, _TOWN_ENDING) if town else ()
        if not county_code and (known_town := _only(self._town_anywhere, town_keys)):
            # The form leaves the county blank for its own towns; the town says which county it is.
            county_code = known_town[:6] + "000000"
        county = self._names.get(county_code, county) if county_code else county
        if not town:
            return Resolved(county, None, village, county_code, None, None)
        towns = self._towns.get(county_code, {}) if county_code else {}
        town_code = _only(towns, town_keys)
        if not town_code:
            elsewhere = town_keys[-1] in self._town_anywhere and town_keys[-1] not in towns
            fault = Finding.DIVISION_INCONSISTENT if elsewhere else Finding.DIVISION_UNKNOWN
            return Resolved(county, town, village, county_code, fault, "town")
        return self._resolve_village(county, town_code, village)

    def _resolve_village(self, county: str | None, town_code: str, village: str | None) -> Resolved:
        town = self._names[town_code]
        villages = self._villages.get(town_code)
        if not village or not villages:
            return Resolved(county, town, village, town_code, None, None)
        keys = _keys(village, _VILLAGE_ENDING)
        code = _only(villages, keys)
        if code:
            return Resolved(county, town, self._names[code], code, None, None)
        elsewhere = keys[-1] in self._village_anywhere and keys[-1] not in villages
        fault = Finding.DIVISION_INCONSISTENT if elsewhere else Finding.DIVISION_UNKNOWN
        return Resolved(county, town, village, town_code, fault, "village")

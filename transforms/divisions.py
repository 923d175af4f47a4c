"""County, town and village as written, resolved against the bureau's division table.

A county or town is always judged. A village is judged only where the table has villages for its town, because no
public table of villages is complete.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from schemas.configuration import Division
from schemas.findings import Finding

__all__ = ["DivisionTable", "Resolved"]

_VILLAGE_ENDING = re.compile(r"(村民委员会|社区居民委员会|社区居委会|居民委员会|村委会|居委会|社区|村)$")
_TOWN_ENDING = re.compile(r"(街道办事处|办事处街道|办事处|街道|镇|乡)$")
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


class DivisionTable:
    """The division table, ready to resolve names; retired codes resolve to the ones that replaced them."""

    def __init__(self, divisions: Iterable[Division]) -> None:
        self._names: dict[str, str] = {}
        self._counties: dict[str, str] = {}
        self._towns: dict[str, dict[str, str]] = defaultdict(dict)
        self._villages: dict[str, dict[str, str]] = defaultdict(dict)
        self._town_anywhere: dict[str, str] = {}
        self._village_anywhere: set[str] = set()
        ordered = sorted(divisions, key=lambda division: division.level)
        for division in ordered:
            self._names[division.code] = division.name
        for division in ordered:
            code = division.replaced_by or division.code
            if division.level == 3:
                self._counties[_bare(division.name, _COUNTY_ENDING)] = code
            elif division.level == 4:
                town = _bare(division.name, _TOWN_ENDING)
                self._towns[division.parent_code][town] = code
                self._town_anywhere[town] = code
            elif division.level == 5:
                village = _bare(division.name, _VILLAGE_ENDING)
                self._villages[division.parent_code][village] = code
                self._village_anywhere.add(village)

    def resolve(self, county: str | None, town: str | None, village: str | None) -> Resolved:
        """Resolves one written triple; names it does not know stay as they were written."""
        county = _PREFIX.sub("", county) if county else None
        town = _PREFIX.sub("", town) if town else None
        county_code = self._counties.get(_bare(county, _COUNTY_ENDING)) if county else None
        if county and not county_code:
            return Resolved(county, town, village, None, Finding.DIVISION_UNKNOWN, "county")
        bare_town = _bare(town, _TOWN_ENDING) if town else ""
        if not county_code and bare_town in self._town_anywhere:
            # The form leaves the county blank for its own towns; the town says which county it is.
            county_code = self._town_anywhere[bare_town][:6] + "000000"
        county = self._names.get(county_code, county) if county_code else county
        if not town:
            return Resolved(county, None, village, county_code, None, None)
        town_code = self._towns[county_code].get(bare_town) if county_code else None
        if not town_code:
            elsewhere = bare_town in self._town_anywhere
            fault = Finding.DIVISION_INCONSISTENT if elsewhere else Finding.DIVISION_UNKNOWN
            return Resolved(county, town, village, county_code, fault, "town")
        return self._resolve_village(county, town_code, village)

    def _resolve_village(self, county: str | None, town_code: str, village: str | None) -> Resolved:
        town = self._names[town_code]
        villages = self._villages.get(town_code)
        if not village or not villages:
            return Resolved(county, town, village, town_code, None, None)
        code = villages.get(_bare(village, _VILLAGE_ENDING))
        if code:
            return Resolved(county, town, self._names[code], code, None, None)
        elsewhere = _bare(village, _VILLAGE_ENDING) in self._village_anywhere
        fault = Finding.DIVISION_INCONSISTENT if elsewhere else Finding.DIVISION_UNKNOWN
        return Resolved(county, town, village, town_code, fault, "village")

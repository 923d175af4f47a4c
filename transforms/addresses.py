"""Addresses of one line, read from the left as far as the bureau's division table makes it certain.

广东省梅州市梅县区扶大镇三葵村12号, 梅县扶大三葵 and 扶大高管会三葵村委会 are one village. A line without a county means the bureau's own
county, then its city; nothing outside the province is ever meant. What stands behind the village is not looked at.
"""

from functools import lru_cache
from typing import NamedTuple

from schemas.findings import Finding
from transforms.address_line import (
    A_CITY,
    A_COUNTY,
    A_PROVINCE,
    A_STREET,
    A_TOWN,
    A_VILLAGE,
    ANOTHER_KIND,
    NO_CITY,
    NUMBER_IN_FRONT,
    PROVINCES,
    UP_TO_A_DIGIT,
    Line,
    behind_gap,
    is_village,
)
from transforms.divisions import DivisionTable
from transforms.place_names import CITY, COUNTY, TOWN, VILLAGE, Certainty, NameIndex, Read

__all__ = ["AddressBook", "Located"]


class Located(NamedTuple):
    """Official names as far as they are certain, the code of the deepest, and the name in the line that contradicts."""

    county: str | None = None
    town: str | None = None
    village: str | None = None  # as written where the table has no villages for the town
    code: str | None = None  # of a county or deeper
    fault: Finding | None = None
    at: str | None = None  # province, city, county or town
    named: str | None = None


class AddressBook:
    """Reads addresses against a division table, as somebody in its home county means them; without one, none is read."""

    def __init__(self, divisions: DivisionTable) -> None:
        self._divisions = divisions
        self._home = divisions.home or ""
        self._read_head = lru_cache(maxsize=1 << 16)(self._read)

    def locate(self, text: str) -> Located:
        """The place an address names, as far down as is certain.

        A line that names another province, or a city or county that the table does not have, is no place of ours: it comes
        back empty, with that name as its fault. A town that its county does not have is a fault beside the county.
        """
        if not self._home:
            return Located()
        # A village before the first digit is the same in all houses; only without one does anything behind it count.
        head = UP_TO_A_DIGIT.match(text)
        place = self._read_head(head[0]) if head else None
        return place if place and place.village else self._read(text)

    def _read(self, text: str) -> Located:
        line = Line(text)
        known: _Known = {}
        fault = self._read_number(line, known) or self._read_county(line, known) or self._read_town(line, known)
        if fault and fault.at != "town":
            return fault
        village = None
        if TOWN in known:
            village = self._read_village(line, known)
        elif fault is None:
            self._read_village_alone(line, known)
        place = self._place(known, village)
        return place._replace(fault=fault.fault, at=fault.at, named=fault.named) if fault else place

    def _place(self, known: "_Known", village: str | None) -> Located:
        county, town, official = (
            self._divisions.name(known[level]) if level in known else None for level in (COUNTY, TOWN, VILLAGE)
        )
        return Located(county, town, official or village, known.get(VILLAGE) or known.get(TOWN) or known.get(COUNTY))

    def _read_number(self, line: Line, known: "_Known") -> Located | None:
        """A division code in front, or a postal code, which says nothing."""
        found = line.has(NUMBER_IN_FRONT)
        if not found:
            return None
        line.at = found.end()
        code = self._divisions.number(found[0])
        if code and code[:2] != self._home[:2]:
            return _outside("province", found[0])
        if code:
            known.update(self._divisions.lineage(code))
        return None

    def _read_county(self, line: Line, known: "_Known") -> Located | None:
        """Province, city and county in front, each perhaps left out or written twice."""
        before = -1
        while line.at > before:
            before = line.at
            for read in (self._read_province, self._read_city, self._read_own_county):
                if outside := read(line, known):
                    return outside
        return None

    def _read_province(self, line: Line, known: "_Known") -> Located | None:
        found = line.has(A_PROVINCE)
        if not found or (not found[2] and (known or line.has(A_STREET, found.end()))):
            return None
        if PROVINCES[found[1]] != self._home[:2]:
            return _outside("province", found[0])
        line.at = found.end()
        return None

    def _read_city(self, line: Line, known: "_Known") -> Located | None:
        found = self._divisions.beginning(self._home[:2], CITY).read(line.text, line.at)
        if not found or not found.code:
            return None
        if found.certainty < Certainty.WRITTEN_OUT and (known or line.has(NO_CITY, found.end)):
            return None
        if known.get(CITY, found.code) != found.code:
            return _outside("city", line.text[line.at : found.end])
        known[CITY] = found.code
        line.at = found.end
        return None

    def _read_own_county(self, line: Line, known: "_Known") -> Located | None:
        scopes = [known[CITY][:4]] if CITY in known else [self._home[:4], self._home[:2]]
        reads = (self._divisions.beginning(scope, COUNTY).read(line.text, line.at) for scope in scopes)
        found = next((read for read in reads if read and read.code), None)
        if not found or not found.code or not self._is_county(line, found, known):
            return None
        if known.get(COUNTY, found.code) != found.code:
            return _outside("county", line.text[line.at : found.end])
        known.update(self._divisions.lineage(found.code))
        line.at = found.end
        return None

    def _is_county(self, line: Line, found: Read, known: "_Known") -> bool:
        if found.certainty is Certainty.WRITTEN_OUT:
            return not line.has(A_CITY, found.end)
        if line.has(ANOTHER_KIND, found.end):
            return False
        if COUNTY in known:
            return found.certainty is Certainty.LISTED and known[COUNTY] == found.code
        town = self._divisions.below(found.code or "", TOWN).read(line.text, found.end)
        if line.ends_at(found.end) or (town and town.code) or line.has(A_TOWN, found.end):
            return True
        return found.certainty is Certainty.LISTED and not line.has(A_STREET, found.end)

    def _read_town(self, line: Line, known: "_Known") -> Located | None:
        own, others = self._towns(known)
        found = self._town_at(line, own, known) or self._town_at(line, others, known, least=Certainty.WRITTEN_OUT)
        if not found and known:
            found = behind_gap(line, own, TOWN)
        if not found or not found.code:
            return self._strange_town(line, own) if COUNTY in known else _strange_county(line, known)
        if known.get(TOWN, found.code) != found.code:
            # The code in front is of another town, and nobody can know which of the two is meant.
            known.pop(VILLAGE, None)
            del known[TOWN]
            return Located(fault=Finding.DIVISION_INCONSISTENT, at="town", named=line.text[line.at : found.end])
        known.update(self._divisions.lineage(found.code))
        line.at = found.end
        while (again := own.read(line.text, line.at)) and again.code == found.code and again.certainty > Certainty.BARE:
            line.at = again.end
        return None

    def _strange_town(self, line: Line, own: NameIndex) -> Located | None:
        """A town that the county does not have, where the table has towns for it."""
        other = line.has(A_TOWN) if own else None
        if not other or own.has_like(other[0]):
            return None
        elsewhere = self._divisions.beginning(self._home[:2], TOWN).has_like(other[0])
        fault = Finding.DIVISION_INCONSISTENT if elsewhere else Finding.DIVISION_UNKNOWN
        return Located(fault=fault, at="town", named=other[0])

    def _towns(self, known: "_Known") -> tuple[NameIndex, NameIndex]:
        """The towns that are meant without a word, and those that are meant if their whole name is written."""
        if COUNTY in known:
            return self._divisions.below(known[COUNTY], TOWN), _NOTHING
        city = known[CITY][:4] if CITY in known else self._home[:4]
        own = self._divisions.below(self._home, TOWN) if city == self._home[:4] else _NOTHING
        return own, self._divisions.beginning(city, TOWN)

    def _town_at(self, line: Line, towns: NameIndex, known: "_Known", least: Certainty = Certainty.BARE) -> Read | None:
        found = towns.read(line.text, line.at)
        if not found or not found.code or found.certainty < least:
            return None
        if found.certainty is Certainty.BARE:
            return found if self._is_town(line, found, known) else None
        return None if found.certainty is Certainty.LISTED and line.has(A_STREET, found.end) else found

    def _is_town(self, line: Line, found: Read, known: "_Known") -> bool:
        """Whether a short name is a town's: by the village behind it, or by a county before it and an end behind it."""
        if line.has(ANOTHER_KIND, found.end) or line.has(A_STREET, found.end):
            return False
        village = self._divisions.below(found.code or "", VILLAGE).read(line.text, found.end)
        if village and village.code and is_village(line, village):
            return True
        if not known:
            return found.end == len(line.text)
        return line.ends_at(found.end) or bool(line.has(A_VILLAGE, found.end))

    def _read_village(self, line: Line, known: "_Known") -> str | None:
        """Notes the village; where the table has none for the town, gives its name as it is written."""
        villages = self._divisions.below(known[TOWN], VILLAGE)
        if not villages:
            written = line.has(A_VILLAGE)
            return written[0] if written else None
        found = villages.read(line.text, line.at)
        if not found or not is_village(line, found):
            found = behind_gap(line, villages, VILLAGE)
        if found and found.code and known.setdefault(VILLAGE, found.code) != found.code:
            del known[VILLAGE]  # the code in front is of another village
        return None

    def _read_village_alone(self, line: Line, known: "_Known") -> None:
        """A village without its town is certain only where the table has the villages of all towns."""
        county = known.get(COUNTY) or ("" if known.get(CITY, self._home)[:4] != self._home[:4] else self._home)
        if not county or not self._divisions.is_complete(county):
            return
        found = self._divisions.below(county, VILLAGE).read(line.text, line.at)
        if found and found.code and is_village(line, found) and (known or found.certainty is Certainty.WRITTEN_OUT):
            known.update(self._divisions.lineage(found.code))


_Known = dict[int, str]  # the code found for each level


def _strange_county(line: Line, known: _Known) -> Located | None:
    """A city or county that the table does not have."""
    other = line.has(A_COUNTY)
    is_county = other and (CITY in known or other[0][-1] in "县旗区")
    return _outside("county" if is_county else "city", other[0]) if other else None


def _outside(at: str, named: str) -> Located:
    return Located(fault=Finding.DIVISION_UNKNOWN, at=at, named=named)


_NOTHING = NameIndex(TOWN, ())

"""The usual script's functions for one cell: what it says, and what is wrong with it; ID numbers by a library.

The library (python-stdnum) would refuse most elders, whose numbers begin with codes of counties renamed since; its check
character and birth date are used, its table of places is not.
"""

import re
import unicodedata
from datetime import date
from decimal import Decimal
from typing import Any

from stdnum.cn import ric
from stdnum.exceptions import ValidationError
from stdnum.iso7064 import mod_11_2

from bench.contract import divisions

__all__ = [
    "CATEGORIES", "PROVINCE", "Divisions", "Judged", "clean", "judge_number", "read_amount", "read_categories", "read_certificate",
    "read_code", "read_date", "read_name", "read_phone", "sex_of",
]  # fmt: skip

NAME = re.compile(r"[\u3400-\u9fff][\u3400-\u9fff〇]+(·[\u3400-\u9fff〇]+)*|[A-Za-z][A-Za-z .'\-]*")
PHONE = re.compile(r"(1[3-9]\d{9}|0\d{2,3}-?\d{7,8})")
DATE = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?|(\d{4})(\d{2})(\d{2})")
AMOUNT = re.compile(r"[-+]?\d{1,9}(\.\d{1,10})?")
CERTIFICATE = re.compile(r"([1-9]\d{16}[\dX])([1-7])([1-4])(B\d)?")
ADDRESS = re.compile(r"(.+?[县市]?区|.+?[县市])(.+?(?:街道办事处|镇|乡))(.+?(?:村委会|居委会))")
BRACKETED = re.compile(r"[(\[【][^)\]】]*[)\]】]?")
BY_SPREADSHEET = re.compile(r"\d{15}000|\d+(\.\d*)?[eE]\+?\d{1,2}|\d{15,22}\.0*")
OTHER_DOCUMENT = re.compile(r"[A-Za-z]{1,3}\d{6,12}|.*(护照|军官证|士兵证|通行证|回乡证|台胞证|户口簿|字第).*")
PROVINCE = re.compile(r"9?(1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3])")
ENDINGS = {
    3: "(区|县|市)$", 4: "(街道办事处|办事处街道|办事处|街道|镇|乡)$",
    5: "(村民委员会|社区居民委员会|社区居委会|居民委员会|村委会|居委会|社区|村)$",
}  # fmt: skip
CATEGORIES = (
    "living_alone", "empty_nest", "left_behind", "incapacitated", "severely_disabled", "family_planning_special",
)  # fmt: skip

Judged = tuple[Any, str | None]


def clean(text: Any) -> str | None:
    if not isinstance(text, str):
        return None
    return re.sub(r"\s+", " ", unicodedata.normalize("NFKC", text)).strip() or None


def read_name(text: Any) -> Judged:
    name = clean(text)
    if name and not name.isascii():
        name = re.sub(r"(?<=[^\x00-\x7f])\s+(?=[^\x00-\x7f])", "", name)
    return name, "name-characters" if name and not NAME.fullmatch(name) else None


def read_phone(text: Any) -> Judged:
    phone = clean(text)
    if not phone or PHONE.fullmatch(phone):
        return phone, None
    lines = re.split(r"[、,;/]|\s+(?=1[3-9]\d{9}|0\d{2,3})", phone)
    lines = [re.sub(r"^(\+|00)?86(?=1)", "", re.sub(r"[\s()]|\.0$", "", line)) for line in lines if line.strip()]
    return "/".join(lines), None if all(PHONE.fullmatch(line) for line in lines) else "phone-format"


def read_date(text: Any, field: str, today: date) -> Judged:
    written = clean(text)
    if not written:
        return None, None
    found = DATE.fullmatch(written)
    try:
        day = date(*(int(part) for part in found.groups() if part)) if found else None
    except ValueError:
        day = None
    if day is None:
        return None, "date-format"
    if day > today and field != "certificate_expiry_date":
        return None, "date-future"
    return day.isoformat(), None


def read_amount(text: Any) -> Judged:
    written = clean(text)
    if not written:
        return None, None
    bare = written.replace(",", "").replace(" ", "").removesuffix("元")
    if not AMOUNT.fullmatch(bare):
        return None, "amount-format"
    fen = int((Decimal(bare) * 100).to_integral_value())
    return (str(fen), None) if fen >= 0 else (None, "amount-negative")


def read_code(text: Any, known: dict[str, str], unknown: str) -> Judged:
    written = clean(text)
    if not written:
        return None, None
    bare = written.replace(" ", "").removesuffix(".0")
    code = known.get(bare) or known.get(BRACKETED.sub("", bare))
    return code, None if code else unknown


def read_categories(text: Any, known: dict[str, str]) -> Judged:
    written = clean(text)
    if not written:
        return None, "category-missing"
    parts = [p for p in re.split(r"[、,;/\s|]+", re.sub("[☑√✓■□☐]", " ", BRACKETED.sub("", written))) if p]
    found = {known.get(part) for part in parts}
    ticked = "|".join(category for category in CATEGORIES if category in found) or None
    return ticked, "category-unknown" if None in found else None if ticked else "category-missing"


def tidy(text: Any) -> str:
    number = unicodedata.normalize("NFKC", text) if isinstance(text, str) else ""
    return re.sub(r"[\s\u00ad\u200b-\u200f\u2060\ufeff\u2010-\u2015\u2212-]", "", number).strip("'`´‘’")


def birth_date(number: str) -> date | None:
    try:
        return ric.get_birth_date(number)
    except ValidationError:
        return None


def judge_number(text: Any, today: date) -> dict[str, Any]:
    """An ID number as it should be written, or its first fault."""
    given = text.strip(" \u3000") if isinstance(text, str) else ""
    number = tidy(text)
    if number.endswith("x"):
        number = ric.compact(number)
    repaired, fault = number != given, None
    if not number:
        fault = "id-number-missing"
    elif BY_SPREADSHEET.fullmatch(number):
        fault = "id-number-stored-as-number"
    elif not re.fullmatch(r"\d+X?", number):
        fault = "id-type-unsupported" if OTHER_DOCUMENT.fullmatch(number) else "id-number-characters"
    upgraded = not fault and len(number) == 15
    if upgraded:
        number = number[:6] + "19" + number[6:]
        number += ric.calc_check_digit(number + "0")
    if not fault:
        fault = fault_of(number, today)
    if fault:
        return {"valid_number": None, "fault": fault, "id_number": clean(text)}
    return {
        "valid_number": number, "fault": None, "id_number": number, "birth_date": birth_date(number), "repaired": repaired,
        "upgraded": upgraded,
    }  # fmt: skip


def fault_of(number: str, today: date) -> str | None:
    if len(number) != 18:
        return "id-number-length"
    if number[0] == "0":
        return "id-number-characters"
    born = birth_date(number)
    if born is None or born > today or born.year < 1850:
        return "id-number-birth-date"
    return None if mod_11_2.is_valid(number) else "id-number-checksum"


def read_certificate(text: Any, today: date) -> str | None:
    """The certificate's number where its first 18 characters are an ID number."""
    number = tidy(text).upper()
    found = CERTIFICATE.fullmatch(number)
    return number if found and fault_of(found[1], today) is None else None


def sex_of(number: str) -> str:
    return "male" if int(number[16]) % 2 else "female"


class Divisions:
    """County, town and village as written, and the official names and code."""

    def __init__(self) -> None:
        self.named = {d.code: d.name for d in divisions()}
        self.codes = {
            (d.level, d.parent if d.level > 3 else "", self.bare(d.former_name, d.level)): d.code for d in divisions()
        }
        self.anywhere = {(level, name): code for (level, _, name), code in self.codes.items()}
        self.have_villages = {parent for level, parent, _ in self.codes if level == 5}

    @staticmethod
    def bare(name: str, level: int) -> str:
        return re.sub(ENDINGS[level], "", name) or name

    def locate(self, text: Any) -> list[str | None]:
        """County, town, village and code of an address of one line."""
        found = ADDRESS.match(clean(text) or "")
        return self.resolve(found.groups())[:4] if found else [None] * 4

    def resolve(self, row: Any) -> list[str | None]:
        """County, town, village, code, finding, and the part it is about."""
        county, town, village = (clean(text) for text in row)
        county, town = (re.sub("^(中国)?(广东省)?(梅州市)?(?=.)", "", p) if p else None for p in (county, town))
        county_code = self.codes.get((3, "", self.bare(county, 3))) if county else None
        if county and not county_code:
            return [county, town, village, None, "division-unknown", "county"]
        somewhere = self.anywhere.get((4, self.bare(town, 4))) if town else None
        if not county_code and somewhere:
            county_code = somewhere[:6] + "000000"
        county = self.named.get(county_code or "", county)
        if not town:
            return [county, None, village, county_code, None, None]
        town_code = self.codes.get((4, county_code or "", self.bare(town, 4)))
        if not town_code:
            return [
                county,
                town,
                village,
                county_code,
                "division-inconsistent" if somewhere else "division-unknown",
                "town",
            ]
        town = self.named[town_code]
        if not village or town_code not in self.have_villages:
            return [county, town, village, town_code, None, None]
        code = self.codes.get((5, town_code, self.bare(village, 5)))
        if code:
            return [county, town, self.named[code], code, None, None]
        fault = "division-inconsistent" if (5, self.bare(village, 5)) in self.anywhere else "division-unknown"
        return [county, town, village, town_code, fault, "village"]

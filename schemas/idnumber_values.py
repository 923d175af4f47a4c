"""Identity numbers (GB 11643-1999): what one is, what it says, and what is wrong with it.

One value at a time, and it defines the truth; ``schemas.idnumber_columns`` judges whole columns by the same rules. This
module does not know about tables, sources or files. The six digits in front say where a number was issued, never where the
person lives, and elders carry codes of counties renamed since: they are a hint, never a reason to reject.
"""

import re
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from schemas.findings import Finding
from schemas.masking import mask_id_number
from schemas.spelling import PLAIN_BLANKS, clean, is_damaged_by_spreadsheet, without_look_alikes

__all__ = [
    "EARLIEST_BIRTH_YEAR",
    "PROVINCE_CODES",
    "IdNumber",
    "Judged",
    "birth_date",
    "check_character",
    "fault_of",
    "is_region_known",
    "judge",
    "repair",
    "sex",
]

EARLIEST_BIRTH_YEAR = 1850
"""Numbers were first issued in the 1980s; an earlier year is a typing error. The standard's own specimen was born in 1880."""

PROVINCE_CODES = frozenset(
    f"{area}{unit}"
    for area, units in {
        1: "12345",
        2: "123",
        3: "1234567",
        4: "123456",
        5: "01234",
        6: "12345",
        7: "1",
        8: "123",
    }.items()
    for unit in units
)
"""First two digits in use (GB/T 2260); 83 stands for Taiwan in residence permits, 71 in the standard."""

_SHAPE = re.compile(r"[1-9][0-9]{16}[0-9X]")
_CHARACTERS = re.compile(r"[0-9]+X?")
_OLD_SHAPE = re.compile(r"[0-9]{15}")
# A certificate of the disabled persons' federation typed into the ID column: number, category, level, perhaps re-issued.
_CERTIFICATE = re.compile(r"([1-9][0-9]{16}[0-9X])[1-7][1-4](?:B[0-9])?")
# Passports, travel permits, former foreigners' cards (three letters, twelve digits); names of documents written out.
_OTHER_DOCUMENT = re.compile(r"[A-Za-z]{1,3}[0-9]{6,12}|.*(?:护照|军官证|士兵证|通行证|回乡证|台胞证|户口簿|字第).*")
_CHECK_CHARACTERS = "0123456789X"


@dataclass(frozen=True, slots=True)
class Judged:
    """What became of one text: either an ID number of 18 characters or its first fault."""

    id_number: str | None = field(repr=False)
    fault: Finding | None
    repaired: bool = False  # more than the blanks around it was changed
    upgraded: bool = False  # it had 15 digits


@dataclass(frozen=True, slots=True, repr=False)
class IdNumber:
    """A valid ID number that does not print itself.

    >>> IdNumber.parse("11010519491231002x")
    IdNumber('1101**********002X')
    """

    value: str

    @classmethod
    def parse(cls, text: str) -> "IdNumber":
        """The number a text states, after certain repairs; a birth date in the future is not noticed, having no today.

        Raises:
            ValueError: the text is no ID number; the message names the finding and does not quote the text.
        """
        judged = judge(text, today=date.max)
        if judged.id_number is None:
            raise ValueError(f"not an ID number: {judged.fault}")
        return cls(judged.id_number)

    @property
    def region(self) -> str:
        """Code of the county where the number was issued, as it was then."""
        return self.value[:6]

    @property
    def birth_date(self) -> date:
        """Day of birth."""
        return birth_date(self.value)

    @property
    def sex(self) -> Literal["male", "female"] | None:
        """Sex by the 17th digit; unknown for foreigners."""
        return sex(self.value)

    @property
    def kind(self) -> Literal["resident", "hk_mo_tw_permit", "foreigner"]:
        """Which document bears the number."""
        if self.value[0] == "9":
            return "foreigner"
        return "hk_mo_tw_permit" if self.value[:2] in {"81", "82", "83"} else "resident"

    def __repr__(self) -> str:
        return f"IdNumber({mask_id_number(self.value)!r})"

    def __str__(self) -> str:
        return mask_id_number(self.value)


def check_character(first17: str) -> str:
    """The 18th character that belongs to 17 digits (ISO 7064 MOD 11-2).

    Read as a number of base 13 the digits weigh 2 to the power of their place modulo 11, which is what the standard's
    weights are.

    >>> check_character("11010519491231002")
    'X'

    Raises:
        ValueError: the text is not 17 ASCII digits; it is not quoted.
    """
    if len(first17) != 17 or not (first17.isascii() and first17.isdigit()):
        raise ValueError("a check character belongs to 17 digits")
    return _CHECK_CHARACTERS[(1 - 2 * int(first17, 13)) % 11]


def repair(text: str) -> tuple[str, bool]:
    """The text with the repairs that are certain, and whether more than plain blanks around it was changed.

    Full-width forms, blanks, invisible characters, hyphens, apostrophes and a lower-case x are put right always;
    look-alikes of digits and of the last X only where the check character then holds.

    >>> repair(" 440524188001010014 "), repair("11010519491231002Ｘ")
    (('440524188001010014', False), ('11010519491231002X', True))
    """
    trimmed = text.strip(PLAIN_BLANKS)
    number = clean(trimmed)
    if number.endswith("x"):
        number = number[:-1] + "X"
    if len(number) == 18 and not _SHAPE.fullmatch(number):
        reading = without_look_alikes(number)
        if _SHAPE.fullmatch(reading) and check_character(reading[:17]) == reading[17]:
            number = reading
    return number, number != trimmed


def judge(text: str, *, today: date, stored_as_number: bool = False) -> Judged:
    """The ID number a text states, or its first fault in the order of ``ID_NUMBER_JUDGED_IN_ORDER``.

    Two answers need words. A number of another document (passport, travel permit, former foreigners' card, officer's
    card) is ``id-type-unsupported`` instead of ``id-number-characters``. A disability certificate typed into the column
    counts as its first 18 characters, repaired, where these are valid; else its length is the fault. A leading zero,
    which no region has, is reported as a wrong character.

    Args:
        text: what the cell says.
        today: the business date; nobody is born after it.
        stored_as_number: the cell was numeric, so its last digits cannot be believed even if they fit.
    """
    number, repaired = repair(text)
    if not number:
        return Judged(None, Finding.ID_NUMBER_MISSING)
    if stored_as_number or is_damaged_by_spreadsheet(number):
        return Judged(None, Finding.ID_NUMBER_STORED_AS_NUMBER)
    if certificate := _CERTIFICATE.fullmatch(number.upper()):
        valid = fault_of(certificate[1], today=today) is None
        return Judged(certificate[1], None, repaired=True) if valid else Judged(None, Finding.ID_NUMBER_LENGTH)
    if not _CHARACTERS.fullmatch(number):
        is_other = _OTHER_DOCUMENT.fullmatch(number)
        return Judged(None, Finding.ID_TYPE_UNSUPPORTED if is_other else Finding.ID_NUMBER_CHARACTERS)
    upgraded = bool(_OLD_SHAPE.fullmatch(number))
    if upgraded:
        first17 = number[:6] + "19" + number[6:]
        number = first17 + check_character(first17)
    fault = fault_of(number, today=today)
    return Judged(None, fault) if fault else Judged(number, None, repaired, upgraded)


def fault_of(number: str, *, today: date) -> Finding | None:
    """The first fault of a text of digits and perhaps a last X: length, leading zero, birth date, check character."""
    if len(number) != 18:
        return Finding.ID_NUMBER_LENGTH
    if number[0] == "0":
        return Finding.ID_NUMBER_CHARACTERS
    born = _date_of(number)
    if born is None or born > today or born.year < EARLIEST_BIRTH_YEAR:
        return Finding.ID_NUMBER_BIRTH_DATE
    return None if check_character(number[:17]) == number[17] else Finding.ID_NUMBER_CHECKSUM


def birth_date(id_number: str) -> date:
    """Day of birth, positions 7 to 14 of a valid number.

    Raises:
        ValueError: the text is no ID number; it is not quoted.
    """
    born = _date_of(id_number) if _SHAPE.fullmatch(id_number) else None
    if born is None:
        raise ValueError("not an ID number")
    return born


def sex(id_number: str) -> Literal["male", "female"] | None:
    """Sex by the 17th digit of a valid number, odd for men; None for foreigners' cards, where no source confirms it.

    >>> sex("441421194503120018"), sex("911124198103030017")
    ('male', None)
    """
    if id_number.startswith("9"):
        return None
    return "male" if id_number[16] in "13579" else "female"


def is_region_known(prefix6: str) -> bool:
    """Whether the region's province is one there is; a hint only. Foreigners' cards have it in positions 2 and 3.

    >>> is_region_known("441421"), is_region_known("911124"), is_region_known("990426")
    (True, True, False)
    """
    province = prefix6[1:3] if prefix6.startswith("9") else prefix6[:2]
    return province in PROVINCE_CODES


def _date_of(number: str) -> date | None:
    try:
        return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None

"""Defects of ID numbers, names and ages (findings of group identity; the damage spreadsheets do is real)."""

from datetime import date
from typing import Any

import numpy as np
import pyarrow.compute as pc

from schemas.findings import Finding
from simulator.defects.scene import Defect, Flags, Scene, Spot, in_cell, is_alone, is_alone_without_certificate
from simulator.delivered_list import DeliveredList
from simulator.issued_numbers import with_check

__all__ = ["IDENTITY_DEFECTS"]

_F = Finding
_NO_CERTIFICATES = ("village_survey", "health_incapacity", "health_family_planning")
_FULL_WIDTH = str.maketrans("0123456789X", "０１２３４５６７８９Ｘ")


def _number(delivered: DeliveredList, row: int) -> str:
    return delivered.value(row, "id_number")


def _with_strange_character(scene: Scene, delivered: DeliveredList, row: int) -> str:
    number, place = _number(delivered, row), int(scene.rng.integers(7, 16))
    return number[:place] + scene.pick("A", "?", "#", "年") + number[place + 1 :]


def _of_wrong_length(scene: Scene, delivered: DeliveredList, row: int) -> str:
    number, place = _number(delivered, row), int(scene.rng.integers(7, 17))
    return number[:place] + scene.pick("", number[place] * 2) + number[place + 1 :]


def _with_impossible_date(scene: Scene, delivered: DeliveredList, row: int) -> str:
    number = _number(delivered, row)
    return with_check(number[:10] + scene.pick("1301", "0230", "0431", "0012", "1200") + number[14:17])


def _with_wrong_check(scene: Scene, delivered: DeliveredList, row: int) -> str:
    number = _number(delivered, row)
    others = [character for character in "0123456789X" if character != number[17]]
    return number[:17] + scene.pick(*others)


def _stored_as_number(scene: Scene, delivered: DeliveredList, row: int) -> list[Spot]:
    """A numeric cell of a workbook keeps 15 digits; text saved from one shows an exponent."""
    kept = float(_number(delivered, row)[:15] + "000")
    if delivered.source in scene.workbooks:
        delivered.as_number[row, "id_number"] = kept
    else:
        delivered.write(row, "id_number", f"{kept:.2E}")
    return [Spot(delivered.source, row, "id_number", _F.ID_NUMBER_STORED_AS_NUMBER)]


def _in_fifteen_digits(scene: Scene, delivered: DeliveredList, row: int) -> str:
    del scene
    number = _number(delivered, row)
    return number[:6] + number[8:17]


def _badly_written(scene: Scene, delivered: DeliveredList, row: int) -> str:
    number = _number(delivered, row)
    if number.endswith("X"):
        return number.lower()
    return scene.pick(number.translate(_FULL_WIDTH), f"{number[:6]} {number[6:14]} {number[14:]}", f"'{number}")


def _of_unknown_region(scene: Scene, delivered: DeliveredList, row: int) -> str:
    return with_check(scene.pick("20", "58") + _number(delivered, row)[2:17])


def _of_other_document(scene: Scene, delivered: DeliveredList, row: int) -> str:
    del delivered, row
    return scene.pick("E", "G", "EA") + str(scene.rng.integers(10_000_000, 99_999_999))


def _other_sex(scene: Scene, delivered: DeliveredList, row: int) -> str:
    del scene
    return "女" if delivered.value(row, "sex") == "男" else "男"


def _years_later(scene: Scene, delivered: DeliveredList, row: int) -> str:
    """The number of somebody in the fifties: moved by whole decades, which keep the day."""
    number, today = _number(delivered, row), scene.today
    born = date.fromisoformat(f"{number[6:10]}-{number[10:12]}-{number[12:14]}")
    age = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    year = born.year + (age - 50) // 10 * 10
    return with_check(f"{number[:6]}{year}{number[10:17]}")


def _years_earlier(scene: Scene, delivered: DeliveredList, row: int) -> str:
    del scene
    number = _number(delivered, row)
    return with_check(f"{number[:6]}{int(number[6:10]) - 64}{number[10:17]}")


def _misspelt(scene: Scene, delivered: DeliveredList, row: int) -> str:
    name = delivered.value(row, "name")
    return name[:1] + scene.pick("1", "?", "A", "□", "#2") + name[1:]


def _is_other_birth_year_possible(scene: Scene) -> Flags:
    """People with no other list or certificate, and a birthday that every year has."""
    is_leap_day = pc.equal(pc.utf8_slice_codeunits(scene.population.numbers, 10, 14), "0229")
    return is_alone_without_certificate(scene) & ~_flags(is_leap_day)


def _is_all_digits(scene: Scene) -> Flags:
    """People whose number does not end in X, which a spreadsheet would keep as text."""
    return ~_flags(pc.ends_with(scene.population.numbers, "X"))


def _flags(mask: Any) -> Flags:
    return np.asarray(mask.to_numpy(zero_copy_only=False), dtype=bool)


# The tightest first: the others find a place anywhere.
IDENTITY_DEFECTS: tuple[Defect, ...] = (
    in_cell(
        _F.ID_NUMBER_REGION_UNKNOWN, "id_number", _of_unknown_region, _NO_CERTIFICATES, is_alone_without_certificate
    ),
    in_cell(_F.AGE_UNDER_SIXTY, "id_number", _years_later, _NO_CERTIFICATES, _is_other_birth_year_possible, weight=2),
    in_cell(_F.AGE_IMPLAUSIBLE, "id_number", _years_earlier, _NO_CERTIFICATES, _is_other_birth_year_possible),
    in_cell(_F.NAME_CHARACTERS, "name", _misspelt, fits=is_alone),
    Defect(_F.ID_NUMBER_STORED_AS_NUMBER, _stored_as_number, fits=_is_all_digits, weight=3),
    in_cell(_F.ID_NUMBER_MISSING, "id_number", None, weight=2),
    in_cell(_F.ID_NUMBER_CHARACTERS, "id_number", _with_strange_character),
    in_cell(_F.ID_NUMBER_LENGTH, "id_number", _of_wrong_length, weight=2),
    in_cell(_F.ID_NUMBER_BIRTH_DATE, "id_number", _with_impossible_date),
    in_cell(_F.ID_NUMBER_CHECKSUM, "id_number", _with_wrong_check, weight=3),
    in_cell(_F.ID_NUMBER_UPGRADED, "id_number", _in_fifteen_digits),
    in_cell(_F.ID_NUMBER_REPAIRED, "id_number", _badly_written, weight=3),
    in_cell(_F.ID_TYPE_UNSUPPORTED, "id_number", _of_other_document),
    in_cell(_F.SEX_MISMATCH, "sex", _other_sex, weight=2),
    in_cell(_F.NAME_MISSING, "name", None),
)

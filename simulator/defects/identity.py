"""Defects of ID numbers, names and ages (DESIGN: findings of group identity; the damage spreadsheets do is real)."""

from datetime import timedelta

import numpy as np

from schemas.findings import Finding
from simulator.defects.scene import Defect, Fits, Plant, Scene, Spot, in_cell, is_alone, is_alone_without_certificate
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
    number = _number(delivered, row)
    born = scene.population.born[delivered.people[row]]
    decades = (int((np.datetime64(scene.today) - born).astype(int) / 365.2425) - 50) // 10
    return with_check(f"{number[:6]}{int(number[6:10]) + decades * 10}{number[10:17]}")


def _years_earlier(scene: Scene, delivered: DeliveredList, row: int) -> str:
    del scene
    number = _number(delivered, row)
    return with_check(f"{number[:6]}{int(number[6:10]) - 64}{number[10:17]}")


def _misspelt(scene: Scene, delivered: DeliveredList, row: int) -> str:
    name = delivered.value(row, "name")
    return name[:1] + scene.pick("1", "?", "A", "□", "#2") + name[1:]


def _day_exists(fits: Fits) -> Fits:
    """People whose birthday exists in every year."""

    def fitting(scene: Scene, source: str) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
        born = scene.population.born
        is_leap_day = (born + timedelta(1)).astype("datetime64[M]") != born.astype("datetime64[M]")
        is_leap_day &= born.astype("datetime64[M]").astype(np.int64) % 12 == 1
        return fits(scene, source) & ~is_leap_day

    return fitting


def _no_x(scene: Scene, source: str) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
    """People whose number is all digits: a spreadsheet keeps the others as text."""
    del source
    ends = np.asarray(scene.population.numbers.to_numpy(zero_copy_only=False), dtype="U18")
    return ~np.char.endswith(ends, "X")


def _nothing(scene: Scene, delivered: DeliveredList, row: int) -> None:
    del scene, delivered, row


def _id(code: Finding, text: object) -> Plant:
    return in_cell(code, "id_number", text)  # type: ignore[arg-type]


IDENTITY_DEFECTS: tuple[Defect, ...] = (
    Defect(_F.ID_NUMBER_REGION_UNKNOWN, _id(_F.ID_NUMBER_REGION_UNKNOWN, _of_unknown_region), _NO_CERTIFICATES, is_alone_without_certificate),
)

"""Defects of what a row says besides who it is about: contact, dates, amounts, places, categories, certificates."""

from datetime import timedelta

import numpy as np

from schemas.codes import CODE_LISTS
from schemas.findings import Finding
from simulator.defects.scene import Defect, Flags, Scene, Spot, in_cell
from simulator.delivered_list import STATED_ON, DeliveredList
from simulator.issued_numbers import with_check
from simulator.population import BIT

__all__ = ["CONTENT_DEFECTS"]

_F = Finding
_SURVEY = ("village_survey",)
_FEDERATION = ("disability_federation",)
_INCAPACITY = ("health_incapacity",)
_CERTIFICATE = "disability_certificate_number"
_AMOUNTS = ("household_monthly_income_fen", "monthly_pension_fen", "monthly_subsidy_fen")


def _broken_phone(scene: Scene, delivered: DeliveredList, row: int) -> str:
    del delivered, row
    number = str(scene.rng.integers(13_000_000_000, 13_999_999_999))
    return scene.pick(number[:10], number + "0", "2" + number[1:], "同上", "2589" + number[:3])


def _unknown_word(scene: Scene, delivered: DeliveredList, row: int) -> list[Spot]:
    name, word = "sex", "未知X"
    if delivered.source in _SURVEY and scene.rng.random() < 0.5:
        name, word = "drinking_water_safe", "也许"
    delivered.write(row, name, word)
    return [Spot(delivered.source, row, name, _F.CODE_UNKNOWN)]


def _no_date(scene: Scene, delivered: DeliveredList, row: int) -> str:
    del delivered, row
    return scene.pick("去年", "2023.13.45", "2023-02-30", "2023年5月", "2024年", "不详")


def _coming_date(scene: Scene, delivered: DeliveredList, row: int) -> str:
    del delivered, row
    return (scene.today + timedelta(days=int(scene.rng.integers(1, 900)))).isoformat()


def _no_amount(scene: Scene, delivered: DeliveredList, row: int) -> list[Spot]:
    return _spoil_amount(scene, delivered, row, scene.pick("约三百", "八百元左右", "不详", "1200/户"), _F.AMOUNT_FORMAT)


def _negative_amount(scene: Scene, delivered: DeliveredList, row: int) -> list[Spot]:
    return _spoil_amount(scene, delivered, row, f"-{scene.rng.integers(50, 900)}", _F.AMOUNT_NEGATIVE)


def _spoil_amount(scene: Scene, delivered: DeliveredList, row: int, text: str, code: Finding) -> list[Spot]:
    name = scene.pick(*_AMOUNTS)
    delivered.write(row, name, text)
    return [Spot(delivered.source, row, name, code)]


def _town_elsewhere(scene: Scene, delivered: DeliveredList, row: int) -> list[Spot]:
    """扶大镇 said to lie in the county next door; the town is what does not fit."""
    delivered.write(row, "household_county", "梅江区")
    delivered.write(row, "household_town", "扶大镇")
    delivered.write(row, "household_village", scene.pick("三葵村委会", "所里村委会", "三丰村委会"))
    return [Spot(delivered.source, row, "household_town", _F.DIVISION_INCONSISTENT)]


def _no_address(scene: Scene, delivered: DeliveredList, row: int) -> list[Spot]:
    del scene
    places = [
        name for name in delivered.columns if name.startswith(("household_", "residence_")) and "income" not in name
    ]
    for name in places:
        delivered.write(row, name, None)
    return [Spot(delivered.source, row, places[0], _F.ADDRESS_MISSING)]


def _one_more_category(scene: Scene, delivered: DeliveredList, row: int) -> str:
    return delivered.value(row, "categories") + "、" + scene.pick("孤寡", "优抚对象", "困难党员", "五保")


def _broken_certificate(scene: Scene, delivered: DeliveredList, row: int) -> str:
    number = delivered.value(row, _CERTIFICATE)[:20]
    return scene.pick(number[:19], number[:18], number[:18] + "85", number + "C1")


def _certificate_of_another(scene: Scene, delivered: DeliveredList, row: int) -> str:
    """A certificate with the number of somebody issued just before or after."""
    del scene
    number = delivered.value(row, _CERTIFICATE)
    order = int(number[14:17])
    other = with_check(f"{number[:14]}{order + 2 if order % 100 < 98 else order - 2:03}")
    return other + number[18:]


def _other_category(scene: Scene, delivered: DeliveredList, row: int) -> str:
    written = delivered.value(row, "disability_category")
    return scene.pick(*(label for label in CODE_LISTS["disability_category"].values() if label != written))


def _other_level(scene: Scene, delivered: DeliveredList, row: int) -> str:
    """The other level of the same weight, so that a tick of 重残 in the survey stays right."""
    del scene
    return {"一级": "二级", "二级": "一级", "三级": "四级", "四级": "三级"}[delivered.value(row, "disability_level")]


def _expired(scene: Scene, delivered: DeliveredList, row: int) -> list[Spot]:
    day = scene.today - timedelta(days=int(scene.rng.integers(1, 1500)))
    delivered.write(row, "certificate_expiry_date", day.isoformat())
    delivered.write(row, "certificate_issued_date", (day - timedelta(days=3652)).isoformat())
    if scene.rng.random() < 0.5:
        delivered.write(row, "certificate_status", "过期")
    return [Spot(delivered.source, row, "certificate_expiry_date", _F.CERTIFICATE_EXPIRED)]


def _has_no_tick_of_severe(scene: Scene) -> Flags:
    return np.asarray((scene.population.ticks & BIT["severely_disabled"]) == 0)


def _has_no_certificate(scene: Scene) -> Flags:
    return np.asarray(scene.population.certificate_level == 0)


def _severe_without_certificate(scene: Scene, delivered: DeliveredList, row: int) -> list[Spot]:
    del scene
    delivered.write(row, "categories", delivered.value(row, "categories") + "、重残")
    return [Spot(delivered.source, row, _CERTIFICATE, _F.SEVERELY_DISABLED_WITHOUT_CERTIFICATE)]


def _severe_by_level_three(scene: Scene, delivered: DeliveredList, row: int) -> list[Spot]:
    del scene
    delivered.write(row, "categories", delivered.value(row, "categories") + "、重残")
    delivered.write(row, _CERTIFICATE, delivered.value(row, "id_number") + "43")
    return [Spot(delivered.source, row, _CERTIFICATE, _F.SEVERELY_DISABLED_LEVEL)]


def _assessed_long_ago(scene: Scene, delivered: DeliveredList, row: int) -> str:
    del delivered, row
    return (scene.today - timedelta(days=int(scene.rng.integers(367, 1400)))).isoformat()


def _no_family_type(scene: Scene, delivered: DeliveredList, row: int) -> str | None:
    del delivered, row
    return scene.pick("", "其他", "特扶") or None


# The tightest first: the others find a place anywhere.
CONTENT_DEFECTS: tuple[Defect, ...] = (
    in_cell(_F.FAMILY_TYPE_UNKNOWN, "family_planning_type", _no_family_type, ("health_family_planning",)),
    in_cell(_F.CERTIFICATE_CANCELLED, "certificate_status", "注销", _FEDERATION, _has_no_tick_of_severe),
    in_cell(_F.CERTIFICATE_FORMAT, _CERTIFICATE, _broken_certificate, _FEDERATION, weight=2),
    in_cell(_F.CERTIFICATE_ID_MISMATCH, _CERTIFICATE, _certificate_of_another, _FEDERATION),
    in_cell(_F.CERTIFICATE_CATEGORY_MISMATCH, "disability_category", _other_category, _FEDERATION),
    in_cell(_F.CERTIFICATE_LEVEL_MISMATCH, "disability_level", _other_level, _FEDERATION),
    Defect(_F.CERTIFICATE_EXPIRED, _expired, _FEDERATION, weight=3),
    Defect(
        _F.SEVERELY_DISABLED_WITHOUT_CERTIFICATE, _severe_without_certificate, _SURVEY, _has_no_certificate, weight=2
    ),
    Defect(_F.SEVERELY_DISABLED_LEVEL, _severe_by_level_three, _SURVEY, _has_no_certificate),
    in_cell(_F.ABILITY_LEVEL_MISSING, "ability_level", None, _INCAPACITY),
    in_cell(_F.ABILITY_ASSESSMENT_OLD, "ability_assessed_date", _assessed_long_ago, _INCAPACITY, weight=2),
    in_cell(_F.CATEGORY_MISSING, "categories", None, _SURVEY),
    in_cell(_F.CATEGORY_UNKNOWN, "categories", _one_more_category, _SURVEY, weight=2),
    in_cell(_F.DIVISION_UNKNOWN, "household_town", "云上镇", _SURVEY, weight=2),
    Defect(_F.DIVISION_INCONSISTENT, _town_elsewhere, _SURVEY),
    Defect(_F.AMOUNT_FORMAT, _no_amount, _SURVEY, weight=2),
    Defect(_F.AMOUNT_NEGATIVE, _negative_amount, _SURVEY),
    in_cell(_F.PHONE_FORMAT, "phone", _broken_phone, weight=4),
    Defect(_F.CODE_UNKNOWN, _unknown_word, weight=2),
    in_cell(_F.DATE_FORMAT, STATED_ON, _no_date, weight=2),
    in_cell(_F.DATE_FUTURE, STATED_ON, _coming_date),
    Defect(_F.ADDRESS_MISSING, _no_address),
)

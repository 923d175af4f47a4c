"""Questions about who is who: their kinds, and the reasons a clerk is shown for each."""

from enum import StrEnum
from types import MappingProxyType

__all__ = ["CASE_LABELS", "REASON_LABELS", "CaseKind", "CaseReason"]


class CaseKind(StrEnum):
    """What is asked; the word stands in the registry and in exports."""

    SAME_NUMBER_DIFFERENT_PERSON = "same-number-different-person"
    SAME_PERSON_DIFFERENT_NUMBER = "same-person-different-number"
    NUMBER_DAMAGED = "number-damaged"
    DEATH_CONTRADICTED = "death-contradicted"

    @property
    def label(self) -> str:
        """The kind in a clerk's words."""
        return CASE_LABELS[self]


class CaseReason(StrEnum):
    """Why two may be one; in the order in which reasons are written, joined by ``|``."""

    SAME_NAME = "same_name"
    SAME_SOUND = "same_sound"
    VARIANT_NAME = "variant_name"
    SAME_BIRTH_DATE = "same_birth_date"
    BIRTH_DATE_TRANSPOSED = "birth_date_transposed"
    SAME_VILLAGE = "same_village"
    SAME_TOWN = "same_town"
    FIRST_15 = "first_15"
    NUMBER_OFF_1 = "number_off_1"
    NUMBER_OFF_2 = "number_off_2"
    NUMBER_TRANSPOSED = "number_transposed"
    CERTIFICATE_NUMBER = "certificate_number"
    SAME_PHONE = "same_phone"
    SAME_PERSON_CONTACT = "same_person_contact"

    @property
    def label(self) -> str:
        """The reason in a clerk's words."""
        return REASON_LABELS[self]


CASE_LABELS = MappingProxyType(
    {
        CaseKind.SAME_NUMBER_DIFFERENT_PERSON: "同一号码疑为不同的人",
        CaseKind.SAME_PERSON_DIFFERENT_NUMBER: "同一人疑有不同号码",
        CaseKind.NUMBER_DAMAGED: "号码损坏或缺失，疑为已登记的人",
        CaseKind.DEATH_CONTRADICTED: "死亡信息互相矛盾",
    }
)

REASON_LABELS = MappingProxyType(
    {
        CaseReason.SAME_NAME: "姓名相同",
        CaseReason.SAME_SOUND: "姓名读音相同",
        CaseReason.VARIANT_NAME: "姓名写法相近",
        CaseReason.SAME_BIRTH_DATE: "出生日期相同",
        CaseReason.BIRTH_DATE_TRANSPOSED: "出生月日颠倒",
        CaseReason.SAME_VILLAGE: "村相同",
        CaseReason.SAME_TOWN: "镇相同",
        CaseReason.FIRST_15: "前15位相同",
        CaseReason.NUMBER_OFF_1: "号码差1位",
        CaseReason.NUMBER_OFF_2: "号码差2位",
        CaseReason.NUMBER_TRANSPOSED: "号码相邻两位颠倒",
        CaseReason.CERTIFICATE_NUMBER: "残疾人证号前18位相同",
        CaseReason.SAME_PHONE: "电话相同",
        CaseReason.SAME_PERSON_CONTACT: "联系人相同",
    }
)

"""Every column of the registry, declared once: name, Chinese label, type, code list, sensitivity.

Staged rows, elders, SQL tables, the data dictionary and report labels come from here or are tested against it.
Which fields a source delivers under which headers is configuration (``config/sources``), not declared here.
"""

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Literal

__all__ = ["ELDER_FIELDS", "FIELDS", "LIFE_FIELDS", "MEMBER_FIELDS", "STATED_FIELDS", "Field", "Sensitivity"]

Kind = Literal["text", "code", "date", "fen", "id_number", "certificate", "phone", "division", "categories", "number"]


class Sensitivity(StrEnum):
    """How much harm a leaked value does (PIPL Art. 28; ``docs/privacy.md``)."""

    PUBLIC = "public"
    PERSONAL = "personal"
    SENSITIVE = "sensitive"


@dataclass(frozen=True, slots=True)
class Field:
    """One column: what it is called on paper, what it may hold, and how carefully it is shown."""

    label: str
    kind: Kind
    description: str
    sensitivity: Sensitivity = Sensitivity.PERSONAL
    codes: str | None = None  # name of the code list in schemas.codes


_P, _S, _O = Sensitivity.PERSONAL, Sensitivity.SENSITIVE, Sensitivity.PUBLIC

FIELDS: MappingProxyType[str, Field] = MappingProxyType(
    {
        # Who (附件1 part one)
        "person_id": Field(
            "人员编号", "number", "Stable number of the person in this registry; outlives ID numbers.", _O
        ),
        "name": Field("姓名", "text", "Full name as the best-validated document has it."),
        "sex": Field("性别", "code", "Sex (GB/T 2261.1 as words).", _P, "sex"),
        "id_number": Field("身份证号码", "id_number", "Resident identity number, 18 characters (GB 11643-1999)."),
        "birth_date": Field("出生日期", "date", "Day of birth, taken from the ID number."),
        "phone": Field("联系电话", "phone", "The elder's telephone."),
        "emergency_contact_name": Field("紧急联系人", "text", "Whom to call in an emergency."),
        "emergency_contact_phone": Field("紧急联系人电话", "phone", "Telephone of the emergency contact."),
        # Where
        "household_county": Field("户籍县(市、区)", "division", "County of household registration.", _O),
        "household_town": Field("户籍乡镇(街道)", "division", "Town or subdistrict of household registration.", _O),
        "household_village": Field("户籍村(居)", "division", "Village or community of household registration."),
        "household_division_code": Field(
            "户籍地行政区划代码",
            "division",
            "Division of household registration, 12 digits (statistical division code).",
        ),
        "household_address": Field(
            "户籍地址", "text", "Registered address as one line, where the source has only that."
        ),
        "residence_county": Field("居住县(市、区)", "division", "County where the elder lives.", _O),
        "residence_town": Field("居住乡镇(街道)", "division", "Town or subdistrict where the elder lives.", _O),
        "residence_village": Field("居住村(居)", "division", "Village or community where the elder lives."),
        "residence_division_code": Field(
            "居住地行政区划代码", "division", "Division of residence, 12 digits (statistical division code)."
        ),
        "residence_address": Field(
            "现住址", "text", "Address of residence as one line, where the source has only that."
        ),
        # Which types (附件1 对象类型)
        "categories": Field(
            "对象类型", "categories", "The types that apply, joined by | in the registry's order.", _S, "category"
        ),
        # Disability (残疾人证)
        "disability_certificate_number": Field(
            "残疾人证号",
            "certificate",
            "Disability certificate: ID number, category, level, optionally B and a digit.",
            _S,
        ),
        "disability_category": Field("残疾类别", "code", "Category of disability, 1 to 7.", _S, "disability_category"),
        "disability_level": Field(
            "残疾等级", "code", "Level of disability, 1 (heaviest) to 4.", _S, "disability_level"
        ),
        "certificate_issued_date": Field("发证日期", "date", "Day the certificate was issued.", _S),
        "certificate_expiry_date": Field("有效期至", "date", "Last day the certificate is valid.", _S),
        "certificate_status": Field("证件状态", "code", "State of the certificate.", _S, "certificate_status"),
        "guardian_name": Field("监护人", "text", "Guardian as the federation has it."),
        "guardian_phone": Field("监护人电话", "phone", "Telephone of the guardian."),
        # Ability (卫健)
        "ability_level": Field(
            "能力等级", "code", "Ability level 0 to 4 (GB/T 42195-2022), imported.", _S, "ability_level"
        ),
        "ability_standard": Field("评估标准", "text", "Instrument the level was assessed with.", _S),
        "ability_assessed_date": Field("评估日期", "date", "Day of the assessment.", _S),
        "ability_assessor": Field("评估机构", "text", "Who assessed.", _S),
        # Family planning special families (卫健)
        "family_planning_type": Field("家庭类型", "code", "Type of special family.", _S, "family_planning_type"),
        "family_planning_confirmed_date": Field("确认日期", "date", "Day the special family was confirmed.", _S),
        "spouse_name": Field("配偶姓名", "text", "Name of the spouse.", _S),
        "spouse_id_number": Field("配偶身份证号", "id_number", "ID number of the spouse.", _S),
        # Living conditions (附件1 part three)
        "drinking_water_safe": Field("饮水是否安全", "code", "Whether drinking water is safe.", _P, "yes_no"),
        "electricity_safe": Field("生活用电是否安全", "code", "Whether electricity is safe.", _P, "yes_no"),
        "gas_safe": Field("生活用气是否安全", "code", "Whether gas is safe.", _P, "yes_no"),
        "housing_safe": Field("住房是否安全", "code", "Whether the dwelling is safe.", _P, "yes_no"),
        "household_monthly_income_fen": Field("家庭每月收入(元)", "fen", "Household income a month, in fen.", _S),
        "monthly_pension_fen": Field("每月养老保险(元)", "fen", "Old-age insurance a month, in fen.", _S),
        "monthly_subsidy_fen": Field("每月补贴(元)", "fen", "Social assistance and welfare a month, in fen.", _S),
        # Help received (附件1 part four)
        "assistance_organisation": Field("帮扶单位", "text", "Organisation that helps."),
        "assistance_person": Field("帮扶责任人", "text", "Person responsible for the help."),
        "assistance_measures": Field("帮扶措施", "text", "What help is given."),
        "registered_date": Field("建档日期", "date", "Day the registration form was filled in."),
        "remarks": Field("备注", "text", "Remarks of the sender."),
        "status": Field("状态", "code", "active while a source states the person, else withdrawn.", _O, "elder_status"),
        # What a source may say of the person's life beside the lists; no column of an elder, but a dated state
        "life_status": Field(
            "人员状态",
            "code",
            "Whether the person lives at home, died, moved away, entered an institution or refuses.",
            _P,
            "life_status",
        ),
        "life_status_date": Field("状态日期", "date", "Day from which the state of the person holds."),
        # Household members (附件1 part two); the elder they belong to is named by elder_id_number
        "elder_id_number": Field("服务对象身份证号码", "id_number", "ID number of the elder whose household it is."),
        "relation_to_head": Field(
            "与户主关系", "code", "Relation to the head of the household (GB/T 4761).", _P, "relation"
        ),
        "health_condition": Field("健康状况", "text", "Health as the village wrote it.", _S),
        "assistance_status": Field("是否为低保对象/特困人员", "text", "Minimum-living or extreme-poverty aid.", _S),
    }
)

MEMBER_FIELDS: tuple[str, ...] = (
    "elder_id_number", "name", "sex", "id_number", "relation_to_head", "health_condition", "assistance_status",
)  # fmt: skip
"""Columns of the sheet 家庭成员."""

LIFE_FIELDS: tuple[str, ...] = ("life_status", "life_status_date")
"""What a source may state of a person that becomes a dated state (table ``elder_state``), not a field of the elder."""

ELDER_FIELDS: tuple[str, ...] = tuple(
    field
    for field in FIELDS
    if field not in {"elder_id_number", "relation_to_head", "health_condition", "assistance_status", *LIFE_FIELDS}
)
"""Columns of an elder in the registry, in the order they are exported."""

_DERIVED = frozenset({"person_id", "household_division_code", "residence_division_code", "status"})

STATED_FIELDS: tuple[str, ...] = tuple(field for field in ELDER_FIELDS if field not in _DERIVED)
"""What a source may state about an elder, under these names, in a staged row.

A stated birth date is only compared with the ID number's; the registry keeps the latter.
"""

"""Defects of one row, each with the finding that must come of it: the answer key of rows with several of them.

What a defect of one cell does to the findings of another is written here once more, apart from the product: comparisons with
the ID number need a number without a fault, those with a certificate one of the right form. What is found between lists is
planted into rows that count; into rows that are held it is in ``test_held_beside``.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import combinations
from random import Random

from nights import DISABILITY, FAMILY, INCAPACITY, SURVEY, Cell, Person, Row
from planted_people import clean_row, with_number

from schemas.findings import CATALOGUE, Finding, Severity
from schemas.idnumber import check_character

__all__ = ["DEFECTS", "Defect", "Planted", "pairs", "plant", "random_sets"]

SOURCES = (SURVEY, INCAPACITY, FAMILY, DISABILITY)
WORKBOOKS = {SURVEY, DISABILITY}


@dataclass(frozen=True)
class Defect:
    """Something wrong in one or more cells (``slots``) of a row of a source."""

    code: str
    source: str
    field: str
    slots: frozenset[str]
    cells: Callable[[Person], Row]
    becomes: Callable[[Person], Person] = lambda who: who
    needs_number: bool = False  # it is seen only beside a valid ID number
    needs_certificate: bool = False  # it is seen only beside a certificate number of the right form
    is_between: bool = False  # it is seen beside what other lists say

    def __str__(self) -> str:
        return f"{self.source}: {self.code} in {self.field}"

    @property
    def is_grave(self) -> bool:
        return CATALOGUE[Finding(self.code)].severity in {Severity.REJECT, Severity.HOLD}

    @property
    def spoils_number(self) -> bool:
        own = self.code.startswith("id-") and self.field == "id_number"
        return own and self.is_grave


@dataclass(frozen=True)
class Planted:
    """A row with its defects, and what must be found in it: how often each code in each field."""

    source: str
    row: Row
    defects: tuple[Defect, ...]
    expected: Counter[tuple[str, str]]

    @property
    def is_held(self) -> bool:
        return any(CATALOGUE[Finding(code)].severity in {Severity.REJECT, Severity.HOLD} for code, _ in self.expected)


def plant(source: str, who: Person, defects: Iterable[Defect]) -> Planted:
    """A row of a person with all of some defects in it."""
    chosen = tuple(defects)
    for defect in chosen:
        who = defect.becomes(who)
    row = clean_row(source, who)
    for defect in chosen:
        row |= defect.cells(who)
    has_number = not any(defect.spoils_number for defect in chosen)
    has_certificate = not any(defect.code == "certificate-format" for defect in chosen)
    seen = [
        defect
        for defect in chosen
        if (has_number or not defect.needs_number) and (has_certificate or not defect.needs_certificate)
    ]
    is_cancelled = any(defect.code == "certificate-cancelled" for defect in chosen)
    expected = Counter(
        (defect.code, defect.field) for defect in seen if not (is_cancelled and defect.code == "certificate-expired")
    )
    return Planted(source, row, chosen, expected)


def pairs(source: str) -> Iterator[tuple[Defect, Defect]]:
    """Every two defects of a source that may stand in one row."""
    mine = [defect for defect in DEFECTS if defect.source == source]
    return ((one, other) for one, other in combinations(mine, 2) if _go_together(one, other))


def random_sets(source: str, count: int, random: Random) -> Iterator[tuple[Defect, ...]]:
    """Sets of three to six defects in different cells."""
    mine = [defect for defect in DEFECTS if defect.source == source]
    for _ in range(count):
        chosen: list[Defect] = []
        size = random.randint(3, 6)
        for defect in random.sample(mine, len(mine)):
            if len(chosen) < size and all(_go_together(defect, other) for other in chosen):
                chosen.append(defect)
        yield tuple(chosen)


def _go_together(one: Defect, other: Defect) -> bool:
    """Whether two defects are in different cells, and neither keeps out the row in which the other is seen beside lists."""
    is_kept_out = (one.is_between and other.is_grave) or (other.is_between and one.is_grave)
    return not one.slots & other.slots and not is_kept_out


def _in(source: str, column: str, field: str, cells: dict[str, Cell], *, needs_number: bool = False) -> list[Defect]:
    """Defects of one column: each code with what is written."""
    return [
        Defect(code.split("/")[0], source, field, frozenset({column}), lambda _, cell=cell: {column: cell},
               needs_number=needs_number)
        for code, cell in cells.items()
    ]  # fmt: skip


def _numbers(source: str) -> list[Defect]:
    """What can be wrong with a row's ID number, or worth saying of it."""
    column = "身份证号码" if source == SURVEY else "身份证号"

    def written(code: str, write: Callable[[str], Cell]) -> Defect:
        return Defect(code, source, "id_number", frozenset({column}), lambda who: {column: write(who.number)})

    def of_another(code: str, becomes: Callable[[Person], Person]) -> Defect:
        return Defect(code, source, "id_number", frozenset({column}), lambda _: {}, becomes)

    def with_check(first17: str) -> str:
        return first17 + check_character(first17)

    def rounded(number: str) -> Cell:
        return int(number[:15] + "000") if source in WORKBOOKS else number[:15] + "000"

    return [
        written("id-number-missing", lambda _: ""),
        written("id-number-stored-as-number", rounded),
        written("id-number-characters", lambda number: number[:8] + "A" + number[9:]),
        written("id-number-length", lambda number: number[:16]),
        written("id-number-birth-date", lambda number: with_check(number[:10] + "1341" + number[14:17])),
        written("id-number-checksum", lambda number: number[:17] + ("0" if number[17] != "0" else "1")),
        written("id-type-unsupported", lambda number: "E" + number[-9:-1]),
        written("id-number-upgraded", lambda number: number[:6] + number[8:17]),
        written("id-number-repaired", lambda number: number[:6] + " " + number[6:]),
        of_another("id-number-region-unknown", lambda who: with_number(who, region="100000")),
        of_another("age-under-sixty", lambda who: with_number(who, years=40)),
        of_another("age-implausible", lambda who: with_number(who, years=-60)),
    ]


def _person(source: str) -> list[Defect]:
    return [
        *_in(source, "姓名", "name", {"name-missing": "", "name-characters": "张@三"}),
        *_in(source, "性别", "sex", {"code-unknown": "不详"}),
        Defect(
            "sex-mismatch", source, "sex", frozenset({"性别"}),
            lambda who: {"性别": "女" if who.sex == "男" else "男"}, needs_number=True,
        ),
        *_in(source, "联系电话", "phone", {"phone-format": "1391234"}),
    ]  # fmt: skip


def _address(source: str) -> list[Defect]:
    return [
        *_in(source, "户籍地址", "household_address", {"division-unknown": "梅县区无此镇某某村"}),
        *_in(source, "现住址", "residence_address", {"division-unknown": "梅县区无此镇某某村"}),
        Defect(
            "address-missing", source, "household_address", frozenset({"户籍地址", "现住址"}), lambda _: {"户籍地址": "", "现住址": ""}
        ),
    ]  # fmt: skip


_HOUSEHOLD = frozenset({"户籍县(市、区)", "户籍乡镇(街道)", "户籍村(居)"})
_RESIDENCE = frozenset({"居住乡镇(街道)", "居住村(居)"})
_EVIDENCE = frozenset({"对象类型", "残疾人证号"})
_CERTIFICATE = "disability_certificate_number"


def _certificate(source: str) -> list[Defect]:
    return [
        *_in(source, "残疾人证号", _CERTIFICATE, {"certificate-format": "残字第123号"}),
        Defect(
            "certificate-id-mismatch", source, _CERTIFICATE, frozenset({"残疾人证号"}),
            lambda who: {"残疾人证号": with_number(who, region="440102").number + "41"}, needs_number=True,
        ),
    ]  # fmt: skip


def _survey() -> list[Defect]:
    amounts = {
        "家庭每月收入(元)": "household_monthly_income_fen", "每月养老保险(元)": "monthly_pension_fen", "每月补贴(元)": "monthly_subsidy_fen",
    }  # fmt: skip
    safe = {
        "饮水是否安全": "drinking_water_safe", "生活用电是否安全": "electricity_safe", "生活用气是否安全": "gas_safe", "住房是否安全": "housing_safe",
    }  # fmt: skip
    return [
        *_in(SURVEY, "出生日期", "birth_date", {"date-format": "正月初三", "date-future": "2024-07-01"}),
        *_in(SURVEY, "出生日期", "birth_date", {"birth-date-mismatch": "1930-01-01"}, needs_number=True),
        *_in(SURVEY, "紧急联系人", "emergency_contact_name", {"name-characters": "王5"}),
        *_in(SURVEY, "紧急联系人电话", "emergency_contact_phone", {"phone-format": "无"}),
        *_in(SURVEY, "建档日期", "registered_date", {"date-format": "去年春天", "date-future": "2024-07-01"}),
        *(
            defect
            for column, field in amounts.items()
            for defect in _in(SURVEY, column, field, {"amount-format": "约三百", "amount-negative": "-5"})
        ),
        *(defect for column, field in safe.items() for defect in _in(SURVEY, column, field, {"code-unknown": "也许"})),
        *_in(SURVEY, "对象类型", "categories", {
            "category-missing": "", "category-unknown": "独居、高龄", "category-unknown/alone": "五保",
        }),
        *_certificate(SURVEY),
        Defect("division-unknown", SURVEY, "household_town", _HOUSEHOLD, lambda _: {"户籍乡镇(街道)": "无此镇"}),
        Defect("division-inconsistent", SURVEY, "household_town", _HOUSEHOLD, lambda _: {"户籍县(市、区)": "大埔县"}),
        Defect("division-unknown", SURVEY, "residence_town", _RESIDENCE, lambda _: {"居住乡镇(街道)": "无此镇"}),
        Defect(
            "address-missing", SURVEY, "household_county", _HOUSEHOLD | _RESIDENCE,
            lambda _: dict.fromkeys(_HOUSEHOLD | _RESIDENCE, ""),
        ),
        Defect(
            "severely-disabled-without-certificate", SURVEY, _CERTIFICATE, _EVIDENCE, lambda _: {"对象类型": "重残"},
            needs_number=True, is_between=True,
        ),
        Defect(
            "severely-disabled-level", SURVEY, _CERTIFICATE, _EVIDENCE,
            lambda who: {"对象类型": "重残、独居", "残疾人证号": who.number + "43"}, needs_number=True, is_between=True,
        ),
    ]  # fmt: skip


def _federation() -> list[Defect]:
    return [
        *_certificate(DISABILITY),
        *(replace(defect, needs_certificate=True) for defect in (
            *_in(DISABILITY, "残疾类别", "disability_category", {"certificate-category-mismatch": "2"}),
            *_in(DISABILITY, "残疾等级", "disability_level", {"certificate-level-mismatch": "2"}),
        )),
        *_in(DISABILITY, "残疾类别", "disability_category", {"code-unknown": "九"}),
        *_in(DISABILITY, "发证日期", "certificate_issued_date", {"date-format": "不详", "date-future": "2024-07-01"}),
        *_in(DISABILITY, "有效期至", "certificate_expiry_date", {"certificate-expired": "2024-06-29", "date-format": "永久"}),
        *_in(DISABILITY, "证件状态", "certificate_status", {"certificate-cancelled": "注销", "code-unknown": "丢失"}),
        *_in(DISABILITY, "监护人", "guardian_name", {"name-characters": "李?"}),
        *_in(DISABILITY, "监护人电话", "guardian_phone", {"phone-format": "12345"}),
    ]  # fmt: skip


DEFECTS: tuple[Defect, ...] = (
    *(defect for source in SOURCES for defect in (*_numbers(source), *_person(source))),
    *(defect for source in SOURCES if source != SURVEY for defect in _address(source)),
    *_survey(),
    *_federation(),
    *_in(INCAPACITY, "能力等级", "ability_level", {"ability-level-missing": "", "code-unknown": "九级"}),
    *_in(INCAPACITY, "评估日期", "ability_assessed_date", {
        "ability-assessment-old": "2023-06-29", "date-format": "上月", "date-future": "2024-07-01",
    }),
    *_in(FAMILY, "家庭类型", "family_planning_type", {"family-type-unknown": "", "family-type-unknown/word": "独居"}),
    *_in(FAMILY, "确认日期", "family_planning_confirmed_date", {"date-format": "某年", "date-future": "2024-07-01"}),
    *_in(FAMILY, "配偶姓名", "spouse_name", {"name-characters": "X1"}),
)  # fmt: skip

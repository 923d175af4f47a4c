"""The sheet 家庭成员 of the village survey: who lives with some of the elders, and what is wrong with a few of them."""

from datetime import date

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from schemas.findings import Finding
from simulator.defects.planting import EVERY_CODE_FROM, SHARE, counts_by_weight
from simulator.defects.scene import Spot
from simulator.delivered_list import DeliveredList
from simulator.issued_numbers import born_at_ages, draw_order, draw_regions, issue
from simulator.population import Population, draw_names
from simulator.texts import choose, pick
from simulator.vocabulary import HEALTH_CONDITIONS

__all__ = ["MEMBER_DEFECTS", "draw_households"]

MEMBER_DEFECTS = (Finding.HOUSEHOLD_RELATION_UNKNOWN, Finding.HOUSEHOLD_HEAD_MISSING, Finding.HOUSEHOLD_MEMBER_ID)

# Who lives together, the head first: what each is to the elder, and what to the head. A parent is 父亲 or 母亲.
_HOMES = (
    (("本人", "户主"),),
    (("本人", "户主"), ("配偶", "配偶")),
    (("本人", "户主"), ("配偶", "老伴"), ("孙辈", "孙女")),
    (("本人", "户主"), ("子女", "子"), ("子女", "儿媳")),
    (("子女", "户主"), ("本人", "父母")),
    (("子女", "户主"), ("本人", "父母"), ("孙辈", "长子")),
    (("配偶", "户主"), ("本人", "配偶")),
)
_SIZES = np.array([len(home) for home in _HOMES])
_YEARS_YOUNGER = {"本人": 0, "配偶": 2, "子女": 27, "孙辈": 51}
_KINS = list(_YEARS_YOUNGER)
_MEN, _WOMEN = ("子", "长子"), ("孙女", "儿媳")


def draw_households(
    population: Population, elders: npt.NDArray[np.int64], seed: int, today: date, *, defects: bool
) -> tuple[DeliveredList, list[Spot]]:
    """One to three members for a quarter of some elders, the head among them, each with a valid number.

    Args:
        population: the people.
        elders: positions of those whose row in the survey is without a defect, so that members find their elder.
        seed: what the population was drawn with.
        today: nobody is born after it.
        defects: whether to spoil some, at most one member a household.

    Returns:
        The members, each beside the elder of the house (``people``), and the findings expected of them.
    """
    rng = np.random.default_rng((seed, 4))
    chosen = elders[rng.random(len(elders)) < 0.25]
    homes = rng.integers(0, len(_HOMES), len(chosen))
    elder = np.repeat(chosen, _SIZES[homes])
    living = [member for home in homes.tolist() for member in _HOMES[home]]
    kin = np.array([_KINS.index(kin) for kin, _ in living], dtype=np.int64)
    relation = np.array([relation for _, relation in living], dtype=object)
    is_elder = kin == _KINS.index("本人")
    is_male = _sexes(population.is_male[elder], kin, relation, rng)
    relation[relation == "父母"] = np.where(is_male[relation == "父母"], "父亲", "母亲")
    count = len(elder)
    age = (np.datetime64(today) - population.born[elder]).astype(np.int64) / 365.2425
    younger = np.array(list(_YEARS_YOUNGER.values()))[kin] + 5 * rng.random(count)
    born = born_at_ages(np.maximum(age - younger, 1), today)
    own_numbers = issue(draw_regions(count, rng), born, draw_order(count, rng, is_male=is_male))
    rows = pa.array(elder)
    members = DeliveredList(
        "village_survey",
        elder,
        {
            "elder_id_number": population.numbers.take(rows),
            "name": pc.if_else(pa.array(is_elder), population.names.take(rows), draw_names(is_male, rng)),
            "sex": choose(is_male, "男", "女"),
            "id_number": pc.if_else(pa.array(is_elder), population.numbers.take(rows), own_numbers),
            "relation_to_head": pa.array(relation, pa.large_string()),
            "health_condition": pick(HEALTH_CONDITIONS, count, rng),
            "assistance_status": pick(("否", "否", "否", "低保对象", "特困人员"), count, rng),
        },
    )
    first = np.cumsum(_SIZES[homes]) - _SIZES[homes]
    spots = _spoil(members, first, _SIZES[homes], len(population), rng) if defects else []
    return members, spots


def _sexes(
    elder_is_male: npt.NDArray[np.bool_],
    kin: npt.NDArray[np.int64],
    relation: npt.NDArray[np.object_],
    rng: np.random.Generator,
) -> npt.NDArray[np.bool_]:
    """Whether each member is a man: as the relation says, spouses unlike the elder, others by chance."""
    is_male = np.where(kin == _KINS.index("配偶"), ~elder_is_male, rng.random(len(kin)) < 0.5)
    is_male = np.where(kin == _KINS.index("本人"), elder_is_male, is_male)
    is_male[np.isin(relation, _MEN)] = True
    is_male[np.isin(relation, _WOMEN)] = False
    return np.asarray(is_male, dtype=bool)


def _spoil(
    members: DeliveredList,
    first: npt.NDArray[np.int64],
    sizes: npt.NDArray[np.int64],
    people: int,
    rng: np.random.Generator,
) -> list[Spot]:
    """Spoils the first or second member of some households; of every kind some, as with the lists' own rows."""
    counts = counts_by_weight(
        [1] * len(MEMBER_DEFECTS), round(SHARE * len(members)), int(people >= EVERY_CODE_FROM), rng
    )
    spots = []
    homes = rng.permutation(len(first))
    for code, count in zip(MEMBER_DEFECTS, counts, strict=True):
        least = 2 if code is Finding.HOUSEHOLD_RELATION_UNKNOWN else 1
        taken = homes[sizes[homes] >= least][:count]
        homes = homes[~np.isin(homes, taken)]
        spots += [_spoil_member(members, int(head), code, rng) for head in first[taken]]
    return spots


def _spoil_member(members: DeliveredList, head: int, code: Finding, rng: np.random.Generator) -> Spot:
    if code is Finding.HOUSEHOLD_RELATION_UNKNOWN:
        members.write(head + 1, "relation_to_head", str(rng.choice(["同住", "屋里人", "邻居家"])))
        return Spot(members.source, head + 1, "relation_to_head", code)
    if code is Finding.HOUSEHOLD_HEAD_MISSING:
        is_elder = members.value(head, "id_number") == members.value(head, "elder_id_number")
        members.write(head, "relation_to_head", "本人" if is_elder else "其他")
        return Spot(members.source, head, "relation_to_head", code)
    number = members.value(head, "id_number")
    members.write(head, "id_number", number[:16] + str((int(number[16]) + 1) % 10) + number[17])
    return Spot(members.source, head, "id_number", code)

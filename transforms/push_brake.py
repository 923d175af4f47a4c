"""The push brake: a plan that would change too much at the platform is held until two people have approved it.

A list that shrinks is held before it is believed (``transforms.brake``). This one stands before the platform, whatever made
the change: a rule, a date, a category that ended, or a little every night.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Literal

import numpy as np
import pandas as pd

from schemas.masking import mask_column
from schemas.push_brake import PushBrake

__all__ = ["BrakeKind", "Braked", "Held", "measure", "words"]

BrakeKind = Literal["first-push", "mass-change", "withdrawals-source", "withdrawals-village", "withdrawals-7-days"]


@dataclass(frozen=True, slots=True)
class Braked:
    """Why a plan is held: ``count`` of ``of`` people, where ``limit`` may be. ``scope`` is a source's or village's name."""

    kind: BrakeKind
    count: int
    of: int
    limit: int
    scope: str = ""


@dataclass(frozen=True, slots=True)
class Held:
    """What the platform holds: people told to it and not withdrawn since.

    Args:
        people: now.
        by_source: now, by each source that stated them when they were told last; someone of two sources counts in both.
        by_village: now, by village, written as in the plan.
        week_ago: seven days ago.
        withdrawn_in_week: people whose withdrawal was told, or released to be told, in the seven days before this plan.
        was_ever_told: whether this platform was ever told of anyone.
    """

    people: int
    by_source: Mapping[str, int]
    by_village: Mapping[str, int]
    week_ago: int
    withdrawn_in_week: int
    was_ever_told: bool


def measure(planned: pd.DataFrame, held: Held, brake: PushBrake) -> list[Braked]:
    """Why a plan is held; nothing where it is not.

    The first push to a platform is held whatever its size, and then for this reason alone: there is nothing to compare it
    with. Withdrawals of people of no known village count in their source and in the week.

    Args:
        planned: everyone planned and not yet released, one row a person: ``sent_as`` (new, changed, withdrawn), ``village``
            (empty where unknown), ``sources`` (those that stated the person when the platform was told last, joined by
            ``|``; empty where it was not).
        held: what the platform holds without this plan.
        brake: the limits.
    """
    if planned.empty:
        return []
    if not held.was_ever_told:
        return [Braked("first-push", len(planned), len(planned), 0)]
    leaving = planned[(planned["sent_as"] == "withdrawn").to_numpy(dtype=bool)]
    sources = leaving["sources"].str.split("|").explode()
    week = len(leaving) + held.withdrawn_in_week if len(leaving) else 0
    braked = [
        Braked("mass-change", len(planned), held.people, _limit(brake.people, brake.share, held.people)),
        *_by("withdrawals-source", sources, held.by_source, brake.source_people, brake.source_share),
        *_by("withdrawals-village", leaving["village"], held.by_village, brake.village_people, brake.village_share),
        Braked("withdrawals-7-days", week, held.week_ago, _limit(brake.week_people, brake.week_share, held.week_ago)),
    ]
    return [one for one in braked if one.count > one.limit]


def words(braked: Braked) -> str:
    """What is held and why, and who must do what, in one paragraph for officers.

    >>> words(Braked("withdrawals-village", 4, 60, 3, "扶大镇/三葵村委会"))[:43]
    '扶大镇/三葵村委会退出人数过多：拟退出 4 人，省级平台现有 60 人，上限 3 人。'
    """
    return f"{_WHAT[braked.kind].format_map(asdict(braked))}本次方案全部暂缓上报。{_TO_DO[braked.kind]}{_APPROVAL}"


_WHAT: Mapping[BrakeKind, str] = {
    "first-push": "首次上报：此前未向该平台报送过任何人员，本次拟报送 {count} 人。",
    "mass-change": "变动人数过多：拟上报 {count} 人，省级平台现有 {of} 人，上限 {limit} 人。",
    "withdrawals-source": "来源“{scope}”退出人数过多：拟退出 {count} 人，省级平台现有 {of} 人，上限 {limit} 人。",
    "withdrawals-village": "{scope}退出人数过多：拟退出 {count} 人，省级平台现有 {of} 人，上限 {limit} 人。",
    "withdrawals-7-days": "七日内退出人数过多：连同前七日共退出 {count} 人，七日前省级平台有 {of} 人，上限 {limit} 人。",
}
_TO_DO: Mapping[BrakeKind, str] = {
    "first-push": "请业务人员逐页核对方案中的人员和字段。",
    "mass-change": "请业务人员核对变动原因，如系名单或规则有误，先更正再重新运行。",
    "withdrawals-source": "请业务人员与提供名单的单位核实是否漏报，漏报的请其补报。",
    "withdrawals-village": "请业务人员与该村（居）核实是否漏报，漏报的请其补报。",
    "withdrawals-7-days": "请业务人员核实连续退出的原因。",
}
_APPROVAL = "核对无误的，由两名人员分别批准（eldersync approve）后上报。"


def _by(kind: BrakeKind, scopes: pd.Series, held: Mapping[str, int], people: int, share: float) -> list[Braked]:
    counts = scopes[(scopes != "").to_numpy(dtype=bool, na_value=False)].value_counts().sort_index()
    names = counts.index.astype(str)
    shown = mask_column(pd.Series(names, dtype="str"), "place") if kind == "withdrawals-village" else names
    return [
        Braked(kind, int(count), held.get(name, 0), _limit(people, share, held.get(name, 0)), str(scope))
        for name, scope, count in zip(names, shown, counts.to_numpy(dtype=np.int64), strict=True)
    ]


def _limit(people: int, share: float, of: int) -> int:
    """The most people there may be: exact, since 0.29 of 100 is a little less than 29 in binary fractions."""
    return max(people, int(Decimal(str(share)) * of))

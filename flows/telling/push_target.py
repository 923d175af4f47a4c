"""The way by which changes leave: what was told by one is asked about by that one, so it is settled before another is used."""

from typing import NamedTuple

import sqlalchemy as sa

from flows.context import Night
from registry import platform_state
from registry.outbox import unsettled_count

__all__ = ["ElsewhereTold", "told_elsewhere", "told_elsewhere_than_now"]


class ElsewhereTold(NamedTuple):
    """Changes that were told by a target that is not in force any more, and whose outcome is not known."""

    people: int
    by: str
    now: str

    @property
    def for_operators(self) -> str:
        """What stands in the way and how it is removed."""
        changes = f"{self.people} change was" if self.people == 1 else f"{self.people:,} changes were"
        return (
            f'{changes} told by target "{self.by}" and the outcome is not known; by target "{self.now}" nobody would ask about '
            f'it: set target = "{self.by}" in bureau.toml, run `eldersync push` until `eldersync push status` shows none '
            f'inflight, processing or unknown, and then set "{self.now}" again'
        )

    @property
    def for_officers(self) -> str:
        """The same for the page of a night."""
        return (
            f'尚有 {self.people} 人的变更经 target = "{self.by}" 上报、结果未定，改用 "{self.now}" 之前须先查清：'
            f'把 bureau.toml 的 target 改回 "{self.by}"，执行 eldersync push，至没有未定结果后再改。'
        )


def told_elsewhere(connection: sa.Connection, profile: str, target: str) -> ElsewhereTold | None:
    """What has to be settled by another target before this one may be used; ``None`` where nothing has."""
    before = platform_state.read(connection, profile).target
    if before is None or before == target:
        return None
    people = unsettled_count(connection, profile)
    return ElsewhereTold(people, before, target) if people else None


def told_elsewhere_than_now(night: Night, connection: sa.Connection) -> ElsewhereTold | None:
    """The same for the target of a night."""
    return told_elsewhere(connection, night.profile.name, night.configuration.bureau.target)

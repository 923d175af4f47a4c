"""A small registry with people and an outbox, for tests of the push: what the rooms between would do, in a few lines."""

import hashlib
import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import sqlalchemy as sa

from registry import migrations, outbox, outbox_delivery, outbox_plan
from registry.elders import apply_changes
from registry.engine import transaction
from registry.tables import elder
from registry.tables import outbox as entries
from schemas.fields import STATED_FIELDS

PROFILE = "province"
HELD_STATES = ["inflight", "processing", "unknown", "held"]
NOW = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)
LEASE = NOW + timedelta(seconds=60)
MINUTE = timedelta(minutes=1)


class World:
    """People in a registry of their own, and everything a push does to their outbox, a transaction each."""

    def __init__(self, engine: sa.Engine, *, profile: str = PROFILE) -> None:
        self.engine, self.profile, self.run, self.fence = engine, profile, 1, 0
        with transaction(engine) as connection:
            migrations.upgrade(connection)

    def people(self, count: int, *, first: int = 1, enter: bool = True) -> list[int]:
        """New elders, entered as a night would enter them."""
        ids = list(range(first, first + count))
        with transaction(self.engine) as connection:
            for person in ids:
                values = {
                    "id_key": person,
                    "content_hash": 0,
                    "row_ids": [],
                    "winners": "." * len(STATED_FIELDS),
                    "from_run": self.run,
                }
                connection.execute(
                    elder.insert().values(
                        person_id=person,
                        revision=1,
                        status="active",
                        categories="living_alone",
                        name=f"测试{person}",
                        **values,
                    )
                )
                if enter:
                    self._enter(connection, person, 1, "new")
        return ids

    def change(self, person: int, *, name: str | None = None, status: str | None = None, **fields: Any) -> int:
        """A new revision of a person; returns its number."""
        given = {key: value for key, value in {"name": name, "status": status, **fields}.items() if value is not None}
        given = {key: None if value == "" else value for key, value in given.items()}
        with transaction(self.engine) as connection:
            change = elder.update().where(elder.c.person_id == person).values(revision=elder.c.revision + 1, **given)
            revision = int(connection.execute(change.returning(elder.c.revision)).scalar_one())
            self._enter(connection, person, revision, "withdrawn" if status == "withdrawn" else "changed")
        return revision

    def _enter(self, connection: sa.Connection, person: int, revision: int, operation: str) -> None:
        row = {
            "person_id": person,
            "revision": revision,
            "operation": operation,
            "run_id": self.run,
            "state": "pending",
        }
        connection.execute(entries.insert().values(profile=self.profile, **row))

    def read(self) -> pd.DataFrame:
        with transaction(self.engine) as connection:
            return outbox_plan.plannable(connection, self.profile, after=0, limit=10_000)

    def plan(self, *, release: bool = True) -> pd.DataFrame:
        """Plans everyone plannable, saying only the name; returns what was planned."""
        self.run += 1
        with transaction(self.engine) as connection:
            outbox.coalesce(connection, self.profile)
            found = outbox_plan.plannable(connection, self.profile, after=0, limit=10_000)
            outbox_plan.store_plan(connection, self.profile, self.run, planned(found))
            if release:
                outbox_plan.release(connection, self.profile, self.run)
        return found

    def take_over(self, now: datetime = NOW) -> int:
        with transaction(self.engine) as connection:
            self.fence = outbox_delivery.take_over(connection, self.profile, now)
        return self.fence

    def claim(self, most: int = 100, *, now: datetime = NOW, fence: int | None = None, **more: Any) -> pd.DataFrame:
        with transaction(self.engine) as connection:
            return outbox_delivery.claim(
                connection, self.profile, fence=self.fence if fence is None else fence, now=now,
                lease_until=now + MINUTE, batch="b", most=most, **more,
            )  # fmt: skip

    def claim_open(self, state: str, *, now: datetime = NOW, fence: int | None = None, most: int = 100) -> pd.DataFrame:
        with transaction(self.engine) as connection:
            return outbox_delivery.claim_open(
                connection, self.profile, state=state, fence=self.fence if fence is None else fence, now=now,
                lease_until=now + MINUTE, most=most,
            )  # fmt: skip

    def settle(
        self, claimed: pd.DataFrame, state: str, *, now: datetime = NOW, fence: int | None = None, **more: Any
    ) -> int:
        outcomes = outcomes_of(claimed, state, **more)
        with transaction(self.engine) as connection:
            return outbox_delivery.settle(
                connection, self.profile, fence=self.fence if fence is None else fence, now=now, outcomes=outcomes,
                run_id=self.run,
            )  # fmt: skip

    def deliver(self, state: str = "accepted") -> pd.DataFrame:
        """Plans, releases and settles everything that can be sent."""
        self.plan()
        self.take_over()
        claimed = self.claim()
        assert self.settle(claimed, state) == len(claimed)
        return claimed

    def row(self, person: int, revision: int) -> dict[str, Any]:
        (found,) = (row for row in self.rows(person) if row["revision"] == revision)
        return found

    def rows(self, person: int | None = None) -> list[dict[str, Any]]:
        query = sa.select(entries).order_by(entries.c.profile, entries.c.person_id, entries.c.revision)
        if person is not None:
            query = query.where(entries.c.person_id == person)
        with transaction(self.engine) as connection:
            return [dict(row) for row in connection.execute(query).mappings()]

    def states(self, person: int) -> list[str]:
        """The states of a person's entries, by revision."""
        return [row["state"] for row in self.rows(person)]

    def apply_night(self, written: pd.DataFrame, withdrawn: pd.DataFrame, categories: pd.DataFrame) -> None:
        with transaction(self.engine) as connection:
            apply_changes(connection, self.profile, self.run, written, withdrawn, categories)


def planned(found: pd.DataFrame) -> pd.DataFrame:
    """What a transform would make of plannable people for a platform that wants the name alone."""
    says = [payload_of(name) if operation != "nothing" else None for name, operation in zip(found["name"], found["operation"], strict=True)]  # fmt: skip
    digests = [None if text is None else digest_of(operation, text) for operation, text in zip(found["operation"], says, strict=True)]  # fmt: skip
    made = {"sent_as": found["operation"], "payload": says, "sent_fields": None, "digest": digests}
    return (
        found[["person_id", "revision"]]
        .assign(**made)
        .astype({"payload": "str", "sent_fields": "str", "digest": "str"})
    )


def payload_of(name: str) -> str:
    return json.dumps({"姓名": name}, ensure_ascii=False, separators=(",", ":"))


def digest_of(sent_as: str, payload: str) -> str:
    return hashlib.sha256(f"{sent_as}\n{payload}".encode()).hexdigest()


def outcomes_of(claimed: pd.DataFrame, state: str, **more: Any) -> pd.DataFrame:
    """One outcome for all, in the shape a sender hands in."""
    given = {"code": "00", "words": "", "receipt": None, "next_at": None, "largest_batch": None} | more
    return claimed[["person_id", "revision"]].assign(state=state, **given)


def ids(found: pd.DataFrame) -> list[int]:
    return found["person_id"].tolist()


def records(rows: Iterable[tuple[int, int | None, bool, str | None]]) -> pd.DataFrame:
    """What was read back from the platform."""
    frame = pd.DataFrame(rows, columns=["person_id", "revision", "is_present", "payload"])
    return frame.astype({"revision": "Int64", "payload": "str"})


def set_state(world: World, person: int, revision: int, state: str, **values: object) -> None:
    with transaction(world.engine) as connection:
        here = sa.and_(entries.c.person_id == person, entries.c.revision == revision)
        connection.execute(entries.update().where(here).values(state=state, **values))

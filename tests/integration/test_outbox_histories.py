"""Whatever happens in whatever order: one thing of a person at a time, in the order of revisions, and nothing vanishes."""

from collections import defaultdict
from datetime import timedelta

import pandas as pd
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from outbox_world import NOW, PROFILE, World

from registry import outbox
from registry.engine import transaction
from registry.tables import elder, platform
from registry.tables import outbox as outbox_table
from schemas.errors import ConfigurationInvalid

PEOPLE = [1, 2, 3]
OPEN_BUT_PENDING = {"inflight", "processing", "unknown", "held"}
ENDS = {"accepted", "rejected", "superseded"}
FOLLOWS = {
    "pending": {"pending", "inflight", "superseded"},
    "inflight": {"pending", "processing", "unknown", "held", "accepted", "rejected"},
    "processing": {"pending", "processing", "unknown", "held", "accepted", "rejected"},
    "unknown": {"pending", "processing", "unknown", "held", "accepted", "rejected"},
    "held": {"pending"},
    "rejected": {"pending"},
    "accepted": set(),
    "superseded": set(),
}
"""What a state may turn into by one act."""


class Histories(RuleBasedStateMachine):
    """A few people, changed, planned, sent, lost, read back and told again; beside it a model of what must hold."""

    world: World

    @initialize()
    def begin(self) -> None:
        self.world.run = 1
        self.now, self.names = NOW, 0
        self.held: list[tuple[int, pd.DataFrame]] = []
        self.before: dict[tuple[int, int], str] = {}
        self.bytes_of: dict[str, str] = {}
        self.sent: dict[int, list[int]] = defaultdict(list)
        self.fences: list[int] = []
        with transaction(self.world.engine) as connection:
            for table in (outbox_table, elder, platform):
                connection.execute(table.delete())
        self.world.people(len(PEOPLE))
        self.fences.append(self.world.take_over())
        self.entered = dict.fromkeys(PEOPLE, 1)
        self._look()

    @rule(person=st.sampled_from(PEOPLE), change=st.sampled_from(["name", "same", "withdrawn", "active"]))
    def change(self, person: int, change: str) -> None:
        self.names += 1
        given = {"name": {"name": f"改名{self.names}"}, "same": {}}.get(change, {"status": change})
        self.entered[person] = self.world.change(person, **given)
        self._look(entered=person)

    @rule(release=st.booleans())
    def plan(self, release: bool) -> None:
        self.world.plan(release=release)
        self._look()

    @rule(most=st.integers(1, 3))
    def claim(self, most: int) -> None:
        claimed = self.world.claim(most, now=self.now)
        for person, revision, key, fields in claimed[["person_id", "revision", "key", "fields"]].to_numpy().tolist():
            assert self.bytes_of.setdefault(key, fields) == fields, "the same key is the same bytes, for ever"
            assert all(earlier <= revision for earlier in self.sent[person]), "an older revision after a newer one"
            self.sent[person].append(revision)
        self.held.append((self.world.fence, claimed))
        self._look()

    @rule(state=st.sampled_from(["unknown", "processing"]))
    def ask(self, state: str) -> None:
        self.held.append((self.world.fence, self.world.claim_open(state, now=self.now)))
        self._look()

    @rule(
        which=st.integers(0, 20),
        state=st.sampled_from(["accepted", "accepted", "rejected", "pending", "unknown", "processing", "held"]),
        later=st.booleans(),
        largest=st.sampled_from([None, 1, 2]),
    )
    def settle(self, which: int, state: str, later: bool, largest: int | None) -> None:
        if not self.held:
            return
        fence, claimed = self.held[which % len(self.held)]  # some of a sender that is gone, or settled long ago
        if claimed.empty:
            return
        next_at = self.now + timedelta(minutes=1) if later else None
        before = self.world.rows()
        settled = self.world.settle(claimed, state, now=self.now, fence=fence, next_at=next_at, largest_batch=largest)
        if fence != self.world.fence:
            assert settled == 0
            assert self.world.rows() == before
        self._look()

    @rule()
    def die(self) -> None:
        self.fences.append(self.world.take_over(self.now))
        assert self.fences == sorted(set(self.fences))
        self._look()

    @rule(minutes=st.integers(1, 3))
    def wait(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule(person=st.sampled_from(PEOPLE))
    def resend(self, person: int) -> None:
        try:
            with transaction(self.world.engine) as connection:
                outbox.resend(connection, PROFILE, person, now=self.now)
        except ConfigurationInvalid:
            states = {revision: state for (of, revision), state in self.before.items() if of == person}
            standing = [states[revision] for revision in sorted(states) if states[revision] != "superseded"]
            assert "held" not in standing
            assert not standing or standing[-1] != "rejected"
        self._look()

    @invariant()
    def nothing_is_forgotten(self) -> None:
        """Of everybody either the newest revision is open or ended, and the sender can be finished at any time."""
        for person, newest in getattr(self, "entered", {}).items():
            assert (person, newest) in self.before

    def _look(self, *, entered: int | None = None) -> None:
        """Compares everything with what was there before the act."""
        rows = self.world.rows()
        now = {(row["person_id"], row["revision"]): row["state"] for row in rows}
        assert set(self.before) <= set(now), "an entry vanished"
        new = set(now) - set(self.before)
        assert not self.before or new == ({(entered, self.entered[entered])} if entered else set())
        for entry, state in self.before.items():
            assert now[entry] == state or now[entry] in FOLLOWS[state], f"{state} became {now[entry]}"
        for person in PEOPLE:
            mine = [row for row in rows if row["person_id"] == person]
            busy = [row["revision"] for row in mine if row["state"] in OPEN_BUT_PENDING]
            assert len(busy) <= 1, "two entries of a person are under way"
            pending = [row["revision"] for row in mine if row["state"] == "pending"]
            assert all(revision > under_way for revision in pending for under_way in busy)
            told = [row for row in mine if row["state"] == "accepted" and row["sent_as"]]
            assert not told or told[-1]["payload"] is not None, "what the platform holds is known"
            assert all(row["payload"] is None for row in mine if row["state"] == "superseded")
        self.before = now

    def teardown(self) -> None:
        """Left alone with a platform that accepts everything, the outbox empties, and the platform holds the newest."""
        if not hasattr(self, "before"):
            return
        self.now += timedelta(hours=1)
        self.world.take_over(self.now)
        for person in PEOPLE:
            if any(row["state"] == "held" for row in self.world.rows(person)):
                self.resend(person)
        for state in ("unknown", "processing"):
            self.world.settle(self.world.claim_open(state, now=self.now), "accepted", now=self.now)
        self.world.plan()
        while not (claimed := self.world.claim(now=self.now)).empty:
            self.world.settle(claimed, "accepted", now=self.now)
        assert {row["state"] for row in self.world.rows()} <= ENDS


def test_whatever_happens_people_are_told_in_order_and_nothing_vanishes(fresh_engine: sa.Engine) -> None:
    class OnThisDatabase(Histories):
        world = World(fresh_engine)

    run_state_machine_as_test(
        OnThisDatabase,
        settings=settings(max_examples=200, stateful_step_count=10, suppress_health_check=list(HealthCheck)),
    )

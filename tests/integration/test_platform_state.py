"""A platform as a whole: its secret and epoch of keys, its breaker, why it is stopped, and its first push."""

import pytest
import sqlalchemy as sa
from outbox_world import LEASE, NOW, PROFILE, World

from registry import platform_state
from registry.engine import transaction
from registry.tables import platform


@pytest.fixture
def world(fresh_engine: sa.Engine) -> World:
    return World(fresh_engine)


def test_a_platform_is_given_a_secret_of_its_own_once(world: World) -> None:
    with transaction(world.engine) as connection:
        state = platform_state.read(connection, PROFILE)
        assert platform_state.key_material(connection, PROFILE) == platform_state.key_material(connection, PROFILE)
        platform_state.read(connection, "other")
        secrets = connection.execute(sa.select(platform.c.secret)).scalars().all()
    assert [len(secret) for secret in secrets] == [64, 64]
    assert len(set(secrets)) == 2
    assert (state.epoch, state.fence, state.failures, state.must_reconcile, state.open_until) == (1, 0, 0, False, None)
    assert not any(secret in repr(state) for secret in secrets)


def test_after_a_restore_keys_are_new_and_the_sides_must_be_reconciled(world: World) -> None:
    with transaction(world.engine) as connection:
        assert platform_state.begin_epoch(connection, PROFILE) == 2
        assert platform_state.read(connection, PROFILE).must_reconcile
        platform_state.note_reconciled(connection, PROFILE)
        state = platform_state.read(connection, PROFILE)
    assert (state.epoch, state.must_reconcile) == (2, False)


def test_the_breaker_counts_failures_until_the_platform_answers(world: World) -> None:
    with transaction(world.engine) as connection:
        platform_state.note_success(connection, PROFILE)
        assert [platform_state.note_failure(connection, PROFILE) for _ in range(3)] == [1, 2, 3]
        platform_state.open_breaker(connection, PROFILE, LEASE)
        assert platform_state.read(connection, PROFILE).open_until == LEASE
        platform_state.note_success(connection, PROFILE)
        state = platform_state.read(connection, PROFILE)
    assert (state.failures, state.open_until) == (0, None)


def test_a_stop_stands_until_a_person_has_looked(world: World) -> None:
    with transaction(world.engine) as connection:
        assert not platform_state.clear_stop(connection, PROFILE)
        platform_state.stop(connection, PROFILE, NOW, "it refuses our certificate")
        platform_state.note_success(connection, PROFILE)
        state = platform_state.read(connection, PROFILE)
        assert (state.stopped_at, state.stopped_by) == (NOW, "it refuses our certificate")
        assert platform_state.clear_stop(connection, PROFILE)
        assert platform_state.read(connection, PROFILE).stopped_by is None


def test_the_first_push_is_remembered(world: World) -> None:
    with transaction(world.engine) as connection:
        for run in (4, 5):
            platform_state.note_first_push(connection, PROFILE, run)
        assert platform_state.read(connection, PROFILE).first_push_run == 4

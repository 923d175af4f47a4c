"""What people decide about the push: plans and who approves them, and persons of whom nothing is told until an officer says so."""

import unicodedata
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from registry.runs import next_id
from registry.tables import approval, elder, person_hold, plan
from schemas.errors import ConfigurationInvalid

__all__ = [
    "APPROVERS_NEEDED", "PersonHold", "Plan", "approvers", "held_people", "hold_person", "is_approved", "note_plan_released",
    "read_plan", "record_approval", "record_plan", "release_person",
]  # fmt: skip

APPROVERS_NEEDED = 2


class Plan(NamedTuple):
    """What a run would have the platform told; ``brakes`` say why it waits for approval, empty where it does not."""

    run_id: int
    profile: str
    digest: str
    counts: dict[str, Any]
    brakes: list[Any]
    planned_at: datetime
    released_at: datetime | None


class PersonHold(NamedTuple):
    """A person of whom platforms are told nothing for the time being."""

    person_id: int
    held_at: datetime
    held_by: str
    reason: str


def record_plan(
    connection: sa.Connection, profile: str, run_id: int, *, digest: str, counts: dict[str, Any], brakes: list[Any],
    planned_at: datetime,
) -> None:  # fmt: skip
    """Records a run's plan; made again by the same run, it takes the place of the one before and is not released."""
    values = {"profile": profile, "digest": digest, "counts": counts, "brakes": brakes, "planned_at": planned_at, "released_at": None}  # fmt: skip
    statement = insert(plan).values(run_id=run_id, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["run_id"], set_=values))


def lock_plan(connection: sa.Connection, run_id: int) -> None:
    """Keeps a run from being planned anew while its plan is let go, and the other way round."""
    connection.execute(sa.select(plan.c.run_id).where(plan.c.run_id == run_id).with_for_update())


def read_plan(connection: sa.Connection, profile: str, run_id: int | None = None) -> Plan | None:
    """A run's plan, or the newest; ``None`` where there is none."""
    query = (
        sa.select(*(plan.c[name] for name in Plan._fields))
        .where(plan.c.profile == profile)
        .order_by(plan.c.run_id.desc())
    )
    if run_id is not None:
        query = query.where(plan.c.run_id == run_id)
    found = connection.execute(query.limit(1)).first()
    return None if found is None else Plan(*found)


def note_plan_released(connection: sa.Connection, run_id: int, at: datetime) -> None:
    """Remembers when a plan was let go."""
    connection.execute(
        plan.update().where(plan.c.run_id == run_id, plan.c.released_at.is_(None)).values(released_at=at)
    )


def record_approval(
    connection: sa.Connection,
    *,
    subject: str,
    digest: str,
    run_id: int,
    approver: str,
    account: str,
    reason: str,
    at: datetime,
) -> int:
    """Records that a named person approves exactly this; returns how many different people do now.

    Args:
        connection: in the caller's transaction.
        subject: what kind of thing is approved: ``plan``, ``delivery``.
        digest: SHA-256 of the thing; whatever is changed about it has to be approved anew.
        run_id: the run that held it.
        approver: as the person names himself.
        account: the operating system's.
        reason: why it may go.
        at: when.

    Raises:
        ConfigurationInvalid: the name or the reason is blank.
    """
    named, because = _said(approver, "who approves has to be named"), _said(reason, "an approval needs a reason")
    # Ids are the next free numbers, and two people may approve at the same moment.
    connection.execute(sa.text("LOCK TABLE approval IN SHARE ROW EXCLUSIVE MODE"))
    connection.execute(
        approval.insert().values(
            approval_id=next_id(connection, approval.c.approval_id), subject=subject, digest=digest, run_id=run_id,
            approver=named, account=account, reason=because, at=at,
        )
    )  # fmt: skip
    return len(approvers(connection, subject, digest))


def approvers(connection: sa.Connection, subject: str, digest: str) -> list[str]:
    """The different people who approve a thing, as they named themselves first, in the order in which they did."""
    query = (
        sa.select(approval.c.approver)
        .where(approval.c.subject == subject, approval.c.digest == digest)
        .order_by(approval.c.approval_id)
    )
    people: dict[str, str] = {}
    for name in connection.execute(query).scalars():
        people.setdefault(_as_one_person(name), name)
    return list(people.values())


def is_approved(connection: sa.Connection, subject: str, digest: str) -> bool:
    """Whether as many different people as needed approve a thing."""
    return len(approvers(connection, subject, digest)) >= APPROVERS_NEEDED


def hold_person(connection: sa.Connection, person_id: int, *, by: str, reason: str, at: datetime) -> None:
    """Has platforms told nothing of a person until :func:`release_person`; what is under way already goes on.

    Raises:
        ConfigurationInvalid: nobody has this number, the person is held already, or name or reason are blank.
    """
    named, because = _said(by, "who holds a person has to be named"), _said(reason, "a hold needs a reason")
    if (
        connection.execute(sa.select(elder.c.person_id).where(elder.c.person_id == person_id).with_for_update()).first()
        is None
    ):
        raise ConfigurationInvalid(f"there is no person {person_id}")
    if connection.execute(_held(person_id)).first() is not None:
        raise ConfigurationInvalid(f"person {person_id} is held already")
    connection.execute(person_hold.insert().values(person_id=person_id, held_at=at, held_by=named, reason=because))


def release_person(connection: sa.Connection, person_id: int, *, by: str, reason: str, at: datetime) -> None:
    """Ends a hold; the person's newest change is told as if there had been none.

    Raises:
        ConfigurationInvalid: the person is not held, or name or reason are blank.
    """
    named, because = _said(by, "who releases a person has to be named"), _said(reason, "a release needs a reason")
    ended = (
        person_hold.update()
        .where(person_hold.c.person_id == person_id, person_hold.c.released_at.is_(None))
        .values(released_at=at, released_by=named, release_reason=because)
    )
    if not connection.execute(ended).rowcount:
        raise ConfigurationInvalid(f"person {person_id} is not held")


def held_people(connection: sa.Connection) -> list[PersonHold]:
    """Who is held now, since when, by whom and why."""
    columns = [person_hold.c[name] for name in PersonHold._fields]
    query = sa.select(*columns).where(person_hold.c.released_at.is_(None)).order_by(person_hold.c.person_id)
    return [PersonHold(*row) for row in connection.execute(query)]


def _held(person_id: int) -> sa.Select[tuple[int]]:
    return sa.select(person_hold.c.person_id).where(
        person_hold.c.person_id == person_id, person_hold.c.released_at.is_(None)
    )


def _said(text: str, otherwise: str) -> str:
    """A text without blanks around it.

    Raises:
        ConfigurationInvalid: there is nothing in it that can be read.
    """
    if not _as_one_person(text):
        raise ConfigurationInvalid(otherwise)
    return text.strip()


def _as_one_person(name: str) -> str:
    """A name as it is compared: written in full width, in capitals or with blanks it is the same person's.

    >>> _as_one_person(" Ｗａｎｇ　Fang ") == _as_one_person("wang fang")
    True
    """
    plain = unicodedata.normalize("NFKC", name).casefold()
    return "".join(letter for letter in plain if not letter.isspace() and unicodedata.category(letter) != "Cf")

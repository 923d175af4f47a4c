"""What deciding who is who needs: the registry while no run is active, who decides, and the question with both its sides."""

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pandas as pd
import sqlalchemy as sa

from flows.accounts.export import person_id_of
from flows.context import Home, open_registry
from flows.people.at_rest import Decider, registry_at_rest
from registry.audit import record_disclosure
from registry.case_statements import case_sides, case_statements
from registry.cases import read_case
from registry.decision_links import person_keys
from registry.decisions import Deed, lowest_registered
from registry.engine import transaction
from registry.tables import elder
from schemas.configuration import Configuration, load_configuration
from schemas.errors import ConfigurationInvalid

__all__ = ["DecisionDesk", "Question", "deciding", "disclose", "looking", "open_question", "question", "wanted_person"]


class DecisionDesk(NamedTuple):
    """The configuration, a transaction, and who decides what when."""

    configuration: Configuration
    connection: sa.Connection
    deed: Deed


class Question(NamedTuple):
    """A question with its sides and the statements on them; see ``registry.case_statements``."""

    record: sa.RowMapping
    sides: pd.DataFrame
    statements: pd.DataFrame

    @property
    def case_id(self) -> int:
        """Its number."""
        return int(self.record["case_id"])

    @property
    def is_open(self) -> bool:
        """Whether it waits for an answer."""
        return self.record["to_run"] is None


@contextmanager
def deciding(home: Path, config: Path, decider: Decider) -> Iterator[DecisionDesk]:
    """A transaction while no run is active: one that is would not see what is decided meanwhile.

    Raises:
        ConfigurationInvalid: nobody or no reason is named.
        AnotherRunIsActive: a run is going on.
    """
    configuration = load_configuration(config)
    with registry_at_rest(home, configuration, decider, "decisions on people") as (connection, now, latest):
        after_run, judge_on = (latest["run_id"], latest["business_date"]) if latest else (0, now.date())
        deed = Deed(decider.by.strip(), getpass.getuser(), decider.reason.strip(), now, after_run, judge_on)
        yield DecisionDesk(configuration, connection, deed)


@contextmanager
def looking(home: Path, config: Path) -> Iterator[tuple[Configuration, sa.Connection]]:
    """A transaction for looking only, whatever runs meanwhile."""
    configuration = load_configuration(config)
    with open_registry(Home(home.expanduser().resolve()), configuration) as engine, transaction(engine) as connection:
        yield configuration, connection


def question(connection: sa.Connection, case_id: int) -> Question:
    """A question, open or not.

    Raises:
        ConfigurationInvalid: there is none of this number.
    """
    record = read_case(connection, case_id)
    if record is None:
        raise ConfigurationInvalid(f"there is no case {case_id}; `eldersync decide list` shows those that are open")
    return Question(record, case_sides(connection, case_id), case_statements(connection, case_id))


def open_question(connection: sa.Connection, case_id: int) -> Question:
    """A question that waits for an answer.

    Raises:
        ConfigurationInvalid: there is none of this number, or it is closed.
    """
    asked = question(connection, case_id)
    if not asked.is_open:
        raise ConfigurationInvalid(f"case {case_id} is closed already ({asked.record['ended_as']})")
    return asked


def wanted_person(connection: sa.Connection, person: str, configuration: Configuration) -> tuple[int, int]:
    """Whom somebody means by a person_id or number: ``person_id`` and key; of a person who was merged away, the survivor's.

    Raises:
        ConfigurationInvalid: the registry has nobody of this number.
    """
    person_id = person_id_of(connection, person, configuration)
    query = sa.select(elder.c.id_key).where(elder.c.person_id == person_id)
    own_key = None if person_id is None else connection.execute(query).scalar_one_or_none()
    if person_id is None or own_key is None:
        raise ConfigurationInvalid("no elder of the registry has this number")
    key = person_keys(connection, [own_key])[own_key]
    if key == own_key or lowest_registered(connection, [key]) is None:
        return person_id, int(own_key)
    survivor = sa.select(elder.c.person_id).where(elder.c.id_key == key).order_by(elder.c.person_id).limit(1)
    return int(connection.execute(survivor).scalar_one()), key


def disclose(
    connection: sa.Connection, configuration: Configuration, action: str, *, unmasked: bool, reason: str, people: int
) -> None:
    """Records that identifiers are shown in full, in the transaction that reads them; nothing where they are masked.

    Raises:
        ConfigurationInvalid: they are asked for without a reason.
    """
    if not unmasked:
        return
    if not reason.strip():
        raise ConfigurationInvalid("--unmasked needs --reason: why identifiers are needed is recorded")
    now = datetime.now(ZoneInfo(configuration.bureau.timezone))
    record_disclosure(connection, at=now, actor=getpass.getuser(), action=action, reason=reason, people=people)

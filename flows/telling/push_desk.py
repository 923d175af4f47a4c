"""What a decision about the push needs, in one transaction."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from flows.context import Home, open_registry
from registry.engine import transaction
from schemas.configuration import Configuration, load_configuration
from schemas.platform_profile import PlatformProfile, profile_in_force

__all__ = ["Desk", "at_desk"]


class Desk(NamedTuple):
    """The configuration, the platform's format, a transaction, and the instant in the bureau's time zone."""

    configuration: Configuration
    profile: PlatformProfile
    connection: sa.Connection
    now: datetime


@contextmanager
def at_desk(home: Path, config: Path) -> Iterator[Desk]:
    """A desk whose decisions are committed when its block ends well."""
    configuration = load_configuration(config)
    now = datetime.now(ZoneInfo(configuration.bureau.timezone))
    profile = profile_in_force(configuration.folder, configuration.bureau.platform, now.date())
    with open_registry(Home(home.expanduser().resolve()), configuration) as engine, transaction(engine) as connection:
        yield Desk(configuration, profile, connection, now)

"""How changes leave without hands: the client of the target in force, and its pace."""

from collections.abc import Callable
from datetime import datetime

import pandas as pd

from connectors.exchange_tables.exchange import ExchangeTables
from connectors.platform_api.client import PlatformApi
from connectors.platform_api.outcomes import BatchOutcome, Verdict
from flows.context import Home, Night
from flows.settings.secret_store import database_url, read_secret
from flows.telling.push_online import Client, Pace
from schemas.errors import ConfigurationInvalid, DatabaseUnavailable, PushFailed
from schemas.platform_exchange import ExchangeFormat
from schemas.platform_profile import PlatformProfile
from schemas.push import ItemOutcome, PushState

__all__ = ["ExchangeClient", "client_of", "exchange_tables_of", "pace_of", "platform_api_of"]

_NO_KEY = "none"

# Statements wait for each other in one table, so more connections would not be faster.
_EXCHANGE_CONNECTIONS = 1


def pace_of(night: Night) -> Pace:
    """How fast the target in force is told."""
    if night.configuration.bureau.target == "exchange":
        exchange = _exchange_of(night.profile)
        return Pace(exchange.batch_rows, _EXCHANGE_CONNECTIONS, exchange.deadline_seconds, exchange.poll_seconds)
    api = night.profile.api
    if api is None:
        raise ConfigurationInvalid(
            f"platform/{night.profile.name}.toml: there is no [api], and bureau.toml has target = api"
        )
    return Pace(api.batch_items, api.connections, api.call_seconds, api.poll_seconds)


def client_of(night: Night) -> Callable[[], Client]:
    """Makes connections to the target in force; the secret is read once."""
    if night.configuration.bureau.target == "exchange":
        tables = exchange_tables_of(night.home, night.profile)
        return lambda: ExchangeClient(tables)
    return platform_api_of(night.home, night.profile)


def platform_api_of(home: Home, profile: PlatformProfile) -> Callable[[], PlatformApi]:
    """Makes connections to the platform's interface.

    Raises:
        ConfigurationInvalid: the profile has none.
        SecretMissing: what requests are signed with is not in the secret store.
    """
    api = profile.api
    if api is None:
        raise ConfigurationInvalid(f"platform/{profile.name}.toml: there is no [api]")
    token = read_secret(home.path, api.signing.token_secret) if api.signing.scheme != "none" else ""
    return lambda: PlatformApi(profile, token=token)


def exchange_tables_of(home: Home, profile: PlatformProfile) -> ExchangeTables:
    """The platform's exchange table."""
    return ExchangeTables(profile, database_url(home.path, _exchange_of(profile)))


class ExchangeClient:
    """The exchange table as a way to the platform: told is written, and what became of it is looked for in the table."""

    def __init__(self, tables: ExchangeTables) -> None:
        self._tables = tables

    def __enter__(self) -> "ExchangeClient":
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is open between two calls."""

    def check(self, *, now: Callable[[], datetime]) -> BatchOutcome:  # noqa: ARG002  as others have it
        """Whether the table can be read: a row that is not there is asked for."""
        return self._asked([], PushState.UNKNOWN, lambda: self._tables.poll([_NO_KEY])[:0])

    def send(self, items: pd.DataFrame, *, batch: str, now: Callable[[], datetime]) -> BatchOutcome:
        """Writes a batch; each row is then in the platform's hands."""
        keys = items["key"].tolist()
        written = self._asked(keys, PushState.UNKNOWN, lambda: self._tables.write(items, batch, now()).refused)
        refused = {item.key: item for item in written.items}
        if written.verdict != Verdict.OK:
            return written
        return BatchOutcome([refused.get(key, ItemOutcome(key, PushState.PROCESSING)) for key in keys])

    def poll(self, items: pd.DataFrame, *, now: Callable[[], datetime]) -> BatchOutcome:  # noqa: ARG002  as others have it
        """What the platform made of rows."""
        keys = items["key"].tolist()
        return self._asked(keys, PushState.PROCESSING, lambda: self._tables.poll(keys, are_written=True))

    def look_up(self, items: pd.DataFrame, *, now: Callable[[], datetime]) -> BatchOutcome:  # noqa: ARG002
        """Whether rows were written at all, and what the platform made of them."""
        keys = items["key"].tolist()
        return self._asked(keys, PushState.UNKNOWN, lambda: self._tables.poll(keys))

    @staticmethod
    def _asked(keys: list[str], otherwise: PushState, ask: Callable[[], list[ItemOutcome]]) -> BatchOutcome:
        try:
            return BatchOutcome(ask())
        except DatabaseUnavailable as error:
            return BatchOutcome.of_all(keys, otherwise, Verdict.LATER, "away", str(error), call_failed=True)
        except PushFailed as error:
            return BatchOutcome.of_all(keys, otherwise, Verdict.STOP, "refused", str(error))


def _exchange_of(profile: PlatformProfile) -> ExchangeFormat:
    exchange = profile.exchange
    if exchange is None:
        raise ConfigurationInvalid(
            f"platform/{profile.name}.toml: there is no [exchange], and bureau.toml has target = exchange"
        )
    return exchange

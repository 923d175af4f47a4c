"""Where the platform's own list of whom it holds comes from: its interface, the exchange table, whichever the bureau uses."""

from collections.abc import Iterator
from contextlib import contextmanager

import pandas as pd
import pyarrow as pa

from connectors.exchange_tables.exchange import ExchangeTables, Taken
from connectors.platform_api.client import PlatformApi
from flows.context import Night
from flows.telling.targets import exchange_tables_of, platform_api_of
from schemas.errors import ConfigurationInvalid
from schemas.platform_profile import PlatformProfile
from transforms.columns import texts, to_arrow
from transforms.json_texts import json_objects

__all__ = ["RECORD_COLUMNS", "listed_by_exchange", "listed_by_interface", "offers_list", "opened_list"]

RECORD_COLUMNS = ("person", "revision", "is_present", "fields")
"""Columns of a page: texts and JSON; a missing revision or missing fields are not told."""

Pages = Iterator[pd.DataFrame]


def offers_list(profile: PlatformProfile, target: str) -> bool:
    """Whether a platform that is told this way can be asked whom it holds."""
    return target == "exchange" or (target == "api" and profile.api is not None and bool(profile.api.paths.list))


@contextmanager
def opened_list(night: Night) -> Iterator[Pages]:
    """Everybody the platform holds or has withdrawn, page by page, from where the bureau's changes go.

    Raises:
        ConfigurationInvalid: import workbooks are handed in by people, and no list can be asked for.
    """
    match night.configuration.bureau.target:
        case "api":
            with platform_api_of(night.home, night.profile)() as platform:
                yield listed_by_interface(night, platform)
        case "exchange":
            yield listed_by_exchange(exchange_tables_of(night.home, night.profile))
        case _:
            raise ConfigurationInvalid(
                'bureau.toml: target is "workbook"; a platform that takes workbooks offers no list to compare with'
            )


def listed_by_interface(night: Night, platform: PlatformApi) -> Pages:
    """The pages of the present, then those of the withdrawn where the platform lists them apart.

    Raises:
        SourceUnavailable, SourceRefusesUs, SourceNotBelieved: as of ``connectors.platform_api.listing``.
    """
    yield from (page.records[list(RECORD_COLUMNS)] for page in platform.list_pages("present", now=night.now))
    api = night.profile.api
    if api is not None and api.listing.state and not api.record.forgets_withdrawn:
        yield from (page.records[list(RECORD_COLUMNS)] for page in platform.list_pages("withdrawn", now=night.now))


def listed_by_exchange(tables: ExchangeTables) -> Pages:
    """What the platform took last of everybody, in pages."""
    return (_records_of(taken) for taken in tables.records())


def _records_of(taken: Taken) -> pd.DataFrame:
    cells: dict[str, pa.Array] = {str(key): to_arrow(taken.fields[key].astype("str")) for key in taken.fields}
    return pd.DataFrame(
        {
            "person": taken.rows["person_id"].astype("str"),
            "revision": taken.rows["revision"].astype("Int64"),
            "is_present": taken.rows["sent_as"] != "withdrawn",
            "fields": texts(json_objects(cells)),
        }
    )

"""The configured sources, as ``source list`` tells them: how each is delivered, and its last delivery if there is a registry."""

import os
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from flows.context import Home, open_registry
from registry.engine import transaction
from registry.tables import delivery
from schemas.configuration import Configuration, load_configuration

__all__ = ["list_sources"]


def list_sources(home: Path, config: Path) -> list[dict[str, Any]]:
    """Every source of the configuration, in the order of their names."""
    configuration = load_configuration(config)
    newest = _newest_deliveries(Home(home.expanduser().resolve()), configuration)
    return [
        {
            "name": name, "label": source.label, "body": source.body,
            "body_label": configuration.bureau.bodies[source.body], "channel": source.channel.kind,
            "delivers": source.delivers, "cut_off": source.cut_off.isoformat("minutes") if source.cut_off else None,
            "fresh_days": source.fresh_days, "aliases_version": source.aliases_version,
            "last_delivery": newest[name].isoformat(timespec="seconds") if name in newest else None,
        }
        for name, source in configuration.sources.items()
    ]  # fmt: skip


def _newest_deliveries(home: Home, configuration: Configuration) -> dict[str, datetime]:
    """When each source delivered last; nothing where no registry was made yet, and none is made for the asking."""
    if not (os.environ.get("ELDERSYNC_DATABASE_URL") or (home.path / "postgres").is_dir()):
        return {}
    query = sa.select(delivery.c.source, sa.func.max(delivery.c.received_at).label("newest")).group_by(
        delivery.c.source
    )
    with open_registry(home, configuration) as engine, transaction(engine) as connection:
        return {row.source: row.newest for row in connection.execute(query)}

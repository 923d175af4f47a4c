"""A platform's format before it is put in force: people of the registry in it, masked, and the exchange table it needs."""

from pathlib import Path
from typing import Any, Literal

import pandas as pd

from connectors.exchange_tables.ddl import create_table
from flows.telling.push_desk import at_desk
from registry.elders import all_elders
from schemas.configuration import load_configuration
from schemas.errors import ConfigurationInvalid
from schemas.field_masks import mask_kind
from schemas.fields import FIELDS
from schemas.masking import mask_column
from schemas.platform_profile import PlatformProfile, load_profile
from transforms.payloads import payload_table, render_payloads

__all__ = ["exchange_table", "try_profile"]

_PEOPLE = 10


def try_profile(home: Path, config: Path, name: str) -> dict[str, Any]:
    """Renders everybody in a profile and shows the first ten.

    Returns:
        ``profile label version effective_from is_example`` and ``ways`` (workbook, and api or exchange where described),
        ``people`` rendered of ``elders``, ``incomplete`` by header and problem, ``headers``, and ``rows`` of masked texts.

    Raises:
        ConfigurationInvalid: there is no such profile, or it contradicts itself.
    """
    with at_desk(home, config) as desk:
        profile = _named(desk.configuration.folder, name)
        elders = all_elders(desk.connection)
        theirs = elders[elders["categories"].notna()].reset_index(drop=True)
        day = pd.Series(desk.now.date().isoformat(), theirs.index, dtype="str")
    nothing = pd.Series(None, theirs.index, dtype="str")
    changes = theirs.assign(
        revision=1, operation=pd.Series("new", theirs.index, dtype="str"), told_payload=nothing, told_as=nothing,
        reason=nothing, changed_on=day,
    )  # fmt: skip
    payloads = render_payloads(changes, profile)
    faults = payloads.incomplete.groupby(["header", "problem"], as_index=False).size()
    return {
        "profile": profile.name,
        "label": profile.label,
        "version": profile.version,
        "effective_from": profile.effective_from.isoformat(),
        "is_example": profile.is_example,
        "ways": ["workbook", *(way for way in ("api", "exchange") if getattr(profile, way) is not None)],
        "elders": len(theirs),
        "people": len(payloads.planned),
        "incomplete": [
            {"header": header, "problem": problem, "count": int(count)}
            for header, problem, count in faults.itertuples(index=False, name=None)
        ],
        "headers": list(profile.headers),
        "rows": _masked(payload_table(payloads.planned["payload"].head(_PEOPLE), profile), profile),
    }


def exchange_table(config: Path, name: str, dialect: Literal["postgresql", "mysql"]) -> str:
    """The statements for a profile's exchange table.

    Raises:
        ConfigurationInvalid: there is no such profile, or it describes no exchange table.
    """
    return create_table(_named(load_configuration(config).folder, name), dialect)


def _named(folder: Path, name: str) -> PlatformProfile:
    path = folder / "platform" / f"{name}.toml"
    if not path.is_file():
        known = ", ".join(sorted(file.stem for file in path.parent.glob("*.toml")))
        raise ConfigurationInvalid(f"there is no profile {name}; known: {known}")
    return load_profile(path)


def _masked(rows: pd.DataFrame, profile: PlatformProfile) -> list[list[str]]:
    """Cells as they are shown; of addresses and remarks only how long they are, for nothing else is tried of them."""
    kinds = {column.header: mask_kind(column.field) for column in profile.columns if column.field in FIELDS}
    shown = {header: mask_column(rows[header], kind) for header, kind in kinds.items() if kind and kind != "text"}
    hidden = {
        header: rows[header].str.replace(".", "*", regex=True) for header, kind in kinds.items() if kind == "text"
    }
    return rows.assign(**shown, **hidden).to_numpy().tolist()

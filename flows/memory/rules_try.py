"""``rules try``: whom other rules or another survivorship would alter, before they are switched on. Nothing is kept of it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd

from flows.memory.recompute import judge_rows_again, rehearsal, settle_everybody
from registry.elders import active_count
from registry.recompute import differing_elders, finding_changes, remember_registry
from reports.lists import write_list
from schemas.configuration import Configuration, load_configuration
from schemas.errors import ConfigurationInvalid
from schemas.field_masks import mask_kind
from schemas.fields import FIELDS
from schemas.masking import mask_column

__all__ = ["try_rules"]

COLUMNS = ("person_id", "name", "change", "field", "label", "before", "after")


def try_rules(home: Path, config: Path, rules: Path | None, survivorship: Path | None, to: Path) -> dict[str, Any]:
    """Judges all rows and merges all people under other rules, and lists who would be altered, masked.

    Args:
        home: whose registry.
        config: the configuration in force, of which the files given take the place.
        rules: a rules.toml.
        survivorship: a survivorship.toml.
        to: file to write; a row a field: ``person_id name change field label before after``.

    Returns:
        ``elders`` (``enter leave alter unchanged``), ``findings`` that ``come`` and ``go`` by code, ``rows`` and ``file``.

    Raises:
        ConfigurationInvalid: neither file is given, one is not valid, or no night has merged yet.
    """
    if rules is None and survivorship is None:
        raise ConfigurationInvalid("name what to try: --rules FILE, --survivorship FILE, or both")
    with _tried(config, rules, survivorship) as tried, rehearsal(home, config) as rehearsed:
        connection = rehearsed.connection
        remember_registry(connection)
        total = active_count(connection)
        rehearsed.night.configuration = tried
        for source in tried.sources.values():
            judge_rows_again(rehearsed, source, with_due=True)
        settle_everybody(rehearsed)
        changes = finding_changes(connection)
        names = dict(connection.exec_driver_sql("SELECT person_id, name FROM elder").tuples().all())
        fields = differing_elders(connection, with_provenance=False)
    listed = _listed(fields, names)
    write_list(listed[list(COLUMNS)], to, title="规则试算")
    people = listed.drop_duplicates("person_id")["change"].value_counts()
    counts = {change: int(people.get(change, 0)) for change in ("enter", "leave", "alter")}
    unchanged = total - counts["leave"] - counts["alter"]
    return {
        "elders": {**counts, "unchanged": unchanged},
        "findings": changes,
        "rows": len(listed),
        "file": str(to),
    }


@contextmanager
def _tried(config: Path, rules: Path | None, survivorship: Path | None) -> Iterator[Configuration]:
    """The configuration with other files in it, checked as a whole."""
    with TemporaryDirectory(prefix="eldersync-rules-") as room:
        folder = Path(room) / "config"
        shutil.copytree(config, folder)
        given = {folder / "rules.toml": rules, folder / "survivorship.toml": survivorship}
        problem = None
        for place, file in given.items():
            if file is not None and not file.is_file():
                problem = f"{file}: there is no such file"
            elif file is not None:
                shutil.copyfile(file, place)
        if problem is None:
            try:
                tried = load_configuration(folder)
            except ConfigurationInvalid as error:
                problem = str(error)
                for place, file in given.items():
                    problem = problem.replace(str(place), str(file or config / place.name))
        if problem is not None:
            raise ConfigurationInvalid(problem)
        yield tried.model_copy(update={"folder": config})


def _listed(fields: pd.DataFrame, names: dict[int, str]) -> pd.DataFrame:
    """A row a field that would say something else; of who enters or leaves one row, of the status."""
    status = fields[fields["field"] == "status"].set_index("person_id")
    goes = np.select([status["after"] == "active", status["before"] == "active"], ["enter", "leave"], default="alter")
    at = pd.Index(status.index).get_indexer(pd.Index(fields["person_id"]))
    change = pd.Series(np.append(goes, "alter")[at], index=fields.index, dtype="str")
    told = fields.assign(change=change)
    told = told[(told["change"] == "alter") | (told["field"] == "status")].reset_index(drop=True)
    masked = {side: _masked(told, side) for side in ("before", "after")}
    labels = told["field"].map({name: field.label for name, field in FIELDS.items()})
    people = mask_column(told["person_id"].map(names).astype("str"), "name")
    return told.assign(**masked, label=labels, name=people)


def _masked(told: pd.DataFrame, side: str) -> pd.Series:
    """Values as people may see them, each by its field."""
    shown = told[side].astype("str").copy()
    for field, rows in told.groupby("field").groups.items():
        if kind := mask_kind(str(field)):
            shown.loc[rows] = mask_column(told.loc[rows, side].astype("str"), kind).to_numpy()
    return shown

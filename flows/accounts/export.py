"""Lists that leave as files: findings, elders, one elder explained. Masked unless a reason is given, which is audited."""

import getpass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import sqlalchemy as sa

from flows.context import Home, open_registry
from registry import runs
from registry.audit import record_disclosure
from registry.elders import all_elders
from registry.elders_then import elders_then, run_of_day
from registry.engine import transaction
from registry.explain import explain_person, find_person
from registry.findings import findings_of_run
from reports.finding_workbook import answer_keys, write_finding_workbook
from reports.lists import write_list
from reports.wording import with_words
from schemas import idnumber, masking
from schemas.configuration import Configuration, load_configuration
from schemas.errors import ConfigurationInvalid
from schemas.field_masks import mask_kind
from schemas.fields import ELDER_FIELDS, FIELDS
from schemas.masking import MaskKind

__all__ = ["explanation", "export_elders", "export_findings", "person_id_of"]

FINDING_COLUMNS = (
    "finding_id", "run_id", "source", "delivery", "sheet", "row_number", "column", "field", "code", "severity", "owner",
    "message", "state",
)  # fmt: skip


def export_findings(home: Path, config: Path, run_id: int, to: Path) -> dict[str, Any]:
    """Writes every finding that stands after a run; a workbook has columns to decide in, for ``findings import``."""
    configuration = load_configuration(config)
    with open_registry(Home(home.expanduser().resolve()), configuration) as engine, transaction(engine) as connection:
        if runs.run_record(connection, run_id) is None:
            raise ConfigurationInvalid(f"there is no run {run_id}; `eldersync runs` lists them")
        found = findings_of_run(connection, run_id)
    worded = with_words(found, configuration).assign(run_id=run_id)
    shown = worded[list(FINDING_COLUMNS)]
    if to.suffix.lower() == ".xlsx":
        write_finding_workbook(to, shown, answer_keys(worded))
    else:
        write_list(shown, to, title="问题清单")
    return {"rows": len(worded), "file": str(to)}


def export_elders(
    home: Path, config: Path, to: Path, *, unmasked: bool, reason: str, at: date | None = None
) -> dict[str, Any]:
    """Writes the registry, one row per elder in the order of ``person_id``: as it is, or as it stood when a day ended.

    Raises:
        ConfigurationInvalid: there was no night up to that day.
    """
    configuration = load_configuration(config)
    _check_reason(unmasked=unmasked, reason=reason)
    with open_registry(Home(home.expanduser().resolve()), configuration) as engine, transaction(engine) as connection:
        run_id = run_at(connection, at)
        elders = all_elders(connection) if run_id is None else elders_then(connection, run_id)
        if unmasked:
            _audit(connection, configuration, "elders-unmasked", reason, people=len(elders))
    shown = elders if unmasked else _masked(elders)
    write_list(shown[list(ELDER_FIELDS)], to, title="特殊困难老年人名册")
    return {"rows": len(shown), "file": str(to), "unmasked": unmasked, "after_run": run_id}


def run_at(connection: sa.Connection, at: date | None) -> int | None:
    """The run after which a day stood; ``None`` where no day is asked for.

    Raises:
        ConfigurationInvalid: there was no night up to that day.
    """
    if at is None:
        return None
    run_id = run_of_day(connection, at)
    if not run_id:
        raise ConfigurationInvalid(f"--at: no night had merged by {at.isoformat()}; `eldersync runs` lists the runs")
    return run_id


def explanation(
    home: Path, config: Path, person: str, *, unmasked: bool, reason: str, at: date | None = None
) -> dict[str, Any]:
    """An elder's record with its provenance, as it is or as it stood when a day ended.

    ``person`` is a person_id or an ID number, present or former, 15 or 18 digits.
    """
    configuration = load_configuration(config)
    _check_reason(unmasked=unmasked, reason=reason)
    with open_registry(Home(home.expanduser().resolve()), configuration) as engine, transaction(engine) as connection:
        person_id = person_id_of(connection, person, configuration)
        run_id = run_at(connection, at)
        found = explain_person(connection, person_id, configuration, run_id) if person_id is not None else None
        if found is None:
            then = f" or had it on {at.isoformat()}" if at else ""
            raise ConfigurationInvalid(f"no elder of the registry has this number{then}")
        if unmasked:
            _audit(connection, configuration, "explain-unmasked", reason, people=1)
    return found if unmasked else _masked_explanation(found)


def person_id_of(connection: Any, person: str, configuration: Configuration) -> int | None:
    """Whom somebody means by a person_id or an ID number, present or former; ``None`` where it is no number of ours."""
    judged = idnumber.judge(person, today=_now(configuration).date())
    if judged.id_number is not None:
        return find_person(connection, judged.id_number)
    return int(person) if person.isascii() and person.isdigit() and len(person) < 15 else None


def _audit(connection: Any, configuration: Configuration, action: str, reason: str, *, people: int) -> None:
    """Records the disclosure in the transaction that read the data, so that none is given unrecorded."""
    record_disclosure(
        connection, at=_now(configuration), actor=getpass.getuser(), action=action, reason=reason, people=people
    )


def _check_reason(*, unmasked: bool, reason: str) -> None:
    if unmasked and not reason.strip():
        raise ConfigurationInvalid("--unmasked needs --reason: why identifiers are needed is recorded")


def _now(configuration: Configuration) -> datetime:
    return datetime.now(ZoneInfo(configuration.bureau.timezone))


def _masked(elders: pd.DataFrame) -> pd.DataFrame:
    kinds = {field: kind for field in ELDER_FIELDS if (kind := mask_kind(field))}
    return elders.assign(**{field: masking.mask_column(elders[field], kind) for field, kind in kinds.items()})


def _masked_explanation(found: dict[str, Any]) -> dict[str, Any]:
    def mask(value: Any, kind: MaskKind | None) -> Any:
        if value is None or kind is None:
            return value
        return masking.mask_column(pd.Series([str(value)], dtype="str"), kind).iloc[0]

    fields = []
    for field in found["fields"]:
        kind = mask_kind(field["field"])
        places = [*field["losers"], *([field["winner"]] if field["winner"] else [])]
        masked = [{**place, "value": mask(place["value"], kind)} for place in places]
        losers = masked[: len(field["losers"])]
        winner = masked[-1] if field["winner"] else None
        fields.append({**field, "value": mask(field["value"], kind), "losers": losers, "winner": winner})
    kinds: dict[str, MaskKind] = {"id_number": "id_number", "disability_certificate": "certificate"}
    identifiers = [{**entry, "value": mask(entry["value"], kinds[entry["kind"]])} for entry in found["identifiers"]]
    household = [
        {name: mask(value, mask_kind(name) if name in FIELDS else None) for name, value in member.items()}
        for member in found["household"]
    ]
    decisions = [
        {**line, "value": mask(line["value"], mask_kind(line["field"]) if line["field"] in FIELDS else None)}
        for line in found["decisions"]
    ]
    return {
        **found, "fields": fields, "household": household, "identifiers": identifiers, "decisions": decisions,
    }  # fmt: skip

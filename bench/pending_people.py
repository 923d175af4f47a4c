"""A registry in which everybody waits to be told: made-up elders with every column of a real record filled or empty.

They are written into the tables as the stage ``merge`` leaves them; no list is read for it.
"""

from datetime import UTC, date, datetime

import numpy as np
import pandas as pd
import pyarrow as pa
import sqlalchemy as sa

from registry.bulk import fill
from registry.runs import begin_run
from registry.tables import elder, outbox
from schemas.codes import CATEGORIES, CODE_LISTS
from schemas.fields import ELDER_FIELDS
from simulator.population import Population, draw_population
from simulator.texts import pick, some_missing
from simulator.vocabulary import ASSISTANCE, COUNTY, INSTRUMENTS, ORGANISATIONS, VILLAGES

__all__ = ["change_some", "fill_registry"]

SOURCES = 4
_AT = datetime(2026, 3, 1, 18, tzinfo=UTC)


def fill_registry(connection: sa.Connection, profile: str, people: int, *, today: date, seed: int) -> int:
    """Registers people in one run, each with an entry of the outbox; returns the run."""
    run_id = begin_run(
        connection, business_date=today, started_at=_AT, rules_digest="bench", requested={"sources": [], "send": False}
    )
    records = _records(draw_population(people, seed, today), seed, run_id)
    fill(connection, elder, records)
    entries = records[["person_id", "revision"]].assign(run_id=run_id)
    texts = {"profile": profile, "operation": "new", "state": "pending"}
    fill(
        connection,
        outbox,
        entries.assign(**{name: pd.Series(word, entries.index, dtype="str") for name, word in texts.items()}),
    )
    return run_id


def change_some(connection: sa.Connection, profile: str, every: int, *, today: date) -> int:
    """Has every so many-th person move to another telephone, in a run of their own; returns the run."""
    run_id = begin_run(
        connection, business_date=today, started_at=_AT, rules_digest="bench", requested={"sources": [], "send": False}
    )
    values = {"profile": profile, "run": run_id, "every": every}
    connection.execute(
        sa.text(
            "UPDATE elder SET revision = revision + 1, phone = '13900000000', from_run = :run WHERE person_id % :every = 0"
        ),
        values,
    )
    connection.execute(
        sa.text(
            "INSERT INTO outbox (profile, person_id, revision, operation, run_id, state) "
            "SELECT :profile, person_id, revision, 'changed', :run, 'pending' FROM elder WHERE person_id % :every = 0"
        ),
        values,
    )
    return run_id


def _records(people: Population, seed: int, run_id: int) -> pd.DataFrame:
    count, rng = len(people), np.random.default_rng((seed, 9))
    yes_no = list(CODE_LISTS["yes_no"])
    towns, villages = (np.array(names) for names in zip(*VILLAGES, strict=True))
    columns = {
        "name": people.names, "sex": np.where(people.is_male, "male", "female"), "id_number": people.numbers,
        "birth_date": people.born.astype(str), "phone": people.phones,
        "emergency_contact_name": people.names, "emergency_contact_phone": people.phones,
        "household_county": [COUNTY] * count, "household_town": towns[people.household],
        "household_village": villages[people.household], "household_division_code": ["441403102200"] * count,
        "residence_county": [COUNTY] * count, "residence_town": towns[people.residence],
        "residence_village": villages[people.residence], "residence_division_code": ["441403102200"] * count,
        "categories": pick(list(CATEGORIES), count, rng), "disability_certificate_number": people.certificates,
        "disability_category": [str(word) if word else None for word in people.certificate_category],
        "disability_level": [str(word) if word else None for word in people.certificate_level],
        "ability_level": some_missing(pick(["0", "1", "2", "3"], count, rng), 0.7, rng),
        "ability_standard": some_missing(pick(list(INSTRUMENTS), count, rng), 0.7, rng),
        "ability_assessed_date": some_missing(pa.array(["2025-11-03"] * count, pa.large_string()), 0.7, rng),
        "assistance_organisation": pick(list(ORGANISATIONS), count, rng),
        "assistance_measures": pick(list(ASSISTANCE), count, rng),
        "registered_date": ["2024-05-06"] * count, "status": ["active"] * count,
        **{field: pick(yes_no, count, rng) for field in ("drinking_water_safe", "electricity_safe", "gas_safe", "housing_safe")},
    }  # fmt: skip
    amounts = [field for field in ELDER_FIELDS if field.endswith("_fen")]
    person_id = np.arange(1, count + 1)
    winners = pd.Series("a", pd.RangeIndex(count), dtype="str")
    return pd.DataFrame(
        {
            **{name: pd.array(pa.array(cells, pa.large_string()), dtype="str") for name, cells in columns.items()},
            **{field: rng.integers(0, 500_000, size=count) for field in amounts},
            "person_id": person_id, "id_key": person_id, "revision": 1, "content_hash": person_id,
            "row_ids": pd.array([f"{{{person}{',NULL' * (SOURCES - 1)}}}" for person in person_id], dtype="str"),
            "winners": winners, "from_run": run_id,
        }
    )  # fmt: skip

"""Made-up people and what happens to them in a night: come, change, leave, come back; stored as the stage ``merge`` stores it."""

import random
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import NamedTuple

import numpy as np
import pandas as pd
import sqlalchemy as sa
from province_client import id_number_of

from registry.elders import apply_changes
from registry.runs import begin_run
from registry.tables import elder
from schemas.fields import ELDER_FIELDS

__all__ = ["Change", "Known", "commit_changes", "known_people", "random_changes"]

VARIANTS = 4
"""Few, so that people often return to what they were; of the last one they belong to no category."""

_CATEGORIES = ("living_alone", "living_alone|severely_disabled", "empty_nest", None)
_TEXTS = [field for field in ELDER_FIELDS if not field.endswith(("_fen", "person_id"))]


class Known(NamedTuple):
    """What the registry holds of a person."""

    revision: int
    variant: int
    is_active: bool


class Change(NamedTuple):
    """What happens to a person: ``variant`` is what is stated from now on, None where nobody states the person any more."""

    person: int
    variant: int | None


def known_people(connection: sa.Connection) -> dict[int, Known]:
    """Everyone who was ever registered."""
    found = connection.execute(sa.select(elder.c.person_id, elder.c.revision, elder.c.content_hash, elder.c.status))
    return {person: Known(revision, variant, status == "active") for person, revision, variant, status in found}


def random_changes(draw: random.Random, known: Mapping[int, Known], *, most: int, people: int) -> list[Change]:
    """Changes of some people of a small town."""
    chosen = draw.sample(range(1, people + 1), draw.randint(1, min(most, people)))
    return [_changed(draw, person, known.get(person)) for person in chosen]


def _changed(draw: random.Random, person: int, known: Known | None) -> Change:
    if known is not None and known.is_active and draw.random() < 0.2:
        return Change(person, None)
    others = [
        variant for variant in range(VARIANTS) if known is None or variant != known.variant or not known.is_active
    ]
    return Change(person, draw.choice(others))


def commit_changes(
    connection: sa.Connection, profile: str, changes: Iterable[Change], *, at: datetime, known: Mapping[int, Known]
) -> int:
    """Stores changes in the caller's transaction, as a night does; the run that made them."""
    run_id = begin_run(
        connection, business_date=at.date(), started_at=at, rules_digest="made-up", requested={"sources": [], "push": True}
    )  # fmt: skip
    changes = list(changes)
    stated = [change for change in changes if change.variant is not None]
    gone = [change.person for change in changes if change.variant is None]
    withdrawn = pd.DataFrame(
        {"person_id": gone, "revision": [known[person].revision + 1 for person in gone]}, dtype=np.int64
    )
    written = _records(stated, known)
    apply_changes(connection, profile, run_id, written, withdrawn, _statements(written))
    return run_id


def cells_of(person: int, variant: int) -> dict[str, str | None]:
    """What is stated of a person, by field."""
    number = id_number_of(person)
    return {
        "name": f"测试{'甲乙丙丁'[variant]}", "sex": "female", "id_number": number,
        "birth_date": date.fromisoformat(f"{number[6:10]}-{number[10:12]}-{number[12:14]}").isoformat(),
        "household_county": "梅县区", "household_town": "程江镇", "categories": _CATEGORIES[variant],
        "assistance_measures": f"第{variant}种帮扶", "status": "active",
    }  # fmt: skip


def _records(stated: list[Change], known: Mapping[int, Known]) -> pd.DataFrame:
    """The frame ``written`` of ``transforms.compare``."""
    cells = [cells_of(change.person, change.variant or 0) for change in stated]
    before = [known.get(change.person) for change in stated]
    texts = {field: pd.array([row.get(field) for row in cells], dtype="str") for field in _TEXTS}
    amounts = {field: pd.array([None] * len(stated), dtype="Int64") for field in ELDER_FIELDS if field.endswith("_fen")}
    person_id = np.array([change.person for change in stated], dtype=np.int64)
    return pd.DataFrame(
        {
            **texts, **amounts, "person_id": person_id, "id_key": person_id,
            "revision": np.array([1 if one is None else one.revision + 1 for one in before], dtype=np.int64),
            "content_hash": np.array([change.variant for change in stated], dtype=np.int64),
            "row_ids": pd.array([f"{{{change.person}}}" for change in stated], dtype="str"),
            "winners": pd.array(["a"] * len(stated), dtype="str"),
            "operation": pd.array(
                ["changed" if one is not None and one.is_active else "new" for one in before], dtype="str"
            ),
        }
    )  # fmt: skip


def _statements(written: pd.DataFrame) -> pd.DataFrame:
    """One statement of a category for everyone who is of one."""
    of_some = written[written["categories"].notna()]
    words = {
        "category": "living_alone",
        "source": "village_survey",
        "evidence": "survey_tick",
        "from_date": "2024-01-05",
    }
    frame = pd.DataFrame({"id_key": of_some["id_key"], "row_id": of_some["person_id"]}).reset_index(drop=True)
    return frame.assign(**{name: pd.array([word] * len(frame), dtype="str") for name, word in words.items()})

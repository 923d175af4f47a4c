"""Rows for the tests of the transforms: made-up people's statements, standardised and judged as a night does it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
from hypothesis import settings

from schemas.configuration import Configuration, Rules, load_configuration
from schemas.fields import STATED_FIELDS
from schemas.idnumber import check_character
from transforms.columns import hash_texts, join_texts, texts
from transforms.judge import JudgedRows, judge
from transforms.locality import Locality
from transforms.standardise import Standardised, standardise

CONFIGURATION = load_configuration(Path(__file__).parents[3] / "config")
LOCALITY = Locality.of(CONFIGURATION)
DIVISIONS = LOCALITY.divisions
TODAY = date(2024, 6, 30)
SURVEY, INCAPACITY, FAMILY, DISABILITY = (
    "village_survey", "health_incapacity", "health_family_planning", "disability_federation",
)  # fmt: skip

FEWER = settings(max_examples=15, deadline=None)
"""For properties whose every example is a small table."""

Row = Mapping[str, str | None]


def id_number(born: date = date(1940, 5, 6), serial: int = 121, region: str = "441421") -> str:
    first17 = f"{region}{born:%Y%m%d}{serial:03d}"
    return first17 + check_character(first17)


def delivered(rows: Sequence[Row], source: str) -> pd.DataFrame:
    """Rows as the reader gives them: every field of the source as text, missing where a row does not name it."""
    fields = CONFIGURATION.sources[source].main.columns
    return pd.DataFrame({field: texts([row.get(field) for row in rows]) for field in fields})


def standardised(
    rows: Sequence[Row], source: str = SURVEY, *, today: date = TODAY, numbers: Mapping[str, Iterable[int]] | None = None,
    from_1904: Iterable[int] = (),
) -> Standardised:  # fmt: skip
    """Rows of one source standardised; ``numbers`` says by field which rows had a numeric cell."""
    flags = {field: np.isin(np.arange(len(rows)), list(places)) for field, places in (numbers or {}).items()}
    return standardise(
        delivered(rows, source), flags, CONFIGURATION.sources[source], LOCALITY, today=today,
        counts_from_1904=np.isin(np.arange(len(rows)), list(from_1904)),
    )  # fmt: skip


def judged(
    rows: Sequence[Row], source: str = SURVEY, *, today: date = TODAY, rules: Rules = CONFIGURATION.rules,
    as_number: Iterable[int] = (), numbers: Mapping[str, Iterable[int]] | None = None,
) -> JudgedRows:  # fmt: skip
    """Rows of one source judged; ``as_number`` are the rows whose ID number stood in a numeric cell."""
    flags = np.isin(np.arange(len(rows)), list(as_number))
    return judge(
        standardised(rows, source, today=today, numbers=numbers), {"id_number": flags}, CONFIGURATION.sources[source],
        rules, today=today,
    )  # fmt: skip


def in_force(statements: Sequence[tuple[str, Row]], *, today: date = TODAY) -> pd.DataFrame:
    """Statements of several sources as the registry has them in force, in the order given (``row_id`` from 1)."""
    parts = []
    for source in sorted({name for name, _ in statements}):
        places = [place for place, (name, _) in enumerate(statements) if name == source]
        rows = judged([statements[place][1] for place in places], source, today=today).rows
        parts.append(rows.assign(source=texts([source] * len(rows)), place=places))
    together = pd.concat(parts, ignore_index=True).sort_values("place", ignore_index=True)
    for field in (*STATED_FIELDS, "household_division_code", "residence_division_code"):
        if field not in together:
            together[field] = texts([None] * len(together))
    together["row_hash"] = hash_texts(join_texts([together[field] for field in ("source", *STATED_FIELDS)]))
    together["row_id"] = np.arange(1, len(together) + 1)
    return together.assign(received_run=1, delivery_id=1, row_number=together["row_id"] + 1)


def found(judgement: JudgedRows) -> set[tuple[int, str, str | None]]:
    """Position, code and field of every finding."""
    frame = judgement.findings.astype(object).where(judgement.findings.notna(), None)
    return set(zip(frame["position"], frame["code"], frame["field"], strict=True))


def codes(judgement: JudgedRows) -> list[str]:
    return sorted(judgement.findings["code"])


def with_rules(**changes: object) -> Configuration:
    """The shipped configuration with other rules."""
    rules = CONFIGURATION.rules.model_copy(update=changes)
    return CONFIGURATION.model_copy(update={"rules": rules})

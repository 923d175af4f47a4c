"""Changes that a made-up platform was told, and rows of its results, for the tests of what comes back."""

from pathlib import Path
from typing import Any

import pandas as pd

from schemas.platform_profile import load_profile
from schemas.platform_receipts import ReceiptHeaders
from transforms.columns import texts

PROFILE = load_profile(Path(__file__).parents[3] / "config/platform/example.toml")


def result(person: object = None, outcome: str | None = None, **cells: str | None) -> dict[str, str | None]:
    """A row of results."""
    return {"person_number": None if person is None else str(person), "result": outcome, **cells}


def results(*rows: dict[str, str | None]) -> pd.DataFrame:
    """Rows of one sheet whose header is in row 3."""
    columns = {name: texts([row.get(name) for row in rows]) for name in ReceiptHeaders.model_fields}
    numbers = pd.Series(range(4, len(rows) + 4), dtype="int64")
    return pd.DataFrame({"sheet": texts(["结果"] * len(rows)), "row_number": numbers, **columns})


def told(person: int, revision: int = 1, *, run: int | None = 7, state: str = "sent", **more: Any) -> dict[str, Any]:
    """A change the platform was told."""
    return {"person_id": person, "revision": revision, "sent_run": run, "state": state, "sent_as": "changed", **more}


def changes(*several: dict[str, Any]) -> pd.DataFrame:
    """Changes as the registry gives them."""
    numbers = {
        name: pd.Series([one[name] for one in several], dtype="Int64") for name in ("person_id", "revision", "sent_run")
    }
    words = {
        name: texts([one.get(name) for one in several])
        for name in ("sent_as", "state", "key", "receipt", "id_number", "payload")
    }
    return pd.DataFrame({**numbers, **words})

"""Counts of the registry folded into what pages show: ages, categories and columns filled in, of all, of a town, of a list."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
import sqlalchemy as sa

from flows.places import town_codes, town_names
from registry.report_figures import elders_by_age, filled_columns
from reports.figures import Figures
from schemas.codes import CATEGORIES, CODE_LISTS
from schemas.configuration import Configuration
from schemas.expected_fields import EXPECTED_OF_ELDERS, expected_of_list
from schemas.fields import FIELDS
from schemas.masking import mask_column

__all__ = ["ElderFigures", "body_figures", "elder_figures"]

_OLDEST = 95  # and older are one, as the registry counts them


@dataclass(frozen=True, slots=True, repr=False)
class ElderFigures:
    """The elders after a run.

    Attributes:
        ages: ``town_code town village sex categories age people``.
        filled: ``town_code people`` and for each column ``asked:NAME``, ``filled:NAME``.
    """

    ages: pd.DataFrame
    filled: pd.DataFrame

    def of_all(self) -> Figures:
        """Of everybody."""
        return _by_town(self.ages.assign(town_code=""), self.filled.assign(town_code="")).get("", Figures())

    def of_towns(self) -> dict[str, Figures]:
        """Of each town, by its code."""
        return _by_town(self.ages, self.filled)

    def villages(self) -> dict[str, list[tuple[str, int]]]:
        """Elders of each village, by the code of the town."""
        counts = self.ages.groupby(["town_code", "village"], as_index=False)["people"].sum()
        return {
            str(code): list(zip(rows["village"], rows["people"].astype(int), strict=True))
            for code, rows in counts.groupby("town_code")
        }

    def town_names(self) -> dict[str, str]:
        """What each town is called, by its code."""
        return dict(zip(self.ages["town_code"], self.ages["town"], strict=True))


def elder_figures(
    connection: sa.Connection, configuration: Configuration, run_id: int, on: pd.Timestamp
) -> ElderFigures:
    """Counts the elders as they were after a run; ages are those of a day."""
    ages = elders_by_age(connection, run_id, on.date())
    filled = filled_columns(connection, run_id, EXPECTED_OF_ELDERS)
    return ElderFigures(_placed(ages, configuration), _placed(filled, configuration))


def body_figures(connection: sa.Connection, configuration: Configuration, run_id: int, body: str) -> Figures:
    """How the rows in force of a body's lists are filled in."""
    lists = [source for source in configuration.sources.values() if source.body == body]
    parts = [
        _sums(filled_columns(connection, run_id, expected_of_list(source.main.columns), source=source.name))
        for source in lists
    ]
    completeness: dict[str, tuple[int, int]] = {}
    for part in parts:
        for label, filled, asked in _completeness(part):
            before = completeness.get(label, (0, 0))
            completeness[label] = (before[0] + filled, before[1] + asked)
    rows = sum(int(part["people"]) for part in parts)
    return Figures(people=rows, completeness=[(label, *counts) for label, counts in completeness.items()])


def _placed(counts: pd.DataFrame, configuration: Configuration) -> pd.DataFrame:
    code = town_codes(counts["division_code"])
    return counts.assign(
        town_code=code, town=town_names(code, counts["town"], configuration), village=mask_column(counts["village"], "place")
    )  # fmt: skip


def _by_town(ages: pd.DataFrame, filled: pd.DataFrame) -> dict[str, Figures]:
    by_age = _counts(ages, ["town_code", "age", "sex"])
    by_category = {
        code: _counts(ages[ages["categories"].str.contains(code, regex=False)], ["town_code", "sex"])
        for code in CATEGORIES
    }
    columns = filled.drop(columns=["division_code", "town", "village"]).groupby("town_code").sum().to_dict("index")
    people = _counts(ages, ["town_code"])
    bands = sorted({int(band) for _, band, _ in by_age})
    return {
        town: Figures(
            people=count,
            ages=[(_age(band), by_age.get((town, band, "male"), 0), by_age.get((town, band, "female"), 0)) for band in bands],
            categories=[
                (CODE_LISTS["category"][code], counts.get((town, "male"), 0), counts.get((town, "female"), 0))
                for code, counts in by_category.items()
            ],
            completeness=_completeness({str(name): int(value) for name, value in columns[town].items()}),
        )
        for (town,), count in people.items()
    }  # fmt: skip


def _counts(ages: pd.DataFrame, keys: list[str]) -> dict[tuple[Any, ...], int]:
    counts = ages.groupby(keys)["people"].sum().reset_index()
    names = zip(*(counts[key].tolist() for key in keys), strict=True)
    return dict(zip(names, counts["people"].astype(int), strict=True))


def _age(band: int) -> str:
    return f"{band}–{band + 4} 岁" if band < _OLDEST else f"{_OLDEST} 岁及以上"


def _sums(filled: pd.DataFrame) -> dict[str, int]:
    numbers = filled.select_dtypes("number")
    return {str(name): int(value) for name, value in numbers.sum().items()}


def _completeness(sums: Mapping[str, int]) -> list[tuple[str, int, int]]:
    asked = [name.removeprefix("asked:") for name in sums if name.startswith("asked:")]
    return [(FIELDS[name].label, sums[f"filled:{name}"], sums[f"asked:{name}"]) for name in asked]

"""Counts of the registry folded into what pages show: ages, categories and columns filled in, of all, of a town, of a list."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from flows.people.places import town_codes, town_names
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
    people_of = _arrow(ages, ["town_code", "sex", "categories", "age"])
    by_age = _counts(people_of, ["town_code", "age", "sex"])
    by_category = {
        code: _counts(people_of.filter(pc.match_substring(people_of["categories"], code)), ["town_code", "sex"])
        for code in CATEGORIES
    }
    names = [name for name in filled.columns if name.startswith(("asked:", "filled:"))]
    columns = _totals(_arrow(filled, ["town_code", *names]), ["town_code"], names)
    people = _counts(people_of, ["town_code"])
    bands = sorted({int(band) for _, band, _ in by_age})
    return {
        town: Figures(
            people=count,
            ages=[(_age(band), by_age.get((town, band, "male"), 0), by_age.get((town, band, "female"), 0)) for band in bands],
            categories=[
                (CODE_LISTS["category"][code], counts.get((town, "male"), 0), counts.get((town, "female"), 0))
                for code, counts in by_category.items()
            ],
            completeness=_completeness(dict(zip(names, columns[town,], strict=True))),
        )
        for (town,), count in people.items()
    }  # fmt: skip


def _arrow(counts: pd.DataFrame, columns: list[str]) -> pa.Table:
    """These columns and ``people``: a page sums them a dozen times, which takes pandas ten times as long."""
    return pa.table({name: pa.array(counts[name]) for name in [*columns, "people"]})


def _counts(people: pa.Table, keys: list[str]) -> dict[tuple[Any, ...], int]:
    return {key: count for key, (count,) in _totals(people, keys, ["people"]).items()}


def _totals(table: pa.Table, keys: list[str], columns: list[str]) -> dict[tuple[Any, ...], tuple[int, ...]]:
    """The sums of columns by the values of keys, in their order; rows without one of these are left out."""
    complete = table.filter(reduce(pc.and_, (pc.is_valid(table[key]) for key in keys)))
    sums = complete.group_by(keys, use_threads=False).aggregate([(column, "sum") for column in columns])
    sums = sums.sort_by([(key, "ascending") for key in keys])
    found = zip(*(sums[key].to_pylist() for key in keys), strict=True)
    return dict(zip(found, zip(*(sums[f"{column}_sum"].to_pylist() for column in columns), strict=True), strict=True))


def _age(band: int) -> str:
    return f"{band}–{band + 4} 岁" if band < _OLDEST else f"{_OLDEST} 岁及以上"


def _sums(filled: pd.DataFrame) -> dict[str, int]:
    numbers = filled.select_dtypes("number")
    return {str(name): int(value) for name, value in numbers.sum().items()}


def _completeness(sums: Mapping[str, int]) -> list[tuple[str, int, int]]:
    asked = [name.removeprefix("asked:") for name in sums if name.startswith("asked:")]
    return [(FIELDS[name].label, sums[f"filled:{name}"], sums[f"asked:{name}"]) for name in asked]

"""One office's list while it is being made: whole columns, and the few cells and rows that differ from them."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from schemas.fields import FIELDS

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["LAYOUTS", "STATED_ON", "DeliveredList", "header_of"]

LAYOUTS: dict[str, tuple[str, ...]] = {
    "village_survey": (
        "name", "sex", "id_number", "phone", "emergency_contact_name", "emergency_contact_phone", "household_county",
        "household_town", "household_village", "residence_county", "residence_town", "residence_village", "categories",
        "disability_certificate_number", "drinking_water_safe", "electricity_safe", "gas_safe", "housing_safe",
        "household_monthly_income_fen", "monthly_pension_fen", "monthly_subsidy_fen", "assistance_organisation",
        "assistance_person", "assistance_measures", "registered_date", "remarks",
    ),
    "health_incapacity": (
        "name", "sex", "id_number", "phone", "household_address", "residence_address", "ability_level", "ability_standard",
        "ability_assessed_date", "ability_assessor", "remarks",
    ),
    "health_family_planning": (
        "name", "sex", "id_number", "phone", "household_address", "residence_address", "family_planning_type",
        "family_planning_confirmed_date", "spouse_name", "spouse_id_number", "remarks",
    ),
    "disability_federation": (
        "name", "sex", "id_number", "disability_certificate_number", "disability_category", "disability_level",
        "certificate_issued_date", "certificate_expiry_date", "certificate_status", "household_address",
        "residence_address", "guardian_name", "guardian_phone", "phone",
    ),
}  # fmt: skip
"""Fields of each list in the order of its columns."""

STATED_ON = {
    "village_survey": "registered_date",
    "health_incapacity": "ability_assessed_date",
    "health_family_planning": "family_planning_confirmed_date",
    "disability_federation": "certificate_issued_date",
}
"""The date that says how new a row is; always filled in a row without a defect."""


def header_of(source: str, name: str) -> str:
    """The canonical header of a field.

    >>> header_of("village_survey", "id_number"), header_of("health_incapacity", "id_number")
    ('身份证号码', '身份证号')
    """
    return "身份证号" if name == "id_number" and source != "village_survey" else FIELDS[name].label


@dataclass(slots=True, repr=False)
class DeliveredList:
    """Rows of a list by position; those beyond ``people`` were added at the end.

    ``columns`` holds texts (``large_string``, null for an empty cell) of the rows of ``people``, who are positions in the
    population. ``as_number`` are cells that a spreadsheet holds as numbers, with what is left of them.
    """

    source: str
    people: "NDArray[np.int64]"
    columns: dict[str, Any]
    cells: dict[tuple[int, str], str | None] = field(default_factory=dict)
    as_number: dict[tuple[int, str], float] = field(default_factory=dict)
    added: list[tuple[int, dict[str, str | None]]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.people) + len(self.added)

    def value(self, row: int, name: str) -> str:
        """A cell's text, empty where there is none."""
        if row >= len(self.people):
            return self.added[row - len(self.people)][1][name] or ""
        if (row, name) in self.cells:
            return self.cells[row, name] or ""
        return self.columns[name][row].as_py() or ""

    def write(self, row: int, name: str, text: str | None) -> None:
        """Writes another text into a cell; ``None`` empties it."""
        self.cells[row, name] = text

    def copy_row(self, row: int, changes: dict[str, str | None]) -> int:
        """Adds a row at the end, like another but for some cells, and says where it is."""
        copied = {name: self.value(row, name) or None for name in self.columns}
        self.added.append((int(self.people[row]), {**copied, **changes}))
        return len(self) - 1

    def whose(self) -> "NDArray[np.int64]":
        """Position in the population of each row's person."""
        return np.concatenate([self.people, np.array([person for person, _ in self.added], dtype=np.int64)])

    def table(self) -> Any:
        """All rows as a table of texts under the canonical headers."""
        written: dict[str, dict[int, str | None]] = {name: {} for name in self.columns}
        for (row, name), text in self.cells.items():
            written[name][row] = text
        return pa.table({header_of(self.source, name): self._column(name, written[name]) for name in self.columns})

    def _column(self, name: str, written: dict[int, str | None]) -> Any:
        base = self.columns[name]
        order = np.arange(len(base))
        order[np.fromiter(written, np.int64, len(written))] = len(base) + np.arange(len(written))
        texts = [*written.values(), *(cells[name] for _, cells in self.added)]
        order = np.concatenate([order, len(base) + len(written) + np.arange(len(self.added))])
        return pa.concat_arrays([base, pa.array(texts, pa.large_string())]).take(pa.array(order))

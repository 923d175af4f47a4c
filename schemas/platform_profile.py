"""The provincial platform's format as configuration: which columns, which codes, what must be filled in, how it is filed.

A profile is ``config/platform/<name>.toml``; later versions of it lie beside it as ``<name>@<version>.toml``. Turning changes into its rows is ``transforms.render``, writing them down is
``connectors.platform_workbook``; neither knows a platform, only a profile.
"""

import re
from collections import Counter
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from schemas.codes import CODE_LISTS
from schemas.configuration_faults import read_model
from schemas.errors import ConfigurationInvalid
from schemas.fields import ELDER_FIELDS, FIELDS
from schemas.platform_api import ApiFormat
from schemas.platform_exchange import ExchangeFormat
from schemas.platform_receipts import ReceiptsFormat
from schemas.platform_reconcile import ReconcileFormat

__all__ = [
    "OPERATIONS", "WITHDRAWAL_REASONS", "PlatformColumn", "PlatformProfile", "PlatformReason", "PlatformWorkbook", "load_profile",
    "profile_in_force",
]  # fmt: skip

Operation = Literal["new", "changed", "withdrawn"]

OPERATIONS: Mapping[str, str] = MappingProxyType({"new": "新增", "changed": "变更", "withdrawn": "退出"})
"""What a change can be, with the words officers know it by."""

WITHDRAWAL_REASONS: Mapping[str, str] = MappingProxyType(
    {"not-listed": "各来源名单均不再列出", "no-category": "不再属于特殊困难老年人六类对象"}
)
"""Why someone is withdrawn, in words that stand by themselves in a cell."""

COLUMN_FIELDS: tuple[str, ...] = ("operation", "reason", "changed_on", "category_change", *ELDER_FIELDS)
"""What a platform column can hold: a field of the elder, what happened, why and when, and whether categories changed."""

# Excel takes a drop-down written inside the sheet only up to this length, commas included.
LONGEST_DROP_DOWN = 255

_KIND_OF_TYPE = {"date": "date", "amount": "fen", "number": "number"}

# What a column says of the change itself. ``word`` is a code list whose labels are also taken as text.
_KIND_OF_CHANGE = {"operation": "code", "reason": "word", "category_change": "word", "changed_on": "date"}
_LABELS_OF_CHANGE: Mapping[str, Mapping[str, str]] = {
    "operation": OPERATIONS,
    "reason": WITHDRAWAL_REASONS,
    "category_change": CODE_LISTS["yes_no"],
}


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PlatformColumn(_Strict):
    """One column of the platform's table.

    ``codes`` gives the platform's code for each of our words, or says ``"labels"`` where the platform takes the Chinese
    label itself. A ``separator`` makes a column of codes take several. ``required`` is true, or the operations it is for;
    ``operations`` those it is filled in for at all, such as a day of leaving for ``withdrawn`` alone.
    ``name`` is what interfaces call the column where it is not the header. ``wins``: whose value stands when the two
    differ; ``both`` lets the side stand that changed last. ``empty`` says whether having no value clears theirs.
    """

    header: Annotated[str, Field(min_length=1, max_length=100)]
    name: Annotated[str, Field(max_length=100)] = ""
    wins: Literal["ours", "theirs", "both"] = "ours"
    empty: Literal["clears", "keeps"] = "clears"
    field: str
    type: Literal["text", "code", "date", "number", "amount"] = "text"
    required: tuple[Operation, ...] = ()
    operations: Annotated[tuple[Operation, ...], Field(min_length=1)] = ("new", "changed", "withdrawn")
    width: Annotated[float, Field(gt=0, le=255)] = 14
    max_length: Annotated[int, Field(gt=0, le=32_767)] = 200
    codes: dict[str, str] = {}
    separator: Annotated[str, Field(max_length=3)] = ""
    date_format: str = "YYYY-MM-DD"
    note: Annotated[str, Field(max_length=1000)] = ""

    @property
    def key(self) -> str:
        """What the column is called in a payload."""
        return self.name or self.header

    @property
    def is_of_the_change(self) -> bool:
        """Whether the column speaks of the change itself and not of the person; such columns are no difference."""
        return self.field in _KIND_OF_CHANGE

    @property
    def labels(self) -> Mapping[str, str]:
        """The words this column can hold, with their Chinese labels; empty where it is free."""
        return _labels(self.field)

    @property
    def drop_down(self) -> tuple[str, ...]:
        """The codes a cell is chosen from; none where a cell can hold several (a list in a sheet offers only one)."""
        return () if self.separator else tuple(dict.fromkeys(self.codes.values()))

    @field_validator("field")
    @classmethod
    def _known_field(cls, field: str) -> str:
        if field not in COLUMN_FIELDS:
            raise ValueError(
                f"{field} is neither a field of the elder nor one of operation, reason, changed_on, category_change"
            )
        return field

    @field_validator("required", mode="before")
    @classmethod
    def _always_or_never(cls, required: object) -> object:
        if isinstance(required, bool):
            return tuple(OPERATIONS) if required else ()
        return required

    @field_validator("date_format")
    @classmethod
    def _complete_date(cls, date_format: str) -> str:
        if sorted(re.findall("Y+|M+|D+", date_format)) != ["DD", "MM", "YYYY"]:
            raise ValueError("must contain YYYY, MM and DD once each")
        return date_format

    @model_validator(mode="before")
    @classmethod
    def _labels_as_codes(cls, given: Any) -> Any:
        if isinstance(given, dict) and given.get("codes") == "labels":
            return {**given, "codes": dict(_labels(str(given.get("field"))))}
        return given

    @model_validator(mode="after")
    def _type_suits_field(self) -> Self:
        kind = FIELDS[self.field].kind if self.field in FIELDS else _KIND_OF_CHANGE[self.field]
        if self.type in _KIND_OF_TYPE and kind != _KIND_OF_TYPE[self.type]:
            raise ValueError(f"type: {self.field} is not a column of type {self.type}")
        if self.type == "text" and kind in {"fen", "code", "categories"}:
            raise ValueError(f"type: {self.field} is not a column of type text")
        if self.type == "code":
            self._check_codes(several=kind == "categories")
        elif self.codes or self.separator:
            raise ValueError("codes: codes and separator belong to columns of type code")
        return self

    @model_validator(mode="after")
    def _required_where_it_is_filled_in(self) -> Self:
        if self.field in _KIND_OF_CHANGE and (self.wins, self.empty) != ("ours", "clears"):
            raise ValueError(f"wins: {self.field} is of the change itself, which nobody else can know")
        if needless := [operation for operation in self.required if operation not in self.operations]:
            raise ValueError(f"required: {needless[0]} is not among its operations")
        return self

    def _check_codes(self, *, several: bool) -> None:
        if not self.labels:
            raise ValueError(f"codes: {self.field} has no code list")
        if unknown := [word for word in self.codes if word not in self.labels]:
            raise ValueError(f"codes.{unknown[0]}: is not a word of {self.field}")
        if uncovered := [word for word in self.labels if not self.codes.get(word)]:
            raise ValueError(f"codes.{uncovered[0]}: has no platform code")
        if several != bool(self.separator):
            raise ValueError(f"separator: {self.field} holds {'several values' if several else 'one value'}")
        if several and any(self.separator in code for code in self.codes.values()):
            raise ValueError("separator: occurs inside a code")
        if any("," in code for code in self.drop_down) or len(",".join(self.drop_down)) > LONGEST_DROP_DOWN:
            raise ValueError("codes: too long for a drop-down, or a code contains a comma")


class PlatformWorkbook(_Strict):
    """How the import workbook is laid out and filed; names carry nothing of a person because they take no values at all."""

    sheet: Annotated[str, Field(min_length=1, max_length=31, pattern=r"^[^\[\]:*?/\\']+$")]
    row_limit: Annotated[int, Field(gt=0, le=1_000_000)]
    file_name: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,60}$")]
    notes: tuple[str, ...] = ()


class PlatformReason(_Strict):
    """What a code of the platform means for whoever has to act: our words, and the column it is about if it is about one."""

    words: Annotated[str, Field(min_length=1, max_length=300)]
    header: str = ""


class PlatformProfile(_Strict):
    """The format of one platform, as far as it is known.

    ``environment``: whether what it leads to is real. A ``production`` profile takes effect on people, so a test installation does
    not take it; to where a ``test`` one leads no real people are told (``schemas.operations.Operations``). ``sends``: every column
    of a person, or of someone the platform knows only those that changed. ``reasons`` explains the platform's codes of refusal.
    """

    name: Annotated[str, Field(pattern=r"^[a-z0-9_]{1,40}$")]
    label: Annotated[str, Field(min_length=1)]
    version: Annotated[str, Field(min_length=1)]
    effective_from: date
    is_example: bool
    environment: Literal["test", "production"] = "test"
    notice: str = ""
    workbook: PlatformWorkbook
    sends: Literal["whole", "changed"] = "whole"
    api: ApiFormat | None = None
    exchange: ExchangeFormat | None = None
    receipts: ReceiptsFormat | None = None
    reconcile: ReconcileFormat = ReconcileFormat()
    reasons: dict[str, PlatformReason] = {}
    columns: Annotated[tuple[PlatformColumn, ...], Field(min_length=1, max_length=500)]

    @property
    def headers(self) -> tuple[str, ...]:
        """The platform's headers, in order."""
        return tuple(column.header for column in self.columns)

    @property
    def note_rows(self) -> tuple[str, ...]:
        """What stands above the header: an example says so first."""
        return (self.notice, *self.workbook.notes) if self.is_example else self.workbook.notes

    @model_validator(mode="after")
    def _honest_and_unambiguous(self) -> Self:
        if self.is_example and not self.notice:
            raise ValueError("notice: an example has to say that it is one")
        if self.is_example and self.environment == "production":
            raise ValueError("environment: an example is no production profile")
        twice = [header for header, count in Counter(self.headers).items() if count > 1]
        if twice:
            raise ValueError(f"columns: header {twice[0]} is declared twice")
        twice = [key for key, count in Counter(column.key for column in self.columns).items() if count > 1]
        if twice:
            raise ValueError(f"columns: name {twice[0]} is declared twice")
        if foreign := [code for code, reason in self.reasons.items() if reason.header not in {"", *self.headers}]:
            raise ValueError(f"reasons.{foreign[0]}.header: there is no such column")
        if self.exchange is not None:
            self.exchange.people_columns({column.header: column.key for column in self.columns})
        if unknown := sorted(set(self.reconcile.headers) - set(self.headers)):
            raise ValueError(f"reconcile: there is no column {unknown[0]}")
        return self


def load_profile(path: Path) -> PlatformProfile:
    """Reads and checks a platform profile.

    Raises:
        ConfigurationInvalid: naming the file and the key that is missing, unknown or contradictory.
    """
    return read_model(path, PlatformProfile)


def profile_in_force(folder: Path, name: str, on: date) -> PlatformProfile:
    """Of a platform's versions the newest that is in force on a day; all of them are checked.

    Args:
        folder: the configuration folder.
        name: of the profile.
        on: the day.

    Raises:
        ConfigurationInvalid: naming file and key: none is in force yet, two are from the same day, or a file is not valid.
    """
    first = folder / "platform" / f"{name}.toml"
    versions: dict[date, Path] = {}
    in_force: PlatformProfile | None = None
    for path in [first, *sorted(first.parent.glob(f"{name}@*.toml"))]:
        profile = load_profile(path)
        since = profile.effective_from
        if profile.name != name:
            raise ConfigurationInvalid(f"{path}: name: is {profile.name}, and the file is one of {name}")
        if since in versions:
            raise ConfigurationInvalid(f"{path}: effective_from: {since} is that of {versions[since].name} too")
        versions[since] = path
        if since <= on and (in_force is None or since > in_force.effective_from):
            in_force = profile
    if in_force is None:
        begins = min(versions)
        raise ConfigurationInvalid(
            f"{versions[begins]}: effective_from: {begins} is after {on}, so no format is in force"
        )
    return in_force


def _labels(field: str) -> Mapping[str, str]:
    if field in _LABELS_OF_CHANGE:
        return _LABELS_OF_CHANGE[field]
    codes = FIELDS[field].codes if field in FIELDS else None
    return CODE_LISTS[codes] if codes else {}

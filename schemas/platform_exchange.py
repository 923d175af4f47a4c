"""The platform's exchange table (前置库) as configuration: where it is, what its columns are called, which words it uses.

One row is one change of one person. Columns of the change itself are under ``[exchange.control]``; those of the person are the
profile's columns. How rows are written and read back is in ``connectors.exchange_tables``.
"""

from collections.abc import Iterable, Mapping
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from schemas.database_address import DatabaseAddress

__all__ = ["ExchangeControl", "ExchangeFormat", "ExchangeOperations", "ExchangeStatuses"]

_LETTERS = r"A-Za-z_\u4e00-\u9fff"
_NAME = rf"[{_LETTERS}][{_LETTERS}0-9$]*"

# PostgreSQL cuts names silently after so many bytes of UTF-8.
_LONGEST_NAME = 63


def _short_enough(name: str) -> str:
    if any(len(part.encode()) > _LONGEST_NAME for part in name.split(".")):
        raise ValueError(f"a name in a database has at most {_LONGEST_NAME} bytes (21 Chinese characters)")
    return name


Identifier = Annotated[str, Field(pattern=rf"^{_NAME}$"), AfterValidator(_short_enough)]
"""A name in a database: Latin or Chinese letters, digits, ``_`` and ``$``; upper and lower case are told apart."""

Unless = Annotated[str, Field(pattern=rf"^({_NAME})?$"), AfterValidator(_short_enough)]
"""An identifier, or nothing where the table has no such column."""

Word = Annotated[str, Field(pattern=r"^[^\s\x00](.*[^\s\x00])?$", max_length=20)]


def _twice(words: Iterable[str]) -> str | None:
    """A word that is there twice; MySQL does not tell upper from lower case, neither in names nor in texts."""
    seen: set[str] = set()
    for word in words:
        if word.casefold() in seen:
            return word
        seen.add(word.casefold())
    return None


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ExchangeControl(_Strict):
    """What the columns of the change itself are called.

    Ours to write: ``key`` (unique; the same change has the same key however often it is told), ``operation``, ``batch``,
    ``person``, ``revision``, ``created_at``, and ``status`` at first. Theirs: ``status`` from then on, ``error``, and where
    the table has them ``error_code`` and ``receipt``.
    """

    key: Identifier = "PUSH_KEY"
    operation: Identifier = "OP_FLAG"
    batch: Identifier = "BATCH_NO"
    person: Identifier = "PERSON_ID"
    revision: Identifier = "REVISION"
    created_at: Identifier = "CREATED_AT"
    status: Identifier = "STATUS"
    error: Identifier = "ERROR_TEXT"
    error_code: Unless = ""
    receipt: Unless = "RECEIPT"

    @property
    def names(self) -> dict[str, str]:
        """The columns the table has, by what they are for."""
        return {purpose: name for purpose, name in self.model_dump().items() if name}


class ExchangeOperations(_Strict):
    """The word for what happened to a person."""

    new: Word = "I"
    changed: Word = "U"
    withdrawn: Word = "D"

    @model_validator(mode="after")
    def _differ(self) -> Self:
        if word := _twice([self.new, self.changed, self.withdrawn]):
            raise ValueError(f"the word {word} stands for two operations")
        return self


class ExchangeStatuses(_Strict):
    """The words of the status column: ours for a new row, and those by which the platform says what became of it."""

    waiting: Word = "0"
    working: tuple[Word, ...] = ()
    taken: Annotated[tuple[Word, ...], Field(min_length=1)] = ("1",)
    failed: Annotated[tuple[Word, ...], Field(min_length=1)] = ("2",)

    @model_validator(mode="after")
    def _differ(self) -> Self:
        if word := _twice([self.waiting, *self.working, *self.taken, *self.failed]):
            raise ValueError(f"the word {word} stands for two statuses")
        return self


class ExchangeFormat(DatabaseAddress):
    """An exchange table, and how we come to it.

    ``table`` is ``schema.table`` (MySQL: ``database.table``). ``columns`` names the database column of a header where it is
    not the one a payload uses. A batch is at most ``batch_rows`` rows and one transaction; no call lasts longer than
    ``deadline_seconds``; the platform's answers are looked for every ``poll_seconds``.
    """

    table: Annotated[str, Field(pattern=rf"^{_NAME}\.{_NAME}$"), AfterValidator(_short_enough)]
    control: ExchangeControl = ExchangeControl()
    operations: ExchangeOperations = ExchangeOperations()
    statuses: ExchangeStatuses = ExchangeStatuses()
    columns: dict[str, Identifier] = Field(default_factory=dict)
    batch_rows: Annotated[int, Field(ge=1, le=10_000)] = 1000
    deadline_seconds: Annotated[int, Field(ge=1, le=3600)] = 60
    poll_seconds: Annotated[int, Field(ge=1, le=86_400)] = 300

    def people_columns(self, keys: Mapping[str, str]) -> dict[str, str]:
        """The database column of each key of a payload, given the key of each header of the profile.

        >>> exchange = ExchangeFormat(url="mysql://us@h/db", table="db.t", columns={"家庭每月收入(元)": "JTYSR"})
        >>> exchange.people_columns({"姓名": "XM", "家庭每月收入(元)": "家庭每月收入(元)"})
        {'XM': 'XM', '家庭每月收入(元)': 'JTYSR'}

        Raises:
            ValueError: a header is not the profile's, a key cannot be a column's name, or a column is meant twice.
        """
        if foreign := [header for header in self.columns if header not in keys]:
            raise ValueError(f"exchange.columns: {foreign[0]} is no header of the profile")
        found = {key: self.columns.get(header, key) for header, key in keys.items()}
        for header, key in keys.items():
            if not _is_identifier(found[key]):
                raise ValueError(f"exchange.columns: {header} cannot be the name of a column; give it one here")
        if name := _twice([*self.control.names.values(), *found.values()]):
            raise ValueError(f"exchange: two columns are called {name}")
        return found

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        if name := _twice([*self.control.names.values(), *self.columns.values()]):
            raise ValueError(f"two columns are called {name}")
        return self


class _Named(_Strict):
    name: Identifier


def _is_identifier(name: str) -> bool:
    try:
        _Named(name=name)
    except ValueError:
        return False
    return True

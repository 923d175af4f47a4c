"""A file that nobody agreed on, looked at and understood as far as it can be: what ``source inspect`` and ``add`` begin with.

The file is read twice by the limited child process: once as it is, to find its columns, and once as a night would read it
under the columns found, which tells its titles, footers and records. Nothing is kept.
"""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from connectors.reading import DeliveryContents, DeliveryLayout, TableLayout, read_delivery
from connectors.reading.grid import column_letter
from connectors.reading.layouts.filling import own_name
from connectors.reading.layouts.header import normal_header
from connectors.reading.looks.inspection import InspectedSheet, Inspection
from connectors.reading.parent import inspect_delivery
from flows.context import Home
from flows.drafting.source_headers import SourceMatch, header_words, known_headers, reduced, source_matches
from flows.intake.deliveries import limits_of
from flows.settings.secret_store import read_secret
from schemas.column_guess import ColumnGuess
from schemas.configuration import Configuration, Source, load_configuration
from schemas.errors import ConfigurationInvalid
from schemas.fields import FIELDS, STATED_FIELDS
from transforms.column_content import place_levels
from transforms.columns import texts
from transforms.crosswalk import CodeWord, code_words, known_otherwise
from transforms.header_guess import SampleColumn, guess_columns

__all__ = ["Look", "existing_file", "look_at", "one_line", "reading_room", "today_of"]

_ROOM = "inspecting-"


@dataclass(frozen=True, slots=True, repr=False)
class Look:
    """What is known of a file. Without a list in it, ``sheet`` and ``reading`` are missing and the rest is empty.

    ``source`` is the one the list is likely of, ``sheets`` the names of the sheets with the same header, ``codes`` the words
    of each column that is taken for a code, ``reading`` the file as a night would read it under the guesses.
    """

    configuration: Configuration
    today: date
    digest: str
    inspection: Inspection
    sheet: InspectedSheet | None
    sheets: tuple[str, ...]
    source: Source | None
    matches: Sequence[SourceMatch]
    columns: Sequence[SampleColumn]
    guesses: Sequence[ColumnGuess]
    codes: Mapping[str, Sequence[CodeWord]]
    reading: DeliveryContents | None


def look_at(
    home: Path, config: Path, file: Path, *, source: str | None = None, is_new: bool = False,
    given: Mapping[str, str] | None = None, header_row: int | None = None, password_secret: str | None = None,
) -> Look:  # fmt: skip
    """Looks at a file.

    Args:
        home: of the installation; the file is read in a private folder there.
        config: the configuration folder.
        file: to look at; it is only read.
        source: the configured source it is one of, if that is known.
        is_new: whether it is of a source to be; then no configured source's headers are its own.
        given: for letters of columns the field a person decided on.
        header_row: where its header is, if a person says so.
        password_secret: name of the secret that opens it.

    Raises:
        ConfigurationInvalid: there is no such file, source or field.
    """
    configuration = load_configuration(config)
    path = existing_file(file)
    if source is not None and source not in configuration.sources:
        raise ConfigurationInvalid(f"there is no source {source}; `eldersync source list` lists them")
    for field in (given or {}).values():
        if field not in STATED_FIELDS:
            raise ConfigurationInvalid(f"{field} is not a field a source may state; see docs/data-dictionary.md")
    agreed = configuration.sources[source].password_secret if source else None
    secret = password_secret or agreed
    password = read_secret(home.expanduser().resolve(), secret) if secret else ""
    limits = limits_of(configuration.rules)
    with reading_room(home) as room:
        known = known_headers(configuration, password)
        inspection = inspect_delivery(path, known, header_row=header_row, limits=limits, workspace=room)
        look = _understood(configuration, _digest(path), inspection, source, given or {}, is_new=is_new)
        layout = _layout(look, password)
        reading = read_delivery(path, layout, limits=limits, workspace=room) if layout else None
    return replace(look, reading=reading)


def existing_file(file: Path) -> Path:
    """The file, absolute.

    Raises:
        ConfigurationInvalid: it is no file, or ours to read; it is not named, since names of files may say who is in them.
    """
    path = file.expanduser().absolute()
    if not path.is_file():
        raise ConfigurationInvalid("FILE is not a file")
    if not os.access(path, os.R_OK):
        raise ConfigurationInvalid("FILE cannot be read: permission denied")
    return path


@contextmanager
def reading_room(home: Path) -> Iterator[Path]:
    """A private folder to read in, gone afterwards; what killed commands left there is removed first."""
    rooms = Home(home.expanduser().resolve())
    rooms.prepare([])
    for left in rooms.reading.glob(f"{_ROOM}*"):
        if not _is_running(left.name.removeprefix(_ROOM).partition("-")[0]):
            shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=f"{_ROOM}{os.getpid()}-", dir=rooms.reading) as room:
        yield Path(room)


def _is_running(pid: str) -> bool:
    return pid.isdecimal() and Path("/proc", pid).exists()


def today_of(configuration: Configuration) -> date:
    """The day it is in the bureau's time zone."""
    return datetime.now(ZoneInfo(configuration.bureau.timezone)).date()


def one_line(header: str) -> str:
    """A header as one printable line, whole."""
    return "".join(character for character in header if character.isprintable()).strip()


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _understood(
    configuration: Configuration, digest: str, inspection: Inspection, source: str | None, given: Mapping[str, str], *,
    is_new: bool,
) -> Look:  # fmt: skip
    today, sheet = today_of(configuration), _list_of(inspection, configuration)
    if sheet is None:
        return Look(configuration, today, digest, inspection, None, (), None, (), (), (), {}, None)
    columns = _columns_of(sheet)
    for letter in given:
        if letter not in {column.letter for column in columns}:
            raise ConfigurationInvalid(f"the list has no column {letter}")
    matches = source_matches([column.normal for column in columns], configuration)
    name = source or (None if is_new else next((match.name for match in matches if match.is_complete), None))
    likely = configuration.sources[name] if name else None
    words = header_words(configuration, name)
    guesses = guess_columns(columns, words, place_levels(configuration.divisions), today=today, given=given)
    codes = _codes_of(columns, guesses, likely.codes if likely else {}, today)
    same = [one for one in inspection.sheets if _normal(one) == _normal(sheet) and not one.is_text]
    headed = tuple(dict.fromkeys(own_name(one.name) for one in same))
    return Look(configuration, today, digest, inspection, sheet, headed, likely, matches, columns, guesses, codes, None)


def _columns_of(sheet: InspectedSheet) -> list[SampleColumn]:
    return [
        SampleColumn(column_letter(place), one_line(header), reduced(header), texts(sheet.cells[str(place)]))
        for place, header in enumerate(sheet.header)
    ]


def _codes_of(
    columns: Sequence[SampleColumn], guesses: Sequence[ColumnGuess], own: Mapping[str, Mapping[str, str]], today: date
) -> dict[str, list[CodeWord]]:
    """The words of each column that is taken for a code, and what other columns prove of them."""
    cells = {guess.field: column.cells for guess, column in zip(guesses, columns, strict=True) if guess.field}
    return {
        field: code_words(column, field, own.get(FIELDS[field].codes or ""), known_otherwise(field, cells, today=today))
        for field, column in cells.items()
        if FIELDS[field].kind in {"code", "categories"}
    }


def _normal(sheet: InspectedSheet) -> list[str]:
    return [normal_header(header) for header in sheet.header]


def _list_of(inspection: Inspection, configuration: Configuration) -> InspectedSheet | None:
    """The sheet with the list: the one whose header says most, the longest of equals."""
    lists = [sheet for sheet in inspection.sheets if sheet.likeness == "list"]
    lists = [sheet for sheet in lists if not sheet.is_hidden] or lists
    known = {word for word, _ in header_words(configuration, None).spellings()}
    return max(lists, key=lambda sheet: (len(known.intersection(_normal(sheet))), sheet.rows), default=None)


def _layout(look: Look, password: str) -> DeliveryLayout | None:
    """The columns found, as a night reads them; ``None`` where nothing was found."""
    columns: dict[str, tuple[str, ...]] = {guess.field: (guess.header,) for guess in look.guesses if guess.field}
    if look.sheet is None or not columns:
        return None
    other = tuple(guess.header for guess in look.guesses if not guess.field and guess.header)
    table = TableLayout(columns, (), look.sheets, ignored=other)
    return DeliveryLayout({"main": table}, hidden_sheets="take", password=password)

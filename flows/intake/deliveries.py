"""Reading kept deliveries: begun early in child processes, collected when a stage needs them, one table a kind."""

import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from connectors.keeping import is_kept
from connectors.reading import (
    DeliveryContents,
    DeliveryLayout,
    FileFinding,
    PendingRead,
    ReadingLimits,
    TableContents,
    TableLayout,
    start_reading,
)
from flows.context import Home, Night
from flows.settings.secret_store import read_secret
from schemas.configuration import Rules, Source, TableColumns
from schemas.errors import ContractBroken, SecretMissing, SourceUnavailable
from schemas.findings import Finding
from schemas.returns import ROW_KEY

__all__ = ["Kept", "begin_reading", "combined", "layout_of", "limits_of", "password_of", "read", "without_empty_list"]

# Some have been read and wait to be taken; hundreds of villages must not be read all at once.
_AT_ONCE = 2 * len(os.sched_getaffinity(0))


@dataclass(frozen=True, slots=True, order=True)
class Kept:
    """One kept file to be read."""

    delivery_id: int
    sha256: str


def layout_of(source: Source, *, password: str = "") -> DeliveryLayout:
    """The tables and headers to look for in a source's files, and how they are meant."""

    def table(columns: TableColumns, *, optional: bool) -> TableLayout:
        return TableLayout(
            columns=columns.columns,
            required=columns.required,
            sheet_names=columns.sheets,
            optional_table=optional,
            ignored=columns.ignored,
            same_as_above=columns.same_as_above,
            sheet_name_field=columns.sheet_name_field,
        )

    tables = {"main": table(source.main, optional=False)}
    if source.members is not None:
        tables["members"] = table(source.members, optional=True)
    return DeliveryLayout(
        tables,
        hidden_rows=source.hidden_rows,
        hidden_sheets=source.hidden_sheets,
        other_sheets=source.other_sheets,
        encoding=source.encoding,
        password=password,
    )


def begin_reading(night: Night, source: Source, kept: Iterable[Kept]) -> None:
    """Reads files ahead of the stage that takes them, a few at once; the others wait for their turn."""
    night.unread.update({file.delivery_id: partial(_start, night, source, file) for file in kept})
    _begin_more(night)


def read(night: Night, source: Source, file: Kept) -> DeliveryContents:
    """A kept file's contents; waits where its reading was begun before. A full list without a line is refused as empty.

    Raises:
        ContractBroken: the kept original is gone, or no longer what was received.
    """
    begin = night.unread.pop(file.delivery_id, partial(_start, night, source, file))
    pending = night.readings.pop(file.delivery_id, None) or begin()
    contents: DeliveryContents = pending.result()
    _begin_more(night)
    if contents.refused and not is_kept(_kept_path(night, file), file.sha256):
        raise ContractBroken(f"{source.name}: the kept original of delivery {file.delivery_id} is gone or altered")
    return without_empty_list(source, contents)


def without_empty_list(source: Source, contents: DeliveryContents) -> DeliveryContents:
    """The contents, refused as empty where a full list has no line."""
    if source.delivers == "full" and not contents.refused and _has_no_line(contents.tables["main"]):
        # A header and nothing below it would say that everybody has gone; that is said in writing, not by an empty file.
        return DeliveryContents.refusal(*contents.findings, FileFinding(Finding.FILE_EMPTY))
    return contents


def _has_no_line(main: TableContents) -> bool:
    """Whether a list has none; one of ours that came back may have, and says nothing by it."""
    return ROW_KEY not in main.table.column_names and bool(main.table.num_rows + main.broken == 0)


def _begin_more(night: Night) -> None:
    # A reading that cannot be begun now is begun by the stage that needs it, whose failure it then is.
    with suppress(SourceUnavailable, SecretMissing):
        while night.unread and len(night.readings) < _AT_ONCE:
            delivery_id = next(iter(night.unread))
            night.readings[delivery_id] = night.unread.pop(delivery_id)()


def _start(night: Night, source: Source, file: Kept) -> PendingRead:
    return start_reading(
        _kept_path(night, file),
        layout_of(source, password=password_of(night.home, source)),
        limits=limits_of(night.configuration.rules),
        workspace=night.home.reading,
    )


def password_of(home: Home, source: Source) -> str:
    """The password agreed with a source; without it its files alone are not read, and the other sources go on."""
    return read_secret(home.path, source.password_secret) if source.password_secret else ""


def _kept_path(night: Night, file: Kept) -> Path:
    return night.home.received / file.sha256[:2] / file.sha256


def limits_of(rules: Rules) -> ReadingLimits:
    """What reading one file may cost, by the rules in force."""
    return ReadingLimits(
        file_bytes=rules.reading.file_megabytes * 1_000_000,
        memory_bytes=rules.reading.memory_megabytes << 20,
        cpu_seconds=rules.reading.cpu_seconds,
        wall_seconds=rules.reading.wall_seconds,
    )


def combined(tables: Iterable[tuple[int, pa.Table]]) -> pa.Table:
    """Tables of several deliveries as one, with ``delivery_id``; a flag that a file lacks is false for its rows."""
    parts = []
    for delivery_id, table in tables:
        plain = table.set_column(table.schema.get_field_index("sheet"), "sheet", table["sheet"].cast(pa.large_string()))
        parts.append(plain.append_column("delivery_id", pa.repeat(pa.scalar(delivery_id, pa.int64()), len(plain))))
    together = pa.concat_tables(parts, promote_options="default").combine_chunks()
    for name in together.column_names:
        if name.endswith("__number") or name == "date1904":
            place = together.schema.get_field_index(name)
            together = together.set_column(place, name, pc.fill_null(together[name], False))  # noqa: FBT003
    return together

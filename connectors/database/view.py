"""One pull of a view in another body's database: one state of it, read in chunks, kept as one CSV delivery or not at all.

Which databases and how: ``servers``. Whether the account may write: ``privileges``. Values as text: ``text``. Where an
incremental pull goes on: ``cursor``. What errors mean: ``errors``.
"""

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from connectors.database.cursor import Cursor, CursorUnusable, Window
from connectors.database.deadline import Deadline
from connectors.database.drivers import abandon_result
from connectors.database.errors import source_error
from connectors.database.privileges import WRITE_PRIVILEGES
from connectors.database.servers import Server, open_engine
from connectors.database.text import DOUBLE, SINGLE, DigitsLost, KindRefused, csv_lines, text_column
from connectors.keeping import Arriving, Fetched, arriving
from connectors.reading.layouts.rowhash import row_hashes
from schemas.channels import DatabaseChannel
from schemas.errors import SourceNotBelieved, SourceRefusesUs, SourceUnavailable

__all__ = ["fetch_view"]


def fetch_view(
    channel: DatabaseChannel, received: Path, *, url: str, name: str, position: Mapping[str, object], now: datetime
) -> Fetched:
    """Pulls a view once. Of a pull that breaks off nothing is kept, and the position given stays the right one.

    A view without rows is a delivery with a header alone; an incremental pull that meets nothing new is none.

    Args:
        channel: which view, and how.
        received: ``<home>/received``.
        url: where the database is, for SQLAlchemy, with the password in it.
        name: of the source; the delivery is called ``<name>.csv``.
        position: what the last pull of this source left in ``Fetched.position``; empty before the first.
        now: when the pull begins.

    Raises:
        SourceUnavailable: the database does not answer, or gave up; it may pass.
        SourceRefusesUs: it does not let us in, the view is not as configured, or the account could write.
        SourceNotBelieved: the view is larger than the source may be.
    """
    with Deadline(channel.deadline_seconds, name) as deadline:
        server, engine = open_engine(url, name, deadline)
        try:
            _refuse_write_account(engine, channel, name)
            with _reading(engine, server, deadline) as connection:
                return _Pull(channel, name, server, connection, deadline, now).kept(received, position)
        except (SQLAlchemyError, UnicodeError, OSError) as error:
            failure = source_error(error, name)
        finally:
            engine.dispose()
        deadline.check()
    raise failure


def _refuse_write_account(engine: sa.Engine, channel: DatabaseChannel, name: str) -> None:
    if channel.allow_write_account:
        return
    ask = WRITE_PRIVILEGES.get(engine.dialect.name)
    if ask is None:
        raise SourceRefusesUs(
            f"{name}: whether our account could write cannot be asked of this database; "
            "make sure that it cannot, then set allow_write_account = true"
        )
    with engine.connect() as connection:
        held = ask(connection, channel.view.partition(".")[0])
    if held:
        privileges = ", ".join(sorted(held))
        raise SourceRefusesUs(f"{name}: our account could write there ({privileges}); ask for one that can only read")


@contextmanager
def _reading(engine: sa.Engine, server: Server, deadline: Deadline) -> Iterator[sa.Connection]:
    """A connection in a transaction that only reads, and reads one state; thrown away where anything goes wrong."""
    with engine.connect() as connection:
        try:
            for statement in server.session:
                connection.exec_driver_sql(statement.format(seconds=deadline.seconds))
            connection.commit()
            for statement in server.snapshot:
                connection.exec_driver_sql(statement)
            yield connection
        except BaseException:
            connection.invalidate()
            raise


@contextmanager
def _room(name: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = error.strerror
    else:
        return
    raise SourceUnavailable(f"{name}: what the database sent cannot be kept here: {reason}")


@dataclass(slots=True)
class _Pull:
    channel: DatabaseChannel
    name: str
    server: Server
    connection: sa.Connection
    deadline: Deadline
    now: datetime

    def kept(self, received: Path, position: Mapping[str, object]) -> Fetched:
        """The view as a delivery, and where the next pull goes on."""
        with ExitStack() as stack:
            with _room(self.name):
                arrival = stack.enter_context(arriving(received))
            rows, cursor = self._into(arrival, position)
            ended: dict[str, object] = {"pulled_at": self.now.isoformat(), "rows": rows}
            if cursor is not None:
                ended |= cursor.position()
                if not rows:
                    return Fetched([], position=ended)
            with _room(self.name):
                name = f"{self.name}.csv"  # the same every night, so that a pull replaces the last one and nothing beside it
                return Fetched([arrival.keep(name=name, modified_at=self.now)], position=ended)

    def _into(self, arrival: Arriving, position: Mapping[str, object]) -> tuple[int, Cursor | None]:
        available = self._columns()
        written = self.channel.columns or tuple(available)
        window = self._window(written, position)
        stamp = self.channel.cursor_column
        selected = written if stamp is None or stamp in written else (*written, stamp)
        exact_below = [SINGLE if available[column] in self.server.single_precision else DOUBLE for column in selected]
        self._write(arrival, [pa.array([column], pa.large_string()) for column in written])
        rows = 0
        with closing(self._chunks(self._query(selected, window))) as chunks:
            for chunk in chunks:
                values = list(zip(*chunk, strict=True))
                texts = [self._text(*column) for column in zip(selected, values, exact_below, strict=True)]
                if window is not None and stamp is not None:
                    stamps = values[selected.index(stamp)]
                    texts = self._only_new(window, stamps, dict(zip(selected, texts, strict=True)))
                rows += len(texts[0])
                self._write(arrival, texts[: len(written)])
                self._check_size(rows, arrival)
        self.connection.rollback()
        return rows, window.end() if window else None

    def _columns(self) -> dict[str, object]:
        """The view's columns and the driver's codes for their types, after making sure of those the configuration names."""
        nothing: sa.Select[Any] = sa.select(sa.literal_column("*")).select_from(self._view()).where(sa.false())
        result = self.connection.execute(nothing)
        names = list(result.keys())
        codes = [column[1] for column in result.cursor.description] if result.cursor else [None] * len(names)
        result.close()
        channel = self.channel
        for column in (*channel.columns, *channel.key_columns, *filter(None, [channel.cursor_column])):
            if column not in names:
                raise SourceRefusesUs(f"{self.name}: the view has no column {column}")
        return dict(zip(names, codes, strict=True))

    def _view(self) -> sa.TableClause:
        schema, _, view = self.channel.view.partition(".")
        return sa.table(view, schema=schema)

    def _window(self, written: Sequence[str], position: Mapping[str, object]) -> Window | None:
        if self.channel.cursor_column is None:
            return None
        place = str(self.connection.engine.url.set(username=None, password=None))
        begun = Cursor.begun(place, self.channel.view, self.channel.cursor_column, *written)
        return Window(begun.following(position), timedelta(minutes=self.channel.lag_minutes), self.now)

    def _query(self, selected: Sequence[str], window: Window | None) -> sa.Select[Any]:
        query = sa.select(*map(sa.column, selected)).select_from(self._view())
        order: list[sa.ColumnClause[Any]] = [sa.column(column) for column in self.channel.key_columns]
        if window is not None and self.channel.cursor_column is not None:
            stamp: sa.ColumnClause[Any] = sa.column(self.channel.cursor_column)
            order = [stamp, *order]
            if (floor := window.cursor.floor(window.lag)) is not None:
                # A row without a stamp cannot be placed in time; it is met every night and left out by its fingerprint.
                query = query.where(sa.or_(stamp >= floor, stamp.is_(None)))
        return query.order_by(*order)

    def _chunks(self, query: sa.Select[Any]) -> Generator[Sequence[sa.Row[Any]], None, None]:
        size = self.channel.chunk_rows
        result = self.connection.execution_options(stream_results=True, max_row_buffer=size).execute(query)
        cursor = result.cursor
        try:
            for chunk in result.partitions(size):
                self.deadline.check()
                yield chunk
        except BaseException:
            abandon_result(cursor)
            raise

    def _text(self, column: str, values: Sequence[Any], exact_below: float) -> pa.Array:
        try:
            return text_column(values, exact_below=exact_below)
        except KindRefused as refused:
            why = f"holds values no list can hold ({refused}); the view must give them as text or leave them out"
        except DigitsLost:
            why = (
                "is of a floating type, which has lost digits of long numbers; the view must give text or an exact type"
            )
        raise SourceRefusesUs(f"{self.name}: column {column} {why}")

    def _only_new(self, window: Window, stamps: Sequence[Any], texts: Mapping[str, pa.Array]) -> list[pa.Array]:
        hashes = np.asarray(row_hashes(texts, {}, len(stamps)))
        try:
            is_new = pa.array(window.new_rows(stamps, hashes))
        except CursorUnusable as unusable:
            why = f"cursor_column {self.channel.cursor_column} {unusable}"
        else:
            return [column.filter(is_new) for column in texts.values()]
        raise SourceRefusesUs(f"{self.name}: {why}")

    def _write(self, arrival: Arriving, columns: Sequence[pa.Array]) -> None:
        with _room(self.name):
            arrival.write(csv_lines(columns))

    def _check_size(self, rows: int, arrival: Arriving) -> None:
        channel = self.channel
        if rows > channel.most_rows or arrival.size > channel.most_megabytes * 1_000_000:
            raise SourceNotBelieved(
                f"{self.name}: the view has more than {channel.most_rows} rows or {channel.most_megabytes} MB; nothing is kept"
            )

"""Whole tables in and out of PostgreSQL: ``COPY`` of CSV that Arrow writes and reads, without a Python loop over rows.

COPY is part of the connection's transaction. A null and an empty string stay different: in PostgreSQL's CSV, and in
Arrow's, a null is nothing between two commas and an empty string is ``""``. What the tables mean is ``registry.tables``'s.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import psycopg
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa
from psycopg import sql
from pyarrow import csv
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import AddConstraint, CreateIndex, DropConstraint, DropIndex

from schemas.errors import ContractBroken

__all__ = ["copy_in", "copy_out", "fill", "load_temp"]

_ROWS_AT_A_TIME = 16_384
_WORTH_REBUILDING = 10_000
_HEX_PAIRS = np.frombuffer(b"".join(b"%02x" % byte for byte in range(256)), dtype="<u2")
_HEX_VALUES = np.zeros(256, dtype=np.uint8)
_HEX_VALUES[np.frombuffer(b"0123456789abcdef", dtype=np.uint8)] = np.arange(16, dtype=np.uint8)


def copy_in(connection: sa.Connection, table: sa.Table | sa.TableClause | str, rows: pa.Table | pd.DataFrame) -> int:
    r"""Appends rows to a table by their column names; returns how many.

    Text, whole numbers, doubles, decimals, booleans, dates, timestamps, dictionaries of these, ``binary`` (``bytea``) and
    lists of text or whole numbers (arrays) arrive as they are; text for ``jsonb`` columns is passed on as it is written.

    Raises:
        ContractBroken: a column's type has no counterpart, or PostgreSQL counted other rows than were sent.
        psycopg.Error: PostgreSQL refuses a row; ``registry.engine.transaction`` says it without quoting the row.
    """
    if isinstance(rows, pd.DataFrame):
        rows = pa.Table.from_pandas(rows, preserve_index=False)
    if not rows.num_rows:
        return 0
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv)").format(
        _identifier(table), sql.SQL(", ").join(map(sql.Identifier, rows.column_names))
    )
    plain = pa.table([_as_csv_column(name, rows[name]) for name in rows.column_names], names=rows.column_names)
    options = csv.WriteOptions(include_header=False, batch_size=_ROWS_AT_A_TIME)
    with _driver(connection).cursor() as cursor:
        with cursor.copy(statement) as copy:
            for batch in plain.to_batches(max_chunksize=_ROWS_AT_A_TIME):
                text = pa.BufferOutputStream()
                csv.write_csv(batch, text, options)
                copy.write(memoryview(text.getvalue()))
        copied = cursor.rowcount
    if copied != rows.num_rows:
        raise ContractBroken(f"{rows.num_rows} rows were sent to a table, {copied} arrived")
    return copied


def fill(connection: sa.Connection, table: sa.Table, rows: pa.Table | pd.DataFrame) -> int:
    """Like :func:`copy_in`, for a load that more than doubles a table: its indexes are built once, after the rows are in.

    An empty table is truncated first, which spares PostgreSQL the log of what it writes (``wal_level = minimal``). All of
    it is part of the transaction; readers of the table wait until its end. 150,000 wide rows take two thirds of the time.
    """
    before = sa.select(sa.literal(1)).select_from(table).limit(max(len(rows), 1)).subquery()
    existing = int(connection.execute(sa.select(sa.func.count()).select_from(before)).scalar_one())
    if len(rows) < _WORTH_REBUILDING or existing >= len(rows):
        return copy_in(connection, table, rows)
    if not existing:
        connection.execute(sa.text(f"TRUNCATE {table.name}"))
    indexes = sorted(table.indexes, key=lambda index: str(index.name))
    connection.execute(DropConstraint(table.primary_key, isolate_from_table=False))
    for index in indexes:
        connection.execute(DropIndex(index))
    copied = copy_in(connection, table, rows)
    connection.execute(AddConstraint(table.primary_key, isolate_from_table=False))
    for index in indexes:
        connection.execute(CreateIndex(index))
    return copied


def copy_out(connection: sa.Connection, select: sa.Select[Any] | sa.TextClause | str, schema: pa.Schema) -> pa.Table:
    """What a query finds, as a table of the given schema; its columns are matched by position.

    Bound values (text, numbers, dates) are quoted by the driver; a query given as a ``str`` is sent as it is and must hold
    none that is not ours. For arrays, select ``array_to_string(...)``.

    Raises:
        ContractBroken: the schema asks for a type that cannot be read, or does not fit what the query returns.
    """
    for field in schema:
        if pa.types.is_nested(field.type):
            raise ContractBroken(f"column {field.name}: {field.type} is not read from the database; select it as text")
    statement, values = _as_statement(connection, select)
    text = pa.BufferOutputStream()
    with psycopg.ClientCursor(_driver(connection)) as cursor, cursor.copy(statement, values) as copy:
        for data in copy:
            text.write(data)
    binary = [field.name for field in schema if _is_binary(field.type)]
    read_types = {field.name: pa.string() if field.name in binary else field.type for field in schema}
    problem = None
    try:
        table = csv.read_csv(
            pa.BufferReader(text.getvalue()),
            read_options=csv.ReadOptions(column_names=schema.names, skip_rows=1, block_size=1 << 22),
            parse_options=csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
            convert_options=csv.ConvertOptions(
                column_types=read_types, null_values=[""], strings_can_be_null=True, quoted_strings_can_be_null=False,
                true_values=["t"], false_values=["f"], check_utf8=False,
            ),
        )  # fmt: skip
    except pa.ArrowInvalid:
        problem = f"a query's answer does not fit the columns {', '.join(schema.names)}"
    if problem:
        raise ContractBroken(problem)
    columns = [_from_hex(table[name]) if name in binary else table[name] for name in schema.names]
    return pa.table(columns, schema=schema)


def load_temp(
    connection: sa.Connection, name: str, rows: pa.Table | pd.DataFrame, *, key: Sequence[str] = ()
) -> sa.TableClause:
    """A temporary table of the rows, for joins and updates in this transaction; it is dropped at its end.

    Column types follow the Arrow types. The planner is told what is in it, and ``key`` (if any) becomes its primary key.
    """
    if isinstance(rows, pd.DataFrame):
        rows = pa.Table.from_pandas(rows, preserve_index=False)
    table = sa.Table(
        name,
        sa.MetaData(),
        *(
            sa.Column(field.name, _column_type(field), primary_key=field.name in key, autoincrement=False)
            for field in rows.schema
        ),
        prefixes=["TEMPORARY"],
        postgresql_on_commit="DROP",
    )
    table.create(connection)
    copy_in(connection, table, rows)
    connection.exec_driver_sql(f"ANALYZE {connection.dialect.identifier_preparer.format_table(table)}")
    return table


def _driver(connection: sa.Connection) -> psycopg.Connection[Any]:
    """The psycopg connection, in the same transaction (which SQLAlchemy may not have begun yet)."""
    driver: object = connection.connection.driver_connection
    if not isinstance(driver, psycopg.Connection):
        raise ContractBroken("bulk loads need the psycopg driver")
    return driver


def _identifier(table: sa.Table | sa.TableClause | str) -> sql.Identifier:
    if isinstance(table, str):
        return sql.Identifier(*table.split("."))
    return sql.Identifier(*(str(part) for part in (table.schema, table.name) if part))


def _as_statement(connection: sa.Connection, select: sa.Select[Any] | sa.TextClause | str) -> tuple[Any, Any]:
    """The COPY statement for a query, and its values for psycopg to bind on our side (COPY takes none)."""
    # The header keeps a byte order mark that opens the first value from being taken for the file's own.
    template = sql.SQL("COPY ({}) TO STDOUT (FORMAT csv, HEADER)")
    if isinstance(select, str):
        return template.format(sql.SQL(select)), None
    compiled = select.compile(dialect=connection.dialect, compile_kwargs={"render_postcompile": True})
    return template.format(sql.SQL(str(compiled))), compiled.params


def _as_csv_column(name: str, column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The column in a type that Arrow writes to CSV the way PostgreSQL reads it."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _as_csv_column(name, column.cast(kind.value_type))
    if pa.types.is_null(kind):
        return column.cast(pa.string())
    if _is_binary(kind):
        return _by_chunk(_as_hex, column)
    if _is_list(kind) and (_is_text(kind.value_type) or pa.types.is_integer(kind.value_type)):
        return _by_chunk(_as_array_text, column)
    is_number = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    is_time = pa.types.is_date(kind) or pa.types.is_timestamp(kind)
    if not (_is_text(kind) or pa.types.is_boolean(kind) or is_number or is_time):
        raise ContractBroken(f"column {name}: {kind} cannot be loaded into the database")
    return column


def _by_chunk(convert: Callable[[pa.Array], pa.Array], column: pa.ChunkedArray) -> pa.ChunkedArray:
    return pa.chunked_array([convert(chunk) for chunk in column.chunks], type=pa.large_string())


def _as_array_text(lists: pa.Array) -> pa.Array:
    r"""Lists as PostgreSQL writes arrays (``{"a","b\\"c"}``), elements always quoted, null elements as ``NULL``."""
    values = lists.flatten().cast(pa.large_string())
    escaped = pc.replace_substring(pc.replace_substring(values, "\\", "\\\\"), '"', '\\"')
    elements = pc.coalesce(_enclosed('"', escaped, '"'), pa.scalar("NULL", pa.large_string()))
    lengths = pc.fill_null(pc.list_value_length(lists), 0).to_numpy(zero_copy_only=False)
    offsets = pa.array(np.concatenate(([0], np.cumsum(lengths))), type=pa.int64())
    joined = pc.binary_join(pa.LargeListArray.from_arrays(offsets, elements), pa.scalar(",", pa.large_string()))
    return pc.if_else(lists.is_valid(), _enclosed("{", joined, "}"), None)


def _as_hex(values: pa.Array) -> pa.Array:
    r"""Bytes as PostgreSQL reads them, ``\x`` and two hexadecimal digits each."""
    offsets, data = _offsets_and_bytes(values.cast(pa.large_binary()))
    digits = pa.py_buffer(_HEX_PAIRS[data].tobytes())
    text = pa.LargeStringArray.from_buffers(len(values), pa.py_buffer(offsets * 2), digits)
    return pc.if_else(values.is_valid(), _enclosed("\\x", text, ""), None)


def _enclosed(before: str, texts: pa.Array, after: str) -> pa.Array:
    left, right, between = (pa.scalar(part, pa.large_string()) for part in (before, after, ""))
    return pc.binary_join_element_wise(left, texts, right, between)


def _from_hex(column: pa.ChunkedArray) -> pa.ChunkedArray:
    r"""The bytes that PostgreSQL wrote as ``\x…``."""
    chunks = []
    for chunk in column.chunks:
        text = pc.utf8_slice_codeunits(chunk.cast(pa.large_string()), 2)
        offsets, data = _offsets_and_bytes(text)
        digits = _HEX_VALUES[data]
        decoded = pa.py_buffer((digits[0::2] << 4 | digits[1::2]).tobytes())
        whole = pa.LargeBinaryArray.from_buffers(
            pa.large_binary(), len(text), [None, pa.py_buffer(offsets // 2), decoded]
        )
        chunks.append(pc.if_else(text.is_valid(), whole, None))
    return pa.chunked_array(chunks, type=pa.large_binary())


def _offsets_and_bytes(
    values: pa.Array,
) -> tuple[np.ndarray[Any, np.dtype[np.int64]], np.ndarray[Any, np.dtype[np.uint8]]]:
    """Where each value of a large text or binary array begins (from 0, one more than values), and all their bytes."""
    _, offset_buffer, data_buffer = values.buffers()
    offsets = np.frombuffer(offset_buffer, dtype=np.int64)[values.offset : values.offset + len(values) + 1]
    data = np.frombuffer(data_buffer or b"", dtype=np.uint8)[offsets[0] : offsets[-1]]
    return offsets - offsets[0], data


def _is_list(kind: pa.DataType) -> bool:
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind))


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _is_binary(kind: pa.DataType) -> bool:
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind))


def _column_type(field: pa.Field) -> sa.types.TypeEngine[Any]:
    """The PostgreSQL type for a column of a temporary table."""
    kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
    if _is_list(kind):
        return postgresql.ARRAY(_column_type(pa.field(field.name, kind.value_type)))
    if _is_binary(kind):
        return postgresql.BYTEA()
    if pa.types.is_timestamp(kind):
        return sa.DateTime(timezone=kind.tz is not None)
    if pa.types.is_decimal(kind):
        return sa.Numeric(kind.precision, kind.scale)
    simple: tuple[tuple[Any, sa.types.TypeEngine[Any]], ...] = (
        (pa.types.is_boolean, sa.Boolean()),
        (pa.types.is_integer, sa.BigInteger()),
        (pa.types.is_floating, sa.Double()),
        (pa.types.is_date, sa.Date()),
        (pa.types.is_null, sa.Text()),
        (_is_text, sa.Text()),
    )
    for is_kind, column_type in simple:
        if is_kind(kind):
            return column_type
    raise ContractBroken(f"column {field.name}: {kind} cannot be loaded into the database")

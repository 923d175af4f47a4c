"""Changes as rows of the exchange table, and their way into it: each exactly once, a row that does not fit alone left out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from io import BytesIO
from typing import Any, NamedTuple

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa
from pyarrow import json
from sqlalchemy.exc import DBAPIError

from connectors.database.text import BEIJING
from connectors.exchange_tables.errors import RowFault, row_fault
from connectors.exchange_tables.layout import Layout
from schemas.errors import ContractBroken, PushFailed
from schemas.push import ItemOutcome, PushState

__all__ = ["Batch", "Written", "rows_for", "rows_of"]

_KEYS_AT_A_TIME = 1000

# So many refused without one taken: it is the table, not the rows.
_ENOUGH_REFUSED = 10


class Written(NamedTuple):
    """How many rows were added, and those the table cannot hold; what is neither was there before."""

    rows: int
    refused: list[ItemOutcome]


def rows_of(items: pd.DataFrame, layout: Layout, batch: str, now: datetime) -> pa.Table:
    """Changes as texts under the names of the table's columns; null where a person has no value.

    Raises:
        ContractBroken: a payload lacks a column, has one too many or one that is no text, or an operation is unknown.
    """
    exchange = layout.exchange
    operations = exchange.operations.model_dump()
    sent_as = _texts(items["sent_as"])
    if not pc.all(pc.is_in(sent_as, value_set=pa.array(operations, pa.large_string()))).as_py():
        raise ContractBroken("changes for the exchange table are sent as something else than new, changed or withdrawn")
    words = pa.array(operations.values(), pa.large_string())
    constant = {
        "batch": batch,
        "created_at": f"{now.astimezone(BEIJING):%Y-%m-%d %H:%M:%S}",
        "status": exchange.statuses.waiting,
    }
    of_change = {
        "key": _texts(items["key"]),
        "operation": words.take(pc.index_in(sent_as, value_set=pa.array(operations, pa.large_string()))),
        "person": _texts(items["person_id"]),
        "revision": _texts(items["revision"]),
        **{purpose: pa.repeat(pa.scalar(text, pa.large_string()), len(items)) for purpose, text in constant.items()},
    }
    columns = {exchange.control.names[purpose]: texts for purpose, texts in of_change.items()}
    columns |= {layout.people[key]: texts for key, texts in _payloads(_texts(items["fields"]), layout).items()}
    return pa.table(columns).select(layout.written)


def _payloads(payloads: pa.Array, layout: Layout) -> dict[str, pa.ChunkedArray]:
    """The payloads' columns; an empty text is null, which columns of every type can hold."""
    lines = pc.binary_join(
        pa.LargeListArray.from_arrays([0, len(payloads)], pc.fill_null(payloads, "")),
        pa.scalar("\n", pa.large_string()),
    )
    text = lines[0].as_buffer().to_pybytes() + b"\n"
    expected = json.ParseOptions(
        pa.schema([(key, pa.large_string()) for key in layout.people]), unexpected_field_behavior="ignore"
    )
    try:
        parsed = json.read_json(BytesIO(text), json.ReadOptions(use_threads=False, block_size=len(text)), expected)
    except pa.ArrowInvalid:  # its words may quote
        parsed = None
    if parsed is None or parsed.num_rows != len(payloads):
        raise ContractBroken(
            "a payload for the exchange table has other columns than the profile, or is not JSON of texts"
        )
    return {key: pc.if_else(pc.equal(parsed[key], ""), None, parsed[key]) for key in layout.people}


@dataclass(slots=True)
class Batch:
    """Rows on their way into the table, within one transaction that reads what others have committed."""

    connection: sa.Connection
    layout: Layout
    name: str
    _met: int = 0
    _added: int = 0
    _refused: list[ItemOutcome] = field(default_factory=list)

    def write(self, rows: pa.Table) -> Written:
        """Adds the rows that are not there.

        Raises:
            PushFailed: many rows are refused and not one is taken or there already: it is the table, not the rows.
        """
        fresh = self._absent(rows)
        self._met = rows.num_rows - fresh.num_rows
        fault = self._insert(fresh)
        if fault is not None:
            self._find_refused(fresh, fault)
        return Written(self._added, self._refused)

    def _find_refused(self, rows: pa.Table, fault: RowFault) -> None:
        """Adds the rows of a part that was refused, half by half, down to those that are refused by themselves."""
        if rows.num_rows == 1:
            self._refuse(rows, fault)
            return
        middle = rows.num_rows // 2
        halves = [rows.slice(0, middle), rows.slice(middle)]
        faults = [self._insert(half) for half in halves]
        for half, found in zip(halves, faults, strict=True):
            if found is not None:
                self._find_refused(half, found)

    def _refuse(self, row: pa.Table, fault: RowFault) -> None:
        if not self._absent(row).num_rows:  # somebody has added it since we looked
            return
        words = f"前置库拒收该行:{fault.words}"
        self._refused.append(ItemOutcome(row[0][0].as_py(), PushState.REJECTED, "row-refused", words))
        if len(self._refused) == _ENOUGH_REFUSED and self._added + self._met == 0:
            raise PushFailed(
                f"{self.name}: the exchange table takes not one of {_ENOUGH_REFUSED} rows tried: {fault.why}"
            )

    def _absent(self, rows: pa.Table) -> pa.Table:
        keys = rows_for(self.connection, self.layout.keys_among, rows[0].to_pylist())
        found = pa.array([str(key).rstrip() for (key,) in keys], pa.large_string())
        return rows.filter(pc.invert(pc.is_in(rows[0], value_set=found)))

    def _insert(self, rows: pa.Table) -> RowFault | None:
        """Adds rows, all or none; why it was none, if that lies with a row."""
        if not rows.num_rows:
            return None
        columns = rows.to_pydict()
        values = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
        try:
            with self.connection.begin_nested():
                self.connection.execute(self.layout.insert(), values)
        except DBAPIError as error:
            if (fault := row_fault(error)) is None:
                raise
            return fault
        self._added += rows.num_rows
        return None


def rows_for(
    connection: sa.Connection, question: Callable[[Sequence[str]], sa.Select[Any]], keys: Sequence[str]
) -> list[sa.Row[Any]]:
    """What a question about keys finds, asked for some at a time: a statement has so many parameters only."""
    parts = [keys[place : place + _KEYS_AT_A_TIME] for place in range(0, len(keys), _KEYS_AT_A_TIME)]
    return [row for part in parts for row in connection.execute(question(part))]


def _texts(values: pd.Series) -> pa.Array:
    array = pa.array(values, from_pandas=True)
    array = array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
    return array.cast(pa.large_string())

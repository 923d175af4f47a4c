"""One table as one file, in the format its name asks for: lists that people and programs take away."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from reports.cells import arrow_table, dates_as_text, is_text, neutralised
from reports.workbook import add_sheet, open_workbook
from schemas.durable import replace_file
from schemas.errors import ConfigurationInvalid

__all__ = ["write_list"]


def write_list(
    frame: pd.DataFrame, to: Path, *, title: str | None = None, labels: Mapping[str, str] | None = None
) -> None:
    """Write the frame to `to` as ``.csv``, ``.xlsx``, ``.parquet`` or ``.json``, whole or not at all, mode 0600.

    * ``.csv``: UTF-8 with a byte order mark, every text quoted; text and headers that a spreadsheet would run
      (``= + - @``, TAB, CR, LF, full-width ``＝ ＋ － ＠`` in front) get an apostrophe before them.
    * ``.xlsx``: cells of text, never formulas or links; long lists go on in further sheets.
    * ``.json``: one array of records; missing is ``null``. ``.parquet``: types kept.

    Args:
        frame: Columns of text, numbers, booleans or dates; the index is not written.
        to: The file; its folder must exist.
        title: Name of the sheet in ``.xlsx``.
        labels: Headers for people, by column, in ``.csv`` and ``.xlsx``; programs read the columns' own names.

    Raises:
        ConfigurationInvalid: The suffix is none of the four, or the file cannot be written there.
        ContractBroken: A column mixes types.
    """
    kind = to.suffix.lower()
    if kind not in _WRITERS and kind != ".xlsx":
        raise ConfigurationInvalid("a list is written as .csv, .xlsx, .parquet or .json; the file name must end in one")
    if not to.parent.is_dir():
        raise ConfigurationInvalid("the folder the list should be written to does not exist")
    try:
        with replace_file(to) as temporary:
            if kind == ".xlsx":
                with open_workbook(temporary) as book:
                    add_sheet(book, title or "清单", frame, labels)
            else:
                _WRITERS[kind](arrow_table(frame), temporary, labels or {})
    except OSError as error:
        problem = error.strerror or type(error).__name__
    else:
        return
    raise ConfigurationInvalid(f"the list cannot be written there: {problem}")


def _write_csv(table: pa.Table, to: Path, labels: Mapping[str, str]) -> None:
    table = dates_as_text(table)
    for place, name in enumerate(table.column_names):
        if is_text(table.column(place)):
            table = table.set_column(place, name, neutralised(table.column(place)))
    headers = [labels.get(name, name) for name in table.column_names]
    table = table.rename_columns(neutralised(pa.array(headers, type=pa.string())).to_pylist())
    with to.open("wb") as file:
        file.write(b"\xef\xbb\xbf")
        pyarrow.csv.write_csv(table, file, pyarrow.csv.WriteOptions(batch_size=16_384))


def _write_parquet(table: pa.Table, to: Path, _labels: Mapping[str, str]) -> None:
    pyarrow.parquet.write_table(table, to, compression="zstd")


def _write_json(table: pa.Table, to: Path, _labels: Mapping[str, str]) -> None:
    # Through Arrow dtypes, so that a whole number beside a missing one stays whole.
    records = dates_as_text(table).to_pandas(types_mapper=pd.ArrowDtype)
    with to.open("w", encoding="utf-8") as file:
        records.to_json(file, orient="records", force_ascii=False, double_precision=15)


_WRITERS: Mapping[str, Callable[[pa.Table, Path, Mapping[str, str]], None]] = {
    ".csv": _write_csv,
    ".parquet": _write_parquet,
    ".json": _write_json,
}

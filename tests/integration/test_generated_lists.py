"""A thousand lists drawn at random: each balances, and a dozen lines of plain Python agree on which rows are records."""

import random
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from generated_lists import HEADERS, LAYOUT, as_text, draw_page, records_on, write_workbook

from connectors.reading import ReadingLimits
from connectors.reading.contents import DeliveryRefusedError
from connectors.reading.layouts.blocks import blocks_of
from connectors.reading.layouts.header_search import HeaderSearch
from connectors.reading.layouts.rows import records_of
from connectors.reading.layouts.tables import grids_of
from connectors.reading.read import read
from connectors.reading.sheets import SheetCells

LISTS = 1000
EACH = 50


def table_of(path):
    contents = read(path, LAYOUT, ReadingLimits())
    assert not contents.refused, contents.findings
    table = contents.tables["main"]
    assert table.received == table.table.num_rows + table.blank + table.broken
    return table, contents


def rows_of(table):
    return list(zip(table.table["sheet"].to_pylist(), table.table["row_number"].to_pylist(), strict=True))


@pytest.mark.parametrize("first", range(0, LISTS // 2, EACH))
def test_workbooks_balance_and_the_oracle_agrees(tmp_path, first):
    for seed in range(first, first + EACH):
        picked = random.Random(seed)  # noqa: S311 - not a secret
        pages = [draw_page(picked, name) for name in ["甲", "乙", "丙"][: picked.choice([1, 1, 1, 2, 3])]]
        write_workbook(tmp_path / "list", pages)
        table, contents = table_of(tmp_path / "list")
        expected = {page.name: records_on(page.rows) for page in pages}
        filled = {name: told for name, told in expected.items() if told[1]} or dict([next(iter(expected.items()))])
        assert rows_of(table) == [(name, row) for name, (rows, _) in filled.items() for row in rows], seed
        assert table.received == sum(received for _, received in filled.values()), seed
        assert (
            sum(note.count for note in contents.notes if note.kind in NO_RECORDS) + headers(contents) == table.blank
        ), seed


NO_RECORDS = {"title", "subtotal", "footer", "repeated-header", "below-header", "no-content"}


def headers(contents):
    """Headers of tables below another one on their sheet: rows received that are no records."""
    noted = [note for note in contents.notes if note.kind == "header"]
    return sum(note.count for note in noted) - len({note.sheet for note in noted})


@pytest.mark.parametrize("first", range(0, LISTS // 2, EACH))
def test_texts_with_stray_quotes_balance_and_the_oracle_agrees(tmp_path, first):
    for seed in range(first, first + EACH):
        picked = random.Random(LISTS + seed)  # noqa: S311 - not a secret
        page = draw_page(picked)
        lines = as_text(page, "utf-8").decode().split("\n")
        records, received = records_on(page.rows)
        stray = set(picked.sample(records, min(len(records), picked.choice([0, 0, 1, 2]))))
        for row in stray:
            lines[row - 1] = '"' + lines[row - 1]
        (tmp_path / "list").write_bytes("\n".join(lines).encode(picked.choice(["utf-8", "utf-8-sig", "gb18030"])))
        table, contents = table_of(tmp_path / "list")
        assert [row for _, row in rows_of(table)] == [row for row in records if row not in stray], seed
        assert (table.received, table.broken) == (received, len(stray)), seed
        assert [f.row_number for f in contents.findings if f.code == "line-broken"] == sorted(stray), seed


def test_what_was_read_of_a_page_is_the_same_from_both_formats(tmp_path):
    for seed in range(40):
        page = draw_page(random.Random(seed))  # noqa: S311 - not a secret
        page.merged = []
        write_workbook(tmp_path / "book", [page])
        (tmp_path / "text").write_bytes(as_text(page))
        book, text = (table_of(tmp_path / name)[0] for name in ("book", "text"))
        for name in ("row_number", "row_hash", *HEADERS):
            assert book.table[name].equals(text.table[name]), (seed, name)
        assert (book.received, book.blank) == (text.received, text.blank)


# A row that is lost between two steps


def some_sheet():
    """A sheet of two tables, each with records, and how many of its rows hold anything."""
    picked = random.Random(4)  # noqa: S311 - not a secret
    while True:
        page = draw_page(picked)
        records, received = records_on(page.rows)
        if len(records) > 6 and received > len(records) + 3:
            break
    cells = [
        pa.chunked_array([[cell or None for cell in column]], pa.large_string())
        for column in zip(*page.rows, strict=True)
    ]
    content = np.array([any(cell.strip() for cell in row) for row in page.rows])
    return SheetCells("名单", cells, [None] * len(cells), content), records


def without(grid, index):
    kept = pa.array(np.arange(grid.height) != index)
    return replace(
        grid,
        row_numbers=np.delete(grid.row_numbers, index),
        columns=[column.filter(kept) for column in grid.columns],
        suspects=None,
    )


def refused(step, *arguments):
    with pytest.raises(DeliveryRefusedError) as caught:
        step(*arguments)
    return [(finding.code, finding.seen) for finding in caught.value.findings] == [
        ("file-unreadable", "两次清点的行数不一致")
    ]


def everything(sheet):
    grids, _ = grids_of([sheet], LAYOUT)
    return [records_of(grid, LAYOUT.tables["main"]) for grid in grids["main"]]


def test_a_row_lost_between_the_cells_and_the_tables_is_noticed():
    sheet, records = some_sheet()
    assert sum(part.table.num_rows for part, _, _ in everything(sheet)) == len(records)
    for row in records:
        blanked = [
            pa.chunked_array(
                [[None if place == row - 1 else cell for place, cell in enumerate(column.to_pylist())]],
                pa.large_string(),
            )
            for column in sheet.columns
        ]
        assert refused(everything, replace(sheet, columns=blanked)), row


def test_a_row_lost_between_the_tables_and_the_records_is_noticed():
    sheet, _ = some_sheet()
    (grid,) = grids_of([sheet], LAYOUT)[0]["main"]
    assert len(grid.parts) > 1
    for place, part in enumerate(grid.parts):
        for index in range(part.header_rows, part.height):
            parts = [*grid.parts[:place], without(part, index), *grid.parts[place + 1 :]]
            assert refused(records_of, replace(grid, parts=parts), LAYOUT.tables["main"]), index


def test_a_row_lost_where_tables_are_told_apart_is_noticed():
    sheet, _ = some_sheet()
    search = HeaderSearch(LAYOUT.tables)
    (grid,) = grids_of([sheet], LAYOUT)[0]["main"]
    for part in grid.parts:
        for index in range(part.header_rows, part.height):
            assert refused(blocks_of, without(part, index), "main", search), index


def test_a_row_added_on_the_way_is_noticed_too():
    sheet, _ = some_sheet()
    part = grids_of([sheet], LAYOUT)[0]["main"][0].parts[0]
    assert refused(records_of, replace(part, received=part.received - 1), LAYOUT.tables["main"])

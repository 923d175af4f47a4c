"""Raw parts of workbooks looked through in pieces: whatever the pieces, the same rows are hidden, calculated, out of bounds."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.reading.contents import DeliveryRefusedError
from connectors.reading.formats.formats import Format, Other, format_by_start
from connectors.reading.formats.ods_scan import OdsScan
from connectors.reading.formats.xlsx_scan import XlsxScan
from connectors.reading.layout import ReadingLimits

LIMITS = ReadingLimits()
NONE: list[int] = []


def scan_xlsx(xml, size=1 << 20):
    scan = XlsxScan(LIMITS)
    content = xml.encode()
    for start in range(0, len(content), size):
        scan.feed(content[start : start + size])
    return scan.facts()


def facts(scanned):
    return scanned.hidden_rows.tolist(), scanned.formula_rows.tolist(), scanned.error_rows.tolist()


def worksheet(rows, prefix=""):
    return f'<{prefix}worksheet xmlns="x"><{prefix}sheetData>{rows}</{prefix}sheetData></{prefix}worksheet>'


ROWS = (
    '<row r="1"><c r="A1" t="s"><v>0</v></c></row>'
    '<row r="2" hidden="1" ht="15"><c r="A2"><f>1+1</f><v>2</v></c></row>'
    '<row r="7"><c r="A7" t="e"><f>NA()</f><v>#N/A</v></c></row>'
    '<row r="8" customHeight="1" hidden="0"/>'
    '<row hidden="true"><c t="inlineStr"><is><t>x</t></is></c></row>'
    '<row><c><f t="shared" si="0"/><v>1</v></c></row>'
)


@given(st.integers(1, 80))
def test_facts_of_a_worksheet_do_not_depend_on_how_it_is_cut(size):
    assert facts(scan_xlsx(worksheet(ROWS), size)) == ([1, 8], [1, 6, 9], [6])


def test_a_worksheet_may_use_a_prefix():
    rows = ROWS.replace("<", "<x:").replace("<x:/", "</x:")
    assert facts(scan_xlsx(worksheet(rows, "x:"))) == ([1, 8], [1, 6, 9], [6])


def test_rows_without_numbers_count_from_the_one_before():
    assert facts(scan_xlsx(worksheet('<row/><row/><row hidden="1"/>'))) == ([2], NONE, NONE)


def test_words_that_look_like_formulas_are_none():
    rest = '<conditionalFormatting><cfRule><formula>A1</formula></cfRule></conditionalFormatting><rowBreaks count="0"/>'
    assert facts(scan_xlsx(worksheet('<row r="1"><c r="A1"><v>1</v></c></row>') + rest)) == (NONE, NONE, NONE)


@pytest.mark.parametrize("reference", ["XFD1048576", "SG1", "A1000001"])
@pytest.mark.parametrize("size", [7, 1 << 20])
def test_a_value_out_of_bounds_is_found_however_the_sheet_is_cut(reference, size):
    with pytest.raises(DeliveryRefusedError):
        scan_xlsx(worksheet(f'<row r="1"><c s="1" r="{reference}" t="s"><v>0</v></c></row>'), size)
    scan_xlsx(worksheet(f'<row r="1"><c r="{reference}" s="1"/></row>'), size)


def ods_table(rows):
    return f'<table:table table:name="x">{rows}</table:table>'


def ods_row(cells, more=""):
    return f"<table:table-row{more}>{cells}</table:table-row>"


VALUE = '<table:table-cell office:value-type="string"><text:p>x</text:p></table:table-cell>'
ODS = ods_table(
    ods_row(VALUE)
    + ods_row(VALUE, ' table:number-rows-repeated="3" table:visibility="collapse"')
    + ods_row('<table:table-cell table:formula="of:=1" office:value-type="float" office:value="1"/>')
    + ods_row('<table:table-cell table:number-columns-repeated="2"/><table:table-cell table:number-columns-spanned="2" '
              'table:number-rows-spanned="3" office:value-type="string"><office:annotation office:name="a"/></table:table-cell>')
    + ods_row('<table:table-cell table:number-columns-repeated="16384"/>', ' table:number-rows-repeated="1048570"')
) + ods_table(ods_row(VALUE) + ods_row(VALUE, ' table:visibility="filter"'))  # fmt: skip


@given(st.integers(1, 200))
def test_facts_of_an_ods_do_not_depend_on_how_it_is_cut(size):
    scan = OdsScan(LIMITS)
    for start in range(0, len(ODS), size):
        scan.feed(ODS[start : start + size].encode())
    first, second = scan.facts
    assert facts(first) == ([1, 2, 3], [4], NONE)
    assert (first.merged, first.comments) == ([(5, 2, 7, 3)], 1)
    assert facts(second) == ([1], NONE, NONE)


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param(ods_row(VALUE, ' table:number-rows-repeated="1000001"'), id="a value a million times"),
        pytest.param(ods_row("<table:table-cell/>", ' table:number-rows-repeated="1000000"') + ods_row(VALUE), id="row 1,000,001"),
        pytest.param(ods_row('<table:table-cell table:number-columns-repeated="500"/>' + VALUE), id="column 501"),
        pytest.param(ods_row(VALUE.replace("cell ", 'cell table:number-columns-repeated="501" ')), id="501 times in a row"),
    ],
)  # fmt: skip
def test_an_ods_with_values_out_of_bounds_is_hostile(rows):
    with pytest.raises(DeliveryRefusedError):
        OdsScan(LIMITS).feed(ods_table(rows).encode())


def test_hidden_rows_to_the_end_of_an_ods_are_as_many_as_a_sheet_has():
    scan = OdsScan(LIMITS)
    scan.feed(
        ods_table(
            ods_row("<table:table-cell/>", ' table:number-rows-repeated="999999999" table:visibility="collapse"')
        ).encode()
    )
    assert len(scan.facts[0].hidden_rows) == 1 << 20


@pytest.mark.parametrize(
    ("start", "kind"),
    [
        pytest.param(b"\xe5\xa7\x93\xe5\x90\x8d,1", Format.TEXT, id="text"),
        pytest.param(b"\xef\xbb\xbf {", Format.JSON_LINES, id="JSON lines"),
        pytest.param(b"\r\n<!-- x --><TABLE>", Format.HTML, id="page that begins with its table"),
        pytest.param("\ufeff<html>".encode("utf-16-le"), Format.HTML, id="page in UTF-16"),
        pytest.param(b'<?xml version="1.0"?><!DOCTYPE html><html>', Format.HTML, id="page that is XML"),
        pytest.param(b'<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?>', Format.XML_SPREADSHEET, id="XML spreadsheet"),
        pytest.param(b'<?xml version="1.0"?><?mso-application progid="Word.Document"?>', Other("Word 文档（XML）"), id="Word as XML"),
        pytest.param(b"<x> 5", Format.TEXT, id="text that begins with a bracket"),
        pytest.param(b"From,To,Date\n1,2,3", Format.TEXT, id="text that begins like a letter"),
        pytest.param(b"[1],2", Format.TEXT, id="text in brackets"),
        pytest.param(b"BM,1", Format.TEXT, id="text that begins like a picture"),
        pytest.param(b"\x03" + bytes(80), Format.TEXT, id="a byte tables begin with"),
        pytest.param(b"\x00\x00\x00\x18ftypmp42", Other("图片或音像"), id="video"),
    ],
)  # fmt: skip
def test_the_format_is_told_by_the_first_bytes(start, kind):
    assert format_by_start(start, len(start)) == kind


@given(st.binary(max_size=300))
def test_any_bytes_are_of_some_format(start):
    assert format_by_start(start, len(start))


def test_scans_of_random_bytes_end():
    random = np.random.default_rng(7)
    for _ in range(50):
        content = random.bytes(5000)
        XlsxScan(LIMITS).feed(content)
        OdsScan(LIMITS).feed(content)

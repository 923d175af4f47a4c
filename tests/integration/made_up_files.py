"""The same list in every format that is taken, by the programs there are for each; the people in it are made up."""

import csv
import datetime as dt
import io
import json
import struct
import tempfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import dbf
import olefile
import openpyxl
import xlsxwriter
import xlwt
from made_up_binary import excel5, rc4_locked, standard_locked, xlsb
from msoffcrypto.format.ooxml import OOXMLFile
from odf import opendocument, table, text

__all__ = ["BYTES_OF", "HEADER", "LI", "LIST", "PASSWORD", "WANG", "ZHANG"]

HEADER = ["姓名", "性别", "身份证号码", "户籍村（居）", "家庭每月收入（元）", "建档日期"]
ZHANG = ["张三", "男", "441421194503120018", "大黄村", "500", "2025-01-02"]
LI = ["李四", "女", "44142119480101002X", "小黄村", "", "2025-01-03"]
WANG = ["王五", "男", "441421194911120036", "大黄村", "12.5", "2025-01-04"]
LIST = [HEADER, ZHANG, LI, WANG]

PASSWORD = "约定的密码1"

Rows = Sequence[Sequence[Any]]


def xlsx(rows: Rows, sheet: str = "服务对象", **options: Any) -> bytes:
    """By XlsxWriter; texts as texts, numbers as numbers, days as days."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, **options}) as book:
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        page = book.add_worksheet(sheet)
        for number, row in enumerate(rows):
            for column, cell in enumerate(row):
                if isinstance(cell, dt.date):
                    page.write_datetime(number, column, cell, day)
                elif isinstance(cell, str) and cell:
                    page.write_string(number, column, cell)
                elif isinstance(cell, int | float):
                    page.write_number(number, column, cell)
    return out.getvalue()


def xlsx_by_openpyxl(rows: Rows, sheet: str = "服务对象") -> bytes:
    """By openpyxl, which writes shared strings and no dimension that lies."""
    book = openpyxl.Workbook()
    page = book.active
    page.title = sheet
    for row in rows:
        page.append([cell if cell != "" else None for cell in row])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def xls(rows: Rows, sheet: str = "服务对象", *, dates_from_1904: bool = False) -> bytes:
    """By xlwt: Excel 97 (BIFF8); ``.et`` of WPS is the same."""
    book = xlwt.Workbook()
    book.dates_1904 = dates_from_1904
    page = book.add_sheet(sheet)
    day = xlwt.easyxf(num_format_str="yyyy-mm-dd")
    for number, row in enumerate(rows):
        for column, cell in enumerate(row):
            if isinstance(cell, dt.date):
                page.write(number, column, cell, day)
            elif cell not in {None, ""}:
                page.write(number, column, cell)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def xls_stream(content: bytes) -> bytes:
    """The records of a workbook that xlwt wrote, without the zeros behind them."""
    with olefile.OleFileIO(io.BytesIO(content)) as container:
        stream = bytes(container.openstream("Workbook").read())
    return stream[: stream.rindex(b"\x0a\x00\x00\x00") + 4]


def ods(rows: Rows, sheet: str = "服务对象") -> bytes:
    """By odfpy, with the million empty rows that LibreOffice puts at the end."""
    document = opendocument.OpenDocumentSpreadsheet()
    page = table.Table(name=sheet)
    for row in rows:
        line = table.TableRow()
        for cell in row:
            line.addElement(_ods_cell(cell))
        line.addElement(table.TableCell(numbercolumnsrepeated=16384 - len(row)))
        page.addElement(line)
    rest = table.TableRow(numberrowsrepeated=1048576 - len(rows))
    rest.addElement(table.TableCell(numbercolumnsrepeated=16384))
    page.addElement(rest)
    document.spreadsheet.addElement(page)
    out = io.BytesIO()
    document.write(out)
    return out.getvalue()


def _ods_cell(cell: Any) -> table.TableCell:
    if isinstance(cell, dt.date):
        return table.TableCell(valuetype="date", datevalue=cell.isoformat())
    if isinstance(cell, int | float):
        return table.TableCell(valuetype="float", value=str(cell))
    made = table.TableCell(valuetype="string") if cell else table.TableCell()
    if cell:
        made.addElement(text.P(text=cell))
    return made


def html(rows: Rows, encoding: str = "gbk") -> bytes:
    """As report servers make ``.xls``: a page with a table that says its encoding."""
    lines = "".join("<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>\n" for row in rows)
    page = f"<html><head><meta charset={encoding}></head>\n<body><table border=1>\n{lines}</table></body></html>"
    return page.encode(encoding)


def xml_spreadsheet(rows: Rows, sheet: str = "服务对象") -> bytes:
    """XML Spreadsheet 2003."""
    lines = "".join(
        "<Row>"
        + "".join(f'<Cell><Data ss:Type="String">{escape(str(cell))}</Data></Cell>' for cell in row)
        + "</Row>\n"
        for row in rows
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<?mso-application progid="Excel.Sheet"?>\n'
        '<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" '
        'xmlns:x="urn:schemas-microsoft-com:office:excel" xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet">'
        f'<Worksheet ss:Name="{sheet}"><Table>\n{lines}</Table></Worksheet></Workbook>'
    ).encode()


def delimited(rows: Rows, encoding: str = "utf-8", delimiter: str = ",", line_end: str = "\n") -> bytes:
    """By the standard library."""
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator=line_end).writerows(rows)
    return out.getvalue().encode(encoding)


def dbase(rows: Rows, kind: str = "db3", codepage: str = "cp936") -> bytes:
    """By the package dbf, all fields as texts of 40 bytes; a field's name is cut at ten bytes, and has no brackets."""
    names = [_field_name(str(cell)) for cell in rows[0]]
    return dbase_of("; ".join(f"{name} C(40)" for name in names), rows[1:], kind=kind, codepage=codepage)


def dbase_of(
    fields: str, records: Rows, *, kind: str = "db3", codepage: str = "cp936", deleted: Sequence[int] = ()
) -> bytes:
    """A table with these fields and records, some of them marked as deleted."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "made.dbf")
        made = dbf.Table(str(path), fields, codepage=codepage, dbf_type=kind)
        made.open(dbf.READ_WRITE)
        for record in records:
            made.append(tuple(record))
        for place in deleted:
            dbf.delete(made[place])
        made.close()
        return path.read_bytes()


def _field_name(header: str) -> str:
    letters = "".join(filter(str.isalnum, header))
    return letters.encode("gbk")[:10].decode("gbk", errors="ignore")


def zipped(files: Mapping[str, bytes] | Mapping[bytes, bytes], password: str | bytes = "") -> bytes:
    """An archive as Windows makes it: names in GBK unless they are ASCII, files locked with ZipCrypto on demand."""
    body, directory = b"", b""
    for name, content in files.items():
        raw = name if isinstance(name, bytes) else name.encode("gbk")
        packer = zlib.compressobj(9, zlib.DEFLATED, -15)
        packed = packer.compress(content) + packer.flush()
        crc = zlib.crc32(content)
        if password:
            key = password if isinstance(password, bytes) else password.encode()
            packed = _zip_crypto(bytes(11) + bytes([crc >> 24]) + packed, key)
        common = struct.pack(
            "<5H3I2H", 20, int(bool(password)), 8, 0, 0x21, crc, len(packed), len(content), len(raw), 0
        )
        directory += b"PK\x01\x02" + struct.pack("<H", 20) + common + struct.pack("<3H2I", 0, 0, 0, 0, len(body)) + raw
        body += b"PK\x03\x04" + common + raw + packed
    end = struct.pack("<4H2IH", 0, 0, len(files), len(files), len(directory), len(body), 0)
    return body + directory + b"PK\x05\x06" + end


def _zip_crypto(plain: bytes, password: bytes) -> bytes:
    """The traditional encryption of APPNOTE 6.1, which the standard library reads and does not write."""
    keys = [0x12345678, 0x23456789, 0x34567890]

    def update(byte: int) -> None:
        keys[0] = zlib.crc32(bytes([byte]), keys[0] ^ 0xFFFFFFFF) ^ 0xFFFFFFFF
        keys[1] = ((keys[1] + (keys[0] & 0xFF)) * 134775813 + 1) & 0xFFFFFFFF
        keys[2] = zlib.crc32(bytes([keys[1] >> 24]), keys[2] ^ 0xFFFFFFFF) ^ 0xFFFFFFFF

    for byte in password:
        update(byte)
    out = bytearray()
    for byte in plain:
        low = (keys[2] & 0xFFFF) | 2
        out.append(byte ^ ((low * (low ^ 1) >> 8) & 0xFF))
        update(byte)
    return bytes(out)


def agile_locked(package: bytes, password: str) -> bytes:
    """A package locked as Excel 2010 and later do, by msoffcrypto."""
    out = io.BytesIO()
    OOXMLFile(io.BytesIO(package)).encrypt(password, out)
    return out.getvalue()


def json_lines(rows: Rows) -> bytes:
    """A record on each line, its keys the headers."""
    records = (dict(zip(rows[0], row, strict=True)) for row in rows[1:])
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records).encode()


BYTES_OF: dict[str, Callable[[Rows], bytes]] = {
    "xlsx": xlsx,
    "xlsx by openpyxl": xlsx_by_openpyxl,
    "xlsb": lambda rows: xlsb({"服务对象": rows}),
    "xls": xls,
    "xls of Excel 5": lambda rows: excel5({"服务对象": rows}),
    "ods": ods,
    "page in GBK": html,
    "page in UTF-8": lambda rows: html(rows, "utf-8"),
    "XML spreadsheet": xml_spreadsheet,
    "dBASE": dbase,
    "FoxPro": lambda rows: dbase(rows, "vfp"),
    "csv": delimited,
    "csv in GB18030": lambda rows: delimited(rows, "gb18030"),
    "csv in UTF-16": lambda rows: delimited(rows, "utf-16"),
    "tabs": lambda rows: delimited(rows, delimiter="\t"),
    "JSON lines": json_lines,
    "zip": lambda rows: zipped({"松口镇/名单.xlsx": xlsx(rows)}),
    "locked zip": lambda rows: zipped({"名单.csv": delimited(rows)}, PASSWORD),
    "locked xlsx": lambda rows: agile_locked(xlsx(rows), PASSWORD),
    "xlsx locked as in 2007": lambda rows: standard_locked(xlsx(rows), PASSWORD),
    "locked xls": lambda rows: rc4_locked(xls_stream(xls(rows)), PASSWORD),
}
"""The bytes of a list of texts in each format; locked ones open with ``PASSWORD``."""

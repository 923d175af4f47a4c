"""Archives, passwords, and what a file may not hold: what is opened, what is left and said, what refuses the delivery."""

import io
import re
import struct
import zipfile
from dataclasses import replace
from pathlib import Path

import docx
import pytest
from filled_forms import MEMBERS, PERSON, TICKED, fill_docx
from made_up_binary import excel5, ole_container, rc4_locked, standard_locked, xlsb
from made_up_files import (
    HEADER,
    LI,
    LIST,
    PASSWORD,
    WANG,
    ZHANG,
    agile_locked,
    dbase,
    delimited,
    html,
    json_lines,
    ods,
    xls,
    xls_stream,
    xlsx,
    xml_spreadsheet,
    zipped,
)
from test_reading_formats import LAYOUT, contents_of, expected, notes, records, seen

from connectors.reading import ReadingLimits, read_delivery
from connectors.templates import write_form_docx
from flows.intake.deliveries import layout_of
from schemas.configuration import load_configuration
from schemas.findings import Finding
from schemas.reading_notes import ReadingNoteKind

__all__ = ["contents_of"]

NO_PASSWORD = replace(LAYOUT, password="")
CONFIG = Path(__file__).resolve().parents[2] / "config"
PDF, PNG = b"%PDF-1.7\n", b"\x89PNG\r\n\x1a\n"


def places(contents):
    return contents.tables["main"].table["sheet"].to_pylist()


def parts_of(content):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {entry.filename: archive.read(entry) for entry in archive.infolist()}


def packed(parts):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return out.getvalue()


def letter(text):
    out = io.BytesIO()
    document = docx.Document()
    document.add_paragraph(text)
    document.save(out)
    return out.getvalue()


def changed(content, part, old, new):
    parts = parts_of(content)
    assert old in parts[part]
    return packed({**parts, part: parts[part].replace(old, new, 1)})


# Archives


def test_every_list_in_an_archive_is_read_and_found_again_by_its_file(contents_of):
    contents = contents_of(
        zipped({
            "松口镇/": b"", "松口镇/一村.xlsx": xlsx([HEADER, ZHANG]), "松口镇/二村.xls": xls([HEADER, LI]),
            "三村.csv": delimited([HEADER, WANG], "gb18030"), "四村.xls": html([HEADER, ZHANG]), "五村.dbf": dbase([HEADER, LI]),
        })
    )  # fmt: skip
    assert records(contents) == expected(ZHANG, LI, WANG, ZHANG, LI)
    assert places(contents) == [
        "松口镇/一村.xlsx/服务对象", "松口镇/二村.xls/服务对象", "三村.csv", "四村.xls", "五村.dbf",
    ]  # fmt: skip
    assert contents.tables["main"].table["row_number"].to_pylist() == [2] * 5
    assert [note.sheet for note in notes(contents, ReadingNoteKind.ENCODING)] == ["三村.csv", "四村.xls", "五村.dbf"]


def test_what_is_no_list_is_left_and_said_by_kind_alone(contents_of):
    contents = contents_of(
        zipped({
            "名单.xlsx": xlsx(LIST), "张三的照片.png": PNG, "说明.pdf": PDF, "扫描.pdf": PDF,
            "通知.doc": ole_container({"WordDocument": b"x"}), "通知.docx": letter("请于月底前报送。"), "请先看.txt": "请把名单放在此处。".encode("gbk"), "空.csv": b"",
        })
    )  # fmt: skip
    assert records(contents) == expected(ZHANG, LI, WANG)
    [left] = notes(contents, ReadingNoteKind.MEMBER_LEFT)
    assert left.count == 7
    assert "PDF 文件 2 个" in left.seen
    assert "张三" not in left.seen


def test_what_systems_put_beside_files_is_not_even_counted(contents_of):
    contents = contents_of(
        zipped({"__MACOSX/._a.xlsx": b"\x00\x05", "a.xlsx": xlsx(LIST), ".DS_Store": b"\x00", "b/Thumbs.db": b"\xd0"})
    )
    assert len(records(contents)) == 3
    assert notes(contents, ReadingNoteKind.MEMBER_LEFT) == []


@pytest.mark.parametrize(
    ("broken", "code"),
    [
        pytest.param(xlsx(LIST)[:-40], Finding.FILE_UNREADABLE, id="damaged"),
        pytest.param(xlsx([["说明"], ["没有表头"]]), Finding.HEADER_NOT_FOUND, id="without a header"),
        pytest.param(xlsx([["姓名", "性别", "建档日期"], ["张三", "男", "x"]]), Finding.COLUMN_MISSING, id="without a column"),
        pytest.param(agile_locked(xlsx(LIST), "另一个密码"), Finding.FILE_ENCRYPTED, id="locked otherwise"),
        pytest.param("姓名,身份证号码\n张三,441421194503120018,多,余\n".encode() + b"\xff", Finding.ENCODING_UNDECODABLE, id="undecodable"),
        pytest.param("441421194503120018 张三".encode(), Finding.HEADER_NOT_FOUND, id="numbers without a header"),
        pytest.param(letter("张三 441421194503120018"), Finding.HEADER_NOT_FOUND, id="a letter with numbers"),
        pytest.param(zipped({"内.xlsx": xlsx(LIST)}), Finding.FILE_UNREADABLE, id="an archive"),
        pytest.param(b"Rar!\x1a\x07\x00", Finding.FILE_UNREADABLE, id="another archive"),
    ],
)  # fmt: skip
def test_a_faulty_file_refuses_the_whole_archive_by_its_number(contents_of, broken, code):
    contents = contents_of(zipped({"一村.xlsx": xlsx([HEADER, ZHANG]), "李四/李四.xlsx": broken}))
    assert contents.refused
    [finding] = contents.findings
    assert finding.code == code
    assert finding.sheet.startswith("压缩包内第2个文件")
    assert "李四" not in finding.sheet + finding.seen


def test_an_archive_without_any_list_is_refused(contents_of):
    assert seen(contents_of(zipped({"a.pdf": PDF}))) == [(Finding.FILE_UNREADABLE, "压缩包内没有可读取的名单")]


def test_names_in_an_archive_become_no_paths(contents_of, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    contents = contents_of(zipped({"../../etc/甲.xlsx": xlsx([HEADER, ZHANG]), "..\\C:\\乙.xlsx": xlsx([HEADER, LI])}))
    assert places(contents) == ["etc/甲.xlsx/服务对象", "C:/乙.xlsx/服务对象"]
    assert [path.name for path in tmp_path.iterdir()] == ["delivery"]


@pytest.mark.parametrize(
    ("raw", "shown"),
    [("名单.xlsx".encode(), "名单.xlsx"), ("名单.xlsx".encode("gbk"), "名单.xlsx"), (b"list.xlsx", "list.xlsx")],
    ids=["UTF-8 without saying so", "GBK", "ASCII"],
)
def test_names_in_an_archive_are_decoded(contents_of, raw, shown):
    assert places(contents_of(zipped({raw: xlsx([HEADER, ZHANG])}))) == [f"{shown}/服务对象"]


def test_two_files_of_one_name_are_told_apart(contents_of):
    content = zipped({"甲.csv": delimited([HEADER, ZHANG]), "乙.csv": delimited([HEADER, LI])})
    doubled = content.replace("乙.csv".encode("gbk"), "甲.csv".encode("gbk"))
    assert places(contents_of(doubled)) == ["甲.csv", "甲.csv（第2个文件）"]


@pytest.mark.parametrize(
    ("layout", "why"), [(NO_PASSWORD, "没有约定密码"), (replace(LAYOUT, password="x"), "约定的密码不对")]
)
def test_a_locked_archive_opens_with_its_password_alone(contents_of, layout, why):
    content = zipped({"名单.xlsx": xlsx(LIST)}, PASSWORD)
    assert len(records(contents_of(content))) == 3
    assert seen(contents_of(content, layout)) == [(Finding.FILE_ENCRYPTED, why)]


def test_a_password_opens_an_archive_in_the_encoding_of_windows_too(contents_of):
    assert len(records(contents_of(zipped({"名单.csv": delimited(LIST)}, PASSWORD.encode("gbk"))))) == 3


def test_an_archive_locked_with_aes_is_refused_with_words(contents_of):
    content = bytearray(zipped({"名单.csv": delimited(LIST)}, PASSWORD))
    for start in (4, content.rindex(b"PK\x01\x02") + 6):
        content[start + 4 : start + 6] = struct.pack("<H", 99)
    assert seen(contents_of(bytes(content))) == [(Finding.FILE_ENCRYPTED, "压缩包采用 AES 加密，不能打开")]


def test_forms_and_lists_may_come_in_one_archive(contents_of, tmp_path):
    layout = layout_of(load_configuration(CONFIG).sources["village_survey"])
    write_form_docx(tmp_path / "form", area="梅州市梅县区")
    fill_docx(tmp_path / "form", PERSON, MEMBERS, TICKED)
    header = [columns[0] for columns in layout.tables["main"].columns.values()]
    row = [
        {"name": "李四", "id_number": LI[2], "categories": "独居"}.get(field, "")
        for field in layout.tables["main"].columns
    ]
    content = zipped({"张家.docx": (tmp_path / "form").read_bytes(), "名单.xlsx": xlsx([header, row])})
    contents = contents_of(content, layout)
    assert contents.tables["main"].table["name"].to_pylist() == [PERSON["name"], "李四"]
    assert places(contents) == ["张家.docx/第1份", "名单.xlsx/服务对象"]
    assert set(contents.tables["members"].table["sheet"].to_pylist()) == {"张家.docx/第1份"}
    assert {note.sheet for note in notes(contents, ReadingNoteKind.FORM)} == {"张家.docx/第1份"}


def test_json_lines_are_read_from_an_archive_without_touching_a_disk(contents_of):
    assert records(contents_of(zipped({"a.jsonl": json_lines(LIST)}))) == expected(ZHANG, LI, WANG)


# Passwords of workbooks

LOCKED = {
    "as Excel 2010 does": lambda password: agile_locked(xlsx(LIST), password),
    "as Excel 2007 does": lambda password: standard_locked(xlsx(LIST), password),
    "as Excel 97 does": lambda password: rc4_locked(xls_stream(xls(LIST)), password),
}


@pytest.mark.parametrize("way", LOCKED)
def test_a_locked_workbook_opens_with_its_password_alone(contents_of, way):
    content = LOCKED[way](PASSWORD)
    contents = contents_of(content)
    assert records(contents) == expected(ZHANG, LI, WANG)
    assert len(notes(contents, ReadingNoteKind.DECRYPTED)) == 1
    assert seen(contents_of(content, NO_PASSWORD)) == [(Finding.FILE_ENCRYPTED, "没有约定密码")]
    assert seen(contents_of(content, replace(LAYOUT, password="x"))) == [(Finding.FILE_ENCRYPTED, "约定的密码不对")]


@pytest.mark.parametrize("way", LOCKED)
def test_a_workbook_that_excel_opens_without_asking_is_opened(contents_of, way):
    assert len(records(contents_of(LOCKED[way]("VelvetSweatshop"), NO_PASSWORD))) == 3


def test_a_password_leaves_nothing_on_the_disk(tmp_path):
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    (tmp_path / "delivery").write_bytes(LOCKED["as Excel 2010 does"](PASSWORD))
    contents = read_delivery(tmp_path / "delivery", LAYOUT, limits=ReadingLimits(), workspace=workspace)
    assert len(records(contents)) == 3
    assert list(workspace.iterdir()) == []


def test_a_locked_file_that_is_cut_is_a_finding(contents_of):
    content = LOCKED["as Excel 2010 does"](PASSWORD)
    for cut in (600, 3000, 6000, len(content) - 600):
        assert next(code for code, _ in seen(contents_of(content[:cut]))) in {
            Finding.FILE_ENCRYPTED, Finding.FILE_UNREADABLE,
        }  # fmt: skip


# What a file may not hold


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(packed({**parts_of(xlsx(LIST)), "xl/vbaProject.bin": b"x"}), id="macros in xlsx"),
        pytest.param(packed({**parts_of(xlsx(LIST)), "xl/macrosheets/sheet1.xml": b"x"}), id="old macros in xlsx"),
        pytest.param(packed({**parts_of(xlsb({"服务对象": LIST})), "XL\\vbaProject.bin": b"x"}), id="macros in xlsb"),
        pytest.param(packed({**parts_of(ods(LIST)), "Basic/script-lc.xml": b"x"}), id="macros in ods"),
        pytest.param(ole_container({"Workbook": xls_stream(xls(LIST))}, ["_VBA_PROJECT_CUR"]), id="macros in xls"),
    ],
)
def test_macros_are_refused(contents_of, content):
    assert seen(contents_of(content)) == [(Finding.FILE_HOSTILE, "含有宏")]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(packed({**parts_of(xlsx(LIST)), "xl/embeddings/oleObject1.bin": b"x"}), id="in xlsx"),
        pytest.param(ole_container({"Workbook": xls_stream(xls(LIST))}, ["MBD0001"]), id="in xls"),
    ],
)
def test_embedded_objects_are_refused(contents_of, content):
    assert seen(contents_of(content)) == [(Finding.FILE_HOSTILE, "含有嵌入的对象")]


def _far_xls(row, column):
    stream = xls_stream(xls(LIST))
    cell = struct.pack("<HHHHHd", 0x0203, 14, row, column, 0, 1.0)
    end = stream.rindex(b"\x0a\x00\x00\x00")
    return ole_container({"Workbook": stream[:end] + cell + stream[end:]})


def _far_xlsb(row, column):
    row_and_cell = b"\x00\x11" + struct.pack("<IIHBBBI", row, 0, 300, 0, 0, 0, 0)
    row_and_cell += b"\x05\x10" + struct.pack("<IId", column, 0, 1.0)
    return changed(
        xlsb({"服务对象": LIST}), "xl/worksheets/sheet1.bin", b"\x92\x01\x00", row_and_cell + b"\x92\x01\x00"
    )


def _far_ods(row, column):
    end = b'<table:table-row table:number-rows-repeated="1048572">'
    gap = (
        f'<table:table-row table:number-rows-repeated="{row - 4}"><table:table-cell/></table:table-row>'
        if row > 4
        else ""
    )
    cell = f'<table:table-cell table:number-columns-repeated="{column}"/>' if column else ""
    cell += '<table:table-cell office:value-type="string"><text:p>x</text:p></table:table-cell>'
    return changed(ods(LIST), "content.xml", end, f"{gap}<table:table-row>{cell}</table:table-row>".encode() + end)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(_far_xls(65535, 65000), id="xls: a column no program has"),
        pytest.param(_far_xls(3, 600), id="xls: column 601"),
        pytest.param(_far_xlsb(1_000_000, 0), id="xlsb: row 1,000,001"),
        pytest.param(_far_xlsb(3, 16383), id="xlsb: the last column"),
        pytest.param(_far_ods(1_000_000, 0), id="ods: row 1,000,001"),
        pytest.param(_far_ods(4, 16000), id="ods: column 16,001"),
        pytest.param(
            changed(ods(LIST), "content.xml", b"<table:table-row>", b'<table:table-row table:number-rows-repeated="1000001">'),
            id="ods: a million times the header",
        ),
        pytest.param(html([HEADER, ZHANG]).replace(b"<td>", b"<td colspan=501>", 1), id="page: 501 columns"),
        pytest.param(xml_spreadsheet(LIST).replace(b"<Row>", b'<Row ss:Index="1000001">', 1), id="XML: row 1,000,001"),
        pytest.param(xml_spreadsheet(LIST).replace(b"<Cell>", b'<Cell ss:Index="501">', 1), id="XML: column 501"),
        pytest.param(
            xml_spreadsheet(LIST).replace(b"?>\n<Workbook", b'?><!DOCTYPE W [<!ENTITY a "b">]><Workbook'), id="XML: entities"
        ),
    ],
)  # fmt: skip
def test_cells_outside_the_bounds_are_hostile_in_every_format(contents_of, content):
    assert [code for code, _ in seen(contents_of(content))] == [Finding.FILE_HOSTILE]


def test_an_ods_may_end_in_a_million_empty_rows_and_borders(contents_of):
    content = changed(
        ods(LIST), "content.xml", b'<table:table-cell table:number-columns-repeated="16384"/>',
        b'<table:table-cell table:style-name="ce1" table:number-columns-repeated="16384"/>',
    )  # fmt: skip
    assert len(records(contents_of(content))) == 3


def test_the_limits_of_archives_hold_for_archives_of_lists(contents_of):
    many = zipped({f"{number}.csv": delimited([HEADER, ZHANG]) for number in range(201)})
    assert [code for code, _ in seen(contents_of(many))] == [Finding.FILE_HOSTILE]
    bomb = zipped({"a.csv": delimited(LIST) + b"\n" * 20_000_000})
    assert [code for code, _ in seen(contents_of(bomb))] == [Finding.FILE_HOSTILE]


# What is refused, with words that say what it is


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param(PDF, "PDF 文件", id="PDF"),
        pytest.param(PNG, "图片", id="picture"),
        pytest.param(b"BM" + struct.pack("<I", 60) + bytes(54), "图片", id="bitmap"),
        pytest.param(b"Rar!\x1a\x07\x01\x00", "RAR 压缩包", id="RAR"),
        pytest.param(b"7z\xbc\xaf\x27\x1c", "7z 压缩包", id="7z"),
        pytest.param(b"\x1f\x8b\x08", "gzip 压缩包", id="gzip"),
        pytest.param(ole_container({"WordDocument": b"x"}), "Word 97–2003 文档（doc）", id="doc"),
        pytest.param(ole_container({"Contents": b"x"}), "旧版 Office 文件", id="other OLE"),
        pytest.param(b'[{"name": "x"}]', "JSON 数组", id="JSON array"),
        pytest.param(b"MIME-Version: 1.0\nContent-Type: multipart/related;\n", "网页归档（MHTML）", id="MHTML"),
        pytest.param(b'<?xml version="1.0"?><a/>', "XML 文件", id="XML"),
        pytest.param(packed({"ppt/presentation.xml": b"x"}), "演示文稿（pptx）", id="slides"),
        pytest.param(
            packed({"mimetype": b"application/vnd.oasis.opendocument.text", "content.xml": b"x"}), "ODF 文档（odt）", id="odt"
        ),
        pytest.param(b"<html><body><p>x</p></body></html>", "网页，其中没有表格", id="page without a table"),
        pytest.param(b"<html><table><tr><td>x</td>", "网页不完整，表格没有结束", id="page that breaks off"),
        pytest.param(b"\x09\x08\x08\x00\x00\x05\x10\x00", "早期 Excel 工作簿", id="records without a container"),
    ],
)  # fmt: skip
def test_what_is_not_taken_is_named(contents_of, content, words):
    assert seen(contents_of(content)) == [(Finding.FILE_UNREADABLE, words)]


def test_an_old_workbook_in_another_language_is_refused(contents_of):
    content = excel5({"服务对象": LIST}).replace(struct.pack("<HHH", 0x42, 2, 936), struct.pack("<HHH", 0x42, 2, 932))
    assert [code for code, _ in seen(contents_of(content))] == [Finding.ENCODING_UNDECODABLE]


def test_a_name_of_a_part_may_have_another_spelling(contents_of):
    parts = {re.sub("workbook.xml$", "Workbook.xml", name): part for name, part in parts_of(xlsx(LIST)).items()}
    assert len(records(contents_of(packed(parts)))) == 3

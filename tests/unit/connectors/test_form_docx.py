"""Word documents that are forms: every way Word has to tick a box and merge a cell; and documents that mean harm."""

import zipfile

import pytest
from form_pages import (
    CERTIFICATE,
    LAYOUT,
    LI,
    MEMBERS,
    ZHANG,
    assistance_rows,
    benefit_rows,
    blocks,
    category_rows,
    cell,
    document,
    expected,
    form_rows,
    members,
    paragraph,
    person_rows,
    run,
    table,
)
from lxml import etree

from connectors.reading import ReadingLimits
from connectors.reading.contents import DeliveryRefusedError
from connectors.reading.forms.answers import UNCLEAR
from connectors.reading.forms.document import read_docx
from connectors.reading.forms.document_text import paragraph_text
from schemas.reading_notes import ReadingNoteKind

LIMITS = ReadingLimits()
W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
NAMES = (
    f'xmlns:w="{W}" xmlns:w14="http://schemas.microsoft.com/office/word/2010/wordml" xmlns:v="urn:schemas-microsoft-com:vml" '
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
    'xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape"'
)


def text_of(content):
    return paragraph_text(etree.fromstring(f"<w:p {NAMES}>{content}</w:p>"))


def rows_of(read, name="main"):
    extra = {"sheet", "row_number", "row_hash"}
    return [
        {field: value for field, value in row.items() if value is not None and field not in extra}
        for row in read.tables[name].table.to_pylist()
    ]


def control(is_checked, sign=None, states=True):
    signs = '<w14:checkedState w14:val="2611"/><w14:uncheckedState w14:val="2610"/>' if states else ""
    shown = sign or (("☑" if states else "☒") if is_checked else "☐")
    return (
        f'<w:sdt><w:sdtPr><w14:checkbox><w14:checked w14:val="{int(is_checked)}"/>{signs}</w14:checkbox></w:sdtPr>'
        f"<w:sdtContent><w:r><w:t>{shown}</w:t></w:r></w:sdtContent></w:sdt>"
    )


def old_box(is_checked, by_default=False):
    state = f'<w:default w:val="{int(is_checked)}"/>' if by_default else f'<w:checked w:val="{int(is_checked)}"/>'
    return (
        f'<w:r><w:fldChar w:fldCharType="begin"><w:ffData><w:checkBox><w:sizeAuto/>{state}</w:checkBox></w:ffData></w:fldChar>'
        '</w:r><w:r><w:instrText> FORMCHECKBOX </w:instrText></w:r><w:r><w:fldChar w:fldCharType="separate"/></w:r>'
        '<w:r><w:fldChar w:fldCharType="end"/></w:r>'
    )


def symbol(is_checked, font="Wingdings", full="F0FE", empty="F0A8"):
    return f'<w:r><w:sym w:font="{font}" w:char="{full if is_checked else empty}"/></w:r>'


def in_symbol_font(is_checked):
    fonts = '<w:rFonts w:ascii="Wingdings 2" w:hAnsi="Wingdings 2" w:eastAsia="宋体"/>'
    return run("R" if is_checked else "£", fonts)


def overstruck(is_checked):
    inside = "□,√" if is_checked else "□, "
    pieces = "".join(f"<w:r><w:instrText>{piece}</w:instrText></w:r>" for piece in (" eq \\o\\ac(", inside, ")"))
    begin, end = (f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>' for kind in ("begin", "end"))
    return f"{begin}{pieces}{end}"


BOXES = {
    "content controls": control,
    "content controls with Word's own signs": lambda on: control(on, states=False),
    "content controls overwritten by hand": lambda on: control(False, "√" if on else None),
    "old form fields": old_box,
    "old form fields in their default state": lambda on: old_box(on, by_default=True),
    "symbols of Wingdings": symbol,
    "symbols of Wingdings, older places": lambda on: symbol(on, full="00FE", empty="006F"),
    "symbols of Wingdings 2": lambda on: symbol(on, "Wingdings 2", "0052", "00A3"),
    "letters in Wingdings 2": in_symbol_font,
    "signs printed over each other": overstruck,
    "a simple field": lambda on: '<w:fldSimple w:instr=" EQ \\o\\ac(□,√) "/>' if on else run("□"),
    "plain characters": lambda on: run("☑" if on else "□"),
}  # fmt: skip


def boxed(make, text):
    """A cell whose ☑ and □ are made in another way."""
    parts = text.replace("☑", "\x00☑\x00").replace("□", "\x00□\x00").split("\x00")
    pieces = [make(part == "☑") if part in {"☑", "□"} else run(part) if part else "" for part in parts]
    return cell(f"<w:p>{''.join(pieces)}</w:p>")


def boxed_rows(make, rows):
    return [[boxed(make, text) if text and ("☑" in text or "□" in text) else text for text in row] for row in rows]


@pytest.mark.parametrize("way", BOXES)
def test_every_box_word_knows_is_read_ticked_and_unticked(tmp_path, way):
    make = BOXES[way]
    rows = form_rows(
        categories=boxed_rows(make, category_rows()),
        benefits=boxed_rows(make, benefit_rows()),
        assistance=boxed_rows(make, assistance_rows()),
    )
    read = read_docx(document(tmp_path / "form", *blocks(rows)), LAYOUT, LIMITS)
    assert rows_of(read) == [expected()]
    assert rows_of(read, "members") == [{"elder_id_number": ZHANG, **member} for member in MEMBERS]
    assert read.findings == []


def merged_down(rows):
    """Rows whose first cells are merged with the one above where they are empty."""
    made = []
    for index, row in enumerate(rows):
        first = row[0]
        if first == "":
            first = cell("", "<w:vMerge/>")
        elif index + 1 < len(rows) and rows[index + 1][0] == "":
            first = cell(first, '<w:vMerge w:val="restart"/>')
        made.append([first, *row[1:]])
    return made


def test_merged_labels_go_on_in_the_rows_below(tmp_path):
    rows = form_rows(benefits=merged_down(benefit_rows()), assistance=merged_down(assistance_rows()))
    assert rows_of(read_docx(document(tmp_path / "form", *blocks(rows)), LAYOUT, LIMITS)) == [expected()]


def test_one_table_for_the_whole_form_reads_the_same(tmp_path):
    rows = [row for row in form_rows() if len(row) > 1 or str(row[0]).isdecimal()]
    rows.insert(0, ["建档日期", "2024年3月5日"])
    assert rows_of(read_docx(document(tmp_path / "form", table(rows)), LAYOUT, LIMITS)) == [expected()]


def test_a_form_inside_a_cell_of_a_frame_reads_the_same(tmp_path):
    inner = "".join(blocks(form_rows()))
    assert rows_of(read_docx(document(tmp_path / "form", table([[inner]])), LAYOUT, LIMITS)) == [expected()]


def test_types_in_a_table_inside_their_cell_are_read(tmp_path):
    inside = table([["☑独居老年人", "□空巢老年人"], ["□留守老年人", f"☑重残老年人(残疾人证号:{CERTIFICATE})"]])
    rows = form_rows(categories=[["对象类型", cell(f"{inside}<w:p/>")]])
    assert rows_of(read_docx(document(tmp_path / "form", *blocks(rows)), LAYOUT, LIMITS)) == [expected()]


def test_cells_rows_and_paragraphs_in_content_controls_are_read(tmp_path):
    def wrapped(content):
        return f"<w:sdt><w:sdtPr/><w:sdtContent>{content}</w:sdtContent></w:sdt>"

    made = blocks(form_rows())
    made[2] = wrapped(made[2])
    made = [block.replace(cell("张三"), wrapped(cell("张三"))) for block in made]
    made = [block.replace(f"<w:tr>{cell('饮水是否安全')}{cell('是')}</w:tr>",
                          wrapped(f"<w:tr>{cell('饮水是否安全')}{cell('是')}</w:tr>")) for block in made]  # fmt: skip
    assert "".join(made).count("<w:sdtContent>") == 4
    assert rows_of(read_docx(document(tmp_path / "form", *made), LAYOUT, LIMITS)) == [expected()]


def test_hints_nobody_replaced_are_no_values(tmp_path):
    hint = "<w:sdt><w:sdtPr><w:showingPlcHdr/></w:sdtPr><w:sdtContent>{}</w:sdtContent></w:sdt>"
    inline = cell(f"<w:p>{hint.format(run('单击此处输入文字'))}</w:p>")
    around = hint.format(cell("单击此处输入文字"))
    made = [block.replace(cell("13800138000"), inline).replace(cell("王五"), around) for block in blocks(form_rows())]
    assert rows_of(read_docx(document(tmp_path / "form", *made), LAYOUT, LIMITS)) == [
        expected(phone=None, assistance_person=None)
    ]


def test_several_forms_are_numbered_and_their_rows_counted_from_their_own_first_table(tmp_path):
    second = form_rows(person=[[text if text != ZHANG else LI for text in row] for row in person_rows()])
    read = read_docx(
        document(tmp_path / "form", *blocks(form_rows()), '<w:p><w:r><w:br w:type="page"/></w:r></w:p>', *blocks(second)), LAYOUT, LIMITS
    )  # fmt: skip
    main, household = read.tables["main"].table, read.tables["members"].table
    assert main["sheet"].to_pylist() == ["第1份", "第2份"]
    assert main["row_number"].to_pylist() == [1, 1]
    assert household["sheet"].to_pylist() == ["第1份", "第1份", "第2份", "第2份"]
    assert household["row_number"].to_pylist() == [7, 8, 7, 8]
    assert rows_of(read)[1]["id_number"] == LI
    assert [(note.kind, note.sheet) for note in read.notes] == [
        (ReadingNoteKind.FORM, "第1份"),
        (ReadingNoteKind.FORM, "第2份"),
    ]


def test_the_record_of_a_visit_behind_the_form_is_not_read(tmp_path):
    visit = [
        paragraph("梅州市梅县区特殊困难老年人探访关爱服务记录表"),
        table([["探访方式", "☑上门探访"], ["健康状况", "☑较好"]]),
    ]
    read = read_docx(document(tmp_path / "form", *blocks(form_rows()), *visit), LAYOUT, LIMITS)
    assert rows_of(read) == [expected()]
    assert len(rows_of(read, "members")) == 2


# What a paragraph shows


@pytest.mark.parametrize(
    ("content", "shown"),
    [
        pytest.param(run("张\n三"), "张\n三", id="line end"),
        pytest.param("<w:r><w:t>张</w:t><w:tab/><w:t>三</w:t><w:noBreakHyphen/></w:r>", "张\t三-", id="tab and hyphen"),
        pytest.param(f"<w:ins>{run('新')}</w:ins><w:del><w:r><w:delText>旧</w:delText></w:r></w:del>", "新", id="tracked"),
        pytest.param(f"<w:moveTo>{run('新')}</w:moveTo><w:moveFrom>{run('旧')}</w:moveFrom>", "新", id="moved"),
        pytest.param(run("旧", "<w:strike/>") + run("新", '<w:strike w:val="0"/>'), "新", id="struck out"),
        pytest.param(run("密", "<w:vanish/>") + run("明"), "明", id="hidden"),
        pytest.param(f'<w:hyperlink>{run("链")}</w:hyperlink>', "链", id="link"),
        pytest.param("<w:r><w:ruby><w:rt><w:r><w:t>zhang</w:t></w:r></w:rt><w:rubyBase><w:r><w:t>张</w:t></w:r></w:rubyBase></w:ruby></w:r>", "张", id="ruby"),
        pytest.param(
            '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText> DATE </w:instrText></w:r>'
            '<w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t>2024年3月5日</w:t></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r>',
            "2024年3月5日", id="field's result",
        ),
        pytest.param(
            '<w:r><w:fldChar w:fldCharType="begin"><w:ffData><w:ddList><w:result w:val="1"/><w:listEntry w:val="男"/><w:listEntry w:val="女"/>'
            '</w:ddList></w:ffData></w:fldChar></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r>', "女", id="old list",
        ),
        pytest.param(
            "<w:r><mc:AlternateContent><mc:Choice><w:drawing><wps:txbx><w:txbxContent><w:p><w:r><w:t>框内</w:t></w:r></w:p></w:txbxContent>"
            "</wps:txbx></w:drawing></mc:Choice><mc:Fallback><w:pict><v:textbox><w:txbxContent><w:p><w:r><w:t>框内</w:t></w:r></w:p>"
            "</w:txbxContent></v:textbox></w:pict></mc:Fallback></mc:AlternateContent></w:r>",
            "\n框内", id="text box once",
        ),
        pytest.param("<w:r><w:object><w:control/></w:object></w:r>", "\ufffc", id="control stored elsewhere"),
        pytest.param(control(True, "☐"), "\ufffc", id="a box whose state and sign contradict each other"),
        pytest.param("<w:r><w:sym w:font='Wingdings' w:char='zz'/></w:r>", "\uf000", id="no symbol"),
        pytest.param('<w:r><w:fldChar w:fldCharType="end"/></w:r>' + run("三"), "三", id="field that never began"),
    ],
)  # fmt: skip
def test_a_paragraph_is_what_a_reader_sees(content, shown):
    assert text_of(content) == shown


@pytest.mark.parametrize(
    "box", [control(True, "☐"), "<w:r><w:object><w:control/></w:object></w:r>"], ids=["contradiction", "unseen"]
)
def test_a_box_that_cannot_be_seen_makes_the_types_unclear(tmp_path, box):
    inside = cell(f"<w:p>{box}{run('独居老年人 □空巢老年人')}</w:p>")
    read = read_docx(document(tmp_path / "form", *blocks(form_rows(categories=[["对象类型", inside]]))), LAYOUT, LIMITS)
    assert rows_of(read)[0]["categories"] == UNCLEAR


def test_rows_deleted_with_changes_tracked_are_gone(tmp_path):
    made = [
        block.replace(f"<w:tr>{cell('2')}", f"<w:tr><w:trPr><w:del/></w:trPr>{cell('2')}")
        for block in blocks(form_rows())
    ]
    assert len(rows_of(read_docx(document(tmp_path / "form", *made), LAYOUT, LIMITS), "members")) == 1


# Documents that are no forms, damaged, or mean harm


def refusal(path):
    with pytest.raises(DeliveryRefusedError) as refused:
        read_docx(path, LAYOUT, LIMITS)
    return [(str(finding.code), finding.seen) for finding in refused.value.findings]


def test_a_document_without_a_form_is_refused(tmp_path):
    assert refusal(document(tmp_path / "form", paragraph("通知"))) == [("header-not-found", "文档中没有找到登记表")]


def test_a_form_without_a_label_it_needs_is_refused(tmp_path):
    rows = [["类型" if text == "对象类型" else text for text in row] for row in form_rows()]
    assert refusal(document(tmp_path / "form", *blocks(rows))) == [("column-missing", "对象类型")]


@pytest.mark.parametrize(
    "content", [b"", b"<w:document", "<甲/>".encode("utf-16"), b"\x00" * 99], ids=["empty", "cut", "other", "zeros"]
)
def test_damage_is_a_finding(tmp_path, content):
    with zipfile.ZipFile(tmp_path / "form", "w") as archive:
        archive.writestr("word/document.xml", content)
    assert refusal(tmp_path / "form") == [("file-unreadable", "Word 文档内容损坏")]


def test_a_zip_without_a_document_is_a_finding(tmp_path):
    with zipfile.ZipFile(tmp_path / "form", "w") as archive:
        archive.writestr("word/other.xml", "<a/>")
    assert refusal(tmp_path / "form") == [("file-unreadable", "Word 文档内容损坏")]


@pytest.mark.parametrize(
    "entity", ['SYSTEM "file://{}"', 'PUBLIC "x" "http://192.0.2.1/{}"', '"丁"'], ids=["file", "net", "text"]
)
def test_entities_are_not_resolved_and_refuse_the_file(tmp_path, entity):
    secret = tmp_path / "secret"
    secret.write_text("机密")
    declared = f"<!DOCTYPE w [<!ENTITY x {entity.format(secret)}>]>"
    root = f'{declared}<w:document xmlns:w="{W}"><w:body><w:p><w:r><w:t>&x;</w:t></w:r></w:p></w:body></w:document>'
    assert refusal(document(tmp_path / "form", root=root)) == [("file-hostile", "文档含有外部引用声明")]


def test_entities_that_grow_are_not_unfolded(tmp_path):
    names = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    root = f'<!DOCTYPE w [<!ENTITY e0 "ha">{names}]><w:document xmlns:w="{W}"><w:body>&e11;</w:body></w:document>'
    assert refusal(document(tmp_path / "form", root=root))[0][0] in {"file-hostile", "file-unreadable"}


@pytest.mark.parametrize("depth", [9, 200, 10_000])
def test_tables_nested_without_end_are_refused(tmp_path, depth):
    inner = "<w:tbl><w:tr><w:tc>" * depth + "<w:p/>" + "</w:tc></w:tr></w:tbl>" * depth
    made = blocks(form_rows(categories=[["对象类型", cell(f"{inner}<w:p/>")]]))
    assert refusal(document(tmp_path / "form", *made)) in (
        [("file-hostile", "表格嵌套过深")],
        [("file-unreadable", "Word 文档内容损坏")],
    )


@pytest.mark.parametrize("properties", ['<w:gridSpan w:val="999999999"/>', '<w:gridSpan w:val="501"/>'])
def test_a_cell_wider_than_any_form_is_refused(tmp_path, properties):
    made = [*blocks(form_rows()), table([[cell("甲", properties)]])]
    assert refusal(document(tmp_path / "form", *made)) == [("file-hostile", "表格列数超过限额")]


def test_a_long_table_is_refused_by_its_rows(tmp_path):
    path = document(tmp_path / "form", *blocks(form_rows()), table([["甲"]] * 50))
    with pytest.raises(DeliveryRefusedError) as refused:
        read_docx(path, LAYOUT, ReadingLimits(rows=60))
    assert refused.value.findings[0].seen == "表格行数超过限额"


def test_boxes_nested_in_each_other_are_one(tmp_path):
    deep = "<w:sdt><w:sdtPr><w14:checkbox/></w:sdtPr><w:sdtContent>" * 60 + run("☐") + "</w:sdtContent></w:sdt>" * 60
    made = blocks(form_rows(categories=[["对象类型", cell(f"<w:p>{deep}{run('独居')}</w:p>")]]))
    assert "categories" not in rows_of(read_docx(document(tmp_path / "form", *made), LAYOUT, LIMITS))[0]


def test_a_household_of_many_rows_is_read(tmp_path):
    rows = form_rows(household=[members()[0], *[[str(n), "李梅", "女", LI, "配偶", "", ""] for n in range(2, 40)]])
    assert len(rows_of(read_docx(document(tmp_path / "form", *blocks(rows)), LAYOUT, LIMITS), "members")) == 38

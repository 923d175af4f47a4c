"""附件1 filled in for made-up people, as pages of cells and as Word documents, and what must be read from them."""

import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

from connectors.reading import DeliveryLayout, TableLayout
from connectors.reading.forms.cells import FormCells, form_from_cells
from schemas.configuration import load_configuration

ROOT = Path(__file__).resolve().parents[3]


def layout_of(name: str) -> DeliveryLayout:
    source = load_configuration(ROOT / "config").sources[name]
    tables = {"main": source.main} | ({"members": source.members} if source.members else {})
    return DeliveryLayout(
        {
            key: TableLayout(
                columns=dict(table.columns),
                required=table.required,
                sheet_names=table.sheets,
                optional_table=key == "members",
            )
            for key, table in tables.items()
        }
    )


LAYOUT = layout_of("village_survey")

ZHANG, LI, WANG = "441421194503120018", "441421194801150020", "441421197205060014"
CERTIFICATE = "44142119450312001843"

PERSON: dict[str, str] = {
    "registered_date": "2024年3月5日",
    "name": "张三",
    "sex": "男",
    "id_number": ZHANG,
    "phone": "13800138000",
    "emergency_contact_name": "李四",
    "emergency_contact_phone": "0753-2561234",
    "household_county": "梅县区",
    "household_town": "扶大镇",
    "household_village": "三葵村",
    "residence_county": "梅江区",
    "residence_town": "江南街道",
    "residence_village": "梅龙社区",
    "categories": "独居、重残",
    "disability_certificate_number": CERTIFICATE,
    "drinking_water_safe": "是",
    "electricity_safe": "是",
    "gas_safe": "否",
    "housing_safe": "是",
    "household_monthly_income_fen": "1200",
    "monthly_pension_fen": "180.5",
    "monthly_subsidy_fen": "0",
    "assistance_organisation": "乡镇(街道)、村(居)委员会；志愿者",
    "assistance_person": "王五",
    "assistance_measures": "每月上门两次",
}
MEMBERS: list[dict[str, str]] = [
    {"name": "张三", "sex": "男", "id_number": ZHANG, "relation_to_head": "户主", "health_condition": "一般",
     "assistance_status": "否"},
    {"name": "李梅", "sex": "女", "id_number": LI, "relation_to_head": "配偶", "health_condition": "高血压、糖尿病",
     "assistance_status": "低保对象"},
]  # fmt: skip

Rows = list[list[object]]
MEMBER_HEADER: list[object] = [
    "序号", "姓名", "性别", "身份证号码", "与户主关系", "健康状况", "是否为低保对象/特困人员",
]  # fmt: skip
BENEFITS = "家庭每月领取养老保险、社会救助和社会福利补贴等情况"
CATEGORIES = "☑独居老年人 □空巢老年人 □留守老年人 □失能老年人 ☑重残老年人(残疾人证号:{}) □计划生育特殊家庭老年人(注: 同时符合几种类型的可多选)"
FOOTER: Rows = [
    ["工作人员(签字)：赵六"],
    ["2024 年 4 月 1 日"],
    ["备注：此表一式两份，区级民政部门、乡镇(街道)各存档一份。"],
]


def members() -> Rows:
    filled: Rows = [[number, *member.values()] for number, member in zip(("户主", "2"), MEMBERS, strict=True)]
    return [MEMBER_HEADER, *filled, ["3"], ["4"]]


def person_rows() -> Rows:
    p = PERSON
    return [
        ["附件 1"],
        ["梅州市梅县区特殊困难老年人基本信息登记表"],
        ["建档日期： 2024 年 3 月 5 日"],
        ["一、服务对象基本情况"],
        ["姓名", p["name"], "性别", p["sex"], "身份证号码", p["id_number"], "联系电话", p["phone"]],
        ["紧急联系人", p["emergency_contact_name"], "联系电话", p["emergency_contact_phone"]],
    ]


def place_rows() -> Rows:
    return [
        ["户籍地址", "梅县区县(市、区)", "扶大镇乡镇(街道)", "三葵村村(居)"],
        ["居住地址", "梅江区  县（市、区）", "江南街道 乡镇（街道）", "梅龙社区 村（居）"],
    ]


def category_rows() -> Rows:
    return [["对象类型", CATEGORIES.format(CERTIFICATE)]]


def condition_rows() -> Rows:
    return [
        ["饮水是否安全", "是"],
        ["生活用电是否安全", "是"],
        ["生活用气是否安全", "否"],
        ["住房是否安全", "是"],
        ["家庭每月收入(元)", "1200"],
    ]


def benefit_rows() -> Rows:
    return [
        [BENEFITS, "☑有领取养老保险，每月 180.5 元 □无养老保险"],
        ["", "□有享受社会救助和社会福利补贴，每月补贴金额    元"],
        ["", "☑未享受社会救助和社会福利补贴"],
    ]


def assistance_rows() -> Rows:
    return [
        ["帮扶单位(组织)", "□党政机关、群团组织", "☑乡镇(街道)、村(居)委员会", "帮扶责任人", "王五"],
        ["", "□企业", "□社会组织"],
        ["帮扶措施", "☑志愿者", "□其他", "每月上门两次"],
    ]


PARTS = {
    "person": person_rows, "places": place_rows, "categories": category_rows, "household": lambda: [["二、家庭基本情况"],
    *members()], "conditions": lambda: [["三、家庭生活条件"], *condition_rows()], "benefits": benefit_rows,
    "assistance": lambda: [["四、已享受帮扶情况"], *assistance_rows()], "footer": lambda: FOOTER,
}  # fmt: skip


def form_rows(**other: Rows) -> Rows:
    """The rows of the form, some of its parts in another way."""
    return [row for name, rows in PARTS.items() for row in (other[name] if name in other else rows())]


def page(
    rows: Sequence[Sequence[object]], merged: Sequence[tuple[int, int, int, int]] = (), sheet: str = "表"
) -> FormCells:
    """A sheet; whole numbers are cells stored as numbers."""
    width = max(len(row) for row in rows)
    texts = [[None if cell is None else str(cell) for cell in [*row, *[None] * (width - len(row))]] for row in rows]
    numbers = [[column < len(row) and isinstance(row[column], int | float) for row in rows] for column in range(width)]
    return form_from_cells(texts, numbers, merged, sheet)


# Word


def document(path: Path, *blocks: str, root: str = "") -> Path:
    """A Word document with these blocks in its body."""
    body = "".join(blocks)
    names = {
        "w": "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
        "w14": "http://schemas.microsoft.com/office/word/2010/wordml",
        "mc": "http://schemas.openxmlformats.org/markup-compatibility/2006",
        "wps": "http://schemas.microsoft.com/office/word/2010/wordprocessingShape",
        "v": "urn:schemas-microsoft-com:vml",
    }
    space = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in names.items())
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", root or f"<w:document {space}><w:body>{body}</w:body></w:document>")
    return path


def run(text: str, properties: str = "") -> str:
    pieces = "<w:br/>".join(f'<w:t xml:space="preserve">{escape(line)}</w:t>' for line in text.split("\n"))
    return f"<w:r><w:rPr>{properties}</w:rPr>{pieces}</w:r>"


def paragraph(content: str) -> str:
    return f"<w:p>{content if content.startswith('<') else run(content)}</w:p>"


def cell(content: object, properties: str = "") -> str:
    text = "" if content is None else str(content)
    inner = text if text.startswith(("<w:p>", "<w:p ", "<w:tbl>")) else paragraph(text)
    return f"<w:tc><w:tcPr>{properties}</w:tcPr>{inner}</w:tc>"


def table(rows: Sequence[Sequence[object]]) -> str:
    lines = ("".join(text if str(text).startswith("<w:tc>") else cell(text) for text in row) for row in rows)
    return f"<w:tbl>{''.join(f'<w:tr>{line}</w:tr>' for line in lines)}</w:tbl>"


def blocks(rows: Rows) -> list[str]:
    """The rows of a form as a document has them: lines of one cell are paragraphs, the others tables between them."""
    made: list[str] = []
    open_rows: Rows = []
    for row in [*rows, ["end"]]:
        if len(row) > 1 or str(row[0]).isdecimal():
            open_rows.append(row)
            continue
        if open_rows:
            made.append(table(open_rows))
        open_rows = []
        made.append(paragraph(str(row[0])))
    return made[:-1]


def expected(**other: str | None) -> dict[str, str]:
    """What is read from the form, some fields otherwise."""
    merged: Mapping[str, str | None] = {**PERSON, **other}
    return {name: value for name, value in merged.items() if value is not None}

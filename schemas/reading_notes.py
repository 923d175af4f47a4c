"""What reading a file has to say that is no fault: how it was understood, what was left out or taken along, and in which rows.

A fault of a file, header or line is a finding (``schemas.findings``). Notes are shown beside the funnel, so that a sender
can see that the footer is the footer, and that nobody was lost in it.
"""

from enum import StrEnum
from types import MappingProxyType

__all__ = ["NOTE_LABELS", "ReadingNoteKind"]


class ReadingNoteKind(StrEnum):
    """Stable word of a note; it stands in the ledger and in exports."""

    FORMAT = "format"
    ENCODING = "encoding"
    DECRYPTED = "decrypted"
    HEADER = "header"
    FORM = "form"

    ABOVE_HEADER = "above-header"
    TITLE = "title"
    FOOTER = "footer"
    SUBTOTAL = "subtotal"
    REPEATED_HEADER = "repeated-header"
    BELOW_HEADER = "below-header"
    NO_CONTENT = "no-content"
    BLANK_FORM = "blank-form"
    HIDDEN_ROWS_LEFT = "hidden-rows-left"
    SHEET_LEFT = "sheet-left"
    HIDDEN_SHEET_LEFT = "hidden-sheet-left"
    MEMBER_LEFT = "member-left"
    DELETED_RECORDS_LEFT = "deleted-records-left"

    HIDDEN_ROWS_TAKEN = "hidden-rows-taken"
    HIDDEN_SHEET_TAKEN = "hidden-sheet-taken"
    SAME_AS_ABOVE = "same-as-above"
    MERGED_LEFT = "merged-left"
    SHEET_NAME_TAKEN = "sheet-name-taken"
    FORMULA_CELLS = "formula-cells"
    ERROR_CELLS = "error-cells"
    COMMENTS = "comments"
    DATES_FROM_1904 = "dates-from-1904"
    NUMBERS_TYPED = "numbers-typed"
    NUMBERS_ROUNDED = "numbers-rounded"


_K = ReadingNoteKind

NOTE_LABELS: MappingProxyType[ReadingNoteKind, str] = MappingProxyType(
    {
        _K.FORMAT: "文件格式",
        _K.ENCODING: "文字编码",
        _K.DECRYPTED: "已用约定密码打开",
        _K.HEADER: "表头所在行",
        _K.FORM: "按登记表读取",
        _K.ABOVE_HEADER: "表头之前有身份证号码的行（示例），不作记录",
        _K.TITLE: "标题行，不作记录",
        _K.FOOTER: "表尾说明，不作记录",
        _K.SUBTOTAL: "合计、小计行，不作记录",
        _K.REPEATED_HEADER: "重复的表头，不作记录",
        _K.BELOW_HEADER: "表头下的栏次、单位行，不作记录",
        _K.NO_CONTENT: "没有所需内容的行，不作记录",
        _K.BLANK_FORM: "空白登记表，不作记录",
        _K.HIDDEN_ROWS_LEFT: "隐藏的行，按约定不采用",
        _K.SHEET_LEFT: "不是名单的工作表，未读取",
        _K.HIDDEN_SHEET_LEFT: "隐藏的工作表，按约定不采用",
        _K.MEMBER_LEFT: "压缩包内不是名单的文件，未读取",
        _K.DELETED_RECORDS_LEFT: "已作删除标记的记录，未读取",
        _K.HIDDEN_ROWS_TAKEN: "隐藏的行，已照常采用",
        _K.HIDDEN_SHEET_TAKEN: "隐藏的工作表，已照常采用",
        _K.SAME_AS_ABOVE: "视为与上一行相同",
        _K.MERGED_LEFT: "合并单元格，只记在首行，其余行视为空白",
        _K.SHEET_NAME_TAKEN: "以工作表名称作为该项内容",
        _K.FORMULA_CELLS: "公式单元格，采用保存的结果",
        _K.ERROR_CELLS: "公式出错的单元格，视为空白",
        _K.COMMENTS: "批注，未读取",
        _K.DATES_FROM_1904: "工作簿采用1904年日期系统，已换算",
        _K.NUMBERS_TYPED: "整列号码曾以数值格式录入，后几位已丢失",
        _K.NUMBERS_ROUNDED: "整列号码经过数值换算，末几位已改变",
    }
)
"""What officers read for each kind."""

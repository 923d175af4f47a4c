"""Lists of findings as sheets to decide in: what becomes of each is chosen from a list, with a reason and a name.

What can be chosen, and what the hidden key of a row is, says ``schemas.finding_answers``; who takes it back is
``flows.returning.finding_import``.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from reports.workbook import add_sheet, open_workbook
from schemas.durable import replace_file
from schemas.errors import ConfigurationInvalid
from schemas.finding_answers import ANSWER_HEADERS, KEY_HEADER, OPINION_HEADER, FindingWord

__all__ = ["add_finding_sheet", "answer_keys", "write_finding_workbook"]

_ABOUT = (
    "1．在“处理”列选择，在“理由”列写明依据，在“经办人”列写明姓名，三列都要填；不处理的行留空。可以筛选、排序、删行。",
    "2．“核实无误”：原内容属实，该行不变就不再提示，因此暂缓的行随之纳入。“免予更正”：不要求更正，只用于提醒、说明。",
    "3．“确已注销”：退回后名单中已没有的人，报送单位答复确应注销的；漏报的不用填，请报送单位补报。",
    "4．身份证号码有误、姓名或对象类型缺失的，只能由报送单位更正，填了也不登记。",
    "5．请勿改动列名、编号和隐藏的列。改好后由操作员执行 eldersync findings import，不能登记的逐行说明。",
)
_WIDTHS = (12, 34, 12)


def answer_keys(findings: pd.DataFrame) -> pd.Series:
    """The hidden key of each finding, from ``finding_id`` and ``evidence``; see ``schemas.finding_answers.FindingKey``."""
    return (
        "F" + findings["finding_id"].astype("int64").astype("str") + "-" + findings["evidence"].astype("str").str[:16]
    )


def add_finding_sheet(
    book: Any, name: str, findings: pd.DataFrame, keys: pd.Series, labels: Mapping[str, str] | None = None
) -> None:
    """Writes findings as a sheet, or several, with columns to decide in and a hidden one of keys.

    Args:
        book: from ``reports.workbook.open_workbook``.
        name: of the sheet.
        findings: what is shown of them.
        keys: of :func:`answer_keys`, in step.
        labels: headers for people, by column.
    """
    empty = {header: pd.Series(np.nan, index=findings.index, dtype="str") for header in ANSWER_HEADERS}
    asked = findings.assign(**empty, **{KEY_HEADER: keys.to_numpy()})
    first = len(findings.columns)
    for sheet, rows in add_sheet(book, name, asked, labels, marked=ANSWER_HEADERS):
        for place, width in enumerate(_WIDTHS, first):
            sheet.set_column(place, place, width, book.add_format({"num_format": "@", "text_wrap": True}))
        sheet.set_column(first + len(ANSWER_HEADERS), first + len(ANSWER_HEADERS), 4, None, {"hidden": True})
        place = first + ANSWER_HEADERS.index(OPINION_HEADER)
        choices = {"validate": "list", "source": [str(word) for word in FindingWord], "error_title": "请核对"}
        sheet.data_validation(1, place, max(rows, 1), place, {**choices, "error_message": "请从下拉列表中选择。"})


def write_finding_workbook(to: Path, findings: pd.DataFrame, keys: pd.Series) -> None:
    """Writes a workbook of findings to decide in, whole or not at all, mode 0600.

    Raises:
        ConfigurationInvalid: it cannot be written there.
    """
    if not to.parent.is_dir():
        raise ConfigurationInvalid("the folder the list should be written to does not exist")
    try:
        with replace_file(to) as temporary, open_workbook(temporary) as book:
            add_finding_sheet(book, "问题清单", findings, keys)
            add_sheet(book, "填写说明", pd.DataFrame({"说明": _ABOUT}))
    except OSError as error:
        problem = error.strerror or type(error).__name__
    else:
        return
    raise ConfigurationInvalid(f"the list cannot be written there: {problem}")

"""The monthly scorecard of sources (来源质量月报): how whole, right, unique, timely and consistent each list and village was.

What is measured is said in ``docs/officers.md`` and counted by ``flows.accounts.scorecard``; this module shows it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from types import MappingProxyType

import pandas as pd

from reports.pages import write_page
from reports.workbook import add_sheet, open_workbook
from schemas.durable import replace_file

__all__ = [
    "MEASURES",
    "RETURN_COUNTS",
    "Score",
    "ScoreLine",
    "Scorecard",
    "write_scorecard",
    "write_scorecard_workbook",
]

MEASURES: Mapping[str, str] = MappingProxyType(
    {
        "completeness": "完整性", "validity": "规范性", "uniqueness": "唯一性", "timeliness": "及时性", "consistency": "一致性",
        "repeated": "重复出错", "closed": "按期办结",
    }
)  # fmt: skip
"""What is measured, in order; of ``repeated`` less is better."""

RETURN_COUNTS: Mapping[str, str] = MappingProxyType(
    {"returned": "尚存的已退回问题", "repeated": "其中两次以上", "thrice": "其中三次以上"}
)
"""How many problems that went back still stand, and how often they did, in order."""

_MEANINGS: Mapping[str, str] = MappingProxyType(
    {
        "completeness": "应填项目中已填的比例",
        "validity": "没有格式、取值问题的行的比例",
        "uniqueness": "没有重复、没有身份疑问的行的比例",
        "timeliness": "最近一次报送在约定天数之内为 100%，超过的按 约定天数 ÷ 距今天数",
        "consistency": "各栏之间、各单位之间没有矛盾的行的比例",
        "repeated": "尚存的已退回问题中，退回过两次以上的比例（越低越好）",
        "closed": "本月到期的退回问题中，到期之前已更正、撤回或销号的比例",
    }
)


@dataclass(frozen=True, slots=True)
class Score:
    """A share as its part and its whole; nothing was there to measure where the whole is 0."""

    part: float = 0
    whole: float = 0

    @property
    def share(self) -> float | None:
        """Between 0 and 1."""
        return self.part / self.whole if self.whole else None


@dataclass(frozen=True, slots=True)
class ScoreLine:
    """One list or village.

    Args:
        label: what it is called.
        group: the body of a list, the town of a village.
        rows: in force at the end of the month.
        days: since the newest file, at the month's last night; ``None``: none ever came.
        scores: by measure.
        returned: by :data:`RETURN_COUNTS`.
    """

    label: str
    group: str
    rows: int
    days: int | None
    scores: Mapping[str, Score]
    returned: Mapping[str, int] = field(default_factory=lambda: dict.fromkeys(RETURN_COUNTS, 0))


@dataclass(frozen=True, slots=True)
class Scorecard:
    """A month. ``run_id`` is its last night, ``None`` if there was none; then there are no lines."""

    month: str
    bureau: str
    run_id: int | None
    until: date | None
    sources: Sequence[ScoreLine] = ()
    villages: Sequence[ScoreLine] = ()


def write_scorecard(card: Scorecard, folder: Path) -> Path:
    """Writes ``scorecard.xlsx`` and ``index.html`` into the folder, made if missing."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_scorecard_workbook(card, folder / "scorecard.xlsx")
    values = {"card": card, "measures": MEASURES, "return_counts": RETURN_COUNTS, "meanings": _MEANINGS}
    return write_page(folder / "index.html", "scorecard.html.j2", values)


def write_scorecard_workbook(card: Scorecard, to: Path) -> None:
    """Writes the scorecard as a workbook: lists, villages, and what is measured; shares as per cent with one decimal."""
    with replace_file(to) as temporary, open_workbook(temporary) as book:
        for name, group, lines in (("按来源", "报送单位", card.sources), ("按村居", "乡镇（街道）", card.villages)):
            labels = {"label": name.removeprefix("按"), "group": group, "rows": "行数", "days": "距最近报送（天）"}
            labels |= {measure: f"{word}（%）" for measure, word in MEASURES.items()}
            labels |= {f"count_{name}": f"{word}（处）" for name, word in RETURN_COUNTS.items()}
            add_sheet(book, name, _frame(lines), labels)
        words = pd.DataFrame({"measure": MEASURES.values(), "meaning": [_MEANINGS[measure] for measure in MEASURES]})
        add_sheet(book, "指标说明", words, {"measure": "指标", "meaning": "怎样计算"})


def _frame(lines: Sequence[ScoreLine]) -> pd.DataFrame:
    columns: dict[str, pd.Series] = {
        "label": pd.Series([line.label for line in lines], dtype="str"),
        "group": pd.Series([line.group for line in lines], dtype="str"),
        "rows": pd.Series([line.rows for line in lines], dtype="Int64"),
        "days": pd.Series([line.days for line in lines], dtype="Int64"),
    }
    for measure in MEASURES:
        shares = [line.scores[measure].share for line in lines]
        columns[measure] = pd.Series(
            [None if share is None else round(100 * share, 1) for share in shares], dtype="Float64"
        )
    for name in RETURN_COUNTS:
        columns[f"count_{name}"] = pd.Series([line.returned[name] for line in lines], dtype="Int64")
    return pd.DataFrame(columns)

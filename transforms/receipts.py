"""What a workbook of results says of the changes that were handed in: each of its rows ends in exactly one bin.

Whose row it is, and which of the person's changes it means, is never guessed; what stays open stays sent.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import pandas as pd

from schemas.errors import ContractBroken
from schemas.platform_profile import PlatformProfile
from schemas.platform_receipts import ReceiptHeaders
from schemas.push import PushState
from transforms.columns import texts
from transforms.receipt_choice import chosen_changes
from transforms.receipt_rows import LONGEST_WORDS, people, read_rows

__all__ = ["BIN_WORDS", "SENT_COLUMNS", "Bin", "BinWords", "Matched", "match_receipts"]

SENT_COLUMNS = ("person_id", "revision", "sent_as", "state", "sent_run", "key", "receipt", "id_number", "payload")
"""Of a change the platform was told, whatever became of it; ``id_number`` and ``payload`` (JSON) as it was told, missing
where that is not kept; ``payload`` matters only where a person has several."""

_OPEN = (PushState.SENT, PushState.PROCESSING, PushState.UNKNOWN)
_ENDED = (PushState.ACCEPTED, PushState.REJECTED, PushState.SUPERSEDED)


class Bin(StrEnum):
    """Where a row of results ends."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    NOT_TAKEN = "not-taken"
    PROCESSING = "processing"
    REPEATED = "repeated"
    CONTRADICTS = "contradicts"
    AMBIGUOUS = "ambiguous"
    UNKNOWN_PERSON = "unknown-person"
    UNREADABLE = "unreadable"
    BLANK = "blank"


class BinWords(NamedTuple):
    """What a bin means, and what its reader should do."""

    label: str
    remedy: str


BIN_WORDS: Mapping[Bin, BinWords] = MappingProxyType(
    {
        Bin.ACCEPTED: BinWords("平台已接收", "无需处理。"),
        Bin.REJECTED: BinWords("平台退回", "退回原因已转为问题,随下一次报告交给负责该项内容的单位。"),
        Bin.NOT_TAKEN: BinWords("整份文件退回,本行没有生效", "改正被退回的行后,下一次推送会重新生成文件,请再次导入平台。"),
        Bin.PROCESSING: BinWords("平台仍在处理", "请过后再从平台下载结果文件导入。"),
        Bin.REPEATED: BinWords("此前已按同样结果登记", "无需处理。"),
        Bin.CONTRADICTS: BinWords("与已登记的结果或本文件另一行矛盾", "没有采用;请在平台上查询这几行的实际状态后执行核对。"),
        Bin.AMBIGUOUS: BinWords("分不清是哪一次变更的结果", "没有采用;请用 --run 指明结果属于哪一次运行,并核对人员编号与证件号码是否错位。"),
        Bin.UNKNOWN_PERSON: BinWords("没有向平台报送过的人员", "没有采用;请核对人员编号列是否完整,是否为本单位导入的文件。"),
        Bin.UNREADABLE: BinWords("处理结果的说法不认识", "没有采用;请把平台的说法补进平台配置的 [receipts] 后重新导入。"),
        Bin.BLANK: BinWords("没有写明结果", "没有采用;确为人员的行,请向平台索取完整的结果文件。"),
    }
)  # fmt: skip
"""Words for officers, in the order they are shown."""


class Matched(NamedTuple):
    """What results mean.

    ``bins``: one :class:`Bin` a row, with the index of the rows. ``outcomes``: what is settled, one row per change:
    ``person_id revision state code words receipt``; ``pending`` where the platform took nothing of the file, ``superseded``
    where something newer was taken. ``unmentioned``: how many open changes no row is about; they stay as they are.
    """

    bins: pd.Series
    outcomes: pd.DataFrame
    unmentioned: int

    @property
    def counts(self) -> dict[Bin, int]:
        """How many rows each bin has; together as many as there are rows."""
        found = self.bins.value_counts()
        return {kind: int(found.get(str(kind), 0)) for kind in Bin}


def match_receipts(
    rows: pd.DataFrame, sent: pd.DataFrame, profile: PlatformProfile, *, run: int | None = None,
    handed_in: pd.DataFrame | None = None,
) -> Matched:  # fmt: skip
    """Puts each row of a result workbook in its bin, and says what is settled by them. Order changes nothing.

    A row means the change whose key or receipt it gives; else, of the person's changes with its operation, the newest that
    was handed in by ``run``. Without ``run``, of several runs it is the one whose change says what the row repeats of it;
    else the one run that all rows without such a choice are of; if there is none, the row is ambiguous.

    Args:
        rows: ``sheet row_number`` and the columns of ``ReceiptHeaders``, texts; after ``REPEATED``, our columns.
        sent: ``SENT_COLUMNS``, of every change the platform was told, settled ones among them.
        profile: with ``receipts``.
        run: whose files the results are of, if somebody says so.
        handed_in: ``row_number person_number`` of the file that was handed in, for results that only name its rows.

    Raises:
        ContractBroken: the profile says nothing of receipts, or a column is missing.
    """
    receipts = profile.receipts
    if receipts is None:
        raise ContractBroken(f"profile {profile.name} has no [receipts]")
    if absent := sorted({"sheet", "row_number", *ReceiptHeaders.model_fields} - set(rows)) + sorted(
        set(SENT_COLUMNS) - set(sent)
    ):
        raise ContractBroken(f"results cannot be matched without the column {absent[0]}")
    read = read_rows(rows.reset_index(drop=True), receipts)
    told = sent.reset_index(drop=True).rename_axis("told")
    read["person_id"] = people(read, told, handed_in)
    chosen, is_known = chosen_changes(read, told, profile, run)
    read["told"] = chosen
    read["bin"] = _bins(read, told, is_known)
    settled = _settled(read, told)
    is_open = told["state"].isin(_OPEN)
    unmentioned = int((is_open & ~told.index.isin(chosen)).sum())
    return Matched(texts(read["bin"].tolist()).set_axis(rows.index), settled, unmentioned)


def _bins(read: pd.DataFrame, told: pd.DataFrame, is_known: pd.Series) -> pd.Series:
    verdict = read["verdict"]
    is_matched = read["told"] >= 0
    state = read["told"].map(told["state"]).astype("str").fillna("")
    place = read[["told", "verdict", "sheet", "row_number"]][is_matched & verdict.isin(_SETTLING)]
    disagree = (place.groupby("told")["verdict"].transform("nunique") > 1).reindex(read.index, fill_value=False)
    first = ~place.sort_values(["sheet", "row_number"]).duplicated("told").reindex(read.index, fill_value=True)
    same = (verdict == state) | (state == PushState.SUPERSEDED) | (verdict == "processing")
    returned = (state == PushState.PENDING) & (verdict == "not-taken")
    choices = [
        (verdict == "", Bin.BLANK),
        (verdict == "?", Bin.UNREADABLE),
        (~is_known, Bin.UNKNOWN_PERSON),
        (~is_matched, Bin.AMBIGUOUS),
        (returned, Bin.REPEATED),
        (~state.isin((*_OPEN, *_ENDED)), Bin.AMBIGUOUS),
        (disagree, Bin.CONTRADICTS),
        (state.isin(_ENDED) & same, Bin.REPEATED),
        (state.isin(_ENDED), Bin.CONTRADICTS),
        (~first, Bin.REPEATED),
    ]
    conditions = [np.asarray(condition, dtype=bool) for condition, _ in choices]
    return pd.Series(np.select(conditions, [str(kind) for _, kind in choices], verdict), read.index)


_SETTLING = ("accepted", "rejected", "not-taken", "processing")
_STATE_OF = {Bin.ACCEPTED: PushState.ACCEPTED, Bin.REJECTED: PushState.REJECTED, Bin.NOT_TAKEN: PushState.PENDING}


def _settled(read: pd.DataFrame, told: pd.DataFrame) -> pd.DataFrame:
    """What is settled, each change once; several rows that say the same of one are several reasons."""
    decided = read[read["bin"].isin([str(kind) for kind in _STATE_OF])]
    about = read[read["told"].isin(decided["told"]) & read["bin"].isin([*map(str, _STATE_OF), str(Bin.REPEATED)])]
    about = about.sort_values(["sheet", "row_number"])
    first = about.groupby("told")[["code", "words", "receipt"]].first()
    again = about[about["told"].duplicated(keep=False)].dropna(subset=["words"]).drop_duplicates(["told", "words"])
    joined = again.groupby("told")["words"].agg("；".join).str.slice(0, LONGEST_WORDS)
    first["words"] = joined.reindex(first.index).fillna(first["words"])
    bins = decided.set_index("told")["bin"].map({str(kind): str(state) for kind, state in _STATE_OF.items()})
    settled = told[["person_id", "revision"]].join(first, how="inner").assign(state=bins)
    older = _superseded(settled, told)
    together = pd.concat([settled, older]).sort_values(["person_id", "revision"], ignore_index=True)
    columns = {name: together[name].astype("str") for name in ("state", "code", "words", "receipt")}
    for name in ("code", "words"):
        columns[name] = columns[name].fillna("")
    return pd.DataFrame({"person_id": together["person_id"], "revision": together["revision"], **columns})


def _superseded(settled: pd.DataFrame, told: pd.DataFrame) -> pd.DataFrame:
    """Older changes handed in and never answered, of people of whom something newer was taken."""
    newest = settled[settled["state"] == PushState.ACCEPTED].groupby("person_id")["revision"].max()
    waiting = told[(told["state"] == PushState.SENT) & ~told.index.isin(settled.index)]
    older: pd.DataFrame = waiting[waiting["revision"] < waiting["person_id"].map(newest)]
    return older[["person_id", "revision"]].assign(state=str(PushState.SUPERSEDED), code=None, words=None, receipt=None)

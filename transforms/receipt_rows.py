"""What each row of a workbook of results says: whom it is about, what became of the change, and why."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from schemas.platform_profile import OPERATIONS, PlatformProfile
from schemas.platform_receipts import REPEATED, Feedback, ReceiptHeaders, ReceiptsFormat, plain_word
from transforms.columns import map_distinct, texts, to_arrow

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["LONGEST_WORDS", "id_numbers", "operations", "people", "read_rows"]

LONGEST_WORDS = 500
"""No more of the platform's words is kept."""


def read_rows(rows: pd.DataFrame, receipts: ReceiptsFormat) -> pd.DataFrame:
    """The rows with what they say: ``verdict`` (empty: nothing, ``?``: not understood), ``code``, ``words``, ``line``."""
    said = {name: _trimmed(rows[name]) for name in ReceiptHeaders.model_fields}
    sentence = texts(pc.coalesce(to_arrow(said["feedback"]), to_arrow(said["words"])))
    places, understood = map_distinct(sentence, receipts.understand)
    feedback = [*understood, Feedback()]  # the last is that of rows without a sentence
    codes = pa.array([one.code or None for one in feedback], pa.large_string()).take(pa.array(places % len(feedback)))
    lines = np.array([-1 if one.row is None else one.row for one in feedback], dtype=np.int64)[places]
    kept = [name for name in rows if str(name).startswith(REPEATED)]
    read = rows[["sheet", "row_number", *kept]].assign(**said)
    read["code"] = texts(pc.coalesce(to_arrow(said["code"]), codes))
    read["words"] = _sentences(said["words"], said["feedback"])
    read["line"] = lines
    has_reason = said["code"].notna() | sentence.notna()
    read["verdict"] = _verdicts(said["result"], has_reason, receipts)
    return read


def people(read: pd.DataFrame, told: pd.DataFrame, handed_in: pd.DataFrame | None) -> pd.Series:
    """Whom each row is about: by our number, else by the ID number, else by the row of the file handed in; -1: nobody."""
    person = _numbers(read["person_number"])
    known = told[["id_number", "person_id"]].dropna().drop_duplicates()
    known = known[~known["id_number"].duplicated(keep=False)]
    by_id_number = id_numbers(read["id_number"]).map(pd.Series(known["person_id"].to_numpy(), known["id_number"]))
    person = person.where(read["person_number"].notna(), by_id_number)
    if handed_in is not None:
        people = pd.Series(_numbers(handed_in["person_number"]).to_numpy(), handed_in["row_number"].to_numpy())
        by_line = read["line"].map(people[~people.index.duplicated(keep=False)])
        person = person.where(read["person_number"].notna() | read["id_number"].notna(), by_line)
    return person.fillna(-1).astype(np.int64)


def operations(values: pd.Series, profile: PlatformProfile) -> pd.Series:
    """What is said to have been done, in our words; missing where it is not said in words of the profile's or ours."""
    known = {plain_word(label): word for word, label in OPERATIONS.items()} | {word: word for word in OPERATIONS}
    for column in profile.columns:
        if column.field == "operation":
            known |= {plain_word(code): word for word, code in column.codes.items()}
    places, found = map_distinct(values, lambda word: known.get(plain_word(word)))
    return texts(pa.array([*found, None], pa.large_string()).take(pa.array(places % (len(found) + 1))))


def id_numbers(values: pd.Series) -> pd.Series:
    """Whole ID numbers out of cells; a masked or damaged one is missing, since it proves nothing."""
    plain = pc.utf8_upper(pc.replace_substring_regex(pc.utf8_normalize(to_arrow(values), form="NFKC"), r"[\s'’]", ""))
    is_whole = pc.fill_null(pc.match_substring_regex(plain, "^[0-9]{17}[0-9X]$"), np.False_)
    return texts(pc.if_else(is_whole, plain, pa.scalar(None, pa.large_string())))


def _numbers(values: pd.Series) -> pd.Series:
    """Our numbers of people out of cells; missing where a cell is none."""
    plain = pc.utf8_normalize(to_arrow(values), form="NFKC")
    plain = pc.replace_substring_regex(plain, r"^[\s'’]+|(?:\.0*)?\s*$", "")
    is_number = pc.fill_null(pc.match_substring_regex(plain, "^[0-9]{1,18}$"), np.False_)
    return pd.Series(pc.if_else(is_number, plain, pa.scalar(None, pa.large_string())).cast(pa.int64()).to_pandas())


def _verdicts(result: pd.Series, has_reason: pd.Series, receipts: ReceiptsFormat) -> "NDArray[Any]":
    words = receipts.verdicts
    places, found = map_distinct(result, lambda word: words.get(plain_word(word), "?"))
    unsaid = np.where(has_reason & receipts.reason_rejects, "rejected", np.where(has_reason, "?", ""))
    verdicts = np.where(places < 0, unsaid, np.array([*found, ""], dtype=object)[places])
    if receipts.takes == "whole-file" and (verdicts == "rejected").any():
        verdicts = np.where(verdicts == "accepted", "not-taken", verdicts)
    return verdicts.astype(object)


def _sentences(words: pd.Series, feedback: pd.Series) -> pd.Series:
    one, other = to_arrow(words), to_arrow(feedback)
    both = pc.binary_join_element_wise(one, other, pa.scalar("；", pa.large_string()))  # null where one of them is
    said = pc.if_else(pc.fill_null(pc.equal(one, other), np.False_), one, pc.coalesce(both, one, other))
    return texts(pc.utf8_slice_codeunits(said, 0, LONGEST_WORDS))


def _trimmed(values: pd.Series) -> pd.Series:
    trimmed = pc.utf8_trim_whitespace(to_arrow(values))
    return texts(pc.if_else(pc.equal(trimmed, ""), pa.scalar(None, pa.large_string()), trimmed))

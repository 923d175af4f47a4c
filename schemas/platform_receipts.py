"""The platform's result workbook as configuration: which columns say whom a row is about and what became of it.

Reading the file is ``connectors.platform_results``; what its rows mean for the changes that were handed in is
``transforms.receipts``.
"""

import re
import unicodedata
from typing import Annotated, Literal, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

__all__ = ["REPEATED", "Feedback", "FeedbackPattern", "ReceiptHeaders", "ReceiptsFormat", "plain_word"]

Verdict = Literal["accepted", "rejected", "processing"]
"""What a row of results says of a change."""

Headers = tuple[Annotated[str, Field(min_length=1, max_length=100)], ...]

REPEATED = "repeated:"
"""What stands before our header in the name of a column in which a result repeats what was handed in."""

_LONGEST = 500
"""No more of a sentence is looked through for patterns."""


def plain_word(text: str) -> str:
    """A word of the platform without what makes no difference: width, blanks, case.

    >>> plain_word(" ＯＫ "), plain_word("导入 成功")
    ('ok', '导入成功')
    """
    return "".join(unicodedata.normalize("NFKC", text).split()).casefold()


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Feedback(NamedTuple):
    """What a sentence of the platform tells: a row of the file handed in, a code of ``reasons``, a column; or nothing."""

    row: int | None = None
    code: str = ""
    header: str = ""


class FeedbackPattern(_Strict):
    """How the platform says something in a sentence, as a regular expression that may stand anywhere in it.

    A group ``row`` is a row of the file that was handed in. ``code`` is the code the sentence stands for, ``header`` the
    column of ours it is about.
    """

    pattern: Annotated[str, Field(min_length=1, max_length=300)]
    code: str = ""
    header: str = ""

    @field_validator("pattern")
    @classmethod
    def _expression(cls, pattern: str) -> str:
        try:
            groups = set(re.compile(pattern).groupindex)
        except re.error as error:
            raise ValueError(f"is no regular expression: {error.msg}") from None
        if not groups <= {"row"}:
            raise ValueError("the only group with a name may be row")
        return pattern

    @model_validator(mode="after")
    def _tells_something(self) -> Self:
        if not (self.code or self.header or "row" in re.compile(self.pattern).groupindex):
            raise ValueError("tells neither a row nor a code nor a header")
        return self


class ReceiptHeaders(_Strict):
    """The headers each column of the result workbook goes by; one that is not there has none.

    ``person_number`` is ours. ``id_number`` checks it, and stands in for it where it is empty. ``key`` and ``receipt`` say
    which of several changes of a person is meant. ``feedback`` is a sentence such as 「第 5 行 身份证号格式错误」.
    """

    person_number: Headers = ()
    id_number: Headers = ()
    key: Headers = ()
    operation: Headers = ()
    result: Headers = ()
    code: Headers = ()
    words: Headers = ()
    receipt: Headers = ()
    feedback: Headers = ()

    @model_validator(mode="after")
    def _told_apart(self) -> Self:
        meaning: dict[str, str] = {}
        for name, headers in self:
            for header in headers:
                if meaning.setdefault(plain_word(header), name) != name:
                    raise ValueError(f"header {header} is both {meaning[plain_word(header)]} and {name}")
        if not (self.person_number or self.id_number or self.feedback):
            raise ValueError("nothing says whom a row is about: person_number, id_number or feedback")
        return self


class ReceiptsFormat(_Strict):
    """The platform's result workbook.

    ``accepted``, ``rejected`` and ``processing`` are the words of the result column; any other is not understood, and no
    guess is made. ``takes``: whether the platform takes each good row, or nothing of a file that has a bad one.
    ``reason_rejects``: whether a row that gives a reason and no result is a refusal, as in a list of failures.
    """

    headers: ReceiptHeaders
    accepted: Headers = ()
    rejected: Headers = ()
    processing: Headers = ()
    takes: Literal["each-row", "whole-file"] = "each-row"
    reason_rejects: bool = False
    feedback: tuple[FeedbackPattern, ...] = ()

    @property
    def verdicts(self) -> dict[str, Verdict]:
        """What each word of the result column says, by its plain form."""
        said: tuple[tuple[Headers, Verdict], ...] = (
            (self.accepted, "accepted"), (self.rejected, "rejected"), (self.processing, "processing"),
        )  # fmt: skip
        return {plain_word(word): verdict for words, verdict in said for word in words}

    def understand(self, sentence: str) -> Feedback:
        """What the patterns find in a sentence: of rows, codes and headers the first each."""
        text = unicodedata.normalize("NFKC", sentence[:_LONGEST])
        row, code, header = None, "", ""
        for feedback in self.feedback:
            found = re.search(feedback.pattern, text)
            if found is None:
                continue
            number = found.groupdict().get("row") or ""
            row = int(number) if row is None and number.isdecimal() and len(number) < 10 else row
            code, header = code or feedback.code, header or feedback.header
        return Feedback(row, code, header)

    @model_validator(mode="after")
    def _can_be_read(self) -> Self:
        words = [plain_word(word) for word in (*self.accepted, *self.rejected, *self.processing)]
        if twice := [word for word in words if words.count(word) > 1]:
            raise ValueError(f"the word {twice[0]} says two things")
        says_why = self.headers.code or self.headers.words or self.headers.feedback
        if not (self.headers.result and words) and not (self.reason_rejects and says_why):
            raise ValueError("nothing says what became of a row: headers.result with words, or reason_rejects")
        return self

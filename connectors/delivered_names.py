"""Names of delivered files: which belong to programs that still write, and how a name in unknown spelling is shown.

A name is the sender's: it may be hostile, may name a person, and never becomes a path of ours.
"""

import unicodedata

__all__ = ["finished_name", "is_passed_over", "shown_name"]

_UNFINISHED = (
    ".part", ".partial", ".tmp", ".temp", ".filepart",  # WinSCP, browsers, rsync, office programs
    ".crdownload", ".download", ".downloading", ".td", ".xltd",
)  # fmt: skip
_OF_THE_SYSTEM = ("desktop.ini", "thumbs.db")


def is_passed_over(name: str) -> bool:
    """Whether a name is no delivery at any time: hidden, an office program's lock (``~$``), or Windows' own.

    >>> is_passed_over("~$名单.xlsx"), is_passed_over("Thumbs.db"), is_passed_over("名单.xlsx")
    (True, True, False)
    """
    return name.startswith((".", "~$")) or name.casefold() in _OF_THE_SYSTEM


def finished_name(name: str) -> str | None:
    """The name a file has once its transfer is over; None when it bears that name already.

    >>> finished_name("名单.xlsx.part"), finished_name("名单.xlsx")
    ('名单.xlsx', None)
    """
    for ending in _UNFINISHED:
        if name.casefold().endswith(ending):
            return name[: -len(ending)]
    return None


def shown_name(name: bytes) -> str:
    r"""A name as it is stored and shown: UTF-8, else GB 18030, with � for what would move or hide text.

    >>> shown_name("名单.xlsx".encode("gbk")), shown_name("单\u202excod.exe".encode())
    ('名单.xlsx', '单�xcod.exe')
    """
    try:
        text = name.decode("utf-8")
    except UnicodeDecodeError:
        text = name.decode("gb18030", "replace")
    return "".join("�" if unicodedata.category(letter) in _UNSEEN else letter for letter in text)


_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}

"""Which rules a bureau may switch off in ``rules.toml``, and why not the others."""

from types import MappingProxyType

from schemas.findings import ID_NUMBER_JUDGED_IN_ORDER, Finding

__all__ = ["WITHOUT_A_NUMBER", "why_always_on"]

_F = Finding

WITHOUT_A_NUMBER = frozenset({*ID_NUMBER_JUDGED_IN_ORDER, _F.ID_TYPE_UNSUPPORTED})
"""Rows of these name nobody: they are held whatever else is decided."""

_WHOM = "it tells who a person is"
_FILE = "it says why a file or a line was not used"
_PLATFORM = "it is the platform's answer"

_ALWAYS_ON: MappingProxyType[Finding, str] = MappingProxyType(
    {
        **dict.fromkeys((*WITHOUT_A_NUMBER, _F.NAME_MISSING, _F.CERTIFICATE_ID_MISMATCH), _WHOM),
        **dict.fromkeys((_F.SAME_NUMBER_DIFFERENT_PERSON, _F.SAME_PERSON_DIFFERENT_NUMBER), _WHOM),
        **dict.fromkeys((_F.DUPLICATE_EXACT, _F.DUPLICATE_CONFLICTING), "it says why a row was left out"),
        **dict.fromkeys(
            (
                _F.FILE_UNREADABLE, _F.FILE_ENCRYPTED, _F.FILE_EMPTY, _F.FILE_TOO_LARGE, _F.FILE_HOSTILE,
                _F.ENCODING_UNDECODABLE, _F.HEADER_NOT_FOUND, _F.COLUMN_MISSING, _F.COLUMN_DUPLICATED, _F.LINE_BROKEN,
            ),
            _FILE,
        ),
        _F.DELIVERY_SHRUNK: "it is a brake; its limits are under [brake]",
        **dict.fromkeys((_F.PLATFORM_REJECTED, _F.PLATFORM_UNKNOWN_OUTCOME), _PLATFORM),
    }
)  # fmt: skip


def why_always_on(code: Finding) -> str | None:
    """Why a rule cannot be switched off; ``None`` where it can.

    >>> why_always_on(Finding.ID_NUMBER_CHECKSUM), why_always_on(Finding.PHONE_FORMAT)
    ('it tells who a person is', None)
    """
    return _ALWAYS_ON.get(code)

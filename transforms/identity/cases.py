"""Questions as the registry keeps them: what is asked, on which evidence, and who stands on which side.

The evidence is a digest of exactly what an officer is shown: once decided, nothing is asked again until it is another.
"""

import hashlib
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa

from schemas.identity_cases import CaseKind
from schemas.identity_rules import IdentityRules
from transforms.columns import UNIT_SEPARATOR, texts, to_arrow
from transforms.identity.name_forms import NameReader

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Cases", "cases_of", "damaged_subjects"]

_LINE = "\n"


class Cases(NamedTuple):
    """Questions and their sides.

    ``found``: ``subject kind evidence reasons score``, one row a question, in the order of kinds and then as pairs came.
    ``sides``: ``subject side id_key row_id name``: a person, a row, or under one number a spelling.
    """

    found: pd.DataFrame
    sides: pd.DataFrame


class _Case(NamedTuple):
    subject: str
    kind: CaseKind
    evidence: str
    reasons: str
    score: float


class _Side(NamedTuple):
    subject: str
    side: int
    id_key: int | None = None
    row_id: int | None = None
    name: str | None = None


def cases_of(
    statements: pd.DataFrame,
    pairs: pd.DataFrame,
    conflicts: pd.DataFrame,
    rules: IdentityRules,
    *,
    separated: pd.DataFrame | None = None,
) -> Cases:
    """Questions from what was found; these are few, so they may be looked at one by one.

    Args:
        statements: as ``candidates.find_pairs`` had them.
        pairs: the ``frame`` of its answer.
        conflicts: ``id_key name``, every name under each number whose names cannot be one person's.
        rules: how names are normalised.
        separated: ``id_key other_key evidence`` of pairs decided to be two people; on equal evidence they are left out.
    """
    is_damaged = (pairs["kind"] == CaseKind.NUMBER_DAMAGED).to_numpy(dtype=bool)
    two, damaged = pairs[~is_damaged], pairs[is_damaged]
    people = np.unique(np.concatenate([two["one"], two["other"], conflicts["id_key"]]).astype(np.int64))
    known = _Known(statements, people, rules)
    cases, sides = _numbers(conflicts, known)
    for more, their_sides in (_pairs(two, known, separated), _rows(damaged, statements)):
        cases += more
        sides += their_sides
    return Cases(_found_frame(cases), _sides_frame(sides))


def damaged_subjects(statements: pd.DataFrame) -> list[str]:
    """Subjects of all rows for which candidates are sought, whether any were found or not."""
    rows = statements[statements["is_held"] & statements["id_key"].isna()]
    return sorted(
        {f"row:{source}:{row_hash}" for source, row_hash in zip(rows["source"], rows["row_hash"], strict=True)}
    )


class _Known:
    """Numbers and normalised names of some people."""

    def __init__(self, statements: pd.DataFrame, people: "NDArray[np.int64]", rules: IdentityRules) -> None:
        self._reader = NameReader.of(rules)
        keys = statements["id_key"].to_numpy(dtype=np.int64, na_value=-1)
        rows = np.flatnonzero(np.isin(keys, people) & ~statements["is_held"].to_numpy(dtype=bool))
        names, numbers = (to_arrow(statements[name].iloc[rows]) for name in ("name", "id_number"))
        said: dict[int, set[str]] = {}
        self._numbers: dict[int, set[str]] = {}
        for key, name, number in zip(keys[rows].tolist(), self.normalised(names), numbers.to_pylist(), strict=True):
            said.setdefault(key, set()).add(f"{number or ''}{UNIT_SEPARATOR}{name}")
            self._numbers.setdefault(key, set()).add(number or "")
        self._said = {key: sorted(several) for key, several in said.items()}

    def normalised(self, names: pa.Array) -> list[str]:
        """Names in standard characters, without blanks and dots."""
        forms = self._reader.read(names)
        return forms.texts(np.arange(len(names)))

    def said(self, key: int) -> list[str]:
        """Number and name of every statement of a person, each once."""
        return self._said.get(key, [])

    def numbers(self, key: int) -> list[str]:
        """All numbers of a person."""
        return sorted(self._numbers.get(key, ()))


def _numbers(conflicts: pd.DataFrame, known: _Known) -> tuple[list[_Case], list[_Side]]:
    cases, sides = [], []
    normalised = known.normalised(to_arrow(conflicts["name"]))
    groups: dict[int, list[tuple[str, str]]] = {}
    for key, name, plain in zip(conflicts["id_key"].tolist(), conflicts["name"], normalised, strict=True):
        groups.setdefault(key, []).append((name, plain))
    for key, names in sorted(groups.items()):
        subject = f"number:{key}"
        evidence = _digest(["number", *known.numbers(key), *sorted({plain for _, plain in names})])
        cases.append(_Case(subject, CaseKind.SAME_NUMBER_DIFFERENT_PERSON, evidence, "", 0.0))
        sides += [_Side(subject, side, key, name=name) for side, name in enumerate(sorted({n for n, _ in names}), 1)]
    return cases, sides


def _pairs(pairs: pd.DataFrame, known: _Known, separated: pd.DataFrame | None) -> tuple[list[_Case], list[_Side]]:
    cases, sides = [], []
    apart: set[tuple[int, int, str]] = set()
    if separated is not None:
        columns = (separated["id_key"].tolist(), separated["other_key"].tolist(), separated["evidence"])
        apart = set(zip(*columns, strict=True))
    for one, other, score, reasons in pairs[["one", "other", "score", "reasons"]].itertuples(index=False):
        subject = f"pair:{one}:{other}"
        evidence = _digest(["pair", *known.said(one), "and", *known.said(other), reasons])
        if (one, other, evidence) in apart:
            continue
        cases.append(_Case(subject, CaseKind.SAME_PERSON_DIFFERENT_NUMBER, evidence, reasons, score))
        sides += [_Side(subject, 1, one), _Side(subject, 2, other)]
    return cases, sides


def _rows(pairs: pd.DataFrame, statements: pd.DataFrame) -> tuple[list[_Case], list[_Side]]:
    """One question a row, with its candidates from the second side on. Of equal rows of a source the first is asked about."""
    cases: list[_Case] = []
    sides: list[_Side] = []
    if pairs.empty:
        return cases, sides
    at = pairs["one"].to_numpy(dtype=np.int64)
    rows = statements[["source", "row_hash", "row_id"]].iloc[at].reset_index(drop=True)
    table = pd.concat([rows, pairs[["other", "score", "reasons"]].reset_index(drop=True)], axis=1)
    offers: dict[tuple[str, int, int], list[tuple[int, float, str]]] = {}
    for source, row_hash, row_id, key, score, reasons in table.itertuples(index=False):
        offers.setdefault((source, row_hash, row_id), []).append((key, score, reasons))
    seen: set[str] = set()
    for (source, row_hash, row_id), offered in sorted(offers.items()):
        subject = f"row:{source}:{row_hash}"
        if subject in seen:
            continue
        seen.add(subject)
        candidates = [key for key, _, _ in offered]
        evidence = _digest(["row", source, str(row_hash), *map(str, sorted(candidates))])
        _, score, reasons = offered[0]
        cases.append(_Case(subject, CaseKind.NUMBER_DAMAGED, evidence, reasons, score))
        sides.append(_Side(subject, 1, row_id=row_id))
        sides += [_Side(subject, side, key) for side, key in enumerate(candidates, 2)]
    return cases, sides


def _digest(lines: Iterable[str]) -> str:
    return hashlib.sha256(_LINE.join(lines).encode()).hexdigest()


def _found_frame(cases: list[_Case]) -> pd.DataFrame:
    columns: dict[str, pd.Series] = {
        "subject": texts([case.subject for case in cases]),
        "kind": texts([str(case.kind) for case in cases]),
        "evidence": texts([case.evidence for case in cases]),
        "reasons": texts([case.reasons for case in cases]),
        "score": pd.Series(np.array([case.score for case in cases], dtype=np.float64)),
    }
    return pd.DataFrame(columns)


def _sides_frame(sides: list[_Side]) -> pd.DataFrame:
    columns: dict[str, pd.Series] = {
        "subject": texts([side.subject for side in sides]),
        "side": pd.Series(np.array([side.side for side in sides], dtype=np.int64)),
        "id_key": pd.Series([side.id_key for side in sides], dtype="Int64"),
        "row_id": pd.Series([side.row_id for side in sides], dtype="Int64"),
        "name": texts([side.name for side in sides]),
    }
    return pd.DataFrame(columns)

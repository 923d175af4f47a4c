"""Everybody the platform holds, page by page, believed whole or not at all."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Literal

import pandas as pd

from connectors.platform_api.answers import as_text, at_path
from connectors.platform_api.asking import Heard
from connectors.platform_api.batch import question
from connectors.platform_api.decisions import Decided
from connectors.platform_api.outcomes import Verdict
from connectors.platform_api.records import Record, read_records
from schemas.errors import SourceNotBelieved, SourceRefusesUs, SourceUnavailable
from schemas.platform_api import ApiFormat

__all__ = ["Listed", "Page", "list_pages"]

Listed = Literal["present", "withdrawn"]

_TRIES = 3
_LARGEST_TOTAL = 1 << 31


@dataclass(frozen=True, slots=True)
class Page:
    """A page: ``person revision is_present receipt fields``, where ``fields`` is a JSON object of texts; missing is not told.

    ``total`` is how many records there are on all pages, if that is told.
    """

    number: int
    total: int | None
    records: pd.DataFrame = field(repr=False)


def list_pages(ask: Callable[[bytes], Heard], api: ApiFormat, state: Listed) -> Iterator[Page]:
    """Every page, until all that are said to be there were seen.

    A person on two pages is passed on as it is told. Reading has no effects, so a page that is not answered is asked for
    again at once, up to three times.

    Raises:
        SourceUnavailable: a page is not answered.
        SourceRefusesUs: trying again would change nothing.
        SourceNotBelieved: a page repeats another, the total changes, or more or fewer come than were announced.
    """
    seen, total, pages_before = 0, None, set()
    for number in count(api.listing.first):
        page = _page(ask, api, state, number)
        people = tuple(page.records["person"])
        if number > api.listing.first and page.total != total:
            raise SourceNotBelieved("the platform's list: the total changed while it was read")
        if people and people in pages_before:
            raise SourceNotBelieved(f"the platform's list: page {number} repeats another page")
        pages_before.add(people)
        seen, total = seen + len(people), page.total
        if total is not None and (seen > total or (not people and seen < total)):
            raise SourceNotBelieved(f"the platform's list: {total} records were announced, and {seen} came")
        if people or number == api.listing.first:
            yield page
        if seen == total or not people:
            return


def _page_of(records: list[Record], number: int = 1, total: int | None = None) -> Page:
    """Records as a table."""
    columns = {
        "person": pd.Series([record.person for record in records], dtype="str"),
        "revision": pd.Series([record.revision for record in records], dtype="Int64"),
        "is_present": pd.Series([record.is_present for record in records], dtype="bool"),
        "receipt": pd.Series([record.receipt for record in records], dtype="str"),
        "fields": pd.Series([_as_json(record) for record in records], dtype="str"),
    }
    return Page(number, total, pd.DataFrame(columns))


def _page(ask: Callable[[bytes], Heard], api: ApiFormat, state: Listed, number: int) -> Page:
    names = api.listing
    members: dict[str, Any] = {names.page: number}
    if names.size:
        members[names.size] = names.page_items
    if names.state:
        members[names.state] = names.present if state == "present" else names.withdrawn
    document = _answered(ask, question(api, members))
    records = read_records(document, names.records, api.record, is_present=state == "present")
    if isinstance(records, str):
        raise SourceNotBelieved(f"the platform's list: {records}")
    return _page_of(records, number, _total(document, names.total))


def _answered(ask: Callable[[bytes], Heard], body: bytes) -> Any:
    decision = ask(body).decision
    for _ in range(_TRIES - 1):
        if isinstance(decision, Decided) and decision.rule.call_failed:
            decision = ask(body).decision
    if not isinstance(decision, Decided):
        return decision.document
    words = f"the platform's list: {decision.words}"
    raise SourceUnavailable(words) if decision.rule.verdict == Verdict.LATER else SourceRefusesUs(words)


def _total(document: Any, path: str) -> int | None:
    if not path:
        return None
    text = as_text(at_path(document, path))
    if not (text.isascii() and text.isdecimal() and len(text) < 11 and int(text) < _LARGEST_TOTAL):
        raise SourceNotBelieved(f"the platform's list: there is no total at {path}")
    return int(text)


def _as_json(record: Record) -> str | None:
    return None if record.fields is None else json.dumps(record.fields, ensure_ascii=False, separators=(",", ":"))

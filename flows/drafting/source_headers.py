"""Which headers mean something to this bureau: those of its sources, our fields' labels, usual words; and which source fits."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from connectors.reading import DeliveryLayout, TableLayout
from connectors.reading.layouts.header import normal_header
from connectors.reading.layouts.header_lines import joined
from schemas.configuration import Configuration
from schemas.fields import FIELDS, STATED_FIELDS
from transforms.header_meaning import HeaderWords

__all__ = ["SourceMatch", "header_words", "known_headers", "reduced", "source_matches"]

_LONGEST_HEADER = 80  # a longer one is no header to the reader (connectors.reading.layouts.header)


@dataclass(frozen=True, slots=True)
class SourceMatch:
    """How well a configured source fits a header: how many of its columns it knows, and whether it would refuse it."""

    name: str
    label: str
    matched: int
    is_complete: bool


def reduced(header: str) -> str:
    """A header as headers are compared, of two lines joined as a night joins them; empty for what is too long to be one."""
    heading, _, cell = header.rpartition("/")
    return normal_header(joined(heading, cell)) if len(header) <= _LONGEST_HEADER else ""


def header_words(configuration: Configuration, source: str | None) -> HeaderWords:
    """The headers that mean something, ``source``'s own among them."""
    others: dict[str, set[str]] = defaultdict(set)
    for one in configuration.sources.values():
        for field, headers in one.main.columns.items():
            for header in headers:
                others[normal_header(header)].add(field)
    own = configuration.sources[source].main.columns if source else {}
    return HeaderWords(
        own={normal_header(header): field for field, headers in own.items() for header in headers},
        others={word: frozenset(fields) for word, fields in others.items()},
        labels={normal_header(FIELDS[field].label): field for field in STATED_FIELDS},
    )


def known_headers(configuration: Configuration, password: str) -> DeliveryLayout:
    """Every header that is known from anywhere, by field; of members' sheets those agreed on with any source."""
    main: dict[str, set[str]] = defaultdict(set)
    for word, field in header_words(configuration, None).spellings():
        main[field].add(word)
    members: dict[str, set[str]] = defaultdict(set)
    for source in configuration.sources.values():
        for field, headers in (source.members.columns if source.members else {}).items():
            members[field].update(map(normal_header, headers))
    tables = {"main": TableLayout(_sorted(main), ("name",))}
    if members:
        tables["members"] = TableLayout(_sorted(members), ("elder_id_number",), optional_table=True)
    return DeliveryLayout(tables, password=password)


def _sorted(headers: Mapping[str, set[str]]) -> dict[str, tuple[str, ...]]:
    return {field: tuple(sorted(words)) for field, words in headers.items()}


def source_matches(normal: Sequence[str], configuration: Configuration) -> list[SourceMatch]:
    """The configured sources, best first, of those that know any of the headers."""
    found = []
    for source in configuration.sources.values():
        known = {normal_header(header): field for field, headers in source.main.columns.items() for header in headers}
        fields = [known[header] for header in normal if header in known]
        found.append(SourceMatch(source.name, source.label, len(fields), set(source.main.required) <= set(fields)))
    found.sort(key=lambda match: (-match.is_complete, -match.matched, match.name))
    return [match for match in found if match.matched]

"""What ``source learn`` does: headers of a file that a configured source does not know, added to its file once a person agrees."""

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from connectors.reading.layouts.header import normal_header
from flows.drafting.source_look import Look, look_at
from flows.drafting.source_write import check_writable, write_source
from schemas.column_guess import Confidence, Reason
from schemas.configuration import Source
from schemas.errors import ConfigurationInvalid
from schemas.source_edit import with_headers

__all__ = ["learn"]


def learn(
    home: Path, config: Path, name: str, file: Path, *, given: Mapping[str, str] | None, write: bool, config_named: bool
) -> dict[str, Any]:
    """Headers of a file that a configured source does not know, added to its file if ``write``; else only shown.

    Taken are headers that are high (``schemas.column_guess``), and those a person decided on; the others are named.

    Raises:
        ConfigurationInvalid: there is no such source, or its file is written in a way that is better changed by hand.
    """
    if write:
        check_writable(config, config_named=config_named)
    look = look_at(home, config, file, source=name, given=given)
    source = look.configuration.sources[name]
    added = _new_headers(look, source)
    path = look.configuration.folder / "sources" / f"{name}.toml"
    before = path.read_text(encoding="utf-8")
    after = with_headers(before, added, source.aliases_version + 1) if added else before
    if after is None:
        told = "; ".join(f"{field}: {', '.join(headers)}" for field, headers in added.items())
        raise ConfigurationInvalid(f"{path} is better changed by hand; to be added: {told}")
    if write and added:
        write_source(look.configuration, name, after, new=False)
    return {
        "source": name, "file": str(path), "added": added, "written": bool(write and added),
        "aliases_version": source.aliases_version + bool(added),
        "to_confirm": [
            {"letter": guess.letter, "header": guess.header, "field": guess.field}
            for guess in look.guesses
            if guess.confidence is Confidence.MEDIUM
        ],
        "left": [guess.header for guess in look.guesses if not guess.field and guess.header],
        "diff": list(difflib.unified_diff(before.splitlines(), after.splitlines(), n=1, lineterm=""))[2:],
    }  # fmt: skip


def _new_headers(look: Look, source: Source) -> dict[str, list[str]]:
    """For each field the headers it is to be known by from now on.

    Raises:
        ConfigurationInvalid: a person gave a column to a field whose header is another field's.
    """
    added: dict[str, list[str]] = {}
    ignored = set(map(normal_header, source.main.ignored))
    owner = {normal_header(header): field for field, headers in source.main.columns.items() for header in headers}
    for guess in look.guesses:
        normal, is_given = normal_header(guess.header), Reason.GIVEN in guess.reasons
        if is_given and owner.get(normal, guess.field) != guess.field:
            raise ConfigurationInvalid(
                f"the header of column {guess.letter} is one of {owner[normal]}; a header is one field's"
            )
        if guess.field and (is_given or guess.confidence is Confidence.HIGH) and normal not in owner.keys() | ignored:
            added.setdefault(guess.field, []).append(guess.header)
    return added

"""What ``source add`` does: drafts a new source's file from a sample, for a person to review."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from connectors.reading.layouts.header import normal_header
from flows.drafting.source_look import Look, look_at
from flows.drafting.source_write import check_writable, write_source
from schemas.codes import CATEGORIES, CODE_LISTS
from schemas.column_guess import Reason
from schemas.configuration import Configuration, load_configuration
from schemas.errors import ConfigurationInvalid
from schemas.fields import FIELDS
from schemas.source_file import DraftCode, SourceDraft, render_source
from transforms.crosswalk import CodeWord

__all__ = ["Wishes", "add"]

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_DATES = ("registered_date", "ability_assessed_date", "family_planning_confirmed_date", "certificate_issued_date")
"""Fields by which the newest statement is told, in the order they are asked for."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a person says of a new source; what is left out is drafted."""

    label: str | None = None
    body: str | None = None
    delivers: str = "full"
    stated_on: str | None = None
    states: str | None = None
    given: Mapping[str, str] | None = None  # field for letters of columns
    header_row: int | None = None
    password_secret: str | None = None


def add(home: Path, config: Path, name: str, file: Path, wishes: Wishes, *, config_named: bool) -> dict[str, Any]:
    """Writes ``sources/<name>.toml``, drafted from a sample, for a person to review.

    Raises:
        ConfigurationInvalid: the name is taken or none, the folder is the shipped one and nobody named it, a wish is no
            word of ours, or the sample has no column that is surely the name or the ID number.
    """
    check_writable(config, config_named=config_named)
    configuration = load_configuration(config)
    target = _free_place(configuration, name)
    _check(wishes, configuration)
    look = look_at(
        home,
        config,
        file,
        is_new=True,
        given=wishes.given,
        header_row=wishes.header_row,
        password_secret=wishes.password_secret,
    )
    draft = _draft(look, name, wishes)
    text = render_source(draft)
    write_source(configuration, name, text, new=True)
    left = [guess.header for guess in look.guesses if not guess.field and guess.header]
    return {
        "source": name, "file": str(target), "label": draft.label, "body": draft.body,
        "mapped": {guess.field: guess.header for guess in look.guesses if guess.field}, "left": left,
        "undecided_codes": sum(1 for words in draft.codes.values() for word in words if word.code is None),
        "reads_like": next((match.name for match in look.matches if match.is_complete), None),
        "stated_on": draft.stated_on, "date_to_agree_on": draft.agreed_date or None,
    }  # fmt: skip


def _free_place(configuration: Configuration, name: str) -> Path:
    if not _NAME.fullmatch(name):
        raise ConfigurationInvalid(
            f"NAME is a word of small letters, digits and _, such as health_incapacity, not {name}"
        )
    target = configuration.folder / "sources" / f"{name}.toml"
    if name in configuration.sources or target.exists():
        raise ConfigurationInvalid(
            f"{target} is there already; `eldersync source learn {name} FILE` adds headers to it"
        )
    return target


def _check(wishes: Wishes, configuration: Configuration) -> None:
    bodies = configuration.bureau.bodies
    if wishes.body is not None and wishes.body not in bodies:
        raise ConfigurationInvalid(f"body: {wishes.body} is not in bureau.toml, which has {', '.join(bodies)}")
    if wishes.states is not None and wishes.states not in CATEGORIES:
        raise ConfigurationInvalid(f"states: {wishes.states} is not a category: {', '.join(CATEGORIES)}")
    if wishes.stated_on is not None and FIELDS.get(wishes.stated_on, FIELDS["name"]).kind != "date":
        raise ConfigurationInvalid(f"stated_on: {wishes.stated_on} is not a date field: {', '.join(_DATES)}")


def _draft(look: Look, name: str, wishes: Wishes) -> SourceDraft:
    taken = {guess.field for guess in look.guesses if guess.field}
    for field in ("name", "id_number"):
        if field not in taken:
            raise ConfigurationInvalid(
                f"no column of the sample is surely the {field}; look with `eldersync source inspect`, "
                f"then say which by --field {field}=LETTER"
            )
    body = wishes.body or next(
        (look.configuration.sources[match.name].body for match in look.matches if match.is_complete), None
    )
    if body is None:
        bodies = ", ".join(look.configuration.bureau.bodies)
        raise ConfigurationInvalid(f"say who delivers by --body: {bodies}")
    stated_on = wishes.stated_on or next((field for field in _DATES if field in taken), _DATES[0])
    secret = wishes.password_secret
    return SourceDraft(
        label=wishes.label or name,
        body=body,
        delivers=wishes.delivers,
        stated_on=stated_on,
        states=wishes.states,
        sheets=look.sheets if len(look.sheets) == 1 else (),  # several are one list; another village's may come
        columns=tuple(look.guesses),
        codes=_codes(look),
        sample=_sample(look),
        ignored=_ignored(look),
        agreed_date="" if stated_on in taken else stated_on,
        password_secret=secret,
    )


def _ignored(look: Look) -> tuple[str, ...]:
    """Columns to be left: no field, and left for other sources too; or one of several with the same header."""
    known = {normal_header(header) for source in look.configuration.sources.values() for header in source.main.ignored}
    left = (
        column.header
        for column, guess in zip(look.columns, look.guesses, strict=True)
        if Reason.SAME_HEADER in guess.reasons or (column.normal in known and not guess.field and not guess.candidates)
    )
    return tuple(dict.fromkeys(left))


def _sample(look: Look) -> str:
    assert look.sheet is not None  # noqa: S101  for the type checker: it has a name and an ID number
    return f"{look.today:%Y-%m-%d}，{len(look.sheet.cells)} 行，SHA-256 {look.digest[:12]}…"


def _codes(look: Look) -> dict[str, list[DraftCode]]:
    """Words of the sample that our words do not explain, or that other columns prove to mean something else."""
    drafted: dict[str, list[DraftCode]] = {}
    for field, words in look.codes.items():
        code_list = FIELDS[field].codes or ""
        needed = [
            word for word in words if word.word and (word.code is None or (word.proven and word.proven != word.code))
        ]
        if needed:
            drafted.setdefault(code_list, []).extend(_draft_code(word, code_list) for word in needed)
    return {name: list({word.word: word for word in words}.values()) for name, words in drafted.items()}


def _draft_code(word: CodeWord, code_list: str) -> DraftCode:
    often = f"出现 {word.times} 次"
    if word.proven is None:
        return DraftCode(word.word or "", None, often)
    by = "身份证号码第 17 位" if code_list == "sex" else "残疾人证号末位"
    label = CODE_LISTS[code_list][word.proven]
    return DraftCode(
        word.word or "", word.proven, f"{often}；按{by}，可核对的 {word.rows} 行中 {word.share:.1%} 为{label}"
    )

"""The commands ``eldersync source …``: sources are configuration, drafted from a sample, tried, and listed.

Exit codes as everywhere (``flows.cli``); ``try`` answers 0 where nothing would be held, 3 where something would, 1 where the
file is refused.
"""

from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

from flows.commands.cli_common import COMMON, GREEN, RED, YELLOW, Common, Positive, config_of, give, home_of
from schemas.errors import ConfigurationInvalid

__all__ = ["source_app"]

source_app = App(
    name="source", help="Sources as configuration: look at a file, draft a source from it, try it, list them."
)

Flag = Annotated[bool, Parameter(negative="")]


@source_app.command(name="list")
def list_(*, common: Common = COMMON) -> int:
    """The configured sources: who delivers, how, until when, and the last delivery."""
    from flows.commands.print_sources import print_sources
    from flows.drafting.sources import list_sources

    give({"sources": list_sources(home_of(common), config_of(common))}, common, print_sources)
    return GREEN


@source_app.command
def inspect(
    file: Path, *, source: str | None = None, header_row: Positive | None = None, password_secret: str | None = None,
    common: Common = COMMON,
) -> int:  # fmt: skip
    """What a file is: format, sheets, columns with the fields they may be, codes, masked rows. Nothing is kept.

    Args:
        file: to look at.
        source: the configured source it is one of, if you know.
        header_row: the row its header is in, where it is not found.
        password_secret: name of the secret that opens it.
        common: options every command takes.
    """
    from flows.commands.print_inspection import print_inspection
    from flows.commands.print_sources import waiting
    from flows.drafting.source_inspect import inspect as look_into

    with waiting("正在查看文件"):
        found = look_into(
            home_of(common),
            config_of(common),
            file,
            source=source,
            header_row=header_row,
            password_secret=password_secret,
        )
    give(found, common, print_inspection)
    return RED if found["refused"] else GREEN


@source_app.command
def add(
    name: str, *, from_: Annotated[Path, Parameter(name="--from")], label: str | None = None, body: str | None = None,
    delivers: Literal["full", "incremental"] = "full", stated_on: str | None = None, states: str | None = None,
    field: tuple[str, ...] = (), header_row: Positive | None = None, password_secret: str | None = None, common: Common = COMMON,
) -> int:  # fmt: skip
    """Drafts a new source's file from a sample, for you to review.

    Args:
        name: of the source, its file and its inbox folder: small letters, digits, _.
        from_: the sample.
        label: its name in reports, Chinese.
        body: who delivers it, of bureau.toml; without it that of the source it resembles.
        delivers: full, where a person missing from a list is no longer stated; else incremental.
        stated_on: the date field that tells the newest of several rows of a person.
        states: the category that being on the list states.
        field: FIELD=LETTER, the column that is a field, where you know better; may be repeated.
        header_row: the row its header is in, where it is not found.
        password_secret: name of the secret that opens the sample, and deliveries after it.
        common: options every command takes.
    """
    from flows.commands.print_sources import print_added, waiting
    from flows.drafting.source_add import Wishes
    from flows.drafting.source_add import add as draft

    wishes = Wishes(label, body, delivers, stated_on, states, _given(field), header_row, password_secret)
    with waiting("正在查看样本"):
        added = draft(home_of(common), config_of(common), name, from_, wishes, config_named=common.config is not None)
    give(added, common, print_added)
    return GREEN


@source_app.command
def learn(name: str, file: Path, *, field: tuple[str, ...] = (), yes: Flag = False, common: Common = COMMON) -> int:
    """Headers of a file that a source does not know yet: shows what would be added to its file, and adds it with --yes.

    Args:
        name: of the source.
        file: that has the headers.
        field: FIELD=LETTER, the column that is a field, where you know better; may be repeated.
        yes: write what is shown.
        common: options every command takes.
    """
    from flows.commands.print_sources import print_learnt, waiting
    from flows.drafting.source_learn import learn as take_up

    with waiting("正在查看文件"):
        learnt = take_up(
            home_of(common), config_of(common), name, file, given=_given(field), write=yes,
            config_named=common.config is not None,
        )  # fmt: skip
    give(learnt, common, print_learnt)
    return GREEN


@source_app.command(name="try")
def try_(name: str, file: Path, *, date: date | None = None, common: Common = COMMON) -> int:
    """Reads, standardises and judges a file as a night would, and keeps nothing: funnel, findings, how it was read.

    Args:
        name: of the source.
        file: to try.
        date: business date, YYYY-MM-DD [today].
        common: options every command takes.
    """
    from flows.commands.print_sources import print_tried, progress_bar
    from flows.drafting.source_try import try_file

    with progress_bar() as progress:
        found = try_file(home_of(common), config_of(common), name, file, on=date, progress=progress)
    give(found, common, print_tried)
    if found["refused"]:
        return RED
    held = found["funnel"]["held"] + found["funnel"]["broken"] + (found["members"] or {}).get("held", 0)
    return YELLOW if held else GREEN


def _given(pairs: tuple[str, ...]) -> dict[str, str]:
    """The field of each letter, of ``FIELD=LETTER``."""
    given: dict[str, str] = {}
    for pair in pairs:
        field, equals, letter = pair.partition("=")
        if not equals or not letter.isascii() or not letter.isalpha():
            raise ConfigurationInvalid("--field is FIELD=LETTER, for instance --field id_number=D")
        if letter.upper() in given:
            raise ConfigurationInvalid(f"--field says two things of column {letter.upper()}")
        given[letter.upper()] = field.strip()
    return given

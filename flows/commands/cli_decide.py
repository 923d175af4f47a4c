"""The command line of who is who: questions as a list and as a file, and what people decide of them and of persons."""

import sys
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import App, Parameter

from flows.commands.cli_common import COMMON, GREEN, YELLOW, Common, Positive, config_of, give, home_of

__all__ = ["add_decide_commands"]

decide_app = App(name="decide", help="Who is who: what waits for a decision, and what a person decides.")

Flag = Annotated[bool, Parameter(negative="")]
Person = Annotated[str, Parameter(allow_leading_hyphen=True)]
State = Literal["living", "deceased", "moved_away", "in_institution", "refused"]


def add_decide_commands(app: App) -> None:
    """Hangs the commands of this module into the command line."""
    app.command(decide_app)
    app.command(cases)


def cases(*, to: Path, unmasked: Flag = False, reason: str = "", common: Common = COMMON) -> int:
    """What waits for a decision about who is who, as a file; a workbook can be filled in and given to `decide import`.

    Args:
        to: file to write: .xlsx, .csv, .parquet or .json.
        unmasked: write identifiers in full; recorded with the reason.
        reason: why they are needed.
        common: options every command takes.
    """
    from flows.commands.print_decisions import print_cases_file
    from flows.people.cases import export_cases

    found = export_cases(home_of(common), config_of(common), to, unmasked=unmasked, reason=reason)
    give(found, common, print_cases_file)
    return GREEN


@decide_app.command(name="list")
def list_(*, all: Flag = False, common: Common = COMMON) -> int:  # noqa: A002  the option is called so
    """Questions that are open, with both sides masked.

    Args:
        all: also every decision ever made: who, why, when, and whether it is in force.
        common: options every command takes.
    """
    from flows.commands.print_decisions import print_questions
    from flows.people.decide_show import list_questions

    give(list_questions(home_of(common), config_of(common), with_decisions=all), common, print_questions)
    return GREEN


@decide_app.command
def show(case: Positive, *, unmasked: Flag = False, reason: str = "", common: Common = COMMON) -> int:
    """One question with every statement on its sides; what differs is marked.

    Args:
        case: number of the case.
        unmasked: show identifiers in full; recorded with the reason.
        reason: why they are needed.
        common: options every command takes.
    """
    from flows.commands.print_decisions import print_question
    from flows.people.decide_show import show_question

    found = show_question(home_of(common), config_of(common), case, unmasked=unmasked, reason=reason)
    give(found, common, print_question)
    return GREEN


@decide_app.command
def same(
    case: Positive, *, by: str, reason: str, with_: Annotated[Positive | None, Parameter(name="--with")] = None,
    number: Person = "", common: Common = COMMON,
) -> int:  # fmt: skip
    """Says that the sides of a question are one person, or whose a damaged row is.

    Args:
        case: number of the case.
        by: name of the person who decides.
        reason: why, and which document shows it.
        with_: the side whose number is the present one; of a damaged row, the side whose it is.
        number: the present number, instead of a side ('-' reads it from standard input).
        common: options every command takes.
    """
    sides = () if with_ is None else (with_,)
    return _answer(case, "same", by, reason, common, sides=sides, number=_read(number))


@decide_app.command
def different(
    case: Positive, *, by: str, reason: str, holder: tuple[Positive, ...] = (), common: Common = COMMON
) -> int:
    """Says that the sides of a question are different people, or that a damaged row is none of the candidates'.

    Args:
        case: number of the case.
        by: name of the person who decides.
        reason: why, and which document shows it.
        holder: of one number, the side whose it is; may be repeated.
        common: options every command takes.
    """
    return _answer(case, "different", by, reason, common, sides=holder)


@decide_app.command
def accept(case: Positive, *, by: str, reason: str, common: Common = COMMON) -> int:
    """Says that a number that looks damaged is right as it stands; it has to be a valid one.

    Args:
        case: number of the case.
        by: name of the person who decides.
        reason: why, and which document shows it.
        common: options every command takes.
    """
    return _answer(case, "accept", by, reason, common)


@decide_app.command
def split(person: Person, *, by: str, reason: str, common: Common = COMMON) -> int:
    """Takes back the newest `same` about a person, and decides that it was wrong.

    Args:
        person: person_id, or an ID number ('-' reads it from standard input).
        by: name of the person who decides.
        reason: why.
        common: options every command takes.
    """
    from flows.people.decide_people import split_person

    found = split_person(home_of(common), config_of(common), _read(person), _decider(by, reason))
    return _give_decided(found, common)


@decide_app.command
def override(person: Person, field: str, value: Person, *, by: str, reason: str, common: Common = COMMON) -> int:
    """Decides what a field of a person says, until its sources say something else.

    Args:
        person: person_id, or an ID number ('-' reads it from standard input).
        field: of the registry, by its name or its Chinese label.
        value: a code or its label, a day, an amount in yuan, a text ('-' reads it from standard input, '' is nothing).
        by: name of the person who decides.
        reason: why, and which document shows it.
        common: options every command takes.
    """
    from flows.people.decide_people import override_field

    home, config = home_of(common), config_of(common)
    found = override_field(home, config, _read(person), field, _read(value), _decider(by, reason))
    return _give_decided(found, common)


@decide_app.command
def state(person: Person, state: State, *, on: date, by: str, reason: str, common: Common = COMMON) -> int:
    """Decides what became of a person, and since when.

    Args:
        person: person_id, or an ID number ('-' reads it from standard input).
        state: what became of them.
        on: the day from which it holds, YYYY-MM-DD.
        by: name of the person who decides.
        reason: why, and which document shows it.
        common: options every command takes.
    """
    from flows.people.decide_people import decide_state

    found = decide_state(home_of(common), config_of(common), _read(person), state, on, _decider(by, reason))
    return _give_decided(found, common)


@decide_app.command
def note(person: Person = "", *, by: str, reason: str, case: Positive | None = None, common: Common = COMMON) -> int:
    """Writes something down about a person or a case; nothing follows from it.

    Args:
        person: person_id, or an ID number ('-' reads it from standard input).
        by: name of the person who writes.
        reason: what is to be remembered.
        case: number of a case, instead of a person.
        common: options every command takes.
    """
    from flows.people.decide_people import add_note

    found = add_note(home_of(common), config_of(common), _read(person), case, _decider(by, reason))
    return _give_decided(found, common)


@decide_app.command
def undo(decision: Positive, *, by: str, reason: str, common: Common = COMMON) -> int:
    """Takes a decision back; what held before holds again from the next night on.

    Args:
        decision: number of the decision; `decide list --all` shows them.
        by: name of the person who decides.
        reason: why.
        common: options every command takes.
    """
    from flows.people.decide_people import take_back_decision

    found = take_back_decision(home_of(common), config_of(common), decision, _decider(by, reason))
    return _give_decided(found, common)


@decide_app.command(name="import")
def import_(file: Path, *, by: str = "", yes: Flag = False, common: Common = COMMON) -> int:
    """Reads the filled-in workbook of `cases`: says in numbers what counts and row by row what does not, records with --yes.

    Args:
        file: the workbook.
        by: name of the person who decides, where a row names nobody.
        yes: record it.
        common: options every command takes.
    """
    from flows.commands.print_decisions import print_imported_answers
    from flows.people.decide_import import import_answers

    found = import_answers(home_of(common), config_of(common), file, by=by, write=yes)
    give(found, common, print_imported_answers)
    waits = found["faults"] or found["refused"] or (found["answered"] and not yes)
    return YELLOW if waits else GREEN


def _answer(
    case: int, opinion: str, by: str, reason: str, common: Common, *, sides: tuple[int, ...] = (), number: str = ""
) -> int:
    from flows.people.answers import Answer, Opinion
    from flows.people.decide import decide_case

    answer = Answer(Opinion(opinion), tuple(sides), number)
    found = decide_case(home_of(common), config_of(common), case, answer, _decider(by, reason))
    return _give_decided(found, common)


def _give_decided(found: dict[str, Any], common: Common) -> int:
    from flows.commands.print_decisions import print_decided

    give(found, common, print_decided)
    return GREEN


def _decider(by: str, reason: str) -> Any:
    from flows.people.at_rest import Decider

    return Decider(by, reason)


def _read(said: str) -> str:
    return sys.stdin.readline().strip() if said == "-" else said

"""Every command line that a document shows is run as shown, with the names of this bureau in the place of its placeholders."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import reduce
from pathlib import Path

import pytest
import sqlalchemy as sa
from asked_questions import BY, command
from documented_commands import ROOT, Line, documented_lines
from nights import (
    DISABILITY,
    INCAPACITY,
    SURVEY,
    TODAY,
    disability_row,
    id_number,
    incapacity_row,
    people,
    survey_row,
    write_workbook,
)
from openpyxl import load_workbook
from push_bureau import Evening, PushBureau, evening
from result_files import answered, handed_in, write_results
from test_decisions import ZEROS

from flows.cli import app

GREEN, YELLOW = 0, 3
ONE, OTHER, THIRD, FOURTH = people(4)
OTHERS = people(16, 20)
TWICE = replace(OTHER, number=id_number(date(1936, 1, 24), 103))
SAME, SHARED, TRUE_ZEROS = "a pair", "a shared number", "a number ending in 000"
MERGED, WARNED, VANISHED = "a merged person", "a warning", "a warning of somebody who is listed no longer"
A_BACKUP = "a backup"
ASKED = {
    SAME: "SELECT case_id FROM identity_case WHERE kind = 'same-person-different-number' AND to_run IS NULL",
    SHARED: "SELECT case_id FROM identity_case WHERE kind = 'same-number-different-person' AND to_run IS NULL",
    TRUE_ZEROS: "SELECT case_id FROM case_side JOIN source_row USING (row_id) WHERE source_row.name = '王福' ORDER BY 1 DESC",
    MERGED: f"SELECT person_id FROM elder WHERE id_number = '{TWICE.number}'",  # noqa: S608  a number of ours
    WARNED: "SELECT finding_id FROM finding WHERE code = 'phone-format' AND to_run IS NULL ORDER BY 1 LIMIT 1",
    VANISHED: f"""SELECT finding_id FROM finding JOIN source_row USING (row_id)
                  WHERE code = 'phone-format' AND finding.to_run IS NULL AND source_row.name = '{OTHERS[-1].name}'""",  # noqa: S608
}
"""What has a number only the bureau knows."""

ELSEWHERE = {
    "simulate-province": "tests/integration/test_stand_in_province_command.py",
    "up": "tests/end_to_end/test_up_and_down.py",
    "down": "tests/end_to_end/test_up_and_down.py",
    "prefect": "tests/end_to_end/test_up_and_down.py",
    "restore": "tests/end_to_end/test_backup_commands.py",
}
"""Commands that go on until they are stopped, or need a server or an empty place of their own, and where they are run."""

OPTIONS = {
    "--at": TODAY.isoformat(), "--body": "civil_affairs", "--by": BY[1], "--changes": "changes.csv", "--chance": "0.2",
    "--code": "phone-format", "--date": (TODAY + timedelta(days=2)).isoformat(), "--dialect": "mysql", "--field": "name=A",
    "--from": "sample.xlsx", "--header-row": "1", "--holder": "1", "--label": "街道长者名单", "--limit": "5",
    "--month": f"{TODAY:%Y-%m}", "--on": "2024-03-01", "--people": "20", "--reason": BY[3], "--rules": "rules.toml",
    "--run": "2", "--seed": "7", "--source": SURVEY, "--survivorship": "survivorship.toml", "--with": "2",
}  # fmt: skip
FLAGS = {
    "--all",
    "--all-rows",
    "--check",
    "--json",
    "--origin",
    "--dry-run",
    "--no-backup",
    "--no-push",
    "--reassert",
    "--unmasked",
    "--with-later",
    "--yes",
}
OF_COMMAND = {
    ("approve", "--source"): DISABILITY,
    ("retake", "--source"): SURVEY,
    ("receipts import", "--run"): "3",
    ("decide different", "--number"): None, ("decide different", "--with"): None,
    ("decide accept", "--number"): None, ("decide accept", "--with"): None, ("decide accept", "--holder"): None,
    ("decide same", "--holder"): None, ("decide same", "--number"): None,
    ("reconcile", "--yes"): "",
}  # fmt: skip
"""Options that mean something else in one command; ``None`` where a line lists options of several commands at once."""


OF_THE_PLACE = {"--home", "--config"}
"""Options every command is given here anyway."""

ONE_OF_THEM = {"rules try": ("--rules",)}
"""Options of which a command needs one."""


@dataclass(frozen=True)
class Try:
    """How a command is tried: its arguments, what was done before, and how it may end."""

    arguments: tuple[str, ...] = ()
    before: Callable[[PushBureau], object] | None = None
    codes: tuple[int, ...] = (GREEN, YELLOW)


def done(*commands: tuple[str, ...]) -> Callable[[PushBureau], object]:
    """These commands came before."""

    def do(bureau: PushBureau) -> None:
        for words in commands:
            assert typed_at(bureau, words) in {GREEN, YELLOW}

    return do


def typed_at(bureau: PushBureau, words: tuple[str, ...]) -> int:
    """Types a line with the bureau's own numbers in it."""
    return command(bureau, *(_known(bureau, word) for word in words))


def _known(bureau: PushBureau, word: str) -> str | int:
    if word == A_BACKUP:
        return str(next(Path("kept").glob("2*")))
    return next(iter(bureau.query(ASKED[word])[0].values())) if word in ASKED else word


def stopped_before_its_report(bureau: PushBureau) -> None:
    with sa.create_engine(bureau.url, poolclass=sa.NullPool).begin() as connection:
        connection.execute(sa.text("DELETE FROM stage WHERE name = 'report' AND run_id = 2"))
        connection.execute(sa.text("UPDATE run SET status = 'red', stopped_by = 'the disk was full' WHERE run_id = 2"))


def refused_there(bureau: PushBureau) -> None:
    with sa.create_engine(bureau.url, poolclass=sa.NullPool).begin() as connection:
        connection.execute(sa.text("DELETE FROM outbox WHERE person_id = 1 AND state IN ('planned', 'pending')"))
        connection.execute(sa.text("UPDATE outbox SET state = 'rejected' WHERE person_id = 1 AND state = 'accepted'"))


def handed_in_and_answered(bureau: PushBureau) -> None:
    bureau.target("workbook")
    bureau.night(TODAY + timedelta(days=1))
    bureau.approve(3)
    bureau.push()
    rows = handed_in(bureau.home, 3)
    write_results(
        bureau.home.parent / "results.xlsx", answered(rows, {row["人员编号"]: {"处理结果": "成功"} for row in rows})
    )


def one_filled_in(bureau: PushBureau) -> None:
    """The workbook of findings, with a decision in its first row."""
    assert command(bureau, "findings", "2", "--to", "findings.xlsx") == GREEN
    book = load_workbook("findings.xlsx")
    sheet = book.worksheets[0]
    columns = {cell.value: cell.column for cell in sheet[1]}
    row = next(row for row in range(2, sheet.max_row + 1) if sheet.cell(row, columns["code"]).value == "phone-format")
    for header, word in {"处理": "免予更正", "理由": BY[3], "经办人": BY[1]}.items():
        sheet.cell(row, columns[header]).value = word
    book.save("findings.xlsx")


def listed_no_longer(bureau: PushBureau) -> None:
    """A list went back, and the next one leaves somebody out."""
    assert command(bureau, "returns", "2", "--source", SURVEY) in {GREEN, YELLOW}
    bureau.deliver(SURVEY, [survey_row(who, 备注="再报") for who in (ONE, OTHER, FOURTH, *OTHERS[:-1])])
    bureau.night(TODAY + timedelta(days=1), send=False)


ONE_PERSON = ("decide", "same", SAME, "--with", "2", *BY)
NOTED = ("decide", "note", "1", *BY)
UNDONE = ("undo", "2", *BY, "--yes")
BACKED_UP = ("backup", "--to", "kept")
TRIES = {
    "approve": Try(("2",)),
    "backup check": Try((A_BACKUP,), done(BACKED_UP)),
    "config show": Try(("rules.brake",)),
    "decide accept": Try((TRUE_ZEROS,)),
    "decide different": Try((SAME,)),
    "decide different --holder": Try((SHARED,)),
    "decide import": Try(("cases.xlsx",), done(("cases", "--to", "cases.xlsx"))),
    "decide note": Try(("1",)),
    "decide override": Try(("1", "phone", "13912345678")),
    "decide same": Try((SHARED,)),
    "decide same --with": Try((SAME,)),
    "decide show": Try((SAME,)),
    "decide split": Try((MERGED,), done(ONE_PERSON, ("run", "--date", (TODAY + timedelta(days=1)).isoformat()))),
    "decide state": Try(("1", "deceased")),
    "decide undo": Try(("1",), done(NOTED)),
    "divisions import": Try(("divisions.csv",)),
    "explain": Try(("1",)),
    "findings": Try(("2",)),
    "findings confirm": Try((WARNED,)),
    "findings import": Try(("findings.xlsx",), one_filled_in),
    "findings reopen": Try((WARNED,), done(("findings", "confirm", WARNED, *BY))),
    "findings waive": Try((WARNED,)),
    "findings withdraw": Try((VANISHED,), listed_no_longer),
    "help": Try(("rows-to-return",)),
    "hold": Try(("1",)),
    "plan": Try(("2",)),
    "profile ddl": Try(("example",)),
    "profile try": Try(("example",)),
    "push proof": Try(("1",)),
    "push resend": Try(("1",), refused_there),
    "receipts import": Try(("results.xlsx",), handed_in_and_answered),
    "release": Try(("1",), done(("hold", "1", *BY))),
    "report": Try(("2",)),
    "resume": Try(("2",), stopped_before_its_report),
    "retake": Try(("2",), done(UNDONE)),
    "returns": Try(("2",)),
    "rules explain": Try(("phone-format",)),
    "show": Try(("2",)),
    "source add": Try(("street_list",)),
    "source inspect": Try(("sample.xlsx",)),
    "source learn": Try((SURVEY, "sample.xlsx")),
    "source try": Try((SURVEY, "sample.xlsx")),
    "template": Try(("附件1",)),
    "undo": Try(("2",)),
}
LOOKING = {
    "backup list", "cases", "config check", "config show", "decide list", "decide show", "dispatches", "doctor", "elders", "explain",
    "findings", "help", "plan", "profile ddl", "profile try", "push proof", "push status", "report", "rules explain",
    "rules list", "runs", "show", "source inspect", "source list", "source try", "status", "template", "watch",
}  # fmt: skip
"""Commands that leave the registry as it is, and so may share a bureau."""


def as_typed(line: Line) -> tuple[str, ...]:
    """A line as it is typed here; what a command cannot do without is there even where a text only mentions it."""
    arguments = reduce(lambda group, name: group[name], line.command.split(), app).assemble_argument_collection()
    needed = [one.name for one in arguments if one.required and one.index is None and one.name.startswith("--")]
    typed: list[str] = []
    for name in sorted(
        {*(name for name, _ in line.options), *needed, *ONE_OF_THEM.get(line.command, ())} - OF_THE_PLACE
    ):
        value = OF_COMMAND.get(
            (line.command, name), "" if name in FLAGS else OPTIONS.get(name, f"written{_ending(line)}")
        )
        if value is not None:
            typed += [name, *([value] if value else [])]
    return (*line.command.split(), *trial(line).arguments, *typed)


def trial(line: Line) -> Try:
    """How a line is tried; of a command that answers different questions, by the option that says which."""
    with_option = [f"{line.command} {name}" for name, _ in line.options]
    return next((TRIES[key] for key in (*with_option, line.command) if key in TRIES), Try())


def _ending(line: Line) -> str:
    """``--to`` is a folder or a file; which kind of file the line says, if it says."""
    shown = dict(line.options).get("--to", "")
    return "" if line.command in {"backup", "sample", "template"} else Path(shown).suffix or ".csv"


LINES: dict[tuple[str, ...], Line] = {}
for shown in sorted(documented_lines()):
    if shown.command not in ELSEWHERE:
        LINES.setdefault(as_typed(shown), shown)


def two_nights(bureau: PushBureau) -> None:
    """The platform was told of the first; the second changed everybody and lost most of a list, and waits to be let go."""
    right = survey_row(THIRD, 姓名="王福", 身份证号码=ZEROS)
    ruined = survey_row(ONE, 身份证号码=ONE.number[:15] + "000", 对象类型="空巢", 备注="补报")
    rows = [*map(survey_row, (ONE, OTHER, THIRD, FOURTH)), ruined, right, *map(survey_row, OTHERS)]
    bureau.deliver(SURVEY, rows)
    bureau.deliver(DISABILITY, [*map(disability_row, (ONE, *OTHERS))])
    bureau.deliver(INCAPACITY, [incapacity_row(TWICE), incapacity_row(FOURTH, 姓名="王福全", 联系电话="")])
    bureau.night(TODAY)
    bureau.approve(1)
    bureau.push()
    bureau.deliver(SURVEY, [row | {"备注": "已入户", "联系电话": "1390000"} for row in rows])
    bureau.deliver(DISABILITY, [*map(disability_row, (ONE, *OTHERS[:2]))])
    bureau.night(TODAY, send=False)


def lay_out(folder: Path) -> None:
    """The files that lines name."""
    write_workbook(folder / "sample.xlsx", {"名单": [survey_row(who) for who in people(6, 40)]})
    for name in ("divisions.csv", "rules.toml", "survivorship.toml"):
        shutil.copy(ROOT / "config" / name, folder)
    (folder / "changes.csv").write_text("原代码,现行代码\n441421001,441403001\n", encoding="utf-8")


@pytest.fixture(scope="module")
def town(server_engine: sa.Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Evening[PushBureau]]:
    with evening(server_engine, tmp_path_factory.mktemp("town"), two_nights) as found:
        yield found


@pytest.fixture(scope="module")
def shared_copy(town: Evening[PushBureau], tmp_path_factory: pytest.TempPathFactory) -> Iterator[PushBureau]:
    folder = tmp_path_factory.mktemp("looking")
    with town.copied(folder) as (bureau, _):
        lay_out(folder)
        yield bureau


@pytest.mark.parametrize("typed", [typed for typed in LINES if LINES[typed].command in LOOKING], ids=" ".join)
def test_a_line_that_looks_shows_something(
    typed: tuple[str, ...], shared_copy: PushBureau, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(shared_copy.home.parent)
    assert typed_at(shared_copy, typed) in trial(LINES[typed]).codes, capsys.readouterr().err
    assert capsys.readouterr().out


@pytest.mark.parametrize("typed", [typed for typed in LINES if LINES[typed].command not in LOOKING], ids=" ".join)
def test_a_line_that_does_something_does_it(
    typed: tuple[str, ...], town: Evening[PushBureau], tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    tried = trial(LINES[typed])
    with town.copied(tmp_path) as (bureau, _):
        lay_out(tmp_path)
        monkeypatch.chdir(tmp_path)
        if tried.before is not None:
            tried.before(bureau)
        capsys.readouterr()
        assert typed_at(bureau, typed) in tried.codes, capsys.readouterr().err
        assert capsys.readouterr().out


@pytest.mark.parametrize(("name", "where"), ELSEWHERE.items())
def test_a_command_that_goes_on_until_it_is_stopped_is_run_elsewhere(name: str, where: str) -> None:
    assert f'"{name}"' in (ROOT / where).read_text(encoding="utf-8")


def test_no_command_is_left_out() -> None:
    shown = {line.command.split()[0] for line in LINES.values()} | set(ELSEWHERE)
    assert {name for name in app if not name.startswith("-")} <= shown

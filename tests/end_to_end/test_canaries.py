"""Nobody's name, number, telephone, address or illness leaves the stores that may hold it, whatever goes wrong.

Canaries go through nights that succeed and nights that fail in every way we could think of; then every byte written
outside the allowed stores is searched, in every disguise. Allowed are the database, kept originals, the inbox, and the
platform's files; reports may show masked values.
"""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import made_up_lists as lists
import pytest
import sqlalchemy as sa
from canaries import CANARIES, command_lines, contents, found_in
from private_prefect import Prefect
from quoting_platform import QuotingPlatform, quoting_platform
from shared_server import Database, Launcher, SharedServer

from registry.embedded import running_server

SCRIPT = str(Path(sys.executable).with_name("eldersync"))
CONFIG = Path(os.environ["ELDERSYNC_CONFIG"])
DAY = "2026-11-20"
GREEN, RED, USAGE, YELLOW = 0, 1, 2, 3


@dataclass
class Scene:
    """A home in which things go wrong, and everything that was said while they did."""

    home: Path
    scratch: Path
    launcher: Launcher
    said: list[tuple[str, bytes]] = field(default_factory=list)

    def command(self, *arguments: str, die: dict[str, Any] | None = None, plant: str = "", **environment: str) -> int:
        """Runs a command line, its temporary files in a folder of its own; keeps what it says."""
        words = {name: self.scratch.with_name(f"{self.scratch.name}_{name}") for name in ("stdout", "stderr")}
        answer = self.launcher.run(
            *arguments, "--home", str(self.home), environment={"TMPDIR": str(self.scratch), **environment}, die=die,
            plant=plant, **{name: str(path) for name, path in words.items()},
        )  # fmt: skip
        self.said += [(f"{name} of {' '.join(arguments)}", path.read_bytes()) for name, path in words.items()]
        for path in words.values():
            path.unlink()
        code: int = answer["code"]
        return code

    def script(self, *arguments: str, stdin: str = "") -> int:
        """Runs the installed script; keeps what it says, and the command lines of all processes meanwhile."""
        with command_lines() as seen:
            done = subprocess.run(
                [SCRIPT, *arguments, "--home", str(self.home)], input=stdin.encode(), capture_output=True, check=False,
                env={**os.environ, "TMPDIR": str(self.scratch)},
            )  # fmt: skip
        self.said += [("stdout", done.stdout), ("stderr", done.stderr), *(("command line", line) for line in seen)]
        return done.returncode

    def searched(self) -> Iterator[tuple[str, bytes]]:
        """Everything that must hold no canary."""
        allowed = [self.home / name for name in ("postgres", "received", "inbox", "outgoing", "reports")]
        for place, content in contents(self.home, without=allowed):
            if not place.startswith(f"name of {self.home / 'inbox'}"):  # the senders' own file names
                yield place, content
        yield from contents(self.scratch)
        yield from self.said

    def reports(self) -> Iterator[tuple[str, bytes]]:
        """What reports show; of an archive what is in it."""
        yield from contents(self.home / "reports")


def marked_lists() -> lists.Lists:
    """Lists whose every personal value is a canary, in rows that are admitted, held, odd and broken."""
    c = CANARIES
    plain = lists.make_people(10)
    people = [
        lists.replace(person, name=c.names[place], number=c.numbers[place], phone=c.phones[place])
        for place, person in enumerate(plain)
    ]
    rows = lists.clean_lists([*people, *lists.make_people(20, first=20)])
    survey = [list(row) for row in rows["village_survey"]]
    for place, row in enumerate(survey[1:9]):
        row[4] = c.relatives[place]
        row[17] = f"{c.illnesses[place % 4]}，住{c.addresses[place % 4]}，身份证{c.numbers[place]}，由邻居每日照看三次"
    survey[0] = [*survey[0], c.headers[0], c.headers[1]]
    survey[1:] = [[*row, c.misplaced[0], c.phones[0]] for row in survey[1:]]
    odd = [list(survey[1]) for _ in range(10)]
    for place, number in enumerate(c.wrong_numbers):
        odd[place][2] = number
    for place, phone in enumerate(c.wrong_phones):
        odd[6 + place][3] = phone
    for column, value in ((1, c.misplaced[1]), (8, c.misplaced[2]), (12, c.misplaced[3]), (14, c.misplaced[1]),
                          (15, c.phones[1]), (16, c.misplaced[1]), (13, c.wrong_numbers[0])):  # fmt: skip
        odd[9][column] = value
    odd[9][2] = lists.id_number("44142119340908808")
    survey += odd
    survey[0][13] = "残疾人证号"
    for place, certificate in enumerate(c.certificates):
        survey[1 + place][13] = certificate
    incapacity = [list(row) for row in rows["health_incapacity"]]
    incapacity[1] = [
        *incapacity[1][:4],
        c.addresses[0],
        c.addresses[1],
        c.misplaced[0],
        *incapacity[1][7:10],
        c.illnesses[0],
    ]
    incapacity += [[c.misplaced[2], *incapacity[2][1:8], c.misplaced[3], *incapacity[2][9:]]]
    members = [list(row) for row in rows["members"]]
    for place, row in enumerate(members[1:], start=1):
        row[1], row[3], row[5] = c.relatives[place], c.numbers[place], c.illnesses[place % 4]
    members += [
        [c.unknown_number, c.relatives[7], "不知道", c.wrong_numbers[1], c.misplaced[0], c.illnesses[2], c.misplaced[1]]
    ]
    federation = [list(row) for row in rows["disability_federation"]]
    federation[1][3], federation[1][11], federation[1][12] = c.certificates[0], c.relatives[0], c.wrong_phones[0]
    federation[2][4], federation[2][6], federation[2][8] = c.illnesses[1], c.misplaced[0], c.misplaced[1]
    family = [list(row) for row in rows["health_family_planning"]]
    family[1][6], family[1][8], family[1][9], family[1][10] = (
        c.misplaced[0],
        c.relatives[1],
        c.numbers[9],
        c.illnesses[3],
    )
    return {
        "village_survey": survey, "members": members, "health_incapacity": incapacity, "disability_federation": federation,
        "health_family_planning": family,
    }  # fmt: skip


def hostile_files(folder: Path) -> None:
    """Files of every bad kind, full of canaries, under names that are canaries."""
    c = CANARIES
    text = "".join(f"{value}," for value in (*c.names, *c.numbers, *c.phones, *c.illnesses))
    header = ",".join(lists.SURVEY)
    name = c.file_names[0]
    (folder / f"{name}_undecodable.csv").write_bytes(header.encode() + b"\n" + text.encode("gb18030") + b"\xff\x80\n")
    (folder / f"{name}_utf16.csv").write_bytes((header + "\n" + text).encode("utf-16"))
    (folder / f"{name}_broken.csv").write_text(
        f'{header}\n"{c.names[1]},{c.numbers[1]}\n{text}{text}\n{c.names[2]},"{c.addresses[0]}"x,{c.phones[2]}\n',
        encoding="utf-8",
    )
    (folder / f"{name}_headless.csv").write_text(f"{text}\n{text}\n", encoding="utf-8")
    (folder / f"{name}_doubled.csv").write_text(
        f"姓名,姓名,{header},{c.headers[0]},{c.headers[0]}\n{text}\n", encoding="utf-8"
    )
    (folder / f"{name}.json").write_text(json.dumps([c.names, c.numbers]), encoding="utf-8")
    (folder / f"{name}_empty.xlsx").write_bytes(b"")
    book = lists.workbook({c.parts[0]: [lists.SURVEY, (*c.names, *c.numbers)]})
    (folder / f"{name}_sheet.xlsx").write_bytes(book)
    (folder / f"{name}_cut.xlsx").write_bytes(book[: len(book) // 2])
    far = BytesIO()
    with zipfile.ZipFile(BytesIO(book)) as old, zipfile.ZipFile(far, "w") as new:
        for part in old.namelist():
            content = old.read(part)
            if part == "xl/worksheets/sheet1.xml":
                cell = f'<row r="1048576"><c r="XFD1048576" t="inlineStr"><is><t>{c.names[0]}</t></is></c></row>'
                content = content.replace(b"</sheetData>", cell.encode() + b"</sheetData>")
            new.writestr(part, content)
        new.writestr(f"xl/{c.parts[0]}.xml", text)
    (folder / f"{name}_far.xlsx").write_bytes(far.getvalue())


@contextmanager
def refused(url: str, table: str, condition: str) -> Iterator[None]:
    """Makes PostgreSQL refuse rows, with a message that quotes them whole."""
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.pool.NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql(f"ALTER TABLE {table} ADD CONSTRAINT refused CHECK ({condition}) NOT VALID")
    yield
    with engine.connect() as connection:
        connection.exec_driver_sql(f"ALTER TABLE {table} DROP CONSTRAINT refused")


def prefect_settings(prefect: Prefect) -> dict[str, str]:
    return {name: value for name, value in prefect.environment.items() if name.startswith(("PREFECT", "DO_NOT"))}


@pytest.fixture(scope="module")
def scene(prefect: Prefect, launcher: Launcher, tmp_path_factory: pytest.TempPathFactory) -> Scene:
    """Everything that can go wrong has."""
    c = CANARIES
    found = Scene(tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("scratch"), launcher)
    home, night = found.home, ("run", "--date", DAY)
    config = {"ELDERSYNC_CONFIG": str(tmp_path_factory.mktemp("config") / "config")}
    rules = Path(shutil.copytree(CONFIG, config["ELDERSYNC_CONFIG"]), "rules.toml")
    as_shipped = rules.read_text()

    def other_rules(minimum_age: int) -> None:
        """With other rules, everybody's rows are judged again from the kept originals."""
        rules.write_text(as_shipped.replace("minimum_age = 60", f"minimum_age = {minimum_age}"))

    # A night that succeeds, beside files of every bad kind.
    lists.deliver(home, marked_lists())
    hostile_files(home / "inbox" / "village_survey")
    undecodable = home / "inbox" / "health_family_planning" / f"{c.file_names[1]}.csv"
    undecodable.write_bytes(b"\xff\xfe\x80" + c.names[0].encode())
    assert found.script(*night) == YELLOW
    # The database server dies in the middle, and the night is resumed.
    other_rules(61)
    die = {"server": 22, "pid_file": str(home / "postgres" / "postmaster.pid")}
    assert found.command(*night, "--json", die=die, **config) == RED
    assert found.command("resume", "2", "--json", **config) == YELLOW
    for path in [*(home / "inbox").rglob(f"{c.file_names[0]}*"), undecodable]:
        path.unlink()
    with running_server(home) as url:
        other_rules(62)
        with refused(url, "source_row", f"name <> '{c.names[0]}'"):
            assert found.command(*night, **config) == YELLOW
            # Under Prefect the sources' tasks fail, and then the flow.
            other_rules(63)
            with refused(url, "elder", "false"):
                assert found.command(*night, **config, **prefect_settings(prefect)) == RED
        # Kept originals are damaged, the configuration is wrong, people ask in vain.
        other_rules(64)
        for kept in (home / "received").glob("*/*"):
            kept.write_bytes(kept.read_bytes()[:100])
        shutil.rmtree(home / "inbox")
        assert found.command(*night, **config) == YELLOW
        rules.write_text("minimum_age = '?'")
        assert found.command(*night, **config) == USAGE
        assert found.script("explain", "-", stdin=c.unknown_number) == USAGE
        for number in (c.unknown_number, *c.wrong_numbers):
            assert found.command("explain", number, "--json") == USAGE
        for arguments in (["status"], ["runs"], ["show", "1"], ["show", "4", "--json"], ["doctor"], ["report", "1"]):
            found.command(*arguments)
        rules.write_text(as_shipped)
        with quoting_platform() as platform:
            tell_over_its_interface(found, config, platform, prefect)
    return found


def tell_over_its_interface(found: Scene, config: dict[str, str], platform: QuotingPlatform, prefect: Prefect) -> None:
    """Nights and commands of the push, against a platform that quotes everybody it refuses."""
    c = CANARIES
    folder, secret = Path(config["ELDERSYNC_CONFIG"]), found.home / "secrets" / "platform_token"
    bureau = (folder / "bureau.toml").read_text().replace('target = "workbook"', 'target = "api"')
    (folder / "bureau.toml").write_text(bureau.replace('platform = "example"', 'platform = "quoting"'))
    example = (folder / "platform/example.toml").read_text().replace('name = "example"', 'name = "quoting"')
    (folder / "platform/quoting.toml").write_text(example.replace("http://127.0.0.1:8640", platform.url))
    secret.parent.mkdir(mode=0o700)
    secret.write_text("made-up")
    secret.chmod(0o600)
    who = ("--by", "Wang", "--reason", "checked")

    def said(*arguments: str, code: int) -> None:
        assert found.command(*arguments, **config) == code, arguments

    said("run", "--date", DAY, code=YELLOW)
    said("plan", "6", code=YELLOW)
    said("plan", "6", "--json", "--to", str(found.scratch / "plan.xlsx"), code=YELLOW)
    said("approve", "6", *who, code=YELLOW)
    said("approve", "6", "--by", "Li", "--reason", "checked", "--json", code=GREEN)
    assert found.command("run", "--date", DAY, **config, **prefect_settings(prefect)) == YELLOW
    assert all(number in "".join(platform.quoted) for number in c.numbers[:3])
    for answers_with, number in (("page", c.numbers[0]), ("message", c.numbers[1]), ("reasons", c.numbers[2])):
        platform.answers_with = answers_with
        said("push", "resend", number, *who, code=GREEN)
        said("push", code=YELLOW)
        assert number in platform.quoted[-1]
        said("push", "status", code=YELLOW)
        said("push", "proof", number, "--json", code=GREEN)
    said("hold", c.numbers[0], *who, code=GREEN)
    said("release", c.numbers[0], *who, "--json", code=GREEN)
    said("hold", c.unknown_number, *who, code=USAGE)
    said("push", "proof", c.unknown_number, "--json", code=USAGE)
    said("profile", "try", "example_flat", code=GREEN)
    said("profile", "try", "example_flat", "--json", code=GREEN)
    said("show", "7", "--json", code=GREEN)
    said("report", "7", code=GREEN)
    result = found.home / "inbox" / f"{c.file_names[0]}.csv"
    result.parent.mkdir(exist_ok=True)
    result.write_text(
        f"人员编号,姓名,证件号码,处理结果,失败原因\n1,{c.names[0]},{c.numbers[0]},失败,{c.names[0]}{c.phones[0]}\n",
        "utf-8",
    )
    said("receipts", "import", str(result), "--json", code=YELLOW)
    said("reconcile", code=GREEN)


def test_no_canary_is_outside_the_allowed_stores(scene: Scene) -> None:
    assert found_in(scene.searched()) == set()


def test_prefect_has_seen_nights_fail_and_holds_no_canary(scene: Scene, prefect: Prefect) -> None:
    tasks = {(task["name"], task["state"]["type"]) for task in prefect.ask("task_runs/filter")}
    assert tasks >= {("take health_incapacity", "FAILED"), ("take village_survey", "FAILED"), ("merge", "FAILED")}
    assert "FAILED" in {run["state"]["type"] for run in prefect.ask("flow_runs/filter")}
    assert found_in(contents(prefect.home)) == set()


def test_reports_show_no_name_number_or_telephone_whole(scene: Scene) -> None:
    assert found_in(scene.reports(), CANARIES.identifying) == set()


@pytest.mark.parametrize("suffix", ["csv", "json", "xlsx"])
def test_lists_that_leave_are_masked(scene: Scene, tmp_path: Path, suffix: str) -> None:
    with running_server(scene.home):
        assert scene.command("elders", "--to", str(tmp_path / f"elders.{suffix}")) == GREEN
        for run in ("1", "7"):
            assert scene.command("findings", run, "--to", str(tmp_path / f"findings{run}.{suffix}")) == GREEN
    assert found_in(contents(tmp_path), CANARIES.identifying) == set()


def test_explanations_are_masked(scene: Scene) -> None:
    with running_server(scene.home):
        for canary in (CANARIES.numbers[0], CANARIES.numbers[1]):
            assert scene.command("explain", canary) == GREEN
            assert scene.command("explain", canary, "--json") == GREEN
    assert found_in(scene.said, CANARIES.identifying) == set()


LEAK = """
import logging, sqlalchemy as sa
row = ({name!r}, {number!r})
sa.event.listen(sa.Engine, "commit", lambda connection: logging.getLogger("eldersync").info("%s", row))
"""


def test_a_leak_is_found_in_every_place_it_gets_to(
    server: SharedServer, migrated: Database, launcher: Launcher, prefect: Prefect, scene: Scene, tmp_path: Path
) -> None:
    planted = Scene(tmp_path / "home", tmp_path / "scratch", launcher)
    planted.scratch.mkdir()
    lists.deliver(planted.home, lists.clean_lists(lists.make_people(6)))
    name, number = CANARIES.names[0], CANARIES.numbers[0]
    url = {"ELDERSYNC_DATABASE_URL": server.new(like=migrated).url}
    leak = LEAK.format(name=name, number=number)
    assert planted.command("run", plant=leak, **url, **prefect_settings(prefect)) == GREEN
    leaks = found_in(planted.searched())
    for place in (str(planted.home / "logs" / "eldersync.log"), "stderr of run"):
        assert {(place, name), (place, number)} <= leaks
    assert {canary for _, canary in found_in(contents(prefect.home))} >= {name, number}

"""A bureau that tells the stand-in platform over its interface, and the people at its desk who let plans and lists go."""

import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Generic, TypeVar

import sqlalchemy as sa
from copied_databases import database
from nights import TODAY, Bureau
from province_client import TOKEN
from province_fixtures import PROFILE

from flows.telling.push_now import push_now
from flows.telling.push_people import hold_person, proof_of_person, release_person, resend_person, status_of_push
from flows.telling.push_plans import approve_list, approve_plan, shown_plan
from simulator.province.behaviour import Behaviour
from simulator.province.ledger_view import open_view
from simulator.province.running import RunningProvince, running_province
from simulator.province.server import ProvinceSettings

__all__ = ["Evening", "PushBureau", "effects", "evening", "held_by", "stand_in"]

SHIPPED_BRAKE = "people = 10\nshare = 0.05\nsource_people"


class PushBureau(Bureau):
    """A bureau whose plans are braked as shipped; whoever decides is Wang and Li unless a test says so."""

    def __init__(self, home: Path, url: str, *, like: "PushBureau | None" = None) -> None:
        super().__init__(home, url)
        if like is not None:
            shutil.copytree(like.home, home)
            self.config = shutil.copytree(like.config, home.with_name(f"{home.name}-config"))
        else:
            self.own_configuration()
            self.set_rule(SHIPPED_BRAKE, instead_of=SHIPPED_BRAKE.replace("10", "1000", 1))

    def tells(self, platform_url: str) -> None:
        """From now on changes leave over the interface of a platform."""
        self.target("api")
        profile = self.config / "platform/example.toml"
        lines = profile.read_text(encoding="utf-8").splitlines(keepends=True)
        [place] = [n for n, line in enumerate(lines) if line.startswith('url = "http://127.0.0.1')]
        lines[place] = f'url = "{platform_url}"\n'
        profile.write_text("".join(lines), encoding="utf-8")
        secret = self.home / "secrets/platform_token"
        secret.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        secret.write_text(TOKEN)
        secret.chmod(0o600)

    def target(self, way: str) -> None:
        """How changes leave from now on: workbook, api or exchange."""
        path = self.config / "bureau.toml"
        lines = path.read_text(encoding="utf-8").splitlines()
        path.write_text(
            "\n".join(f'target = "{way}"' if line.startswith("target =") else line for line in lines), encoding="utf-8"
        )

    def has_rule(self, section: str, **values: float) -> None:
        """Changes numbers of a section of rules.toml."""
        path = self.config / "rules.toml"
        before, _, rest = path.read_text(encoding="utf-8").partition(f"[{section}]\n")
        own, gap, after = rest.partition("\n\n")
        lines = [line for line in own.splitlines() if line.split(" =")[0] not in values]
        lines += [f"{name} = {value}" for name, value in values.items()]
        path.write_text(f"{before}[{section}]\n" + "\n".join(lines) + gap + after, encoding="utf-8")

    def ask(self, command: Any, *arguments: Any, **named: Any) -> dict[str, Any]:
        """What a command finds; its arguments but for home and configuration."""
        with self.environment():
            found: dict[str, Any] = command(self.home, self.config, *arguments, **named)
        return found

    def push(self, expect: str | None = None) -> dict[str, Any]:
        found = self.ask(push_now)
        assert expect in {None, found["status"]}, found
        return found

    def approve(self, run_id: int, *people: str, source: str = "") -> dict[str, Any]:
        """These people approve a run's plan, or a held list of a source, one after another; what the last one hears."""
        found: dict[str, Any] = {}
        for one in people or ("王芳", "李强"):
            if source:
                found = self.ask(approve_list, run_id, source, by=one, reason="已与来源单位核实")
            else:
                found = self.ask(approve_plan, run_id, by=one, reason="已逐页核对")
        return found

    def plan(self, run_id: int, to: Path | None = None) -> dict[str, Any]:
        return self.ask(shown_plan, run_id, to)

    def hold(self, person: str) -> dict[str, Any]:
        return self.ask(hold_person, person, by="王芳", reason="正在核实")

    def release(self, person: str) -> dict[str, Any]:
        return self.ask(release_person, person, by="王芳", reason="核实无误")

    def resend(self, person: str) -> dict[str, Any]:
        return self.ask(resend_person, person, by="王芳", reason="平台已放开")

    def proof(self, person: str) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = self.ask(proof_of_person, person)["entries"]
        return entries

    def push_status(self) -> dict[str, Any]:
        return self.ask(status_of_push)

    def first_night(self, source: str, rows: list[Any], day: date = TODAY) -> int:
        """A first night whose plan two people let go, and its push; the run."""
        self.deliver(source, rows)
        run_id: int = self.night(day)["run_id"]
        self.approve(run_id)
        assert self.push("green")["push"]["waiting"] == 0
        return run_id

    def execute(self, statement: str) -> None:
        """Changes the registry behind its back, where a test cannot wait for a week."""
        engine = sa.create_engine(self.url, poolclass=sa.NullPool)
        with engine.begin() as connection:
            connection.execute(sa.text(statement))

    def states(self) -> Counter[tuple[str, str]]:
        """How many entries are told as what, in which state."""
        rows = self.query("SELECT sent_as, state FROM outbox WHERE state <> 'superseded'")
        return Counter((row["sent_as"], row["state"]) for row in rows)


B = TypeVar("B", bound=PushBureau)


@dataclass(frozen=True)
class Evening(Generic[B]):
    """A bureau whose platform was told of everybody, with the ledger beside its home; to be copied."""

    bureau: B
    server: sa.Engine

    @contextmanager
    def copied(self, folder: Path) -> Iterator[tuple[B, RunningProvince]]:
        """The bureau elsewhere, and the platform it tells."""
        with database(self.server, like=sa.make_url(self.bureau.url).database) as url:
            shutil.copy(self.bureau.home.parent / "ledger.sqlite", folder)
            with stand_in(folder) as platform:
                bureau = type(self.bureau)(folder / "home", url, like=self.bureau)
                bureau.tells(platform.url)
                yield bureau, platform


@contextmanager
def evening(
    server: sa.Engine, folder: Path, prepare: Callable[[B], object], *, kind: type[B] = PushBureau
) -> Iterator[Evening[B]]:
    """An evening after ``prepare`` was done to a new bureau that tells a new platform."""
    with database(server) as url:
        bureau = kind(folder / "home", url)
        with stand_in(folder) as platform:
            bureau.tells(platform.url)
            prepare(bureau)
        yield Evening(bureau, server)


def effects(platform: RunningProvince | Path) -> Counter[str]:
    """What has happened at a platform, by its own ledger."""
    ledger = platform if isinstance(platform, Path) else platform.ledger
    with open_view(ledger) as view:
        return Counter(effect.operation for effect in view.effects())


def held_by(platform: RunningProvince) -> set[str]:
    """ID numbers of everybody the platform holds."""
    with platform.view() as view:
        return {holding.fields["证件号码"] for holding in view.state().values() if holding.is_present}


@contextmanager
def stand_in(folder: Path, *, max_length: dict[str, int] | None = None, **more: Any) -> Iterator[RunningProvince]:
    """The stand-in platform; of some columns it may take less than our profile knows."""
    columns = tuple(
        column.model_copy(update={"max_length": (max_length or {}).get(column.header, column.max_length)})
        for column in PROFILE.columns
    )
    of_settings = {name: more.pop(name) for name in ("script", "port") if name in more}
    settings = ProvinceSettings(
        profile=PROFILE.model_copy(update={"columns": columns}), ledger=folder / "ledger.sqlite", token=TOKEN,
        clock=time.time, behaviour=Behaviour(**more), **of_settings,
    )  # fmt: skip
    with running_province(settings) as platform:
        yield platform

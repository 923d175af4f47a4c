"""An office that tells the stand-in platform: its home and configuration, commands said there, and the platform beside it."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from shared_server import Database, Launcher, SharedServer

from schemas.platform_profile import profile_in_force
from simulator.province.ledger_view import open_view
from simulator.province.running import running_province
from simulator.province.server import ProvinceSettings

__all__ = ["SCRIPT", "Answer", "Office", "running_stand_in"]

SCRIPT = str(Path(sys.executable).with_name("eldersync"))
TOKEN = "trial-token"  # opens nothing but the stand-in


@dataclass(frozen=True)
class Answer:
    """What a command said, how it exited, and for each of its COMMITs whether it had written anything."""

    code: int
    out: str
    err: str
    commits: tuple[bool, ...] = ()

    @property
    def json(self) -> dict[str, Any]:
        """The one JSON object on standard output."""
        [line] = self.out.splitlines()
        found: dict[str, Any] = json.loads(line)
        return found


@dataclass(frozen=True)
class Office:
    """One installation with a configuration of its own."""

    home: Path
    config: Path
    database: Database
    launcher: Launcher

    @classmethod
    def made(cls, folder: Path, database: Database, launcher: Launcher) -> "Office":
        """An office in whose inbox nothing is yet; plans of more than five people are held."""
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copytree(os.environ["ELDERSYNC_CONFIG"], folder / "config")
        office = cls(folder / "home", folder / "config", database, launcher)
        office.home.mkdir(mode=0o700)
        office.edit("rules.toml", "people = 1000", "people = 5")
        return office

    @classmethod
    def calm(cls, folder: Path, database: Database, launcher: Launcher) -> "Office":
        """An office whose plans no brake holds."""
        office = cls.made(folder, database, launcher)
        office.edit("rules.toml", "people = 5", "people = 1000")
        return office

    def copied(self, folder: Path, server: SharedServer) -> "Office":
        """The same office elsewhere, over a copy of its database."""
        shutil.copytree(self.home, folder / "home")
        shutil.copytree(self.config, folder / "config")
        return Office(folder / "home", folder / "config", server.new(like=self.database), self.launcher)

    def edit(self, file: str, before: str, after: str) -> None:
        """Changes a line of the configuration."""
        path = self.config / file
        text = path.read_text(encoding="utf-8")
        assert text.count(before) == 1
        path.write_text(text.replace(before, after), encoding="utf-8")

    def tells(self, url: str) -> None:
        """From now on changes leave over the interface of a platform."""
        for file, line in (("bureau.toml", 'target = "api"'), ("platform/example.toml", f'url = "{url}"')):
            path = self.config / file
            name = line.split(" = ")[0]
            text = re.sub(
                rf'^{name} = "(?!postgresql)[^"]*"', line, path.read_text(encoding="utf-8"), flags=re.MULTILINE
            )
            path.write_text(text, encoding="utf-8")
        secret = self.home / "secrets/platform_token"
        secret.parent.mkdir(mode=0o700, exist_ok=True)
        secret.write_text(TOKEN)
        secret.chmod(0o600)

    @property
    def environment(self) -> dict[str, str]:
        return {"ELDERSYNC_DATABASE_URL": self.database.url, "ELDERSYNC_CONFIG": str(self.config)}

    def say(self, *arguments: str, **request: Any) -> Answer:
        """Runs a command line; see ``launcher.py`` for where it may be told to die."""
        words = {name: self.home.parent / name for name in ("stdout", "stderr")}
        for path in words.values():
            path.unlink(missing_ok=True)
        answer = self.launcher.run(
            *arguments, "--home", str(self.home), environment=self.environment,
            **{name: str(path) for name, path in words.items()}, **request,
        )  # fmt: skip
        out, err = (path.read_text(encoding="utf-8") for path in words.values())
        return Answer(answer["code"], out, err, tuple(answer["commits"]))

    def script(self, *arguments: str, stdin: str = "") -> Answer:
        """Runs the installed script."""
        done = subprocess.run(
            [SCRIPT, *arguments, "--home", str(self.home)], input=stdin, capture_output=True, text=True, check=False,
            env={**os.environ, **self.environment},
        )  # fmt: skip
        return Answer(done.returncode, done.stdout, done.stderr)

    def approve(self, run_id: int) -> None:
        """Two people let a run's plan go."""
        for by in ("王芳", "李强"):
            self.say("approve", str(run_id), "--by", by, "--reason", "已逐页核对", "--json")

    def effects(self) -> Counter[str]:
        """What has happened at the platform, by its own ledger."""
        with open_view(self.home / "simulated-province/ledger.sqlite") as view:
            return Counter(effect.operation for effect in view.effects())


@contextmanager
def running_stand_in(office: Office) -> Iterator[None]:
    """The stand-in over the office's ledger, which the office tells; as ``eldersync simulate-province``, but in a thread."""
    settings = ProvinceSettings(
        profile=profile_in_force(office.config, "example", datetime.now(UTC).date()),
        ledger=office.home / "simulated-province" / "ledger.sqlite", token=TOKEN, clock=time.time,
    )  # fmt: skip
    with running_province(settings) as platform:
        office.tells(platform.url)
        yield

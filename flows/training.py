"""Training at the stand-in platform: a process of it, a configuration that leads to it, and a first push from held to told.

Nothing here touches the configuration in force or a real platform. The night itself is ``flows.first_night``'s.
"""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flows.commands.print_push import print_approval, print_plan, print_push_status, print_pushed
from flows.context import Home, open_registry
from flows.telling.push_now import push_now
from flows.telling.push_people import status_of_push
from flows.telling.push_plans import approve_plan, shown_plan
from registry.engine import transaction
from registry.outbox_observed import told_people
from schemas.configuration import load_configuration
from schemas.errors import ConfigurationInvalid, RunStopped
from schemas.platform_profile import load_profile
from simulator.province.items import fields_digest
from simulator.province.ledger_view import open_view
from simulator.province.reckoning import Expected, doubled, lost

__all__ = ["PROFILE", "StandIn", "prepare_configuration", "running_stand_in", "token_variable", "train_a_push"]

PROFILE = "training"
"""Its own profile, so that what was told or handed in elsewhere is neither known nor touched."""

_EXAMPLE = "example"
_APPROVERS = {"培训人员甲": "培训：已逐页核对方案", "培训人员乙": "培训：已复核人数和退出人员"}
_PEOPLE_AT_ONCE = 20_000


class StandIn:
    """The stand-in as it runs: ``url``, the file of its ledger, and the configuration that leads to it."""

    def __init__(self, url: str, ledger: Path, config: Path) -> None:
        self.url, self.ledger, self.config = url, ledger, config

    @property
    def port(self) -> str:
        """Where it listens on this machine."""
        return self.url.rpartition(":")[2]


def prepare_configuration(home: Path, config: Path) -> Path:
    """A copy of the configuration that tells the example's interface, made anew; where it leads is not known yet.

    Raises:
        ConfigurationInvalid: the configuration has no example of a platform.
    """
    to = home / "training-config"
    shutil.rmtree(to, ignore_errors=True)
    shutil.copytree(config, to)
    bureau = to / "bureau.toml"
    for key, value in (("platform", PROFILE), ("target", "api")):
        _set(bureau, rf"^{key}\s*=.*$", f'{key} = "{value}"')
    profile = to / "platform" / f"{PROFILE}.toml"
    example = profile.with_name(f"{_EXAMPLE}.toml")
    if not example.is_file():
        raise ConfigurationInvalid(f"{config}/platform: there is no {example.name}, which the stand-in speaks")
    shutil.copyfile(example, profile)
    _set(profile, r"^name\s*=.*$", f'name = "{PROFILE}"')
    return to


@contextmanager
def running_stand_in(home: Path, config: Path) -> Iterator[StandIn]:
    """Starts the stand-in on a free port for as long as the block lasts, and has the configuration lead to it.

    Raises:
        RunStopped: it did not start; its log says why.
    """
    log_path = Home(home).logs / "simulated-province.log"
    command = [str(Path(sys.executable).with_name("eldersync")), "simulate-province", "--port", "0", "--json"]
    with log_path.open("ab") as log:
        process = subprocess.Popen(
            [*command, "--home", str(home), "--config", str(config)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True, umask=0o077,
        )  # fmt: skip
    try:
        yield _listening(process, config, log_path)
    finally:
        process.terminate()
        process.communicate()


def token_variable(config: Path) -> str:
    """The variable of the environment in which requests' token is looked for.

    Raises:
        ConfigurationInvalid: the profile has no interface.
    """
    profile = load_profile(config / "platform" / f"{PROFILE}.toml")
    if profile.api is None:
        raise ConfigurationInvalid(f"{config}/platform/{PROFILE}.toml: there is no [api]")
    return f"ELDERSYNC_SECRET_{profile.api.signing.token_secret.upper()}"


def train_a_push(home: Path, platform: StandIn, run_id: int) -> bool:
    """Shows what a run would tell, lets it go under two made-up names, tells it, and reckons; whether nothing is amiss."""
    config = platform.config
    plan = shown_plan(home, config, run_id, None)
    if plan["state"] == "held":
        _say("The push is held. What it would tell:", f"eldersync plan {run_id}")
        print_plan(plan)
        _say(
            "Two different people have to approve it. In training this program gives both approvals, under made-up names;"
        )
        _say("in earnest two people look at the plan, and each approves for himself.")
        for name, reason in _APPROVERS.items():
            _say("", f"eldersync approve {run_id} --by {name} --reason {reason}")
            print_approval(approve_plan(home, config, run_id, by=name, reason=reason))
        _say("", "eldersync push")
        print_pushed(push_now(home, config))
    else:
        _say("Nothing is held: what there was to tell has left with the night.")
    _say("", "eldersync push status")
    print_push_status(status_of_push(home, config))
    return _reckon(home, platform)


def _reckon(home: Path, platform: StandIn) -> bool:
    """Compares what the platform took, by our books, with what took effect, by its ledger."""
    expected = _expected(home, platform.config)
    with open_view(platform.ledger) as view:
        effects, held = view.effects(), view.page(1, 1, is_present=True).total
    missing, twice = len(lost(effects, expected)), len(doubled(effects))
    _say(f"\nThe stand-in's ledger ({platform.ledger}) holds {held:,} people after {len(effects):,} effects.")
    _say(f"Of {len(expected):,} people it took by our books: lost {missing}, doubled {twice}.")
    return not (missing or twice)


def _expected(home: Path, config: Path) -> list[Expected]:
    found: list[Expected] = []
    with open_registry(Home(home), load_configuration(config)) as engine, transaction(engine) as connection:
        after = -1
        while len(told := told_people(connection, PROFILE, after=after, limit=_PEOPLE_AT_ONCE)):
            found += [
                Expected(str(person), int(revision), fields_digest(json.loads(payload)))
                for person, revision, payload in zip(told["person_id"], told["revision"], told["payload"], strict=True)
            ]
            after = int(told["person_id"].iloc[-1])
    return found


def _listening(process: subprocess.Popen[str], config: Path, log_path: Path) -> StandIn:
    """Waits until it listens; it says so, or why it does not, in one line."""
    assert process.stdout is not None  # noqa: S101  it is piped
    line = process.stdout.readline()
    facts: dict[str, Any] = json.loads(line) if line else {}
    if "url" not in facts:
        raise RunStopped(f"the stand-in platform did not start: {facts.get('error') or f'see {log_path}'}")
    _set(config / "platform" / f"{PROFILE}.toml", r'^url\s*=\s*"http.*$', f'url = "{facts["url"]}"')
    return StandIn(facts["url"], Path(facts["ledger"]), config)


def _set(file: Path, line: str, instead: str) -> None:
    """Writes the first line that looks like this anew.

    Raises:
        ConfigurationInvalid: there is none.
    """
    text, changed = re.subn(line, lambda _: instead, file.read_text(encoding="utf-8"), count=1, flags=re.MULTILINE)
    if not changed:
        raise ConfigurationInvalid(f"{file}: there is no line of the form {line}")
    file.write_text(text, encoding="utf-8")


def _say(words: str, command: str = "") -> None:
    if words:
        print(words, flush=True)  # noqa: T201
    if command:
        print(f"\n$ {command}", flush=True)  # noqa: T201

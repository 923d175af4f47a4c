"""`make run-api`: a night at the stand-in platform from nothing, up to a first push that is held, approved, told and reckoned."""

import os
import re
import socket
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from simulator.province.ledger_view import open_view

CONFIG = Path(os.environ["ELDERSYNC_CONFIG"])


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    home = tmp_path_factory.mktemp("training") / "home"
    before = files_of(CONFIG)
    done = subprocess.run(
        [sys.executable, "-m", "flows.first_night", "--api", "--people", "40"],
        env={**os.environ, "ELDERSYNC_HOME": str(home)}, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert files_of(CONFIG) == before
    return home, done.stdout


def test_the_first_push_is_held_let_go_by_two_names_and_told_once(trained: tuple[Path, str]) -> None:
    home, said = trained
    held = re.search(r"Plan of run 1 for platform training \(api\): held: waits for two approvals\n(\d+) new", said)
    assert held is not None
    people = int(held[1])
    assert said.index("waits for two approvals") < said.index("Approved by 1 of 2") < said.index("Approved by 2 of 2")
    assert f"Released: {people} people" in said
    assert "In training this program gives both approvals" in said
    assert f"Of {people} people it took by our books: lost 0, doubled 0." in said
    with open_view(home / "simulated-province" / "ledger.sqlite") as view:
        assert len(view.effects()) == view.page(1, 1, is_present=True).total == people > 20


def test_it_leaves_a_configuration_that_leads_to_the_stand_in_and_nothing_that_runs(trained: tuple[Path, str]) -> None:
    home, said = trained
    config = home / "training-config"
    bureau = tomllib.loads((config / "bureau.toml").read_text(encoding="utf-8"))
    profile = tomllib.loads((config / "platform" / "training.toml").read_text(encoding="utf-8"))
    assert (bureau["platform"], bureau["target"]) == ("training", "api")
    port = int(profile["api"]["url"].rpartition(":")[2])
    assert f"simulate-province --port {port} " in said
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)

"""Without a network: the program is installed from a wheelhouse and runs nights, and nobody elsewhere is even tried to be reached."""

import filecmp
import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ("run.lock", "build.lock")
PYTHON = shutil.which("python3.11") or "python3"
LEFT_BEHIND = shutil.ignore_patterns(
    ".venv", ".git", "var", "wheelhouse", ".wheelhouse.*", "tests", "bench", "__pycache__", ".*_cache", ".hypothesis"
)
TO_SOMEBODY = re.compile(r'sa_family=AF_INET6?,.*?(?:inet_addr\("|inet_pton\(AF_INET6, ")([^"]+)"')
UNPLUGGED = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--map-current-user", "--keep-caps", "--net"]


def can_be_unplugged() -> bool:
    """Whether this machine lets us make a network namespace."""
    if not (shutil.which("unshare") and shutil.which("ip")):
        return False
    attempt = [*UNPLUGGED, "ip", "link", "set", "lo", "up"]
    return subprocess.run(attempt, capture_output=True, check=False).returncode == 0


pytestmark = pytest.mark.skipif(not can_be_unplugged(), reason="no network namespace can be made here (unshare, ip)")


@pytest.fixture(scope="module")
def wheelhouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The one that is there, if it is of these locks, else one that is made where a package index can be asked."""
    ready = ROOT / "wheelhouse"
    if filecmp.cmpfiles(ROOT / "locks", ready, LOCKS, shallow=False)[0] == list(LOCKS):
        return ready
    made = tmp_path_factory.mktemp("packages") / "wheelhouse"
    command = [ROOT / "scripts/make_wheelhouse", PYTHON, os.uname().machine, made]
    if subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip("there is no wheelhouse of these locks, and no package index answers to make one from")
    return made


class Machine:
    """A place where the program was copied to, on a machine whose only network is the loopback."""

    def __init__(self, folder: Path) -> None:
        self.program, self.trace = folder / "program", folder / "calls"
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "LANG": "C.UTF-8",
            "ELDERSYNC_HOME": str(folder / "home"),
        }

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Runs a command there; calls that may reach somebody are noted where strace is installed."""
        watched = [
            "strace", "-f", "--seccomp-bpf", "-qq", "-A", "-o", str(self.trace), "-e", "signal=none",
            "-e", "trace=connect,sendto,sendmsg,sendmmsg",
        ] if shutil.which("strace") else []  # fmt: skip
        return subprocess.run(
            [*UNPLUGGED, "sh", "-c", 'ip link set lo up && exec "$@"', "sh", *watched, *command],
            cwd=self.program, env=self.environment, capture_output=True, text=True, check=False,
        )  # fmt: skip

    def tried_elsewhere(self) -> list[str]:
        """Addresses of other machines that anything was sent to."""
        found = TO_SOMEBODY.findall(self.trace.read_text(encoding="utf-8", errors="replace"))
        return [address for address in found if not address.startswith("127.") and address != "::1"]


@pytest.fixture(scope="module")
def machine(wheelhouse: Path) -> Iterator[Machine]:
    """After ``make setup`` in a copy of the program with a wheelhouse in it."""
    # On a disk: an installation is larger than what a file system in memory should hold.
    with tempfile.TemporaryDirectory(prefix="eldersync-unplugged-", dir="/var/tmp") as folder:
        found = Machine(Path(folder))
        shutil.copytree(ROOT, found.program, ignore=LEFT_BEHIND)
        shutil.copytree(wheelhouse, found.program / "wheelhouse")
        installed = found.run("make", "setup", f"PYTHON={PYTHON}")
        assert installed.returncode == 0, installed.stderr
        assert "from wheelhouse/" in installed.stderr
        yield found


def test_what_was_installed_runs_a_night(machine: Machine) -> None:
    made = machine.run(
        ".venv/bin/eldersync", "sample", "--people", "60", "--to", f"{machine.environment['HOME']}/home/inbox"
    )
    assert made.returncode == 0, made.stderr
    night = machine.run(".venv/bin/eldersync", "run", "--json")
    assert night.returncode in {0, 3}, night.stderr
    assert json.loads(night.stdout)["elders"]["new"] > 0


def test_a_night_as_a_flow_of_a_prefect_server_needs_no_network_either(machine: Machine) -> None:
    machine.environment["ELDERSYNC_HOME"] += "-of-a-trial"
    night = machine.run("make", "run", "PEOPLE=60", f"PYTHON={PYTHON}")
    assert night.returncode == 0, night.stderr
    assert "Open the report" in night.stdout


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed, so attempts cannot be counted")
def test_nothing_tried_to_reach_another_machine(machine: Machine) -> None:
    made = ["python3", "-c", "import socket; socket.socket(type=socket.SOCK_DGRAM).connect_ex(('192.0.2.1', 53))"]
    assert machine.tried_elsewhere() == []
    machine.run(*made)
    assert machine.tried_elsewhere() == ["192.0.2.1"], "an attempt would have been seen"


def test_a_wheelhouse_of_other_locks_is_refused_with_what_to_do(machine: Machine) -> None:
    lock = machine.program / "locks/run.lock"
    before = lock.read_text(encoding="utf-8")
    lock.write_text(f"{before}# another\n", encoding="utf-8")
    refused = machine.run("scripts/make_environment", PYTHON, "locks/run.lock")
    lock.write_text(before, encoding="utf-8")
    assert refused.returncode == 2
    assert "make wheelhouse" in refused.stderr


def test_a_damaged_package_is_noticed_before_anything_is_installed(machine: Machine) -> None:
    wheel = sorted((machine.program / "wheelhouse").glob("*.whl"))[0]
    wheel.write_bytes(wheel.read_bytes()[:-1])
    refused = machine.run("scripts/make_environment", PYTHON, "locks/run.lock")
    assert refused.returncode == 2
    assert "damaged" in refused.stderr

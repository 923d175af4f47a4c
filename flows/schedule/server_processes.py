"""The processes of this installation's server, as ``<home>/prefect/processes.json`` names them: who they are, and whether they live.

Who starts and stops them is ``flows.schedule.server_supervisor``'s business. A process is known by its id together with the instant the kernel
started it and the boot of the machine, so that no later process with the same id is mistaken for it, and none of them is ever signalled.
"""

import json
import os
import signal
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from schemas.durable import replace_file

__all__ = ["Process", "ServerProcesses", "forget_processes", "process_of", "read_processes", "remember_processes"]


@dataclass(frozen=True)
class Process:
    """A process of the kernel: its id, its start in ticks since the machine booted, and which boot that was."""

    pid: int
    started: int
    boot: str

    def is_alive(self) -> bool:
        """Whether this very process runs; a zombie does not."""
        return process_of(self.pid) == self

    def signal(self, number: signal.Signals) -> None:
        """Sends a signal, to nobody where the process has ended."""
        with suppress(ProcessLookupError):
            if self.is_alive():
                os.kill(self.pid, number)


@dataclass(frozen=True)
class ServerProcesses:
    """What runs for a home.

    ``state``: ``starting``, ``ready`` (the interface answers, every deployment is registered, the worker polls) or ``stopping``.
    ``since``: when the supervisor began, ISO 8601 with zone. ``processes``: by name, ``supervisor``, ``server`` and ``worker``.
    ``restarts``: how often the supervisor has started one of them again.
    """

    port: int
    state: str
    since: str
    processes: dict[str, Process] = field(default_factory=dict)
    restarts: int = 0

    def alive(self) -> dict[str, Process]:
        """Those that run now."""
        return {name: process for name, process in self.processes.items() if process.is_alive()}


def process_of(pid: int) -> Process | None:
    """The process with this id now, ``None`` where there is none or it is a zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return None
    state, *fields = stat.rpartition(")")[2].split()  # the command's name before it may hold blanks and brackets
    return Process(pid, int(fields[18]), boot) if state not in {"Z", "X"} else None


def read_processes(home: Path) -> ServerProcesses | None:
    """What was last noted of a home's server, whether it lives or not; ``None`` where there was none or it was stopped in order."""
    try:
        noted = json.loads(_file(home).read_text(encoding="utf-8"))
        processes = {name: Process(**process) for name, process in noted.pop("processes").items()}
        return ServerProcesses(**noted, processes=processes)
    except (OSError, ValueError, KeyError, TypeError):  # none, or of another version of this program
        return None


def remember_processes(home: Path, found: ServerProcesses) -> None:
    """Notes what runs, whole or not at all."""
    _file(home).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with replace_file(_file(home)) as temporary:
        temporary.write_text(json.dumps(asdict(found), indent=1) + "\n", encoding="utf-8")


def forget_processes(home: Path) -> None:
    """Notes that everything was stopped in order."""
    _file(home).unlink(missing_ok=True)


def _file(home: Path) -> Path:
    return home / "prefect" / "processes.json"

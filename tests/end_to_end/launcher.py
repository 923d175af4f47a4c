"""Runs command lines of ours in forked processes that can be told to die at an exact place. A script of the tests.

A request is one JSON line on standard input: ``arguments`` of the command line, ``environment`` to add, ``stdout`` and
``stderr`` (files to append to), and where to die by SIGKILL, if anywhere:

* ``{"before": n}`` / ``{"after": n}``: at the n-th COMMIT;
* ``{"rename": n}``: with the n-th file written beside its place, before it is moved there;
* ``{"reading": n}``: once the n-th process for reading a file was started;
* ``{"readers": n}``: not the run but those processes that read then die, once the n-th was started;
* ``{"server": n, "pid_file": path}``: not the run but the database server dies, before the n-th COMMIT;
* ``{"sessions": n}``: the server ends all our sessions before the n-th COMMIT, among them the one that holds the run lock.

``plant`` is a Python statement run first, with ``flows``, ``logging`` at hand. The answer is one JSON line: ``code`` (negative for a
signal) and ``commits``, for each COMMIT whether its transaction had written anything. Everything is imported before the fork, so
that a night takes tenths of a second.
"""

import gc
import json
import os
import signal
import sys
import tempfile
from contextlib import suppress
from copy import copy
from importlib import import_module
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa
from sqlalchemy.pool import Pool

from connectors.reading import readers

__all__ = ["main"]

_END_SESSIONS = """
    SELECT count(pg_catalog.pg_terminate_backend(pid)) FROM (
        SELECT pid FROM pg_catalog.pg_stat_activity
        WHERE datname = pg_catalog.current_database() AND application_name LIKE 'eldersync%'
        ORDER BY pid = pg_catalog.pg_backend_pid()  -- this session last, or it dies before it has ended the others
    ) AS sessions
"""
_LOAD_PREFECT = {"flows.schedule.flow_endings", "flows.nightly", "flows.schedule.wait_as_task"}
_WROTE = "SELECT pg_catalog.pg_current_xact_id_if_assigned() IS NOT NULL"


class Executioner:
    """Counts the COMMITs of this process and ends it, or the server, at the one that was asked for."""

    def __init__(self, wish: dict[str, Any]) -> None:
        self.wish = wish
        self.commits: list[bool] = []
        self.readers = self.renamed = 0
        sa.event.listen(sa.Engine, "commit", self._before_commit)
        sa.event.listen(Pool, "reset", self._after_commit)
        sys.addaudithook(self._looked_at)

    def _before_commit(self, connection: sa.Connection) -> None:
        with connection.connection.cursor() as cursor:
            cursor.execute(_WROTE)
            self.commits.append(bool(cursor.fetchone()[0]))
        if len(self.commits) == self.wish.get("before"):
            os.kill(os.getpid(), signal.SIGKILL)
        if len(self.commits) == self.wish.get("sessions"):
            with suppress(psycopg.Error), connection.connection.cursor() as cursor:
                cursor.execute(_END_SESSIONS)
        if len(self.commits) == self.wish.get("server"):
            os.kill(int(Path(self.wish["pid_file"]).read_text().split()[0]), signal.SIGKILL)

    def _after_commit(self, *_: object) -> None:
        # A connection goes back to its pool right after its COMMIT, before anything else is done.
        if len(self.commits) == self.wish.get("after"):
            os.kill(os.getpid(), signal.SIGKILL)

    def _looked_at(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "os.rename" and ".part" in str(arguments[0]):
            self.renamed += 1
            if self.renamed == self.wish.get("rename"):
                os.kill(os.getpid(), signal.SIGKILL)
        # The folder of a reading is made before its process is: the second folder means that the first process runs.
        if event == "os.mkdir" and "/reading/reading-" in str(arguments[0]):
            self.readers += 1
            if self.readers - 1 == self.wish.get("reading"):
                os.kill(os.getpid(), signal.SIGKILL)
            if self.readers - 1 == self.wish.get("readers"):
                for pid in readers_of(readers._kept.running()):
                    os.kill(pid, signal.SIGKILL)


def readers_of(forking: Any) -> list[int]:
    """The processes that read files for us now."""
    pid = forking._process.pid
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def main() -> None:
    """Answers requests until standard input ends."""
    for line in sys.stdin:
        print(json.dumps(_in_a_fork(json.loads(line))), flush=True)  # noqa: T201


def _in_a_fork(request: dict[str, Any]) -> dict[str, Any]:
    told, tell = os.pipe()
    gc.freeze()  # what is there is not looked through for garbage, and so not copied
    kept = copy(readers._kept.running())
    kept._control = kept._control.dup()
    pid = os.fork()
    if pid == 0:
        os.close(told)
        readers._kept._process = kept  # loading what files are read with would take longer than most of these runs live
        code = _run(request, tell)
        os._exit(code)
    os.close(tell)
    kept._control.close()
    with os.fdopen(told) as pipe:
        answer = pipe.read()
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    found = json.loads(answer) if answer else {}
    for name in found.pop("modules", []):
        # Prefect reads the environment when it is imported, and that is another one in every process.
        if name.split(".")[0] != "prefect" and name not in _LOAD_PREFECT:
            with suppress(Exception):
                import_module(name)
    return {"code": code, "commits": [], **found}


def _run(request: dict[str, Any], tell: int) -> int:
    os.environ.update(request.get("environment", {}))
    for name, descriptor in (("stdout", 1), ("stderr", 2)):
        file = os.open(request.get(name) or os.devnull, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(file, descriptor)
    before = set(sys.modules)
    code = 1
    try:
        tempfile.tempdir = None  # asked for again, of this environment
        executioner = Executioner(request.get("die") or {})
        exec(request.get("plant") or "", {})  # noqa: S102  a statement of the test's own
        from flows.cli import call

        code = call(request["arguments"])
        modules = [name for name in sys.modules if name not in before]
        os.write(tell, json.dumps({"commits": executioner.commits, "modules": modules}).encode())
    except BaseException:
        import traceback

        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    return code


if __name__ == "__main__":
    main()

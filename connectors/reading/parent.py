"""Starting the process that reads a file, and collecting what it found. Whatever happens to it, a finding comes back."""

import dataclasses
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pyarrow as pa

from connectors.reading.contents import (
    OUT_OF_MEMORY,
    OUT_OF_STORAGE,
    DeliveryContents,
    FileFinding,
    Skipped,
    TableContents,
)
from connectors.reading.layout import DeliveryLayout, ReadingLimits
from schemas.errors import SourceUnavailable
from schemas.findings import Finding

__all__ = ["PendingRead", "read_delivery", "start_reading"]

_PACKAGE_ROOT = Path(__file__).parents[2]
# Our own limits end a process by SIGXCPU or an error, a broken library by SIGSEGV and its like.
_FROM_OUTSIDE = frozenset({signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT})


class PendingRead:
    """A file being read by a process of its own; `result` waits for it, `cancel` ends it."""

    def __init__(self, process: subprocess.Popen[bytes], folder: Path, deadline: float) -> None:
        self._process = process
        self._folder = folder
        self._deadline = deadline

    def result(self) -> DeliveryContents:
        """What the file holds. To be asked once; the process and its folder are gone afterwards.

        Raises:
            SourceUnavailable: this machine has no room for the result, or somebody ended the process; the file is not to
                blame and is read again another time.
        """
        try:
            code = self._process.wait(timeout=max(0.0, self._deadline - time.monotonic()))
            return self._collected(code)
        except subprocess.TimeoutExpired:
            return _refusal(Finding.FILE_HOSTILE, "读取超时")
        finally:
            self.cancel()

    def cancel(self) -> None:
        """End the process if it still runs and remove its folder."""
        self._process.kill()
        self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _collected(self, code: int) -> DeliveryContents:
        if code == 0:
            try:
                return _load(self._folder)
            except (OSError, ValueError, KeyError, TypeError, pa.ArrowException):
                return _refusal(Finding.FILE_UNREADABLE, "读取结果不完整")
        if code == OUT_OF_STORAGE:
            raise SourceUnavailable("no room to read a delivery; free some disk space")
        if -code in _FROM_OUTSIDE:
            raise SourceUnavailable("reading a delivery was ended from outside; the machine may be short of memory")
        if code == OUT_OF_MEMORY:
            return _refusal(Finding.FILE_HOSTILE, "所需内存超过限额")
        if code < 0:
            why = "读取时间超过限额" if -code == signal.SIGXCPU else "读取中途异常终止"
            return _refusal(Finding.FILE_HOSTILE, why)
        return _refusal(Finding.FILE_UNREADABLE, f"内容损坏{self._failure()}")

    def _failure(self) -> str:
        try:
            return f"（{(self._folder / 'failure').read_text(encoding='utf-8')}）"
        except OSError:
            return ""


def start_reading(kept_path: Path, layout: DeliveryLayout, *, limits: ReadingLimits, workspace: Path) -> PendingRead:
    """Begin to read a kept delivery; several may be read at the same time.

    Args:
        kept_path: the kept file (``connectors.inbox.keep``).
        layout: what it should look like.
        limits: what it may cost.
        workspace: a private folder for the time of reading; each reading makes and removes its own folder there.

    Raises:
        SourceUnavailable: the process cannot be started.
    """
    try:
        folder = Path(tempfile.mkdtemp(prefix="reading-", dir=workspace))
        request = folder / "request.json"
        request.write_text(json.dumps(_request(kept_path, layout, limits, folder)), encoding="utf-8")
        with request.open("rb") as stdin:
            process = subprocess.Popen(
                [sys.executable, "-m", "connectors.reading.child"],
                stdin=stdin,
                stdout=subprocess.DEVNULL,  # libraries quote cells in their messages
                stderr=subprocess.DEVNULL,
                cwd=folder,
                env=_environment(),
            )
    except OSError as error:
        reason = os.strerror(error.errno or 0)
    else:
        return PendingRead(process, folder, time.monotonic() + limits.wall_seconds)
    raise SourceUnavailable(f"cannot start reading a delivery: {reason}")


def read_delivery(
    kept_path: Path, layout: DeliveryLayout, *, limits: ReadingLimits, workspace: Path
) -> DeliveryContents:
    """What a kept delivery holds, read in a process of its own; arguments and errors as in `start_reading`."""
    return start_reading(kept_path, layout, limits=limits, workspace=workspace).result()


def _request(kept_path: Path, layout: DeliveryLayout, limits: ReadingLimits, folder: Path) -> dict[str, Any]:
    return {
        "path": str(kept_path.absolute()),
        "layout": dataclasses.asdict(layout),
        "limits": dataclasses.asdict(limits),
        "folder": str(folder.absolute()),
    }


def _environment() -> dict[str, str]:
    """Nothing of ours: a process that reads files from outside has no use for passwords."""
    return {"PYTHONPATH": str(_PACKAGE_ROOT), "PYTHONUTF8": "1", "LC_ALL": "C.UTF-8", "OMP_NUM_THREADS": "2"}


def _refusal(code: Finding, seen: str) -> DeliveryContents:
    return DeliveryContents.refusal(FileFinding(code, seen=seen))


def _load(folder: Path) -> DeliveryContents:
    document = json.loads((folder / "contents.json").read_text(encoding="utf-8"))
    tables = {}
    for name, account in document["tables"].items():
        # The mapping outlives the file's name: removing the folder does not hurt the table.
        with pa.memory_map(str(folder / f"{name}.arrow")) as file:
            table = pa.ipc.open_file(file).read_all()
        skipped = [Skipped(*row) for row in account.pop("skipped")]
        tables[name] = TableContents(table=table, skipped=skipped, **account)
    findings = [FileFinding.from_json(finding) for finding in document["findings"]]
    return DeliveryContents(document["refused"], findings, tables)

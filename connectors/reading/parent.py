"""Starting the process that reads a file, and collecting what it found. Whatever happens to it, a finding comes back."""

import dataclasses
import json
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa

from connectors.reading.contents import (
    OUT_OF_MEMORY,
    OUT_OF_STORAGE,
    DeliveryContents,
    FileFinding,
    ReadingNote,
    TableContents,
)
from connectors.reading.layout import DeliveryLayout, ReadingLimits
from connectors.reading.looks.inspection import Inspection
from connectors.reading.readers import Reader, start_reader
from schemas.errors import SourceUnavailable
from schemas.findings import Finding

__all__ = ["PendingRead", "inspect_delivery", "read_delivery", "start_reading"]

Found = TypeVar("Found")

_LOADER_OUT_OF_MEMORY = 127  # glibc's code where the data of a new thread find no memory

# Our own limits end a process by SIGXCPU or an error, a broken library by SIGSEGV and its like.
_FROM_OUTSIDE = frozenset({signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT})


class PendingRead:
    """A file being read by a process of its own; `result` waits for it, `cancel` ends it."""

    def __init__(self, reader: Reader, folder: Path, deadline: float) -> None:
        self._reader = reader
        self._folder = folder
        self._deadline = deadline

    def result(self) -> DeliveryContents:
        """What the file holds. To be asked once; the process and its folder are gone afterwards.

        Raises:
            SourceUnavailable: this machine has no room for the result, or somebody ended the process; the file is not to
                blame and is read again another time.
        """
        return self.found(_load, DeliveryContents.refusal)

    def found(self, load: Callable[[Path], Found], refusal: Callable[[FileFinding], Found]) -> Found:
        """What the process left in its folder, or why it left nothing; as `result`, for any kind of request."""
        try:
            fault = self._fault(self._reader.wait(self._deadline - time.monotonic()))
            return refusal(fault) if fault else load(self._folder)
        except TimeoutError:
            return refusal(FileFinding(Finding.FILE_HOSTILE, seen="读取超时"))
        except (OSError, ValueError, KeyError, TypeError, pa.ArrowException):
            return refusal(FileFinding(Finding.FILE_UNREADABLE, seen="读取结果不完整"))
        finally:
            self.cancel()

    def cancel(self) -> None:
        """End the process if it still runs and remove its folder."""
        self._reader.end()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _fault(self, code: int) -> FileFinding | None:
        """Why a process that ended with a code could not read its file."""
        if code == 0:
            return None
        if code == OUT_OF_STORAGE:
            raise SourceUnavailable("no room to read a delivery; free some disk space")
        if -code in _FROM_OUTSIDE:
            raise SourceUnavailable("reading a delivery was ended from outside; the machine may be short of memory")
        if code in {OUT_OF_MEMORY, _LOADER_OUT_OF_MEMORY}:
            return FileFinding(Finding.FILE_HOSTILE, seen="所需内存超过限额")
        if code < 0:
            why = "读取时间超过限额" if -code == signal.SIGXCPU else "读取中途异常终止"
            return FileFinding(Finding.FILE_HOSTILE, seen=why)
        return FileFinding(Finding.FILE_UNREADABLE, seen=f"内容损坏{self._failure()}")

    def _failure(self) -> str:
        try:
            return f"（{(self._folder / 'failure').read_text(encoding='utf-8')}）"
        except OSError:
            return ""


def start_reading(kept_path: Path, layout: DeliveryLayout, *, limits: ReadingLimits, workspace: Path) -> PendingRead:
    """Begin to read a kept delivery; several may be read at the same time.

    Args:
        kept_path: the kept file (``connectors.folder.inbox.keep``).
        layout: what it should look like.
        limits: what it may cost.
        workspace: a private folder for the time of reading; each reading makes and removes its own folder there.

    Raises:
        SourceUnavailable: the process cannot be started.
    """
    return _start({"kind": "read", "layout": layout.to_json()}, kept_path, limits, workspace)


def inspect_delivery(
    path: Path, known: DeliveryLayout, *, header_row: int | None = None, limits: ReadingLimits, workspace: Path
) -> Inspection:
    """What a file is that nobody agreed on, found in a process of its own.

    Args:
        path: the file.
        known: headers that are known from anywhere, by which a header is told; how to open the file.
        header_row: where its header is, as the spreadsheet shows it, if somebody says so.
        limits: what it may cost.
        workspace: as in `start_reading`.

    Raises:
        SourceUnavailable: as in `start_reading` and `PendingRead.result`.
    """
    wanted = {"kind": "inspect", "layout": known.to_json(), "header_row": header_row}
    return _start(wanted, path, limits, workspace).found(Inspection.load, Inspection.refusal)


def _start(wanted: dict[str, Any], path: Path, limits: ReadingLimits, workspace: Path) -> PendingRead:
    try:
        folder = Path(tempfile.mkdtemp(prefix="reading-", dir=workspace))
        request = {**wanted, **_request(path, limits, folder)}
        # Through a pipe: the request may hold a password, which no disk and no list may show.
        reader = start_reader(json.dumps(request).encode())
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else "its process does not start"
    else:
        return PendingRead(reader, folder, time.monotonic() + limits.wall_seconds)
    raise SourceUnavailable(f"cannot start reading a delivery: {reason}")


def read_delivery(
    kept_path: Path, layout: DeliveryLayout, *, limits: ReadingLimits, workspace: Path
) -> DeliveryContents:
    """What a kept delivery holds, read in a process of its own; arguments and errors as in `start_reading`."""
    return start_reading(kept_path, layout, limits=limits, workspace=workspace).result()


def _request(path: Path, limits: ReadingLimits, folder: Path) -> dict[str, Any]:
    return {
        "path": str(path.absolute()),
        "limits": dataclasses.asdict(limits),
        "folder": str(folder.absolute()),
    }


def _load(folder: Path) -> DeliveryContents:
    document = json.loads((folder / "contents.json").read_text(encoding="utf-8"))
    tables = {}
    for name, account in document["tables"].items():
        # The mapping outlives the file's name: removing the folder does not hurt the table.
        with pa.memory_map(str(folder / f"{name}.arrow")) as file:
            table = pa.ipc.open_file(file).read_all()
        tables[name] = TableContents(table=table, **account)
    findings = [FileFinding.from_json(finding) for finding in document["findings"]]
    notes = [ReadingNote.from_json(note) for note in document["notes"]]
    return DeliveryContents(document["refused"], findings, tables, notes)

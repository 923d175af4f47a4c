"""The process that reads one file and dies with it, its request on standard input.

It limits itself before it touches the file, knows no database and no settings, prints nothing, and leaves Arrow files
and ``contents.json`` in its folder. ``parent`` asks for it, ``forking`` forks it.
"""

import dataclasses
import errno
import json
import resource
import sys
from pathlib import Path
from typing import Any

from connectors.reading.contents import OUT_OF_MEMORY, OUT_OF_STORAGE
from connectors.reading.formats.refusal import is_out_of_memory

__all__ = ["NoPandas", "main"]

_LARGEST_RESULT = 4 << 30
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO})


class NoPandas:
    """Keeps pandas out: pyarrow imports it (a second and 100 MB) merely to ask whether a list is a Series."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:  # noqa: ARG002
        """Finds nothing: of pandas that there is none, of all else that others may know."""
        if name == "pandas":
            raise ModuleNotFoundError(name)


def main() -> int:
    """Read what the request on standard input names, and return the exit code."""
    request = json.load(sys.stdin)
    _limit_this_process(request["limits"])
    try:
        _read_and_write(request)
    except BaseException as error:  # a panic in a Rust library is a BaseException
        try:
            return _code_of(error, request)
        except MemoryError:
            return OUT_OF_MEMORY
    return 0


def _code_of(error: BaseException, request: dict[str, Any]) -> int:
    number = error.errno if isinstance(error, OSError) else None
    if number in _NO_ROOM:
        return OUT_OF_STORAGE
    if isinstance(error, MemoryError) or number == errno.ENOMEM or is_out_of_memory():
        return OUT_OF_MEMORY
    # The kind of error helps us; its words may quote a cell.
    Path(request["folder"], "failure").write_text(type(error).__name__, encoding="utf-8")
    return 1


def _limit_this_process(limits: dict[str, Any]) -> None:
    for what, amount, grace in (
        (resource.RLIMIT_AS, limits["memory_bytes"], 0),
        # A second of grace makes the kernel say why it ends us (SIGXCPU) before it merely does (SIGKILL).
        (resource.RLIMIT_CPU, limits["cpu_seconds"], 1),
        (resource.RLIMIT_FSIZE, _LARGEST_RESULT, 0),
        (resource.RLIMIT_CORE, 0, 0),  # a core dump would hold the whole list
    ):
        _, most = resource.getrlimit(what)
        hard = amount + grace if most == resource.RLIM_INFINITY else min(amount + grace, most)
        resource.setrlimit(what, (min(amount, hard), hard))


def _read_and_write(request: dict[str, Any]) -> None:
    import pyarrow as pa

    from connectors.reading.layout import DeliveryLayout, ReadingLimits
    from connectors.reading.read import read

    folder, path = Path(request["folder"]), Path(request["path"])
    layout, limits = DeliveryLayout.from_json(request["layout"]), ReadingLimits(**request["limits"])
    if request["kind"] == "inspect":
        from connectors.reading.looks.inspect_file import inspect

        inspect(path, layout, limits, header_row=request["header_row"]).save(folder)
        return
    contents = read(path, layout, limits)
    tables = {}
    for name, table in contents.tables.items():
        with (
            pa.OSFile(str(folder / f"{name}.arrow"), "wb") as file,
            pa.ipc.new_file(file, table.table.schema) as writer,
        ):
            writer.write_table(table.table)
        tables[name] = {f.name: getattr(table, f.name) for f in dataclasses.fields(table) if f.name != "table"}
    findings = [dataclasses.asdict(finding) for finding in contents.findings]
    notes = [dataclasses.asdict(note) for note in contents.notes]
    document = {"refused": contents.refused, "findings": findings, "tables": tables, "notes": notes}
    with (folder / "contents.json").open("w", encoding="utf-8") as file:
        json.dump(document, file, ensure_ascii=False)

"""A process that reads many files one after the other, under the limits of the one that reads a delivery: too many are fuzzed
to start one for each.

Run with a workspace; it answers each path on its standard input with a line of JSON.
"""

import json
import resource
import sys
import time
from pathlib import Path

from connectors.reading.child import NoPandas, _limit_this_process
from connectors.reading.layout import DeliveryLayout, ReadingLimits

MEMORY, SECONDS = 1 << 30, 60


def main() -> None:
    """Read until there is nothing more to read."""
    layout = DeliveryLayout.from_json(json.loads(sys.stdin.readline()))
    _limit_this_process({"memory_bytes": MEMORY, "cpu_seconds": 10**6})
    sys.meta_path.insert(0, NoPandas())
    from connectors.reading.read import read

    for line in sys.stdin:
        used = int(time.process_time())
        resource.setrlimit(resource.RLIMIT_CPU, (used + SECONDS, resource.getrlimit(resource.RLIMIT_CPU)[1]))
        try:
            contents = read(Path(line.rstrip("\n")), layout, ReadingLimits(memory_bytes=MEMORY))
        except BaseException as error:  # a panic in a Rust library is no Exception
            answer = {"failed": f"{type(error).__name__} {_place(error)}"}
        else:
            answer = {
                "refused": contents.refused,
                "codes": [str(finding.code) for finding in contents.findings],
                "seen": [f"{finding.seen} {finding.sheet}" for finding in contents.findings]
                if contents.refused
                else [],
                "counts": [[t.received, t.table.num_rows, t.blank, t.broken] for t in contents.tables.values()],
            }
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def _place(error: BaseException) -> str:
    """Where in our code it was raised."""
    place, trace = "", error.__traceback__
    while trace is not None:
        if "connectors/reading" in trace.tb_frame.f_code.co_filename:
            place = f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place


if __name__ == "__main__":
    main()

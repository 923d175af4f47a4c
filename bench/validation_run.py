"""One way over one folder of rows, in a process of its own: ``python -m bench.validation_run WAY FOLDER``; prints JSON.

Seconds are from typed rows in memory (Frictionless: from its file) to the table of breaches; ``found`` has for each rule the number
of rows and the sum of their places.
"""

import importlib
import json
import sys
import time
from pathlib import Path

__all__ = ["main"]

MODULES = {
    "eldersync": "bench.validation_ours", "pandera": "bench.validation_pandera", "Pointblank on polars": "bench.validation_pointblank",
    "Great Expectations": "bench.validation_expectations", "Frictionless": "bench.validation_frictionless",
}  # fmt: skip


def main(way: str, folder: Path) -> None:
    prepare = importlib.import_module(MODULES[way]).prepare
    run, _ = prepare(folder)
    began, worked = time.perf_counter(), time.process_time()
    found = run()
    cost = {"seconds": time.perf_counter() - began, "worked": time.process_time() - worked}
    rows = found.groupby("code")["row"].agg(["size", "sum"])
    print(
        json.dumps({**cost, "found": {str(code): [int(count), int(total)] for code, count, total in rows.itertuples()}})
    )


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))

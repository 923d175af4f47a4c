"""One step of bench.identity in a process of its own: ``python -m bench.identity_way STEP FOLDER``.

``draw`` leaves rows with their truth in the folder; ``exact``, ``ours``, ``night`` and ``splink`` read the rows, and leave what
they came to beside them. Nothing but ``draw`` and the judging afterwards sees the truth.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from bench.identity_measures import groups_of
from bench.identity_statements import Stated, state

if TYPE_CHECKING:
    from bench.identity_judged import Asked

__all__ = ["load_asked", "load_scored", "load_stated"]

SEED = 20
_NIGHT_SHARE = 0.01


def main(step: str, folder: Path, *arguments: str) -> None:
    print(json.dumps(_STEPS[step](folder, *arguments)))


class _Clock:
    """Seconds by the wall, and of our processor, since it was made; of the work alone, without reading and keeping."""

    def __init__(self) -> None:
        self._began, self._worked = time.perf_counter(), time.process_time()

    def read(self) -> dict[str, float]:
        return {"seconds": time.perf_counter() - self._began, "worked": time.process_time() - self._worked}


def load_stated(folder: Path) -> Stated:
    return Stated(pd.read_parquet(folder / "rows.parquet"), pd.read_parquet(folder / "truth.parquet"))


def load_asked(folder: Path) -> "Asked":
    from bench.identity_judged import Asked

    pairs, rows, numbers = (pd.read_parquet(folder / f"asked_{name}.parquet") for name in ("pairs", "rows", "numbers"))
    return Asked(pairs, rows, numbers["id_key"].to_numpy(dtype=np.int64))


def load_scored(folder: Path) -> pd.DataFrame:
    return pd.read_parquet(folder / "scored.parquet")


def _draw(folder: Path, what: str, number: str, draw: str) -> dict[str, float]:
    clock = _Clock()
    if what == "febrl":
        from bench.identity_febrl import load_febrl

        stated, published = load_febrl(int(number))
        published.to_parquet(folder / "published.parquet")
    else:
        stated = state(int(number), SEED + int(draw))
    stated.rows.to_parquet(folder / "rows.parquet")
    stated.truth.to_parquet(folder / "truth.parquet")
    return {**clock.read(), "rows": len(stated.rows)}


def _exact(folder: Path) -> dict[str, float]:
    """The least that joining by number takes."""
    rows = pd.read_parquet(folder / "rows.parquet", columns=["row_id", "id_key"])
    clock = _Clock()
    keys = rows["id_key"].to_numpy(dtype=np.int64, na_value=-1)
    groups = pd.factorize(np.where(keys >= 0, keys, -rows["row_id"].to_numpy()))[0]
    return {**clock.read(), "groups": int(groups.max()) + 1}


def _ours(folder: Path) -> dict[str, float]:
    from bench.identity_ours import ask

    rows = pd.read_parquet(folder / "rows.parquet")
    clock = _Clock()
    asked = ask(rows)
    spent = clock.read()
    asked.pairs.to_parquet(folder / "asked_pairs.parquet")
    asked.rows.to_parquet(folder / "asked_rows.parquet")
    pd.DataFrame({"id_key": asked.numbers}).to_parquet(folder / "asked_numbers.parquet")
    return {**spent, "asked": asked.count()}


def _night(folder: Path) -> dict[str, float]:
    """One row in a hundred has changed since the night before."""
    from bench.identity_ours import ask

    rows = pd.read_parquet(folder / "rows.parquet")
    changed = np.random.default_rng(SEED).random(len(rows)) < _NIGHT_SHARE
    clock = _Clock()
    asked = ask(rows, changed)
    return {**clock.read(), "asked": asked.count(), "changed": int(changed.sum())}


def _splink(folder: Path) -> dict[str, float]:
    from bench.identity_febrl import link_febrl
    from bench.identity_splink import link_chinese, prepare_chinese

    is_febrl = (folder / "published.parquet").exists()
    rows = pd.read_parquet(folder / ("published.parquet" if is_febrl else "rows.parquet"))
    clock = _Clock()
    scored = link_febrl(rows) if is_febrl else link_chinese(prepare_chinese(rows))
    # Its groups at one threshold are part of what it costs; which threshold is best is looked for afterwards.
    likely = scored[scored["match_weight"] >= 0]
    groups_of(len(rows), likely["unique_id_l"].to_numpy(dtype=np.int64), likely["unique_id_r"].to_numpy(dtype=np.int64))
    spent = clock.read()
    scored.to_parquet(folder / "scored.parquet")
    return {**spent, "scored": len(scored)}


_STEPS: dict[str, Callable[..., dict[str, float]]] = {
    "draw": _draw,
    "exact": _exact,
    "ours": _ours,
    "night": _night,
    "splink": _splink,
}

if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:])

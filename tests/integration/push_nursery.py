"""A process that has read and warmed everything a push needs, to fork senders from and to kill them; it never loads Prefect.

It is started once and told what to do, a line of JSON for each order; it answers each with another.
"""

import gc
import json
import os
import random
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from push_board import PHASES
from push_bugs import plant
from push_changes import Change
from push_points import watch
from push_town import TownSettings, open_town

_LONGEST_LIFE = 60.0
_ANY_INSTANT, _PATIENCE, _A_MOMENT = 0.3, 0.6, 0.01
_USUAL_NIGHT = 0.2  # seconds; a machine that has other things to do takes longer, and its senders live longer


class Nursery:
    """One town at a time, and one living sender at a time."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._bug, self._slowness = "", 1.0

    def move(self, *, town: str, bug: str) -> dict[str, Any]:
        """Goes to another town, whose first night passes undisturbed; senders will have a bug, or none."""
        self._stack.close()
        self._town = self._stack.enter_context(open_town(TownSettings.from_text(town)))
        self._bug = bug
        with self._town.at_work():
            self._town.work("night", random.Random(0))  # noqa: S311
            began = time.monotonic()
            self._town.work("night", random.Random(1))  # noqa: S311
        self._slowness = max(1.0, (time.monotonic() - began) / _USUAL_NIGHT)
        self._town.engine.dispose()
        gc.collect()
        gc.freeze()
        return {"prefect": "prefect" in sys.modules}

    def kill(self, *, times: int, seed: int, step: float) -> dict[str, Any]:
        """Lets senders live one after the other, each until it is killed; what it was at is noted.

        A third is killed at any instant, the others soon after they have come to something drawn before, so that what takes
        least time is hit as well.
        """
        draw, phases, ended = random.Random(seed), Counter[str](), 0  # noqa: S311
        for life in range(times):
            child = self._born(lambda seed=seed * 100_000 + life: self._nights(seed))
            self._wait(draw)
            ended += self._killed(child)
            phases[self._town.board.phase] += 1
            self._town.board.pass_time(step)
        return {"phases": phases, "ended": ended}

    def _wait(self, draw: random.Random) -> None:
        if draw.random() < 1 / 3:
            time.sleep(draw.uniform(0, _ANY_INSTANT * self._slowness))
            return
        phase, deadline = draw.choice(PHASES[1:]), time.monotonic() + _PATIENCE * self._slowness
        while self._town.board.phase != phase and time.monotonic() < deadline:
            time.sleep(0.0003)
        time.sleep(draw.uniform(0, _A_MOMENT))

    def register(self, *, people: list[int]) -> dict[str, Any]:
        """Makes people known to the registry and to the platform, undisturbed."""
        return {"status": self._awaited(self._born(lambda: self._registered(people)))}

    def scenario(self, *, people: list[int], die_at: int) -> dict[str, Any]:
        """A night and the push after it, of two registered people and one who is new, cut off at a point; what it was at."""
        child = self._born(lambda: self._night_and_push(*people), die_at=die_at)
        return {"died": self._awaited(child) == -signal.SIGKILL, "phase": self._town.board.phase}

    def drain(self) -> dict[str, Any]:
        """Lets a sender push until nothing waits."""
        return {"status": self._awaited(self._born(self._push_until_told))}

    def _nights(self, seed: int) -> None:
        """Goes on as whoever is started after a crash may: with the push, with the plan, or with the next night."""
        draw = random.Random(seed)  # noqa: S311
        while True:
            self._town.work(draw.choice(("push", "push", "plan", "night", "night")), draw)
            self._town.board.pass_time(draw.choice((1, 60, 600)))

    def _registered(self, people: list[int]) -> None:
        self._town.tell([Change(person, 0) for person in people])

    def _night_and_push(self, changes: int, leaves: int, comes: int) -> None:
        self._town.tell([Change(changes, 1), Change(leaves, None), Change(comes, 2)])
        self._town.board.pass_time(700)
        self._town.push(self._town.newest_run())

    def _push_until_told(self) -> None:
        self._town.push_until_told()

    def _born(self, live: Callable[[], None], *, die_at: int = 0) -> int:
        self._town.board.phase = "starting"
        child = os.fork()
        if child:
            return child
        status = 1
        try:
            os.close(1)
            self._town.engine.dispose(close=False)
            plant(self._bug)
            watch(self._town.board, self._town.engine, die_at=die_at)
            with self._town.at_work():
                live()
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)

    def _killed(self, child: int) -> bool:
        """Kills a sender; whether it had ended by itself."""
        ended, _ = os.waitpid(child, os.WNOHANG)
        if not ended:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
        return bool(ended)

    def _awaited(self, child: int) -> int:
        deadline = time.monotonic() + _LONGEST_LIFE
        while time.monotonic() < deadline:
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.002)
        self._killed(child)
        return 124


def main() -> None:
    """Obeys until there is nobody to give orders."""
    nursery = Nursery()
    for line in sys.stdin:
        order = json.loads(line)
        answer = getattr(nursery, order.pop("do"))(**order)
        print(json.dumps(answer), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()

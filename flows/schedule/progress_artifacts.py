"""How far a night is, on the page of its flow run: a bar that moves with its stages, with the push, and while it waits. Counts and source names only."""

import contextvars
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any
from uuid import UUID

from flows.context import Night
from flows.night import Perform
from flows.progress import STAGE_WORDS
from registry import outbox
from registry.engine import transaction
from schemas.errors import RunStopped

__all__ = ["ProgressBar", "shown_on_the_server"]

log = logging.getLogger("eldersync")

_PUSH_SECONDS = 10.0


class ProgressBar:
    """One progress artifact of the flow run; a server that does not take it costs the night nothing but the picture."""

    def __init__(self, key: str) -> None:
        self._key = key
        self._artifact: UUID | None = None
        self._is_refused = False

    def tell(self, percent: float, words: str) -> None:
        """Moves the bar, and says what is at work."""
        # Prefect reads its settings when it is loaded, which is flows.nightly's to do.
        from prefect.artifacts import create_progress_artifact, update_progress_artifact

        if self._is_refused:
            return
        try:
            if self._artifact is None:
                made = create_progress_artifact(percent, key=self._key, description=words)
                assert isinstance(made, UUID)  # noqa: S101  asked outside of any event loop
                self._artifact = made
            else:
                update_progress_artifact(self._artifact, percent, description=words)
        except Exception as error:  # whatever the server or the way to it does; its text may quote what was sent
            self._is_refused = True
            log.warning("Prefect took no progress of %s: %s", self._key, type(error).__name__)


def shown_on_the_server(perform: Perform, stages: int) -> Perform:
    """``perform``, moving the bar ``night-progress`` with each of so many stages."""
    bar, done = ProgressBar("night-progress"), 0

    def told(night: Night, stage: str, source: str) -> dict[str, Any]:
        nonlocal done
        percent, words = 100 * done / stages, f"第 {night.run_id} 次运行：{STAGE_WORDS[stage]} {source}".rstrip()
        bar.tell(percent, words)
        try:
            with _counting(night, bar, percent, words) if stage == "push" else nullcontext():
                result = perform(night, stage, source)
        finally:
            done += 1
        if stage == "report":
            bar.tell(100, f"第 {night.run_id} 次运行：已完成")
        return result

    return told


@contextmanager
def _counting(night: Night, bar: ProgressBar, percent: float, words: str) -> Iterator[None]:
    """While a push is at work, says every few seconds how many people the platform has still to hear of."""
    over = threading.Event()

    def count() -> None:
        while not over.wait(_PUSH_SECONDS):
            try:
                with transaction(night.engine) as connection:
                    waiting = outbox.waiting_count(connection, night.profile.name)
            except RunStopped:  # the push itself says what is wrong with the database
                continue
            bar.tell(percent, f"{words}，尚余 {waiting:,} 人")

    # Prefect keeps what flow run this is in the context, which a new thread has none of.
    thread = threading.Thread(target=contextvars.copy_context().run, args=(count,), name="push-progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()

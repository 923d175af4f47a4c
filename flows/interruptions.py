"""SIGTERM ends a command as Ctrl-C does: what was under way is rolled back, what was opened is closed, the ledger says so."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

__all__ = ["interrupted_by_signals"]

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def interrupted_by_signals() -> Iterator[None]:
    """Turns the first SIGINT or SIGTERM into ``KeyboardInterrupt``; further ones do not disturb the tidying up after it.

    Outside the main thread, where Python hears no signals, it changes nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, _interrupt) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt

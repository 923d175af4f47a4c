"""A bar on a terminal while a night runs: which stage is at work, how many are done. Nowhere else is anything shown."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flows.context import Night
from flows.night import Perform

__all__ = ["STAGE_WORDS", "shown_on_a_terminal"]

STAGE_WORDS = {
    "receive": "接收",
    "take": "读取校验",
    "merge": "合并比对",
    "plan": "编制上报方案",
    "push": "上报",
    "report": "生成报告",
}
"""What the stages are called, in the order of a night."""
_ONCE = 4  # merge, plan, push and report; receive and take are each source's


@contextmanager
def shown_on_a_terminal(perform: Perform, sources: int) -> Iterator[Perform]:
    """``perform``, telling a bar on standard error what it does; itself where that is no terminal.

    The bar takes the place of the log's lines there; the log file has them all.
    """
    if not sys.stderr.isatty():
        yield perform
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task("", total=2 * sources + _ONCE)

        def told(night: Night, stage: str, source: str) -> dict[str, Any]:
            progress.update(bar, description=f"{STAGE_WORDS[stage]} {source}".rstrip(), refresh=True)
            try:
                return perform(night, stage, source)
            finally:
                progress.advance(bar)

        lines = logging.getLogger().handlers
        levels = [handler.level for handler in lines]
        try:
            for handler in lines:
                handler.setLevel(logging.WARNING)
            yield told
        finally:
            for handler, level in zip(lines, levels, strict=True):
                handler.setLevel(level)

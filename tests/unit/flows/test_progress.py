"""The bar of a running night: on a terminal it names the stage at work, elsewhere nothing is shown."""

import io
import logging
import os
import pty
import select
import sys

import pytest

from flows.progress import shown_on_a_terminal

DONE: list[tuple[str, str]] = []


def perform(night: object, stage: str, source: str) -> dict[str, object]:
    DONE.append((stage, source))
    if stage == "push":
        raise OSError("the disk is full")
    return {"stage": stage}


def everything_written_to(terminal: int) -> bytes:
    """A terminal gives a few thousand bytes at a time, and a slow machine paints the bar more often."""
    parts = []
    while select.select([terminal], [], [], 0.2)[0]:
        parts.append(os.read(terminal, 100_000))
    return b"".join(parts)


def test_a_terminal_is_told_which_stage_is_at_work_and_how_many_are_done(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w") as terminal:
        monkeypatch.setattr(sys, "stderr", terminal)
        monkeypatch.setenv("TERM", "xterm")
        lines = logging.StreamHandler(io.StringIO())
        monkeypatch.setattr(logging.getLogger(), "handlers", [lines])
        with shown_on_a_terminal(perform, sources=4) as told:
            assert told(None, "take", "village_survey") == {"stage": "take"}  # type: ignore[arg-type]
            assert lines.level == logging.WARNING
            with pytest.raises(OSError, match="disk"):
                told(None, "push", "")  # type: ignore[arg-type]
        terminal.flush()
        shown = everything_written_to(ours).decode()
    os.close(ours)
    assert "读取校验 village_survey" in shown
    assert "2/12" in shown
    assert lines.level == logging.NOTSET


def test_where_there_is_no_terminal_the_work_is_done_as_it_is() -> None:
    with shown_on_a_terminal(perform, sources=4) as told:
        assert told is perform

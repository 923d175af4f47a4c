"""Being asked to stop is an exception where we wait, and nowhere else."""

import os
import signal
import subprocess
import time

import pytest

from flows.stop_signals import AskedToStop, StopSignals


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_a_signal_before_or_while_we_wait_ends_the_wait(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with StopSignals() as signals:
        os.kill(os.getpid(), number)
        began = time.monotonic()
        with pytest.raises(AskedToStop):
            signals.wait(60)
        with pytest.raises(AskedToStop):
            signals.wait(60)
        assert time.monotonic() - began < 30
    assert signal.getsignal(number) is before


def test_who_is_stopping_waits_all_the_same() -> None:
    with StopSignals() as signals:
        os.kill(os.getpid(), signal.SIGTERM)
        signals.pause(60)  # the signal itself cuts this one short
        signals.pause(0.01)


def test_the_end_of_a_child_cuts_a_wait_short_and_does_not_stop_us() -> None:
    with StopSignals() as signals, subprocess.Popen(["sleep", "600"]) as child:
        child.kill()
        began = time.monotonic()
        signals.wait(60)
        assert time.monotonic() - began < 30

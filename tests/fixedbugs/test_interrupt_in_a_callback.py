"""An interrupt that came where the engine calls back into Python was printed and lost; the run went on."""

from __future__ import annotations

import signal
import threading
import time

import pytest

import underglass

CALLS = """package main

import "syscall"

func calls() {
	for {
		syscall.Getpid()
	}
}

func main() {}
"""


def test_an_interrupt_ends_a_run_of_system_calls_each_time() -> None:
    """Most of the time of such a run is spent in callbacks."""
    program = underglass.build(CALLS)
    program.call("main")
    limits = underglass.Limits(instructions=10**12, seconds=60)
    for number in range(40):
        timer = threading.Timer(0.01 + 0.002 * number, signal.raise_signal, [signal.SIGINT])
        before = time.monotonic()
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            program.call("calls", limits=limits)
        timer.join()
        assert time.monotonic() - before < 30
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler

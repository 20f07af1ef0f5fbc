"""An interrupt that came where the engine calls back into Python was printed and lost; the run went on."""

from __future__ import annotations

import subprocess
import sys

# Most of the time of such a run is spent in callbacks. A process of its own: the test's must not be struck.
SCRIPT = '''
import signal, threading, underglass

signal.signal(signal.SIGINT, signal.default_int_handler)
program = underglass.build("""package main

import "syscall"

func calls() {
	for {
		syscall.Getpid()
	}
}

func main() {}
""")
program.call("main")
limits = underglass.Limits(instructions=10**12, seconds=60)
ended = 0
for number in range(40):
    timer = threading.Timer(0.01 + 0.002 * number, signal.raise_signal, [signal.SIGINT])
    try:
        timer.start()
        program.call("calls", limits=limits)
    except KeyboardInterrupt:
        ended += 1
    timer.join()
assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
print(ended)
'''


def test_an_interrupt_ends_a_run_of_system_calls_each_time() -> None:
    run = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=120)
    assert (run.returncode, run.stdout) == (0, "40\n"), run.stderr

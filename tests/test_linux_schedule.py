"""Turns of threads: the same seed gives the same run, another seed another one; and deadlocks are told."""

from __future__ import annotations

import subprocess
import sys

import pytest

import underglass
from underglass.errors import GuestFault
from underglass.goprogram import GoProgram
from underglass.machine import Limits, Machine

RACE = """\
package main

import (
	"fmt"
	"runtime"
	"sync"
)

var order []byte

func main() {
	runtime.GOMAXPROCS(4)
	var wait sync.WaitGroup
	for name := byte('a'); name < 'e'; name++ {
		wait.Add(1)
		go func() {
			defer wait.Done()
			for i := range 400_000 {
				if i%40_000 == 0 {
					order = append(order, name)
				}
			}
		}()
	}
	wait.Wait()
	fmt.Println(string(order))
}
"""


@pytest.fixture(scope="module")
def race() -> GoProgram:
    return underglass.build(RACE, keep=False)


def test_five_seeds_give_several_interleavings(race: GoProgram) -> None:
    outputs = {seed: race.run(seed=seed).stdout for seed in range(1, 6)}
    assert len(set(outputs.values())) >= 2
    assert outputs == {seed: race.run(seed=seed).stdout for seed in outputs}


def test_the_same_seed_in_another_process(race: GoProgram) -> None:
    code = (
        "import sys; from underglass.machine import Machine; from underglass.program import Program\n"
        "m = Machine(Program(sys.argv[1]), seed=7); m.run(); print(m.cpu.executed, m.kernel.now, m.output)"
    )
    command = [sys.executable, "-c", code, str(race.program.path)]
    said = {subprocess.run(command, capture_output=True, text=True, check=True).stdout for _ in range(2)}
    assert len(said) == 1


def test_the_guest_is_told_of_as_many_processors_as_asked(race: GoProgram) -> None:
    program = underglass.build('package main\nimport "runtime"\nfunc main() { println(runtime.NumCPU()) }\n')
    for cpus in (1, 3):
        machine = Machine(program.program, cpus=cpus)
        machine.run()
        assert machine.output == b"%d\n" % cpus


def test_a_deadlock_names_threads_and_goroutines() -> None:
    program = underglass.build(
        'package main\nimport "syscall"\nvar p [2]int\n'
        "func wait() { var b [1]byte; syscall.Read(p[0], b[:]) }\n"
        "func main() { syscall.Pipe(p[:]); go func() { select {} }(); wait() }\n",
        keep=False,
    )
    with pytest.raises(GuestFault, match="wait for each other") as caught:
        program.run(limits=Limits(seconds=30))
    text = str(caught.value)
    assert "thread 1000 in read 3" in text or "in read 3" in text
    assert "goroutine 1 in a system call" in text
    assert "waiting: select (no cases)" in text


def test_an_hour_of_sleep_is_no_deadlock() -> None:
    program = underglass.build(
        'package main\nimport ("fmt"; "time")\n'
        "func main() {\n\tt := time.Now(); time.Sleep(5 * time.Hour)\n"
        "\tfmt.Println(time.Since(t).Round(time.Hour))\n}\n",
        keep=False,
    )
    assert program.run().stdout == "5h0m0s\n"


def test_a_loop_of_system_calls_meets_the_wall_clock() -> None:
    program = underglass.build('package main\nimport "syscall"\nfunc main() { for { syscall.Getppid() } }\n')
    with pytest.raises(underglass.errors.LimitExceeded) as caught:
        program.run(limits=Limits(seconds=0.3))
    assert caught.value.limit == "seconds"

"""A run that a pause ended where its thread waits went on with that thread, at a place it had left."""

from __future__ import annotations

import underglass
from underglass.machine import Machine

GO = """\
package main

import (
	"fmt"
	"runtime"
	"sync"
)

func main() {
	var group sync.WaitGroup
	sums := make([]int, 6)
	for i := range sums {
		group.Add(1)
		go func() {
			defer group.Done()
			for n := range 200 {
				sums[i] += n
				runtime.Gosched()
			}
		}()
	}
	group.Wait()
	runtime.GC()
	fmt.Println(sums)
}
"""


def test_a_run_in_pieces_gives_what_a_whole_run_gives() -> None:
    program = underglass.build(GO).program
    whole = Machine(program)
    assert whole.run() == 0
    pieces, count = Machine(program), 0
    pieces.on_pause = lambda tid: True
    while (code := pieces.run()) is None:
        count += 1
    assert code == 0
    assert count > 10  # most system calls are answered without a pause
    assert pieces.output == whole.output == b"[19900 19900 19900 19900 19900 19900]\n"

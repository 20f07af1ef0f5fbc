"""Go 1.26 describes a result that was moved to the heap twice, and a call returned it twice."""

from __future__ import annotations

import underglass
from underglass.toolchain.releases import go_release, install_release

SOURCE = """\
package main

//go:noinline
func set(p, q *int64) { *p, *q = 8, 9 }

//go:noinline
func pair(n int64) (first, second int64) {
	defer func() { recover() }()
	set(&first, &second)
	return
}

func main() { pair(1) }
"""


def test_each_result_is_returned_once() -> None:
    install_release("1.26")
    with go_release("1.26"):
        prog = underglass.build(SOURCE)
    assert str(prog.signature("pair")) == "func pair(n int64) (int64, int64)"
    assert prog.call("pair", 1) == (8, 9)

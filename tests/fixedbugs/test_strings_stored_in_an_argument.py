"""A slice that a call was given lay where the collector did not look.

A string that Go made and stored there was freed in the next collection: the caller saw other bytes.
"""

from __future__ import annotations

import underglass

GO = """\
package main

import ("fmt"; "runtime")

var litter string

func fill(words []string) string {
	for i := range words { words[i] = fmt.Sprint("word ", i) }
	for range 3 {
		runtime.GC()
		for i := range 2000 { litter = fmt.Sprint("word ", -i) }
	}
	return words[0] + words[50]
}
func main() {}
"""


def test_strings_stored_in_a_slice_that_was_given_stay() -> None:
    assert underglass.build(GO).call("fill", [""] * 100) == "word 0word 50"

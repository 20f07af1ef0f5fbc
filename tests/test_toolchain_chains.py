"""The linker's message about chains of NOSPLIT functions, read, placed and told."""

from __future__ import annotations

import pytest

from underglass.errors import BuildError
from underglass.toolchain import Diagnostic, Source, build
from underglass.toolchain.chains import Chain, ChainStep, chains_of, explain

TREE = """\
main.start<0>
    grows 32 bytes, calls main.chain0<0>
        grows 48 bytes, calls end<13>
            grows 1008 bytes
            296 bytes over limit
    grows 740 bytes, calls indirect
        grows 48 bytes, calls main.f[go.shape.struct { x int }]<1>
            grows 8 bytes, calls runtime.morestack<0>
            4 bytes over limit
"""

MAIN = "package main\nfunc start()\nfunc toGo()\nfunc gone() { println() }\nfunc main() { start(); toGo() }\n"
ASM = """\
TEXT ·start(SB), 4, $16-0
	CALL ·middle(SB)
	RET
TEXT ·middle(SB), 4, $0-0
	CALL ·end(SB)
	CALL ·large(SB)
	RET
TEXT ·end(SB), 4, $1000-0
	RET
TEXT ·large(SB), 4, $2000-0
	RET
TEXT ·toGo(SB), 4, $776-0
	CALL ·gone(SB)
	RET
"""


def test_a_tree_is_read_branch_by_branch():
    first, second = chains_of(TREE.splitlines(), 792)
    assert [(s.symbol, s.abi, s.grows, s.calls) for s in first.steps] == [
        ("main.start", "ABI0", 32, "main.chain0"),
        ("main.chain0", "ABI0", 48, "end"),
        ("end", "ABI0", 1008, ""),
    ]
    assert first.left == -296
    assert [(s.symbol, s.abi) for s in second.steps] == [
        ("main.start", "ABI0"),
        ("indirect", ""),
        ("main.f[go.shape.struct { x int }]", "ABIInternal"),
    ]
    assert second.in_check
    assert second.left == -4


@pytest.mark.parametrize(
    "lines", [[], ["nonsense"], ["    grows 8 bytes"], ["9 bytes over limit"], ["a<0>", "x"]]
)
def test_other_words_are_no_chain(lines):
    assert chains_of(lines, 792) == ()


def test_a_callee_that_takes_nothing_is_part_of_the_chain():
    told = ["main.a<0>", "    grows 800 bytes, calls main.b<0>", "    8 bytes over limit"]
    (chain,) = chains_of(told, 792)
    assert [(s.symbol, s.grows) for s in chain.steps] == [("main.a", 800), ("main.b", 0)]


def failed() -> tuple[Diagnostic, ...]:
    with pytest.raises(BuildError) as caught:
        build([Source("main.go", MAIN, "cell 1"), Source("a.s", ASM, "cell 2")], keep=False)
    return tuple(d for d in caught.value.diagnostics if isinstance(d, Diagnostic))


def test_a_link_that_fails_gives_each_chain_with_the_readers_places():
    by_root = {d.message.partition(":")[0]: d for d in failed()}
    start = by_root["main.start"]
    assert (start.source, start.line) == ("cell 2", 1)
    # Two chains: the one of 2008 bytes is told in full.
    assert "main.middle (cell 2, line 4)" in start.message
    assert "main.large (cell 2, line 10), which takes 2008" in start.message
    assert "1 more of its chains" in start.message
    assert [c.steps[-1].symbol for c in start.chains] == ["main.large", "main.end"]
    assert start.chains[0].left == -start.chains[0].needs + 792
    middle = next(s for s in start.chains[0].steps if s.symbol == "main.middle")
    assert middle.call_place == "cell 2, line 6"
    to_go = by_root["main.toGo"].chains[0]
    assert [s.place for s in to_go.steps] == [
        "cell 2, line 12",
        "a wrapper",
        "cell 1, line 4",
    ]
    assert "whose stack check takes 8" in by_root["main.toGo"].message


def test_a_cycle_and_what_is_left_are_told():
    steps = ChainStep("main.a", "ABI0", 8, "main.b"), ChainStep("main.b", "ABI0", 8, "main.a")
    assert explain(Chain(792, steps, again="main.a")).endswith("and calls main.a again, without end")
    assert explain(Chain(792, (ChainStep("main.a", "ABI0", 92, ""),))).endswith(": 700 bytes are left")

"""Where a symbol is defined and named."""

from __future__ import annotations

from underglass.toolchain import Source
from underglass.toolchain.places import definition, reference

GO = Source(
    "m.go", "package main\n\nfunc add()\n\nfunc main() { add() }\n\nfunc f() {\n\tmain()\n}\n", "cell 1"
)
ASM = Source("a.s", "TEXT ·add(SB), 4, $0\n\tCALL ·f(SB)\n\tRET\n\nTEXT ·b<>(SB), 4, $0\n\tRET\n", "cell 2")


def test_definitions() -> None:
    assert definition("main.add", [GO, ASM]) == (ASM, 1)
    assert definition("main.add.abi0", [GO, ASM]) == (ASM, 1)
    assert definition("main.add", [GO]) == (GO, 3)
    assert definition("main.b", [GO, ASM]) == (ASM, 5)
    assert definition("main.f", [ASM, GO]) == (GO, 7)
    assert definition("main.nothing", [GO, ASM]) is None


def test_references() -> None:
    assert reference("main.add", "main.f", [GO, ASM]) == (ASM, 2)
    assert reference("main.main", "main.add", [GO]) == (GO, 5)
    assert reference("main.f", "main.main", [GO]) == (GO, 8)
    assert reference("main.f", "main.nothing", [GO, ASM]) is None
    assert reference("main.nothing", "main.f", [GO, ASM]) is None

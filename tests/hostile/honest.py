"""Honest answers that other graders have given nothing for: each has to get full marks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from grading_class import OUT_OF, RIGHT, answered, cell_of
from hostile.case import hostile
from hostile.guest import second

_SLOW = """\
	MOVQ $8950, CX
again:
	SUBQ $1, CX
	JNE again
	MOVQ y+8(FP), AX
	MOVQ AX, ret+16(FP)
	RET"""


@hostile(points=4.0, student="honest-stderr")
def prints_to_stderr(_: Path) -> Any:
    return second(
        "\tCALL ·say(SB)\n\tMOVQ y+8(FP), AX\n\tMOVQ AX, ret+16(FP)\n\tRET",
        ['%%go\n//go:noinline\nfunc say() { println("I am here") }'],
    )


@hostile(points=OUT_OF, student="honest-crlf")
def has_line_ends_of_windows(_: Path) -> Any:
    return answered({name: text.replace("\n", "\r\n") for name, text in RIGHT.items()})


@hostile(points=4.0, student="honest-helpers")
def has_helpers_and_scratch(_: Path) -> Any:
    notebook = second(
        "\tMOVQ x+0(FP), AX\n\tMOVQ AX, 0(SP)\n\tMOVQ y+8(FP), AX\n\tMOVQ AX, 8(SP)\n\tCALL ·last(SB)\n"
        "\tMOVQ 16(SP), AX\n\tMOVQ AX, ret+16(FP)\n\tRET",
        ["%%go\nfunc last(a, b int64) int64 { return b }", "%%asm\nTEXT ·unfinished(SB), 0, $0\n\tMOVZ"],
    )
    broken = {**cell_of(notebook, "spread"), "id": "on-purpose", "metadata": {}}
    notebook["cells"].append({**broken, "source": RIGHT["spread"].replace("$40", "$16")})
    notebook["cells"].append(
        {"cell_type": "code", "id": "look", "metadata": {}, "source": "stepper(run, end)"}
    )
    return notebook


@hostile(points=4.0, student="honest-limit")
def runs_at_nine_tenths_of_the_limit(_: Path) -> Any:
    return second(_SLOW)


@hostile(points=OUT_OF, student="honest-arithmetic")
def computes_in_the_answer(_: Path) -> Any:
    return answered({**RIGHT, "words": "at_0 = 30 - 12\nat_8: int = 0x1e\nat_40 = at_41 = 12"})

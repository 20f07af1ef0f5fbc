"""go vet on the reader's sources."""

from __future__ import annotations

import pytest

from underglass.errors import BuildError
from underglass.toolchain import Source, vet

ADD = """\
// func add(x, y int64) int64
TEXT ·add(SB), 4, $0-24
\tMOVQ x+0(FP), AX
\tADDQ y+8(FP), AX
\tMOVQ AX, ret+16(FP)
\tRET
"""


def findings(text: str) -> list[str]:
    return [str(found) for found in vet([Source("add.s", text, "cell 7")])]


def test_nothing_to_say() -> None:
    assert findings(ADD) == []


@pytest.mark.parametrize(
    ("right", "wrong", "start", "advice"),
    [
        (
            "$0-24",
            "$0-16",
            "cell 7, line 2: add: wrong argument size 16; expected $...-24 (asmdecl)",
            "write -24.",
        ),
        (
            "y+8(FP)",
            "y+16(FP)",
            "cell 7, line 4: add: invalid offset y+16(FP); expected y+8(FP)",
            "write y+8(FP).",
        ),
        (
            "y+8(FP)",
            "z+8(FP)",
            "cell 7, line 4: add: unknown variable z; offset 8 is y+8(FP)",
            "write y+8(FP).",
        ),
        (
            "ADDQ y",
            "ADDL y",
            "cell 7, line 4: add: invalid ADDL of y+8(FP); int64 is 8-byte value",
            "Q 8 bytes",
        ),
        (
            "\tMOVQ AX, ret+16(FP)\n",
            "",
            "cell 7, line 5: add: RET without writing to 8-byte ret+16(FP)",
            "store to",
        ),
        ("MOVQ x+0(FP), AX", "MOVQ $0, BP", "cell 7, line 3: frame pointer is clobbered", "Save BP"),
    ],
)
def test_findings(right: str, wrong: str, start: str, advice: str) -> None:
    (found,) = [text for text in findings(ADD.replace(right, wrong)) if text.startswith(start)]
    assert advice in found


def test_findings_in_go() -> None:
    text = 'package main\n\nimport "fmt"\n\nfunc main() { fmt.Printf("%d\\n", "x") }\n'
    (found,) = vet([Source("main.go", text, "cell 1")])
    assert (found.source, found.line, found.column) == ("cell 1", 5, 27)
    assert found.message.endswith("(printf)")


def test_sources_that_do_not_compile() -> None:
    with pytest.raises(BuildError, match=r"cell 1, line 1: undefined: zap") as caught:
        vet([Source("main.go", "func main() { zap() }\n", "cell 1")])
    assert "vet" not in str(caught.value)
    with pytest.raises(BuildError, match="line directive"):
        vet([Source("main.go", "//line x:1\n", "cell 1")])

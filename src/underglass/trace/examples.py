"""For each rule, a function that breaks it and the same function mended. The tests run both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

__all__ = ["EXAMPLES", "Example"]


@dataclass(frozen=True)
class Example:
    """One function and a call that shows it."""

    text: str  # assembly, the prototype above it
    call: str  # as `underglass check` takes it: "add(23, 4)"
    go: str = ""  # what package main declares beside it

    @property
    def source(self) -> str:
        """The text as a file of its own, with the headers it needs."""
        return f'#include "textflag.h"\n#include "funcdata.h"\n\n{self.text}'


def _function(head: str, flags: str, body: str) -> str:
    name = head.partition("(")[0]
    lines = "\n".join("\t" + line.strip() for line in body.strip().split(";"))
    return f"// func {head}\nTEXT ·{name}(SB), {flags}\n{lines}\n"


def _pair(
    head: str, call: str, wrong: tuple[str, str], mended: tuple[str, str], go: str = ""
) -> tuple[Example, Example]:
    """Both examples, each given by (flags and sizes of its TEXT line, body with `;` for line ends)."""
    return Example(_function(head, *wrong), call, go), Example(_function(head, *mended), call, go)


_ADD = "add(x, y int64) int64"
_SUM = "MOVQ x+0(FP), AX; ADDQ y+8(FP), AX; MOVQ AX, ret+16(FP); RET"
_LEAF = "NOSPLIT, $0-24"
_PLUS = "//go:noinline\nfunc plus(x, y int64) int64 { return x + y }\n"
_CALL = "MOVQ x+0(FP), AX; MOVQ AX, 0(SP); MOVQ y+8(FP), BX; MOVQ BX, 8(SP); CALL ·plus(SB)"
_APPLY = (
    "//go:noinline\nfunc double(x int64) int64 { return 2 * x }\n\n"
    "//go:noinline\nfunc applied(x int64) int64 { return apply(double, x) }\n"
)

EXAMPLES: Mapping[str, tuple[Example, Example]] = MappingProxyType(
    {
        "result-written": _pair(
            _ADD, "add(23, 4)",
            (_LEAF, "MOVQ x+0(FP), AX; ADDQ y+8(FP), AX; MOVL AX, ret+16(FP); RET"),
            (_LEAF, _SUM),
        ),
        "argument-place": _pair(
            "first(a, b int32) int32", "first(7, 8)",
            ("NOSPLIT, $0-12", "MOVQ a+0(FP), AX; MOVL b+4(FP), BX; MOVL AX, ret+8(FP); RET"),
            ("NOSPLIT, $0-12", "MOVL a+0(FP), AX; MOVL b+4(FP), BX; MOVL AX, ret+8(FP); RET"),
        ),
        "argument-read": _pair(
            _ADD, "add(23, 4)",
            (_LEAF, "MOVQ x+0(FP), AX; ADDQ x+0(FP), AX; MOVQ AX, ret+16(FP); RET"),
            (_LEAF, _SUM),
        ),
        "argument-register": _pair(
            "apply(f func(int64) int64, x int64) int64", "applied(21)",
            (
                "0, $16-24",
                "NO_LOCAL_POINTERS; MOVQ f+0(FP), DX; MOVQ x+8(FP), CX; MOVQ CX, 0(SP); MOVQ (DX), CX; "
                "CALL CX; MOVQ AX, ret+16(FP); RET",
            ),
            (
                "0, $8-24",
                "NO_LOCAL_POINTERS; MOVQ f+0(FP), DX; MOVQ x+8(FP), AX; MOVQ (DX), CX; CALL CX; "
                "MOVQ AX, ret+16(FP); RET",
            ),
            _APPLY,
        ),
        "above-arguments": _pair(
            _ADD, "add(23, 4)",
            (_LEAF, "MOVQ x+0(FP), AX; ADDQ y+8(FP), AX; MOVQ AX, ret+16(FP); MOVQ $1, ok+24(FP); RET"),
            (_LEAF, _SUM),
        ),
        "below-sp": _pair(
            _ADD, "add(23, 4)",
            (
                _LEAF,
                "MOVQ x+0(FP), AX; MOVQ AX, kept-8(SP); MOVQ y+8(FP), AX; ADDQ kept-8(SP), AX; "
                "MOVQ AX, ret+16(FP); RET",
            ),
            (
                "NOSPLIT, $8-24",
                "MOVQ x+0(FP), AX; MOVQ AX, kept-8(SP); MOVQ y+8(FP), AX; ADDQ kept-8(SP), AX; "
                "MOVQ AX, ret+16(FP); RET",
            ),
        ),
        "frame-links": _pair(
            _ADD, "add(23, 4)",
            ("NOSPLIT, $8-24", f"MOVQ $0, kept+0(SP); {_SUM}"),
            ("NOSPLIT, $8-24", f"MOVQ $0, kept-8(SP); {_SUM}"),
        ),
        "bp-restored": _pair(
            _ADD, "add(23, 4)",
            (_LEAF, "MOVQ x+0(FP), AX; MOVQ y+8(FP), BP; ADDQ BP, AX; MOVQ AX, ret+16(FP); RET"),
            (_LEAF, "MOVQ x+0(FP), AX; MOVQ y+8(FP), BX; ADDQ BX, AX; MOVQ AX, ret+16(FP); RET"),
        ),
        "sp-restored": _pair(
            _ADD, "add(23, 4)",
            (
                _LEAF,
                "MOVQ x+0(FP), AX; ADDQ y+8(FP), AX; MOVQ AX, ret+16(FP); SUBQ $8, SP; MOVQ AX, 0(SP); RET",
            ),
            (
                _LEAF,
                "MOVQ x+0(FP), AX; ADDQ y+8(FP), AX; MOVQ AX, ret+16(FP); SUBQ $8, SP; MOVQ AX, 0(SP); "
                "ADDQ $8, SP; RET",
            ),
        ),
        "fixed-registers": _pair(
            "apply(f func(int64) int64, x int64) int64", "applied(21)",
            (
                "0, $8-24",
                "NO_LOCAL_POINTERS; MOVQ f+0(FP), DX; MOVQ x+8(FP), AX; MOVQ AX, X15; MOVQ (DX), CX; "
                "CALL CX; MOVQ AX, ret+16(FP); RET",
            ),
            (
                "0, $8-24",
                "NO_LOCAL_POINTERS; MOVQ f+0(FP), DX; MOVQ x+8(FP), AX; MOVQ AX, X15; MOVQ (DX), CX; "
                "XORPS X15, X15; CALL CX; MOVQ AX, ret+16(FP); RET",
            ),
            _APPLY,
        ),
        "direction-flag": _pair(
            _ADD, "add(23, 4)",
            (_LEAF, f"STD; {_SUM}"),
            (_LEAF, f"STD; CLD; {_SUM}"),
        ),
        "written-before-read": _pair(
            _ADD, "add(23, 4)",
            ("0, $8-24", "MOVQ x+0(FP), AX; ADDQ y+8(FP), AX; ADDQ sum-8(SP), AX; MOVQ AX, ret+16(FP); RET"),
            (
                "0, $8-24",
                "MOVQ $0, sum-8(SP); MOVQ x+0(FP), AX; ADDQ y+8(FP), AX; ADDQ sum-8(SP), AX; "
                "MOVQ AX, ret+16(FP); RET",
            ),
        ),
        "outgoing-area": _pair(
            _ADD, "add(23, 4)",
            ("0, $8-24", f"{_CALL}; MOVQ 16(SP), AX; MOVQ AX, ret+16(FP); RET"),
            ("0, $24-24", f"{_CALL}; MOVQ 16(SP), AX; MOVQ AX, ret+16(FP); RET"),
            _PLUS,
        ),
        "register-across-call": _pair(
            _ADD, "add(23, 4)",
            ("0, $24-24", f"MOVQ x+0(FP), CX; {_CALL}; ADDQ 16(SP), CX; MOVQ CX, ret+16(FP); RET"),
            ("0, $24-24", f"{_CALL}; MOVQ x+0(FP), CX; ADDQ 16(SP), CX; MOVQ CX, ret+16(FP); RET"),
            _PLUS,
        ),
        "register-set": _pair(
            "three() int64", "three()",
            ("NOSPLIT, $0-8", "ADDQ $3, AX; MOVQ AX, ret+0(FP); RET"),
            ("NOSPLIT, $0-8", "MOVQ $3, AX; MOVQ AX, ret+0(FP); RET"),
        ),
        "stray-access": _pair(
            "last(v []int64) int64", "last([1, 2, 3])",
            (
                "NOSPLIT, $0-32",
                "MOVQ v_base+0(FP), SI; MOVQ v_len+8(FP), CX; CMPQ CX, v_cap+16(FP); MOVQ (SI)(CX*8), AX; "
                "MOVQ AX, ret+24(FP); RET",
            ),
            (
                "NOSPLIT, $0-32",
                "MOVQ v_base+0(FP), SI; MOVQ v_len+8(FP), CX; CMPQ CX, v_cap+16(FP); MOVQ -8(SI)(CX*8), AX; "
                "MOVQ AX, ret+24(FP); RET",
            ),
        ),
        "stack-pointer-kept": _pair(
            "place(x int64) *int64", "place(7)",
            ("0, $8-16", "MOVQ x+0(FP), AX; MOVQ AX, v-8(SP); LEAQ v-8(SP), BX; MOVQ BX, ret+8(FP); RET"),
            ("0, $0-16", "MOVQ x+0(FP), AX; MOVQ AX, ·kept(SB); LEAQ ·kept(SB), BX; MOVQ BX, ret+8(FP); RET"),
            "var kept int64\n",
        ),
        "nosplit-room": _pair(
            _ADD, "add(23, 4)",
            (
                _LEAF,
                "MOVQ x+0(FP), AX; ADDQ y+8(FP), AX; MOVQ AX, ret+16(FP); SUBQ $1024, SP; MOVQ AX, 0(SP); "
                "ADDQ $1024, SP; RET",
            ),
            ("0, $1024-24", "MOVQ x+0(FP), AX; ADDQ y+8(FP), AX; MOVQ AX, ret+16(FP); MOVQ AX, 0(SP); RET"),
        ),
    }
)  # fmt: skip
"""Rule's id → (wrong, mended)."""

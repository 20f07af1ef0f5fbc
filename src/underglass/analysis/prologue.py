"""Which stack check a function starts with, and why that one.

The assembler decides, for compiled and for written code alike, by the size of the frame and by whether the
function calls (Go 1.27, cmd/internal/obj/x86/obj6.go, preprocess and stacksplit). The size it compares is
that of the locals plus 8 bytes for the caller's BP, which is saved unless the function is NOFRAME, or has
neither locals nor a CALL.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from itertools import islice
from typing import TYPE_CHECKING

from underglass.analysis.marks import marked_nosplit
from underglass.program.code import decode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from underglass.program import Function, Instruction, Program

__all__ = ["BIG", "SMALL", "Form", "Prologue", "check_code", "has_check", "prologue_of"]

SMALL, BIG = 128, 4096  # bytes; Go 1.27, internal/abi/stack.go, StackSmall and StackBig
_NO_CALLS = {  # obj6.go, isZeroArgRuntimeCall: a function that calls these alone is a leaf still
    f"runtime.{name}" for name in ("panicdivide", "panicwrap", "panicshift", "panicBounds", "panicExtend")
} | {"runtime.duffzero", "runtime.duffcopy"}
_MORESTACK = ("runtime.morestack", "runtime.morestack_noctxt", "runtime.morestackc")
_GUARDS = {"0x10": "g.stackguard0", "0x18": "g.stackguard1"}  # runtime/runtime2.go, type g
_LONGEST = 64  # bytes of check and prologue: 16 to load g, 24 for the huge check, 6 to jump, 11 for the frame
_COMPARE = re.compile(r"(rsp|r12), qword ptr \[r14 \+ (0x10|0x18)\]")
_BELOW = re.compile(r"r12, (?:\[rsp - )?(\w+)\]?")

Row = tuple[int, int, str, str]  # address, bytes, mnemonic, operands


class Form(Enum):
    """How a function makes sure that its frame fits."""

    NONE = "none"
    SMALL = "small"  # CMPQ SP, 16(R14)
    BIG = "big"  # LEAQ -n(SP), R12; CMPQ R12, 16(R14)
    HUGE = "huge"  # MOVQ SP, R12; SUBQ $n, R12; JCS; CMPQ R12, 16(R14)


@dataclass(frozen=True)
class Prologue:
    """A function's stack check, or the lack of one."""

    function: Function
    form: Form
    frame: int  # bytes from the return address down to SP after the prologue: locals and the saved BP
    subtracted: int  # bytes that the big and the huge form take from SP before they compare; else 0
    check_size: int  # bytes of code from the entry to the end of the conditional jump; 0 without a check
    loads_g: bool  # the check takes g from thread-local storage first, as ABI0 must
    guard: str  # "g.stackguard0" or "g.stackguard1"; "" without a check
    morestack: str  # the linker's name of what is called when there is too little; "" without a check
    slow_path: int  # code address that the check jumps to then; 0 without a check
    is_leaf: bool  # without a check: nothing in it counts as a call
    is_automatic: bool  # without a check: the assembler would leave it out unasked
    marked: bool | None  # without a check: NOSPLIT by its TEXT line or //go:nosplit; None if nothing tells

    @property
    def reason(self) -> str:
        """Why the function has this form, in sentences."""
        if self.form is Form.NONE:
            return _why_none(self)
        sizes = {
            Form.SMALL: f"at most {SMALL} (StackSmall): SP alone is compared, since the {SMALL} bytes below "
            "the guard may be used unchecked.",
            Form.BIG: f"more than {SMALL} (StackSmall) and at most {BIG} (StackBig): SP - {self.subtracted} "
            f"is compared, the frame less the {SMALL} bytes that may be used unchecked.",
            Form.HUGE: f"more than {BIG} (StackBig): SP - {self.subtracted} is compared, and since that may "
            "fall below zero, a JCS asks for that first.",
        }
        calls = " It calls, so it keeps the check." if self.frame < SMALL else ""
        more = {  # obj6.go, stacksplit: CFunc is set for //go:systemstack, NeedCtxt where the code reads DX
            "runtime.morestackc": " It may run on the system stack alone (//go:systemstack), which does not "
            "grow: runtime.morestackc ends the program.",
            "runtime.morestack": " It reads the closure's context in DX, which runtime.morestack keeps.",
        }
        g = " ABI0 does not keep g in R14, so the check loads it first." if self.loads_g else ""
        return f"The frame has {self.frame} bytes, {sizes[self.form]}{calls}{g}{more.get(self.morestack, '')}"


def _why_none(found: Prologue) -> str:
    size = f"a frame of {found.frame} bytes" if found.frame else "no frame"
    if not found.is_automatic:
        # cmd/compile/internal/ssagen/abi.go, makeABIWrapper, marks each of them.
        by = "as every wrapper between ABIs is" if found.function.is_wrapper else "by its mark"
        why = f"It has {size}, {SMALL} or more" if found.is_leaf else f"It has {size} and calls"
        return f"{why}, and no check all the same: it is NOSPLIT, {by}."
    below = f", below {SMALL} (StackSmall)" if found.frame else ""
    also = {
        True: " It is marked NOSPLIT as well.",
        False: " It is not marked.",
        None: " Whether it is marked as well, the code does not tell.",
    }[found.marked]
    return f"A leaf with {size}{below}: the assembler makes it NOSPLIT unasked.{also}"


def has_check(program: Program, function: Function) -> bool:
    """Whether the function asks for stack before it takes any.

    This stands for the linker's "not NOSPLIT": the attribute is not in the ELF file, and the assembler emits
    a check in every function without it.
    """
    return _check(program, function)[0] is not Form.NONE


def prologue_of(program: Program, function: Function) -> Prologue:
    """Return which check a function has, and why."""
    form, rows, subtracted, slow_path, morestack, guard = _check(program, function)
    end = rows[-1][0] + rows[-1][1] if rows else function.address
    frame = _frame(program, function, end)
    is_leaf = is_automatic = False
    marked: bool | None = False
    if form is Form.NONE:
        called = list(_called(program, function))
        is_leaf = all(name in _NO_CALLS for name in called)
        is_automatic = is_leaf and frame < (SMALL - 8 if called else SMALL)
        marked = marked_nosplit(program, function) if is_automatic else True
    return Prologue(
        function=function, form=form, frame=frame, subtracted=subtracted, check_size=end - function.address,
        loads_g=bool(rows) and rows[0][3].startswith("r14, "), guard=guard, morestack=morestack,
        slow_path=slow_path, is_leaf=is_leaf, is_automatic=is_automatic, marked=marked,
    )  # fmt: skip


def check_code(program: Program, prologue: Prologue) -> tuple[Instruction, ...]:
    """The instructions of the check, and those at the function's end that call for more stack."""
    end = prologue.function.address + prologue.check_size
    slow = prologue.slow_path or prologue.function.address + prologue.function.size
    return tuple(i for i in program.instructions(prologue.function) if i.address < end or i.address >= slow)


_Check = tuple[Form, list[Row], int, int, str, str]  # and bytes subtracted, slow path, morestack, guard
_NO_CHECK: _Check = (Form.NONE, [], 0, 0, "", "")


def _check(program: Program, function: Function) -> _Check:
    """Read the check at a function's entry, if it has one."""
    code = program.bytes_at(function.address, min(function.size, _LONGEST))
    rows = list(islice(decode(code, function.address), 8))
    at = 0
    while at < len(rows) and rows[at][2] == "mov" and rows[at][3].startswith("r14, "):
        at += 1  # MOVQ (TLS), R14: one instruction, or two where a C linker placed the variable
    rest = [row[2:] for row in rows[at:]]
    words = [mnemonic for mnemonic, _ in rest]
    if words[:2] == ["cmp", "jbe"]:
        form, size, below = Form.SMALL, 2, ""
    elif words[:3] == ["lea", "cmp", "jbe"]:
        form, size, below = Form.BIG, 3, rest[0][1]
    elif words[:5] == ["mov", "sub", "jb", "cmp", "jbe"] and rest[0][1] == "r12, rsp":
        form, size, below = Form.HUGE, 5, rest[1][1]
    else:
        return _NO_CHECK
    compared = _COMPARE.fullmatch(rest[size - 2][1])
    subtracted = _BELOW.fullmatch(below)
    target = int(rest[size - 1][1], 16)
    morestack = next(_called(program, function, target), "") if target in function else ""
    if compared is None or morestack not in _MORESTACK or (form is not Form.SMALL) != bool(subtracted):
        return _NO_CHECK
    less = int(subtracted[1], 0) if subtracted else 0
    return form, rows[: at + size], less, target, morestack, _GUARDS[compared[2]]


def _called(program: Program, function: Function, start: int = 0) -> Iterator[str]:
    """Yield the name of each function that the code calls from `start` on; "" where it names none."""
    start = start or function.address
    code = program.bytes_at(start, function.address + function.size - start)
    for _, _, mnemonic, operands in decode(code, start):
        if mnemonic == "call":
            callee = program.function_at(int(operands, 16)) if operands.startswith("0x") else None
            yield callee.name if callee else ""


def _frame(program: Program, function: Function, start: int) -> int:
    """Bytes below the return address once PUSHQ BP; MOVQ SP, BP; SUBQ $n, SP are done, as pcsp has them.

    What an author's own SUBQ takes from SP is not in pcsp: only the assembler's own, PUSH and POP are.
    """
    at = start
    steps = [("push", "rbp"), ("mov", "rbp, rsp"), (None, "")]
    code = program.bytes_at(start, min(function.address + function.size - start, _LONGEST))
    for address, size, mnemonic, operands in decode(code, start):
        if steps[0] == (mnemonic, operands):
            steps.pop(0)
        elif mnemonic in ("sub", "add") and operands.startswith("rsp, "):
            return max(function.sp_delta(address + size) or 0, 0)
        else:
            break
        at = address + size
    return max(function.sp_delta(at) or 0, 0)

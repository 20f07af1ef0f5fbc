"""The rules of Go's calling convention for assembly, by name, each with what it says and why.

Sources: Go 1.27, cmd/compile/abi-internal.md; cmd/internal/obj/x86/obj6.go, preprocess; doc/asm.html.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

__all__ = ["RULES", "Rule"]


@dataclass(frozen=True)
class Rule:
    """One thing that an assembly function has to do, or must not do."""

    id: str
    title: str
    explanation: str  # one paragraph
    is_hint: bool = False  # worth a look, and right in some functions


_ALL = (
    Rule(
        "result-written",
        "Every byte of every result is written before RET",
        "The caller reads the result from its slot above the return address, and nobody cleared it for "
        "you: what you do not write is what the last user of that stack left there. Write the whole "
        "slot, with the width of its type: MOVQ for int64, MOVL for int32, MOVB for bool.",
    ),
    Rule(
        "argument-place",
        "An argument is read at its own offset, with its own width",
        "Arguments lie from 0(FP) upwards in the order of the prototype, each at a multiple of its "
        "alignment. A load that begins elsewhere, or is wider or narrower than the type, mixes two "
        "arguments or reads the padding between them. The name before the offset is a comment to the "
        "assembler: only the number counts.",
    ),
    Rule(
        "argument-read",
        "Every argument is read",
        "A function that never looks at one of its arguments may be right, as a constant function is. "
        "More often another slot was read in its place.",
        is_hint=True,
    ),
    Rule(
        "above-arguments",
        "Nothing above the arguments and results is touched through FP",
        "Above the last result slot the caller keeps its own locals. An offset past the argument size "
        "that the TEXT line declares reaches into them.",
    ),
    Rule(
        "below-sp",
        "Nothing below SP is touched",
        "The words below SP belong to nobody: Go has no red zone, and the next CALL or signal writes "
        "there. A local needs room in the frame size of the TEXT line: x-8(SP) and y-16(SP) take $16.",
    ),
    Rule(
        "frame-links",
        "The saved BP and the return address are left alone",
        "Above the locals lie the caller's BP and the return address. The first local is x-8(SP): "
        "x-0(SP) and x+0(SP) name the saved BP.",
    ),
    Rule(
        "bp-restored",
        "BP comes back as it was",
        "BP links the frames: tracebacks, profilers and the execution tracer follow it. A function with "
        "a frame has it saved by the assembler; one with $0 and no CALL has not, and has to leave BP "
        "alone or restore it.",
    ),
    Rule(
        "sp-restored",
        "SP stands at the return address when RET runs",
        "RET takes the word at SP for the address to go on at. The assembler puts back what the frame "
        "size took and counts PUSHQ and POPQ; what SUBQ or ADDQ do to SP is yours to undo.",
    ),
    Rule(
        "fixed-registers",
        "R14 and X15 come back as g and zero",
        "Code of ABIInternal relies on R14 holding g and on X15 holding zero, before and after each "
        "call. An ABI0 function may use both, since its wrapper loads them again.",
    ),
    Rule(
        "written-before-read",
        "A word of the frame is written before it is read",
        "Locals are not cleared: a local that was not written holds what an earlier call left on the "
        "stack, and so do the result slots of your own function.",
    ),
    Rule(
        "outgoing-area",
        "The frame has room for the arguments and results of every callee",
        "A callee finds its arguments and writes its results from the caller's 0(SP) upwards. The frame "
        "size of the TEXT line has to count the largest such area, and the locals on top of it: $ "
        "locals + arguments + results.",
    ),
    Rule(
        "register-across-call",
        "No register is expected to keep its value across a CALL",
        "There are no callee-save registers in Go but BP and SP: whatever you call may use all others. "
        "Keep what you need in a local, and load it again after the CALL.",
    ),
    Rule(
        "register-set",
        "A register is loaded before it is used",
        "An ABI0 function gets its arguments on the stack and gives its results there; the registers "
        "hold leftovers when it starts and when its callees return. Load from x+0(FP), and after a CALL "
        "from the callee's result slot above 0(SP).",
    ),
)

RULES: Mapping[str, Rule] = MappingProxyType({rule.id: rule for rule in _ALL})
"""Every rule, by its id."""

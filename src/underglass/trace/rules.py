"""The rules of Go's calling convention for assembly, by name, each with what it says, why, and an example.

Sources: Go 1.27, cmd/compile/abi-internal.md; cmd/internal/obj/x86/obj6.go, preprocess; doc/asm.html;
internal/abi/stack.go; runtime/stack.go.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from underglass.errors import UnderglassError
from underglass.trace.examples import EXAMPLES, Example

__all__ = ["RULES", "Page", "Rule", "rule"]


@dataclass(frozen=True)
class Page:
    """Where the book explains a rule."""

    chapter: str  # stem of the notebook: "05_frames"
    anchor: str  # id of the section in it: docutils makes it of the heading

    def __str__(self) -> str:
        return f"{self.chapter}#{self.anchor}"


@dataclass(frozen=True)
class Rule:
    """One thing that an assembly function has to do, or must not do."""

    id: str
    title: str
    page: Page
    explanation: str  # one paragraph
    is_hint: bool = False  # worth a look, and right in some functions

    @property
    def wrong(self) -> Example:
        """A call that breaks this rule and no other."""
        return EXAMPLES[self.id][0]

    @property
    def mended(self) -> Example:
        """The same call, mended: it breaks none."""
        return EXAMPLES[self.id][1]


_FRAMES, _CALLS, _ABIS, _STACKS = "05_frames", "06_calls", "07_abis", "10_stacks"

_ALL = (
    Rule(
        "result-written",
        "Every byte of every result is written before RET",
        Page(_CALLS, "nobody-clears-a-result-slot-for-you"),
        "The caller reads the result from its slot above the return address, and nobody cleared it for "
        "you: what you do not write is what the last user of that stack left there. Write the whole "
        "slot, with the width of its type: MOVQ for int64, MOVL for int32, MOVB for bool.",
    ),
    Rule(
        "argument-place",
        "An argument is read at its own offset, with its own width",
        Page(_CALLS, "small-arguments-share-a-word-and-results-begin-at-the-next-one"),
        "Arguments lie from 0(FP) upwards in the order of the prototype, each at a multiple of its "
        "alignment. A load that begins elsewhere, or is wider or narrower than the type, mixes two "
        "arguments or reads the padding between them. The name before the offset is a comment to the "
        "assembler: only the number counts.",
    ),
    Rule(
        "argument-read",
        "Every argument is read",
        Page(_FRAMES, "the-caller-keeps-a-callee-s-arguments-in-its-own-frame"),
        "A function that never looks at one of its arguments may be right, as a constant function is. "
        "More often another slot was read in its place.",
        is_hint=True,
    ),
    Rule(
        "argument-register",
        "Code of ABIInternal finds each argument in its register",
        Page(_ABIS, "nine-integer-registers-in-a-fixed-order"),
        "A function value leads to code of ABIInternal, which takes its arguments from AX, BX, CX, DI, SI, "
        "R8 to R11 and X0 to X14, in the order of the prototype. A CALL through it with the arguments at "
        "0(SP) gives it leftovers. Load the registers, or CALL the function by its name: the linker then "
        "puts a wrapper between. Only Go's runtime may write TEXT with <ABIInternal>; there, a register "
        "that holds no argument is not read before it is set.",
    ),
    Rule(
        "above-arguments",
        "Nothing above the arguments and results is touched through FP",
        Page(_FRAMES, "the-caller-keeps-a-callee-s-arguments-in-its-own-frame"),
        "Above the last result slot the caller keeps its own locals. An offset past the argument size "
        "that the TEXT line declares reaches into them.",
    ),
    Rule(
        "below-sp",
        "Nothing below SP is touched",
        Page(_FRAMES, "the-frame-size-leaves-out-what-call-and-the-assembler-push"),
        "The words below SP belong to nobody: Go has no red zone, and the next CALL or signal writes "
        "there. A local needs room in the frame size of the TEXT line: x-8(SP) and y-16(SP) take $16.",
    ),
    Rule(
        "frame-links",
        "The saved BP and the return address are left alone",
        Page(_FRAMES, "links-locals-outgoing-area-a-frame-from-its-high-end-to-its-low-end"),
        "Above the locals lie the caller's BP and the return address. The first local is x-8(SP): "
        "x-0(SP) and x+0(SP) name the saved BP.",
    ),
    Rule(
        "bp-restored",
        "BP links the frames at each CALL, and comes back as it was",
        Page(_FRAMES, "does-not-say-whether-bp-is-saved"),
        "BP links the frames: profilers and the execution tracer follow it from any Go code that you call. "
        "A function with a frame has it saved by the assembler, and BP points to the saved one; one with $0 "
        "and no CALL has not, and has to leave BP alone or restore it.",
    ),
    Rule(
        "sp-restored",
        "SP stands at the return address when RET runs",
        Page(_FRAMES, "links-locals-outgoing-area-a-frame-from-its-high-end-to-its-low-end"),
        "RET takes the word at SP for the address to go on at. The assembler puts back what the frame "
        "size took and counts PUSHQ and POPQ; what SUBQ or ADDQ do to SP is yours to undo.",
    ),
    Rule(
        "fixed-registers",
        "R14 holds g and X15 zero wherever code of ABIInternal runs",
        Page(_ABIS, "r14-holds-g-and-x15-holds-zero"),
        "Code of ABIInternal relies on R14 holding g and on X15 holding zero, before and after each "
        "call. An ABI0 function may use both, since its wrapper loads them again; before it calls through "
        "a function value, it has to put them back itself.",
    ),
    Rule(
        "direction-flag",
        "The direction flag is clear at CALL and RET",
        Page(_ABIS, "the-direction-flag-is-clear-at-every-call"),
        "Go code takes it for granted that MOVSQ and STOSQ count upwards. After STD they count down, in "
        "everybody's code, until CLD.",
    ),
    Rule(
        "written-before-read",
        "A word of the frame is written before it is read",
        Page(_FRAMES, "links-locals-outgoing-area-a-frame-from-its-high-end-to-its-low-end"),
        "Locals are not cleared: a local that was not written holds what an earlier call left on the "
        "stack, and so do the result slots of your own function and the words that a callee takes for its "
        "arguments. A string takes two of them, a slice three.",
    ),
    Rule(
        "outgoing-area",
        "The frame has room for the arguments and results of every callee",
        Page(_CALLS, "the-outgoing-area-is-as-large-as-the-largest-call"),
        "A callee finds its arguments and writes its results from the caller's 0(SP) upwards. The frame "
        "size of the TEXT line has to count the largest such area, and the locals on top of it: $ "
        "locals + arguments + results. What is called through a function value takes arguments in registers, "
        "and may store them there: it needs the room all the same.",
    ),
    Rule(
        "register-across-call",
        "No register is expected to keep its value across a CALL",
        Page(_CALLS, "no-register-outlives-a-call-and-ax-may-look-as-if-it-did"),
        "There are no callee-save registers in Go but BP and SP: whatever you call may use all others. "
        "Keep what you need in a local, and load it again after the CALL.",
    ),
    Rule(
        "register-set",
        "A register is loaded before it is used",
        Page(_CALLS, "no-register-outlives-a-call-and-ax-may-look-as-if-it-did"),
        "An ABI0 function gets its arguments on the stack and gives its results there; the registers "
        "hold leftovers when it starts and when its callees return. Load from x+0(FP), and after a CALL "
        "from the callee's result slot above 0(SP).",
    ),
    Rule(
        "stray-access",
        "Memory outside the frame is reached through what the arguments span",
        Page(_CALLS, "a-slice-is-three-arguments-and-a-loop-needs-two-of-them"),
        "A slice gives access to its capacity, a string to its bytes, a pointer to the array or struct it "
        "points to; the program's own variables are there by name. A store beside them changes another "
        "object, or a caller's frame, and nothing stops it (golang/go issue 79062). A string's bytes may be "
        "read only.",
    ),
    Rule(
        "stack-pointer-kept",
        "No address of the frame is stored where it outlives the frame",
        Page(_STACKS, "no-address-of-a-stack-may-lie-outside-of-it"),
        "After RET the frame is somebody else's. And before that the runtime may copy the stack to a larger "
        "one: it mends the pointers in frames, and knows nothing of an address kept in a global, in the heap "
        "or in a result. Copy the value instead of its address.",
    ),
    Rule(
        "nosplit-room",
        "A NOSPLIT function stays within 800 bytes",
        Page(_STACKS, "nosplit-functions-share-800-bytes"),
        "A function with NOSPLIT, and every such function that it calls, runs in the 800 bytes that the last "
        "stack check kept free (StackNosplitBase). The linker adds up the frames of TEXT lines and of calls "
        "by name; it does not see SUBQ on SP or a CALL through a register. Without NOSPLIT, TEXT checks the "
        "stack and lets it grow.",
    ),
)

RULES: Mapping[str, Rule] = MappingProxyType({rule.id: rule for rule in _ALL})
"""Every rule, by its id."""


def rule(name: str) -> Rule:
    """The rule with this id.

    Raises:
        UnderglassError: there is none; the message lists the nearest ids.
    """
    found = RULES.get(name)
    if found is None:
        near = difflib.get_close_matches(name, RULES, 2, 0.5)
        hint = f"Did you mean {' or '.join(near)}?" if near else f"The rules are {', '.join(RULES)}."
        raise UnderglassError(f"There is no rule {name!r}. {hint}" if name else f"No rule is named. {hint}")
    return found

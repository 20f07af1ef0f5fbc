"""An ABI wrapper's code with a note at each instruction: which value it moves, from where to where, and why.

The notes are made from what the code carries (`carry`) and from where both ABIs put the values
(`abi.layout`), so that the same run also proves the wrapper: each byte of each argument is at its place when
the CALL is reached, and each byte of each result when the RET is.
Why a wrapper has the instructions it has: Go 1.27, cmd/compile/internal/ssagen/abi.go (makeABIWrapper),
cmd/compile/internal/amd64/ssa.go (ssaGenValue: X15 and R14 around calls between the ABIs) and
cmd/compile/abi-internal.md, section "amd64 architecture".
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from underglass.abi import Layout, Signature, abi0_layout, abi_internal_layout, signature
from underglass.abi.dwarf import signature_of
from underglass.analysis.carry import TLS, Byte, Carried, Move, Origin, carry
from underglass.analysis.homes import Homes, leaf_at, lost, named
from underglass.analysis.wrappers import Direction, Wrapper
from underglass.errors import CallError
from underglass.program import Function, Instruction, Program
from underglass.trace.leaves import leaves

__all__ = ["Annotated", "Line", "Step", "annotate"]


class Step(Enum):
    """What an instruction of a wrapper is for."""

    SAVE_BP = "save BP"
    FRAME = "frame"
    ZERO = "zero a result"
    SPILL = "spill room"
    ADDRESS = "address"
    ARGUMENT = "argument"
    X15 = "X15"
    G = "g"
    CALL = "call"
    INTRINSIC = "intrinsic"
    RESULT = "result"
    LOOP = "loop"
    PADDING = "padding"
    RETURN = "return"
    UNKNOWN = "not understood"


@dataclass(frozen=True)
class Line:
    """One instruction of a wrapper."""

    instruction: Instruction
    step: Step
    note: str


@dataclass(frozen=True)
class Annotated:
    """A wrapper's code in words."""

    wrapper: Wrapper
    signature: Signature | None  # None: neither a prototype nor DWARF has it, and values have no names
    lines: tuple[Line, ...]
    lost: tuple[str, ...]  # what does not arrive where it belongs: names in assembly, X15, R14, SP or BP


def annotate(program: Program, wrapper: Wrapper) -> Annotated:
    """Explain a wrapper instruction by instruction."""
    taken = _signature(program, wrapper)
    zero, internal = _layouts(taken)
    inside = zero if wrapper.direction is Direction.INTO_ASSEMBLY else internal
    target = wrapper.target
    outgoing = inside.args_size + inside.spill_size if taken else (target.args_size or 0 if target else 0)
    code = program.instructions(wrapper.function)
    into_assembly = wrapper.direction is Direction.INTO_ASSEMBLY
    followed = () if wrapper.is_intrinsic else code
    carried = carry(followed, target.address if target else 0, outgoing, internal=into_assembly)
    notes = _Notes(wrapper, zero, internal, outgoing, carried)
    lines = tuple(notes.line(instruction) for instruction in code)
    gone: tuple[str, ...] = ()
    if not wrapper.is_intrinsic:
        gone = lost(carried, notes.leaves, notes.outer, notes.inner, into_assembly=into_assembly)
    return Annotated(wrapper, taken, lines, gone)


def _signature(program: Program, wrapper: Wrapper) -> Signature | None:
    try:
        return signature(program, wrapper.target or wrapper.function) or signature_of(
            program, wrapper.function
        )
    except CallError:  # the prototype names a type that DWARF does not have
        return signature_of(program, wrapper.function)


def _layouts(taken: Signature | None) -> tuple[Layout, Layout]:
    if taken is None:
        return Layout((), 0, 0), Layout((), 0, 0)
    return abi0_layout(taken), abi_internal_layout(taken)


class _Notes:
    def __init__(
        self, wrapper: Wrapper, zero: Layout, internal: Layout, outgoing: int, carried: Carried
    ) -> None:
        into_assembly = wrapper.direction is Direction.INTO_ASSEMBLY
        self.wrapper, self.outgoing, self.carried = wrapper, outgoing, carried
        self.zero = zero
        self.outer = Homes(zero, internal if into_assembly else zero)  # the wrapper's own ABI
        self.inner = Homes(zero, zero if into_assembly else internal)  # its target's
        self.leaves = leaves(zero)
        self.name = wrapper.name.rpartition(".")[2]
        self.moves: dict[int, list[Move]] = {}
        for move in carried.moves:
            self.moves.setdefault(move.at, []).append(move)
        self.called = False

    def line(self, instruction: Instruction) -> Line:
        """The note of one instruction; to be asked in order of address."""
        step, note = self._explain(instruction)
        if instruction.address not in self.carried.rounds and not self.wrapper.is_intrinsic:
            step, note = Step.UNKNOWN, "the run on names does not reach this instruction"
        return Line(instruction, step, note)

    def _explain(self, instruction: Instruction) -> tuple[Step, str]:
        name, _, rest = instruction.intel.partition(" ")
        if instruction.address in self.carried.unknown:
            return Step.UNKNOWN, "this instruction is in no wrapper that is known here"
        if name == "push":
            return Step.SAVE_BP, "the caller's BP, into the word below the return address"
        if name == "pop":
            return Step.RETURN, "BP is the caller's again"
        if instruction.intel == "mov rbp, rsp":
            return Step.SAVE_BP, "BP points to the saved BP: the frame-pointer chain goes on"
        if name in ("add", "sub") and rest.startswith("rsp,"):
            return self._frame(rest.endswith("-0x80") == (name == "add"))
        if name == "ret":
            return Step.RETURN, "back to the caller"
        if name == "nop":
            return Step.PADDING, (
                "padding: the assembler moves a jump, call or return off the end of a 32-byte block"
            )
        if self.wrapper.is_intrinsic:
            return Step.INTRINSIC, _INTRINSIC
        if name in ("xorps", "xor", "pxor"):
            return self._zeroed(rest)
        target = self.wrapper.target
        if name in ("call", "jmp") and target is not None and instruction.target == target.address:
            return self._call(target, jumps=name == "jmp")
        if name in _LOOPS:
            return Step.LOOP, _LOOPS[name]
        if name == "lea" or instruction.intel.endswith(", rsp"):
            register = instruction.go.rpartition(", ")[2]
            return Step.ADDRESS, f"{register} = an address in the stack, to copy from or to"
        if moves := self.moves.get(instruction.address):
            return self._moved(moves)
        if name == "mov" and instruction.go.partition(" ")[2].startswith("$"):
            return Step.LOOP, "the number of rounds of the copy loop below"
        return Step.UNKNOWN, "this instruction moves nothing that is followed here"

    def _frame(self, opens: bool) -> tuple[Step, str]:
        if not opens:
            return Step.RETURN, "the frame is given back"
        size, rest = self.wrapper.function.frame_size, self.wrapper.function.frame_size - self.outgoing
        what = (
            "arguments and results"
            if self.wrapper.direction is Direction.INTO_ASSEMBLY
            else "stack arguments and spill room"
        )
        note = f"a frame of {size} bytes for {self.name}'s {what}"
        note += f" ({self.outgoing}) and for copies ({rest})" if rest > 0 else ""
        return Step.FRAME, f"{note}; no stack check comes before it, since an ABI wrapper is NOSPLIT"

    def _zeroed(self, operands: str) -> tuple[Step, str]:
        if not operands.startswith("xmm15"):
            return Step.ZERO, "a zero"
        if self.called:
            return (
                Step.X15,
                "X15 = 0 again: the ABIInternal caller counts on it, and ABI0 code may have used it",
            )
        return Step.X15, "X15 = 0: ABIInternal code counts on it, and an ABI0 caller does not keep it"

    def _call(self, target: Function, *, jumps: bool) -> tuple[Step, str]:
        self.called = True
        whose = "the assembly body" if target.is_assembly else "the Go function"
        note = f"{whose} itself, {target.abi}"
        if jumps:
            note += ", by a jump: no arguments and no results, so its RET returns to the wrapper's caller"
        return Step.CALL, note

    def _moved(self, moves: list[Move]) -> tuple[Step, str]:
        first = moves[0]
        if first.source == TLS:
            why = "ABI0 code may have used it" if self.called else "an ABI0 caller does not keep it"
            return Step.G, f"R14 = g, from the thread's own storage: {why}"
        (start, left), (end, taken), again = self._source(first), self._target(first), self._again(moves)
        if all(byte == 0 for byte in first.data):
            return Step.ZERO, f"zero → {end}{again}; a result on the stack is zero until the call gives it"
        value = named(self.zero, [self._offset(byte) for byte in first.data])
        remarks = ", ".join(remark for remark in (left, taken) if remark)
        note = f"{value}: {start} → {end}{again}" + (f"; {remarks}" if remarks else "")
        if not self.called and self._is_spill(first):
            return Step.SPILL, note
        came_back = any(isinstance(b, Origin) and b.when == "call" for b in first.data)
        return Step.RESULT if came_back else Step.ARGUMENT, note

    def _again(self, moves: list[Move]) -> str:
        """What a copy loop adds to its first round."""
        if len(moves) == 1:
            return ""
        places = [place for m in moves[:2] for place in (m.source, m.target) if isinstance(place, int)]
        rounds = "once more" if len(moves) == 2 else f"{len(moves) - 1} times more"
        return f" and {rounds}, each time {places[-1] - places[0]} bytes further"

    def _is_spill(self, move: Move) -> bool:
        return (
            isinstance(move.target, int) and isinstance(move.source, str) and move.target in self.outer.spill
        )

    def _offset(self, byte: Byte) -> int | None:
        if not isinstance(byte, Origin) or byte.where == TLS:
            return None
        return (self.inner if byte.when == "call" else self.outer).of(byte)

    def _source(self, move: Move) -> tuple[str, str]:
        """(where a value comes from, a remark on it)."""
        place = move.source
        if not isinstance(place, int):
            return place or "a constant", ""
        if move.after_call and (told := self._outgoing(place, is_result=True)):
            return told[0], f"{self.name} left it as {told[1]}"
        own = self._own(place)
        if own:
            return own, ""
        what = "its spill room" if place in self.outer.spill else "the copy"
        return f"{place + self._sp()}(SP)", f"from {what}"

    def _target(self, move: Move) -> tuple[str, str]:
        """(where a value goes, a remark on it)."""
        place = move.target
        if isinstance(place, str):
            return place, self._purpose(move)
        if not move.after_call and (told := self._outgoing(place, is_result=False)):
            return told[0], f"{self.name} reads it as {told[1]}"
        if place in self.outer.spill:
            return f"{place + self._sp()}(SP)", "its spill room in the caller's frame"
        own = self._own(place)
        if own:
            return own, "the caller reads it there" if move.after_call else ""
        return f"{place + self._sp()}(SP)", "a copy in the frame"

    def _purpose(self, move: Move) -> str:
        """What a value in a register waits for, if it is where one of the two ABIs has it."""
        places, result = (self.outer, True) if self.called else (self.inner, False)
        offset = self._offset(move.data[0])
        if offset is not None and places.registers.get((result, str(move.target), 0)) == offset:
            return "the caller takes it there" if self.called else f"{self.name} takes it there"
        return "on its way"

    def _outgoing(self, start: int, *, is_result: bool) -> tuple[str, str] | None:
        """(place, the target's name of it) of a byte in the outgoing area."""
        offset = self.inner.stack.get((is_result, start + self._sp()))
        if offset is None or start >= 0:
            return None
        return f"{start + self._sp()}(SP)", f"{leaf_at(self.leaves, offset)}+{start + self._sp()}(FP)"

    def _own(self, start: int) -> str | None:
        """The wrapper's own argument or result on the stack."""
        for is_result in (False, True):
            offset = self.outer.stack.get((is_result, start))
            if offset is not None:
                return f"{leaf_at(self.leaves, offset)}+{start}(FP)"
        return None

    def _sp(self) -> int:
        """What is added to bytes above FP to give bytes above SP, inside the frame."""
        state = self.carried.at_call
        return -state.sp if state is not None else 0


_INTRINSIC = "part of the operation itself, which the compiler puts in place of the call"
_LOOPS = {
    "dec": "one round fewer",
    "jne": "the next round, unless that was the last",
    "add": "the copy goes on further up",
}

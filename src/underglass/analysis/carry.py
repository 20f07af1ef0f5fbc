"""What straight-line code carries from where to where, byte by byte: an ABI wrapper, run on names.

Registers and stack words hold no numbers here but where each of their bytes came from: a register or a
stack byte at the entry, or what the callee left in one. The code of a wrapper is moves, a CALL and, for
arrays, copy loops with a constant count (Go 1.27, cmd/compile/internal/ssagen/abi.go, makeABIWrapper makes
`return f(params)` and lets the compiler do the rest), so that nothing in it depends on a value.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, NamedTuple

from underglass.program import Instruction
from underglass.trace.operands import FAMILY

__all__ = ["STACK", "TLS", "Byte", "Carried", "Move", "Origin", "State", "carry"]

STACK, TLS = "stack", "TLS"
_WORD = 8
_MOST_STEPS = 20_000  # of one wrapper: the NOSPLIT limit of 800 bytes keeps its loops far below
_SIZES: Mapping[str, int] = MappingProxyType(
    {"byte": 1, "word": 2, "dword": 4, "qword": 8, "xmmword": 16}
)  # as Capstone names an operand's bytes
_MOVES = ("mov", "movzx", "movups", "movaps", "movss", "movsd", "movdqu", "movq", "movd")
_MEMORY = re.compile(r"^(?:(\w+) ptr )?(fs:)?\[(.+)\]$")
_TERM = re.compile(r"([+-]?)\s*(0x[0-9a-f]+|\w+)\s*")


class Origin(NamedTuple):
    """Where one byte came from."""

    when: Literal["entry", "call"]  # as the wrapper was called, or as its own call returned
    where: str  # a register's Plan 9 name, STACK, or TLS
    offset: int  # byte of the register, or bytes above the first stack argument: FP, or SP at the CALL


Byte = Origin | int | None  # an int is a constant; None is not known


@dataclass(frozen=True)
class Move:
    """One value moved by one instruction."""

    at: int  # code address
    source: str | int | None  # register or TLS; bytes above the wrapper's own FP; None: a constant
    target: str | int  # register; bytes above the wrapper's own FP
    data: tuple[Byte, ...]
    after_call: bool


@dataclass
class State:
    """Registers and stack at one moment."""

    sp: int = -_WORD  # bytes above FP: at the entry SP points to the return address
    registers: dict[str, tuple[Byte, ...] | int] = field(default_factory=dict)  # int: a stack address
    memory: dict[int, Byte] = field(default_factory=dict)  # by bytes above FP
    when: Literal["entry", "call"] = "entry"

    def register(self, name: str, size: int) -> tuple[Byte, ...] | int:
        """The low `size` bytes, or the stack address that the register holds."""
        held = self.registers.get(name)
        if held is None:
            return tuple(Origin(self.when, name, i) for i in range(size))
        if isinstance(held, int):
            return held
        return (held + (None,) * size)[:size]

    def stack(self, offset: int) -> Byte:
        """The byte at so many bytes above FP."""
        if offset in self.memory:
            return self.memory[offset]
        return Origin("entry", STACK, offset) if offset >= 0 else None

    def copy(self) -> State:
        return State(self.sp, dict(self.registers), dict(self.memory), self.when)


@dataclass(frozen=True)
class Carried:
    """What a run on names gives."""

    moves: tuple[Move, ...]  # in the order they run; a loop's once a round
    at_call: State | None  # before the CALL, or the JMP that stands for it
    at_return: State | None  # before the RET; None after a JMP
    unknown: tuple[int, ...]  # addresses of instructions that were not understood
    rounds: Mapping[int, int]  # code address → how often it ran


def carry(code: Sequence[Instruction], callee: int, outgoing: int, *, internal: bool) -> Carried:
    """Run a wrapper's code on names.

    Args:
        internal: the wrapper itself obeys ABIInternal, where X15 is zero at the entry.
        callee: address of the function that it calls.
        outgoing: bytes above SP at the CALL that are the callee's to change.
    """
    runner = _Runner(code, callee, outgoing)
    if internal:
        runner.state.registers["X15"] = (0,) * 16
    return runner.run()


class _Runner:
    def __init__(self, code: Sequence[Instruction], callee: int, outgoing: int) -> None:
        self.code, self.callee, self.outgoing = code, callee, outgoing
        self.index = {instruction.address: i for i, instruction in enumerate(code)}
        self.state = State()
        self.moves: list[Move] = []
        self.unknown: dict[int, None] = {}
        self.rounds: dict[int, int] = {}
        self.at_call: State | None = None
        self.zero = False  # the flag, after DEC

    def run(self) -> Carried:
        at: int | None = 0
        at_return: State | None = None
        for _ in range(_MOST_STEPS):
            if at is None or at >= len(self.code):
                break
            instruction = self.code[at]
            self.rounds[instruction.address] = self.rounds.get(instruction.address, 0) + 1
            if instruction.intel == "ret":
                at_return = self.state.copy()
                break
            at = self._step(instruction, at)
        return Carried(tuple(self.moves), self.at_call, at_return, tuple(self.unknown), self.rounds)

    def _step(self, instruction: Instruction, at: int) -> int | None:
        """Do one instruction; the index of the next, None at the end."""
        name, _, rest = instruction.intel.partition(" ")
        operands = rest.split(", ")
        state = self.state
        if name in ("call", "jmp") and instruction.target == self.callee:
            self.at_call = state.copy()
            if name == "jmp":
                return None
            self._called()
        elif name == "jne" and instruction.target in self.index:
            return at + 1 if self.zero else self.index[instruction.target]
        elif name == "push":
            state.sp -= _WORD
            self._store(instruction, state.sp, _plan9(operands[0]), _WORD)
        elif name == "pop":
            self._load(instruction, _plan9(operands[0]), state.sp, _WORD)
            state.sp += _WORD
        elif name in ("xorps", "xor", "pxor") and operands[0] == operands[1]:
            state.registers[_plan9(operands[0])] = (0,) * 16
        elif name in ("add", "sub", "dec"):
            self._arithmetic(instruction, name, operands)
        elif name == "lea" and (place := self._address(operands[1])) is not None:
            state.registers[_plan9(operands[0])] = place
        elif name in _MOVES:
            self._move(instruction, operands)
        elif name != "nop":
            self.unknown[instruction.address] = None
        return at + 1

    def _called(self) -> None:
        state = self.state
        state.registers = {"BP": state.register("BP", _WORD)}  # the only one that both ABIs keep
        state.when = "call"
        for offset in range(self.outgoing):
            state.memory[state.sp + offset] = Origin("call", STACK, offset)

    def _arithmetic(self, instruction: Instruction, name: str, operands: list[str]) -> None:
        register = _plan9(operands[0])
        by = 1 if name == "dec" else _number(operands[1])
        by = by if name == "add" or by is None else -by
        held = self.state.sp if register == "SP" else self.state.registers.get(register)
        if by is None or held is None:
            self.unknown[instruction.address] = None
        elif register == "SP" and isinstance(held, int):
            self.state.sp = held + by
        elif isinstance(held, int):  # an address that steps through a copy
            self.state.registers[register] = held + by
        elif (value := _constant(held)) is not None:
            self.zero = value + by == 0
            self.state.registers[register] = tuple((value + by).to_bytes(_WORD, "little", signed=True))
        else:
            self.unknown[instruction.address] = None

    def _move(self, instruction: Instruction, operands: list[str]) -> None:
        target, source = operands
        if (number := _number(source)) is not None and (match := _MEMORY.match(target)):
            size, place = _SIZES.get(match[1], 0), self._address(target)
            if place is None:
                self.unknown[instruction.address] = None
                return
            data = (number & (1 << 8 * size) - 1).to_bytes(size, "little")
            self._write(instruction, place, None, tuple(data))
        elif number is not None:
            self.state.registers[_plan9(target)] = tuple(number.to_bytes(_WORD, "little", signed=True))
        elif match := _MEMORY.match(source):
            size = _SIZES.get(match[1], 0)
            place = self._address(source)
            if match[2]:  # FS: the thread's g, the only thing that Go keeps there
                g = tuple(Origin("entry", TLS, i) for i in range(size))
                self._set(instruction, _plan9(target), TLS, g)
            elif place is None:
                self.unknown[instruction.address] = None
            else:
                self._load(instruction, _plan9(target), place, size)
        elif match := _MEMORY.match(target):
            place = self._address(target)
            if place is None:
                self.unknown[instruction.address] = None
            else:
                self._store(instruction, place, _plan9(source), _SIZES.get(match[1], 0))
        elif _plan9(source) == "SP":
            self.state.registers[_plan9(target)] = self.state.sp
        else:
            held = self.state.register(_plan9(source), _register_size(source))
            self._set(instruction, _plan9(target), _plan9(source), held)

    def _load(self, instruction: Instruction, register: str, place: int, size: int) -> None:
        self._set(instruction, register, place, tuple(self.state.stack(place + i) for i in range(size)))

    def _set(
        self, instruction: Instruction, register: str, source: str | int, held: tuple[Byte, ...] | int
    ) -> None:
        if isinstance(held, int):
            self.state.registers[register] = held
            return
        self.state.registers[register] = held + (0,) * (16 - len(held))  # MOV to 32 bits or more clears
        self._moved(instruction, source, register, held)

    def _store(self, instruction: Instruction, place: int, register: str, size: int) -> None:
        held = self.state.register(register, size)
        self._write(instruction, place, register, (None,) * size if isinstance(held, int) else held)

    def _write(
        self, instruction: Instruction, place: int, source: str | None, data: tuple[Byte, ...]
    ) -> None:
        for i, byte in enumerate(data):
            self.state.memory[place + i] = byte
        self._moved(instruction, source, place, data)

    def _moved(
        self,
        instruction: Instruction,
        source: str | int | None,
        target: str | int,
        data: tuple[Byte, ...],
    ) -> None:
        self.moves.append(Move(instruction.address, source, target, data, self.at_call is not None))

    def _address(self, operand: str) -> int | None:
        """The stack place that an operand names, in bytes above FP; None if it is none."""
        match = _MEMORY.match(operand)
        if match is None or match[2]:
            return None
        total = 0
        for sign, term in _TERM.findall(match[3]):
            value: object = _number(term)
            if value is None:
                name = _plan9(term)
                value = self.state.sp if name == "SP" else self.state.registers.get(name)
            if not isinstance(value, int):
                return None
            total += -value if sign == "-" else value
        return total


def _constant(held: tuple[Byte, ...]) -> int | None:
    numbers = [b for b in held[:_WORD] if isinstance(b, int)]
    return int.from_bytes(bytes(numbers), "little", signed=True) if len(numbers) >= _WORD else None


def _number(text: str) -> int | None:
    return int(text, 0) if re.fullmatch(r"-?(0x[0-9a-f]+|\d+)", text) else None


def _register_size(name: str) -> int:
    if name.startswith("xmm"):
        return 16
    if name.startswith("r"):
        return {"d": 4, "w": 2, "b": 1}.get(name[-1], 8) if name[1].isdigit() else 8
    return 4 if name.startswith("e") else 1 if name.endswith("l") else 2


def _plan9(name: str) -> str:
    """The Go name of the whole register: AX for rax, eax, ax and al."""
    return FAMILY.get(name, name.upper())

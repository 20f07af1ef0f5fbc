"""Call a function of a program that has booted, as a debugger would.

The runtime has frames made for this: debugCall32 to debugCall65536 (Go 1.27, runtime/asm_amd64.s).
Each grows the stack by its own prologue, stops at an INT3 with room for arguments at 0(SP), and has a
second INT3 where the called function returns to. So the call has a caller that the collector and
the stack copier understand.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from underglass.abi import Layout, Place, Signature, decode, encode, layout_of
from underglass.errors import CallError, GuestFault, UnknownFunction
from underglass.machine.amd64 import VECTORS
from underglass.machine.machine import Machine
from underglass.machine.memory import READ, WRITE, BadAddress
from underglass.machine.native import PAGE
from underglass.program import Function

__all__ = ["Call", "prepare", "stack_depth"]

_INT3 = 0xCC
_SIZES = tuple(32 << i for i in range(12))
_SCRATCH = 0x7E00_0000_0000  # where strings and slices of the caller's lie, outside the Go heap


@dataclass(frozen=True)
class Call:
    """A call that is ready to run: the machine stands before the function's first instruction."""

    machine: Machine
    function: Function
    signature: Signature
    layout: Layout
    title: str  # "add(23, 4)"
    args: int  # guest address of the first stack argument; SP before the CALL
    depth: int  # bytes from there to the stack's high end, which stays when the stack is copied
    back: int  # return address
    end: int  # where the machine stands when the call has returned: past the second INT3

    def finish(self) -> object:
        """Run to the return and give the result: one value, a tuple of several, or None.

        Raises:
            GuestFault: the function did not return.
            LimitExceeded: it used up a limit.
        """
        with self.watched():
            self.machine.run()
        return self.result()

    @contextmanager
    def watched(self) -> Iterator[None]:
        """While inside, the machine's run ends where the call returns."""
        self.machine.on_breakpoint = lambda pc: pc == self.end
        try:
            yield
        finally:
            self.machine.on_breakpoint = None

    def has_returned(self) -> bool:
        """Whether the machine stands where the call returns to."""
        return self.machine.kernel.exit_code is None and self.machine.pc == self.end

    def result(self) -> object:
        """The value or values that the call gave; see `finish`."""
        values = self.results()
        return values[0] if len(values) == 1 else values or None

    def results(self) -> tuple[object, ...]:
        """All results, in order."""
        if not self.has_returned():
            raise GuestFault(self._why_not(), pc=self.machine.pc, output=self.machine.output)
        off = self.depth - stack_depth(self.machine)
        if off:
            raise GuestFault(
                f"{self.title} returned with SP {abs(off)} bytes {'above' if off > 0 else 'below'} "
                "where it was before the call. Take back what you pushed or subtracted before RET.",
                output=self.machine.output,
            )
        return tuple(decode(place.type, self._raw(place), self._read) for place in self.layout.results)

    def _raw(self, place: Place) -> bytes:
        if place.offset is not None:
            return self._read(self.machine.cpu["SP"] + place.offset, place.type.size)
        data = bytearray(place.type.size)
        for piece in place.pieces:
            value = _get(self.machine, piece.register)
            data[piece.offset : piece.offset + piece.size] = value.to_bytes(16, "little")[: piece.size]
        return bytes(data)

    def _read(self, address: int, size: int) -> bytes:
        try:
            return self.machine.memory.read(address, size)
        except BadAddress:
            raise CallError(
                f"A result of {self.title} points to {size} bytes at {address:#x}, where nothing is mapped. "
                "Was it written to the right slot?"
            ) from None

    def _why_not(self) -> str:
        code, machine = self.machine.kernel.exit_code, self.machine
        words = [f"{self.title} did not return: the program ended with exit code {code}."]
        if machine.faults:
            words.append(f"Its last fault was {machine.describe(machine.faults[-1])}")
        said = machine.output.decode(errors="replace").strip().splitlines()
        if said:
            words.append("It wrote: " + " / ".join(line for line in said[:3] if line))
        return " ".join(words)


def prepare(machine: Machine, function: Function, signature: Signature, values: tuple[object, ...]) -> Call:
    """Rewind `machine` to its snapshot and set up the call of `function` with Python `values`.

    Args:
        machine: booted, with its snapshot taken at the entry of main.main.

    Raises:
        CallError: wrong number or type of arguments.
    """
    name = function.name.removeprefix("main.")
    if len(values) != len(signature.params):
        due = ", ".join(f"{p.name} {p.type.name}" for p in signature.params) or "none"
        raise CallError(f"{name} takes {len(signature.params)} arguments ({due}); {len(values)} were given.")
    layout = layout_of(function, signature)
    scratch = bytearray()

    def allocate(data: bytes) -> int:
        scratch.extend(bytes(-len(scratch) % 16))
        address = _SCRATCH + len(scratch)
        scratch.extend(data)
        return address

    raw = [
        encode(p.type, v, allocate, f"argument {p.name} of {name}")
        for p, v in zip(layout.params, values, strict=True)
    ]
    machine.rewind()
    args, back = _enter(machine, layout.args_size + layout.spill_size)
    depth = stack_depth(machine)
    if scratch:
        machine.memory.map(_SCRATCH, -(-len(scratch) // PAGE) * PAGE, READ | WRITE)
        machine.memory.write(_SCRATCH, bytes(scratch))
    machine.memory.write(args, bytes(layout.args_size + layout.spill_size))
    for place, data in zip(layout.params, raw, strict=True):
        if place.offset is not None:
            machine.memory.write(args + place.offset, data)
        for piece in place.pieces:
            part = data[piece.offset : piece.offset + piece.size]
            _set(machine, piece.register, int.from_bytes(part, "little"))
    machine.memory.write(args - 8, back.to_bytes(8, "little"))
    machine.cpu["SP"] = args - 8
    machine.cpu["DX"] = 0  # closure context: none
    machine.pc = function.address
    title = f"{name}({', '.join(map(_short, values))})"
    end = back + machine.program.bytes_at(back, 16).index(_INT3) + 1
    return Call(machine, function, signature, layout, title, args, depth, back, end)


def _enter(machine: Machine, room: int) -> tuple[int, int]:
    """Run the runtime's own frame for calls with `room` bytes; return (address of 0(SP), return address)."""
    size = next((s for s in _SIZES if s >= room), None)
    if size is None:
        raise CallError(f"The arguments and results take {room} bytes; at most {_SIZES[-1]} can be passed.")
    try:
        machine.pc, _ = machine.program.symbol(f"debugCall{size}")
    except UnknownFunction:
        raise CallError(
            f"This program has no debugCall{size}, which calls start from. "
            "Build it with Go 1.17 or later, without -ldflags=-s."
        ) from None
    machine.on_breakpoint = lambda pc: True
    try:
        machine.run()
    finally:
        machine.on_breakpoint = None
    if machine.kernel.exit_code is not None:
        raise CallError(
            f"The program ended before the call could start: {machine.output.decode(errors='replace')}"
        )
    return machine.cpu["SP"], machine.pc


def stack_depth(machine: Machine) -> int:
    """Bytes between SP and g.stack.hi; g lies below FS (Go 1.27, runtime/asm_amd64.s, get_tls;
    runtime/runtime2.go, type g: stack.lo, stack.hi come first)."""
    g = int.from_bytes(machine.memory.read(machine.cpu.fs_base + machine.program.elf.g_offset, 8), "little")
    return int.from_bytes(machine.memory.read(g + 8, 8), "little") - machine.cpu["SP"]


def _get(machine: Machine, register: str) -> int:
    return int(machine.cpu.uc.reg_read(VECTORS[register])) if register in VECTORS else machine.cpu[register]


def _set(machine: Machine, register: str, value: int) -> None:
    if register in VECTORS:
        machine.cpu.uc.reg_write(VECTORS[register], value)
    else:
        machine.cpu[register] = value


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 24 else text[:21] + "..."

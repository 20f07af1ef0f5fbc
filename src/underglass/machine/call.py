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

from underglass.abi import INTEGER_ARGS, Layout, Place, Signature, decode, encode, layout_of
from underglass.errors import CallError, GuestFault, UnknownFunction
from underglass.machine.amd64 import VECTORS
from underglass.machine.arguments import SCRATCH, GuestMemory, place
from underglass.machine.machine import Machine
from underglass.program import Function

__all__ = ["Call", "prepare", "stack_depth"]

_INT3 = 0xCC
_SIZES = tuple(32 << i for i in range(12))


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
        found = [(self._title(place), place.type, self._raw(place)) for place in self.layout.results]
        return decode(found, GuestMemory(self.machine))

    def _title(self, place: Place) -> str:
        one = len(self.layout.results) == 1
        return f"The result of {self.title}" if one else f"The result {place.name} of {self.title}"

    def _raw(self, place: Place) -> bytes:
        if place.offset is not None:
            return self.machine.memory.read(self.machine.cpu["SP"] + place.offset, place.type.size)
        data = bytearray(place.type.size)
        for piece in place.pieces:
            value = _get(self.machine, piece.register)
            data[piece.offset : piece.offset + piece.size] = value.to_bytes(16, "little")[: piece.size]
        return bytes(data)

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
    arguments = [
        (f"argument {i} of {name}, {p.name}", p.type, v)
        for i, (p, v) in enumerate(zip(layout.params, values, strict=True), 1)
    ]
    first = encode(arguments, SCRATCH)
    machine.rewind()
    room = layout.args_size + layout.spill_size
    back = _enter(machine, room)
    encoded = place(machine, first, arguments, lambda size, kind: _allocate(machine, back, size, kind))
    args = machine.cpu["SP"]
    depth = stack_depth(machine)
    machine.memory.write(args, bytes(room))
    for param, data in zip(layout.params, encoded.values, strict=True):
        if param.offset is not None:
            machine.memory.write(args + param.offset, data)
        for piece in param.pieces:
            part = data[piece.offset : piece.offset + piece.size]
            _set(machine, piece.register, int.from_bytes(part, "little"))
    _go_to(machine, function.address, back)
    title = f"{name}({', '.join(map(_short, values))})"
    return Call(machine, function, signature, layout, title, args, depth, back, _end(machine, back))


def _go_to(machine: Machine, address: int, back: int) -> None:
    """Stand before a function's first instruction, as after its CALL. 0(SP) is where its arguments begin."""
    machine.cpu["SP"] -= 8
    machine.memory.write(machine.cpu["SP"], back.to_bytes(8, "little"))
    machine.cpu["DX"] = 0  # closure context: none
    machine.pc = address


def _end(machine: Machine, back: int) -> int:
    """Where the machine stands when a call has returned: past the second INT3."""
    return back + machine.program.bytes_at(back, 16).index(_INT3) + 1


def _allocate(machine: Machine, back: int, size: int, kind: int) -> int:
    """Have the runtime make an object; its address. The stack may have moved then.

    Go 1.27, runtime/malloc.go: func mallocgc(size uintptr, typ *_type, needzero bool) unsafe.Pointer.
    """
    for register, value in zip(INTEGER_ARGS, (size, kind, 1), strict=False):
        machine.cpu[register] = value
    _go_to(machine, machine.program.symbol("runtime.mallocgc")[0], back)
    _run_to_trap(machine)
    return machine.cpu[INTEGER_ARGS[0]]


def _enter(machine: Machine, room: int) -> int:
    """Run the runtime's own frame for calls with `room` bytes, to where 0(SP) is the first of them; return
    the return address."""
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
    _run_to_trap(machine)
    return machine.pc


def _run_to_trap(machine: Machine) -> None:
    machine.on_breakpoint = lambda pc: True
    try:
        machine.run()
    finally:
        machine.on_breakpoint = None
    if machine.kernel.exit_code is not None:
        raise CallError(
            f"The program ended before the call could start: {machine.output.decode(errors='replace')}"
        )


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

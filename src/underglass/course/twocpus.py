"""Two processors run one program: the first changes a call, the second runs it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count

from underglass.abi import Layout, Place, abi0_layout
from underglass.errors import UnderglassError
from underglass.goprogram import GoProgram
from underglass.machine.cpus import Atomicity, Cpus
from underglass.machine.native import PAGE
from underglass.program import Function, Program
from underglass.trace.cpus import record_cpus
from underglass.trace.trace import Trace

__all__ = ["TwoCpus"]

_STACKS = (0x70000, 0x80000)  # where each processor's SP begins; a page below and one above are there
_HANDLER_STACKS = (0x74000, 0x84000)  # ends
_GDT = 0x60000
_BACK = 0x50000  # where both return to
_BRANCHES = (0xE8, 0xE9)  # CALL and JMP with four bytes of distance (Intel SDM, volume 2)
_LONGEST = 200  # moves of one processor


@dataclass(frozen=True)
class TwoCpus:
    """CPU 0 changes a call, CPU 1 runs it, on the same memory; all functions are assembly and know no Go.

    CPU 1 first runs up to the call. CPU 0 runs `patcher(at, to uintptr)`, with the addresses of the call and
    of the function that it shall lead to.

    >>> duel = TwoCpus(prog, "patch", "triple", ("apply", 7))
    >>> duel.entered()
    ('double', 'double', 'double', 'launch', 'triple')

    Raises:
        UnderglassError: an argument or a result is no integer, or there is no call.
        UnknownFunction: there is no such function.
    """

    prog: GoProgram
    patcher: str  # what CPU 0 runs
    to: str  # the function that the call shall lead to
    caller: tuple[str | int, ...]  # what CPU 1 runs: a function and its integer arguments
    at: str = ""  # the function whose first direct call or jump is changed; "": the caller
    atomic: Atomicity = "line"  # how a store of CPU 0 becomes visible to CPU 1
    handler: str = ""  # the function that INT3 enters; "": INT3 is a fault

    @property
    def site(self) -> int:
        """Address of the call that is changed."""
        function = self._function(self.at or str(self.caller[0]))
        for instruction in self.prog.program.instructions(function):
            if instruction.target is not None and instruction.data[0] in _BRANCHES:
                return instruction.address
        raise UnderglassError(f"{function.name} has no direct call, so that there is nothing to change.")

    def record(self, after: int) -> Trace:
        """Record a run in which CPU 0 makes `after` moves while CPU 1 stands at the call.

        After that CPU 1 goes on to its end, then CPU 0; if CPU 1 waits, after 200 moves, and then again.
        A move is an instruction, or a piece of a store.
        """
        cpus = self._cpus()
        function, layout = self._called(self.caller)
        name = f"{self.caller[0]}({', '.join(map(str, self.caller[1:]))}) on CPU 1"
        title = f"{name}, after {after} moves of CPU 0"
        trace = record_cpus(self.prog.program, cpus, self._order(cpus, after), title, function, layout)
        if trace.fault is not None:
            return trace
        results = tuple(
            _integer(cpus.read(_STACKS[1] + 8 + (p.offset or 0), p.type.size), p) for p in layout.results
        )
        return replace(trace, results=results)

    def entered(self) -> tuple[str, ...]:
        """Return where CPU 1 got from the call, for each number of moves that CPU 0 can be ahead: 0, 1, 2 …

        A function that is entered elsewhere than at its beginning is given with the distance, "f+0x5".
        """
        found: list[str] = []
        for after in count():
            trace = self.record(after)
            if _who(trace).count(0) < after:
                return tuple(found)
            found.append(self._entered(trace))
        raise AssertionError

    def _entered(self, trace: Trace) -> str:
        program = self.prog.program
        handler = self._function(self.handler) if self.handler else None
        site = self.site
        who = _who(trace)
        own = [step for step in range(len(trace) + 1) if step == len(trace) or who[step] == 1]
        behind = [step for step in own if trace.pc(step) == site][-1]
        for step in own[own.index(behind) + 1 :]:
            pc = trace.pc(step)
            if handler is None or pc not in handler:
                return _place(program, pc)
        return "a fault"

    def _order(self, cpus: Cpus, after: int) -> Iterator[int]:
        steps, site = 0, self.site
        while cpus.pc(1) != site:
            if steps == _LONGEST or cpus.pc(1) == _BACK:
                raise UnderglassError(
                    f"CPU 1 does not come to the call in {self.at} in {steps} instructions. "
                    f"Name a function that {self.caller[0]} calls."
                )
            steps += 1
            yield 1
        turns = [(0, after), (1, _LONGEST), (0, _LONGEST), (1, _LONGEST)]
        for number, most in turns:
            for _ in range(most):
                if not cpus.is_busy(number) and cpus.pc(number) == _BACK:
                    break
                yield number

    def _cpus(self) -> Cpus:
        program = self.prog.program
        memory: dict[int, bytes] = {_BACK: b"\xf4"}  # HLT
        for name, (address, size, _) in program.elf.symbols.items():
            if name.startswith("main."):
                for page in range(address & -PAGE, address + max(size, 1), PAGE):
                    memory[page] = program.bytes_at(page, PAGE).ljust(PAGE, b"\0")
        for top in (*_STACKS, *(end - 1 for end in _HANDLER_STACKS)):
            memory |= dict.fromkeys((top - PAGE & -PAGE, top & -PAGE), bytes(PAGE))
        cpus = Cpus(2, memory, atomic=self.atomic)
        if self.handler:
            cpus.on_breakpoint(self._function(self.handler).address, _HANDLER_STACKS, _GDT)
        patch = (self.patcher, self.site, self._function(self.to).address)
        for number, call in enumerate((patch, self.caller)):
            function, layout = self._called(call)
            cpus.write(_STACKS[number], _BACK.to_bytes(8, "little") + _words(call, layout.params))
            cpus.start(number, function.address, SP=_STACKS[number])
        return cpus

    def _called(self, call: Sequence[str | int]) -> tuple[Function, Layout]:
        name = str(call[0])
        layout = abi0_layout(self.prog.signature(name, "ABI0"))
        return self._function(name), layout

    def _function(self, name: str) -> Function:
        return self.prog.program.function(name, "ABI0")


def _who(trace: Trace) -> list[int]:
    """The number of the processor that makes each move."""
    at = dict(trace.threads)
    found: list[int] = []
    for step in range(len(trace)):
        found.append(at[step] if step in at else found[-1])
    return found


def _place(program: Program, pc: int) -> str:
    function = program.function_at(pc)
    if function is None:
        return f"{pc:#x}"
    far = pc - function.address
    return function.name.removeprefix("main.") + (f"+{far:#x}" if far else "")


def _words(call: Sequence[str | int], params: Sequence[Place]) -> bytes:
    """The arguments as ABI0 lays them out."""
    given = call[1:]
    if len(given) != len(params) or not all(isinstance(value, int) for value in given):
        raise UnderglassError(
            f"{call[0]} takes {len(params)} integers here, and {given!r} was given. "
            "Write the function's name and one integer for each parameter."
        )
    data = bytearray()
    for value, place in zip(given, params, strict=True):
        assert isinstance(value, int)
        data = data.ljust(place.offset or 0, b"\0")
        data += (value & (1 << 8 * place.type.size) - 1).to_bytes(place.type.size, "little")
    return bytes(data)


def _integer(data: bytes, place: Place) -> int:
    return int.from_bytes(data, "little", signed=not str(place.type).startswith("u"))

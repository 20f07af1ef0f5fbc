"""How much stack the chains of NOSPLIT functions take, by the linker's own rules, from the linked program.

The rules are those of Go 1.27, cmd/link/internal/ld/stackcheck.go:

- A function with a stack check needs 8 bytes: the return address of its call of runtime.morestack.
- One without needs what it has pushed at each call (pcsp), 8 bytes for the return address, and what the
  callee needs; or what it has pushed at its deepest, where that is more.
- A JMP to another function counts as a call does, though it pushes nothing.
- A CALL through a register or memory is taken to reach a function with a check: 8 + 8 bytes. A JMP through
  one is not counted, nor is a CALL of an address in a C function.
- runtime.morestack needs nothing: it leaves the stack.
- A chain may take 800 bytes (internal/abi/stack.go, StackNosplitBase; twice that with -race) less the 8 of
  the return address that was pushed by the call of its root.

The linker reads calls off relocations, and NOSPLIT off an attribute. Neither is in the linked file: here a
call is a CALL instruction, or a JMP to the start of another function, and NOSPLIT is what has no stack check.
A function that jumps to its own start is a loop: had it been a call, the program would not have linked.
Bytes that an author's own SUBQ takes from SP are counted by neither.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from underglass.analysis.prologue import has_check
from underglass.program.code import decode
from underglass.toolchain.chains import INDIRECT, MORESTACK, WRAPPER, Chain, ChainStep

if TYPE_CHECKING:
    from underglass.program import Function, Program

__all__ = ["Growth", "NosplitBudget", "Room"]

_CALL = 8  # bytes that CALL pushes
_BASE = 800  # bytes; internal/abi/stack.go, StackNosplitBase
_ENDLESS = (1 << 15) - 1  # bytes, for a chain without an end; stackcheck.go, stackCheckCycle
_THROUGH_NAME = "qword ptr [rip"  # CALL *name(SB), whose relocation is no call's


@dataclass(frozen=True)
class Growth:
    """The stack that a function has taken at one place."""

    bytes: int  # below its entry, a call's return address included
    callee: str  # the linker's symbol, "indirect", or "" where it takes them without a call
    to: int = 0  # code address of the callee; 0 without one
    pc: int = 0  # code address of the call; 0 without one


@dataclass(frozen=True)
class Room:
    """What a function needs of the room that a chain of NOSPLIT functions shares."""

    function: Function
    has_check: bool
    growths: tuple[Growth, ...]  # in the order of the code
    needs: int  # bytes below its entry that it and what it calls take, at most
    taken: int  # bytes of the limit that are taken when a chain enters it, at most
    left: int  # bytes of the limit that the longest chain through it leaves


class NosplitBudget:
    """The chains of NOSPLIT functions of a program, against the linker's limit.

    Args:
        race: the program was built with -race; None looks for the race detector in it.

    Attributes:
        limit: bytes that a chain may take below the entry of its root.
        rooms: each function's room, by the address of its code.
    """

    def __init__(self, program: Program, *, race: bool | None = None) -> None:
        self._program = program
        race = "runtime.racecall" in program.elf.symbols if race is None else race
        self.limit = _BASE * (2 if race else 1) - _CALL
        self._functions = {f.address: f for f in program.all_functions}
        # The linker means the ABI0 one; where Go refers to it as well, there is a wrapper of that name.
        name = f"{MORESTACK}.abi0" if f"{MORESTACK}.abi0" in program.elf.symbols else MORESTACK
        found = program.elf.symbols.get(name, (0, 0, False))[0]
        self._morestack = found if found in self._functions else 0
        checked = {address for address, f in self._functions.items() if has_check(program, f)}
        self._unlimited = checked | {self._morestack}  # whose own frame is no part of a chain
        check = (Growth(_CALL, name, self._morestack),)
        self._growths = {
            a: check if a in checked else tuple(self._calls(f)) for a, f in self._functions.items()
        }
        if self._morestack:
            self._growths[self._morestack] = ()
        self._needs: dict[int, int] = {}
        for address in self._functions:
            self._sum(address)
        taken: dict[int, int] = defaultdict(int)
        self._callers: dict[int, tuple[int, Growth]] = {}  # the call by which most is taken
        # A function needs more than what it calls, so callers come first in this order.
        for address in sorted(self._functions.keys() - checked, key=lambda a: (-self._needs[a], a)):
            for growth in self._growths[address]:
                if growth.to and taken[address] + growth.bytes > taken[growth.to]:
                    taken[growth.to] = taken[address] + growth.bytes
                    self._callers[growth.to] = address, growth
        self.rooms: Mapping[int, Room] = {
            a: Room(f, a in checked, self._growths[a], self._needs[a], taken[a],
                    self.limit - taken[a] - self._needs[a])
            for a, f in self._functions.items()
        }  # fmt: skip

    def __repr__(self) -> str:
        worst = self.worst(1)
        least = f", {worst[0].left} left by the longest chain" if worst else ""
        return f"<NosplitBudget of {self._program.path.name}: {self.limit} bytes{least}>"

    def room(self, function: Function) -> Room:
        """The room of one function."""
        return self.rooms[function.address]

    def worst(self, count: int = 1) -> tuple[Chain, ...]:
        """The chains with the least room, the worst first: one for each function that begins some."""
        roots = [r for r in self.rooms.values() if not r.has_check and r.growths and not r.taken]
        roots.sort(key=lambda room: (-room.needs, room.function.symbol, room.function.address))
        return tuple(self.chain(room.function) for room in roots[:count])

    def chain(self, function: Function) -> Chain:
        """The chain through a function that leaves the least room, from its root to its end."""
        steps: list[ChainStep] = []
        at, path = function.address, [function.address]
        while at in self._callers and self._callers[at][0] not in path:
            at, growth = self._callers[at]
            path.append(at)
            steps.insert(0, self._step(at, growth))
        at = function.address
        path = [*path[1:], at]
        while self.rooms[at].growths:
            growth = max(self.rooms[at].growths, key=lambda g: g.bytes + self._beyond(g))
            steps.append(self._step(at, growth))
            if growth.callee == INDIRECT:
                steps.append(ChainStep(INDIRECT, "", _CALL, MORESTACK))
            if growth.to in (0, self._morestack):
                return Chain(self.limit, tuple(steps))
            at = growth.to
            if at in path:  # a cycle, which the linker takes in no program
                return Chain(self.limit, tuple(steps), again=self._functions[at].name)
            path.append(at)
        last = self._functions[at]
        steps.append(ChainStep(last.name, last.abi, 0, "", self._place(last)))
        return Chain(self.limit, tuple(steps))

    def _step(self, address: int, growth: Growth) -> ChainStep:
        function = self._functions[address]
        callee = self._functions.get(growth.to)
        calls = MORESTACK if growth.to == self._morestack else callee.name if callee else growth.callee
        call_place = (
            self._program.origin(function, growth.pc) if growth.pc and not function.is_wrapper else ""
        )
        return ChainStep(function.name, function.abi, growth.bytes, calls, self._place(function), call_place)

    def _place(self, function: Function) -> str:
        return WRAPPER if function.is_wrapper else self._program.origin(function, function.address)

    def _beyond(self, growth: Growth) -> int:
        """Bytes that the callee needs; without an end where that is being summed up just now."""
        if growth.to:
            return self._needs.get(growth.to, _ENDLESS)
        return _CALL if growth.callee == INDIRECT else 0

    def _sum(self, start: int) -> None:
        """Sum up what a function needs, after all that it calls (stackcheck.go, check)."""
        waiting, entered = [start], set[int]()
        while waiting:
            address = waiting[-1]
            growths = self._growths[address]
            first = address not in entered
            entered.add(address)
            callees = [g.to for g in growths if g.to and g.to not in self._needs and g.to not in entered]
            if first and callees:
                waiting += callees
                continue
            waiting.pop()
            if address in self._needs:
                continue
            most = max((g.bytes + self._beyond(g) for g in growths), default=0)
            own = max(self._functions[address].depth.values, default=0)
            if own > most and address not in self._unlimited:
                self._growths[address] = (*growths, Growth(own, ""))
                most = own
            self._needs[address] = min(most, _ENDLESS)

    def _calls(self, function: Function) -> Iterator[Growth]:
        """Yield what a function without a check has taken at each of its calls."""
        code = self._program.bytes_at(function.address, function.size)
        for pc, _, mnemonic, operands in decode(code, function.address):
            if mnemonic not in ("call", "jmp"):
                continue
            taken = max(function.sp_delta(pc) or 0, 0) + _CALL
            if operands.startswith("0x"):
                target = int(operands, 16)
                callee = self._program.function_at(target)
                if callee and (mnemonic == "call" or callee.address != function.address):
                    to = callee.address if callee.address in self._functions else 0
                    yield Growth(taken, callee.symbol, to, pc)
            elif mnemonic == "call" and not operands.startswith(_THROUGH_NAME):
                yield Growth(taken, INDIRECT, 0, pc)

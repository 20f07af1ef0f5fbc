"""Which words of a frame the garbage collector and a stack copy take for pointers, and why some have no map.

The rules are those of the runtime's own reader: Go 1.27, runtime/stkframe.go (getStackMap) for the maps and
what they cover, runtime/traceback.go (resolveInternal) for varp, runtime/preempt.go (isAsyncSafePoint) for
unsafe points, runtime/stack.go (adjustframe) for stack objects. Who makes the map of an assembly function's
arguments: cmd/compile/internal/liveness/plive.go (WriteFuncMap) and cmd/internal/obj/plist.go (Flushplist).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from underglass.abi import Layout, Place, layout_of
from underglass.abi.known import signature
from underglass.abi.variables import variables_at
from underglass.errors import CallError, UnderglassError
from underglass.program import Function, Instruction, Program
from underglass.program.asmsource import stack_names
from underglass.program.funcdata import StackMaps, pcdata, stack_maps, stack_objects
from underglass.trace.leaves import Leaf, leaves

__all__ = [
    "Area",
    "FrameObject",
    "FrameWord",
    "GcMap",
    "argument_layout",
    "call_sites",
    "gc_map",
    "sites_at",
]

_WORD = 8
_SAFE, _UNSAFE, _AT_ENTRY = -1, -2, -5  # internal/abi/symtab.go, UnsafePointSafe …
_MORESTACK = "runtime.morestack"

Area = Literal["argument", "local"]


@dataclass(frozen=True)
class FrameWord:
    """One word of a frame."""

    offset: int  # bytes from FP: arguments and results from 0 up, locals below
    area: Area
    is_pointer: bool | None  # None: no map covers it
    name: str  # what it holds, as assembly calls it; "" if nobody names it
    type: str  # Go type of the whole variable; "" if unknown


@dataclass(frozen=True)
class FrameObject:
    """A variable whose address is taken: looked at only while a pointer leads to it."""

    offset: int  # bytes from FP
    size: int  # bytes
    pointers: tuple[int, ...]  # bytes from its start
    name: str


@dataclass(frozen=True)
class GcMap:
    """What the runtime knows of a frame whose function waits at one instruction."""

    function: Function
    pc: int  # guest address of the instruction: of the CALL, if it waits for one
    call: str  # what is called there; "" if the instruction is no CALL
    index: int  # of the map: PCDATA_StackMapIndex, -1 read as 0
    sp: int  # bytes from FP to SP, negative
    varp: int  # bytes from FP to the high end of the locals, negative
    words: tuple[FrameWord, ...]  # highest first
    objects: tuple[FrameObject, ...]
    no_argument_map: str  # why, in a sentence; "" if there is one or none is needed
    no_local_map: str
    unsafe_point: str  # why the goroutine cannot be preempted by a signal here; "" if it can

    @property
    def pointers(self) -> tuple[FrameWord, ...]:
        """The words that are pointers."""
        return tuple(word for word in self.words if word.is_pointer)

    @property
    def line(self) -> int:
        """Source line."""
        return self.function.line_at(self.pc)


def gc_map(program: Program, function: Function, pc: int, *, returned_to: bool = False) -> GcMap:
    """Return the pointer maps of `function` at an instruction.

    The runtime asks for them while the function waits for a call to return. Between calls the map of
    the last one still stands in the table; a goroutine stopped there is scanned conservatively instead.

    Args:
        pc: an instruction of the function.
        returned_to: `pc` is a return address in the stack; the map is that of the call before it.

    Raises:
        UnderglassError: no instruction of the function starts there.
    """
    at = pc - 1 if returned_to else pc
    instruction = _instruction(program, function, at, exact=not returned_to)
    pc = instruction.address
    depth = function.sp_delta(pc) or 0
    sp = -_WORD - depth
    varp = -2 * _WORD if depth else -_WORD
    # In the prologue no value is set, and the runtime takes the first map.
    index = max(pcdata(program, function, "StackMapIndex").at(at - function.address) or 0, 0)
    locals_, args = (stack_maps(program, function, f"{x}PointerMaps") for x in ("Locals", "Args"))
    names = tuple(_names(program, function, pc, varp))
    words = [
        *_argument_words(function, args, index, names),
        *_local_words(locals_, index, sp, varp, names),
    ]
    return GcMap(
        function,
        pc,
        _callee(instruction),
        index,
        sp,
        varp,
        tuple(sorted(words, key=lambda word: -word.offset)),
        tuple(_objects(program, function, sp, varp, names)),
        _no_argument_map(program, function, args),
        _no_local_map(program, function, locals_, varp - sp),
        _unsafe_point(program, function, pc),
    )


def call_sites(program: Program, function: Function) -> tuple[Instruction, ...]:
    """The CALLs of a function, which are where it has maps; the one that grows the stack is the last."""
    return tuple(i for i in program.instructions(function) if i.go.startswith("CALL"))


def sites_at(program: Program, function: Function, where: str) -> tuple[int, ...]:
    """The instructions that "23" (a line), "+0x3a" (bytes from the entry) or "0x47d9c0" (an address) means.

    A line means its CALLs, since maps are asked for at these.

    Raises:
        UnderglassError: there is none; the message lists the lines that have one.
    """
    calls = call_sites(program, function)
    try:
        number = int(where.removeprefix("+"), 0)
    except ValueError:
        raise UnderglassError(
            f"--at {where}: a line (23), bytes from the entry (+0x3a) or an address (0x47d9c0) is due."
        ) from None
    if where.startswith(("+", "0x", "0X")):
        pc = number + function.address if where.startswith("+") else number
        return (_instruction(program, function, pc, exact=True).address,)
    found = tuple(i.address for i in calls if i.line == number)
    if not found:
        lines = sorted({i.line for i in calls})
        has = f"it has calls on line {', '.join(map(str, lines))}" if lines else "it calls nothing"
        raise UnderglassError(
            f"Line {number} of {function.name} has no CALL, and maps are asked for at calls; {has}. "
            f"For another instruction give its distance from the entry: +0x0."
        )
    return found


def _instruction(program: Program, function: Function, pc: int, *, exact: bool) -> Instruction:
    for instruction in program.instructions(function):
        if pc == instruction.address or (
            not exact and instruction.address <= pc < instruction.address + len(instruction.data)
        ):
            return instruction
    last = program.instructions(function)[-1].address
    raise UnderglassError(
        f"No instruction of {function.name} starts at 0x{pc:x}. Its first is at 0x{function.address:x}, its "
        f"last at 0x{last:x} (+0x{last - function.address:x}); see `go tool objdump`."
    )


def _callee(instruction: Instruction) -> str:
    if not instruction.go.startswith("CALL"):
        return ""
    return instruction.go.removeprefix("CALL").strip().removesuffix("(SB)")


def _names(program: Program, function: Function, pc: int, varp: int) -> Iterator[Leaf]:
    """What each word holds: arguments by the convention, locals by DWARF or by the assembly text."""
    yield from leaves(argument_layout(program, function))
    source = program.source_of(function) if function.is_assembly else None
    if source is not None:
        for below, name in stack_names(source.text, function).locals.items():
            yield Leaf(name, varp + below, _WORD, False, "")
    for variable in variables_at(program, function, pc):
        inlined = f" of {variable.inlined.removeprefix('main.')}" if variable.inlined else ""
        whole = leaves(Layout((Place(variable.name, variable.type, False, (), 0, None, ""),), 0, 0))
        for part in variable.parts:
            if part.fp_offset is None or part.fp_offset >= 0:
                continue
            for leaf in whole:
                if part.offset <= leaf.offset < part.offset + part.size:
                    at = part.fp_offset + leaf.offset - part.offset
                    yield Leaf(leaf.name + inlined, at, leaf.size, False, variable.type.name)


def argument_layout(program: Program, function: Function) -> Layout | None:
    """The stack words of a function's arguments and results; a register argument's are its spill room."""
    try:
        taken = signature(program, function, everywhere=True)
    except CallError:
        return None
    if taken is None:
        return None
    layout = layout_of(function, taken)
    places = tuple(
        replace(p, offset=p.spill if p.offset is None else p.offset, spill=None) for p in layout.places
    )
    return Layout(places, layout.args_size, layout.spill_size)


def _word(offset: int, area: Area, pointer: bool | None, names: tuple[Leaf, ...]) -> FrameWord:
    held = {x.name: x.type for x in names if offset <= x.offset < offset + _WORD}
    return FrameWord(offset, area, pointer, ", ".join(held), next(iter(held.values()), ""))


def _argument_words(
    function: Function, maps: StackMaps | None, index: int, names: tuple[Leaf, ...]
) -> Iterator[FrameWord]:
    bits = _map(maps, index)
    for number in range((function.args_size or 0) // _WORD):
        # Words past the end of the map are scalars: the compiler ends it at the last pointer.
        known = None if bits is None else number < len(bits) and bits[number]
        yield _word(number * _WORD, "argument", known, names)


def _local_words(
    maps: StackMaps | None, index: int, sp: int, varp: int, names: tuple[Leaf, ...]
) -> Iterator[FrameWord]:
    bits = _map(maps, index)
    for offset in range(sp, varp, _WORD):
        below = (varp - offset) // _WORD  # the map ends at varp
        known = None if bits is None else below <= len(bits) and bits[-below]
        yield _word(offset, "local", known, names)


def _map(maps: StackMaps | None, index: int) -> tuple[bool, ...] | None:
    return maps.maps[index] if maps is not None and index < len(maps.maps) else None


def _objects(
    program: Program, function: Function, sp: int, varp: int, names: tuple[Leaf, ...]
) -> Iterator[FrameObject]:
    for held in stack_objects(program, function):
        start = held.offset if held.offset >= 0 else varp + held.offset
        if start < sp:
            continue  # not allocated yet: the call is morestack's
        own = {x.name.split("_")[0] for x in names if start <= x.offset < start + held.size}
        yield FrameObject(start, held.size, held.pointers, ", ".join(sorted(own)))


def _no_argument_map(program: Program, function: Function, maps: StackMaps | None) -> str:
    if maps is not None or not function.args_size:
        if maps is None and function.is_assembly and function.args_size is None:
            return (
                "The TEXT line gives no size of arguments, so the runtime takes it that there are none. "
                "Write it: $frame-args."
            )
        return ""
    if not function.is_assembly:
        return "The compiler left no map of the arguments."
    name = function.name.rpartition(".")[2]
    return (
        f"The compiler makes the map of an assembly function's arguments from its Go declaration, and "
        f"nothing declares {name}. Where {name} waits for a call while the stack is scanned or copied, the "
        f'runtime ends the program: "missing stackmap". Declare it in Go.'
    )


def _no_local_map(program: Program, function: Function, maps: StackMaps | None, size: int) -> str:
    if maps is not None or size <= 0:
        return ""
    if not function.is_assembly:
        return "The compiler left no map of the locals."
    if not any(call_sites(program, function)):
        return (
            "It calls nothing and the runtime does not preempt assembly by a signal, so nobody looks at its "
            "frame: it needs no map."
        )
    return (
        "Its locals have no map, since only the compiler makes them. Where one of its calls waits while the "
        'stack is scanned or copied, the runtime ends the program: "missing stackmap". Keep no pointers in '
        "the frame, and write NO_LOCAL_POINTERS as the first line (funcdata.h)."
    )


def _unsafe_point(program: Program, function: Function, pc: int) -> str:
    if function.is_assembly:
        return "assembly is not preempted by a signal"
    value = pcdata(program, function, "UnsafePoint").at(pc - function.address)
    if value is None or value == _SAFE:
        return ""
    if value == _UNSAFE:
        return "the compiler marked it: prologue, write barrier, or a function that must not be stopped"
    if value == _AT_ENTRY:
        return "a goroutine stopped here goes on at the function's entry"
    return "a goroutine stopped here goes back to the start of a sequence"

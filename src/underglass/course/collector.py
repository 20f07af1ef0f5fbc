"""What the garbage collector looks at in a frame: by the tables, and in a run.

The collector calls runtime.scanframeworker once for each frame of a stopped goroutine; its first argument is
the address of a stkframe, whose first word is the address of the function's record in pclntab, and that
begins with the entry, counted from runtime.text (Go 1.27, runtime/mgcmark.go, runtime/stkframe.go and
runtime/runtime2.go, type _func).
"""

from __future__ import annotations

from collections import Counter

from underglass.analysis.gcmaps import call_sites, gc_map
from underglass.errors import GuestFault, UnderglassError
from underglass.goprogram import GoProgram
from underglass.program import Abi
from underglass.trace import Run, Trace

__all__ = ["ending", "last_words", "pointers_at", "scan_of"]

_SCAN = "runtime.scanframeworker"
_FATAL = "fatal error: "  # runtime/panic.go, throw and fatal


def ending(program: GoProgram, name: str, *values: object) -> object:
    """Call a function that may end the program: what it returns, or the message of the runtime's fatal error.

    >>> ending(prog, "keep", 7), ending(prog, "careless", 7)
    (7, 'missing stackmap')

    Raises:
        UnderglassError: the program ended in another way.
    """
    try:
        return _quietly(program, name, values)
    except GuestFault as error:
        for line in _lines(error):
            if line.startswith(_FATAL):
                return line.removeprefix(_FATAL)
        raise


def last_words(program: GoProgram, name: str, *values: object) -> tuple[str, ...]:
    """Call a function that ends the program, and return the lines that the program wrote.

    >>> last_words(prog, "careless", 7)[1]
    'fatal error: missing stackmap'

    Raises:
        UnderglassError: it returned.
    """
    try:
        _quietly(program, name, values)
    except GuestFault as error:
        return _lines(error)
    raise UnderglassError(f"{name} returned. Ask for the last words of a call that ends the program.")


def _quietly(program: GoProgram, name: str, values: tuple[object, ...]) -> object:
    listener, program.on_output = program.on_output, None
    try:
        return program.call(name, *values)
    finally:
        program.on_output = listener


def _lines(error: GuestFault) -> tuple[str, ...]:
    return tuple(error.output.decode("utf-8", "replace").splitlines())


def scan_of(run: Run, name: str, abi: Abi | None = None) -> Trace:
    """Return the recording of the collector's first look at a frame of a function.

    Args:
        name: the function whose frame is looked at, "keep" or "main.keep".
        abi: which of two functions of one name.

    >>> scan_of(prog.record_run(), "keep", abi="ABI0")
    <Trace runtime.scanframeworker, activation …: … instructions, results: none>

    Raises:
        UnknownFunction: no such function.
        UnderglassError: the collector looks at no frame of it in this run.
    """
    wanted = run.program.function(name, abi)
    text = run.program.elf.symbols["runtime.text"][0]
    occurrence = 0
    while True:
        occurrence += 1
        try:
            entered = run.around(_SCAN, occurrence, most=40)
        except UnderglassError:
            raise UnderglassError(
                f"The collector looks at {occurrence - 1} frames in this run, and none is of {wanted.name}. "
                f"It has to wait in a call while the collector runs: have it call runtime.GC()."
            ) from None
        record = entered.word(0, entered.register(0, "AX"))
        entry = entered.memory(0, record, 4) if record else None
        if entry is not None and text + int.from_bytes(entry, "little") == wanted.address:
            return run.around(_SCAN, occurrence)


def pointers_at(program: GoProgram, name: str, abi: Abi | None = None) -> dict[str, tuple[str, ...]]:
    """Return for each call of a function the words of its frame that its pointer maps call pointers.

    A word that nobody names appears as the source would write it at that place, `16(SP)`. A second call of
    the same function is "collect, call 2". The call that grows the stack is left out: it happens before the
    frame is made.

    >>> pointers_at(prog, "inGo")
    {'newBox': (), 'collect': ('0(SP)',)}

    Args:
        abi: which of two functions of one name.

    Raises:
        UnknownFunction: no such function.
    """
    facts = program.program
    function = facts.function(name, abi)
    found: dict[str, tuple[str, ...]] = {}
    times: Counter[str] = Counter()
    for site in call_sites(facts, function):
        held = gc_map(facts, function, site.address)
        called = held.call.removeprefix("main.").removesuffix(".abi0")
        if not called.startswith("runtime.morestack"):
            times[called] += 1
            key = called if times[called] == 1 else f"{called}, call {times[called]}"
            found[key] = tuple(word.name or f"{word.offset - held.sp}(SP)" for word in held.pointers)
    return found

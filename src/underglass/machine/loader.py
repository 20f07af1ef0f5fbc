"""Put an executable into memory and build the stack that its entry point expects."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence

from underglass.errors import NotAProgram
from underglass.machine.memory import EXEC, READ, TOP, WRITE, BadAddress, Memory
from underglass.machine.native import PAGE
from underglass.program.elf import Elf

__all__ = ["load"]

_STACK = 1 << 20  # bytes; Go's main thread moves to a stack of its own at once
_AT_PHDR, _AT_PHENT, _AT_PHNUM, _AT_PAGESZ, _AT_ENTRY, _AT_SECURE, _AT_RANDOM = (
    3, 4, 5, 6, 9, 23, 25,
)  # getauxval(3)  # fmt: skip


def load(
    memory: Memory, elf: Elf, arguments: Sequence[str], environment: Mapping[str, str], random: bytes
) -> int:
    """Map `elf` and a stack; return the initial SP.

    The stack holds argc, argv, envp and the auxiliary vector (System V ABI for x86-64, section 3.4.1).
    """
    for segment in elf.segments:
        start = segment.address & -PAGE
        size = -(-(segment.address + segment.memory_size) // PAGE) * PAGE - start
        protection = READ * segment.readable | WRITE * segment.writable | EXEC * segment.executable
        if any(memory.region_at(address) for address in range(start, start + size, PAGE)):
            raise NotAProgram(f"{elf.path} has segments that overlap at {start:#x}. Build it again.")
        memory.map(start, size, READ | WRITE)
        memory.load(segment.address, segment.data)
        memory.protect(start, size, protection)
    memory.map(TOP - _STACK, _STACK, READ | WRITE)
    at = TOP - PAGE

    def push(data: bytes) -> int:
        nonlocal at
        at -= len(data)
        memory.write(at, data)
        return at

    try:
        seed = push(random)
        argv = [push(a.encode() + b"\0") for a in arguments]
        envp = [push(f"{k}={v}".encode() + b"\0") for k, v in environment.items()]
        headers, each, count = elf.program_headers  # a C library finds its thread-local variables by them
        words = [len(argv), *argv, 0, *envp, 0]
        words += [_AT_PHDR, headers, _AT_PHENT, each, _AT_PHNUM, count, _AT_ENTRY, elf.entry]
        words += [_AT_PAGESZ, PAGE, _AT_RANDOM, seed, _AT_SECURE, 0, 0, 0]
        at = (at - 8 * len(words)) & -16
        memory.write(at, struct.pack(f"<{len(words)}Q", *words))
    except BadAddress:
        raise NotAProgram(
            f"The arguments of {elf.path} take more than {_STACK >> 20} MiB. Pass fewer."
        ) from None
    return at

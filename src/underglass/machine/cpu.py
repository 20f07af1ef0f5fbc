"""One amd64 processor: registers by name, and runs that end in a named event."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from unicorn import UC_ARCH_X86, UC_MODE_64, Uc, UcError, unicorn_const
from unicorn.unicorn_py3.unicorn import uclib
from unicorn.x86_const import UC_X86_REG_MXCSR

from underglass.errors import GuestFault
from underglass.machine.amd64 import FS_BASE, GENERAL, VECTORS
from underglass.machine.interrupts import Interrupts
from underglass.machine.native import Budget, add_hook

__all__ = ["LONGEST_BLOCK", "Cpu", "Event"]

LONGEST_BLOCK = 512  # instructions; QEMU, TCG_MAX_INSNS
_TRANSLATION_BUFFER = 64 << 20  # bytes; Unicorn's own default of 1 GiB fails under RLIMIT_AS
_NOWHERE = 2**64 - 1  # where emu_start is to stop when it is to stop nowhere; 0 is a place a jump can go to
_WRITES = (unicorn_const.UC_MEM_WRITE_UNMAPPED, unicorn_const.UC_MEM_WRITE_PROT)
_HLT = b"\xf4"
_FETCHES = (unicorn_const.UC_MEM_FETCH_UNMAPPED, unicorn_const.UC_MEM_FETCH_PROT)
_PROTECTED = (
    unicorn_const.UC_MEM_WRITE_PROT,
    unicorn_const.UC_MEM_READ_PROT,
    unicorn_const.UC_MEM_FETCH_PROT,
)


@dataclass(frozen=True)
class Event:
    """Why the processor stopped."""

    kind: Literal["stopped", "budget", "memory", "invalid", "interrupt"]
    pc: int  # of the instruction at fault; else of the next one
    address: int = 0  # memory: what it touched
    access: Literal["", "read", "write", "fetch"] = ""
    is_protected: bool = False  # memory: mapped, but not for this access
    number: int = 0  # interrupt: its vector


class _Batch:
    """Registers that are read or written together, through buffers made once."""

    def __init__(self, ids: list[int], quadwords: int) -> None:
        self.ids = (ctypes.c_int * len(ids))(*ids)
        self.words = (ctypes.c_uint64 * (len(ids) * quadwords))()
        base = ctypes.addressof(self.words)
        self.pointers = (ctypes.c_void_p * len(ids))(*[base + 8 * quadwords * i for i in range(len(ids))])


class Cpu:
    """A Unicorn engine with an instruction budget. It knows nothing of an operating system."""

    def __init__(self) -> None:
        self.uc = Uc(UC_ARCH_X86, UC_MODE_64)
        self._handle = self.uc._uch
        self._word = (
            ctypes.c_uint64()
        )  # registers pass through it: the binding's own way costs ten times as much
        self._word_at = ctypes.byref(self._word)
        self.uc.ctl_set_tcg_buffer_size(_TRANSLATION_BUFFER)
        self.budget = Budget(limit=2**63)
        add_hook(self.uc, unicorn_const.UC_HOOK_BLOCK, "on_block", self.budget)
        self.uc.hook_add(unicorn_const.UC_HOOK_MEM_INVALID, self._on_bad_access)
        self.uc.hook_add(unicorn_const.UC_HOOK_INTR, self._on_interrupt)
        self.interrupts = Interrupts()
        self._bad: tuple[int, int] | None = None
        self._vector: int | None = None
        self._stopped = False
        self._forbidden: set[int] = set()
        self._until = 0
        self._batches: dict[tuple[str, ...], _Batch] = {}
        self._vectors = _Batch(list(VECTORS.values()), 2)

    def close(self) -> None:
        """Give the engine's memory back now, instead of when the garbage collector comes by.

        The binding has no close, and its hooks hold the engine in reference cycles; this is the
        finalizer that it would call (Unicorn 2.1, unicorn_py3/unicorn.py, Uc.__init__).
        """
        self.uc._Uc__finalizer()
        self.uc._callbacks.clear()  # each holds the engine, and the machine that it is a hook of
        del self.uc

    def __getitem__(self, register: str) -> int:
        """A general register, by Plan 9 name; PC and FLAGS too."""
        uclib.uc_reg_read(self._handle, GENERAL[register], self._word_at)
        return self._word.value

    def __setitem__(self, register: str, value: int) -> None:
        self._word.value = value & 2**64 - 1
        uclib.uc_reg_write(self._handle, GENERAL[register], self._word_at)

    def read(self, registers: Sequence[str]) -> tuple[int, ...]:
        """Several general registers in one call."""
        batch = self._batch(registers)
        uclib.uc_reg_read_batch(self._handle, batch.ids, batch.pointers, len(registers))
        return tuple(batch.words)

    def write(self, registers: Sequence[str], values: Sequence[int]) -> None:
        """Set several general registers in one call."""
        batch = self._batch(registers)
        batch.words[:] = list(values)
        uclib.uc_reg_write_batch(self._handle, batch.ids, batch.pointers, len(registers))

    def _batch(self, registers: Sequence[str]) -> _Batch:
        key = tuple(registers)
        found = self._batches.get(key)
        if found is None:
            found = self._batches[key] = _Batch([GENERAL[name] for name in key], 1)
        return found

    @property
    def vectors(self) -> bytes:
        """X0 to X15, 16 bytes each."""
        batch = self._vectors
        uclib.uc_reg_read_batch(self._handle, batch.ids, batch.pointers, len(VECTORS))
        return bytes(batch.words)

    @vectors.setter
    def vectors(self, data: bytes) -> None:
        batch = self._vectors
        ctypes.memmove(batch.words, data, 16 * len(VECTORS))
        uclib.uc_reg_write_batch(self._handle, batch.ids, batch.pointers, len(VECTORS))

    @property
    def mxcsr(self) -> int:
        """Control and status of the vector unit (Intel SDM, volume 1, section 10.2.3)."""
        return int(self.uc.reg_read(UC_X86_REG_MXCSR))

    @mxcsr.setter
    def mxcsr(self, value: int) -> None:
        self.uc.reg_write(UC_X86_REG_MXCSR, value)

    @property
    def fs_base(self) -> int:
        """Where the thread's own storage is; Go keeps g 8 bytes below it."""
        return int(self.uc.reg_read(FS_BASE))

    @fs_base.setter
    def fs_base(self, value: int) -> None:
        self.uc.reg_write(FS_BASE, value)

    @property
    def executed(self) -> int:
        """Instructions so far. A block that a fault cuts short counts whole."""
        return int(self.budget.executed)

    def watch(self, address: int, reached: Callable[[], bool]) -> Callable[[], None]:
        """Ask `reached` each time the instruction at `address` is about to run; True stops the run there.

        Returns what takes the watch off again.
        """

        def on_code(uc: Any, address: int, size: int, data: Any) -> None:
            if reached():
                self.stop()

        hook = self.uc.hook_add(unicorn_const.UC_HOOK_CODE, on_code, begin=address, end=address)
        self.uc.ctl_flush_tb()  # code translated so far has no call to the hook

        def off() -> None:
            self.uc.hook_del(hook)
            self.uc.ctl_flush_tb()

        return off

    def uncount(self) -> None:
        """Take the block at PC back from the count: it was entered, and stopped before it began."""
        _, instructions, _ = self.uc.ctl_request_cache(self["PC"])
        self.budget.executed -= instructions

    def forbid(self, address: int) -> None:
        """Make the instruction at `address` an invalid one: the emulator would run it wrongly."""
        if address not in self._forbidden:
            self._forbidden.add(address)
            self.uc.hook_add(unicorn_const.UC_HOOK_CODE, self._on_forbidden, begin=address, end=address)

    def stop(self) -> None:
        """End the present run; for use in hooks."""
        self._stopped = True
        self.uc.emu_stop()

    def run(self, pc: int, until: int = 0, instructions: int = 2**62) -> Event:
        """Run from `pc` until an event, `until` is reached, or the budget is used up.

        The budget is kept at block borders, so that it does not depend on what is recorded.
        """
        self._forget_events()
        if until != self._until:  # blocks are translated with the place to stop at in them
            self.uc.ctl_flush_tb()
            self._until = until
        self.budget.limit = self.executed + instructions
        self.budget.wants_stop = 0
        self.interrupts.hold()
        try:
            self.uc.emu_start(pc, until or _NOWHERE)
        except UcError as error:
            return self._fault(error)
        finally:
            self.interrupts.release()
        pc = self["PC"]
        if self._vector is not None:
            return Event("interrupt", pc, number=self._vector)
        if self._stopped and pc in self._forbidden:
            return Event("invalid", pc)
        if self._stopped or (until and pc == until):
            return Event("stopped", pc)
        if self.budget.wants_stop == 2:
            return Event("budget", pc)
        # Two things end emu_start by themselves: HLT, to a process a privileged instruction, and a page that
        # the instruction before has made one without code.
        if self.uc.mem_read(pc - 1, 1) == _HLT:
            return Event("memory", pc - 1)
        return Event("memory", pc, pc, "fetch", is_protected=True)

    def step(self, pc: int) -> Event:
        """Run the one instruction at `pc`."""
        self._forget_events()
        try:
            self.uc.emu_start(pc, _NOWHERE, count=1)
        except UcError as error:
            return self._fault(error)
        if self._vector is not None:
            return Event("interrupt", self["PC"], number=self._vector)
        return Event("stopped", self["PC"])

    def _forget_events(self) -> None:
        self._bad = self._vector = None
        self._stopped = False

    def _fault(self, error: UcError) -> Event:
        pc = self["PC"]
        if self._bad is not None:
            kind, address = self._bad
            access: Literal["read", "write", "fetch"] = (
                "write" if kind in _WRITES else "fetch" if kind in _FETCHES else "read"
            )
            return Event("memory", pc, address, access, kind in _PROTECTED)
        if error.errno == unicorn_const.UC_ERR_INSN_INVALID:
            return Event("invalid", pc)
        if error.errno in (unicorn_const.UC_ERR_EXCEPTION, unicorn_const.UC_ERR_FETCH_UNMAPPED):
            return Event("memory", pc, pc, "fetch")
        raise GuestFault(f"The emulated processor stopped at {pc:#x}: {error}.", pc=pc) from error

    def _on_bad_access(self, uc: Uc, kind: int, address: int, size: int, value: int, data: Any) -> bool:
        if address >> 47 == 0x1F:  # Unicorn cuts addresses to 52 bits; the upper half of memory is meant
            address |= 0xFFF << 52
        self._bad = kind, address
        return False

    def _on_interrupt(self, uc: Uc, number: int, data: Any) -> None:
        self._vector = number
        uc.emu_stop()

    def _on_forbidden(self, uc: Uc, address: int, size: int, data: Any) -> None:
        self.stop()

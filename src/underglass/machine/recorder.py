"""Record the registers before each instruction, and each load and store."""

from __future__ import annotations

import ctypes
from typing import Self

import numpy as np
from numpy.typing import NDArray
from unicorn.unicorn_const import UC_HOOK_CODE, UC_HOOK_MEM_READ, UC_HOOK_MEM_WRITE

from underglass.machine.amd64 import GENERAL, VECTORS
from underglass.machine.cpu import Cpu
from underglass.machine.machine import Machine
from underglass.machine.memory import Memory
from underglass.machine.native import Recorder, add_hook, remove_hook

__all__ = ["ACCESS", "ROW", "CpuRecording", "Recording"]

ROW = np.dtype([("registers", "<u8", (len(GENERAL),)), ("vectors", "<u8", (len(VECTORS), 2))])
ACCESS = np.dtype(
    [("step", "<u4"), ("is_write", "u1"), ("size", "u1"), ("_", "<u2"), ("address", "<u8"), ("value", "<u8")]
)

_PC = list(GENERAL).index("PC")
_ROWS = 16384  # a buffer's rows; a longer recording takes several buffers
_HEADROOM = 600  # rows left when the hook asks for a stop: more than the longest block (hooks.ll, on_step)
_ACCESSES = 65536


class CpuRecording:
    """Attach to a processor and its memory, run them, detach; then read the columns.

    Args:
        most: instructions to keep.
    """

    def __init__(self, cpu: Cpu, memory: Memory, most: int) -> None:
        self._cpu, self._memory, self._most = cpu, memory, most
        ids = [*GENERAL.values(), *VECTORS.values()]
        self._ids = (ctypes.c_int * len(ids))(*ids)
        self._scratch = (ctypes.c_uint64 * (ROW.itemsize // 8))()
        base = ctypes.addressof(self._scratch)
        offsets = [8 * i for i in range(len(GENERAL))] + [
            8 * len(GENERAL) + 16 * i for i in range(len(VECTORS))
        ]
        self._pointers = (ctypes.c_void_p * len(ids))(*[base + offset for offset in offsets])
        self._rows = np.zeros(_ROWS, ROW)
        self._accesses = np.zeros(_ACCESSES, ACCESS)
        self._record = Recorder(
            capacity=min(_ROWS, most + _HEADROOM),
            rows=self._rows.ctypes.data,
            row_bytes=ROW.itemsize,
            ids=ctypes.addressof(self._ids),
            pointers=ctypes.addressof(self._pointers),
            registers=len(ids),
            scratch=base,
            access_capacity=_ACCESSES,
            access_rows=self._accesses.ctypes.data,
            budget=ctypes.addressof(cpu.budget),
        )
        self._kept: list[NDArray[np.void]] = []
        self._kept_accesses: list[NDArray[np.void]] = []
        self._steps = 0
        self.threads: list[tuple[int, int]] = []  # (first step, thread id)
        self.output: list[tuple[int, int, bytes]] = []  # (step, descriptor, bytes)

    @property
    def steps(self) -> int:
        """Instructions recorded so far."""
        return self._steps + int(self._record.steps)

    def __enter__(self) -> Self:
        uc = self._cpu.uc
        self._hooks = [
            add_hook(uc, UC_HOOK_CODE, "on_step", self._record),
            add_hook(uc, UC_HOOK_MEM_READ, "on_access", self._record),
            add_hook(uc, UC_HOOK_MEM_WRITE, "on_access", self._record),
        ]
        uc.ctl_flush_tb()  # what was translated before has no calls to the hooks
        self._memory.on_host_write = self._on_host_write
        return self

    def __exit__(self, *_: object) -> None:
        for hook in self._hooks:
            remove_hook(self._cpu.uc, hook)
        self._cpu.uc.ctl_flush_tb()
        self._memory.on_host_write = None
        self._take()

    def close(self) -> None:
        """Add the row after the last instruction, where the run stopped between two of them."""
        self._take()
        last = next((rows[-1] for rows in reversed(self._kept) if len(rows)), None)
        if last is None or int(last["registers"][_PC]) != self._cpu["PC"]:
            uc = self._cpu.uc
            row = np.zeros(1, ROW)
            row["registers"][0] = [uc.reg_read(register) for register in GENERAL.values()]
            for index, register in enumerate(VECTORS.values()):
                value = int(uc.reg_read(register))
                row["vectors"][0, index] = (value & 2**64 - 1, value >> 64)
            self._kept.append(row)

    def columns(self) -> tuple[NDArray[np.uint64], NDArray[np.uint64], NDArray[np.void]]:
        """(registers, vectors, accesses): one row before each instruction; one for each load and store."""
        rows = np.concatenate(self._kept) if self._kept else np.zeros(0, ROW)
        accesses = np.concatenate(self._kept_accesses) if self._kept_accesses else np.zeros(0, ACCESS)
        return np.ascontiguousarray(rows["registers"]), np.ascontiguousarray(rows["vectors"]), accesses

    def _take(self) -> None:
        steps, accesses = int(self._record.steps), int(self._record.accesses)
        self._kept.append(self._rows[:steps].copy())
        piece = self._accesses[:accesses].copy()
        piece["step"] += np.uint32(self._steps)
        self._kept_accesses.append(piece)
        self._steps += steps
        self._record.steps = self._record.accesses = 0
        self._record.capacity = min(_ROWS, max(self._most - self._steps, 0) + _HEADROOM)

    def _on_host_write(self, address: int, data: bytes) -> None:
        """A kernel's own stores count as the last instruction's. Those past the buffer's room are dropped."""
        step = max(int(self._record.steps) - 1, 0)
        for at in range(0, len(data), 8):
            index = int(self._record.accesses)
            if index >= _ACCESSES - 1024:
                return
            word = data[at : at + 8]
            self._accesses[index] = (step, 1, len(word), 0, address + at, int.from_bytes(word, "little"))
            self._record.accesses = index + 1


class Recording(CpuRecording):
    """A recording of a machine that runs Linux: its threads and its output, too.

    Args:
        most: instructions to keep; the run is ended after that many.
    """

    def __init__(self, machine: Machine, most: int) -> None:
        super().__init__(machine.cpu, machine.memory, most)
        self._machine = machine
        self._paused_at = 0  # steps at the last pause: where the piece began that ends at the next one
        self.is_full = False

    def __enter__(self) -> Self:
        machine = self._machine
        machine.on_pause = self._on_pause
        machine.kernel.output.listener, self._listener = self._on_output, machine.kernel.output.listener
        self.threads.append((0, machine.kernel.current.tid))
        return super().__enter__()

    def __exit__(self, *_: object) -> None:
        self._machine.on_pause = None
        self._machine.kernel.output.listener = self._listener
        super().__exit__(*_)

    def close(self) -> None:
        """Add the row after the last instruction, where the run stopped between two of them."""
        self._cpu["PC"] = self._machine.pc
        super().close()

    def _on_pause(self, tid: int) -> bool:
        self._take()
        if self.threads[-1][1] != tid:
            self.threads.append((self._paused_at, tid))
        self._paused_at = self._steps
        self.is_full = self._steps >= self._most
        return self.is_full

    def _on_output(self, fd: int, data: bytes) -> None:
        self.output.append((max(self.steps - 1, 0), fd, data))
        if self._listener is not None:
            self._listener(fd, data)

"""Hooks that run at the host's speed: hooks.ll, compiled once a process, and the records they fill."""

from __future__ import annotations

import ctypes
from functools import cache
from importlib.resources import files

import llvmlite.binding as llvm
from unicorn import Uc, unicorn_const
from unicorn.unicorn_py3.unicorn import uclib

__all__ = ["Budget", "PageSaver", "Recorder", "add_hook", "remove_hook"]

PAGE = 4096
_REQUEST_CACHE = (
    unicorn_const.UC_CTL_TB_REQUEST_CACHE | 2 << 26 | 3 << 30
)  # unicorn.h, UC_CTL(type, args, rw)
_SYMBOLS = ("uc_emu_stop", "uc_ctl", "uc_mem_read", "uc_reg_read_batch")


class Budget(ctypes.Structure):
    """Instructions executed, and the count at which the engine stops (%Budget)."""

    _fields_ = (
        ("executed", ctypes.c_uint64),
        ("limit", ctypes.c_uint64),
        ("wants_stop", ctypes.c_uint64),
        ("_known", ctypes.c_uint64 * (2 * 65536)),
    )


class PageSaver(ctypes.Structure):
    """Pages as they were before their first write (%Saver)."""

    _fields_ = (
        ("saved", ctypes.c_uint64),
        ("capacity", ctypes.c_uint64),
        ("pages", ctypes.c_void_p),
        ("budget", ctypes.c_void_p),
        ("_seen", ctypes.c_uint64 * 65536),
    )

    CAPACITY = 2048  # pages kept before Python is asked to take them

    def __init__(self, budget: Budget) -> None:
        super().__init__()
        self._buffer = ctypes.create_string_buffer(self.CAPACITY * (8 + PAGE))
        self.capacity = self.CAPACITY
        self.pages = ctypes.addressof(self._buffer)
        self.budget = ctypes.addressof(budget)
        self.forget()

    def forget(self) -> None:
        """Start anew: every page counts as unwritten."""
        self.saved = 0
        ctypes.memset(self._seen, 0xFF, ctypes.sizeof(self._seen))

    def take(self) -> list[tuple[int, bytes]]:
        """The (address, bytes) pairs since the last call, oldest first."""
        raw = ctypes.string_at(self.pages, self.saved * (8 + PAGE)) if self.saved else b""
        self.saved = 0
        return [
            (int.from_bytes(raw[i : i + 8], "little"), raw[i + 8 : i + 8 + PAGE])
            for i in range(0, len(raw), 8 + PAGE)
        ]


class Recorder(ctypes.Structure):
    """Where the registers and accesses of each step go (%Recorder)."""

    _fields_ = (
        ("steps", ctypes.c_uint64),
        ("capacity", ctypes.c_uint64),
        ("rows", ctypes.c_void_p),
        ("row_bytes", ctypes.c_uint64),
        ("ids", ctypes.c_void_p),
        ("pointers", ctypes.c_void_p),
        ("registers", ctypes.c_uint64),
        ("scratch", ctypes.c_void_p),
        ("accesses", ctypes.c_uint64),
        ("access_capacity", ctypes.c_uint64),
        ("access_rows", ctypes.c_void_p),
        ("budget", ctypes.c_void_p),
    )


@cache
def _functions() -> tuple[object, dict[str, int]]:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    for name in _SYMBOLS:
        address = ctypes.cast(getattr(uclib, name), ctypes.c_void_p).value
        assert address is not None
        llvm.add_symbol(name, address)
    signed = ctypes.c_int32(_REQUEST_CACHE).value
    text = (files("underglass.machine") / "hooks.ll").read_text().replace("REQUEST_CACHE,", f"{signed},")
    module = llvm.parse_assembly(text)
    module.verify()
    target = llvm.Target.from_default_triple().create_target_machine(opt=2)
    engine = llvm.create_mcjit_compiler(module, target)
    engine.finalize_object()
    names = ("on_block", "on_write", "on_step", "on_access")
    return engine, {name: engine.get_function_address(name) for name in names}


def add_hook(uc: Uc, kind: int, function: str, record: ctypes.Structure) -> int:
    """Call the compiled `function` with `record` on each event of `kind` (a UC_HOOK_ constant).

    Returns a handle for `remove_hook`. The caller keeps `record` alive as long as the hook.
    """
    _, addresses = _functions()
    handle = ctypes.c_size_t()
    status = uclib.uc_hook_add(
        uc._uch,
        ctypes.byref(handle),
        ctypes.c_int(kind),
        ctypes.c_void_p(addresses[function]),
        ctypes.byref(record),
        ctypes.c_uint64(1),
        ctypes.c_uint64(0),
    )
    assert status == 0, f"uc_hook_add: {status}"
    return handle.value


def remove_hook(uc: Uc, handle: int) -> None:
    """Undo `add_hook`."""
    uclib.uc_hook_del(uc._uch, ctypes.c_size_t(handle))

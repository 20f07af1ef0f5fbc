"""Which function answers which system call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from underglass.machine.linux import (
    attributes,
    descriptors,
    entries,
    futex,
    memory,
    paths,
    pipes,
    polling,
    process,
    sigcalls,
    spawn,
    stat,
    system,
    time,
    timers,
    transfer,
)

__all__ = ["CALLS", "TREE_CALLS"]

_TREE = (
    attributes,
    descriptors,
    entries,
    paths,
    pipes,
    polling,
    stat,
    transfer,
)  # areas that may change files
_AREAS = (*_TREE, futex, memory, process, sigcalls, spawn, system, time, timers)
CALLS: Mapping[int, tuple[Callable[..., int | None], int]] = MappingProxyType(
    {n: (f, f.__code__.co_argcount - 1) for area in _AREAS for n, f in area.CALLS.items()}
)
TREE_CALLS = frozenset(n for area in _TREE for n in area.CALLS) - {0, 1}

"""Calls on files: after none of these, a snapshot's files are still as they were."""

"""What Go's two calling conventions make of the amd64 registers.

Source: Go 1.27, cmd/compile/abi-internal.md, section "amd64 architecture".
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["FLOAT_ARGS", "INTEGER_ARGS", "ROLES", "WORD"]

WORD = 8  # bytes of a pointer

INTEGER_ARGS = ("AX", "BX", "CX", "DI", "SI", "R8", "R9", "R10", "R11")
FLOAT_ARGS = tuple(f"X{i}" for i in range(15))

ROLES: Mapping[str, str] = MappingProxyType(
    {
        "SP": "stack pointer",
        "BP": "frame pointer",
        "DX": "closure context",
        "R12": "scratch",
        "R13": "scratch",
        "R14": "g",
        "R15": "GOT, if linked dynamically",
        "X15": "zero",
    }
    | {name: f"integer argument {i + 1}" for i, name in enumerate(INTEGER_ARGS)}
    | {name: f"float argument {i + 1}" for i, name in enumerate(FLOAT_ARGS)}
)

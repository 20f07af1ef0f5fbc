"""Go's types and its two calling conventions, ABI0 and ABIInternal, as data."""

from underglass.abi.amd64 import FLOAT_ARGS, INTEGER_ARGS, ROLES
from underglass.abi.decode import Memory, decode
from underglass.abi.dwarf import type_at
from underglass.abi.known import layout_of, signature
from underglass.abi.layout import Layout, Piece, Place, abi0_layout, abi_internal_layout
from underglass.abi.objects import Dynamic, Pointer
from underglass.abi.signature import Param, Signature, parse_signature
from underglass.abi.types import GoType
from underglass.abi.values import Encoded, encode

__all__ = [
    "FLOAT_ARGS",
    "INTEGER_ARGS",
    "ROLES",
    "Dynamic",
    "Encoded",
    "GoType",
    "Layout",
    "Memory",
    "Param",
    "Piece",
    "Place",
    "Pointer",
    "Signature",
    "abi0_layout",
    "abi_internal_layout",
    "decode",
    "encode",
    "layout_of",
    "parse_signature",
    "signature",
    "type_at",
]

"""Go's types and its two calling conventions, ABI0 and ABIInternal, as data."""

from underglass.abi.amd64 import FLOAT_ARGS, INTEGER_ARGS, ROLES
from underglass.abi.decode import Memory, decode
from underglass.abi.dwarf import field_offsets, named_types, type_at, type_named
from underglass.abi.known import signature
from underglass.abi.layout import (
    RULE_SOURCES,
    Layout,
    Piece,
    Place,
    abi0_layout,
    abi_internal_layout,
    layout_of,
)
from underglass.abi.objects import Dynamic, Pointer
from underglass.abi.signature import Param, Signature, parse_signature, parse_types
from underglass.abi.types import GoType
from underglass.abi.values import Encoded, encode

__all__ = [
    "FLOAT_ARGS",
    "INTEGER_ARGS",
    "ROLES",
    "RULE_SOURCES",
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
    "field_offsets",
    "layout_of",
    "named_types",
    "parse_signature",
    "parse_types",
    "signature",
    "type_at",
    "type_named",
]

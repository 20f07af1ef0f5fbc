"""Go's types and its two calling conventions, ABI0 and ABIInternal, as data."""

from underglass.abi.amd64 import FLOAT_ARGS, INTEGER_ARGS, ROLES
from underglass.abi.known import layout_of, signature
from underglass.abi.layout import Layout, Piece, Place, abi0_layout, abi_internal_layout
from underglass.abi.signature import Param, Signature, parse_signature
from underglass.abi.types import GoType
from underglass.abi.values import decode, encode

__all__ = [
    "FLOAT_ARGS",
    "INTEGER_ARGS",
    "ROLES",
    "GoType",
    "Layout",
    "Param",
    "Piece",
    "Place",
    "Signature",
    "abi0_layout",
    "abi_internal_layout",
    "decode",
    "encode",
    "layout_of",
    "parse_signature",
    "signature",
]

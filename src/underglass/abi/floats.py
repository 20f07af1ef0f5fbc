"""Go's floats in bytes and back, with every bit of a NaN.

Python's struct goes through C's conversion between float and double, which makes a signalling NaN a quiet
one. Both formats put sign, exponent and fraction in the same order (IEEE 754-2019, 3.4), so a NaN's bits are
moved here.
"""

from __future__ import annotations

import math
import struct

__all__ = ["float_bytes", "read_float"]

_SHIFT = 52 - 23  # bits of fraction that a float64 has more than a float32


def float_bytes(number: float, size: int) -> bytes:
    """The bytes of a float32 or a float64, rounded to even as Go does.

    Raises:
        OverflowError: the number is finite and too large for it.
    """
    if size == 8:
        return struct.pack("<d", number)
    if not math.isnan(number):
        return struct.pack("<f", number)
    bits = int.from_bytes(struct.pack("<d", number), "little")
    fraction = bits >> _SHIFT & 0x7F_FFFF or 1 << 22  # zero would be an infinity
    return (bits >> 63 << 31 | 0xFF << 23 | fraction).to_bytes(4, "little")


def read_float(data: bytes) -> float:
    """The number of 4 or 8 bytes."""
    if len(data) == 8:
        return float(struct.unpack("<d", data)[0])
    number = float(struct.unpack("<f", data)[0])
    if not math.isnan(number):
        return number
    bits = int.from_bytes(data, "little")
    wide = bits >> 31 << 63 | 0x7FF << 52 | (bits & 0x7F_FFFF) << _SHIFT
    return float(struct.unpack("<d", wide.to_bytes(8, "little"))[0])

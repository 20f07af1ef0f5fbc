"""A linked Go program as facts: symbols with their ABI, frames, lines, code, types."""

from underglass.program.function import Abi, Function, Instruction
from underglass.program.program import Program

__all__ = ["Abi", "Function", "Instruction", "Program"]

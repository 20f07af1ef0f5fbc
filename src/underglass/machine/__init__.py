"""The emulated computer: a processor, memory, a small Linux, and calls into a program."""

from underglass.machine.amd64 import REGISTERS
from underglass.machine.fault import Fault
from underglass.machine.limits import Limits
from underglass.machine.machine import Machine

__all__ = ["REGISTERS", "Fault", "Limits", "Machine"]

"""A small Linux: the system calls that Go programs make, by area."""

from underglass.machine.linux.kernel import Kernel
from underglass.machine.linux.state import KernelState, Output

__all__ = ["Kernel", "KernelState", "Output"]

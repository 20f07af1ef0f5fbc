"""Recordings: what a call did, step by step, with its frames named."""

from underglass.trace.bare import record_bare
from underglass.trace.change import Change, changed
from underglass.trace.record import record, rehearse
from underglass.trace.run import Run
from underglass.trace.trace import REGISTERS, Trace
from underglass.trace.unwind import Frame, Slot

__all__ = [
    "REGISTERS",
    "Change",
    "Frame",
    "Run",
    "Slot",
    "Trace",
    "changed",
    "record",
    "record_bare",
    "rehearse",
]

"""What can be told of a program without running it."""

from underglass.analysis.annotate import Annotated, Step, annotate
from underglass.analysis.callcases import Case, Indirect, Through, case_of, indirect_calls
from underglass.analysis.callgraph import CallGraph, Edge, Kind, Node, calls_from
from underglass.analysis.crossings import Crossings, crossings
from underglass.analysis.references import How, Reference, references
from underglass.analysis.wrappers import Direction, Made, Use, Wrapper, made_as, wrapper_of, wrappers

__all__ = [
    "Annotated",
    "CallGraph",
    "Case",
    "Crossings",
    "Direction",
    "Edge",
    "How",
    "Indirect",
    "Kind",
    "Made",
    "Node",
    "Reference",
    "Step",
    "Through",
    "Use",
    "Wrapper",
    "annotate",
    "calls_from",
    "case_of",
    "crossings",
    "indirect_calls",
    "made_as",
    "references",
    "wrapper_of",
    "wrappers",
]

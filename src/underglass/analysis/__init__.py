"""What can be told of a program without running it."""

from underglass.analysis.callgraph import CallGraph, Edge, Kind, Node, calls_from

__all__ = ["CallGraph", "Edge", "Kind", "Node", "calls_from"]

from __future__ import annotations

import pytest

from underglass.analysis import Kind, calls_from
from underglass.analysis.callgraph import RUNTIME
from underglass.errors import UnknownFunction
from views_traces import output_trace, program


def kinds(graph) -> dict[tuple[str, str], Kind]:
    return {(edge.caller, edge.callee): edge.kind for edge in graph.edges}


def test_the_way_from_assembly_to_go_leads_through_the_wrapper():
    found = kinds(calls_from(program().program, "main.main"))
    assert found["main.main", "main.output.abi0"] is Kind.GO_TO_ASSEMBLY
    assert found["main.output.abi0", "main.add.abi0"] is Kind.INTO_WRAPPER
    assert found["main.add.abi0", "main.add"] is Kind.OUT_OF_WRAPPER


def test_the_calls_that_a_recording_shows_are_edges():
    trace = output_trace()
    graph = calls_from(program().program, "main.output", depth=4, runtime=True)
    edges = set(kinds(graph))
    steps = range(len(trace) - 1)
    made = [
        (trace.function_at(s), trace.function_at(s + 1))
        for s in steps
        if trace.instruction(s).go.startswith("CALL")
    ]
    assert made
    assert {(caller.symbol, callee.symbol) for caller, callee in made} <= edges


def test_a_recursive_function_calls_itself_and_a_loop_does_not():
    graph = calls_from(program().program, "main.fib", depth=1)
    assert kinds(graph)["main.fib", "main.fib"] is Kind.GO_TO_GO
    own = next(edge for edge in graph.edges if edge.callee == "main.fib")
    assert own.sites == 2
    assert not own.tail
    # The way back from morestack is a jump to the function's own start.
    assert ("main.output.abi0", "main.output.abi0") not in kinds(calls_from(program().program, "main.main"))


def test_the_runtime_is_one_node_unless_asked_for():
    folded = calls_from(program().program, "main.main")
    assert [node.symbol for node in folded.nodes if node.name.startswith("runtime.")] == []
    assert folded.node("runtime").abi == ""
    full = calls_from(program().program, "main.main", depth=1, runtime=True)
    assert "runtime.printlock" in {node.symbol for node in full.nodes}


def test_depth_bounds_what_is_looked_at():
    graph = calls_from(program().program, "main.main", depth=1)
    assert {node.symbol for node in graph.nodes} == {"main.main", "main.output.abi0", "main.fib", RUNTIME}
    assert {edge.caller for edge in graph.edges} == {"main.main", "main.fib"}  # fib calls itself
    assert calls_from(program().program, "main.main", depth=0).edges == ()


def test_nodes_say_what_the_program_says():
    graph = calls_from(program().program, "main.main")
    for node in graph.nodes:
        if node.abi:
            function = program().program.functions[node.symbol]
            assert (node.abi, node.frame_size) == (function.abi, function.frame_size)
            assert (node.is_wrapper, node.is_assembly) == (function.is_wrapper, function.is_assembly)


def test_an_unknown_focus_is_an_error_with_near_names():
    with pytest.raises(UnknownFunction, match="output"):
        calls_from(program().program, "outputt")

from __future__ import annotations

import pytest

from callgraph_programs import shapes
from underglass.analysis import Kind, calls_from
from underglass.analysis.callcases import is_runtime
from underglass.analysis.callfold import OTHER, fold
from underglass.analysis.callgraph import RUNTIME, edges_of
from underglass.analysis.wrappers import is_keeper
from underglass.errors import UnderglassError, UnknownFunction
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


def test_a_graph_without_a_runtime_node_leaves_no_call_between_its_functions_out():
    facts = program().program
    graph = calls_from(facts, "main.main", depth=2, callers=1, runtime=True)
    drawn = {node.symbol for node in graph.nodes}
    every = edges_of(facts, [facts.functions[symbol] for symbol in drawn])
    assert set(kinds(graph)) == {(e.caller, e.callee) for e in every if e.callee in drawn}
    for node in graph.nodes:
        out = {e.callee for e in every if e.caller == node.symbol} - drawn
        assert node.beyond == len(out), node.symbol


def test_callers_are_those_that_a_search_of_the_whole_program_finds():
    facts = shapes().program
    every = edges_of(facts, [f for f in facts.all_functions if not is_keeper(f)])
    for focus in ("fmt.(*pp).printValue", "main.(*pair).log", "strings.(*Builder).Grow", "runtime.mallocgc"):
        graph = calls_from(facts, focus, depth=0, callers=1, runtime=True)
        wanted = {edge.caller for edge in every if edge.callee == graph.focus}
        assert wanted
        assert {edge.caller for edge in graph.edges if edge.callee == graph.focus} == wanted
        assert {node.symbol for node in graph.nodes if node.distance == -1} == wanted - {graph.focus}


def test_the_runtime_is_one_node_both_as_caller_and_as_callee():
    graph = calls_from(shapes().program, "internal/strconv.AppendFloat", depth=2, callers=1)
    assert (RUNTIME, "internal/strconv.AppendFloat") in kinds(graph)
    assert RUNTIME in {edge.callee for edge in graph.edges}
    members = graph.node(RUNTIME).members
    assert "runtime.printfloat64" in members
    assert not any("morestack" in member for member in members)


def test_the_runtime_calls_main_through_a_pointer():
    graph = calls_from(program().program, "main.main", depth=0, callers=1)
    assert graph.edges == ()
    assert graph.holders == ("runtime.main",)


def test_who_calls_assembly_calls_its_body_past_its_wrapper():
    facts = program().program
    graph = calls_from(facts, "output", depth=0, callers=1)
    assert facts.function("output").symbol == graph.focus == "main.output"
    found = kinds(graph)
    assert found["main.main", "main.output.abi0"] is Kind.GO_TO_ASSEMBLY
    assert found["main.output", "main.output.abi0"] is Kind.OUT_OF_WRAPPER


def test_a_method_that_only_an_interface_reaches_has_no_caller_and_says_what_holds_its_address():
    graph = calls_from(shapes().program, "main.(*pair).area", depth=0, callers=2)
    assert [node.symbol for node in graph.nodes] == ["main.(*pair).area"]
    assert graph.holders
    assert all(holder.startswith("data at 0x") for holder in graph.holders)  # an itab has no symbol
    assert calls_from(shapes().program, "main.(*pair).area", depth=0).holders == ()


@pytest.mark.parametrize(
    ("depth", "callers", "limit"), [(3, 0, 60), (9, 0, 60), (9, 0, 25), (6, 4, 12), (9, 9, 4)]
)
def test_a_program_with_fmt_has_at_most_so_many_nodes_and_each_function_is_in_one(depth, callers, limit):
    facts = shapes().program
    focus = "fmt.Fprintln" if callers else "main.main"
    whole = calls_from(facts, focus, depth, callers=callers)
    graph = calls_from(facts, focus, depth, callers=callers, limit=limit)
    assert len(graph.nodes) <= limit
    assert (graph.folded > 0) is (len(whole.nodes) > limit)
    folded = [member for node in graph.nodes if node.symbol != RUNTIME for member in node.members]
    kept = [node.symbol for node in graph.nodes if node.abi]
    assert sorted(kept + folded) == sorted(node.symbol for node in whole.nodes if node.abi)
    assert kept[0] == whole.focus
    # What stays is nearer than what goes, but for a function that would be alone in its node.
    alone = {node.package for node in graph.nodes if node.members}
    near = max(abs(node.distance) for node in graph.nodes if node.abi and node.package in {"fmt", *alone})
    assert all(abs(whole.node(symbol).distance) >= near for symbol in folded)
    for node in graph.nodes:
        if node.members and node.symbol != RUNTIME and node.package:
            assert {facts.functions[member].package for member in node.members} == {node.package}


def test_no_node_of_a_folded_graph_stands_alone():
    for limit in range(10, 61, 10):
        graph = calls_from(shapes().program, "main.main", depth=9, limit=limit)
        ends = {end for edge in graph.edges for end in (edge.caller, edge.callee)}
        assert {node.symbol for node in graph.nodes} == ends


def test_functions_that_are_equally_near_stay_if_they_are_the_reader_s_own():
    rows = [("main.main", 0, "main"), *((f"fmt.{i}", 1, "fmt") for i in range(9)), ("main.a", 1, "main")]
    [group] = fold(rows, "main", 4)
    assert (group.name, "main.a" in group.members) == ("fmt: 8 functions", False)
    assert fold(rows, "main", 11) == ()


def test_more_packages_than_nodes_become_one_node():
    rows = [("main.main", 0, "main"), *((f"p{i}.{j}", 1, f"p{i}") for i in range(9) for j in range(2))]
    [group] = fold(rows, "main", 4)
    assert (group.package, group.name) == (OTHER, "16 more functions")
    assert not {"main.main", "p0.0", "p0.1"} & {*group.members}


def test_names_of_generic_functions_have_code_and_a_package():
    facts = shapes().program
    generic = [f for f in facts.functions.values() if f.name.startswith("main.Map[")]
    assert any(" " in function.name for function in generic)
    graph = calls_from(facts, generic[0].name, depth=1, callers=1, runtime=True)
    assert graph.node(generic[0].symbol).package == "main"
    assert ("main.main", generic[0].symbol) in kinds(graph)
    assert any(is_runtime(facts.functions[edge.callee]) for edge in graph.edges)


def test_functions_that_call_each_other_are_two_edges():
    graph = calls_from(shapes().program, "isEven", depth=5)
    assert set(kinds(graph)) == {("main.isEven", "main.isOdd"), ("main.isOdd", "main.isEven")}


@pytest.mark.parametrize("wrong", [{"depth": -1}, {"callers": -2}, {"limit": 3}])
def test_wrong_bounds_are_an_error_that_says_which_are_right(wrong):
    with pytest.raises(UnderglassError, match="Give a depth and callers of 0 or more, and a limit of 4"):
        calls_from(program().program, **wrong)

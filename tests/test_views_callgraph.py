from __future__ import annotations

import json
import re
import sys
import xml.etree.ElementTree as ET

import pytest

from callgraph_programs import shapes
from underglass.analysis.callgraph import RUNTIME
from underglass.analysis.nosplit import NosplitBudget
from underglass.errors import UnderglassError
from underglass.views.callgraph import CallGraphPicture, call_graph, call_graph_picture, render_svg
from underglass.views.callpage import code_of
from views_traces import program

SVG = "{http://www.w3.org/2000/svg}"


def test_shape_line_and_words_tell_the_abi():
    source = call_graph(program().program).source
    lines = {line.split(" [")[0].strip().strip('"'): line for line in source.splitlines() if " [" in line}
    assert "style=filled " in lines["main.output.abi0"] or "style=filled]" in lines["main.output.abi0"]
    assert "rounded" in lines["main.add"]
    assert "dashed" in lines["main.add.abi0"]
    assert "ABI0, wrapper" in lines["main.add.abi0"]
    edge = lines['main.output.abi0" -> "main.add.abi0']
    assert "style=dashed" in edge
    assert "into a wrapper" in edge
    assert "ABI0 → ABIInternal" in lines['main.add.abi0" -> "main.add']


def test_the_drawing_needs_no_command_and_no_system_fonts_message(capfd, monkeypatch):
    monkeypatch.setenv("PATH", "")
    svg = ET.fromstring(
        render_svg(call_graph(program().program), title='Calls & "more"', description="a < b")
    )
    assert svg.get("role") == "img"
    assert svg.findtext(f"{SVG}title") == 'Calls & "more"'
    assert svg.findtext(f"{SVG}desc") == "a < b"
    assert capfd.readouterr().err == ""


def test_every_colour_follows_the_page():
    svg = ET.fromstring(render_svg(call_graph(program().program)))
    for element in svg.iter():
        for name in ("fill", "stroke"):
            held = element.get(name)
            if held and held not in ("none", "transparent"):
                assert f"{name}:var(--ug-" in (element.get("style") or ""), ET.tostring(element)


def test_without_the_engine_the_error_says_what_to_do(monkeypatch):
    monkeypatch.setitem(sys.modules, "pygraphviz", None)
    with pytest.raises(UnderglassError, match="pip install 'pygraphviz>=2'"):
        render_svg(call_graph(program().program))


def test_the_picture_has_a_text_form():
    picture = call_graph_picture(program().program)
    assert "output (ABI0, assembly, frame $32)" in repr(picture)
    assert "  → add ABI0: into a wrapper" in repr(picture)
    assert picture._repr_svg_() in picture._repr_html_()


def test_names_with_colons_and_brackets_are_drawn():
    picture = call_graph_picture(program().program, "runtime.main", depth=1, runtime=True)
    assert "runtime.main" in picture.svg


def test_nodes_without_a_stack_check_say_on_demand_what_their_chain_leaves():
    facts = program().program
    budget = NosplitBudget(facts)
    plain, asked = call_graph_picture(facts), call_graph_picture(facts, nosplit=True)
    assert "bytes left" not in plain.text
    for node in asked.graph.nodes:
        if node.abi:
            room = budget.room(facts.functions[node.symbol])
            words = f"({node.abi}, "
            line = next(
                r for r in asked.text.splitlines() if words in r and r.startswith(node.name[5:] + " ")
            )
            assert (f"NOSPLIT, {room.left} bytes left" in line) is not room.has_check
    assert any(f"{room.left} bytes left" in asked.svg for room in budget.rooms.values() if not room.has_check)


def legend(picture: CallGraphPicture) -> list[str]:
    svg = ET.fromstring(picture.svg)
    [group] = [g for g in svg.iter(f"{SVG}g") if g.get("class") == "legend"]
    return [text.text or "" for text in group.iter(f"{SVG}text")]


def embedded(page: str) -> dict:
    match = re.search(r'<script type="application/json">(.*?)</script>', page, re.DOTALL)
    assert match
    return json.loads(match[1])


def test_every_node_and_edge_is_drawn_once_with_its_ends():
    for picture in (call_graph_picture(program().program), call_graph_picture(shapes().program, depth=9)):
        groups = list(ET.fromstring(picture.svg).iter(f"{SVG}g"))
        nodes = sorted(g.get("data-symbol") for g in groups if g.get("class") == "node")
        assert nodes == sorted(node.symbol for node in picture.graph.nodes)
        edges = sorted((g.get("data-from"), g.get("data-to")) for g in groups if g.get("class") == "edge")
        assert edges == sorted((edge.caller, edge.callee) for edge in picture.graph.edges)
        assert not [g for g in groups if g.get("id")], "two pictures of one page would share ids"


def test_functions_stand_below_the_heading_of_their_package():
    source = call_graph(shapes().program).source
    fmt = source[source.index("subgraph cluster_fmt") :]
    fmt = fmt[: fmt.index("\t}")]
    assert "label=fmt" in fmt
    assert '"fmt.(*pp).free"' in fmt
    assert ">(*pp).free<" in fmt
    assert "main.describe" not in fmt


def test_the_legend_has_what_the_graph_has_and_no_more():
    with_assembly, without = (
        call_graph_picture(program().program),
        call_graph_picture(shapes().program, depth=1),
    )
    assert [words.partition(":")[0] for words in legend(with_assembly)] == [
        "ABI0", "ABIInternal", "a wrapper, which the compiler made",
        "several functions, folded into one node", "G1", "G3", "G6", "calls from or to a folded node",
    ]  # fmt: skip
    assert not [words for words in legend(without) if words.startswith(("ABI0", "G3", "G6", "a wrapper"))]


def test_a_picture_that_leaves_functions_out_says_so():
    few, all_of_them = (call_graph_picture(shapes().program, depth=9, limit=n) for n in (45, None))
    note = f"The {few.graph.folded} functions that are farthest from main are folded, package by package."
    assert few.text.endswith(note)
    assert legend(few)[-1] == note
    assert all_of_them.graph.folded == 0
    assert "farthest" not in all_of_them.svg


def test_the_same_graph_has_the_same_forms_each_time():
    first, second = (CallGraphPicture(shapes().program, depth=5, callers=1) for _ in range(2))
    assert (first.text, first.dot, first.svg, first.html()) == (
        second.text,
        second.dot,
        second.svg,
        second.html(),
    )


class Verdict:
    cost, budget, reason = None, 80, "marked go:noinline"


def test_costs_of_inlining_are_said_on_demand_by_any_name_of_a_function():
    facts = shapes().program
    costs = {"describe": 61, "main.main": 412, "(*pair).log": Verdict(), "Map": 80, "nothing": 3}
    asked = call_graph_picture(facts, inlining=costs)
    assert "inline" not in call_graph_picture(facts).text
    assert re.search(r"^main \(.*, not inlined, cost 412 of 80\)$", asked.text, re.MULTILINE)
    assert "not inlined: marked go:noinline" in asked.svg
    assert asked.text.count("inline cost 80 of 80") == 2  # both shapes of Map


def test_the_code_of_a_node_is_the_program_s_and_its_calls_lead_to_nodes():
    picture = call_graph_picture(program().program)
    data, facts = code_of(picture), picture.program
    for node, held in zip(picture.graph.nodes, data["nodes"], strict=True):
        assert held["symbol"] == node.symbol
        if not node.abi:
            assert (held["members"], held["folded"]) == (list(node.members), len(node.members))
            continue
        code = facts.instructions(facts.functions[node.symbol])
        assert [(int(row[0], 16), row[2]) for row in held["code"]] == [(i.address, i.go) for i in code]
        drawn = {e.callee for e in picture.graph.edges if e.caller == node.symbol} - {RUNTIME}
        reached = {data["nodes"][row[3]]["symbol"] for row in held["code"] if len(row) > 3}
        assert drawn <= reached
    [output] = [held for held in data["nodes"] if held["symbol"] == "main.output.abi0"]
    assert output["where"] == "cell 7, lines 4 to 13"
    assert output["source"][10] == "CALL ·add(SB)"
    [add] = [held for held in data["nodes"] if held["symbol"] == "main.add"]
    assert add["where"] == "main.go, lines 4 to 5"


def test_lines_of_inlined_calls_are_not_taken_for_the_function_s_own():
    data = code_of(call_graph_picture(shapes().program, "describe", depth=0))
    [describe] = data["nodes"]
    line = next(
        n for n, t in enumerate(shapes().program.sources[0].text.splitlines(), 1) if "func describe" in t
    )
    assert describe["where"] == f"shapes.go, line {line}"
    assert {row[1] for row in describe["code"]} <= {0, line}


def test_a_page_of_a_program_with_fmt_is_small_and_its_data_ends_no_script():
    picture = call_graph_picture(shapes().program)
    for page in (picture.html(), picture._repr_html_()):
        assert len(page.encode()) < 150_000
        data = embedded(page)
        assert len(data["nodes"]) == len(picture.graph.nodes)
        assert "<" not in page.split('<script type="application/json">')[1].split("</script>")[0]


def test_long_functions_are_cut_and_the_page_says_by_how_much():
    picture = call_graph_picture(shapes().program, depth=9)
    nodes = code_of(picture)["nodes"]
    cut = [node for node in nodes if node["cut"]]
    assert cut
    for node in cut:
        function = picture.program.functions[node["symbol"]]
        assert len(node["code"]) + node["cut"] == len(picture.program.instructions(function))
    assert sum(len(str(row)) for node in nodes for row in node["code"]) < 60_000

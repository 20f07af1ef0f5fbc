from __future__ import annotations

import sys
import xml.etree.ElementTree as ET

import pytest

from underglass.analysis.nosplit import NosplitBudget
from underglass.errors import UnderglassError
from underglass.views.callgraph import call_graph, call_graph_picture, render_svg
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

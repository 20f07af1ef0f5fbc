from __future__ import annotations

import xml.etree.ElementTree as ET

from underglass.analysis.annotate import annotate
from underglass.analysis.crossings import crossings
from underglass.analysis.wrappers import wrappers
from underglass.kernel.show import wrapper
from underglass.views.callgraph import call_graph_picture
from underglass.views.wrapper import crossings_text, wrapper_html
from wrapper_programs import both_ways, six


def test_the_text_has_declaration_places_and_every_instruction() -> None:
    program = six(keep=True)
    text = repr(wrapper(program, "sum"))
    assert "declared: func sum(x, y int64) int64  (a.s, line 4)" in text
    assert "x int64    AX           x+0(FP)" in text
    assert "used by nothing: the build keeps it" in text
    for instruction in program.program.instructions(program.program.function("sum")):
        assert f"\n{instruction.go}" in text


def test_the_html_is_whole_and_says_the_same() -> None:
    picture = wrapper(six(keep=True), "inc")
    table = ET.fromstring(picture.html[picture.html.index("<div") :])
    cells = ["".join(cell.itertext()) for cell in table.iter("td")]
    for line in picture.annotated.lines:
        assert line.note in cells
        assert line.instruction.go in cells
    heads = ["".join(cell.itertext()) for cell in table.iter("th")]
    assert heads.index("a frame of its own") < heads.index("the call, or what stands for it")
    assert picture.html in picture._repr_html_()


def test_every_wrapper_can_be_drawn() -> None:
    program = both_ways().program
    own = [w for w in wrappers(program) if w.name.startswith("main.")]
    program.prefetch([w.function for w in own])
    for found in own:
        ET.fromstring(wrapper_html(program, annotate(program, found)).partition("</style>")[2])


def test_the_report_has_a_row_for_each_case() -> None:
    program = six().program
    text = crossings_text(program, crossings(program))
    rows = {tuple(line.split()) for line in text.splitlines()}
    for row in (
        "inc ABI0 → ABIInternal called back.abi0 –",
        "twice ABIInternal → ABI0 address taken – main, table",
        "G1 main inc 1",
        "G2 or G4 through (func value) 1",
        "G3 main sum.abi0 1",
        "G4 twice twice.abi0 1",
        "G5 twice.abi0 sum.abi0 1",
        "G6 back.abi0 inc.abi0 1",
        "real.abi0 code address twice.abi0, the assembly body",
    ):
        assert tuple(row.split()) in rows, row
    assert "G6: assembly calls Go, through the wrapper" in text


def test_the_call_graph_says_the_case_of_each_edge() -> None:
    text = repr(call_graph_picture(six().program))
    assert "  → sum.abi0" not in text
    assert "  → sum ABI0: Go → assembly (G3)" in text
    assert "  → inc ABI0: into a wrapper (G6)" in text
    assert "  → inc ABIInternal: Go → Go (G1)" in text

"""Each view by one word: it shows itself in each form, and a wrong word is answered in a sentence."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import underglass
from underglass import show
from underglass.errors import UnderglassError
from underglass.views.frame import frame_picture
from views_traces import output_trace, program

VIEWS: dict[str, tuple[Callable[[], object], str]] = {
    "abi": (lambda: show.abi(program(), "greet"), "func greet(name string) int"),
    "abi of a prototype": (lambda: show.abi(program(), "func f(x []byte) string"), "AX, BX, CX"),
    "cache_lines": (lambda: show.cache_lines(program(), "fib"), "CALL fib"),
    "call_graph": (lambda: show.call_graph(program(), "output"), "add ABI0"),
    "compare": (lambda: show.compare(program(), "add"), "add ABIInternal"),
    "compare two": (lambda: show.compare(program(), "fib", "deep"), "CALL main.deep(SB)"),
    "compare two programs": (lambda: show.compare(program(), "fib", against=program()), "26 alike"),
    "frame": (lambda: show.frame(output_trace(), 5, pointers=True), "◇"),
    "gcmap": (lambda: show.gcmap(program(), "deep"), "waiting in CALL main.deep"),
    "gcmap at a line": (lambda: show.gcmap(program(), "fib", 8), "waiting in CALL runtime.morestack"),
    "inlining": (lambda: show.inlining(program(), "half"), "can be inlined"),
    "memory_map": (lambda: show.memory_map(program()), ".text"),
    "nosplit": (lambda: show.nosplit(program(), "crash"), "bytes left"),
    "nosplit, the worst": (lambda: show.nosplit(program()), "bytes left"),
    "stack_time": (lambda: show.stack_time(output_trace()), "goroutine 1"),
    "stepper": (lambda: show.stepper(output_trace(), 3), "output(23, 4)"),
    "struct": (lambda: show.struct(program(), "runtime.g", "goid"), "goid"),
    "struct of a slice": (lambda: show.struct(program(), "[]int64"), "cap"),
    "timeline": (lambda: show.timeline(program()), "goroutine 1"),
    "wrapper": (lambda: show.wrapper(program(), "add"), "ABI0 → ABIInternal wrapper"),
}


@pytest.mark.parametrize("name", VIEWS)
def test_a_view_shows_itself_and_its_text_is_the_same_twice(name: str) -> None:
    view, part = VIEWS[name]
    first, second = view(), view()
    assert part in repr(first)
    assert repr(first) == repr(second)
    if name == "stepper":
        bundle = first._repr_mimebundle_()[0]  # type: ignore[attr-defined]
        assert {"application/vnd.jupyter.widget-view+json", "text/html", "text/plain"} <= set(bundle)
    else:
        page: str = first._repr_html_()  # type: ignore[attr-defined]
        assert page.startswith("<div")
        assert page == second._repr_html_()  # type: ignore[attr-defined]


def test_every_view_has_its_word() -> None:
    assert {name.split(",")[0].split()[0] for name in VIEWS} == set(show.__all__)
    assert underglass.show is show
    assert underglass.frame is show.frame


def test_a_program_is_taken_in_both_of_its_forms() -> None:
    assert repr(show.abi(program().program, "greet")) == repr(show.abi(program(), "greet"))
    assert repr(show.frame(output_trace(), 5)) == repr(frame_picture(output_trace(), 5))


WRONG: dict[str, tuple[Callable[[], object], str]] = {
    "function": (lambda: show.abi(program(), "gret"), "Did you mean greet"),
    "prototype": (lambda: show.abi(program(), "func(x"), "a type is due"),
    "line": (lambda: show.gcmap(program(), "fib", 9999), "has calls on line"),
    "line with several calls": (lambda: show.gcmap(program(), "fib", 12), "Name one by its place"),
    "place": (lambda: show.gcmap(program(), "fib", "here"), "'here' is no place"),
    "type": (lambda: show.struct(program(), "zork"), "no type 'zork'"),
    "two types": (lambda: show.struct(program(), "int) (y int"), "no type"),
    "field": (lambda: show.struct(program(), "runtime.g", "gid"), "It has goid"),
    "no wrapper": (lambda: show.wrapper(program(), "fib"), "no ABI wrapper"),
    "one ABI": (lambda: show.compare(program(), "fib"), "no ABI0"),
    "a recording": (lambda: show.cache_lines(output_trace(), "fib"), "A program is due"),  # type: ignore[arg-type]
    "a program": (lambda: show.frame(program(), 3), "A recording is due"),  # type: ignore[arg-type]
    "no run": (lambda: show.timeline(output_trace()), "A program is due"),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_word_is_answered_in_a_sentence(name: str) -> None:
    view, part = WRONG[name]
    with pytest.raises(UnderglassError, match=part):
        view()


def test_an_executable_has_no_sources_to_ask_about() -> None:
    with pytest.raises(UnderglassError, match="opened as an executable"):
        show.inlining(underglass.load(program().program.path))

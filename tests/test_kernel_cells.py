"""The notebook's one program: what a cell replaces, what waits, what a failure leaves."""

from __future__ import annotations

import pytest

from underglass.errors import BuildError, UnderglassError
from underglass.kernel.cells import Cell, read_cell
from underglass.kernel.notebook import Accepted, NotebookProgram, functions_of

ADD = '#include "textflag.h"\n// func add(x, y int64) int64\nTEXT ·add(SB), NOSPLIT, $0-24\n\tRET\n'
TWICE = """\
#include "textflag.h"
// func twice(x int64) int64
TEXT ·twice(SB), NOSPLIT, $16-16
	CALL ·helper(SB)
	RET
"""


class Notebook:
    """Cells with numbers, as a reader runs them."""

    def __init__(self) -> None:
        self.program = NotebookProgram()
        self.number = 0

    def run(self, language: str, body: str, name: str = "", cell_id: str | None = None) -> Accepted:
        self.number += 1
        taken = [*self.program.cells, *(c for c, _ in self.program.waiting)]
        cell = read_cell(language, name, body, number=self.number, cell_id=cell_id, above=0, taken=taken)
        return self.program.add(cell)

    @property
    def numbers(self) -> list[int]:
        return [cell.number for cell in self.program.cells]

    @property
    def waiting(self) -> list[int]:
        return [cell.number for cell, _ in self.program.waiting]


@pytest.fixture
def notebook() -> Notebook:
    return Notebook()


def cell(language: str, body: str, name: str = "", cell_id: str | None = None) -> Cell:
    return read_cell(language, name, body, number=1, cell_id=cell_id, above=0, taken=())


@pytest.mark.parametrize(
    ("language", "text", "names"),
    [
        ("asm", ADD, {"add"}),
        ("asm", "TEXT ·a<>(SB), 4, $0\nDATA ·n(SB)/8, $1\nGLOBL ·n(SB), 8, $8\n", {"n"}),
        ("go", "func f() {}\nfunc g()\nfunc init() {}\n", {"f", "declared g"}),
        ("go", "type T struct {\n\tX, Y int\n}\nfunc (t *T) Len() int { return 0 }\n", {"T", "T.Len"}),
        (
            "go",
            "const (\n\tA = iota\n\tB\n)\nvar c, d = func() (int, int) { x := 1; return x, x }()\n",
            {"A", "B", "c"},
        ),
        ("go", "// func no() {}\nvar s = `\nfunc no() {}`\n", {"s"}),
    ],
)
def test_what_a_cell_defines(language: str, text: str, names: set[str]) -> None:
    assert cell(language, text).defines == names


@pytest.mark.parametrize(
    ("new", "old", "replaced"),
    [
        (cell("asm", ADD), cell("asm", ADD), True),
        (cell("asm", ADD, "b.s"), cell("asm", ADD, "a.s"), False),
        (cell("asm", TWICE, "a.s"), cell("asm", ADD, "a.s"), True),
        (cell("asm", ADD, "a.s"), cell("asm", ADD), True),  # the reader has given the cell a name
        (cell("asm", TWICE, cell_id="1"), cell("asm", ADD, cell_id="1"), True),
        (cell("go", "func f() {}", cell_id="1"), cell("asm", ADD, cell_id="1"), True),
        (cell("go", "func add(x, y int64) int64"), cell("asm", ADD), False),
    ],
)
def test_what_a_cell_replaces(new: Cell, old: Cell, replaced: bool) -> None:
    assert new.replaces(old) is replaced


def test_lines_are_counted_from_the_magic(notebook: Notebook) -> None:
    with pytest.raises(BuildError, match=r"^cell 1, line 5: unrecognized instruction"):
        notebook.run("asm", ADD.replace("RET", "RETT"))


def test_a_cell_run_again_takes_its_own_place(notebook: Notebook) -> None:
    notebook.run("asm", ADD)
    accepted = notebook.run("asm", ADD.replace("\tRET", "\tNOP\n\tRET"))
    assert (notebook.numbers, accepted.lost) == ([2], ())


def test_a_cell_that_takes_the_place_of_more_says_what_is_lost(notebook: Notebook) -> None:
    both = ADD + ADD.replace("add", "sub").replace('#include "textflag.h"\n', "")
    notebook.run("asm", both)
    accepted = notebook.run("asm", ADD)
    ((replaced, names),) = accepted.lost
    assert (replaced.number, names) == (1, ("sub",))


def test_a_broken_cell_leaves_the_program_and_the_other_cells_alone(notebook: Notebook) -> None:
    notebook.run("asm", ADD)
    with pytest.raises(BuildError, match="Cell 2 is not taken yet; prog stays the program of cell 1"):
        notebook.run("asm", ADD.replace("RET", "RETT"))
    assert notebook.numbers == [1]
    accepted = notebook.run("go", "func f() int { return 1 }")
    assert [c.number for c, _ in accepted.waiting] == [2]
    assert notebook.numbers == [1, 3]
    notebook.run("asm", ADD)
    assert (notebook.numbers, notebook.waiting) == ([3, 4], [])


def test_what_is_left_out_is_named_with_its_cell_and_reason(notebook: Notebook) -> None:
    data = "DATA n<>(SB)/8, $1\nGLOBL n<>(SB), 8, $8\n"
    notebook.run("asm", ADD)
    assert notebook.program.left_out() == {}
    with pytest.raises(BuildError):
        notebook.run("asm", ADD.replace("RET", "RETT") + data)
    said = notebook.program.left_out()
    assert set(said) == {"add", "n"}
    assert said["add"].startswith(
        "Cell 2 has add as it was written last, and is not in the program (line 5: "
    )


def test_cells_that_need_each_other_get_in_together(notebook: Notebook) -> None:
    with pytest.raises(BuildError, match="Nothing in the program defines helper"):
        notebook.run("asm", TWICE)
    with pytest.raises(BuildError, match=r"Cell 1 waits, too \(line 5"):
        notebook.run("go", "func helper(x int64) int64 { return twice(y) }")
    accepted = notebook.run("go", "func helper(x int64) int64 { return 2 * x }")
    assert {c.number for c in accepted.new} == {1, 3}
    assert notebook.waiting == []


def test_a_typo_that_waits_does_not_keep_others_waiting(notebook: Notebook) -> None:
    for body in (ADD.replace("RET", "RETT"), TWICE):
        with pytest.raises(BuildError):
            notebook.run("asm", body)
    notebook.run("go", "func helper(x int64) int64 { return twice(x) }")
    assert (sorted(notebook.numbers), notebook.waiting) == ([2, 3], [1])


def test_a_new_signature_waits_until_its_callers_follow(notebook: Notebook) -> None:
    notebook.run("go", "func f(x int) int { return x }", cell_id="f")
    notebook.run("go", "func g() int { return f(1) }", cell_id="g")
    with pytest.raises(BuildError, match="cell 2, line 2: not enough arguments"):
        notebook.run("go", "func f(x, y int) int { return x + y }", cell_id="f")
    assert notebook.numbers == [1, 2]
    notebook.run("go", "func g() int { return f(1, 2) }", cell_id="g")
    assert (sorted(notebook.numbers), notebook.waiting) == ([3, 4], [])


def test_a_dropped_cell_is_gone(notebook: Notebook) -> None:
    notebook.run("asm", ADD)
    notebook.run("go", "func f() int64 { return add(1, 2) }")
    with pytest.raises(BuildError, match="undefined: add"):
        notebook.program.drop(1)
    assert notebook.numbers == [1, 2]
    assert notebook.program.drop(2) is not None
    assert notebook.program.drop(1) is None
    assert notebook.numbers == []


def test_functions_are_shown_as_go_writes_them(notebook: Notebook) -> None:
    accepted = notebook.run(
        "go", "func f(a []int, s string) (n int, err error) { return }\nfunc g[T any]() {}"
    )
    assert functions_of(accepted.new[0], accepted.build) == ("f(a []int, s string) (n int, err error)",)


def test_file_names_stay_when_a_cell_changes(notebook: Notebook) -> None:
    names = []
    for body in (ADD, TWICE.replace("\tCALL ·helper(SB)\n", ""), ADD.replace("\tRET", "\tNOP\n\tRET")):
        names.append(notebook.run("asm", body).new[-1].source.name)
    assert names == ["cell1.s", "cell2.s", "cell1.s"]


@pytest.mark.parametrize("line", ["add.go", "a.s b.s", "add"])
def test_a_wrong_file_name_is_refused(line: str) -> None:
    with pytest.raises(UnderglassError, match=r"^cell 1, line 1: %%asm takes one file name that ends in \.s"):
        cell("asm", ADD, line)


def test_vet_looks_once_at_each_text(notebook: Notebook) -> None:
    wrong = ADD.replace("\tRET", "\tMOVQ y+16(FP), AX\n\tRET")
    accepted = notebook.run("asm", wrong)
    found = notebook.program.vet(accepted.new)
    assert [(f.source, f.line) for f in found if "invalid offset" in f.message] == [("cell 1", 5)]
    assert notebook.program.vet(accepted.new) == ()

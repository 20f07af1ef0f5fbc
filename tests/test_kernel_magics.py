"""The magics in an IPython shell: what they show, what they assert, and what they say of wrong input."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.oinspect import find_file
from traitlets.config import Config

from kernels import ADD
from underglass.errors import UnderglassError
from underglass.kernel.nativetime import is_measurable

ECHO = """\
%%go
import ("bufio"; "fmt"; "os")
func main() {
	lines := bufio.NewScanner(os.Stdin)
	n := 0
	for lines.Scan() {
		n++
		fmt.Println(n, lines.Text(), os.Args[1:])
	}
	if n == 0 {
		fmt.Fprintln(os.Stderr, "no input")
		os.Exit(3)
	}
}
func addgo(x, y int64) int64 { return x + y }
func endless() { for {} }
"""


class Notebook:
    """Cells of one shell, with what each prints."""

    def __init__(self, shell: InteractiveShell, output: Callable[[], Any]) -> None:
        self.shell, self._output = shell, output

    def run(self, code: str) -> str:
        """Run a cell that has to work; return its stdout."""
        self._output()
        result = self.shell.run_cell(code, store_history=True)
        printed = str(self._output().out)
        assert result.success, printed
        return printed

    def fail(self, code: str) -> str:
        """Run a cell that has to fail with an error of ours; return what is shown."""
        self._output()
        result = self.shell.run_cell(code, store_history=True)
        printed = self._output()
        assert isinstance(result.error_in_exec, UnderglassError), (result, printed)
        assert "Traceback" not in printed.out + printed.err
        return " ".join(str(result.error_in_exec).split())


@pytest.fixture(scope="module")
def shell() -> Iterator[InteractiveShell]:
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    made = InteractiveShell(config=config)
    made.run_line_magic("load_ext", "underglass")
    made.run_cell(ADD, store_history=True)
    made.run_cell(ECHO, store_history=True)
    yield made
    made.run_line_magic("unload_ext", "underglass")


@pytest.fixture
def notebook(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> Notebook:
    return Notebook(shell, capsys.readouterr)


def test_ipythons_own_run_stays(shell: InteractiveShell) -> None:
    assert "underglass" not in str(find_file(shell.find_line_magic("run")))
    assert shell.find_line_magic("trace") is None
    assert "underglass" in str(find_file(shell.find_cell_magic("run")))


@pytest.mark.parametrize(
    "name", ["asm", "bench", "compare", "expect_error", "go", "run", "trace", "variants", "vet"]
)
def test_a_docstring_is_the_help(shell: InteractiveShell, name: str) -> None:
    found = shell.object_inspect(f"%%{name}")
    assert found["found"]
    assert f"%%{name}" in found["docstring"]


def test_run_takes_arguments_and_input(notebook: Notebook) -> None:
    assert notebook.run("%%run -a 'b c'\none\ntwo") == "1 one [-a b c]\n2 two [-a b c]\n"


@pytest.mark.parametrize("cell", ["%%run", "%%run\n", "%%run\n\n"])
def test_run_without_a_body_has_no_input_where_nobody_can_answer(notebook: Notebook, cell: str) -> None:
    said = notebook.fail(cell)
    assert re.match(r"cell \d+, line 1: the program ended with exit code 3; what it wrote to stderr", said)
    assert "begin the cell with %%expect_error exit code 3" in said


def test_trace_records_what_python_computes(notebook: Notebook) -> None:
    notebook.run("x = 20")
    notebook.run("%%trace add(x + 3, len('four'))\nabi = 'ABI0'")
    trace = notebook.shell.user_ns["_"]
    assert (trace.title, trace.results, len(trace)) == ("add(23, 4)", (27,), 4)
    notebook.run("%%trace add(1, 2)")
    assert notebook.shell.user_ns["_"].function.is_wrapper


def test_trace_stops_where_a_call_faults(notebook: Notebook) -> None:
    notebook.run("%%asm\n// func wild()\nTEXT ·wild(SB), 4, $0-0\n\tMOVQ AX, 0\n\tRET\n")
    notebook.run("%%trace wild()")
    assert "nil" in notebook.shell.user_ns["_"].fault


def test_bench_counts_what_a_recording_has(notebook: Notebook) -> None:
    text = notebook.run("%%bench add(23, 4), addgo(23, 4)\nseed = 7\nnative = False")
    prog = notebook.shell.user_ns["prog"]
    for name in ("add", "addgo"):
        steps = len(prog.record(name, 23, 4))
        assert prog.count(name, 23, 4) == steps
        assert re.search(rf"^  {name}\(23, 4\) +{steps}  ", text, re.MULTILINE), text
    assert "4 in add" in text
    assert "native" not in text


def test_bench_times_side_by_side_or_says_why_not(notebook: Notebook) -> None:
    text = notebook.run("%%bench add(23, 4), addgo(23, 4)")
    if not is_measurable():
        assert "not measured, since this host is" in text
        return
    middle, low, high = map(
        float, re.search(r"add\(23, 4\) +([\d.,]+)  ([\d.,]+) to ([\d.,]+), [\d,]+ calls", text).groups()
    )
    assert 0 < low <= middle <= high
    assert "addgo(23, 4) = 1" in text
    assert "order drawn from seed 1" in text


@pytest.mark.parametrize(
    ("call", "why"),
    [
        ("strlen(strlen)", None),
        ("first([3, 1, 2])", ""),
        ("greet('åh \"x\"')", ""),
        ("norm({'X': 3, 'Y': 4.5})", ""),
        ("norm((3, 4.5))", ""),
        ("deref(Pointer(5))", "has no Go literal of type *int"),
        ("crash(0)", "exit code 2"),
        ("loud(3)", ""),
    ],
)
def test_bench_writes_arguments_as_go(notebook: Notebook, call: str, why: str | None) -> None:
    notebook.run(
        "%%go\ntype vec struct { X int; Y float64 }\nfunc first(a []int) int { return a[0] }\n"
        "func greet(s string) int { return len(s) }\nfunc norm(v vec) float64 { return v.Y }\n"
        "func deref(p *int) int { return *p }\n"
        'func loud(n int) int { println(n); print("x"); return n }\n'
        "var started = 1\nfunc crash(n int) int { started++; if started > 100 { panic(n) }; return n }\n"
    )
    if why is None:
        assert "argument 1 of strlen" in notebook.fail(f"%%bench {call}")
        return
    text = notebook.run(f"%%bench {call}")
    assert text.startswith("instructions in the machine\n")
    if is_measurable():
        assert ("not measured" in text) == bool(why), text
        assert why in text


def test_vet_says_what_there_is_and_where(notebook: Notebook) -> None:
    before = notebook.run("%%vet")
    assert before.startswith("Nothing to report: go vet and ")
    notebook.run("%%asm off.s\n// func off(x, y int64) int64\nTEXT ·off(SB), 4, $0-24\n"
                 "\tMOVQ y+16(FP), AX\n\tMOVQ AX, ret+16(FP)\n\tRET\n")  # fmt: skip
    number = notebook.shell.execution_count - 1
    assert re.match(
        rf"cell {number}, line 4: .*invalid offset y\+16\(FP\).*write y\+8\(FP\)", notebook.run("%%vet")
    )
    notebook.run(f"%program drop {number}")


def test_compare_has_the_two_entries_of_one_function(notebook: Notebook) -> None:
    notebook.run("%%compare add")
    one = notebook.shell.user_ns["_"].comparison
    notebook.run("%%compare add<ABI0> add<ABIInternal>")
    two = notebook.shell.user_ns["_"].comparison
    assert one == two
    assert one.titles == ("ABI0", "ABIInternal")
    notebook.run("%%compare add addgo")
    assert notebook.shell.user_ns["_"].comparison.titles == ("add", "addgo")


EXPECTED = {
    "assembly": (
        "%%expect_error unrecognized instruction\n\n%%asm\nTEXT ·bad(SB), 4, $0\n\tMOVX AX, BX\n\tRET\n",
        r'^expected: BuildError: cell \d+, line 5: unrecognized instruction "MOVX"',
    ),
    "Go": (
        "%%expect_error 'cannot use'\n%%go\nfunc bad() int { return \"x\" }",
        r"^expected: BuildError: cell \d+, line 3: cannot use",
    ),
    "Python": ("%%expect_error\n1/0", r"^expected: ZeroDivisionError: division by zero$"),
    "no Python": ("%%expect_error SyntaxError\nimport = 7q", r"^expected: SyntaxError: cell \d+, line 2: "),
    "a fault": ("%%expect_error nil\nprog.call('wild')", r"^expected: GuestFault: .*wild"),
    "a run": ("%%expect_error exit code 3\n%%run", r"^expected: GuestFault: cell \d+, line 2: .* above\.$"),
    "a call": (
        "%%expect_error takes 2 arguments\n%%trace add(1)",
        r"^expected: CallError: cell \d+, line 2: ",
    ),
}


@pytest.mark.parametrize("kind", EXPECTED)
def test_an_expected_error_is_plain_output(notebook: Notebook, kind: str) -> None:
    cell, shown = EXPECTED[kind]
    if kind == "a fault":
        notebook.run("%%asm\n// func wild()\nTEXT ·wild(SB), 4, $0-0\n\tMOVQ AX, 0\n\tRET\n")
    cells = notebook.run("%program")
    assert re.match(shown, " ".join(notebook.run(cell).split()))
    assert notebook.run("%program") == cells  # nothing was taken, and nothing waits
    notebook.run("assert prog.call('add', 23, 4) == 27")


UNEXPECTED = {
    "no error": ("%%expect_error\n1 + 1", "an error was expected here, and none happened"),
    "another": ("%%expect_error blah\n1/0", "'blah' in it, and this one came: ZeroDivisionError"),
    "a good cell": (
        "%%expect_error\n%%asm\n// func fine()\nTEXT ·fine(SB), 4, $0-0\n\tRET\n",
        "A cell that builds under it is not taken into the program",
    ),
}


@pytest.mark.parametrize("kind", UNEXPECTED)
def test_an_expected_error_that_does_not_happen_is_one(notebook: Notebook, kind: str) -> None:
    cell, shown = UNEXPECTED[kind]
    cells = notebook.run("%program")
    said = notebook.fail(cell)
    assert re.match(r"cell \d+, line 1: ", said)
    assert shown in said
    assert notebook.run("%program") == cells


WRONG = {
    "%%run 'a": (1, "cannot be split: No closing quotation"),
    "%%trace": (1, "there is no call behind %%trace"),
    "%%trace add": (1, "'add' is no call"),
    "%%trace add(1,": (1, "cannot be read as a call"),
    "%%trace add(1)": (1, "add takes 2 arguments (x int64, y int64); 1 were given"),
    "%%trace add(1, 'x')": (1, "argument 2 of add, y"),
    "%%trace add(x=1, y=2)": (1, "an argument with a name"),
    "%%trace add(*[1, 2])": (1, "a name or a star"),
    "%%trace nosuch(1)": (1, "no function nosuch"),
    "%%trace add(nosuch, 1)": (1, "NameError: name 'nosuch' is not defined"),
    "%%trace add(1/0, 1)": (1, "ZeroDivisionError"),
    "%%trace (1)(2)": (1, "it is not a name that is called"),
    "%%trace add(1, 2), add(3, 4)": (1, "takes one call, and here are 2"),
    "%%trace add(1, 2)\n\nfoo = 3": (3, "there is no option foo"),
    "%%trace add(1, 2)\nstep = 'x'": (2, "step is 'x', and has to be int"),
    "%%trace add(1, 2)\nstep = 1\nprint(3)": (3, "'print(3)' is no option"),
    "%%trace add(1, 2)\nstep =": (2, "no Python that can be read"),
    "%%trace add(1, 2)\nabi = 'C'": (1, 'has to be "ABI0" or "ABIInternal"'),
    "%%trace add(1, 2)\nmost = 0": (1, "one instruction or more"),
    "%%trace add(1, 2)\nchanges = [7]": (1, "changes holds 7, which is no change"),
    "%%trace add(1, 2)\nchanges = [Change(3, 'XY', 7)]": (1, "XY"),
    "%%bench": (1, "there is no call behind %%bench"),
    "%%bench add(1, 2), 3": (1, "'3' is no call"),
    "%%bench add(1, 2)\nrounds = 3": (2, "there is no option rounds"),
    "%%vet add": (1, "takes nothing"),
    "%%vet\nTEXT": (1, "takes nothing"),
    "%%compare": (1, "takes two functions"),
    "%%compare a b c": (1, "takes two functions"),
    "%%compare add nosuch": (1, "no function nosuch"),
    "%%compare addgo": (1, "has no ABI0 entry"),
    "\n\n%%trace nosuch(1)": (3, "no function nosuch"),
    "%%expect_error": (1, "none happened"),
    "1\n%program drop 999": (2, "the program has no cell 999"),
    "%program all": (1, "%program takes nothing, or drop"),
    "%%run \0": (1, "a NUL"),
    "%%time\n%%trace nosuch(1)": (2, "no function nosuch"),
    "%%trace " + "(" * 300: (1, "cannot be read as a call from character 201 on"),
    "%%trace add(1, 2)\n[Predict(3, 7)]": (1, "no question"),
    "%%trace add(1, 2)\n[500]": (1, "there is none at step 500"),
    "%%asm add.go\nx": (1, "takes one file name that ends in .s"),
}


@pytest.mark.parametrize("cell", WRONG)
def test_wrong_input_is_told_with_cell_and_line(notebook: Notebook, cell: str) -> None:
    line, shown = WRONG[cell]
    said = notebook.fail(cell)
    assert re.match(rf"cell {notebook.shell.execution_count - 1}, line {line}: ", said), said
    assert shown in said
    assert notebook.run("print(prog.call('add', 23, 4))") == "27\n"


@pytest.mark.parametrize(
    "cell", ["%%run", "%%trace add(1, 2)", "%%bench add(1, 2)", "%%vet", "%%compare add"]
)
def test_without_a_program_each_says_how_to_make_one(notebook: Notebook, cell: str) -> None:
    names = notebook.shell.user_ns
    prog = names.pop("prog")
    try:
        assert "there is no program yet. Run a cell that starts with %%go or %%asm" in notebook.fail(cell)
        names["prog"] = 7
        assert "prog is int now" in notebook.fail(cell)
    finally:
        names["prog"] = prog


def test_a_program_that_python_built_is_the_magics_too(notebook: Notebook) -> None:
    names = notebook.shell.user_ns
    prog = names["prog"]
    try:
        notebook.run(
            "import underglass\nprog = underglass.build('package main\\nfunc main() { print(7) }\\n')"
        )
        notebook.run("%%run")
        assert names["prog"].on_output is None
    finally:
        names["prog"] = prog


def test_variants_are_filled_in_below(shell: InteractiveShell) -> None:
    assert shell.run_cell("%%variants\nfactor: [3, 5]\nname: [triple, times]").success
    body = (
        "TEXT ·«name»(SB), 4, $0-16\n\tMOVQ x+0(FP), AX\n\tIMULQ $«factor», AX\n\tMOVQ AX, ret+8(FP)\n\tRET\n"
    )
    assert shell.run_cell(f"%%asm\n// func «name»(x int64) int64\n{body}").success
    assert shell.run_cell('prog.call("triple", «factor + 1»)').result == 12
    failed = shell.run_cell('"«nothing»"')
    assert "«" in str(failed.error_before_exec or failed.error_in_exec)

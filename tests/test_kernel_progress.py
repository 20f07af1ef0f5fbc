"""Long work in a real kernel: a line that comes and goes, an interrupt that leaves all whole, typed input."""

from __future__ import annotations

import io
import re
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from kernels import ADD, RunningKernel, running_kernel
from underglass.kernel import progress

LOOPS = """\
%%go
import ("bufio"; "fmt"; "os")
func spin(n int) int { s := 0; for i := 0; i < n; i++ { s ^= i }; return s }
func endless() { for {} }
func main() {
	if len(os.Args) > 1 { endless() }
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() { fmt.Println("got", lines.Text()) }
	fmt.Println("end")
}
"""
needs_signals = pytest.mark.skipif(
    sys.platform == "win32", reason="interrupts are messages there, tested by ipykernel"
)
LIMITS = "from underglass import Limits\nlong = Limits(instructions=10**12, seconds=600)"


@pytest.fixture(scope="module")
def kernel() -> Iterator[RunningKernel]:
    with running_kernel() as started:
        for cell in (ADD, LOOPS, LIMITS):
            shown = started.run(cell)
            assert shown.status == "ok", shown
        yield started


def displays(kernel: RunningKernel, message_id: str, until: Callable[[], bool] | None = None) -> list[Any]:
    """The display messages of a cell, to its end; or until there are some that `until` is content with."""
    found: list[Any] = []
    while True:
        message = kernel.client.get_iopub_msg(timeout=60)
        if message["parent_header"].get("msg_id") != message_id:
            continue
        if message["msg_type"] in ("display_data", "update_display_data"):
            content = message["content"]
            found.append((message["msg_type"], content["transient"].get("display_id"), content["data"]))
            if until is not None and until():
                return found
        elif message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
            return found


def test_a_long_call_has_one_line_that_comes_and_goes(kernel: RunningKernel) -> None:
    shown = displays(kernel, kernel.start("prog.call('spin', 1_500_000_000, limits=long)"))
    assert shown, "a call of more than a second showed nothing"
    assert [kind for kind, _, _ in shown] == ["display_data", *["update_display_data"] * (len(shown) - 1)]
    assert len({name for _, name, _ in shown}) == 1
    assert shown[0][2] == shown[-1][2] == {}
    texts = [data["text/plain"] for _, _, data in shown[1:-1]]
    counts = [
        int(re.fullmatch(r"running: ([\d,]+) instructions, \d+ s", t)[1].replace(",", "")) for t in texts
    ]
    assert counts == sorted(counts)
    assert 0 < counts[0] <= counts[-1]


def test_a_short_call_has_none(kernel: RunningKernel) -> None:
    assert displays(kernel, kernel.start("prog.call('add', 23, 4)")) == []


def test_an_assembly_cell_has_a_listing_in_one_update(kernel: RunningKernel) -> None:
    shown = displays(kernel, kernel.start(ADD))
    assert [kind for kind, _, _ in shown][-2:] == ["display_data", "update_display_data"]
    (_, first, empty), (_, second, data) = shown[-2:]
    assert (first, empty) == (second, {})
    assert "MOVQ 0x8(SP), AX" in data["text/plain"]
    assert 'class="ug-listing"' in data["text/html"]
    assert "add(x, y int64) int64" in data["text/html"]


@needs_signals
@pytest.mark.parametrize(
    "cell",
    [
        "%%run forever",
        "%%trace endless()\nmost = 100_000_000",
        "%%bench endless()",
        "prog.call('endless', limits=long)",
    ],
)
def test_an_interrupt_ends_a_run_within_a_second(kernel: RunningKernel, cell: str) -> None:
    message_id = kernel.start(cell)
    time.sleep(0.5)
    begun = time.monotonic()
    kernel.manager.interrupt_kernel()
    shown = kernel.finish(message_id)
    assert time.monotonic() - begun < 1.5  # the messages' way is in it
    assert (shown.status, shown.error_name) == ("error", "KeyboardInterrupt")
    assert "prog can be called again" in shown.error
    assert "Traceback" not in shown.error
    assert kernel.run("prog.call('add', 23, 4)").text == "27"
    assert kernel.run("%%run\none").stdout == "got one\nend\n"


@needs_signals
def test_an_interrupted_first_build_is_told_and_the_cell_can_be_run_again(
    kernel: RunningKernel, tmp_path: Path
) -> None:
    usual = kernel.run("import os; os.environ.get('UNDERGLASS_CACHE')").text.strip("'")
    kernel.run(f"os.environ['UNDERGLASS_CACHE'] = {str(tmp_path)!r}")
    message_id = kernel.start(ADD.replace("ADDQ", "SUBQ"))
    lines = displays(kernel, message_id, until=lambda: True)
    lines += displays(kernel, message_id, until=lambda: True)
    assert re.fullmatch(r"first build: compiling the runtime, once, \d+ s", lines[1][2]["text/plain"])
    kernel.manager.interrupt_kernel()
    shown = kernel.finish(message_id)
    assert (shown.status, shown.error_name) == ("error", "KeyboardInterrupt")
    assert "The build was stopped. prog is what it was" in shown.error
    kernel.run(
        f"os.environ['UNDERGLASS_CACHE'] = {usual!r}" if usual else "del os.environ['UNDERGLASS_CACHE']"
    )
    assert kernel.run("prog.call('add', 23, 4)").text == "27"
    assert kernel.run(ADD.replace("ADDQ", "SUBQ")).status == "ok"
    assert kernel.run("prog.call('add', 23, 4)").text == "19"
    assert kernel.run(ADD).status == "ok"


@pytest.mark.parametrize("is_terminal", [True, False])
def test_outside_a_notebook_it_is_a_line_on_stderr(
    monkeypatch: pytest.MonkeyPatch, is_terminal: bool
) -> None:
    class Stderr(io.StringIO):
        def isatty(self) -> bool:
            return is_terminal

    monkeypatch.setattr(sys, "stderr", Stderr())
    monkeypatch.setattr(progress, "_AFTER", 0.05)
    monkeypatch.setattr(progress, "_EVERY", 0.05)
    line = progress.ProgressLine(object())
    with line.during(lambda: "outer"):
        with line.during(lambda: "inner"):
            time.sleep(0.3)
        time.sleep(0.3)
    text = sys.stderr.getvalue()  # type: ignore[attr-defined]
    if is_terminal:
        shown = [piece.strip() for piece in text.split("\r")]
        assert {"inner, 0 s", "outer, 0 s"} < set(shown)
        assert shown[-2:] == ["", ""]  # blanks over the last words, and back to the line's start
    else:
        assert text == "inner, 0 s\n"


def typed(kernel: RunningKernel, cell: str, lines: list[str]) -> str:
    """Run a cell and answer its questions; return what it wrote."""
    left, wrote = list(lines), []

    def on_input(message: Any) -> None:
        assert message["content"]["prompt"] == "stdin (^D ends it): "
        kernel.client.input(left.pop(0))

    def on_output(message: Any) -> None:
        if message["msg_type"] == "stream":
            wrote.append(message["content"]["text"])

    reply = kernel.client.execute_interactive(
        cell, allow_stdin=True, stdin_hook=on_input, output_hook=on_output, timeout=60
    )
    assert reply["content"]["status"] == "ok", reply
    assert not left
    return "".join(wrote)


@pytest.mark.parametrize("end", ["\x04", "^D"])  # what a console sends, and what anybody can type
def test_a_program_reads_what_is_typed(kernel: RunningKernel, end: str) -> None:
    assert typed(kernel, "%%run", ["one", "åß two", end]) == "got one\ngot åß two\nend\n"


def test_a_body_goes_before_typing(kernel: RunningKernel) -> None:
    assert typed(kernel, "%%run\nthree", []) == "got three\nend\n"


def test_without_stdin_the_input_is_empty(kernel: RunningKernel) -> None:
    assert kernel.run("%%run").stdout == "end\n"


def test_an_expected_error_is_no_error_message(kernel: RunningKernel) -> None:
    shown = kernel.run("%%expect_error no function\n%%trace nosuch()")
    assert (shown.status, shown.error, shown.stderr) == ("ok", "", "")
    assert re.match(r"expected: UnknownFunction: cell \d+, line 2: ", shown.stdout)
    assert kernel.run("%%expect_error\n1").status == "error"


def test_a_trace_is_the_stepper(kernel: RunningKernel) -> None:
    shown = kernel.run("%%trace add(23, 4)\n[3]")
    assert "application/vnd.jupyter.widget-view+json" in shown.data
    assert kernel.run("_.trace.results").text == "(27,)"

"""What is the kernel's own: its start, recordings, a guest's output, interrupts."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from kernels import ADD, running_kernel
from underglass.toolchain import find_go


def test_it_says_who_it_is() -> None:
    with running_kernel() as kernel:
        kernel.client.kernel_info()
        answer = kernel.client.get_shell_msg(timeout=30)["content"]
    assert answer["implementation"] == "underglass"
    assert answer["banner"].startswith("Go under glass")
    assert answer["language_info"]["name"] == "python"
    assert answer["language_info"]["pygments_lexer"] == "underglass"
    assert "debugger" in answer["supported_features"]


def test_python_names_widgets_and_the_debugger_are_ipykernels() -> None:
    with running_kernel() as kernel:
        assert "IntSlider" in kernel.run("import ipywidgets; ipywidgets.IntSlider()").text
        assert kernel.run("%who").stdout.strip() in ("", "ipywidgets")
        kernel.client.session.send(
            kernel.client.control_channel.socket,
            "debug_request",
            {"type": "request", "seq": 1, "command": "debugInfo", "arguments": {}},
        )
        answer = kernel.client.get_control_msg(timeout=30)
    assert answer["content"]["success"] is True


def test_starting_loads_neither_emulator_nor_widgets() -> None:
    with running_kernel() as kernel:
        loaded = kernel.run(
            "import sys; sorted({'unicorn', 'numpy', 'anywidget', 'capstone'} & set(sys.modules))"
        )
    assert loaded.text == "[]"


def test_importing_the_package_is_quick() -> None:
    code = "import time; t = time.perf_counter(); import underglass; print(time.perf_counter() - t)"
    times = [float(subprocess.check_output([sys.executable, "-c", code])) for _ in range(3)]
    assert min(times) < 0.1


def test_a_recording_shows_itself_in_three_forms() -> None:
    with running_kernel() as kernel:
        assert kernel.run(ADD).stdout == "prog: add(x, y int64) int64\n"
        shown = kernel.run("prog.record('add', 23, 4)").data
    assert "application/vnd.jupyter.widget-view+json" in shown
    assert "<script" in shown["text/html"]
    assert shown["text/plain"].startswith("add(23, 4): ")


def test_what_the_program_writes_appears_below_the_cell() -> None:
    go = """\
%%go
import ("fmt"; "os")
func shout() { println("from a call") }
func main() { fmt.Println("å", os.Args[1:]); fmt.Fprintln(os.Stderr, "aside") }
"""
    with running_kernel() as kernel:
        assert kernel.run(go).stdout == "prog: shout(), main()\n"
        run = kernel.run("prog.run('-v').exit_code")
        assert (run.stdout, run.stderr, run.text) == ("å [-v]\n", "aside\n", "0")
        assert kernel.run("prog.call('shout')").stderr == "from a call\n"


def test_a_message_has_the_number_that_stands_beside_the_cell() -> None:
    with running_kernel() as kernel:
        cell = kernel.start(ADD.replace("ADDQ", "ADDX"))
        counts = []
        while not counts:
            message = kernel.client.get_iopub_msg(timeout=60)
            if message["msg_type"] == "execute_input" and message["parent_header"]["msg_id"] == cell:
                counts.append(message["content"]["execution_count"])
        assert f"BuildError: cell {counts[0]}, line 7: " in kernel.finish(cell).error


def test_two_kernels_at_once_have_two_programs() -> None:
    with running_kernel() as one, running_kernel() as two:
        cells = [one.start(ADD), two.start(ADD.replace("ADDQ", "SUBQ"))]
        assert [k.finish(c).status for k, c in zip((one, two), cells, strict=True)] == ["ok", "ok"]
        calls = [one.start("prog.call('add', 23, 4)"), two.start("prog.call('add', 23, 4)")]
        assert [k.finish(c).text for k, c in zip((one, two), calls, strict=True)] == ["27", "19"]


LOOP = """\
%%asm
// func loop()
TEXT ·loop(SB), 4, $0-0
again:
	JMP again
"""


@pytest.mark.skipif(sys.platform == "win32", reason="interrupts are messages there, tested by ipykernel")
def test_interrupt_ends_an_endless_call_within_a_second() -> None:
    with running_kernel() as kernel:
        kernel.run(ADD)
        kernel.run(LOOP)
        cell = kernel.start("import time\ntry:\n    prog.call('loop')\nfinally:\n    print(time.monotonic())")
        time.sleep(1.0)
        begun = time.monotonic()
        kernel.manager.interrupt_kernel()
        shown = kernel.finish(cell)
        assert (shown.status, shown.error_name) == ("error", "KeyboardInterrupt")
        assert float(shown.stdout) - begun < 1.0
        assert kernel.run("prog.call('add', 23, 4)").text == "27"


@pytest.mark.skipif(sys.platform == "win32", reason="interrupts are messages there, tested by ipykernel")
def test_interrupt_ends_a_build_and_its_compilers(tmp_path: Path) -> None:
    switch = "import os; os.environ['UNDERGLASS_CACHE'] = {!r}"
    with running_kernel() as kernel:
        process = psutil.Process(int(kernel.run("import os; os.getpid()").text))
        kernel.run(ADD)
        usual = str(find_go().cache)
        # With an empty cache a build compiles Go's runtime, which takes many seconds.
        kernel.run(switch.format(str(tmp_path)))
        cell = kernel.start(ADD.replace("ADDQ", "SUBQ"))
        deadline = time.monotonic() + 60
        while not (seen := _compilers(process)) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert seen  # those may have ended by now, and others run
        begun = time.monotonic()
        kernel.manager.interrupt_kernel()
        shown = kernel.finish(cell)
        assert time.monotonic() - begun < 2.0
        assert (shown.status, shown.error_name) == ("error", "KeyboardInterrupt")
        assert not process.children(recursive=True)
        kernel.run(switch.format(usual))
        assert kernel.run("prog.call('add', 23, 4)").text == "27"
        assert kernel.run(ADD.replace("ADDQ", "SUBQ")).status == "ok"
        assert kernel.run("prog.call('add', 23, 4)").text == "19"


def _compilers(process: psutil.Process) -> list[psutil.Process]:
    """The compilers below the kernel's process; one may end while we look."""
    found = []
    for child in process.children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            found += [child] if child.name().startswith("compile") else []
    return found

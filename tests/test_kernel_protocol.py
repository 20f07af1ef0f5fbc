"""The kernel as any Jupyter front end sees it: jupyter_kernel_test, and what that leaves out."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from typing import Any

import jupyter_kernel_test
import pytest

from kernels import ADD, RunningKernel, running_kernel

LOOP = "%%asm\n// func loop()\nTEXT ·loop(SB), 4, $0-0\nagain:\tJMP again\n"


class TestProtocol(jupyter_kernel_test.KernelTests):
    """All of its tests; Python cells are Python's, so most samples are those of ipykernel."""

    # ruff: noqa: RUF012 -- the lists are the way jupyter_kernel_test is told what to try
    kernel_name = "underglass"
    language_name = "python"
    file_extension = ".py"
    code_hello_world = "print('hello, world')"
    code_stderr = "import sys; print('test', file=sys.stderr)"
    completion_samples = [{"text": "zi", "matches": {"zip"}}]
    complete_code_samples = [
        "1",
        "print('hello, world')",
        "def f(x):\n  return x*2\n\n\n",
        f"{ADD}\n",
        f"\n{ADD}\n".replace("\n", "\r\n"),
        '%%go\nvar r, s = \'"\', "\\""\n\n',
        "%%asm\n// it's /* fine\n\n",
    ]
    incomplete_code_samples = [
        "print('''hello",
        "def f(x):\n  x*2",
        ADD.rstrip(),
        "%%asm\n#define TWICE(r) \\\n",
        "%%asm\n#define TWICE(r) \\",
        "%%asm\n/* to be\n\n",
        "%%expect_error\n%%asm\n/* to be\n\n",
        "%%asm\n#ifdef GOAMD64_v3\n\tRET\n\n",
        "%%go\nfunc f() {",
        "%%go\nfunc f() {\n\n",
        "%%go\n/* to be\n\n",
        "%%go\nvar s = `to be\n\n",
    ]
    invalid_code_samples = [
        "import = 7q",
        '%%go\nvar s = "to be\n\n',
        "%%go\nfunc f() }\n\n",
        '%%asm\nDATA s<>+0(SB)/1, $"\n\n',
        "%%asm\n#endif\n\n",
    ]
    code_page_something = "zip?"
    code_generate_error = "raise"
    code_execute_result = [
        {"code": "1+2+3", "result": "6"},
        {"code": "[n*n for n in range(1, 4)]", "result": "[1, 4, 9]"},
    ]
    code_display_data = [
        {
            "code": "from IPython.display import HTML, display; display(HTML('<b>test</b>'))",
            "mime": "text/html",
        }
    ]
    code_history_pattern = "1?2*"
    supported_history_operations = ("tail", "range", "search")
    code_inspect_sample = "zip"
    code_clear_output = "from IPython.display import clear_output; clear_output()"


@pytest.fixture(scope="module")
def kernel() -> Iterator[RunningKernel]:
    with running_kernel() as started:
        assert started.run(ADD).status == "ok"
        yield started


def messages(kernel: RunningKernel, **request: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Execute and return the reply's content, and the messages of the I/O channel until idle."""
    message_id = kernel.client.execute(**request)
    seen = []
    while True:
        message = kernel.client.get_iopub_msg(timeout=60)
        if message["parent_header"].get("msg_id") == message_id:
            seen.append(message)
            if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
                break
    while (reply := kernel.client.get_shell_msg(timeout=60))["parent_header"].get("msg_id") != message_id:
        pass
    return reply["content"], seen


def kinds(seen: list[dict[str, Any]]) -> list[str]:
    return [m["msg_type"] for m in seen if m["msg_type"] != "status"]


def test_silent_cells_say_and_count_nothing(kernel: RunningKernel) -> None:
    before = kernel.client.kernel_info(reply=True, timeout=30) and messages(kernel, code="1")[0]
    reply, seen = messages(kernel, code="quiet = 41; quiet", silent=True)
    assert (reply["status"], kinds(seen)) == ("ok", [])
    reply, seen = messages(kernel, code=ADD, silent=True)
    assert reply["status"] == "ok"
    assert "execute_input" not in kinds(seen)
    after, seen = messages(kernel, code="quiet + 1")
    assert seen[2]["content"]["data"]["text/plain"] == "42"
    assert after["execution_count"] == before["execution_count"] + 1


def test_history_has_what_was_to_be_stored(kernel: RunningKernel) -> None:
    first, _ = messages(kernel, code="'kept'")
    second, _ = messages(kernel, code="'not kept'", store_history=False)
    assert second["execution_count"] == first["execution_count"]
    third, _ = messages(kernel, code="'kept, too'")
    assert third["execution_count"] == first["execution_count"] + 1
    stored = kernel.client.history(
        raw=True, output=False, hist_access_type="tail", n=2, reply=True, timeout=30
    )
    assert [text for _, _, text in stored["content"]["history"]] == ["'kept'", "'kept, too'"]


@pytest.mark.parametrize(
    ("code", "name", "start"),
    [
        (ADD.replace("ADDQ", "ADDX"), "BuildError", 'cell {}, line 7: unrecognized instruction "ADDX"'),
        ("%%go\nfunc f() int { return 's' + }\n", "BuildError", "cell {}, line 2: "),
        ("prog.call('add', 1)", "CallError", "add takes 2 arguments"),
        ("%%asmm\nRET\n", "UsageError", "Cell magic `%%asmm` not found"),
        ("%nosuch", "UsageError", "Line magic function `%nosuch` not found"),
        ("1/0", "ZeroDivisionError", "division by zero"),
    ],
)
def test_an_error_is_an_error_message(kernel: RunningKernel, code: str, name: str, start: str) -> None:
    reply, seen = messages(kernel, code=code)
    error = next(m["content"] for m in seen if m["msg_type"] == "error")
    assert reply["status"] == "error"
    assert kinds(seen)[-1] == "error"
    for said in (reply, error):
        assert said["ename"] == name
        assert said["evalue"].startswith(start.format(reply["execution_count"]))
        assert said["traceback"]
        assert "\x1b" not in said["evalue"]
    if name != "ZeroDivisionError":  # a paragraph of ours: IPython's colours are for frames of Python
        assert "\x1b" not in "".join(error["traceback"])
    assert kernel.run("1+1").text == "2"


def test_a_guests_stderr_is_a_stream_and_no_error(kernel: RunningKernel) -> None:
    assert kernel.run('%%go\nfunc warn() { println("mind the gap") }\n').status == "ok"
    reply, seen = messages(kernel, code="prog.call('warn')")
    assert (reply["status"], kinds(seen)) == ("ok", ["execute_input", "stream"])
    assert seen[2]["content"] == {"name": "stderr", "text": "mind the gap\n"}


def test_python_and_the_guest_ask_for_input(kernel: RunningKernel) -> None:
    go = """\
%%go
import ("bufio"; "fmt"; "os")
func main() { for s := bufio.NewScanner(os.Stdin); s.Scan(); { fmt.Printf("<%s>\\n", s.Text()) } }
"""
    assert kernel.run(go).status == "ok"
    assert typed(kernel, "input('name? ')", ["Gö"]) == (["name? "], "'Gö'")
    assert typed(kernel, "prog.run().stdout", ["äb", "", "c" * 5000, "\x04"]) == (
        ["stdin (^D ends it): "] * 4,
        repr(f"<äb>\n<>\n<{'c' * 5000}>\n"),
    )
    # What one run has left unread is not the next one's, and ^D may be typed in two characters.
    assert typed(kernel, "prog.run().stdout", ["^D"]) == (["stdin (^D ends it): "], "''")
    # Nobody to ask: there is no input, and no error either.
    assert kernel.run("prog.run().stdout").text == "''"
    assert kernel.run("prog.run(stdin=b'given').stdout").text == "'<given>\\n'"
    assert kernel.run("prog.call('add', 23, 4)").text == "27"


def typed(kernel: RunningKernel, code: str, lines: list[str]) -> tuple[list[str], str]:
    """Execute with someone at the keyboard, and return the prompts and the result."""
    message_id = kernel.client.execute(code, allow_stdin=True)
    prompts = []
    for line in lines:
        asked = kernel.client.get_stdin_msg(timeout=60)
        assert asked["msg_type"] == "input_request"
        prompts.append(asked["content"]["prompt"])
        kernel.client.input(line)
    return prompts, kernel.finish(message_id).text


def test_input_that_nobody_gives_can_be_interrupted(kernel: RunningKernel) -> None:
    go = '%%go\nimport "os"\nfunc main() { os.Stdin.Read(make([]byte, 1)) }\n'
    assert kernel.run(go).status == "ok"
    message_id = kernel.client.execute("prog.run()", allow_stdin=True)
    kernel.client.get_stdin_msg(timeout=60)
    interrupt_by_message(kernel)
    assert kernel.finish(message_id).error_name == "KeyboardInterrupt"


def interrupt_by_message(kernel: RunningKernel) -> None:
    """What a front end does for `interrupt_mode: message`; Windows has no other way."""
    client = kernel.client
    message = client.session.msg("interrupt_request", {})
    client.control_channel.send(message)
    reply = client.get_control_msg(timeout=30)
    assert (reply["msg_type"], reply["content"]["status"]) == ("interrupt_reply", "ok")


def test_an_interrupt_message_ends_a_guest_within_a_second(kernel: RunningKernel) -> None:
    assert kernel.run(LOOP).status == "ok"
    cell = kernel.start("import time\ntry:\n    prog.call('loop')\nfinally:\n    print(time.monotonic())")
    time.sleep(0.7)
    begun = time.monotonic()
    interrupt_by_message(kernel)
    shown = kernel.finish(cell)
    assert (shown.status, shown.error_name) == ("error", "KeyboardInterrupt")
    if sys.platform == "linux":  # one monotonic clock for all processes
        assert float(shown.stdout) - begun < 1.0
    assert kernel.run("prog.call('add', 23, 4)").text == "27"


def test_a_widget_talks_over_a_comm(kernel: RunningKernel) -> None:
    reply, seen = messages(
        kernel,
        code="from ipywidgets import IntSlider\nw = IntSlider(3)\n"
        "w.observe(lambda c: print('now', prog.call('add', c.new, 1)), 'value')\nw",
    )
    assert reply["status"] == "ok"
    opened = [m["content"] for m in seen if m["msg_type"] == "comm_open"]
    slider = next(c for c in opened if c["data"]["state"].get("_model_name") == "IntSliderModel")
    shown = next(m["content"]["data"] for m in seen if m["msg_type"] == "execute_result")
    assert shown["application/vnd.jupyter.widget-view+json"]["model_id"] == slider["comm_id"]
    client = kernel.client
    update = {"comm_id": slider["comm_id"], "data": {"method": "update", "state": {"value": 7}}}
    message = client.session.msg("comm_msg", update)
    client.shell_channel.send(message)
    texts = []
    while True:
        said = client.get_iopub_msg(timeout=60)
        if said["parent_header"].get("msg_id") != message["header"]["msg_id"]:
            continue
        if said["msg_type"] == "stream":
            texts.append(said["content"]["text"])
        if said["msg_type"] == "status" and said["content"]["execution_state"] == "idle":
            break
    assert "".join(texts) == "now 8\n"
    assert kernel.run("w.value").text == "7"
    info = client.comm_info(reply=True, timeout=30)["content"]["comms"]
    assert slider["comm_id"] in info


def test_a_megabyte_arrives_whole_and_in_order(kernel: RunningKernel) -> None:
    go = """\
%%go
import ("bufio"; "fmt"; "os")
func main() {
	w := bufio.NewWriter(os.Stdout)
	defer w.Flush()
	for i := range 1 << 17 { fmt.Fprintf(w, "%07d\\n", i) }
}
"""
    assert kernel.run(go).status == "ok"
    shown = kernel.run("_ = prog.run()")
    assert (shown.status, len(shown.stdout)) == ("ok", 1 << 20)
    assert shown.stdout.split() == [f"{i:07d}" for i in range(1 << 17)]
    shown = kernel.run("print('µ' * (1 << 20))")
    assert shown.stdout == "µ" * (1 << 20) + "\n"


def test_names_outside_ascii(kernel: RunningKernel) -> None:
    cell = ADD.replace("add", "größe").replace("x, y", "längs, y").replace("x+0", "längs+0")
    assert kernel.run(cell).stdout.startswith("prog: größe(längs, y int64) int64")
    assert kernel.run("π = prog.call('größe', 2, 3); π").text == "5"
    assert kernel.run('%%go\nfunc 世界() string { return "é\\u0301 😀" }\n').status == "ok"
    assert json.loads(kernel.run("prog.call('世界')").text.replace("'", '"')) == "é\u0301 😀"


@pytest.mark.parametrize("end", ["\r\n", "\r\n\r\n"])
def test_cells_with_windows_line_ends(kernel: RunningKernel, end: str) -> None:
    reply, _ = messages(kernel, code=ADD.replace("\n", "\r\n").rstrip() + end)
    assert reply["status"] == "ok"
    assert kernel.run("prog.call('add', 23, 4)").text == "27"
    broken = kernel.run(ADD.replace("ADDQ", "ADDX").replace("\n", "\r\n"))
    assert 'line 7: unrecognized instruction "ADDX"' in broken.error
    assert kernel.run("%%go\r\nfunc crlf() string {\r\n\treturn `a\r\nb`\r\n}\r\n").status == "ok"
    assert kernel.run("prog.call('crlf')").text == r"'a\nb'"


def test_output_is_cleared_between_a_guests_lines(kernel: RunningKernel) -> None:
    assert kernel.run('%%go\nfunc tick() { println("tick") }\n').status == "ok"
    _, seen = messages(
        kernel,
        code="from IPython.display import clear_output\n"
        "prog.call('tick'); clear_output(wait=True); prog.call('tick')",
    )
    assert kinds(seen) == ["execute_input", "stream", "clear_output", "stream"]
    assert next(m["content"] for m in seen if m["msg_type"] == "clear_output") == {"wait": True}


def test_user_expressions_see_the_program(kernel: RunningKernel) -> None:
    reply, _ = messages(kernel, code="", user_expressions={"sum": "prog.call('add', 2, 3)", "bad": "prog.no"})
    assert reply["user_expressions"]["sum"]["data"]["text/plain"] == "5"
    assert reply["user_expressions"]["bad"]["status"] == "error"


def test_cells_behind_an_error_are_not_run(kernel: RunningKernel) -> None:
    cells = [kernel.start(code) for code in (ADD.replace("ADDQ", "ADDX"), "later = 1", "later")]
    assert [kernel.finish(cell).status for cell in cells] == ["error", "aborted", "aborted"]
    assert kernel.run("1+1").text == "2"


def test_a_restart_forgets_the_program() -> None:
    with running_kernel() as kernel:
        assert kernel.run(ADD).status == "ok"
        kernel.manager.restart_kernel(now=False)
        kernel.client.wait_for_ready(timeout=60)
        assert kernel.run("prog").error_name == "NameError"
        assert kernel.run(ADD).stdout == "prog: add(x, y int64) int64\n"
        assert kernel.run("prog.call('add', 23, 4)").text == "27"

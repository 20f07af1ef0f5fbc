"""The static stepper in Chromium: what it shows at each step, its keys and buttons, how it looks."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

import underglass
from underglass.course import case_study, find_step
from underglass.views.html import stepper_html
from underglass.views.predict import Predict
from views_traces import growing_trace, output_trace, program, step_at, trace_of

LOOKS = [("light", 1600), ("dark", 1280), ("light", 800), ("dark", 400), ("light", 400)]


@pytest.fixture
def open_stepper(new_page: Callable[..., Page], tmp_path: Path) -> Callable[..., Page]:
    """Open a recording's page from the disk, as a reader does who was sent the file."""

    def open_page(trace: Any = None, given: Any = MappingProxyType({}), **look: Any) -> Page:
        path = tmp_path / "stepper.html"
        path.write_text(stepper_html(output_trace() if trace is None else trace, **given), encoding="utf-8")
        page = new_page(**look)
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(path.as_uri())
        expect(page.locator(".ug-stepper")).to_be_visible()
        assert asked == [path.as_uri()]
        return page

    return open_page


def step_of(page: Page) -> int:
    return int(page.locator(".ug-counter b").inner_text())


def press(page: Page, key: str, times: int = 1) -> int:
    page.locator(".ug-stepper").focus()
    for _ in range(times):
        page.keyboard.press(key)
    return step_of(page)


def button(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click(
        force=True
    )  # at an end it is aria-disabled, and still takes the focus


LANES_S = """\
// func lanes(b []byte)
TEXT ·lanes(SB), 4, $0-24
	MOVQ b_base+0(FP), SI
	MOVOU (SI), X0
	PADDB X0, X0
	RET
"""

WALK = """() => {
  const root = document.querySelector('.ug-stepper'), seen = [];
  const last = Number(root.querySelector('.ug-slider').max);
  const text = (row, part) => row.querySelector(part).textContent;
  const all = (what, read) => [...root.querySelectorAll(what)].map(read);
  root.focus();
  for (let step = 0; step <= last; step++) {
    seen.push({
      step: Number(text(root, '.ug-counter b')),
      height: root.offsetHeight,
      registers: all('.ug-list:not(.ug-vectors) li', (row) => [
        text(row, '.ug-name'), text(row, '.ug-value')]),
      words: all('.ug-current tr:not(.ug-owner)', (row) => [
        text(row, 'th'), text(row, '.ug-value'), text(row, '.ug-marks').split(' ').filter(Boolean)]),
    });
    root.dispatchEvent(new KeyboardEvent('keydown', {key: 'ArrowRight', bubbles: true}));
  }
  return seen;
}"""


def test_every_step_shows_the_recording_and_nothing_jumps(open_stepper):
    """Registers, the words of the innermost frame, and the pointers into it."""
    trace = output_trace()
    page = open_stepper()
    button(page, "Hex")
    seen = page.evaluate(WALK)
    assert [one["step"] for one in seen] == list(range(len(trace) + 1))
    assert len({one["height"] for one in seen}) == 1
    for step, one in enumerate(seen):
        assert {name: int(value, 16) for name, value in one["registers"]} == {
            name: trace.register(step, name) for name, _ in one["registers"]
        }, step
    for step, one in enumerate(seen[:-1]):
        frame = trace.frames(step)[0]
        assert [(name, int(value, 16)) for name, value, _ in one["words"]] == [
            (slot.expression or slot.kind, trace.word(step, slot.address)) for slot in frame.slots
        ], step
        marked = {
            mark: frame.slots[i].address for i, (_, _, marks) in enumerate(one["words"]) for mark in marks
        }
        assert marked["SP"] == trace.register(step, "SP")
        assert marked.get("FP", frame.fp) == frame.fp
        assert marked.get("pseudo-SP", frame.pseudo_sp) == frame.pseudo_sp


@pytest.mark.parametrize("width", [1600, 1280, 800])
def test_a_stack_that_has_room_is_not_scrolled(open_stepper, width):
    page = open_stepper(width=width)
    for _ in range(3):
        press(page, "ArrowRight")
        body = page.locator(".ug-frame .ug-body")
        assert body.evaluate("e => [e.scrollTop, e.scrollHeight - e.clientHeight]") == [0, 0]


def test_code_and_source_follow(open_stepper):
    trace = output_trace()
    page = open_stepper()
    step = step_at(trace, "main.output.abi0", "CALL")
    assert press(page, "ArrowRight", step) == step
    current = page.locator(".ug-code [aria-current=step]")
    expect(current).to_contain_text("main.add.abi0(SB)")
    expect(current).to_be_in_viewport()
    expect(page.locator(".ug-source [aria-current=step]")).to_contain_text("CALL ·add(SB)")
    expect(page.get_by_label("Source file")).to_have_value("1")
    expect(page.get_by_label("Source file").locator("option:checked")).to_have_text("cell 7")
    button(page, "Intel")
    expect(current).to_contain_text("call")
    button(page, "Bytes")
    expect(current).to_contain_text(re.compile(r"e8( [0-9a-f]{2}){4}"))
    press(page, "ArrowRight")
    expect(page.locator(".ug-source")).to_contain_text("No one wrote add ABI0")


def test_keys_and_buttons_move_alike(open_stepper):
    trace = output_trace()
    call, end = step_at(trace, "main.output.abi0", "CALL"), len(trace)
    after = step_at(trace, "main.output.abi0", "MOVQ 0x10(SP), AX")
    page = open_stepper()
    moves = [
        ("ArrowRight", "Forward", call, call + 1),
        ("ArrowLeft", "Back", call, call - 1),
        ("o", "Over the call", call, after),
        ("u", "Out of the function", call + 1, after),
        ("Home", "To the start", call, 0),
        ("End", "To the end", call, end),
        ("ArrowLeft", "Back", 0, 0),
        ("ArrowRight", "Forward", end, end),
    ]
    for key, name, start, goal in moves:
        for move in (lambda key=key: press(page, key), lambda name=name: button(page, name)):
            page.get_by_role("slider").fill(str(start))
            assert step_of(page) == start
            move()
            assert step_of(page) == goal, (key, name)


def test_the_end_says_what_came_of_it(open_stepper):
    page = open_stepper()
    press(page, "End")
    expect(page.locator(".ug-next")).to_contain_text("output(23, 4) returned 27.")
    expect(page.get_by_role("status")).to_contain_text("returned 27")
    assert page.get_by_role("button", name="Forward").get_attribute("aria-disabled") == "true"


def test_a_fault_is_said_at_the_end(open_stepper):
    trace = trace_of("crash")
    page = open_stepper(trace)
    press(page, "End")
    expect(page.locator(".ug-next")).to_contain_text(trace.fault)


def test_the_output_grows_with_the_steps(open_stepper):
    page = open_stepper(trace_of("greet", "Go"))
    expect(page.locator(".ug-output pre")).to_be_empty()
    press(page, "End")
    expect(page.locator(".ug-output pre")).to_have_text("</script><b> Go\n")


def test_the_live_region_says_the_step_in_words(open_stepper):
    trace = output_trace()
    page = open_stepper()
    press(page, "ArrowRight", step_at(trace, "main.add", "RET"))
    status = page.get_by_role("status")
    expect(status).to_contain_text("Next: RET, in add ABIInternal, main.go line 5.")
    expect(status).to_contain_text("Last: AX = 27")


def test_focus_stays_where_it_was(open_stepper):
    page = open_stepper()
    forward = page.get_by_role("button", name="Forward")
    forward.focus()
    for _ in range(3):
        page.keyboard.press("Enter")
    assert step_of(page) == 3
    press(page, "End")
    forward.focus()
    page.keyboard.press("Enter")
    expect(forward).to_be_focused()


def test_a_caller_unfolds_and_stays_open(open_stepper):
    trace = output_trace()
    page = open_stepper()
    press(page, "ArrowRight", step_at(trace, "main.add.abi0", "MOVQ"))
    caller = page.get_by_role("button", name=re.compile("^output ABI0"))
    rows = page.locator(".ug-caller tr:not(.ug-owner)")
    expect(rows).to_have_count(0)
    caller.focus()
    page.keyboard.press("Enter")
    expect(caller).to_have_attribute("aria-expanded", "true")
    expect(caller).to_be_focused()
    assert rows.count() > 3
    page.keyboard.press("ArrowRight")
    assert rows.count() > 3


def test_keys_of_the_host_are_left_alone(open_stepper):
    page = open_stepper()
    page.evaluate("window.seen = []; document.addEventListener('keydown', e => seen.push(e.key), true)")
    page.locator(".ug-stepper").focus()
    for key in ("Control+ArrowRight", "Alt+ArrowLeft", "Meta+o", "j", "Escape", "Shift+Enter"):
        page.keyboard.press(key)
    assert step_of(page) == 0
    assert {"ArrowRight", "ArrowLeft", "o", "j", "Escape", "Enter"} <= set(page.evaluate("seen"))
    page.evaluate("seen.length = 0; document.activeElement.blur()")
    page.keyboard.press("ArrowRight")
    assert step_of(page) == 0
    assert page.evaluate("seen") == ["ArrowRight"]
    page.evaluate("seen.length = 0")
    press(page, "ArrowRight")
    assert page.evaluate("seen") == []  # an own key does not reach the host


def test_help_opens_and_closes(open_stepper):
    page = open_stepper()
    press(page, "?")
    expect(page.locator(".ug-help")).to_be_visible()
    press(page, "?")
    expect(page.locator(".ug-help")).to_be_hidden()


def test_further_ways_to_go(open_stepper):
    trace = output_trace()
    calls = [s for s in range(len(trace)) if trace.instruction(s).go.startswith("CALL")]
    page = open_stepper()
    assert press(page, "c") == calls[0]
    button(page, "To the next call")
    assert step_of(page) == calls[1]
    assert press(page, "Shift+C") == calls[0]
    # the word that `MOVQ AX, ret+16(FP)` writes, picked in the stack of output ABI0
    press(page, "ArrowRight", 6)
    page.locator(".ug-current tr", has=page.get_by_role("rowheader", name="ret+16(FP)")).click()
    write = step_at(trace, "main.output.abi0", "MOVQ AX, 0x40(SP)")
    assert press(page, "w") == write + 1
    expect(page.locator(".ug-picked.ug-changed").first).to_be_visible()
    press(page, "w")
    expect(page.get_by_role("status").first).to_contain_text("Nothing writes ret+16(FP) after this step.")
    press(page, "Shift+W")
    expect(page.get_by_role("status").first).to_contain_text("Nothing writes ret+16(FP) before this step.")
    # the line that stores x, picked in the source
    press(page, "Home")
    press(page, "c", 2)
    page.locator(".ug-source li", has_text="MOVQ AX, ret+16(FP)").click()
    linked = page.locator(".ug-code .ug-linked")
    expect(linked).to_have_count(1)
    expect(linked).to_contain_text("AX, 0x40(SP)")
    button(page, "To this line")
    assert step_of(page) == write
    expect(page.locator(".ug-source [aria-current]")).to_contain_text("ret+16(FP)")
    page.locator(
        ".ug-code li", has_text="main.add.abi0"
    ).click()  # and back: the line that an instruction is from
    expect(page.locator(".ug-source .ug-linked")).to_contain_text("CALL ·add(SB)")
    assert press(page, "Shift+L") == calls[1]


def test_the_keyboard_alone_reaches_everything(open_stepper):
    trace = output_trace()
    page = open_stepper()
    press(page, "c")
    press(page, "ArrowRight", 6)
    code = page.get_by_role("listbox", name="Machine code of main.output")
    code.focus()
    here = page.locator(".ug-code [aria-current]").inner_text()
    page.keyboard.press("ArrowDown")
    picked = page.locator(".ug-code [aria-selected=true]")
    assert picked.inner_text() == here
    expect(page.get_by_role("tooltip")).to_contain_text("Subtracts the source from the destination")
    page.keyboard.press("Escape")
    expect(page.get_by_role("tooltip")).to_be_hidden()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    goal = int(picked.locator(".ug-address").inner_text(), 16)
    page.keyboard.press("Enter")
    assert trace.pc(step_of(page)) == goal
    page.get_by_role("listbox", name="Registers", exact=True).focus()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("tooltip")).to_contain_text("The first integer argument and result")
    for _ in range(7):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")  # SP: look there in memory
    expect(page.locator(".ug-memory .ug-field")).to_have_value("SP")
    page.locator(".ug-frame .ug-body").focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator(".ug-frame .ug-picked")).to_have_count(1)
    page.keyboard.press("m")
    name = page.locator(".ug-frame .ug-picked th").inner_text()
    expect(page.locator(".ug-memory .ug-field")).to_have_value(name)
    for form in ("Hex", "Dec", "Float", "Text", "Auto"):
        page.keyboard.press("x")
        expect(page.get_by_role("button", name=form, exact=True)).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("i")
    expect(page.locator(".ug-code [aria-current]")).to_contain_text("rsp")
    page.get_by_role("button", name="Vector registers").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("option", name=re.compile("^X15 "))).to_be_visible()


def test_memory_shows_any_recorded_address(open_stepper):
    trace = output_trace()
    page = open_stepper()
    step = press(page, "ArrowRight", step_at(trace, "main.output.abi0", "CALL"))
    field, rows = page.locator(".ug-memory .ug-field"), page.locator(".ug-memory tbody tr")
    button(page, "Hex")
    sp = trace.register(step, "SP")
    for typed, address in (
        ("SP", sp),
        ("8(SP)", sp + 8),
        ("SP+16", sp + 16),
        (hex(sp + 24), sp + 24),
        ("BP", trace.register(step, "BP")),
        ("x+0(FP)", trace.frames(step)[0].fp),
    ):
        field.fill(typed)
        for i, row in enumerate(rows.all()[:3]):
            assert int(row.locator(".ug-value").inner_text(), 16) == trace.word(step, address + 8 * i), typed
    button(page, "By byte")
    field.fill("SP")
    assert bytes.fromhex(rows.first.locator(".ug-value").inner_text()) == trace.memory(step, sp, 8)
    field.fill("nonsense(")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(page.locator(".ug-memory .ug-empty")).to_contain_text("An address is")
    field.fill("0x10")
    expect(rows.first).to_contain_text("not recorded")
    field.press("o")  # a letter typed here is no command
    assert step_of(page) == step


def test_values_in_every_form(open_stepper):
    trace = trace_of("half", 3.0)
    page = open_stepper(trace)
    press(page, "End")
    x0 = page.locator(".ug-vectors li", has_text="X0").first.locator(".ug-value")
    expect(x0).to_have_text("1.5")
    button(page, "Hex")
    expect(x0).to_have_text("0x3ff8000000000000")
    button(page, "Dec")
    expect(x0).to_have_text(str(0x3FF8000000000000))
    button(page, "Float")
    expect(x0).to_have_text("1.5")
    button(page, "Text")
    expect(x0).to_have_text("·······?")


def test_vectors_are_drawn_in_the_lanes_that_the_code_uses(open_stepper):
    """The lowest lane comes first, as the bytes lie in memory; the buttons divide the register otherwise."""
    go = "package main\n\nfunc main() {}\n"
    program = underglass.build(go, LANES_S)
    trace = program.record("lanes", list(range(16)))
    page = open_stepper(trace)
    press(page, "ArrowRight", step_at(trace, "main.lanes.abi0", "PADDB") + 1)
    x0 = page.locator(".ug-vectors li", has_text="X0").first
    cells = x0.locator(".ug-lanes > span")
    assert cells.all_inner_texts() == [f"{2 * i:02x}" for i in range(16)]
    assert x0.locator(".ug-moved").count() == 15  # twice 0 is 0
    button(page, "4 × 4")
    assert cells.all_inner_texts() == [
        f"{2 * i + 6:02x}{2 * i + 4:02x}{2 * i + 2:02x}{2 * i:02x}" for i in (0, 4, 8, 12)
    ]
    button(page, "Whole")
    expect(cells).to_have_count(0)
    button(page, "16 × 1")
    button(page, "Dec")
    assert cells.all_inner_texts() == [str(2 * i) for i in range(16)]


def test_a_question_waits_for_an_answer_and_remembers_it(open_stepper, screenshot, assert_accessible):
    trace = output_trace()
    call, add = step_at(trace, "main.output.abi0", "CALL"), step_at(trace, "main.add", "ADDQ")
    questions = [
        call,
        Predict(add, "AX", wrong={19: "That is what `SUBQ` would give."}),
        Predict(add + 1, "SP", says="`RET` pops."),
    ]
    page = open_stepper(given={"predict": questions})
    assert press(page, "End") == call  # it goes no further
    page.get_by_role("slider").fill(str(len(trace)))
    assert step_of(page) == call
    asks = page.get_by_role("region", name="Predict")
    expect(asks).to_contain_text("What does 0(SP) hold after CALL main.add.abi0(SB)?")
    page.get_by_role("button", name="Check").click()
    expect(asks.get_by_role("alert")).to_contain_text("Type a value first.")
    page.get_by_role("button", name="Show me").click()
    expect(asks).to_contain_text("Shown. 0(SP) is output+")
    assert press(page, "End") == add
    field = asks.get_by_role("textbox")
    field.fill("19")
    field.press("Enter")
    expect(asks).to_contain_text("No. AX is 27, not 19. That is what SUBQ would give.")
    expect(asks).to_contain_text("ADDQ BX, AX: Adds the source to the destination")
    expect(asks).to_contain_text("BX was 4 and AX was 23")
    screenshot(page, "wrong")
    assert_accessible(page, ".ug-stepper")
    expect(asks.get_by_role("button", name="Go on")).to_be_focused()
    page.keyboard.press("Enter")
    assert step_of(page) == add + 1
    asks.get_by_role("textbox").fill("SP+8")
    asks.get_by_role("textbox").press("Enter")
    expect(asks).to_contain_text("Yes.")
    expect(asks).to_contain_text("RET pops.")
    page.reload()
    expect(page.locator(".ug-stepper")).to_be_visible()
    assert press(page, "End") == len(trace)
    expect(page.locator(".ug-stamp")).to_have_text(["–", "✗", "✓"])
    page.get_by_role("slider").fill(str(add))
    expect(asks).to_contain_text("No. AX is 27, not 19.")
    asks.get_by_role("button", name="Ask again").click()
    assert press(page, "End") == add


def test_a_page_that_may_store_nothing_asks_all_the_same(open_stepper, browser, tmp_path):
    path = tmp_path / "framed.html"
    inner = stepper_html(output_trace(), predict=[3]).replace("&", "&amp;").replace('"', "&quot;")
    path.write_text(
        f'<iframe sandbox="allow-scripts" width=1200 height=900 srcdoc="{inner}"></iframe>', encoding="utf-8"
    )
    page = browser.new_page()
    problems = []
    page.on("pageerror", lambda error: problems.append(error))
    page.goto(path.as_uri())
    frame = page.frame_locator("iframe")
    frame.get_by_role("slider").fill("9")
    expect(frame.locator(".ug-counter b")).to_have_text("3")
    frame.get_by_role("button", name="Show me").click()
    frame.get_by_role("button", name="Go on").click()
    expect(frame.locator(".ug-counter b")).to_have_text("4")
    assert not problems
    page.close()


def test_two_runs_side_by_side(open_stepper, screenshot, assert_accessible):
    trace = output_trace()
    step = step_at(trace, "main.add", "ADDQ")
    page = open_stepper(given={"what_if": trace.what_if(step, "AX", 100)}, scheme="dark")
    page.get_by_role("slider").fill(str(step + 1))
    pane = page.get_by_role("region", name="What if")
    expect(pane).to_contain_text(f"The first difference is at step {step}; both run the same instructions.")
    expect(pane).to_contain_text("As recorded: returned 27. What if: returned 104.")
    expect(pane.locator(".ug-parted")).to_contain_text(["AX = 27"])
    expect(pane.locator(".ug-parted")).to_contain_text(["AX = 104"])
    expect(pane.locator(".ug-differ")).to_contain_text("27")
    screenshot(page, "both", full_page=True)
    assert_accessible(page, ".ug-stepper")


def test_stacks_are_told_apart(open_stepper, screenshot):
    trace = growing_trace()
    page = open_stepper(trace)
    expect(page.locator(".ug-lane span")).to_have_count(4)
    page.get_by_role("slider").fill("400")
    expect(page.locator(".ug-frame .ug-note").first).to_have_text("g0 · high addresses first")
    screenshot(page, "g0")
    page.get_by_role("slider").fill("0")
    button(page, "Out of the function")  # deep does not return within these 10,000 steps: to the end
    assert step_of(page) == 10_000


@pytest.mark.parametrize("trace", ["empty", "one", "fault", "window", "bare"])
def test_odd_recordings_open_too(open_stepper, trace):
    whole = output_trace()
    made = {
        "empty": lambda: replace(
            trace_of("crash"),
            registers=whole.registers[:1],
            vectors=whole.vectors[:1],
            accesses=whole.accesses[:0],
            fault="It never began.",
        ),
        "one": lambda: program().record("output", 23, 4, most=1),
        "fault": lambda: trace_of("crash"),
        "window": lambda: program().record_run().window(20_000, 300),
        "bare": lambda: underglass.load(whole.program.path).record("main.main"),
    }[trace]()
    page = open_stepper(made, width=800)
    for key in (
        "End",
        "ArrowRight",
        "o",
        "u",
        "c",
        "w",
        "l",
        "Home",
        "ArrowLeft",
        "Shift+O",
        "Shift+U",
        "Shift+C",
    ):
        press(page, key)
    press(page, "End")
    assert step_of(page) == min(len(made), 10_000)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    if made.fault:
        expect(page.locator(".ug-next")).to_contain_text(made.fault[:40])


def test_hostile_text_is_text(open_stepper):
    name = "a_very_long_name_" * 12
    source = f"""package main
// \u202eright to left\u202c, \u05e9\u05dc\u05d5\u05dd </script><script>window.bad = 1</script>
func {name}(s string) int {{ println("</script><script>window.bad = 1</script>", s); return len(s) }}
func main() {{ println({name}("x")) }}
"""
    page = open_stepper(underglass.build(source).record(name, "<img src=x onerror=bad=1>\u05e9"), width=400)
    press(page, "End")
    expect(page.locator(".ug-source")).to_contain_text("</script><script>window.bad = 1</script>")
    assert page.evaluate("window.bad") is None
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
def test_it_reads_well(open_stepper, screenshot, scheme, width):
    trace = output_trace()
    page = open_stepper(scheme=scheme, width=width)
    for name, step in (("start", 0), ("call", step_at(trace, "main.add.abi0", "CALL")), ("end", len(trace))):
        page.get_by_role("slider").fill(str(step))
        screenshot(page, name, full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        frame = page.locator(".ug-frame .ug-body")
        assert frame.evaluate("e => e.scrollWidth <= e.clientWidth"), "the stack is cut off"
        if name != "start":
            found = Axe().run(page)
            assert found.violations_count == 0, found.generate_report()
    dark = page.evaluate("getComputedStyle(document.querySelector('.ug-stepper')).backgroundColor")
    assert (dark == "rgb(255, 255, 255)") == (scheme == "light")


@pytest.mark.parametrize(
    ("host", "attribute", "dark", "light"),
    [("html", "data-theme", "dark", "light"), ("body", "data-jp-theme-light", "false", "true")],
)
def test_the_theme_of_the_host_counts(open_stepper, host, attribute, dark, light):
    page = open_stepper(scheme="light")
    ink = "getComputedStyle(document.querySelector('.ug-stepper')).color"
    before = page.evaluate(ink)
    page.evaluate(f"document.querySelector('{host}').setAttribute('{attribute}', '{dark}')")
    assert page.evaluate(ink) != before
    page.emulate_media(color_scheme="dark")
    page.evaluate(f"document.querySelector('{host}').setAttribute('{attribute}', '{light}')")
    assert page.evaluate(ink) == before


def test_many_steppers_share_a_page(new_page, tmp_path):
    first = stepper_html(output_trace(), standalone=False)
    second = stepper_html(trace_of("fib", 4), step=7, standalone=False)
    third = stepper_html(trace_of("greet", "Go"), standalone=False, assets=False)
    path = tmp_path / "book.html"
    path.write_text(f"<!doctype html><meta charset=utf-8><body>{first}{third}{second}", encoding="utf-8")
    page = new_page()
    page.goto(path.as_uri())
    expect(page.locator(".ug-stepper")).to_have_count(3)
    page.locator(".ug-stepper").nth(2).focus()
    page.keyboard.press("ArrowRight")
    assert page.locator(".ug-counter b").all_inner_texts() == ["0", "0", "8"]
    identifiers = page.locator(".ug-stepper [id]").evaluate_all("all => all.map(e => e.id)")
    assert len(identifiers) == len(set(identifiers))


def test_without_scripts_the_steps_are_text(browser: Browser, tmp_path: Path):
    path = tmp_path / "stepper.html"
    path.write_text(stepper_html(output_trace()), encoding="utf-8")
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(path.as_uri())
    expect(page.locator("pre")).to_contain_text("8(SP) = 4")
    expect(page.locator("pre")).to_be_visible()
    context.close()


def test_code_made_while_it_ran_is_told_as_such(open_stepper):
    """In a proxy the call has not returned, the source says why there is none, and the bar has a name."""
    shop = case_study("mockey_patch", any_linkname=True)
    trace = shop.record_run().around("ask")
    entered = find_step(trace, "CALL main.price", "ask") + 1
    proxy = next(step for step in range(len(trace)) if trace.function_at(step) is None)
    page = open_stepper(trace)
    note, state, source = (
        page.locator(f".ug-{what}").first for what in ("frame .ug-note", "current .ug-note", "source")
    )
    press(page, "ArrowRight", entered + 1)
    expect(source).to_contain_text("The program wrote this code over price while it ran")
    expect(page.locator(".ug-current .ug-owner")).to_contain_text("price")
    press(page, "ArrowRight", proxy - entered - 1)
    expect(source).to_contain_text("The program made this code while it ran")
    expect(note).to_have_text("no frame is known for this code")
    expect(state).to_have_text("the last frame known")
    call = trace.instruction(proxy - 1)
    back = call.address + len(call.data)
    assert press(page, "u") == next(step for step in range(proxy, len(trace)) if trace.pc(step) == back)
    names = page.locator(".ug-span").all_inner_texts()
    assert names == [
        "main",
        "patched",
        "ask",
        "price, rewritten",
        "hook",
        "code made while it ran",
        "price",
        "taxed",
    ]
    press(page, "End")
    expect(note).to_have_text("returned")

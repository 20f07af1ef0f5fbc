"""The static stepper in Chromium: what it shows at each step, its keys and buttons, how it looks."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from underglass.views.html import stepper_html
from views_traces import output_trace, step_at, trace_of

LOOKS = [(scheme, width) for scheme in ("light", "dark") for width in (1280, 800, 700, 400)]


@pytest.fixture
def open_stepper(new_page: Callable[..., Page], tmp_path: Path) -> Callable[..., Page]:
    """Open a recording's page from the disk, as a reader does who was sent the file."""

    def open_page(trace: Any = None, **look: Any) -> Page:
        path = tmp_path / "stepper.html"
        path.write_text(stepper_html(trace or output_trace()), encoding="utf-8")
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


def test_every_step_shows_the_registers_of_the_recording(open_stepper):
    trace = output_trace()
    page = open_stepper()
    button(page, "Hex")
    for step in range(len(trace) + 1):
        shown = page.locator(".ug-list li").evaluate_all(
            "rows => rows.map(r => ['.ug-name', '.ug-value'].map(part => r.querySelector(part).textContent))"
        )
        assert {name: int(value, 16) for name, value in shown} == {
            name: trace.register(step, name) for name, _ in shown
        }, step
        assert step_of(page) == step
        press(page, "ArrowRight")


def test_every_step_shows_the_words_of_the_frame_and_marks_the_pointers(open_stepper):
    trace = output_trace()
    page = open_stepper()
    button(page, "Hex")
    for step in range(len(trace)):
        rows = page.locator(".ug-current tr:not(.ug-owner)").evaluate_all(
            "rows => rows.map(r => [...['th', '.ug-value'].map(part => r.querySelector(part).textContent),"
            " [...r.querySelectorAll('.ug-marks span')].map(m => m.textContent)])"
        )
        frame = trace.frames(step)[0]
        assert [(name, int(value, 16)) for name, value, _ in rows] == [
            (slot.expression or slot.kind, trace.word(step, slot.address)) for slot in frame.slots
        ], step
        marked = {mark: frame.slots[i].address for i, (_, _, marks) in enumerate(rows) for mark in marks}
        assert marked["SP"] == trace.register(step, "SP")
        assert marked.get("FP", frame.fp) == frame.fp
        assert marked.get("pseudo-SP", frame.pseudo_sp) == frame.pseudo_sp
        press(page, "ArrowRight")


def test_code_and_source_follow(open_stepper):
    trace = output_trace()
    page = open_stepper()
    step = step_at(trace, "main.output.abi0", "CALL")
    assert press(page, "ArrowRight", step) == step
    current = page.locator(".ug-code [aria-current=step]")
    expect(current).to_contain_text("main.add.abi0(SB)")
    expect(current).to_be_in_viewport()
    expect(page.locator(".ug-source [aria-current=step]")).to_contain_text("CALL ·add(SB)")
    expect(page.locator(".ug-source .ug-note")).to_have_text("cell 7")
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
    for _ in range(len(output_trace()) + 2):
        page.keyboard.press("Enter")
    assert step_of(page) == len(output_trace())
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


def test_the_picture_does_not_jump_while_stepping(open_stepper):
    page = open_stepper()
    heights = set()
    for _ in range(len(output_trace()) + 1):
        heights.add(page.locator(".ug-stepper").bounding_box()["height"])
        press(page, "ArrowRight")
    assert len(heights) == 1


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

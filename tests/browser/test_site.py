"""The whole static book, each page once, as a reader has it who has nothing but the folder.

From the disk and without a network: every stepper steps, every question and quiz tells each foreseen answer
its sentence, every picture has words, axe finds nothing in light and dark. From a server: nothing is asked of
another origin, and a page with all it loads is below a megabyte.
"""

from __future__ import annotations

import base64
import gzip
import json
import re
import threading
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

HANDS = Path(__file__).with_name("walk.js").read_text(encoding="utf-8")
BOOK = Path(__file__).parent.parent.parent / "book"
PAGES = sorted(
    [path.stem for path in BOOK.iterdir() if path.suffix in (".ipynb", ".md") and path.stem != "README"]
    + ["404", "genindex", "search"]
)
FROM_DISK = [name for name in PAGES if name != "404"]  # which only a server shows
MOST_BYTES = 1_000_000  # of a page with all that it loads, compressed as servers do
AXE = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"],
    "preload": False,  # it would fetch the styles again, which a page from the disk may not
    "resultTypes": ["violations"],  # it would write the place of each thing that passes
}
CONTRAST = AXE | {"runOnly": {"type": "rule", "values": ["color-contrast"]}}
ALL_BUT_CONTRAST = AXE | {"rules": {"color-contrast": {"enabled": False}}}


def test_the_walk_sees_every_page(site: Path) -> None:
    assert sorted(path.relative_to(site).as_posix() for path in site.rglob("*.html")) == sorted(
        [f"{name}.html" for name in PAGES]
        + [f"_static/{name}-macros.html" for name in ("sbt-webpack", "webpack")]
    )


def at_work(page: Page, name: str, *given: Any) -> Any:
    """What a function of walk.js says of the page."""
    return page.evaluate(f"(given) => ({HANDS}).{name}(...given)", list(given))


def records_of(text: str) -> list[dict[str, Any]]:
    """What the page's steppers hold, from the page's text: the first record of each."""
    held = re.findall(r'<div class="ug-static".*?<script type="text/plain">(.*?)</script>', text, re.DOTALL)
    return [json.loads(zlib.decompress(base64.b64decode(one))) for one in held]


def short(record: dict[str, Any]) -> dict[str, Any]:
    keys = ("step", "answer", "wrong")
    return {
        "title": record["title"],
        "steps": len(record["at"]) - 1,
        "predict": [{key: question[key] for key in keys} for question in record["predict"]],
    }


def violations(page: Page, options: dict[str, Any], part: str = "html") -> list[str]:
    """What axe finds: the rule, and where."""
    found = Axe().run(page, context=part, options=options).response["violations"]
    return [
        f"axe: {one['id']}: {node['target']} {node['html'][:160]}" for one in found for node in one["nodes"]
    ]


@pytest.mark.parametrize("name", FROM_DISK)
def test_a_reader_needs_nothing_but_the_page(
    site: Path, new_page: Callable[..., Page], name: str, screenshot: Callable[..., None]
) -> None:
    path = site / f"{name}.html"
    text = path.read_text(encoding="utf-8")
    page = new_page()
    page.context.set_offline(True)
    elsewhere: list[str] = []
    page.on("request", lambda r: r.url.startswith((site.as_uri(), "data:")) or elsewhere.append(r.url))
    page.goto(path.as_uri())
    expect(page.locator(".ug-static:not([data-mounted]), .ug-quiz:not([data-mounted])")).to_have_count(0)
    records = records_of(text)
    expect(page.locator(".ug-stepper")).to_have_count(len(records))
    if records:
        use_the_keyboard(page, len(records[0]["at"]) - 1)
    walked = at_work(page, "walk", [short(record) for record in records])
    found: list[str] = at_work(page, "look") + walked["problems"] + violations(page, ALL_BUT_CONTRAST)
    for scheme in ("light", "dark"):  # in the dark the colours are others, and nothing else
        page.emulate_media(color_scheme=scheme)
        expect(page.locator("html")).to_have_attribute("data-theme", scheme)
        assert at_work(page, "alike") > 3
        found += violations(page, CONTRAST, "[data-alike]")
        screenshot(page, scheme, full_page=True)
    for width in (800, 400):
        page.set_viewport_size({"width": width, "height": 900})
        found += [f"{words}, at {width} pixels" for words in at_work(page, "look")]
        screenshot(page, str(width), full_page=True)
    found += [f"request to {address}" for address in elsewhere]
    assert not found, "\n".join(found)
    quizzes = text.count('class="ug-quiz"')
    assert walked["answered"] == sum(len(record["predict"]) for record in records) + quizzes


def use_the_keyboard(page: Page, steps: int) -> None:
    """Real keys in the first stepper; the walk's are events of its own."""
    stepper = page.locator(".ug-stepper").first
    counter = stepper.locator(".ug-counter b")
    stepper.focus()
    page.keyboard.press("Home")
    expect(counter).to_have_text("0")
    page.keyboard.press("ArrowRight")
    expect(counter).to_have_text(str(min(1, steps)))
    page.keyboard.press("ArrowLeft")
    expect(counter).to_have_text("0")


class Quiet(SimpleHTTPRequestHandler):
    """A plain server of files, as a school has one: an address that leads nowhere gets 404.html."""

    def log_message(self, *_: Any) -> None: ...

    def send_error(self, code: int, *args: Any) -> None:
        text = Path(self.directory, "404.html").read_bytes()
        self.send_response(code)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)


@pytest.fixture(scope="module")
def origin(site: Path) -> Iterator[str]:
    """The book on a server of this machine: its address, with the slash."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(site))) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def weight(site: Path, addresses: set[str]) -> dict[str, int]:
    """The bytes of files that a page loads, as a server sends them compressed."""
    files = {site / unquote(urlsplit(address).path).lstrip("/") for address in addresses}
    return {file.relative_to(site).as_posix(): len(gzip.compress(file.read_bytes())) for file in files}


def test_pages_are_light_and_ask_their_own_origin_only(
    site: Path, origin: str, new_page: Callable[..., Page]
) -> None:
    page = new_page()
    asked: set[str] = set()
    page.on("request", lambda request: asked.add(request.url))
    for name in PAGES:
        asked.clear()
        page.goto(f"{origin}{name}.html")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        page.wait_for_load_state("load")
        loaded = {address for address in asked if not address.startswith("data:")}
        assert not [address for address in loaded if not address.startswith(origin)], name
        sizes = weight(site, loaded)
        assert sum(sizes.values()) < MOST_BYTES, (name, sorted(sizes.items(), key=lambda one: -one[1])[:4])


def test_an_address_that_leads_nowhere_leads_back(origin: str, new_page: Callable[..., Page]) -> None:
    page = new_page(expected=("404",))
    page.goto(f"{origin}some/where/else.html")
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("No such page"))
    assert page.evaluate("getComputedStyle(document.querySelector('.bd-sidebar-primary')).display") == "flex"
    page.get_by_role("link", name=re.compile("^1 ")).first.click()
    expect(page).to_have_url(f"{origin}01_registers.html")


@pytest.mark.parametrize("served", [False, True], ids=["disk", "server"])
def test_the_search_finds(site: Path, origin: str, new_page: Callable[..., Page], served: bool) -> None:
    page = new_page()
    page.goto(f"{origin if served else site.as_uri() + '/'}search.html?q=trampoline")
    results = page.locator("#search-results li")
    expect(results.first).to_be_visible()
    results.first.get_by_role("link").first.click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert "highlight=trampoline" in page.url or "search.html" not in page.url


@pytest.mark.parametrize("name", ["index", "05_frames"])
def test_the_focus_goes_through_the_page_in_its_order(
    site: Path, new_page: Callable[..., Page], name: str
) -> None:
    page = new_page()
    page.goto((site / f"{name}.html").as_uri())
    expect(page.locator(".ug-stepper").first).to_be_visible()
    seen: list[dict[str, Any]] = []
    for _ in range(90):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement === document.body"):
            break  # past the last
        seen.append(at_work(page, "focused"))
    assert "Skip to main content" in seen[0]["name"]
    assert not [one["name"] for one in seen if not (one["visible"] and one["marked"] and one["follows"])]
    assert any("Forward" in one["name"] for one in seen)

"""Real pages in headless Chromium: the static book, and a JupyterLab that runs for the tests.

Each page remembers what went wrong in it (console errors, uncaught exceptions, requests that left the
machine), and a test that ends with such a memory fails, whatever else it looked at.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import quote, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, sync_playwright

ROOT = Path(__file__).parent.parent.parent
Scheme = Literal["light", "dark"]
LOOKS: list[tuple[Scheme, int]] = [("light", 1280), ("dark", 1280), ("light", 800), ("dark", 800)]

NewPage = Callable[..., Page]


# One browser a module, not one a session: Playwright's event loop runs as long as its browser, and other
# tests of the same worker start loops of their own.
@pytest.fixture(scope="module")
def browser(chromium: Path) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=chromium,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield started
        started.close()


def leaves_the_machine(url: str) -> bool:
    """Say whether a request needs the network."""
    parts = urlsplit(url)
    return parts.scheme in ("http", "https", "ws", "wss") and parts.hostname not in ("127.0.0.1", "localhost")


@pytest.fixture
def new_page(browser: Browser) -> Iterator[NewPage]:
    """Open pages: `new_page("dark", 800, expected=("404",))`; `expected` are parts of console errors that
    belong to the test."""
    opened: list[tuple[Page, list[str], tuple[str, ...]]] = []

    def open_page(
        scheme: Scheme = "light", width: int = 1280, height: int = 900, expected: tuple[str, ...] = ()
    ) -> Page:
        context = browser.new_context(
            color_scheme=scheme, viewport={"width": width, "height": height}, reduced_motion="reduce"
        )
        page = context.new_page()
        problems: list[str] = []

        def on_console(message: ConsoleMessage) -> None:
            if message.type == "error":
                problems.append(f"console: {message.text} ({message.location.get('url', '')})")

        def on_request(request: Request) -> None:
            if leaves_the_machine(request.url):
                problems.append(f"request to {request.url}")

        page.on("console", on_console)
        page.on("pageerror", lambda error: problems.append(f"uncaught: {error}"))
        page.on("request", on_request)
        opened.append((page, problems, expected))
        return page

    yield open_page
    found: list[str] = []
    for page, problems, expected in opened:
        found += [problem for problem in problems if not any(part in problem for part in expected)]
        page.context.close()
    assert not found, "in the page:\n" + "\n".join(found)


@pytest.fixture(params=LOOKS, ids=[f"{scheme}-{width}" for scheme, width in LOOKS])
def page(request: pytest.FixtureRequest, new_page: NewPage) -> Page:
    """A page in light and dark, at 1280 and 800 pixels: the test runs four times."""
    scheme, width = request.param
    return new_page(scheme, width)


@pytest.fixture
def screenshot(request: pytest.FixtureRequest) -> Callable[..., None]:
    """`screenshot(page, "chapter")` writes DIR/TEST-chapter.png when the run has --screenshots=DIR."""
    folder: Path | None = request.config.getoption("--screenshots")

    def shoot(page: Page, name: str, *, full_page: bool = False) -> None:
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            stem = request.node.name.replace("[", "-").replace("]", "").replace("/", "_")
            page.screenshot(path=folder / f"{stem}-{name}.png", full_page=full_page)

    return shoot


@pytest.fixture
def assert_accessible() -> Callable[..., None]:
    """`assert_accessible(page, "main")` runs axe's WCAG 2.1 A and AA rules on a part of the page.

    axe's further advice ("best-practice") is left to eyes: it judges the theme's own sidebar as well.
    """

    def check(page: Page, part: str = "html") -> None:
        options = {
            "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"],
            "preload": False,  # it would fetch the styles again, which a page from the disk may not
            "resultTypes": ["violations"],  # it would write the place of each thing that passes
        }
        results = Axe().run(page, context=part, options=options)
        assert results.violations_count == 0, results.generate_report()

    return check


@dataclass(frozen=True)
class LabServer:
    """A running JupyterLab."""

    url: str  # "http://127.0.0.1:PORT/", with the slash
    token: str
    root: Path  # what it serves: a copy of book/ and labs/, which tests may change

    def page_of(self, notebook: str, workspace: str = "test") -> str:
        """Return the address that opens a notebook, given below the root, in a fresh workspace."""
        return f"{self.url}lab/workspaces/{workspace}/tree/{quote(notebook)}?reset&token={self.token}"

    def get(self, path: str, *, method: str = "GET") -> bytes:
        """Ask the server's REST interface."""
        request = urllib.request.Request(
            self.url + path, method=method, headers={"Authorization": f"token {self.token}"}
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            body: bytes = answer.read()
        return body


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
    return port


def write_settings(folder: Path) -> None:
    """Settings of a reader who has answered the first questions, and whose theme follows the system."""
    for name, values in {
        "notification": {"fetchNews": "false", "checkForUpdates": False},
        "themes": {"adaptive-theme": True},
    }.items():
        path = folder / "@jupyterlab" / "apputils-extension" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values), encoding="utf-8")


@pytest.fixture(scope="session")
def lab_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabServer]:
    home = tmp_path_factory.mktemp("lab")
    root = home / "root"
    for folder in ("book", "labs"):
        if (ROOT / folder).is_dir():
            shutil.copytree(ROOT / folder, root / folder, ignore=shutil.ignore_patterns(".*", "__pycache__"))
    write_settings(home / "settings")
    shutil.copytree(ROOT / "labextension" / "built", home / "labextensions" / "underglass")
    server = LabServer(f"http://127.0.0.1:{free_port()}/", secrets.token_hex(16), root)
    options = [
        "--no-browser",
        "--allow-root",
        "--ServerApp.port_retries=0",
        f"--ServerApp.port={urlsplit(server.url).port}",
        f"--ServerApp.root_dir={root}",
        f"--IdentityProvider.token={server.token}",
        f"--LabApp.user_settings_dir={home / 'settings'}",
        f"--LabApp.workspaces_dir={home / 'workspaces'}",
        # The checkout's, should the environment's have been installed before it changed; tests/
        # test_labextension.py compares them.
        f"--LabApp.extra_labextensions_path={home / 'labextensions'}",
    ]
    log = home / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *options],
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, "JUPYTER_CONFIG_DIR": str(home / "config")},
        )
    try:
        wait_for(server, process, log)
        yield server
    finally:
        stop(server, process)


def wait_for(server: LabServer, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if process.poll() is not None:
            pytest.fail(f"JupyterLab ended at once:\n{log.read_text(errors='replace')[-4000:]}")
        try:
            server.get("api/status")
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.2)
        else:
            return
    pytest.fail(f"JupyterLab did not answer in two minutes:\n{log.read_text(errors='replace')[-4000:]}")


def stop(server: LabServer, process: subprocess.Popen[bytes]) -> None:
    """Ask the server to end its kernels and itself, and insist after a while."""
    if process.poll() is None:
        try:
            server.get("api/shutdown", method="POST")
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(10)

"""What `underglass lab` shows the first time it opens a folder, and what it leaves alone the second time."""

from __future__ import annotations

import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from underglass.cli.layout import start_address
from underglass.course.shipped import FIRST

from .conftest import ROOT, LabServer, free_port, stop, wait_for

DEBUGGER = ("Could not restore the debugger state",)


@pytest.fixture
def own_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LabServer]:
    """`underglass lab` of a reader who has never opened JupyterLab."""
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.delenv("JUPYTERLAB_WORKSPACES_DIR", raising=False)
    extensions = tmp_path / "labextensions"
    extensions.mkdir()
    (extensions / "underglass").symlink_to(ROOT / "labextension" / "built", target_is_directory=True)
    server = LabServer(f"http://127.0.0.1:{free_port()}/", secrets.token_hex(16), tmp_path / "mine")
    words = [
        "--no-browser", "--ServerApp.port_retries=0", f"--ServerApp.port={urlsplit(server.url).port}",
        f"--IdentityProvider.token={server.token}", f"--LabApp.extra_labextensions_path={extensions}",
        f"--LabApp.app_settings_dir={tmp_path / 'none'}",  # not the environment's answers
    ]  # fmt: skip
    log = tmp_path / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "underglass", "lab", str(server.root), "--", *words],
            stdout=output, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        wait_for(server, process, log)
        yield server
    finally:
        stop(server, process)


def test_the_introduction_with_the_chapters_beside_it(
    own_server: LabServer, new_page: Callable[..., Page], screenshot: Callable[..., None]
) -> None:
    page = new_page("light", 1280, 800, expected=DEBUGGER)
    page.goto(f"{own_server.url}?token={own_server.token}")
    expect(page.locator(".jp-Notebook .jp-MarkdownCell h1").first).to_be_visible(timeout=90_000)
    tabs = page.locator("#jp-main-dock-panel .lm-DockPanel-tabBar .lm-TabBar-tab")
    expect(tabs).to_have_count(1)
    expect(tabs).to_contain_text("00_intro.ipynb")
    chapters = page.locator(".jp-DirListing-itemName")
    expect(chapters.filter(has_text="18_vectors.ipynb")).to_be_visible(timeout=20_000)
    expect(page.locator("#jp-right-stack")).to_be_hidden()
    expect(page.locator("#jp-down-stack")).to_be_hidden()
    expect(page.locator(".jp-Toolbar-kernelName")).to_contain_text("Go under glass")
    page.wait_for_timeout(2000)  # questions come when all else is there
    assert page.locator(".jp-Dialog, .Toastify__toast").all_inner_texts() == []
    screenshot(page, "first")
    page.get_by_role("menuitem", name="Settings").click()
    page.get_by_text("Theme", exact=True).hover()
    page.get_by_text("JupyterLab Dark", exact=True).click()
    expect(page.locator("body")).to_have_attribute("data-jp-theme-light", "false")
    expect(page.locator("#jupyterlab-splash")).to_have_count(0)
    screenshot(page, "first-dark")

    # A reader opens a chapter, and the next start shows that.
    chapters.filter(has_text="05_frames.ipynb").dblclick()
    expect(page.locator(".lm-DockPanel-tabBar .lm-mod-current")).to_contain_text("05_frames.ipynb")
    deadline = time.monotonic() + 30
    while FIRST in (address := start_address(own_server.root, FIRST)) and time.monotonic() < deadline:
        page.wait_for_timeout(200)
    assert FIRST not in address
    page.wait_for_timeout(2000)  # the workspace is saved a moment after what changed it
    page.goto(f"{own_server.url}{address.lstrip('/')}?token={own_server.token}")
    expect(page.locator(".lm-DockPanel-tabBar .lm-mod-current")).to_contain_text(
        "05_frames.ipynb", timeout=60_000
    )
    expect(tabs).to_have_count(2)

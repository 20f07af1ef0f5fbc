"""JupyterLab with the package installed: the kernel is offered, and the launcher comes up clean."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect


def test_the_kernel_is_registered_with_its_logos(lab_server: Any) -> None:
    specs = json.loads(lab_server.get("api/kernelspecs"))["kernelspecs"]
    assert specs["underglass"]["spec"]["display_name"] == "Go under glass"
    assert {"logo-svg", "logo-32x32", "logo-64x64"} <= set(specs["underglass"]["resources"])
    for path in specs["underglass"]["resources"].values():
        assert lab_server.get(path.lstrip("/"))


def test_the_launcher_offers_it(
    lab_server: Any, new_page: Callable[..., Page], screenshot: Callable[..., None]
) -> None:
    page = new_page("light", 1280)
    page.goto(f"{lab_server.url}lab/workspaces/launcher?reset&token={lab_server.token}")
    card = page.locator(".jp-LauncherCard[title='Go under glass'][data-category='Notebook']")
    expect(card).to_be_visible(timeout=60_000)
    expect(page.get_by_text("official Jupyter news")).to_have_count(0)
    screenshot(page, "launcher")

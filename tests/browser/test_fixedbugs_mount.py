"""Several steppers on one page: each brings the module, and each module finds all of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from underglass.goprogram import build
from underglass.views.html import stepper_html

ASSEMBLY = "// func seven() int64\nTEXT ·seven(SB), 4, $0-8\n\tMOVQ $7, ret+0(FP)\n\tRET\n"


def test_three_steppers_are_mounted_once_each(new_page: Callable[..., Page], tmp_path: Path) -> None:
    piece = stepper_html(build(ASSEMBLY).record("seven", abi="ABI0"), standalone=False)
    page_file = tmp_path / "three.html"
    page_file.write_text(f"<!doctype html><title>three</title>{piece * 3}", encoding="utf-8")
    page = new_page()  # a script's error fails the test
    page.goto(page_file.as_uri())
    expect(page.locator(".ug-stepper")).to_have_count(3)
    page.wait_for_timeout(300)
    expect(page.locator(".ug-stepper")).to_have_count(3)

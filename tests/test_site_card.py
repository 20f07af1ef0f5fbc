"""What those who show a link to the book find: a card if the book has an address, else nothing."""

from __future__ import annotations

import re
import runpy
import struct
from pathlib import Path
from typing import Any

import pytest

BOOK = Path(__file__).parent.parent / "book"


def settings(monkeypatch: pytest.MonkeyPatch, address: str) -> dict[str, Any]:
    monkeypatch.setenv("SITE_URL", address)
    return runpy.run_path(str(BOOK / "conf.py"))


def test_the_card_has_the_size_that_is_asked_for() -> None:
    head = (BOOK / "_static" / "card.png").read_bytes()[:24]
    assert head.startswith(b"\x89PNG")
    assert struct.unpack(">II", head[16:]) == (1200, 630)


def test_an_address_brings_the_card(monkeypatch: pytest.MonkeyPatch) -> None:
    found = settings(monkeypatch, "https://example.org/book")
    assert found["html_baseurl"] == found["ogp_site_url"] == "https://example.org/book/"
    assert (BOOK / found["ogp_image"]).is_file()
    assert found["ogp_custom_meta_tags"] == ['<meta name="twitter:card" content="summary_large_image">']
    assert found["notfound_urls_prefix"] == "/book/"


def test_without_an_address_no_page_names_a_card(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "ogp_image" not in settings(monkeypatch, "")
    for page in site.glob("*.html"):
        assert not re.search(r'"og:image"|twitter:card', page.read_text(encoding="utf-8")), page.name

"""The book's facts that depend on Go's version, on the release in use (tests/agreement/releases.py)."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest

from underglass.toolchain import find_go

SCRIPT: dict[str, Any] = runpy.run_path(str(Path(__file__).parent / "agreement" / "releases.py"))


@pytest.mark.parametrize("fact", SCRIPT["FACTS"], ids=lambda fact: f"{fact.claim} {fact.what}")
def test_the_release_in_use_does_what_the_book_says(fact: object) -> None:
    [(claim, release, what, seen, agrees)] = SCRIPT["rows"]((find_go().language,), (fact,))
    assert agrees, f"{claim}, {what}: {release} gives {seen}"


def test_a_release_that_is_none_is_told_in_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert SCRIPT["main"](["one"]) == 1
    assert "is no release of Go" in capsys.readouterr().err

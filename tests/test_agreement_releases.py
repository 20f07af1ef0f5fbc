"""The book's facts that depend on Go's version: on the release in use, and on an older one beside it
(tests/agreement/releases.py)."""

from __future__ import annotations

import runpy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from underglass.course.claims import claims
from underglass.toolchain import find_go
from underglass.toolchain.releases import install_release

SCRIPT: dict[str, Any] = runpy.run_path(str(Path(__file__).parent / "agreement" / "releases.py"))


@pytest.mark.parametrize("name", ["1.24", find_go().language])
@pytest.mark.parametrize("fact", SCRIPT["FACTS"], ids=lambda fact: f"{fact.claim} {fact.what}")
def test_a_release_does_what_the_book_says(fact: object, name: str) -> None:
    if name != find_go().language:
        install_release(name)  # from the package index, if it is not there
    [(claim, release, what, seen, agrees)] = SCRIPT["rows"]((name,), (fact,))
    assert agrees, f"{claim}, {what}: {release} gives {seen}"


def test_a_claim_that_depends_on_the_release_has_a_fact_and_was_run_on_three() -> None:
    bound = {claim.name: claim for claim in claims() if claim.verdict == "version-bound"}
    assert set(bound) <= {fact.claim for fact in SCRIPT["FACTS"]}
    assert all(len(claim.releases) >= 3 for claim in bound.values())


def test_a_list_of_releases_that_is_not_what_was_run_is_told() -> None:
    [claim] = [claim for claim in claims() if claim.name == "A5"]
    listed = [("A5", f"go{release}", "what", "seen", True) for release in claim.releases]
    told = SCRIPT["not_as_listed"]
    assert told(listed, (claim,)) == []
    assert told(listed[:2], (claim,)) == []  # the others were not asked
    [said] = told([*listed[:-1], (*listed[-1][:-1], False)], (claim,))
    assert said.startswith("A5: claims.yml has 1.22.10,")
    assert not said.endswith(claim.releases[-1])
    [said] = told(listed, (replace(claim, releases=claim.releases[1:]),))
    assert said == "A5: claims.yml has 1.24.11, 1.26.6, 1.27.3, and it was found on " + ", ".join(
        claim.releases
    )
    [said] = told([], (claim,))
    assert said.endswith("and nothing was run")


def test_a_release_that_is_none_is_told_in_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert SCRIPT["main"](["one"]) == 1
    assert "is no release of Go" in capsys.readouterr().err

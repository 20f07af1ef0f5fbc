"""What the compiler says about inlining of one text, with options and on each release at hand."""

from __future__ import annotations

import pytest

from underglass.course import inliner_says, judged
from underglass.errors import UnderglassError
from underglass.toolchain import find_go, on_releases

TEXT = """package main

//go:noinline
func leaf(x int) int { return x }

func one(x int) int { return leaf(x) }

func outside(x int) int
"""


def test_lines_have_neither_folder_nor_other_notes() -> None:
    assert inliner_says(TEXT, "-m") == ("text.go:6:6: can inline one",)


def test_cost_and_reason() -> None:
    said = judged(TEXT)
    assert said["one"].cost == 61
    assert {name: v.reason for name, v in said.items() if not v.can} == {
        "leaf": "marked go:noinline",
        "outside": "no function body",
    }


def test_options_reach_the_compiler() -> None:
    assert judged(TEXT, "-l") == {}
    assert judged(TEXT, "-l=4")["one"].cost == 5


@pytest.mark.parametrize(
    ("text", "option", "names"),
    [("package main\nfunc f( {\n", "-m", "text.go:2"), (TEXT, "-nosuch", "nosuch"), ("", "-m", "text.go:1")],
)
def test_a_refusal_names_the_place(text: str, option: str, names: str) -> None:
    with pytest.raises(UnderglassError, match=names):
        inliner_says(text, option)


def test_on_releases_asks_each_of_them() -> None:
    versions = on_releases(lambda: find_go().version)
    assert versions[find_go().language] == find_go().version
    assert all(version.startswith(f"go{name}") for name, version in versions.items())

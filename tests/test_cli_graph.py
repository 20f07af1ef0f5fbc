"""`underglass graph`, in this process: its forms, and what it says of wrong input."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest

from underglass.cli.command import main
from underglass.toolchain import find_go


def test_text_and_each_form_that_a_file_may_have(add_files, tmp_path, capsys):
    sources = [str(path) for path in add_files]
    assert main(["graph", *sources]) == 0
    text = capsys.readouterr().out
    assert "  → add ABI0: Go → assembly (G3)" in text
    for ending in ("html", "svg", "dot"):
        assert main(["graph", *sources, "-o", str(tmp_path / f"calls.{ending}")]) == 0
        assert capsys.readouterr().out == ""
    assert (tmp_path / "calls.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert ET.parse(tmp_path / "calls.svg").getroot().get("role") == "img"
    assert (tmp_path / "calls.dot").read_text(encoding="utf-8").startswith("digraph calls")


def test_options_reach_the_graph(add_files, tmp_path, capsys):
    sources = [str(path) for path in add_files]
    words = ["--focus", "add", "--depth", "0", "--callers", "2", "--nosplit", "--runtime", "--limit", "0"]
    assert main(["graph", *sources, *words, "--text", "-o", str(tmp_path / "calls.svg")]) == 0
    text = capsys.readouterr().out
    assert "NOSPLIT" in text
    assert "  → add ABI0: Go → assembly (G3)" in text
    assert main(["graph", *sources, "--callers"]) == 0
    assert "the runtime" in capsys.readouterr().out
    assert main(["graph", *sources, "--depth", "9", "--runtime", "--limit", "5"]) == 0
    assert "are folded, for want of room" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["--focus", "adn"], 1, "Did you mean add"),
        (["-o", "calls.png"], 1, "Give one of .html, .svg, .dot"),
        (["-o", "calls"], 1, "and none is not known"),
        (["-o", "nowhere/calls.svg"], 1, "There is no directory"),
        (["--limit", "3"], 1, "a limit of 4 or more"),
        (["--depth", "-1"], 2, "--depth"),
        (["--depth", "three"], 2, "'three' is not a number of 0 or more"),
    ],
)
def test_wrong_input_gets_one_paragraph(words, code, told, add_files, capsys):
    assert main(["graph", *map(str, add_files), *words]) == code
    error = capsys.readouterr().err
    assert told in error
    assert "Traceback" not in error


def test_a_file_that_callers_took_for_its_number_is_told(add_files, capsys):
    assert main(["graph", "--callers", *map(str, add_files)]) == 2
    assert "put it after the files" in capsys.readouterr().err


def test_what_inlining_costs_is_the_compiler_s_word(tmp_path, capsys):
    (tmp_path / "main.go").write_text(
        'package main\n\nimport "strings"\n\n//go:noinline\n'
        'func f(s string) string { return strings.Repeat(s, 2) }\n\nfunc main() { println(f("a")) }\n',
        encoding="utf-8",
    )
    assert main(["graph", str(tmp_path / "main.go"), "--inlining"]) == 0
    text = capsys.readouterr().out
    assert re.search(r"^f \(.*not inlined", text, re.MULTILINE)
    assert re.search(r"^main \(.*inline, cost \d+ of 80\)", text, re.MULTILINE)
    verdict = re.search(r"strings\.Repeat \(.*not inlined, cost (\d+) of 80\)", text)
    assert verdict is not None
    built = find_go().run(["build", "-gcflags=-m=2", "strings"]).stderr
    assert f"cannot inline Repeat: function too complex: cost {verdict[1]} exceeds budget 80" in built

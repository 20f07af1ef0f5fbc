"""The inlining report as text, as SVG and by the command."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from underglass.analysis.inlining import InliningReport, report
from underglass.cli.command import main
from underglass.errors import UnknownFunction
from underglass.toolchain import Source
from underglass.toolchain.inlining import inlining
from underglass.views.inlining import inlining_picture, inlining_svg
from underglass.views.inliningtext import inlining_text, why_text

TEXT = """\
package main

func clamp(n, high int) int {
	if n > high {
		return high
	}
	return n
}

func wide(a, b <-chan int) int {
	select {
	case n := <-a:
		return clamp(n, 9)
	case n := <-b:
		return clamp(n, 8) + clamp(n+1, 7) + clamp(n+2, 6) + clamp(n+3, 5)
	}
}

func main() { println(wide(nil, nil) < 3) }
"""
CLAMP = """\
clamp (cell 5, line 3:6): can be inlined, cost 8 of 80
  ███▎                            |
     6  █████████     line 4     if n > high {                                 4 nodes
     2  ███           line 5       return high                                 2 nodes
     2  ███           line 7     return n                                      2 nodes
"""


@pytest.fixture(scope="module")
def made() -> InliningReport:
    return report(inlining([Source("main.go", TEXT, "cell 5")]))


def test_the_text_has_bars_parts_and_the_tree(made: InliningReport) -> None:
    assert inlining_text(made, "clamp") == CLAMP
    text = inlining_text(made)
    assert "wide (cell 5, line 10:6): cannot be inlined: function too complex" in text
    assert "    cell 5, line 13:15  clamp, cost 8\n" in text


def test_why_names_the_largest_statement_and_every_site(made: InliningReport) -> None:
    words = why_text(made, "wide")
    assert "over the budget. The statement that costs most is at cell 5, line 11:2" in words
    assert "It stays a call at cell 5, line 19:27 in main" in words
    assert why_text(made, "clamp").count("in wide") == 5


def test_the_picture_is_whole_and_says_the_same(made: InliningReport) -> None:
    svg = inlining_svg(made)
    root = ET.fromstring(svg)
    space = "{http://www.w3.org/2000/svg}"
    assert root.findtext(f"{space}desc") == inlining_text(made)
    assert root.get("role") == "img"
    assert root.get("aria-label") == "Inlining of main"
    shown = " ".join(root.itertext())
    assert "budget 80" in shown
    assert "if n > high {" in shown
    high = float(root.get("height", "0"))
    assert all(float(t.get("y", "0")) < high for t in root.iter(f"{space}text"))
    bars = {r.get("class") for r in root.iter(f"{space}rect")}
    assert {"within", "over", "hatch", "room"} <= bars


def test_a_picture_shows_itself(made: InliningReport) -> None:
    picture = inlining_picture(made, "clamp")
    assert repr(picture) == CLAMP
    assert picture._repr_html_().startswith('<div class="ug-picture"')
    with pytest.raises(UnknownFunction):
        inlining_picture(made, "nobody")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "main.go"
    path.write_text(TEXT, encoding="utf-8")
    return path


def test_the_command(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    drawn = file.with_suffix(".svg")
    assert main(["inline", str(file), "--json", "--svg", str(drawn)]) == 0
    told = json.loads(capsys.readouterr().out)
    by_name = {f["name"]: f for f in told["functions"]}
    assert by_name["clamp"]["cost"] == sum(p["cost"] for p in by_name["clamp"]["parts"]) == 8
    assert len(by_name["wide"]["inlined"]) == 5
    assert ET.parse(drawn).getroot().tag.endswith("svg")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--function", "clmp"], "Did you mean clamp?"),
        (["nosuffix"], "nosuffix is no .go or .s file"),
    ],
)
def test_wrong_input_is_one_paragraph(
    file: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    assert main(["inline", str(file), *arguments]) == 1
    said = capsys.readouterr().err
    assert words in said
    assert "Traceback" not in said

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from underglass.toolchain.chains import INDIRECT, MORESTACK, Chain, ChainStep
from underglass.views.nosplit import chain_picture, chain_svg, chain_text

SVG = "{http://www.w3.org/2000/svg}"


def chain(*grows: int, again: str = "") -> Chain:
    steps = [
        ChainStep(f"main.f{i}", "ABI0", n, f"main.f{i + 1}", f"a.s, line {i}") for i, n in enumerate(grows)
    ]
    return Chain(792, tuple(steps), again)


CHAINS = {
    "short": chain(24, 100),
    "one": chain(0),
    "full": chain(400, 392),
    "over": chain(400, 400),
    "far over": chain(8, 1 << 20, 8),
    "many": chain(*[24] * 33),
    "cycle": chain(8, 8, again="main.f0"),
    "pointer": Chain(
        792,
        (ChainStep("main.f", "ABIInternal", 24, INDIRECT), ChainStep(INDIRECT, "", 8, MORESTACK)),
    ),
    "markup": Chain(792, (ChainStep('main.f[<"&>]', "ABIInternal", 24, ""),)),
}


@pytest.mark.parametrize("name", CHAINS)
def test_the_drawing_is_whole_and_says_what_the_text_says(name):
    drawn = CHAINS[name]
    svg = ET.fromstring(chain_svg(drawn))
    assert svg.findtext(f"{SVG}desc") == chain_text(drawn)
    width, height = (float(svg.get(side) or 0) for side in ("width", "height"))
    for rect in svg.iter(f"{SVG}rect"):
        top, tall = (float(rect.get(side) or 0) for side in ("y", "height"))
        assert tall >= 0
        assert top + tall <= height
    for words in svg.iter(f"{SVG}text"):
        assert 0 < float(words.get("y") or 0) <= height
        assert 0 <= float(words.get("x") or 0) < width
    said = " ".join(t.text or "" for t in svg.iter(f"{SVG}text"))
    assert all(step.symbol in said or step.symbol == INDIRECT for step in drawn.steps)


def test_blocks_are_as_tall_as_their_bytes():
    svg = ET.fromstring(chain_svg(chain(100, 200)))
    blocks = [r for r in svg.iter(f"{SVG}rect") if r.get("class") == "ABI0"]
    room = next(r for r in svg.iter(f"{SVG}rect") if r.get("class") == "free")
    tall = [float(r.get("height") or 0) for r in (*blocks, room)]
    assert tall[1] / tall[0] == pytest.approx(2, rel=0.01)
    assert tall[2] / tall[0] == pytest.approx(7.92, rel=0.01)


def test_the_text_counts_down():
    lines = chain_text(CHAINS["over"]).splitlines()
    assert lines[1].split()[:3] == ["400", "392", "main.f0"]
    assert lines[2].split()[:4] == ["400", "-8", "→", "main.f1"]
    assert lines[3].strip() == "8 bytes over the limit"
    assert "without end" in chain_text(CHAINS["cycle"])
    assert "stack check" in chain_text(CHAINS["pointer"])


def test_a_picture_shows_itself():
    picture = chain_picture(CHAINS["short"])
    assert repr(picture) == picture.text
    assert picture._repr_svg_() in picture._repr_html_()

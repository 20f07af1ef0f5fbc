"""The picture of a layout: well-formed, whole, and with the same facts as its text."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from underglass.abi import abi0_layout, abi_internal_layout, parse_signature
from underglass.views import abi_picture, abi_svg, abi_text
from underglass.views.palette import COLOURS

SVG = "{http://www.w3.org/2000/svg}"
TEXT = "func (p *T) f(a int8, b string, c [2]float64, e struct{}, v ...int) (int, error, [3]int8)"
RULES = {"ABI0": abi0_layout, "ABIInternal": abi_internal_layout}


def drawn(text: str, *abis: str) -> tuple[str, str]:
    taken = parse_signature(text)
    layouts = {abi: RULES[abi](taken) for abi in abis or RULES}
    return abi_svg(taken, layouts), abi_text(taken, layouts)


def words(svg: str) -> list[str]:
    return [node.text or "" for node in ET.fromstring(svg).iter(f"{SVG}text")]


def test_every_register_and_slot_is_drawn() -> None:
    shown = words(drawn(TEXT)[0])
    for name in ("AX", "BX", "CX", "DI", "SI", "R8", "R9", "R10"):
        assert name in shown or name in ("R9", "R10")
    layout = abi_internal_layout(parse_signature(TEXT))
    assert {piece.register for place in layout.places for piece in place.pieces} <= set(shown)
    for abi in RULES.values():
        for place in abi(parse_signature(TEXT)).places:
            assert place.offset is None or f"{place.name}+{place.offset}(FP)" in shown
    assert {f"{place.spill}(FP)" for place in layout.params if place.spill is not None} <= set(shown)
    assert "b_len" in shown
    assert "The array has length 2, so it goes to the stack: offset 0." in shown


def test_the_text_alternative_is_the_table() -> None:
    svg, text = drawn(TEXT)
    root = ET.fromstring(svg)
    assert root.findtext(f"{SVG}title") == "Where the arguments and results of f lie"
    assert root.findtext(f"{SVG}desc") == text
    assert root.get("role") == "img"


def test_light_and_dark() -> None:
    svg, _ = drawn(TEXT)
    for light, dark in (COLOURS[name] for name in ("abi0-tint", "internal-tint", "paper", "muted")):
        assert f"light-dark({light},{dark})" in svg


@pytest.mark.parametrize("abi", list(RULES))
def test_one_convention_alone(abi: str) -> None:
    svg, text = drawn("func add(x, y int64) int64", abi)
    other = next(name for name in RULES if name != abi)
    assert other not in words(svg)
    assert f"{other}:" not in text
    assert ("x+0(FP)" in words(svg)) is (abi == "ABI0")


def test_nothing_lies_outside_the_picture() -> None:
    for text in (TEXT, "func f()", "func f(" + ", ".join(f"a{i} []string" for i in range(40)) + ")"):
        root = ET.fromstring(drawn(text)[0])
        width, height = float(root.get("width", 0)), float(root.get("height", 0))
        for box in root.iter(f"{SVG}rect"):
            x, y = float(box.get("x", 0)), float(box.get("y", 0))
            assert x + float(box.get("width", 0)) <= width + 0.5
            assert y + float(box.get("height", 0)) <= height + 0.5
        assert all(float(node.get("y", 0)) <= height for node in root.iter(f"{SVG}text"))


def test_a_long_type_is_cut_and_escaped() -> None:
    svg, text = drawn("func f(x map[string]<-chan struct{ aVeryLongName, another, yetAnother int })")
    assert any(word.endswith("…") for word in words(svg))
    assert "yetAnother" in text


def test_the_picture_shows_itself() -> None:
    taken = parse_signature(TEXT)
    picture = abi_picture(taken, {"ABI0": abi0_layout(taken)})
    assert repr(picture) == picture.text
    assert picture._repr_svg_() in picture._repr_html_()

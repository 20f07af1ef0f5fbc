from __future__ import annotations

import xml.etree.ElementTree as ET

from underglass.views.frame import frame_picture, frame_svg
from underglass.views.text import frame_text
from views_traces import output_trace, step_at

SVG = "{http://www.w3.org/2000/svg}"


def drawn(step: int, depth: int = 2) -> ET.Element:
    return ET.fromstring(frame_svg(output_trace(), step, depth))


def words(svg: ET.Element) -> list[str]:
    return [text.text or "" for text in svg.iter(f"{SVG}text")]


def test_every_step_is_well_formed_and_has_a_text_alternative():
    trace = output_trace()
    for step in range(len(trace) + 1):
        svg = drawn(step)
        assert svg.get("role") == "img"
        assert svg.get("aria-label") == svg.findtext(f"{SVG}title")
        assert svg.findtext(f"{SVG}desc") == frame_text(trace, step)


def test_words_stand_with_both_their_distances_and_their_owner():
    step = step_at(output_trace(), "main.output.abi0", "CALL")
    told = words(drawn(step, depth=1))
    assert {"x+0(FP)", "y+8(FP)", "ret+16(FP)", "return address", "saved BP", "seen-8(SP)"} <= set(told)
    assert {"FP", "pseudo-SP", "SP", "0(SP)", "owned by output ABIInternal", "owned by output ABI0"} <= set(
        told
    )
    assert "pushed by CALL" in told


def test_a_word_that_two_frames_share_is_drawn_once():
    step = step_at(output_trace(), "main.add.abi0", "CALL")
    deep = drawn(step, depth=2)
    boxes = [float(r.get("y", 0)) for r in deep.iter(f"{SVG}rect") if "word" in (r.get("class") or "")]
    assert len(boxes) == len(set(boxes))
    frames = output_trace().frames(step)[:2]
    addresses = {slot.address for frame in frames for slot in frame.slots}
    assert len(boxes) == len(addresses)


def test_nothing_is_cut_off():
    svg = drawn(step_at(output_trace(), "main.output.abi0", "CALL"))
    _, _, width, height = map(float, svg.get("viewBox", "").split())
    for text in svg.iter(f"{SVG}text"):
        assert 0 <= float(text.get("y", 0)) <= height
        if text.get("text-anchor") != "end":
            assert float(text.get("x", 0)) + 6 * len(text.text or "") <= width


def test_abi_is_told_in_words_beside_the_colour():
    told = words(drawn(step_at(output_trace(), "main.add", "ADDQ"), depth=2))
    assert "ABI0, a wrapper" in told
    assert "ABIInternal" in told


def test_the_picture_shows_itself_in_three_ways():
    step = step_at(output_trace(), "main.output.abi0", "CALL")
    picture = frame_picture(output_trace(), step)
    assert repr(picture) == frame_text(output_trace(), step)
    assert picture._repr_svg_() in picture._repr_html_()

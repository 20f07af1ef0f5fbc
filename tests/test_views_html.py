from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser

from underglass.views.html import module_text, stepper_html, style_text
from underglass.views.payload import payload
from views_traces import output_trace, trace_of


class Page(HTMLParser):
    """Tags with their attributes, and the raw text of scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.raw: list[tuple[str, str]] = []
        self._open = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self._open = tag
        if tag in ("script", "style"):
            self.raw.append((str(dict(attrs).get("type", tag)), ""))

    def handle_endtag(self, tag):
        self._open = ""

    def handle_data(self, data):
        if self._open in ("script", "style"):
            kind, held = self.raw[-1]
            self.raw[-1] = (kind, held + data)

    def texts(self, kind: str) -> list[str]:
        return [text for held, text in self.raw if held == kind]


def test_the_record_comes_back_whole_whatever_it_holds():
    trace = trace_of("greet", "</script><!--")
    page = Page(stepper_html(trace))
    (text,) = page.texts("application/json")
    assert "</" not in text
    assert json.loads(text) == json.loads(json.dumps(payload(trace)))


def test_the_policy_names_exactly_the_page_s_own_script_and_style():
    page = Page(stepper_html(output_trace()))
    policy = next(a["content"] for t, a in page.tags if a.get("http-equiv") == "Content-Security-Policy")
    for kind, rule in (("module", "script-src"), ("style", "style-src")):
        (text,) = page.texts(kind)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{rule} 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'")


def test_nothing_is_loaded_and_nothing_inline_needs_more_rights():
    for text in (stepper_html(output_trace()), stepper_html(output_trace(), standalone=False)):
        for tag, attributes in Page(text).tags:
            assert "src" not in attributes
            assert "style" not in attributes
            assert not [name for name in attributes if name.startswith("on")]
            assert tag not in ("iframe", "object", "embed", "img")
        for _, source in Page(text).raw:
            assert not re.search(r"@import|url\(|https?://(?!www\.w3\.org/2000/svg)", source)


def test_a_piece_can_leave_out_what_the_page_has():
    whole = stepper_html(output_trace(), standalone=False)
    rest = stepper_html(output_trace(), standalone=False, assets=False)
    assert whole.startswith(rest)
    assert module_text() in whole
    assert style_text() in whole
    assert "mountAll" not in rest


def test_the_title_is_escaped():
    assert "<title>a &lt;b&gt;</title>" in stepper_html(output_trace(), title="a <b>")


def test_it_is_text_where_no_script_runs():
    assert "<summary>output(23, 4), step by step, as text</summary>" in stepper_html(output_trace())


def test_neither_asset_could_end_its_element():
    assert "</script" not in module_text().lower()
    assert "</style" not in style_text().lower()

from __future__ import annotations

import base64
import hashlib
import json
import re
import zlib
from html.parser import HTMLParser
from importlib.resources import files

from underglass.views.html import MODULES, module_text, stepper_html, style_text
from underglass.views.payload import payload
from views_traces import output_trace, step_at, trace_of


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
    (text,) = page.texts("text/plain")
    assert re.fullmatch(r"[A-Za-z0-9+/=]+", text)
    assert json.loads(zlib.decompress(base64.b64decode(text))) == json.loads(json.dumps(payload(trace)))


def test_a_page_of_a_thousand_steps_is_below_200_kb():
    trace = trace_of("fib", 8)
    assert len(trace) > 900
    assert len(stepper_html(trace).encode()) < 150_000


def test_a_second_run_comes_along():
    trace = output_trace()
    page = Page(stepper_html(trace, what_if=trace.what_if(3, "AX", 1)))
    records = [json.loads(zlib.decompress(base64.b64decode(text))) for text in page.texts("text/plain")]
    assert [record["change"] for record in records] == ["", "at step 3, AX = 1"]
    assert records[1]["changed"] == 3


def test_the_text_does_not_tell_what_is_to_be_predicted():
    step = step_at(output_trace(), "main.add", "ADDQ")
    page = stepper_html(output_trace(), predict=[step])
    assert re.search(r"ADDQ BX, AX +\?\n", page)
    assert "AX = 27" not in page


def test_the_modules_make_one_without_a_name_twice():
    folder = files("underglass.views") / "stepper"
    texts = [(folder / f"{name}.js").read_text(encoding="utf-8") for name in MODULES]
    top = re.compile(r"^(?:export )?(?:async )?(?:const|let|function|class) (\w+)", re.MULTILINE)
    names = [name for text in texts for name in top.findall(text)]
    assert len(names) == len(set(names)) > 40
    assert not re.search(r"^import |^export (?!default)", module_text(), re.MULTILINE)
    assert {f"{name}.js" for name in MODULES} == {f.name for f in folder.iterdir() if f.name.endswith(".js")}


def test_a_module_imports_only_from_those_before_it():
    folder = files("underglass.views") / "stepper"
    for index, name in enumerate(MODULES):
        text = (folder / f"{name}.js").read_text(encoding="utf-8")
        for names, source in re.findall(r'^import \{(.*)\} from "\./(\w+)\.js";$', text, re.MULTILINE):
            assert source in MODULES[:index], (name, source)
            other = (folder / f"{source}.js").read_text(encoding="utf-8")
            for one in names.split(","):
                assert re.search(rf"^export .*(const|function) {one.strip()}\b", other, re.MULTILINE), (
                    name,
                    one,
                )
        assert len(text.splitlines()) <= 320, name


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

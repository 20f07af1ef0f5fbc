"""The stepper as HTML that needs nothing else: a whole page, or a piece of one."""

from __future__ import annotations

import base64
import hashlib
import html
import re
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from underglass.views.palette import css_variables
from underglass.views.payload import packed_text, payload
from underglass.views.predict import Predict
from underglass.views.text import stepper_text

if TYPE_CHECKING:
    from underglass.trace import Trace

__all__ = [
    "MODULES",
    "PAGE",
    "PAGE_STYLE",
    "digest",
    "joined",
    "module_text",
    "question_style",
    "stepper_html",
    "style_text",
]

MODULES = (
    "record",
    "elements",
    "answers",
    "values",
    "chart",
    "code",
    "registers",
    "stack",
    "memory",
    "predict",
    "whatif",
    "view",
)
"""The modules of `stepper/`, each after those that it imports."""

_STEPS_AS_TEXT = 40  # steps of the table that stands in where scripts do not run

PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<main>
<h1{hidden}>{title}</h1>
{stepper}
</main>
<script type="module">{script}</script>
</body>
</html>
"""

PAGE_STYLE = """
:root{color-scheme:light dark}
body{margin:0;background:light-dark(#fff,#15181c);color:light-dark(#1d2126,#e4e6e8)}
h1{margin:8px 0 0;font:600 20px/28px system-ui,sans-serif}
h1.same{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
main{max-width:1640px;margin:0 auto;padding:8px clamp(12px,3vw,32px)}
"""


def stepper_html(
    trace: Trace,
    *,
    step: int = 0,
    title: str | None = None,
    standalone: bool = True,
    assets: bool = True,
    predict: Iterable[Predict | int] = (),
    what_if: Trace | None = None,
) -> str:
    """Return a stepper of the trace: HTML that steps and scrubs without a kernel and without a network.

    Args:
        step: the step that is shown first.
        title: the page's title; the call by default.
        standalone: a whole page, whose policy lets it load nothing; else a piece for another page,
            which may hold many.
        assets: whether a piece brings the module and the style. A page that has them once may leave
            them out of the rest.
        predict: steps at which the reader is asked what comes before it is shown.
        what_if: a second run, to be shown beside the first.

    Raises:
        UnderglassError: a question about a step or a thing that the trace does not have.
    """
    records = [payload(trace, predict=predict), *([payload(what_if)] if what_if is not None else [])]
    hidden = {question["step"] for question in records[0]["predict"]}
    held = "".join(f'<script type="text/plain">{packed_text(record)}</script>' for record in records)
    stepper = (
        f'<div class="ug-static" data-step="{int(step)}"><details open><summary>'
        f"{html.escape(trace.title)}, step by step, as text</summary><pre>"
        f"{html.escape(stepper_text(trace, count=_STEPS_AS_TEXT, hidden=hidden))}</pre></details>{held}</div>"
    )
    script = f"{module_text()}\nmountAll();\n"
    if not standalone:
        return stepper + (_pieces(script) if assets else "")
    style = PAGE_STYLE + style_text()
    allowed = f"style-src '{digest(style)}'; script-src '{digest(script)}'"
    policy = f"default-src 'none'; img-src data:; {allowed}"
    return PAGE.format(
        policy=policy,
        title=html.escape(title or trace.title),
        hidden=' class="same"' if title in (None, trace.title) else "",  # the stepper shows the call itself
        style=style,
        stepper=stepper,
        script=script,
    )


def _pieces(script: str) -> str:
    return f'<style>{style_text()}</style><script type="module">{script}</script>'


def digest(text: str) -> str:
    """How a content security policy names a script or a style that stands in the page."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


@cache
def module_text() -> str:
    """The stepper's one ES module, as it is inlined and as the widget gets it."""
    return joined(f"stepper/{name}" for name in MODULES)


def joined(modules: Iterable[str]) -> str:
    """One module of several, imports left out: a page from a disk may not import a second file."""
    return "\n".join(_joinable(_asset(f"{name}.js")) for name in modules) + "\n"


@cache
def style_text() -> str:
    """The stepper's stylesheet, colours included."""
    return css_variables(".ug-stepper") + _stylesheet("question") + "\n" + _stylesheet("stepper")


@cache
def question_style() -> str:
    """The stylesheet of what asks outside a stepper."""
    return css_variables(".ug-quiz") + _stylesheet("question")


def _stylesheet(name: str) -> str:
    return _lean(re.sub(r"/\*.*?\*/", "", _asset(f"stepper/{name}.css"), flags=re.DOTALL))


def _joinable(module: str) -> str:
    """A module's text without its imports, and with one thing exported: the default."""
    text = re.sub(r"^import .*?;$", "", module, flags=re.MULTILINE)
    text = re.sub(r"^export (?!default)", "", text, flags=re.MULTILINE)
    return _lean(re.sub(r"^\s*(//.*|/\*\*.*\*/)$", "", text, flags=re.MULTILINE))


def _lean(text: str) -> str:
    """Without indentation and empty lines: a page carries the text of the module once a stepper."""
    return "\n".join(line.strip() for line in text.splitlines() if line.strip())


def _asset(name: str) -> str:
    return files("underglass.views").joinpath(*name.split("/")).read_text(encoding="utf-8")

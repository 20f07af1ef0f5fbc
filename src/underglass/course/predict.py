"""A question whose answer opens only after the reader has chosen one.

The questions lie in `questions/`, one file a chapter, so that the cell that asks does not tell the answer.
"""

from __future__ import annotations

import difflib
import hashlib
import html
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from underglass.errors import UnderglassError
from underglass.views.palette import css_variables

__all__ = ["Choice", "Question", "predict"]

# Radio buttons and CSS alone: it works with a kernel, on a page from the disk, and without scripts.
_STYLE = """\
.ug-question{border:0;border-left:3px solid var(--ug-internal);padding:.2em 0 .2em 1em;margin:.6em 0;
 min-width:0;color:var(--ug-ink);
 font:15px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif}
.ug-question legend{float:left;width:100%;font-weight:600;padding:0;margin:0 0 .4em;font-size:inherit;
 border:0;color:inherit}
.ug-question .choice{clear:both;display:block;margin:.15em 0}
.ug-question label{cursor:pointer;display:inline-block;padding:.1em 0}
.ug-question code{font-family:ui-monospace,'SF Mono',Menlo,Consolas,'DejaVu Sans Mono',monospace;
 font-size:.93em;color:inherit;background:none;border:0;padding:0}
.ug-question .why{display:none;margin:.1em 0 .4em 1.7em;padding:.3em .7em;background:var(--ug-wash)}
.ug-question input:checked~.why{display:block}
.ug-question .right{background:var(--ug-change-tint)}
.ug-question input{margin:0 .6em 0 0;accent-color:var(--ug-internal)}
"""


@dataclass(frozen=True)
class Choice:
    """One answer on offer."""

    text: str  # what stands in backquotes is code, here and below
    says: str  # opens when it is chosen
    is_right: bool


@dataclass(frozen=True)
class Question:
    """A question with choices; shows itself as radio buttons, in text as a list without the answer."""

    text: str
    choices: tuple[Choice, ...]

    def __repr__(self) -> str:
        return "\n".join([_bare(self.text), *(f"  ( ) {_bare(choice.text)}" for choice in self.choices)])

    def _repr_html_(self) -> str:
        name = "ug-" + hashlib.sha256(repr(self).encode()).hexdigest()[:10]
        rows = "".join(_row(f"{name}-{i}", name, choice) for i, choice in enumerate(self.choices))
        style = f"<style>{css_variables('.ug-question')}{_STYLE}</style>"
        return f'{style}<fieldset class="ug-question"><legend>{_marked(self.text)}</legend>{rows}</fieldset>'


def _row(key: str, group: str, choice: Choice) -> str:
    verdict = "Yes." if choice.is_right else "No."
    return (
        f'<div class="choice"><input type="radio" name="{group}" id="{key}">'
        f'<label for="{key}">{_marked(choice.text)}</label>'
        f'<div class="why{" right" if choice.is_right else ""}" role="status">'
        f"<strong>{verdict}</strong> {_marked(choice.says)}</div></div>"
    )


def predict(name: str) -> Question:
    """Ask, before the run shows it.

    >>> predict("frame/entry")        # doctest: +SKIP
    add has just been entered, and SP points to the return address. At which offset from SP …
      ( ) 0(SP)
      ( ) 8(SP)
      ( ) 16(SP)

    Args:
        name: file and question, as "frame/entry".

    Raises:
        UnderglassError: there is no such question.
    """
    known = _questions()
    if name not in known:
        near = difflib.get_close_matches(name, known, 3, 0.3)
        raise UnderglassError(f"There is no question {name!r}. Nearest: {', '.join(near) or 'none'}.")
    return known[name]


@cache
def _questions() -> dict[str, Question]:
    """Every question, by its name."""
    found = {}
    for file in files("underglass.course").joinpath("questions").iterdir():
        if file.name.endswith(".yml"):
            for key, held in yaml.safe_load(file.read_text(encoding="utf-8")).items():
                found[f"{file.name.removesuffix('.yml')}/{key}"] = _question(held)
    return found


def _question(held: dict[str, Any]) -> Question:
    choices = (Choice(c["choice"], c["says"], c.get("is_right", False)) for c in held["choices"])
    return Question(held["text"], tuple(choices))


def _bare(text: str) -> str:
    return text.replace("`", "")


def _marked(text: str) -> str:
    """Escape, and set what stands in backquotes as code."""
    pieces = html.escape(text, quote=False).split("`")
    return "".join(f"<code>{piece}</code>" if i % 2 else piece for i, piece in enumerate(pieces))

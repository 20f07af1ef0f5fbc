"""A question whose answer opens only after the reader has chosen one."""

from __future__ import annotations

import hashlib
import html
from collections.abc import Mapping
from dataclasses import dataclass

from underglass.errors import UnderglassError
from underglass.views.palette import css_variables

__all__ = ["Question", "predict"]

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
class Question:
    """A question with choices; shows itself as radio buttons, in text as a list without the answer."""

    text: str
    choices: tuple[tuple[str, str], ...]  # (choice, what is to be said of it)
    answer: str

    def __repr__(self) -> str:
        return "\n".join([_bare(self.text), *(f"  ( ) {_bare(choice)}" for choice, _ in self.choices)])

    def _repr_html_(self) -> str:
        name = "ug-" + hashlib.sha256(repr(self).encode()).hexdigest()[:10]
        rows = "".join(self._row(f"{name}-{i}", name, *pair) for i, pair in enumerate(self.choices))
        style = f"<style>{css_variables('.ug-question')}{_STYLE}</style>"
        return f'{style}<fieldset class="ug-question"><legend>{_marked(self.text)}</legend>{rows}</fieldset>'

    def _row(self, key: str, group: str, choice: str, why: str) -> str:
        is_right = choice == self.answer
        verdict = "Yes." if is_right else "No."
        return (
            f'<div class="choice"><input type="radio" name="{group}" id="{key}">'
            f'<label for="{key}">{_marked(choice)}</label>'
            f'<div class="why{" right" if is_right else ""}" role="status">'
            f"<strong>{verdict}</strong> {_marked(why)}</div></div>"
        )


def predict(question: str, choices: Mapping[object, str], answer: object) -> Question:
    """Ask before the run shows it.

    >>> predict("Where is y?", {"`8(SP)`": "That is …", "`16(SP)`": "…"}, answer="`16(SP)`")
    Where is y?
      ( ) 8(SP)
      ( ) 16(SP)

    Args:
        choices: each choice with the sentence that opens when it is chosen; `code` in backquotes.
        answer: the right one.

    Raises:
        UnderglassError: the answer is not among the choices.
    """
    if answer not in choices:
        raise UnderglassError(
            f"{answer!r} is none of the choices {list(choices)}. Give one of them as the answer."
        )
    return Question(question, tuple((str(c), why) for c, why in choices.items()), str(answer))


def _bare(text: str) -> str:
    return text.replace("`", "")


def _marked(text: str) -> str:
    """Escape, and set what stands in backquotes as code."""
    pieces = html.escape(text, quote=False).split("`")
    return "".join(f"<code>{piece}</code>" if i % 2 else piece for i, piece in enumerate(pieces))

"""What the pages of grading have in common: templates, style, policy, and how a text is made safe.

A page runs nothing and loads nothing: its policy allows no script, and of styles those alone whose digest it
names. What a student wrote goes through `shown` and through Jinja's escaping, wherever it stands.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

    from underglass.views.svg import Picture

__all__ = ["cut", "figure", "file_name", "number", "page", "plural", "shown", "write"]

_PLAIN_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,60}")
# What Windows opens as a device, whatever follows the dot (Microsoft, "Naming Files, Paths, and Namespaces").
_DEVICE = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?")
# Controls but for tab and line feed, halves of surrogate pairs, and the marks that reorder what follows them
# (Unicode Standard Annex #9).
_ODD = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")
_STYLED = re.compile(r"<style>(.*?)</style>| style=\"([^\"]*)\"", re.DOTALL)


def shown(text: str) -> str:
    """Return a text with the characters that a page cannot show, or must not obey, spelt out.

    >>> shown("a\\u202eb\\x00")
    'a⟨U+202E⟩b⟨U+0000⟩'
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return _ODD.sub(lambda odd: f"⟨U+{ord(odd.group()):04X}⟩", lines)


def cut(text: str, most: int) -> str:
    """Return a text of at most so many characters, and a word of how many are left out."""
    return text if len(text) <= most else f"{text[:most]}… [{len(text) - most:,} more characters]"


def number(value: float) -> str:
    """Return points as people write them: 2, 1.5, 0.333."""
    return f"{value:.3f}".rstrip("0").rstrip(".")


def plural(count: int, noun: str) -> str:
    """Return "1 student", "2 students"."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def file_name(student: str) -> str:
    """Return the name of a student's page: one a student on every file system, whatever the name holds.

    >>> file_name("ada"), file_name("../Ada Lovelace")
    ('ada.html', 'ada-lovelace~504198ca.html')
    """
    if _PLAIN_NAME.fullmatch(student) and not _DEVICE.fullmatch(student) and ".." not in student:
        return f"{student}.html"
    held = unicodedata.normalize("NFKD", student).encode("ascii", "ignore").decode().lower()
    stem = re.sub(r"[^a-z0-9]+", "-", held).strip("-")[:40].strip("-")
    digest = hashlib.sha256(student.encode("utf-8", "backslashreplace")).hexdigest()
    return f"{stem or 'student'}~{digest[:8]}.html"


def figure(picture: Picture) -> Markup:
    """Return a drawing for a page, with what it says as text behind a summary."""
    from markupsafe import Markup, escape

    return Markup(
        f"<figure>{picture._repr_html_()}<figcaption><details><summary>{escape(picture.label)}, as text"
        f"</summary><pre>{escape(shown(picture.text))}</pre></details></figcaption></figure>"
    )


def page(template: str, **values: Any) -> str:
    """Return a page made of a template and what it shows.

    Drawings are the values that are `Markup`; what styles they bring is named in the policy.
    """
    from markupsafe import Markup

    from underglass.views.html import digest

    styles = {_style()}
    for value in _within(values):
        if isinstance(value, Markup):
            styles |= {whole or attribute for whole, attribute in _STYLED.findall(value)}
    digests = " ".join(sorted(f"'{digest(style)}'" for style in styles))
    policy = (
        f"default-src 'none'; img-src data:; style-src 'unsafe-hashes' {digests}; "
        "base-uri 'none'; form-action 'none'"
    )
    made = _environment().get_template(template)
    return made.render(style=Markup(_style()), policy=Markup(policy), **values)


def _within(value: Any) -> Iterator[Any]:
    """The values in lists, tuples and mappings."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for each in value:
            yield from _within(each)
    else:
        yield value


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup, escape

    def finalize(value: Any) -> Any:
        """Nothing reaches a page that has not been spelt out, but what is markup already."""
        return shown(value) if isinstance(value, str) and not isinstance(value, Markup) else value

    def name(text: str) -> str:
        """A student's name, which has to be seen: it is the text of a link."""
        return text if any(c.isprintable() and not c.isspace() for c in shown(text)) else "(no name)"

    def ticked(text: str) -> Markup:
        """A heading of the lab, with what stands in backticks as code."""
        pieces = shown(text).split("`")
        return Markup("").join(
            Markup("<code>{}</code>").format(piece) if at % 2 else escape(piece)
            for at, piece in enumerate(pieces)
        )

    made = Environment(
        loader=PackageLoader("underglass.grading"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"cut": cut, "name": name, "number": number, "plural": plural, "ticked": ticked}
    return made


@cache
def _style() -> str:
    from underglass.views.palette import css_variables

    text = (files("underglass.grading") / "templates" / "pages.css").read_text(encoding="utf-8")
    return css_variables(":root") + text


def write(path: Path, text: str) -> Path:
    """Write a file as UTF-8, whole or not at all, and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.part")
    beside.write_bytes(text.encode("utf-8", "backslashreplace"))
    return beside.replace(path)

"""The static book: Sphinx and MyST-NB run every chapter on the `underglass` kernel and write its pages.

Nothing on a page is fetched from elsewhere: no font, script, style or picture (tests/browser and
tests/test_site_offline.py look), so the built folder works from a disk, a stick or a classroom server.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes

if TYPE_CHECKING:
    from sphinx.application import Sphinx

ROOT = Path(__file__).parent.parent


def library_digest() -> str:
    """Return a digest of what a chapter's outputs depend on besides its own text.

    The cache of executed notebooks knows the chapters only; a change of the library has to empty it.
    """
    digest = hashlib.sha256()
    for path in sorted((ROOT / "src").rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    digest.update((ROOT / "pyproject.toml").read_bytes())
    return digest.hexdigest()[:16]


project = "Go Under Glass"
author = "The underglass authors"
project_copyright = "The underglass authors; text CC BY 4.0, code BSD-3-Clause"

extensions = ["myst_nb"]
exclude_patterns = ["_build", "**/.*", "README.md"]
templates_path: list[str] = []

# -- the chapters ---------------------------------------------------------------------------------

nb_execution_mode = "cache"
nb_execution_cache_path = str(
    Path(os.environ.get("UNDERGLASS_CACHE", ROOT / ".cache" / "underglass")) / "chapters" / library_digest()
)
nb_execution_timeout = 180
nb_execution_raise_on_error = True  # a cell that fails on purpose carries the tag raises-exception
nb_execution_show_tb = True
nb_merge_streams = True
nb_render_markdown_format = "myst"  # links in an output lead to the chapters' pages, as those in the text do
# A page has no kernel: a live widget is shown by its static form, which steps by itself, and the live
# form's state and the scripts that would revive it stay out of the page.
nb_mime_priority_overrides = [("*", "application/vnd.jupyter.widget-view+json", None)]
nb_ipywidgets_js: dict[str, dict[str, str]] = {}

myst_enable_extensions = ["attrs_inline", "colon_fence", "deflist"]
myst_heading_anchors = 3

# -- the pages ------------------------------------------------------------------------------------

html_theme = "sphinx_book_theme"
html_title = project
html_logo = "../kernelspec/logo-svg.svg"
html_favicon = "../kernelspec/logo-svg.svg"
html_static_path = ["_static"]
html_css_files = ["book.css"]
html_show_sphinx = False
html_context = {"default_mode": "auto"}  # light or dark as the system is
html_theme_options = {
    "logo": {"text": project, "alt_text": ""},
    "show_toc_level": 2,
    "use_download_button": True,
    "use_fullscreen_button": False,
    "navbar_persistent": [],
}


def forget_widget_state(app: Sphinx, pagename: str, *_: Any) -> None:
    """Take the live widgets' state out of a page: it repeats what the static form already holds."""
    from myst_nb.sphinx_ import NbMetadataCollector

    NbMetadataCollector.get_js_files(app.env, pagename).pop("ipywidgets_state", None)


def download_labs(app: Sphinx, docname: str, source: list[str]) -> None:
    """Make a chapter's link to its lab a download: in JupyterLab it opens the lab, a page has no kernel."""
    source[0] = source[0].replace("](../labs/", "](path:../labs/")


def colour_cells(app: Sphinx, doctree: nodes.document) -> None:
    """Have the cells coloured as what they are: %%go as Go, %%asm as Go's assembly."""
    for block in doctree.findall(nodes.literal_block):
        if block.astext().startswith(("%%go", "%%asm")):
            block["language"] = "underglass"


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the above with Sphinx; 400 is before MyST-NB's own listener."""
    app.connect("source-read", download_labs)
    app.connect("doctree-read", colour_cells)
    app.connect("html-page-context", forget_widget_state, priority=400)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

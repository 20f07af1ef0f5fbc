"""The static book: Sphinx and MyST-NB run every chapter on the `underglass` kernel and write its pages.

Nothing on a page is fetched from elsewhere: no font, script, style or picture (tests/browser and
tests/test_site_offline.py look), so the built folder works from a disk, a stick or a classroom server.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from xml.etree import ElementTree

from docutils import nodes

from underglass.course.ledger import evidence

if TYPE_CHECKING:
    from sphinx.application import Sphinx

ROOT = Path(__file__).parent.parent
EVIDENCE = evidence(ROOT / "book")
"""The first cell of each claim, by the claim's name."""
sys.path.insert(0, str(Path(__file__).parent))  # api.py

_NEVER = (
    "1970-01-01T00:00:00Z"  # a version that is not out has no day, and a build must not depend on the clock
)


def library_digest() -> str:
    """Return a digest of what a chapter's outputs depend on besides its own text.

    The cache of executed notebooks knows the chapters only; a change of the library has to empty it.
    """
    digest = hashlib.sha256()
    for path in sorted((ROOT / "src").rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    digest.update((ROOT / "pyproject.toml").read_bytes())
    # The appendix of claims shows the ledger, and names the cells of all chapters.
    digest.update((ROOT / "book" / "claims.yml").read_bytes() + repr(EVIDENCE).encode())
    return digest.hexdigest()[:16]


project = "Go Under Glass"
author = "The underglass authors"
project_copyright = "The underglass authors; text CC BY 4.0, code BSD-3-Clause"

extensions = ["myst_nb", "sphinx_copybutton", "sphinx_sitemap", "sphinxext.opengraph", "notfound.extension"]
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

# -- what a reader of the web finds -------------------------------------------------------------------

# Where the book will be read: `make site SITE_URL=https://example.org/book/`. Its pages work anywhere; only
# the sitemap, the feed, the page of addresses that lead nowhere and the card name the place.
SITE_URL = os.environ.get("SITE_URL", "")
html_baseurl = (SITE_URL or "http://localhost:8000/").rstrip("/") + "/"
sitemap_url_scheme = "{link}"
sitemap_show_lastmod = False
ogp_site_url = html_baseurl
ogp_social_cards = {"enable": False}  # it would draw one a page, and need matplotlib; ours is one picture
if SITE_URL:  # those who show a card fetch it from where the book is read
    ogp_image = "_static/card.png"
    ogp_image_alt = "Go assembly on the left, the stack frame that it reads on the right"
    ogp_custom_meta_tags = ['<meta name="twitter:card" content="summary_large_image">']
notfound_urls_prefix = urlsplit(html_baseurl).path
notfound_context = {
    "title": "No such page",
    "body": "<h1>No such page</h1><p>The address leads nowhere in this book. "
    "The list of chapters and the search stand beside this text.</p>",
}
copybutton_selector = "div.cell_input pre, div.highlight pre"
copybutton_prompt_text = r"\$ |>>> "
copybutton_prompt_is_regexp = True

# -- the pages ------------------------------------------------------------------------------------

html_theme = "sphinx_book_theme"
html_title = project
html_logo = "../kernelspec/logo-svg.svg"
html_favicon = "../kernelspec/logo-svg.svg"
html_static_path = ["_static"]
html_css_files = ["book.css"]
html_js_files = ["book.js"]
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


def tell_the_library(app: Sphinx, docname: str, source: list[str]) -> None:
    """Put the reference, made of the library's docstrings, below its heading."""
    if docname == "appendix_api":
        from api import markdown

        source[0] += f"\n{markdown()}"


def colour_cells(app: Sphinx, doctree: nodes.document) -> None:
    """Have the cells coloured as what they are: %%go as Go, %%asm as Go's assembly."""
    for block in doctree.findall(nodes.literal_block):
        if block.astext().startswith(("%%go", "%%asm")):
            block["language"] = "underglass"


def anchor_claims(app: Sphinx, doctree: nodes.document) -> None:
    """Give the first cell of each claim the anchor claim-F1, to which links to the cell's id lead."""
    slugs = app.env.metadata[app.env.docname].setdefault("myst_slugs", {})
    here = {f"claim-{c}": cell for c, cell in EVIDENCE.items() if cell.notebook == f"{app.env.docname}.ipynb"}
    for block in doctree.findall(nodes.container):
        for tag in block.get("cell_metadata", {}).get("tags", ()):
            if cell := here.pop(tag, None):
                block["ids"].append(tag)
                slugs.setdefault(f"cell-id={cell.name}", (0, tag, ""))


def bring_assets_once(app: Sphinx, pagename: str, template: str, context: dict[str, Any], *_: Any) -> None:
    """Keep the first of equal styles and modules: each output brings its own, as it knows of no others."""
    seen: set[str] = set()

    def first(found: re.Match[str]) -> str:
        again = found[0] in seen
        seen.add(found[0])
        return "" if again else found[0]

    asset = r'<style>.*?</style>|<script type="module">.*?</script>'
    context["body"] = re.sub(asset, first, context.get("body", ""), flags=re.DOTALL)


def leave_out_icons(app: Sphinx, exception: Exception | None) -> None:
    """Take out of the theme's 2,000 icons, half a megabyte, those that no page shows."""
    if exception is not None or app.builder.name != "html":
        return
    out = Path(app.outdir)
    script = out / "_static" / "scripts" / "fontawesome.js"
    users = [*out.glob("*.html"), *(path for path in script.parent.glob("*.js") if path != script)]
    used = {
        name for path in users for name in re.findall(r"fa-([a-z0-9-]+)", path.read_text(encoding="utf-8"))
    }

    def kept(found: re.Match[str]) -> str:
        names = {found[1], *re.findall(r'"([a-z0-9-]+)"', found[2])}
        return found[0] if names & used else ""

    icon = r'"?([a-z0-9-]+)"?:\[\d+,\d+,\[([^\]]*)\],"[0-9a-f]+",(?:"[^"]*"|\["[^"]*","[^"]*"\])\],?'
    script.write_text(re.sub(icon, kept, script.read_text(encoding="utf-8")), encoding="utf-8")


def write_feed(app: Sphinx, exception: Exception | None) -> None:
    """Write changes.xml, an Atom feed with an entry for each version of the changelog."""
    if exception is not None or app.builder.name != "html":
        return
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    feed = ElementTree.Element("feed", xmlns="http://www.w3.org/2005/Atom")
    for name, value in (("title", f"{project}: changes"), ("id", html_baseurl), ("updated", _NEVER)):
        ElementTree.SubElement(feed, name).text = value
    ElementTree.SubElement(feed, "link", href=f"{html_baseurl}changes.xml", rel="self")
    ElementTree.SubElement(ElementTree.SubElement(feed, "author"), "name").text = author
    for title, _, body in (part.partition("\n") for part in re.split(r"^## ", text, flags=re.MULTILINE)[1:]):
        entry = ElementTree.SubElement(feed, "entry")
        number, day = title.split()[0], re.search(r"\d{4}-\d\d-\d\d", title)
        stamp = f"{day[0]}T00:00:00Z" if day else _NEVER
        for name, value in (
            ("title", title),
            ("id", f"{html_baseurl}changes.html#{number}"),
            ("updated", stamp),
        ):
            ElementTree.SubElement(entry, name).text = value
        ElementTree.SubElement(entry, "link", href=f"{html_baseurl}changes.html")
        ElementTree.SubElement(entry, "content", type="text").text = body.strip()
    ElementTree.ElementTree(feed).write(
        Path(app.outdir, "changes.xml"), encoding="utf-8", xml_declaration=True
    )


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the above with Sphinx; 400 is before MyST-NB's own listener."""
    app.connect("source-read", download_labs)
    app.connect("source-read", tell_the_library)
    app.connect("doctree-read", colour_cells)
    app.connect("doctree-read", anchor_claims)
    app.connect("html-page-context", forget_widget_state, priority=400)
    app.connect("html-page-context", bring_assets_once)
    app.connect("build-finished", write_feed)
    app.connect("build-finished", leave_out_icons)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

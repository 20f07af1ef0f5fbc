"""The static book needs nothing from elsewhere."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import nbformat
import pytest

# What a browser fetches by itself.  A link that the reader may follow (<a href>) is no such thing, and
# <link> counts only with the relations that load something.
LOADS = {
    ("audio", "src"),
    ("embed", "src"),
    ("iframe", "src"),
    ("image", "href"),
    ("img", "src"),
    ("img", "srcset"),
    ("input", "src"),
    ("link", "href"),
    ("object", "data"),
    ("script", "src"),
    ("source", "src"),
    ("source", "srcset"),
    ("track", "src"),
    ("use", "href"),
    ("video", "poster"),
    ("video", "src"),
}
LOADING_RELATIONS = {
    "dns-prefetch",
    "icon",
    "manifest",
    "modulepreload",
    "preconnect",
    "prefetch",
    "preload",
    "stylesheet",
}
ELSEWHERE = re.compile(r"^\s*(https?:)?//", re.IGNORECASE)
IN_CSS = re.compile(r"""(?:url\(|@import\s)\s*["']?((?:https?:)?//[^"')\s]+)""", re.IGNORECASE)
IN_MODULES = re.compile(r"""\bimport\b[^;"'\n]*["']((?:https?:)?//[^"']+)""", re.IGNORECASE)


class Loads(HTMLParser):
    """Collects the addresses that a page loads from elsewhere, and the text of its scripts and styles."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name.removeprefix("xlink:"): value or "" for name, value in attrs}
        self._inside = tag if tag in ("script", "style") else ""
        if tag == "link" and not LOADING_RELATIONS & set(values.get("rel", "").split()):
            return
        for name, value in values.items():
            if (tag, name) in LOADS and any(ELSEWHERE.match(part) for part in value.split(",")):
                self.found.append(f"<{tag} {name}={value}>")
            if name == "style":
                self.found += IN_CSS.findall(value)

    def handle_data(self, data: str) -> None:
        if self._inside == "style":
            self.found += IN_CSS.findall(data)
        if self._inside == "script":
            self.found += IN_MODULES.findall(data)

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""


def loads_of(page: str) -> list[str]:
    parser = Loads()
    parser.feed(page)
    return parser.found


def test_no_page_loads_from_elsewhere(site: Path) -> None:
    pages = sorted(site.rglob("*.html"))
    assert site / "index.html" in pages
    found = {str(p.relative_to(site)): loads_of(p.read_text(encoding="utf-8")) for p in pages}
    assert not {page: loads for page, loads in found.items() if loads}


def test_no_style_loads_from_elsewhere(site: Path) -> None:
    found = {
        str(path.relative_to(site)): IN_CSS.findall(path.read_text(encoding="utf-8"))
        for path in site.rglob("*.css")
    }
    assert not {style: loads for style, loads in found.items() if loads}


def test_every_chapter_has_its_page(site: Path) -> None:
    chapters = {path.stem for path in (Path(__file__).parent.parent / "book").glob("[0-9]*.ipynb")}
    assert chapters <= {path.stem for path in site.glob("*.html")}
    index = (site / "index.html").read_text(encoding="utf-8")
    assert all(f'href="{chapter}.html"' in index for chapter in chapters)


def test_each_chapter_offers_its_notebook_and_its_lab(site: Path) -> None:
    root = Path(__file__).parent.parent
    for chapter in sorted((root / "book").glob("[0-9]*.ipynb")):
        page = (site / f"{chapter.stem}.html").read_text(encoding="utf-8")
        offered = {site / link for link in re.findall(r'href="((?:_sources|_downloads)/[^"]+\.ipynb)"', page)}
        wanted = [chapter, *root.glob(f"labs/{chapter.name}")]
        assert len(wanted) == 2 or chapter.stem == "00_intro"
        assert {nbformat.reads(one.read_text(encoding="utf-8"), 4).cells[0].source for one in offered} == {
            nbformat.read(one, 4).cells[0].source for one in wanted
        }
        for one in offered:
            nbformat.validate(nbformat.read(one, 4))


def test_the_sitemap_and_the_feed_name_what_is_there(site: Path) -> None:
    places = [e.text or "" for e in ElementTree.parse(site / "sitemap.xml").iter() if e.tag.endswith("}loc")]
    pages = {path.name for path in site.glob("*.html")} - {"404.html"}
    assert {place.rpartition("/")[2] or "index.html" for place in places} >= pages - {
        "genindex.html",
        "search.html",
    }
    assert all((site / (place.rpartition("/")[2] or "index.html")).is_file() for place in places)
    feed = ElementTree.parse(site / "changes.xml").getroot()
    titles = [e.text for e in feed.iter() if e.tag.endswith("title")][1:]
    changes = (Path(__file__).parent.parent / "CHANGELOG.md").read_text(encoding="utf-8")
    assert titles == re.findall(r"^## (.+)$", changes, re.MULTILINE)


def test_pages_bring_each_module_and_style_once(site: Path) -> None:
    for page in site.glob("*.html"):
        found = re.findall(r'<script type="module">.*?</script>', page.read_text(encoding="utf-8"), re.DOTALL)
        assert len(found) == len(set(found)) <= 3, page.name


def test_pages_carry_no_widget_state(site: Path) -> None:
    for page in site.glob("*.html"):
        assert "application/vnd.jupyter.widget-state+json" not in page.read_text(encoding="utf-8"), page.name


@pytest.mark.parametrize(
    ("page", "count"),
    [
        ('<script src="https://example.invalid/a.js"></script>', 1),
        ('<script src="//example.invalid/a.js"></script>', 1),
        ('<script type="module">import x from "https://example.invalid/x.js"</script>', 1),
        ('<script src="_static/a.js"></script>', 0),
        ('<link rel="stylesheet" href="https://example.invalid/a.css">', 1),
        ('<link rel="license" href="https://example.invalid/">', 0),
        ('<a href="https://example.invalid/">text</a>', 0),
        ('<img src="a.png" srcset="a.png 1x, https://example.invalid/b.png 2x">', 1),
        ("<style>@import 'https://example.invalid/a.css';</style>", 1),
        ('<p style="background: url(//example.invalid/a.png)"></p>', 1),
    ],
)
def test_the_reading_of_pages(page: str, count: int) -> None:
    assert len(loads_of(page)) == count

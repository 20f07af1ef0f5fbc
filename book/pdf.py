"""The whole book as one PDF: the pages of the built site, printed by Chromium and bound.

    python book/pdf.py SITE OUT.pdf      (make pdf)

A cover and the contents come first, the answers to a chapter's questions after the chapter. Links between
chapters lead to sheets; one to a file that the site offers leads there if SITE_URL says where the site is.
"""

from __future__ import annotations

import base64
import html
import io
import json
import os
import re
import shutil
import sys
import tempfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urljoin, urlsplit

if TYPE_CHECKING:
    from playwright.sync_api import Page
    from pypdf import PdfReader, PdfWriter

SCALE = 0.8  # a stepper then has the 840 pixels that it needs for two columns
PRINT = {"prefer_css_page_size": True, "print_background": True}
ALIVE = """() => {
  const count = (what) => document.querySelectorAll(what).length;
  return count('.ug-stepper') === count('.ug-static') && !count('.ug-quiz:not([data-mounted])');
}"""
QUESTIONS = re.compile(  # quizzes, and the records of steppers
    r'class="ug-quiz" data-quiz="([^"]*)"|<div class="ug-static".*?<script type="text/plain">(.*?)</script>',
    re.DOTALL,
)
STYLE = """
@page { size: A4; margin: 16mm 15mm 18mm }
body { margin: 0; font: 11pt/1.5 system-ui, "DejaVu Sans", sans-serif; color: #1d2126 }
.cover { height: 245mm; break-after: page; display: grid; align-content: center }
.cover img { width: 46mm }
.cover h1 { font-size: 34pt; line-height: 1.1; margin: 10mm 0 4mm; font-weight: 600 }
.cover p { max-width: 120mm; margin: 0 0 3mm } .cover small { color: #5a626b }
h2 { font-size: 18pt; font-weight: 600; margin: 0 0 6mm }
.row { display: flex; gap: 3mm; align-items: baseline; break-inside: avoid }
.row.chapter { font-weight: 600; margin-top: 3mm; break-after: avoid }
.row.section { margin-left: 6mm; font-size: 9.5pt }
.row i { flex: 1; border-bottom: 1px dotted #9aa1a9 }
.row b { font-weight: inherit; font-variant-numeric: tabular-nums }
"""
# Sections that every chapter has; the table of contents names the others.
COMMON = {
    "Answers", "Exercises", "Further reading", "Next", "Quiz", "The lab", "What the sources say",
    "What we learnt",
}  # fmt: skip


def answers(text: str) -> str:
    """The right answers to a page's questions, in their order: a page tells them when asked."""
    told: list[tuple[str, list[str]]] = []
    for quiz, packed in QUESTIONS.findall(text):
        if quiz:
            asked = json.loads(html.unescape(quiz))
            right = [f"{one['text']}: {one['says']}" for one in asked["choices"] if one["right"]]
            told.append((asked["text"], right or [f"`{asked['answer'][0]}`: {asked['says']}"]))
        else:
            for one in json.loads(zlib.decompress(base64.b64decode(packed)))["predict"]:
                value = int(one["answer"], 16)
                held = str(value) if value < 4096 else f"{value:#x}"
                told.append((one["ask"], [f"`{one['name']}` is {held}. {one['says']}"]))
    lines = (
        f"<li><strong>{marked(ask)}</strong>{''.join(f'<p>{marked(words)}</p>' for words in why)}</li>"
        for ask, why in told
    )
    return f"<section><h2>Answers</h2><ol>{''.join(lines)}</ol></section>" if told else ""


def marked(words: str) -> str:
    """Escape, and set what stands in backquotes as code."""
    pieces = html.escape(words, quote=False).split("`")
    return "".join(f"<code>{piece}</code>" if i % 2 else piece for i, piece in enumerate(pieces))


def find_chromium() -> Path | None:
    """Return the system's Chromium or Chrome; $CHROMIUM decides where several are installed."""
    if named := os.environ.get("CHROMIUM"):
        return Path(named)
    for name in ("chromium", "chromium-browser", "google-chrome", "chrome"):
        if found := shutil.which(name):
            return Path(found)
    places = [
        Path("/Applications/Chromium.app/Contents/MacOS/Chromium"),
        Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"),
        *(
            Path(os.environ[name]) / "Google/Chrome/Application/chrome.exe"
            for name in ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA")
            if name in os.environ
        ),
    ]
    return next((place for place in places if place.is_file()), None)


def chapters_of(site: Path) -> list[str]:
    """The names of the book's pages in the order of its table of contents."""
    index = (site / "index.html").read_text(encoding="utf-8")
    found = re.findall(
        r'<li class="toctree-l1[^"]*"><a class="reference internal" href="([^"#]+)\.html"', index
    )
    return list(dict.fromkeys(found))


def printed(page: Page, path: Path) -> bytes:
    """One page of the site as a PDF whose outline has its headings."""
    page.goto(path.as_uri())
    page.wait_for_function(ALIVE)
    page.evaluate(
        "(text) => document.querySelector('article').insertAdjacentHTML('beforeend', text)",
        answers(path.read_text(encoding="utf-8")),
    )
    return page.pdf(**PRINT, scale=SCALE, outline=True, tagged=True)


def headings(page: Page, reader: PdfReader) -> list[tuple[int, str, int]]:
    """(level, title, sheet from 0) of a printed page's chapter and its sections.

    The outline has the sheets, and the page the titles: the outline's lack the space where a line ends.
    """
    titles = page.eval_on_selector_all(
        "article :is(h1, h2)", "all => all.map((e) => e.textContent.replace(/[#\u00b6]$/, ''))"
    )
    whole = {re.sub(r"\s", "", title): " ".join(title.split()) for title in titles}
    found: list[tuple[int, str, int]] = []

    def walk(items: list[Any], level: int) -> None:
        for item in items:
            if isinstance(item, list):
                walk(item, level + 1)
            elif (title := whole.get(re.sub(r"\s", "", str(item.title)))) is not None:
                found.append((level, title, reader.get_destination_page_number(item) or 0))

    walk(reader.outline, 0)
    return [one for one in found if one[0] <= 1]


def contents(rows: list[tuple[int, str, int]], cover: str) -> str:
    """The cover and the table of contents as a page to print; the first chapter begins on sheet 1."""
    lines = "".join(
        f'<div class="row {"section" if level else "chapter"}"><span>{html.escape(title)}</span><i></i>'
        f"<b>{sheet + 1}</b></div>"
        for level, title, sheet in rows
        if level == 0 or title not in COMMON
    )
    head = f'<meta charset="utf-8"><title>Go Under Glass</title><style>{STYLE}</style>'
    return f'<!doctype html><html lang="en">{head}{cover}<h2>Contents</h2>{lines}'


def numbers(count: int) -> str:
    """A page to print that has nothing but the number at the foot of each sheet."""
    style = "@page{size:A4;margin:0}body{margin:0;font:9pt system-ui,'DejaVu Sans',sans-serif;color:#5a626b}"
    style += "div{height:297mm;break-after:page;position:relative}div:last-child{break-after:auto}"
    style += "b{position:absolute;bottom:8mm;right:15mm;font-weight:400}"
    sheets = "".join(f"<div><b>{n}</b></div>" for n in range(1, count + 1))
    return f'<!doctype html><meta charset="utf-8"><style>{style}</style>{sheets}'


def lead_to_sheets(writer: PdfWriter, site: Path, first: dict[str, int], where: str) -> None:
    """Turn links to the site's pages into links to sheets, and those to its files to where it is read."""
    from pypdf.generic import ArrayObject, NameObject, TextStringObject

    root = site.as_uri() + "/"
    for sheet in writer.pages:
        kept = ArrayObject()
        for held in sheet.get("/Annots") or []:
            link = held.get_object()
            address = str(link.get("/A", {}).get("/URI", ""))
            if address.startswith(root):
                path = unquote(urlsplit(address).path).removeprefix(urlsplit(root).path)
                if path.removesuffix(".html") in first:
                    del link["/A"]
                    goal = writer.pages[first[path.removesuffix(".html")]].indirect_reference
                    link[NameObject("/Dest")] = ArrayObject([goal, NameObject("/Fit")])
                elif where:
                    link["/A"][NameObject("/URI")] = TextStringObject(urljoin(where, path))
                else:
                    continue
            kept.append(held)
        if "/Annots" in sheet:
            sheet[NameObject("/Annots")] = kept


def bind(site: Path, names: list[str], where: str = "") -> bytes:
    """Print pages of the site, and bind them to one PDF."""
    from playwright.sync_api import sync_playwright
    from pypdf import PdfReader, PdfWriter

    chromium = find_chromium()
    if chromium is None:
        raise SystemExit("No Chromium or Chrome is on this machine. Install one, or name it in $CHROMIUM.")
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as scratch:
        browser = playwright.chromium.launch(executable_path=chromium, args=arguments)
        page = browser.new_page(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")

        def made(text: str) -> PdfReader:
            path = Path(scratch, "made.html")
            path.write_text(text, encoding="utf-8")
            page.goto(path.as_uri())
            return PdfReader(io.BytesIO(page.pdf(**PRINT)))

        bodies, rows, count = [], [], 0
        for name in names:
            body = PdfReader(io.BytesIO(printed(page, site / f"{name}.html")))
            rows += [(level, title, count + sheet) for level, title, sheet in headings(page, body)]
            bodies.append((name, count, body))
            count += len(body.pages)
        front = made(contents(rows, cover_of(site)))
        feet = made(numbers(count))
        browser.close()
    writer = PdfWriter()
    for part in (front, *(body for _, _, body in bodies)):
        writer.append(part, import_outline=False)
    offset = len(front.pages)
    chapter = None
    for level, title, sheet in rows:
        item = writer.add_outline_item(
            title=title, page_number=offset + sheet, parent=chapter if level else None
        )
        chapter = chapter if level else item
    for number, foot in enumerate(feet.pages):
        writer.pages[offset + number].merge_page(foot)
        writer.pages[offset + number].compress_content_streams()
    lead_to_sheets(writer, site, {name: offset + at for name, at, _ in bodies} | {"index": 0}, where)
    writer.add_metadata({"/Title": "Go Under Glass", "/Author": "The underglass authors"})
    writer.compress_identical_objects()
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def cover_of(site: Path) -> str:
    """The first sheet."""
    logo = next(site.glob("_static/*logo*.svg")).as_uri()
    return (
        f'<div class="cover"><div><img src="{logo}" alt=""></div><h1>Go Under Glass</h1>'
        "<p>An interactive textbook on Go assembly and calling conventions. On these sheets each stepper "
        "stands at the step that the text speaks of; in the notebook and on the site it moves.</p>"
        "<p><small>The underglass authors. Text CC BY 4.0, code BSD-3-Clause.</small></p></div>"
    )


def main() -> None:
    """Print what the command line names."""
    if len(sys.argv) != 3:
        raise SystemExit("usage: python book/pdf.py SITE OUT.pdf")
    site, out = Path(sys.argv[1]).resolve(), Path(sys.argv[2])
    if not (site / "index.html").is_file():
        raise SystemExit(f"{site} has no index.html. Build the book first: make site")
    data = bind(site, chapters_of(site), os.environ.get("SITE_URL", ""))
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_bytes(data)
    sys.stdout.write(f"{out}: {len(data) / 1e6:.1f} MB\n")


if __name__ == "__main__":
    main()

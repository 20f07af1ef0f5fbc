"""The colours of every view, once: each a custom property with a light and a dark value.

The two ABIs are blue and orange, which people with any of the common colour deficiencies tell
apart; no view tells anything by colour alone.  Text colours keep 4.5:1 on paper and on the tints.
"""

from __future__ import annotations

__all__ = ["COLOURS", "colour", "css_variables", "fitting", "follow_host", "scrolling"]

# name: (light, dark)
COLOURS: dict[str, tuple[str, str]] = {
    "paper": ("#ffffff", "#15181c"),
    "ink": ("#1d2126", "#e4e6e8"),
    "muted": ("#59616b", "#a3abb5"),
    "rule": ("#dde1e6", "#343a41"),
    "wash": ("#f3f5f7", "#20252b"),  # the row that is current
    "abi0": ("#8f4700", "#f2b06b"),
    "abi0-tint": ("#fcefdf", "#3a2913"),
    "internal": ("#0a578f", "#85c0ef"),
    "internal-tint": ("#e5f0fa", "#132b40"),
    "change": ("#00614a", "#63d8b0"),
    "change-tint": ("#dbf4ea", "#10372b"),
}

# Where the host page has a theme of its own, it counts; else the reader's system does.
_DARK = (
    'html[data-theme="dark"]',
    'body[data-jp-theme-light="false"]',
    'body[data-vscode-theme-kind$="dark"]',
)
_LIGHT = (
    'html[data-theme="light"]',
    'body[data-jp-theme-light="true"]',
    'body[data-vscode-theme-kind$="light"]',
)
# What these hosts call the colour that a picture lies on.
_PAPERS = {
    "html[data-theme]": "--pst-color-background",
    "body[data-jp-theme-light]": "--jp-layout-color0",
}


def colour(name: str) -> str:
    """The light value, for attributes that renderers without custom properties fall back to."""
    return COLOURS[name][0]


def css_variables(selector: str) -> str:
    """Declare every colour as `--ug-<name>` on `selector`, following the element's colour scheme."""
    held = "".join(f"--ug-{name}:light-dark({light},{dark});" for name, (light, dark) in COLOURS.items())
    return f"{selector}{{color-scheme:light dark;{held}}}\n{follow_host(selector)}"


def follow_host(selector: str) -> str:
    """Rules that turn `selector` light or dark with JupyterLab, VS Code and the book's theme."""
    dark = ",".join(f"{host} {selector}" for host in _DARK)
    light = ",".join(f"{host} {selector}" for host in _LIGHT)
    papers = "".join(
        f"{host} {selector}{{--ug-paper:var({variable},light-dark({','.join(COLOURS['paper'])}))}}\n"
        for host, variable in _PAPERS.items()
    )
    return f"{dark}{{color-scheme:dark}}\n{light}{{color-scheme:light}}\n{papers}"


def fitting(width: float) -> str:
    """The style of a picture of so many pixels: no wider than the page, and never too small to read."""
    return f"max-width:100%;min-width:{0.8 * width:.0f}px;height:auto"


def scrolling(svg: str, label: str) -> str:
    """A picture for a page: it shrinks a little with a narrow one, then scrolls, by keyboard too."""
    start = f'<div class="ug-picture" role="group" aria-label="{label}" tabindex="0"'
    return f'{start} style="overflow-x:auto">{svg}</div>'

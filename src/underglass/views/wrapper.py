"""ABI wrappers in text and HTML: the report on a package, and one wrapper's code beside its declaration."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from underglass.abi import Layout, abi0_layout, abi_internal_layout
from underglass.analysis.annotate import Annotated, Step, annotate
from underglass.analysis.callcases import Case, is_runtime
from underglass.analysis.crossings import Crossings, referred_to
from underglass.analysis.wrappers import Direction, Use, Wrapper, wrapper_of
from underglass.views.palette import css_variables, scrolling

if TYPE_CHECKING:
    from underglass.abi import Place
    from underglass.analysis.callgraph import Edge
    from underglass.program import Program

__all__ = ["WrapperPicture", "crossings_text", "wrapper_html", "wrapper_picture", "wrapper_text"]

_NOTHING = "–"
_ABIS = {"internal": "ABIInternal", "abi0": "ABI0"}
_PLACES = ("value", "ABIInternal", "ABI0")
_PARTS = {  # the heading above the first instruction of a part
    "entry": "a frame of its own",
    "arguments": "arguments, from one ABI's places to the other's",
    "call": "the call, or what stands for it",
    "results": "results, back to the caller's ABI",
    "exit": "the way back",
}


class WrapperPicture:
    """An annotated wrapper that shows itself: as a table in a notebook or a page, as text elsewhere."""

    def __init__(self, program: Program, name: str) -> None:
        self.annotated = annotate(program, wrapper_of(program, name))
        self.text = wrapper_text(program, self.annotated)
        self.html = wrapper_html(program, self.annotated)

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return scrolling(self.html, "ABI wrapper")


def wrapper_picture(program: Program, name: str) -> WrapperPicture:
    """The wrapper of a function, annotated, with its text form beside it.

    Raises:
        UnknownFunction: no function of that name.
        UnderglassError: it has no ABI wrapper.
    """
    return WrapperPicture(program, name)


def crossings_text(program: Program, found: Crossings) -> str:
    """Return the report on a package as tables: wrappers, calls by case, addresses taken."""
    parts = [
        f"ABI wrappers of package {found.package}",
        _table(("function", "direction", "use", "called by", "address taken by"), _wrapper_rows(found)),
        "",
        "Calls, by case",
        _table(("case", "caller", "callee", "places"), _call_rows(program, found)),
        *_legend(program, found),
        "",
        "What an address taken refers to",
        _table(("taken by", "as", "refers to"), _address_rows(program, found)),
    ]
    return "\n".join(parts)


def _wrapper_rows(found: Crossings) -> list[tuple[str, ...]]:
    return [
        (
            _plain(w.name), w.direction.value, w.use.value,
            _names(r.by for r in w.calls), _names(r.by for r in w.addresses),
        )
        for w in found.wrappers
    ]  # fmt: skip


def _shown(program: Program, found: Crossings) -> list[Edge]:
    """The direct calls, without those that every function makes of the runtime."""
    functions = program.functions
    return [e for e in found.edges if is_runtime(functions[e.caller]) or not is_runtime(functions[e.callee])]


def _call_rows(program: Program, found: Crossings) -> list[tuple[str, ...]]:
    rows = [
        (e.case.words, _plain(e.caller), _plain(e.callee), str(e.sites))
        for e in _shown(program, found)
        if e.case is not None
    ]
    counted: dict[tuple[str, str, str], int] = {}
    for caller, call in found.indirect:
        case = " or ".join(c.words for c in call.cases) or _NOTHING
        key = case, _plain(caller), f"({call.through.value})"
        counted[key] = counted.get(key, 0) + 1
    rows += [(*key, str(count)) for key, count in counted.items()]
    return sorted(rows)


def _legend(program: Program, found: Crossings) -> list[str]:
    shown = _shown(program, found)
    cases = {e.case for e in shown} | {case for _, call in found.indirect for case in call.cases}
    hidden = sum(e.sites for e in found.edges) - sum(e.sites for e in shown)
    lines = [f"{case.words}: {case.value}" for case in Case if case in cases]
    return [
        "",
        *lines,
        *([f"and {hidden} direct calls of the runtime, which are not listed"] if hidden else []),
    ]


def _address_rows(program: Program, found: Crossings) -> list[tuple[str, ...]]:
    rows = [
        (_plain(r.by) or "a table without a name", r.how.value, _plain(referred_to(program, r)))
        for r in found.addresses
    ]
    return list(dict.fromkeys(rows))


def wrapper_text(program: Program, annotated: Annotated) -> str:
    """Return a wrapper's code, a note at each instruction, below its declaration and both ABIs' places."""
    wrapper = annotated.wrapper
    rows = [(line.instruction.go, line.note) for line in annotated.lines]
    code = max((len(go) for go, _ in rows), default=0)
    places = _place_rows(annotated)
    return "\n".join(
        [
            f"{wrapper.function.symbol}: {wrapper.direction.value} wrapper of {_target(wrapper)}",
            *_about(program, annotated),
            "",
            *([_table(_PLACES, places), ""] if places else []),
            *(f"{go:<{code}}  {note}" for go, note in rows),
        ]
    )


def _about(program: Program, annotated: Annotated) -> list[str]:
    wrapper = annotated.wrapper
    lines = [f"declared: {_declared(program, annotated)}"]
    calls, addresses = _names(r.by for r in wrapper.calls), _names(r.by for r in wrapper.addresses)
    if wrapper.use is Use.KEPT:
        lines.append("used by nothing: the build keeps it, so that it can be called from outside")
    else:
        lines.append(f"called by: {calls}; address taken by: {addresses}")
    if wrapper.is_intrinsic:
        lines.append(
            "an intrinsic: the compiler put the operation in place of the call, so nothing is called"
        )
        return lines
    if annotated.signature is None:
        lines.append("arguments: not known, since the program has neither a prototype nor DWARF for it")
    elif annotated.lost:
        lines.append(f"not brought where it belongs: {', '.join(annotated.lost)}")
    else:
        lines.append("every byte of the arguments and results was followed to its place")
    return lines


def _declared(program: Program, annotated: Annotated) -> str:
    target = annotated.wrapper.target or annotated.wrapper.function
    text = program.prototypes.get(target.name.removeprefix("main."))
    if text is None:
        text = str(annotated.signature) if annotated.signature else f"func {target.name}"
    source = program.source_of(target)
    where = source.origin if source else target.file
    return f"{text}  ({where}, line {target.start_line})" if where != "<autogenerated>" else text


def _target(wrapper: Wrapper) -> str:
    return wrapper.target.symbol if wrapper.target else f"{wrapper.name}, whose body is not linked"


def _place_rows(annotated: Annotated) -> list[tuple[str, ...]]:
    """Each argument and result: where ABIInternal has it, where ABI0 has it."""
    taken = annotated.signature
    if taken is None:
        return []
    layouts: tuple[Layout, Layout] = abi_internal_layout(taken), abi0_layout(taken)
    return [
        (f"{here.name} {here.type.name}", _place(here), _place(there))
        for here, there in zip(layouts[0].places, layouts[1].places, strict=True)
    ]


def _place(place: Place) -> str:
    if place.pieces:
        return ", ".join(piece.register for piece in place.pieces)
    return f"{place.name}+{place.offset}(FP)"


def wrapper_html(program: Program, annotated: Annotated) -> str:
    """Return the same as a piece of HTML, without scripts."""
    wrapper = annotated.wrapper
    into_assembly = wrapper.direction is Direction.INTO_ASSEMBLY
    outer, inner = ("internal", "abi0") if into_assembly else ("abi0", "internal")
    about = "".join(f"<p>{html.escape(line)}</p>" for line in _about(program, annotated))
    rows = _place_rows(annotated)
    places = _html_table(_PLACES, rows) if rows else ""
    body: list[str] = []
    last = ""
    for line, part in zip(annotated.lines, _parts(annotated), strict=True):
        if part != last:
            body.append(f'<tr><th colspan="3" scope="rowgroup">{_PARTS[part]}</th></tr>')
            last = part
        hue = inner if part == "call" else outer
        body.append(
            f'<tr class="{hue}"><td><code>{html.escape(line.instruction.go)}</code></td>'
            f"<td>{html.escape(line.step.value)}</td><td>{html.escape(line.note)}</td></tr>"
        )
    title = " → ".join(
        f'<code>{html.escape(symbol)}</code> <span class="{hue}">{_ABIS[hue]}</span>'
        for symbol, hue in ((wrapper.function.symbol, outer), (_target(wrapper), inner))
    )
    return (
        f"<style>{css_variables('.ug-wrapper')}{_STYLE}</style>"
        f'<div class="ug-wrapper"><h3>{title}</h3>{about}<div class="both">{places}'
        '<table class="code"><thead><tr><th scope="col">instruction</th><th scope="col">step</th>'
        f'<th scope="col">what it does</th></tr></thead><tbody>{"".join(body)}</tbody></table></div></div>'
    )


def _parts(annotated: Annotated) -> list[str]:
    """Which part of the wrapper each instruction belongs to."""
    steps = [line.step for line in annotated.lines]
    call = steps.index(Step.CALL) if Step.CALL in steps else len(steps)
    found: list[str] = []
    for index, step in enumerate(steps):
        if step in (Step.SAVE_BP, Step.FRAME):
            part = "entry"
        elif step is Step.PADDING:
            part = found[-1] if found else "entry"
        elif step in (Step.CALL, Step.X15, Step.G, Step.INTRINSIC):
            part = "call"
        elif step is Step.RETURN:
            part = "exit"
        else:
            part = "arguments" if index < call else "results"
        found.append(part)
    return found


def _html_table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    top = "".join(f'<th scope="col">{html.escape(head)}</th>' for head in heads)
    lines = ("".join(f"<td><code>{html.escape(cell)}</code></td>" for cell in row) for row in rows)
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return "  none"
    table = [heads, *rows]
    widths = [max(len(row[i]) for row in table) for i in range(len(heads))]
    return "\n".join(
        ("  " + "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True))).rstrip()
        for row in table
    )


def _names(symbols: Iterable[str]) -> str:
    shown = list(dict.fromkeys(_plain(symbol) or "a table without a name" for symbol in symbols))
    if len(shown) > 3:
        shown = [*shown[:2], f"{len(shown) - 2} more"]
    return ", ".join(shown) or _NOTHING


def _plain(name: str) -> str:
    return name.removeprefix("main.")


_STYLE = """
.ug-wrapper{container-type:inline-size}
.ug-wrapper{color:var(--ug-ink);background:var(--ug-paper);font:14px/20px system-ui,sans-serif;padding:8px 0}
.ug-wrapper h3{margin:0 0 6px;font-size:15px;font-weight:600}
.ug-wrapper h3 span{border-radius:4px;padding:1px 6px;font-size:12px}
.ug-wrapper span.abi0{background:var(--ug-abi0-tint);color:var(--ug-abi0)}
.ug-wrapper span.internal{background:var(--ug-internal-tint);color:var(--ug-internal)}
.ug-wrapper p{margin:0;color:var(--ug-muted)}
.ug-wrapper code{font:13px/20px ui-monospace,'DejaVu Sans Mono',monospace;white-space:nowrap;background:none;
color:inherit;padding:0;border:0}
.ug-wrapper table{border-collapse:collapse;margin:10px 0 0;text-align:left}
.ug-wrapper th,.ug-wrapper td{padding:2px 18px 2px 8px;text-align:left;vertical-align:top;border:0}
.ug-wrapper tr{background:none}
.ug-wrapper .both{display:flex;flex-wrap:wrap;column-gap:28px;align-items:flex-start}
.ug-wrapper .code{flex:1 1 600px}
.ug-wrapper thead th{font-weight:600;color:var(--ug-muted);border-bottom:1px solid var(--ug-rule)}
.ug-wrapper tbody th{font-weight:600;padding-top:10px}
.ug-wrapper .code td:nth-child(2){color:var(--ug-muted);white-space:nowrap}
.ug-wrapper .code tr.abi0 td:first-child{border-left:4px solid var(--ug-abi0)}
.ug-wrapper .code tr.internal td:first-child{border-left:4px solid var(--ug-internal)}
@container (width < 560px){
.ug-wrapper table.code{flex:1 1 100%;min-width:0}
.ug-wrapper table.code,.ug-wrapper .code tbody{display:block}
.ug-wrapper .code thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.ug-wrapper .code tbody tr{display:grid;grid-template-columns:1fr auto;padding-bottom:4px}
.ug-wrapper .code tbody :is(td:nth-child(3),th){grid-column:1/-1}
.ug-wrapper .code tr.abi0{border-left:4px solid var(--ug-abi0)}
.ug-wrapper .code tr.internal{border-left:4px solid var(--ug-internal)}
.ug-wrapper .code tbody tr:is(.abi0,.internal) td:first-child{border-left:0}
}
""".replace(".ug-wrapper", ".ug-wrapper" * 3)  # outweighs what host pages give to bare tables

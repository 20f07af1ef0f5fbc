"""An assembly text beside its machine code: line by line, what the assembler made of it and what it added.

A `TEXT` directive makes no code: what stands on its line is the stack check and the way into the frame.
Before a `RET` of a function with a frame the assembler puts the way out of it (Go 1.27,
cmd/internal/obj/x86/obj6.go, preprocess and stacksplit).
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from underglass.analysis.prologue import check_code, prologue_of
from underglass.toolchain import asmlex
from underglass.views.palette import css_variables

if TYPE_CHECKING:
    from underglass.program import Function, Instruction, Program
    from underglass.toolchain import Diagnostic, Source

__all__ = ["Listing", "ListingLine", "Made", "listing", "listing_html", "listing_text"]

_ADDRESS = re.compile(r"\b0x[0-9a-f]+$")
_WAY_OUT = re.compile(r"(ADDQ \$0x[0-9a-f]+|SUBQ \$-0x[0-9a-f]+), SP|POPQ BP")
_TAB = 8  # columns in the text form; a page has less room
_OPEN_LINES = 80  # a longer listing is folded until it is asked for
# §: JupyterLab has rules of its own for tables, which two classes do not outweigh.
_STYLE = """\
.ug-listing{color:var(--ug-ink);background:var(--ug-paper);font:13px/1.5 system-ui,sans-serif;
container-type:inline-size}
.ug-listing summary{cursor:pointer;padding:4px 0;color:var(--ug-muted)}
.ug-listing .calls{padding:0 0 6px;color:var(--ug-muted)}
.ug-listing .held{overflow-x:auto}
§{border-collapse:collapse;margin:0;font-size:12.5px;line-height:1.5}
§ tr{background:none;line-height:inherit;padding:0;text-align:left}
.ug-listing .calls code,§ td{font-family:ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace;
background:none;border:0;padding:0;line-height:inherit}
.ug-listing .calls code{color:var(--ug-internal)}
§ th{text-align:left;font-weight:600;padding:2px 7px;border-bottom:1px solid var(--ug-rule)}
§ td{padding:0 7px;white-space:pre;text-align:left;vertical-align:top;color:var(--ug-ink)}
§ td.number,§ td.at{color:var(--ug-muted);text-align:right;user-select:none;padding:0 4px}
§ td.bytes{color:var(--ug-muted)}
§ tr.added td.code{color:var(--ug-abi0)}
§ td.note{color:var(--ug-abi0);font-family:system-ui,sans-serif;font-size:12px;user-select:none}
§ tr.finding td{background:var(--ug-abi0-tint);padding:2px 7px}
§ tr.finding span{display:inline-block;position:sticky;left:7px;max-width:calc(100cqw - 20px);
white-space:normal;font:13px/1.4 system-ui,sans-serif;color:var(--ug-abi0)}
§ tr.first td{border-top:1px solid var(--ug-wash)}
@container (max-width:640px){
§,§ tbody,§ tr{display:block}
§ thead,§ td.at,§ td:empty{display:none}
§ tr.first td{border:0}
§ tr.first{border-top:1px solid var(--ug-rule)}
§ td.number{float:left;width:2em}
§ td.source,§ tr.first td.source{display:block;min-height:1.5em;padding-left:2.9em;
white-space:pre-wrap}
§ tr:not(.first) td.source{display:none}
§ td.code{display:block;padding-left:6em;white-space:pre-wrap;background:var(--ug-wash)}
§ td.bytes,§ td.note{display:inline-block;font-size:11px;padding-right:0}
§ td.bytes{padding-left:6.8em}
§ tr.finding td{display:block}
}
""".replace("§", ".ug-listing .held .made")


@dataclass(frozen=True)
class Made:
    """One machine instruction."""

    offset: int  # bytes from the start of its function
    data: bytes
    go: str  # Go syntax; a jump inside the function goes to an offset in it, +0x4a
    added: str  # why the assembler put it there: "stack check"; "" where the author wrote it


@dataclass(frozen=True)
class ListingLine:
    """One line of the source, or what was added behind a function's last one."""

    number: int  # 1-based; 0 for what has no line of its own
    text: str
    made: tuple[Made, ...]
    findings: tuple[str, ...]  # of go vet and the lints


@dataclass(frozen=True)
class Listing:
    """A text and its code, which shows itself: as a table in a notebook, as text elsewhere."""

    origin: str  # "cell 7"
    lines: tuple[ListingLine, ...]
    callable: tuple[str, ...]  # "add(x, y int64) int64"

    def __repr__(self) -> str:
        return listing_text(self)

    def _repr_html_(self) -> str:
        return listing_html(self)

    @property
    def summary(self) -> str:
        """How much code it is: `cell 7: 4 instructions, 16 bytes`."""
        made = [one for line in self.lines for one in line.made]
        added = sum(bool(one.added) for one in made)
        tail = f", {added} of them added by the assembler" if added else ""
        return f"{self.origin}: {len(made)} instructions, {sum(len(m.data) for m in made)} bytes{tail}"


def listing(program: Program, source: Source, findings: Iterable[Diagnostic] = ()) -> Listing:
    """Put the lines of an assembly source beside the code that a program has of them.

    Args:
        findings: what `go vet` and the lints say; those about other sources are left out.
    """
    functions = list(_functions(program, source))
    program.prefetch(functions)
    by_line: dict[int, list[Made]] = {}
    behind: dict[int, tuple[Made, ...]] = {}  # line → what stands behind it, without a line of its own
    statements = _statements(source.text)
    for function in functions:
        last, rest = function.start_line, []
        for line, one in _made(program, function, statements):
            if one.added == "more stack":
                rest.append(one)
            else:
                by_line.setdefault(line, []).append(one)
                last = max(last, line)
        behind[last] = (*behind.get(last, ()), *rest)
    said: dict[int, list[str]] = {}
    for found in findings:
        if found.source == source.origin:
            stop = "" if not found.advice or found.message.endswith((".", "?", "!")) else "."
            said.setdefault(found.line or 1, []).append(f"{found.message}{stop} {found.advice}".strip())
    rows = []
    for number, text in enumerate(source.text.splitlines(), 1):
        rows.append(ListingLine(number, text, tuple(by_line.get(number, ())), tuple(said.get(number, ()))))
        if behind.get(number):
            rows.append(ListingLine(0, "", behind[number], ()))
    names = [t.symbol.removeprefix("main.") for t in asmlex.texts(source.text) if not t.is_local]
    prototypes = [program.prototypes[n].removeprefix("func ") for n in names if n in program.prototypes]
    return Listing(source.origin, tuple(_without_blanks(rows)), tuple(prototypes))


def listing_text(shown: Listing) -> str:
    """Return the listing as two columns; `+` marks what the assembler added."""
    width = max((len(_left(line)) for line in shown.lines), default=0)
    rows = [shown.summary]
    for line in shown.lines:
        left = _left(line)
        made = line.made or (None,)
        for one in made:
            right = "" if one is None else f"{'+' if one.added else ' '} {one.go}"
            rows.append(f"{left:<{width}}  {right}".rstrip())
            left = ""
        rows += [f"{'':>4} ^ {finding}" for finding in line.findings]
    return "\n".join(rows)


def listing_html(shown: Listing) -> str:
    """Return the listing as a table that folds to one column where there is little width."""
    rows = "".join(row for line in shown.lines for row in _rows(line))
    calls = ", ".join(f"<code>{html.escape(text)}</code>" for text in shown.callable)
    heads = (
        '<th></th><th scope="col">what you wrote</th><th scope="col">at</th>'
        '<th scope="col">what was made of it</th><th scope="col">bytes</th><th scope="col">added</th>'
    )
    return (
        f'<div class="ug-listing"><style>{css_variables(".ug-listing")}{_STYLE}</style>'
        f"<details{' open' if len(shown.lines) <= _OPEN_LINES else ''}>"
        f"<summary>{html.escape(shown.summary)}</summary>"
        + (f'<div class="calls">Go and prog.call can call {calls}.</div>' if calls else "")
        + f'<div class="held" tabindex="0" role="group" aria-label="Listing of {html.escape(shown.origin)}">'
        f'<table class="made"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>'
        "</div></details></div>"
    )


def _rows(line: ListingLine) -> Iterator[str]:
    number, text = str(line.number or ""), html.escape(line.text.expandtabs(_TAB // 2))
    for index, one in enumerate(line.made or (None,)):
        cells = f'<td class="number">{number}</td><td class="source">{text}</td>'
        kinds = ["first"] if index == 0 else []
        if one is None:
            cells += "<td></td>" * 4
        else:
            kinds += ["added"] if one.added else []
            cells += (
                f'<td class="at">+{one.offset:#x}</td><td class="code">{html.escape(one.go)}</td>'
                f'<td class="bytes">{one.data.hex(" ")}</td><td class="note">{one.added}</td>'
            )
        yield f'<tr class="{" ".join(kinds)}">{cells}</tr>'
        number = text = ""
    for finding in line.findings:
        words = f"vet, line {line.number}: {html.escape(finding)}"
        yield f'<tr class="finding"><td colspan="6"><span>{words}</span></td></tr>'


def _left(line: ListingLine) -> str:
    return f"{line.number or '':>4}  {line.text.expandtabs(_TAB)}".rstrip()


def _without_blanks(rows: list[ListingLine]) -> list[ListingLine]:
    """Leave out blank lines at both ends: the line of the magic is one."""
    held = [index for index, row in enumerate(rows) if row.text.strip() or row.made or row.findings]
    return rows[held[0] : held[-1] + 1] if held else []


def _functions(program: Program, source: Source) -> Iterator[Function]:
    """Yield the functions of a source, in the order of its TEXT directives."""
    for text in asmlex.texts(source.text):
        for symbol in (f"{text.symbol}.abi0", text.symbol):
            function = program.functions.get(symbol)
            if function is not None and _is_here(program, source, function, text.line):
                yield function
                break
        else:  # `name<>`: the linker gives several files' functions one name
            yield from (f for f in program.all_functions if _is_here(program, source, f, text.line))


def _is_here(program: Program, source: Source, function: Function, line: int) -> bool:
    return function.is_assembly and function.start_line == line and program.source_of(function) == source


def _statements(text: str) -> dict[int, set[str]]:
    """Line → the opcodes and macros that its author wrote there."""
    found: dict[int, set[str]] = {}
    for statement in asmlex.statements(text):
        words = list(statement)
        while len(words) > 2 and words[1].text == ":":
            words = words[2:]
        found.setdefault(words[0].line, set()).add(words[0].text.upper())
    return found


def _made(
    program: Program, function: Function, statements: dict[int, set[str]]
) -> Iterator[tuple[int, Made]]:
    """Yield (line, instruction), each with the reason why it is there if no one wrote it."""
    prologue = prologue_of(program, function)
    check = {i.address for i in check_code(program, prologue)} if prologue.check_size else set()
    code = program.instructions(function)
    for index, one in enumerate(code):
        if one.address in check:
            is_behind = prologue.slow_path and one.address >= prologue.slow_path
            added = "more stack" if is_behind else "stack check"
        elif one.line == function.start_line:
            added = "frame"
        elif (
            _is_way_out(code, index) and function.has_saved_bp and "POPQ" not in statements.get(one.line, ())
        ):
            added = "frame end"
        else:
            added = ""
        go = one.go
        if one.target is not None and one.target in function:
            where = f"+{one.target - function.address:#x}"
            go = _ADDRESS.sub(where, go) if _ADDRESS.search(go) else f"{go.split()[0]} {where}"
        yield one.line, Made(one.address - function.address, one.data, go, added)


def _is_way_out(code: tuple[Instruction, ...], index: int) -> bool:
    """Whether ADDQ $n, SP; POPQ BP; RET stand here on one line, from this instruction on."""
    line = code[index].line
    while _WAY_OUT.fullmatch(code[index].go):
        index += 1
        if index == len(code) or code[index].line != line:
            return False
        if code[index].go == "RET":
            return True
    return False

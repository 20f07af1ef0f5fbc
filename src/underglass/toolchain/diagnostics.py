"""Turn what the toolchain says into diagnostics that name the reader's own place.

Compiler and assembler lead each message with a file and line; the linker names symbols, and the
place is looked up in the sources.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from underglass.errors import BuildError
from underglass.toolchain import asmlex, golex
from underglass.toolchain.advice import Known, advise
from underglass.toolchain.chains import WRAPPER, Chain, chains_of, explain, limit_in
from underglass.toolchain.cmessages import go_like
from underglass.toolchain.go import Go
from underglass.toolchain.places import definition, reference, uneven_frame
from underglass.toolchain.records import Diagnostic, Source
from underglass.toolchain.refusals import uses_c
from underglass.toolchain.sources import GENERATED

__all__ = ["build_error", "diagnose", "located"]

_PLACED = re.compile(
    r"(?:asm: |vet: )?(?P<path>[^\s:()][^:()\n]*?\.(?:go|s|h))"
    r":(?P<line>\d+)(?::(?P<column>\d+))?: (?P<message>.*)"
)
_INSIDE = re.compile(r"\(?[^\s:()]*?(?P<name>[^\s:()/\\]+\.(?:go|s)):(?P<line>\d+)(?::\d+)?\)?")
_SKIPPED = re.compile(
    r"# |asm: assembly (of|failed)|go: finding module|note: module requires|\s*$"
    r"|.*(too many errors$|local import \S+ in non-local package$)"
)
_MOST, _LONGEST = 500, 2000  # lines, and characters in a line, that are read
_CRASH = re.compile(r"^(?:fatal error: |panic: |runtime: out of memory|SIG[A-Z]+: )[^\n]*", re.MULTILINE)
_STACK = re.compile(r"^(?:runtime stack:|goroutine \d+ )", re.MULTILINE)
_LINKED = re.compile(r"(?:link: )?(?P<symbol>[^\s:]+): (?P<message>.*)")


def build_error(diagnostics: Iterable[Diagnostic]) -> BuildError:
    """Return the error that carries these diagnostics, one paragraph each."""
    diagnostics = tuple(diagnostics)
    return BuildError("\n".join(map(str, diagnostics)), diagnostics)


def diagnose(output: str, sources: tuple[Source, ...], go: Go) -> tuple[Diagnostic, ...]:
    """Return the diagnostics in what `go build` or `go vet` wrote, each of them once."""
    known = _known(sources, go)
    by_name = {source.name: source for source in sources}
    found: dict[tuple[str, int | None, str], Diagnostic] = {}
    output = _without_paths(output, go)
    if uses_c(sources):
        output = go_like(output, sources)
    crash = _CRASH.search(output)
    if crash:  # a tool of Go itself ended; its stack says nothing to the reader
        output = output[: crash.start()] + f"a tool of Go ended by itself: {crash[0]}\n"
    else:
        stack = _STACK.search(output)
        output = output[: stack.start()] if stack else output
    for head, tail in _messages(output):
        diagnostic = _read(head, tail, by_name, known)
        place = (diagnostic.source, diagnostic.line)
        if "invalid instruction" in diagnostic.message and any(key[:2] == place for key in found):
            continue  # a consequence of what was said about this line before
        found.setdefault((diagnostic.source, diagnostic.line, diagnostic.message), diagnostic)
    return tuple(found.values()) or (
        Diagnostic("", None, None, "go ended without a program and without a word", "Build again."),
    )


def located(
    path: str, line: str, column: str | None, message: str, by_name: dict[str, Source], known: Known
) -> Diagnostic:
    """Return a diagnostic for a place that the toolchain named."""
    source = by_name.get(re.split(r"[/\\]", path)[-1])
    advice = advise(message, known)
    if source is None:  # the generated file, or one of Go's own headers: no place of the reader's
        place = "" if GENERATED in path else f"{path}:{line}: "
        return Diagnostic("", None, None, place + message, advice)
    number = int(line)
    named = re.fullmatch(r'undefined label (\S+)|there is no header named ("[^"]*")', message)
    if named:  # the assembler reports these where it has read on to; show the first use
        word = named[1] or named[2]
        uses = (token.line for token in asmlex.tokens(source.text) if token.text == word)
        number = next(uses, number)
    return Diagnostic(source.origin, number, int(column) if column else None, message, advice)


def _known(sources: tuple[Source, ...], go: Go) -> Known:
    names: set[str] = set()
    assembly: set[str] = set()
    for source in sources:
        if source.is_assembly:
            symbols = (text.symbol for text in asmlex.texts(source.text))
            assembly.update(s.removeprefix("main.") for s in symbols if s.startswith("main."))
        else:
            names.update(t.text for t in golex.code_tokens(source.text) if t.kind == "name")
    return Known(frozenset(names | assembly), frozenset(assembly), go.root)


def _without_paths(output: str, go: Go) -> str:
    """Take out where the cache and Go are: it is not the reader's concern."""
    output = re.sub(re.escape(str(go.cache / "workspaces")) + r"[/\\]\d+[/\\]", "", output)
    # Any path to Go's headers: where cache and Go lie below one folder, the go command writes a relative one.
    header = r"[^\n]*?[/\\]pkg[/\\]include[/\\]"
    output = re.sub(
        r"#include: open " + header + r"([^:\s]+): [^\n]*", r'there is no header named "\1"', output
    )
    # Beside a place that a line directive gave, the compiler writes the one on disk in brackets.
    output = re.sub(r"(\.(?:go|s):\d+(?::\d+)?)\[[^\]\n]*\]", r"\1", output)
    return output.replace(str(go.root), "GOROOT")


def _messages(output: str) -> Iterator[tuple[str, list[str]]]:
    """Yield each message: its first line, and the lines that go with it."""
    head: str | None = None
    tail: list[str] = []
    for line in (line[:_LONGEST] for line in output.splitlines()[:_MOST]):
        is_root = head is not None and limit_in(head) is not None and re.fullmatch(r".+<\d+>", line)
        if head is not None and (line.startswith((" ", "\t")) or is_root):
            tail.append(line.rstrip())
        elif not _SKIPPED.match(line):
            if head is not None:
                yield head, tail
            head, tail = line.rstrip(), []
    if head is not None:
        yield head, tail


def _read(head: str, tail: list[str], by_name: dict[str, Source], known: Known) -> Diagnostic:
    placed = _PLACED.fullmatch(head)
    if placed:
        message = _with_tail(placed["message"], tail, by_name)
        return located(placed["path"], placed["line"], placed["column"], message, by_name, known)
    head = re.sub(r"^(?:asm|link|vet|go): ", "", head)
    inside = _INSIDE.search(head)
    if inside and inside["name"] in by_name:  # asm: main.add: invalid instruction: 00022 (a.s:5) JMP
        message = " ".join(_INSIDE.sub("", head, count=1).split())
        message = re.sub(r"(invalid instruction: )\d+ ", r"\1", message)
        return located(inside["name"], inside["line"], None, message, by_name, known)
    sources = tuple(by_name.values())
    limit = limit_in(head)
    if limit is not None:
        return _overflow(head, tail, limit, sources, known)
    linked = _LINKED.fullmatch(head)
    place: tuple[Source, int] | None = None
    if linked:
        missing = re.search(r"relocation target (\S+) not defined", linked["message"])
        if missing:
            place = reference(linked["symbol"], missing[1], sources)
        place = place or definition(linked["symbol"], sources)
    uneven = uneven_frame(sources) if head.startswith("unaligned stack size") else None
    if uneven:  # the assembler gives the sum with the saved BP, and no place
        head, place = f"{uneven[2]} has a frame that is no multiple of 8 bytes: {head}", uneven[:2]
    twice = re.search(r"duplicated definition of symbol ([^\s,]+)", head)
    if twice:
        head, place = f"{twice[1]} is defined twice: duplicated definition", definition(twice[1], sources)
    message = _with_tail(head, tail, by_name)
    advice = advise(message, known)
    if place is None:
        return Diagnostic("", None, None, message, advice)
    return Diagnostic(place[0].origin, place[1], None, message, advice)


def _overflow(
    head: str, lines: list[str], limit: int, sources: tuple[Source, ...], known: Known
) -> Diagnostic:
    """Return the linker's account of chains of NOSPLIT functions, the longest one told in full."""
    chains = sorted(
        (_placed(chain, sources) for chain in chains_of(lines, limit)), key=lambda c: (not c.again, c.left)
    )
    message = f"{head}. {explain(chains[0])}" if chains else head
    if len(chains) > 1:
        message += f"; {len(chains) - 1} more of its chains are too long"
    root = definition(head.partition(":")[0], sources)
    origin, line = (root[0].origin, root[1]) if root else ("", None)
    return Diagnostic(origin, line, None, message, advise(message, known), tuple(chains))


def _placed(chain: Chain, sources: tuple[Source, ...]) -> Chain:
    """Return the chain with the places of its functions and calls in the sources."""
    steps = []
    for step in chain.steps:
        own, call = definition(step.symbol, sources), reference(step.symbol, step.calls, sources)
        place, call_place = (f"{at[0].origin}, line {at[1]}" if at else "" for at in (own, call))
        # Assembly is written for ABI0 and Go for ABIInternal: the function of the other ABI is a wrapper.
        if own and own[0].is_assembly != (step.abi == "ABI0"):
            place, call_place = WRAPPER, ""
        steps.append(replace(step, place=place, call_place=call_place))
    return replace(chain, steps=tuple(steps))


def _with_tail(message: str, tail: list[str], by_name: dict[str, Source]) -> str:
    """Join a message and the lines that go with it; places in them get the reader's names."""
    parts = []
    for line in map(str.strip, tail):
        placed = _PLACED.fullmatch(line)
        if placed:
            name = re.split(r"[/\\]", placed["path"])[-1]
            origin = by_name[name].origin if name in by_name else name
            line = f"{placed['message']} in {origin}, line {placed['line']}"
        parts.append(line)
    return f"{message} ({'; '.join(parts)})" if parts else message

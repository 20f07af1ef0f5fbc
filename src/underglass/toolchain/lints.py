"""Mistakes in assembly that can be seen in its text, and that neither the assembler nor `go vet` names.

Each lint is quiet on all of the standard library's amd64 assembly (Go 1.27), so what it says of a reader's
text is worth a look. What a run shows beyond that is the sentinel's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from underglass.toolchain import asmlex, golex
from underglass.toolchain.go import find_go
from underglass.toolchain.opcodes import opcodes
from underglass.toolchain.prototypes import prototype_above
from underglass.toolchain.records import Diagnostic, Prototype, Source

__all__ = ["LINTS", "lint"]

_LOCAL = re.compile(r"(?<![\w.·])([A-Za-z_]\w*)([+-])(\d+)\(SP\)")
_HARDWARE = re.compile(r"(?<![\w+·-])(-?)(\d*)\(SP\)")
_ARGUMENT = re.compile(r"(?<![\w.·])([A-Za-z_]\w*)([+-]\d+)\(FP\)")
_SIZES = re.compile(r"\$(-?\d+)(?:-(\d+))?$")
_SUFFIX = re.compile(r"_(?:base|len|cap|type|itable|data|real|imag|lo|hi|\d+|[A-Za-z]\w*)$")
# What a function may end with: it does not go on to the next line.
_ENDS = frozenset([
    "RET", "JMP", "CALL", "UNDEF", "INT", "HLT", "IRETW", "IRETL", "IRETQ", "SYSRET",
    "BYTE", "LONG", "WORD", "QUAD",
])  # fmt: skip
_WORD = 8


@dataclass
class _Line:
    number: int  # 1-based
    opcode: str  # "MOVQ"; the macro's name where one stands
    operands: str  # without blanks
    label: str


@dataclass
class _Function:
    """The text of one function."""

    name: str  # as written: "add"
    number: int  # line of TEXT
    is_local: bool
    flags: str  # "NOSPLIT|NOFRAME", "4"
    frame: int | None  # the $ of the TEXT line; None where it is an expression
    args: int | None  # bytes after the minus sign; None where it is not given
    prototype: str  # the Go declaration, or the comment above TEXT; "" if there is neither
    is_declared: bool  # in Go, so that go vet compares the names
    lines: list[_Line] = field(default_factory=list)

    @property
    def is_nosplit(self) -> bool:
        number = int(self.flags) if self.flags.isdigit() else 0
        return "NOSPLIT" in self.flags or bool(number & 4)  # textflag.h

    @property
    def calls(self) -> list[_Line]:
        return [line for line in self.lines if line.opcode == "CALL"]


Found = Iterator[tuple[int, str, str]]
"""(line, message, advice)"""


def lint(sources: Iterable[Source]) -> tuple[Diagnostic, ...]:
    """Return what the lints find in the assembly among `sources`, in the order of the lines."""
    sources = tuple(sources)
    found: list[Diagnostic] = []
    declared = {
        function.name: function.declaration
        for source in sources
        if not source.is_assembly
        for function in golex.parse(source.text).functions
        if not function.receiver
    }
    for source in sources:
        if not source.is_assembly:
            continue
        functions = list(_functions(source, declared))
        sizes = {f.name: f.args for f in functions if f.args is not None}
        for function in functions:
            for name, check in LINTS.items():
                for number, message, advice in check(function, sizes):
                    text = f"{function.name}: {message} ({name})"
                    found.append(Diagnostic(source.origin, number, None, text, advice))
    return tuple(sorted(found, key=lambda d: (d.source, d.line or 0)))


def _functions(source: Source, declared: dict[str, str]) -> Iterator[_Function]:
    lines = source.text.split("\n")
    texts = {text.line: text for text in asmlex.texts(source.text)}
    current: _Function | None = None
    in_macro = False
    for statement in asmlex.statements(source.text):
        words = [token.text for token in statement]
        was_macro, in_macro = in_macro, words[-1] == "\\"
        if was_macro or words[0] == "#":
            continue
        label = ""
        while len(words) > 1 and words[1] == ":":
            label, words = words[0], words[2:]
        number = statement[0].line
        if words[:1] == ["TEXT"]:
            if current is not None:
                yield current
            current = None
            if number in texts:
                current = _head(source, lines, texts[number], words, declared)
        elif words[:1] in (["DATA"], ["GLOBL"]):
            continue
        elif current is not None and (words or label):
            current.lines.append(_Line(number, words[0] if words else "", "".join(words[1:]), label))
    if current is not None:
        yield current


def _head(
    source: Source, lines: list[str], text: asmlex.Text, words: list[str], declared: dict[str, str]
) -> _Function:
    operands = "".join(words[1:]).split(",")
    sizes = _SIZES.fullmatch(operands[-1])
    name = re.split(r"[.·]", words[1])[-1]
    above = prototype_above(source, lines, text.line, name)
    comment = above.text if isinstance(above, Prototype) else ""
    is_declared = name in declared and not text.is_local
    return _Function(
        name,
        text.line,
        text.is_local,
        operands[1] if len(operands) > 2 else "",
        int(sizes[1]) if sizes else None,
        int(sizes[2]) if sizes and sizes[2] is not None else None,
        declared[name] if is_declared else comment,
        is_declared,
    )


def _argument_name(function: _Function, sizes: dict[str, int]) -> Found:
    """A name before an offset to FP that the prototype does not have."""
    names = _names(function.prototype) if function.prototype and not function.is_declared else None
    if names is None:
        return
    # What go vet calls unnamed results (asmdecl.go, asmParseDecl), with their parts: ret_base, ret1_len.
    accepted = names | {"ret", *(f"ret{i}" for i in range(1, 10))}
    for line in function.lines:
        for name, offset in _ARGUMENT.findall(line.operands):
            known = (
                name in accepted
                or _SUFFIX.sub("", name) in accepted
                or any(name.startswith(f"{n}_") for n in names)
            )
            if not known and not offset.startswith("-"):
                yield (
                    line.number,
                    f"the prototype has no {name}",
                    f"It has {', '.join(sorted(names)) or 'none'}: the name is to say which is meant.",
                )


def _two_sps(function: _Function, sizes: dict[str, int]) -> Found:
    """One word of the frame by a local's name and by an offset to the hardware SP."""
    if function.frame is None:
        return
    locals_: dict[int, str] = {}
    for line in function.lines:
        for name, sign, offset in _LOCAL.findall(line.operands):
            if sign == "-" and int(offset) <= function.frame:
                locals_.setdefault(function.frame - int(offset), f"{name}-{offset}(SP)")
    room = max((sizes.get(_callee(c), 0) for c in function.calls), default=0)
    for line in function.lines:
        for minus, offset in _HARDWARE.findall(line.operands):
            place = int(offset or 0)
            if minus or place not in locals_ or not (place < room or not function.calls):
                continue
            yield (
                line.number,
                f"{offset or 0}(SP) is the same word as {locals_[place]}",
                "Without a name before it, (SP) is the hardware SP, the low end of the frame; with one it "
                "is the high end. Use the name for a local, and offsets for what a callee takes.",
            )


def _no_argument_size(function: _Function, sizes: dict[str, int]) -> Found:
    """A frame size without an argument size, where the runtime may look for it."""
    uses = any(_ARGUMENT.search(line.operands) for line in function.lines)
    given = function.frame is not None and function.args is None
    by_name = any("(SB)" in call.operands for call in function.calls)
    has_places = bool(function.prototype) and _names(function.prototype) != frozenset()
    if "NOFRAME" in function.flags or function.is_local or not (given and uses and has_places):
        return
    if by_name or not function.is_nosplit:
        yield (
            function.number,
            f"the TEXT line says ${function.frame}, and not the size of arguments and results",
            f"Write ${function.frame}-n, with n the bytes from 0(FP) to the end of the last result, rounded "
            "up to 8: it says where the runtime finds the pointers among them when the stack grows.",
        )


def _outside_frame(function: _Function, sizes: dict[str, int]) -> Found:
    """A local that lies below the declared frame, or on the links above it."""
    if function.frame is None or function.frame < 0:
        return
    for line in function.lines:
        for name, sign, offset in _LOCAL.findall(line.operands):
            if sign == "-" and int(offset) > function.frame:
                yield (
                    line.number,
                    f"{name}-{offset}(SP) lies below the frame, which has {function.frame} bytes",
                    f"Declare ${-(-int(offset) // _WORD) * _WORD} or more on the TEXT line.",
                )
            elif sign == "+" or int(offset) == 0:
                yield (
                    line.number,
                    f"{name}{sign}{offset}(SP) is no local: the saved BP and the return address lie there",
                    f"The first local is {name}-8(SP).",
                )


def _below_sp(function: _Function, sizes: dict[str, int]) -> Found:
    """An offset below the hardware SP."""
    for line in function.lines:
        for minus, offset in _HARDWARE.findall(line.operands):
            if minus and int(offset or 0) and not line.opcode.startswith("LEA"):
                yield (
                    line.number,
                    f"-{offset}(SP) lies below SP, where nothing is kept",
                    f"With a name, as in x-{offset}(SP), it is a local, and takes room in the frame.",
                )


def _no_end(function: _Function, sizes: dict[str, int]) -> Found:
    """A body that runs on into whatever follows."""
    code = [line for line in function.lines if line.opcode not in ("", "PCALIGN", "FUNCDATA", "PCDATA")]
    if not code or code[-1].opcode in _ENDS:
        return
    last = code[-1]
    if last.opcode not in opcodes(find_go().root):  # a macro
        return
    yield (
        last.number,
        f"{last.opcode} is its last instruction, and execution goes on behind it",
        "End the function with RET.",
    )


def _no_room(function: _Function, sizes: dict[str, int]) -> Found:
    """A frame smaller than what a function of the same file takes."""
    if function.frame is None:
        return
    for call in function.calls:
        takes = sizes.get(_callee(call), 0)
        if takes > function.frame:
            yield (
                call.number,
                f"{_callee(call)} takes {takes} bytes of arguments and results from 0(SP) upwards, and the "
                f"frame has {function.frame}",
                f"Declare ${takes} or more, and the locals on top of that.",
            )


LINTS: dict[str, Callable[[_Function, dict[str, int]], Found]] = {
    "argument-name": _argument_name,
    "two-sps": _two_sps,
    "no-argument-size": _no_argument_size,
    "outside-frame": _outside_frame,
    "below-sp": _below_sp,
    "no-end": _no_end,
    "no-room": _no_room,
}
"""Each lint, by the name that its messages end with."""


def _callee(call: _Line) -> str:
    found = re.fullmatch(r"·(\w+)\(SB\)", call.operands)
    return found[1] if found else ""


def _names(declaration: str) -> frozenset[str] | None:
    """The names of parameters and of named results; None if the parameters have none."""
    code = [token.text for token in golex.code_tokens(declaration)]
    groups: list[list[list[str]]] = []
    depth = 0
    for text in code:
        if depth == 1 and text == ",":
            groups[-1].append([])
        elif depth >= 1 and not (depth == 1 and text == ")"):
            groups[-1][-1].append(text)
        if text in "([{":
            depth += 1
            if depth == 1 and text == "(":
                groups.append([[]])
        elif text in ")]}":
            depth -= 1
    found: set[str] = set()
    for number, group in enumerate(groups[:2]):
        parts = [part for part in group if part]
        if any(len(part) > 1 and re.match(r"[^\W\d]", part[0]) and part[1] != "." for part in parts):
            found.update(part[0] for part in parts)
        elif number == 0 and parts:
            return None
    return frozenset(found)

"""What to do about the toolchain's common messages."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from underglass.toolchain.opcodes import nearest
from underglass.toolchain.prototypes import ABOVE, standard_packages

__all__ = ["Known", "advise"]

_HEADERS = {  # Go 1.27, GOROOT/pkg/include
    "textflag.h": "NOPROF DUPOK NOSPLIT RODATA NOPTR WRAPPER NEEDCTXT TLSBSS NOFRAME TOPFRAME "
    "REFLECTMETHOD ABIWRAPPER",
    "funcdata.h": "GO_ARGS GO_RESULTS_INITIALIZED NO_LOCAL_POINTERS",
    "go_asm.h": "",
}
_REGISTER = re.compile(r"[er]?([abcd]x|[sd]i|[sb]p)|(r\d+)[dwb]?", re.IGNORECASE)


@dataclass(frozen=True)
class Known:
    """What advice may draw on besides the message itself."""

    names: frozenset[str]  # identifiers of the program's Go sources
    assembly: frozenset[str]  # functions of package main that assembly defines
    goroot: Path


def advise(message: str, known: Known) -> str:
    """Return what to do about a message, in full sentences, or "" when there is nothing to add."""
    for pattern, answer in _RULES:
        found = re.search(pattern, message)
        if found:
            return answer if isinstance(answer, str) else answer(found, known)
    return ""


def _choice(names: Iterable[str]) -> str:
    """Return names as a question: "Did you mean MOVQ or MOVL?"."""
    listed = list(names)
    if not listed:
        return ""
    *head, last = listed
    return f"Did you mean {', '.join(head)} or {last}?" if head else f"Did you mean {last}?"


def _instruction(found: re.Match[str], known: Known) -> str:
    word = found.group(1)
    question = _choice(nearest(word, known.goroot))
    if word != word.upper() or not question:
        rule = (
            "Go's assembler writes instructions in capitals, with the operand size at the end "
            "(Q 8 bytes, L 4, W 2, B 1) and the destination last."
        )
        return f"{question} {rule}".strip()
    return question


def _symbol(found: re.Match[str], known: Known) -> str:
    """A name that the assembler took for a symbol, though it is none."""
    name = found.group(1)
    for header, names in _HEADERS.items():
        if name in names.split():
            return f'{name} is defined in a header: write #include "{header}" as the first line.'
    register = _REGISTER.fullmatch(name)
    if register:
        plain = (register.group(1) or register.group(2)).upper()
        return f"The register is called {plain} at every size; the instruction's last letter says the size."
    if name.startswith("main."):
        short = name.removeprefix("main.")
        return f"A symbol is written with its base register: ·{short}(SB)."
    return (
        f"{name} is no register. A number takes a $ before it, an argument is written name+0(FP), "
        "a global name(SB)."
    )


def _undefined(found: re.Match[str], known: Known) -> str:
    name = found.group(1)
    if "." in name:
        return ""
    if name in known.assembly:
        return "It is in assembly. " + ABOVE.format(name=name)
    if name in standard_packages(known.goroot):
        paths = standard_packages(known.goroot)[name]
        return (
            f'{name} is a package: write import "{paths[0]}".'
            if len(paths) == 1
            else (f"{name} is a package: import one of {', '.join(paths)}.")
        )
    others = sorted(known.names - {name})[:5000]  # comparing with each name takes time
    return _choice(difflib.get_close_matches(name, others, n=2, cutoff=0.7))


def _no_body(found: re.Match[str], known: Known) -> str:
    return (
        "Give it a body in braces, or write it in assembly: a source whose name ends in .s, with "
        "TEXT ·name(SB)."
    )


def _unlinked(found: re.Match[str], known: Known) -> str:
    target = found.group(1)
    short = target.removeprefix("main.")
    if not target.startswith("main."):
        hint = (
            f" A name of this program begins with a centre dot: ·{target}(SB)." if "." not in target else ""
        )
        return f"Nothing in the program defines {target}.{hint}"
    close = difflib.get_close_matches(short, sorted(known.assembly - {short}), n=1, cutoff=0.7)
    return (
        f"Nothing in the program defines {short}. A function needs TEXT ·{short}(SB) in assembly or a "
        f"body in Go; data needs DATA and GLOBL, or a Go variable. {_choice(close)}".rstrip()
    )


def _header(found: re.Match[str], known: Known) -> str:
    close = difflib.get_close_matches(found.group(1), _HEADERS, n=1, cutoff=0.5)
    return _choice(close) or f"The headers at hand are {', '.join(_HEADERS)}."


_Answer = str | Callable[[re.Match[str], Known], str]
_RULES: tuple[tuple[str, _Answer], ...] = (
    (r"unaligned stack size", "Write the next multiple of 8 behind the $ of TEXT."),
    (r'unrecognized instruction "([^"]*)"', _instruction),
    (r"illegal or missing addressing mode for symbol (\S+)", _symbol),
    (r"missing function body", _no_body),
    (
        r"could not determine what C\.(\S+) refers to",
        'The comment directly above import "C", with no blank line between, declares what C has. It does '
        "not declare this name, or has an error of its own.",
    ),
    (
        r"is declared, and nothing defines it",
        'Give it a body above import "C", as a static function; a Go function needs //export above it.',
    ),
    (
        r"the C name \S+ is defined twice",
        "Make it static. Where a file has //export, cgo takes the C above its import twice.",
    ),
    (
        r"^'?(\S+\.h)'?(: No such file or directory| file not found)",
        "The headers at hand are those of the C library, such as <stdio.h> and <stdlib.h>.",
    ),
    (r"no header named \"([^\"]*)\"", _header),
    (
        r"ABI selector only permitted when compiling runtime",
        "Only Go's own runtime may write assembly for ABIInternal. Take the <ABIInternal> out: the "
        "function is then ABI0, with its arguments on the stack.",
    ),
    (
        r"not defined for ABI0 \(but is defined for ABIInternal\)",
        "Assembly calls ABI0, and this function exists for ABIInternal only. A Go function that "
        "assembly calls by ·name(SB) gets its ABI0 wrapper when both are in package main.",
    ),
    (
        r"not defined for ABIInternal \(but is defined for ABI0\)",
        "The function is in assembly and has no Go declaration. Write its prototype in a comment "
        "directly above TEXT, as in `// func f(x int64) int64`.",
    ),
    (r"relocation target (\S+) not defined", _unlinked),
    (
        r"nosplit stack over",
        "NOSPLIT functions do not check for stack space, so all of them in a chain share these "
        "bytes. Make a frame smaller, or take NOSPLIT from one function of the chain.",
    ),
    (r"defined in both Go and assembly", "Keep one: take out the Go body or the TEXT."),
    (r"redeclared|duplicated definition", "Rename one of them, or take it out."),
    (
        r"frame size must be an immediate constant",
        "The directive is TEXT ·name(SB), flags, $locals-args: bytes of locals, a minus sign, bytes "
        "of arguments and results. Flags are NOSPLIT or 0.",
    ),
    (
        r"DATA value must be",
        'The value of DATA takes a dollar sign: $42, $name<>(SB) for an address, $"text".',
    ),
    (
        r"overlapping DATA entry",
        "The DATA lines of a symbol go upward, and each begins where the one before it ends, or behind that.",
    ),
    (
        r"initialize bounds \((\d+) < (\d+)\)",
        lambda found, _: (
            f"DATA fills this symbol up to byte {found.group(2)}, and GLOBL gives it {found.group(1)}."
        ),
    ),
    (
        r"missing Go type information for global symbol (\S+):",
        lambda found, _: (
            f"GLOBL gives {found.group(1).removeprefix('main.')} no flag: write NOPTR behind its name, or "
            "RODATA where nothing writes to it."
        ),
    ),
    (r"unbalanced PUSH/POP", "Each path to RET must pop what it has pushed: count PUSHQ and POPQ."),
    (
        r"undefined label (\S+)",
        lambda found, _: (
            f"No line of this function begins with {found.group(1)}: (labels belong to one "
            f"function). A function is written ·{found.group(1)}(SB)."
        ),
    ),
    (
        r"invalid instruction",
        "The instruction exists, but not with operands of these kinds or sizes. Operands go from "
        "source to destination, at most one of them is in memory, and only MOVQ to a register "
        "takes a number of more than 32 bits.",
    ),
    (r"expected register; found %", "Registers are written without %: AX, BX, SP."),
    (
        r"expected pseudo-register; found",
        "A name goes with FP, SP or SB. An offset from a register is a number, as in 8(AX).",
    ),
    (r"bad scale: ", "An index is scaled by 1, 2, 4 or 8, as in (AX)(BX*8)."),
    (
        r"cannot reference SB without a symbol|expected identifier, found \"?\.",
        "Write the symbol before (SB), its package first: ·name(SB) with a centre dot.",
    ),
    (r"unexpected EOF", "The text ends inside a statement or a comment: finish it."),
    (r"symbol too large|string too long|type too large|file too large", "Make it smaller."),
    (
        r"out of memory|cannot allocate memory",
        "The sources need more memory to compile than a build may take: look for a very large array, "
        "constant or macro.",
    ),
    (
        r"lookup disabled by GOPROXY=off|is not in std|relative import|local import|no required module",
        "A program here consists of its own sources and Go's standard library; put the other "
        "package's code into a source of this program.",
    ),
    (r"imported and not used", "Take the import out, or use it."),
    (r"declared and not used", "Use it, or assign it to _."),
    (r"missing return", "Every path through the function ends in a return."),
    (r"non-declaration statement outside function body", "Put it into a function: func main() { … }."),
    (r"undefined: (\S+)", _undefined),
)

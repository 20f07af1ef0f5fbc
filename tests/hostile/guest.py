"""Answers that turn on the machine, on the lab's own functions, or on the host."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from grading_class import RIGHT, answered, cell_of
from hostile.case import hostile

_SECOND = "%%asm\n// func second(x, y int64) int64\nTEXT ·second(SB), 0, $64-24\n"
_HONEST = 4.0  # for `words` and `second`
_LEFT = 2.0  # what is left when `second` is lost


def second(body: str, helpers: Sequence[str] = ()) -> Any:
    """Return a submission where `second` is hostile, and `words` is right."""
    notebook = answered({"words": RIGHT["words"], "second": _SECOND + body})
    for number, text in enumerate(helpers):
        at = notebook["cells"].index(cell_of(notebook, "second"))
        cell = {"cell_type": "code", "id": f"own-{number}", "metadata": {}, "outputs": [], "source": text}
        notebook["cells"].insert(at, {**cell, "execution_count": None})
    return notebook


def _system_call(number: int, *arguments: str) -> str:
    registers = ("DI", "SI", "DX", "R10", "R8", "R9")
    moves = "".join(f"\tMOVQ {a}, {r}\n" for a, r in zip(arguments, registers, strict=False))
    return f"{moves}\tMOVQ ${number}, AX\n\tSYSCALL\n"


_END = "\tMOVQ y+8(FP), AX\n\tMOVQ AX, ret+16(FP)\n\tRET"


@hostile(points=_LEFT)
def endless_loop(_: Path) -> Any:
    return second("again:\n\tJMP again\n\tRET")


@hostile(points=_LEFT)
def endless_recursion(_: Path) -> Any:
    return second("\tCALL ·second(SB)\n\tRET")


@hostile(points=_LEFT)
def endless_output(_: Path) -> Any:
    write = _system_call(1, "$1", "SP", "$64")
    return second(f"again:\n{write}\tJMP again\n\tRET")


@hostile(points=_LEFT)
def mapping_flood(_: Path) -> Any:
    mmap = _system_call(9, "$0", "$0x10000000", "$3", "$0x22", "$-1", "$0")
    return second(f"again:\n{mmap}\tJMP again\n\tRET")


@hostile(points=_LEFT)
def thread_flood(_: Path) -> Any:
    clone = _system_call(56, "$0x50f00", "SP", "$0", "$0", "$0")
    return second(f"again:\n{clone}\tJMP again\n\tRET")


@hostile(points=_LEFT)
def process_flood(_: Path) -> Any:
    return second(f"again:\n{_system_call(57)}\tJMP again\n\tRET")


@hostile(points=_LEFT)
def privileged(_: Path) -> Any:
    return second("\tXORQ AX, AX\n\tMOVQ AX, CR3\n\tHLT\n" + _END)


@hostile(points=_LEFT)
def jump_into_nothing(_: Path) -> Any:
    return second("\tMOVQ $0x7fffffff0000, AX\n\tJMP AX\n" + _END)


@hostile(points=2.0)
def writes_over_the_labs_function(_: Path) -> Any:
    """Makes `scale` return at once, from a right `second`: each call begins from the same state again."""
    mprotect = _system_call(10, "DI", "$4096", "$7")
    body = f"\tMOVQ $·scale(SB), DI\n\tANDQ $~4095, DI\n{mprotect}"
    body += f"\tMOVQ $·scale(SB), DI\n\tMOVB $0xc3, (DI)\n{_END}"
    return answered({"second": _SECOND + body})


@hostile(points=0.0)
def an_init_that_patches_the_labs_function(_: Path) -> Any:
    """Overwrites scale before anything is called, so that a `spread` that never computes would pass."""
    patch = """\
%%asm
// func patch()
TEXT ·patch(SB), 0, $0-0
	MOVQ $·scale(SB), DI
	ANDQ $~4095, DI
	MOVQ $4096, SI
	MOVQ $7, DX
	MOVQ $10, AX
	SYSCALL
	MOVQ $·scale(SB), DI
	MOVB $0xc3, (DI)
	RET"""
    notebook = answered({"spread": "%%go\nfunc spread(a, b int64) int64 { return scale(a, b) }"})
    for number, text in enumerate((patch, "%%go\nfunc init() { patch() }")):
        notebook["cells"].insert(1, {"cell_type": "code", "id": f"o{number}", "metadata": {}, "source": text})
    return notebook


@hostile(points=_HONEST)
def an_init_that_ends_the_program(_: Path) -> Any:
    notebook = answered({name: RIGHT[name] for name in ("words", "second")})
    text = '%%go\nimport "os"\nfunc init() { os.Exit(0) }'
    notebook["cells"].insert(0, {"cell_type": "code", "id": "own", "metadata": {}, "source": text})
    return notebook


@hostile(points=_HONEST)
def an_init_that_never_ends(_: Path) -> Any:
    notebook = answered({name: RIGHT[name] for name in ("words", "second")})
    text = "%%go\nfunc init() { for { } }"
    notebook["cells"].insert(0, {"cell_type": "code", "id": "own", "metadata": {}, "source": text})
    return notebook


@hostile(points=_HONEST)
def an_init_that_takes_all_memory(_: Path) -> Any:
    notebook = answered({name: RIGHT[name] for name in ("words", "second")})
    text = "%%go\nvar held [][]byte\nfunc init() { for { held = append(held, make([]byte, 64<<20)) } }"
    notebook["cells"].insert(0, {"cell_type": "code", "id": "own", "metadata": {}, "source": text})
    return notebook


@hostile(points=_HONEST)
def goroutines_without_end(_: Path) -> Any:
    notebook = answered({name: RIGHT[name] for name in ("words", "second")})
    text = "%%go\nfunc init() { for { go func() { select { } }() } }"
    notebook["cells"].insert(0, {"cell_type": "code", "id": "own", "metadata": {}, "source": text})
    return notebook


@hostile(points=_HONEST)
def tells_what_the_host_has(_: Path) -> Any:
    """Reads files, folders and the environment, and writes all of it where a failing test would show it."""
    notebook = answered({name: RIGHT[name] for name in ("words", "second")})
    text = """\
%%go
import (
	"os"
	"strings"
)

func init() {
	said := strings.Join(os.Environ(), " ")
	for _, name := range []string{"/etc/passwd", "/proc/self/environ", "/proc/1/environ", "/root/.bashrc"} {
		data, _ := os.ReadFile(name)
		said += string(data)
	}
	for _, name := range []string{"/", "/tmp", "/proc", "..", "/work"} {
		entries, _ := os.ReadDir(name)
		for _, entry := range entries {
			said += " " + entry.Name()
		}
	}
	panic(said)
}"""
    notebook["cells"].insert(0, {"cell_type": "code", "id": "own", "metadata": {}, "source": text})
    return notebook


@hostile(points=_LEFT)
def tells_its_hidden_arguments(_: Path) -> Any:
    """Right for the visible cases; for any other it calls for help, in words and by its fault's address."""
    return second(
        "\tMOVQ y+8(FP), AX\n\tCMPQ AX, $4\n\tJEQ right\n\tCMPQ AX, $7\n\tJEQ right\n"
        "\tMOVQ AX, 0(SP)\n\tMOVQ x+0(FP), BX\n\tMOVQ BX, 8(SP)\n\tCALL ·tell(SB)\nright:\n"
        "\tMOVQ y+8(FP), AX\n"
        "\tMOVQ AX, ret+16(FP)\n\tRET",
        ['%%go\n//go:noinline\nfunc tell(y, x int64) { println("got", x, y); panic(y) }'],
    )

"""What C above `import "C"` may not do: reach out of the program's own text. No C compiler is asked."""

from __future__ import annotations

import pytest

from underglass.errors import BuildError
from underglass.toolchain import Source, build
from underglass.toolchain.refusals import refusals, uses_c

REFUSED = {
    '#include "/etc/passwd"': "leads out",
    '#include "_cgo_export.h"': "leads out",
    "#include </etc/passwd>": "leads out",
    "#include <../../etc/passwd.h>": "leads out",
    "#include NAME": "leads out",
    "#inc\\\nlude NAME": "leads out",
    "#include_next <stdio.h>": "#include_next",
    '#embed "/etc/passwd"': "#embed",
    '#line 3 "x"': "#line",
    '# 3 "x"': "#3",
    '#pragma GCC optimize("x")': "#pragma",
    '%:include "/etc/passwd"': "%:",
    'asm(".incbin \\"/etc/passwd\\"");': "asm",
    '__asm__(".incbin");': "__asm__",
    "a\\\nsm(0);": "asm",
    "#define P(a, b) a##b": "##",
    '_Pragma("x")': "_Pragma",
    "#if __has_include(</etc/shadow>)": "__has_include",
    "int __REDIRECT(f, (void), x);": "__REDIRECT",
    'int x __attribute__((section("a\\n.incbin")));': "attribute",
    "#define A __attribute__": "attribute",
    "[[gnu::used]] int x;": "[[",
    'char *s = R"(")"; asm("");': "raw string",
    "a\rsm(0);": "carriage return",
    "#cgo CFLAGS: -I/etc": "-I/etc",
    "#cgo CFLAGS: -fplugin=x.so": "-fplugin",
    "#cgo CFLAGS: -Da=asm": "-Da=asm",
    "#cgo LDFLAGS: -L/tmp -lx": "-L/tmp",
    "#cgo LDFLAGS: -Wl,-T,x": "-Wl,-T,x",
    "#cgo LDFLAGS: ${SRCDIR}/x.a": "SRCDIR",
    "#cgo pkg-config: x": "pkg-config",
}
FINE = (
    "#include <stdio.h>\n#include <sys/types.h> // types\n#define N 3\n#ifdef N\n#endif\n#",
    "#define LONG(a) \\\n  ((a) + \\\n  1)",
    "static int f(int) __attribute__((noinline, aligned(16)));",
    'static const char *s = "asm ## #include \\" %:"; // asm',
    '#define _GNU_SOURCE\n_Static_assert(__builtin_popcount(3) == 2, "");',
    "#cgo CFLAGS: -O2 -DN=3 -Wall -Wno-unused-result\n#cgo linux LDFLAGS: -lm\n#cgo noescape f",
)


def program(c: str) -> str:
    return f'package main\n\n/*\n{c}\n*/\nimport "C"\n'


@pytest.mark.parametrize(("c", "expected"), REFUSED.items())
def test_refused(c: str, expected: str) -> None:
    found = refusals([Source("a.go", program(c), "cell 4")], cgo=True)
    assert found
    assert any(expected in d.message for d in found), [d.message for d in found]
    assert all(d.source == "cell 4" and d.line is not None and 4 <= d.line <= 6 and d.advice for d in found)


@pytest.mark.parametrize("c", FINE)
def test_fine(c: str) -> None:
    assert refusals([Source("a.go", program(c), "a.go")], cgo=True) == ()


def test_comments_of_lines_and_grouped_imports_are_looked_at() -> None:
    lines = 'package main\n// #include "/x"\nimport "C"\n'
    group = 'package main\nimport (\n\t"fmt"\n\t/*\n\t#include "/x"\n\t*/\n\t`C`\n)\n'
    for text, line in ((lines, 2), (group, 5)):
        (found,) = refusals([Source("a.go", text, "a.go")], cgo=True)
        assert found.line == line


def test_what_stands_elsewhere_is_no_c() -> None:
    text = '// Package main has #include "x".\npackage main\n\nimport "C"\n\n// asm ## "\nvar x = "asm"\n'
    assert refusals([Source("a.go", text, "a.go")], cgo=True) == ()


def test_the_line_after_spliced_lines_is_the_text_s_own() -> None:
    (found,) = refusals([Source("a.go", program("#define A \\\n 1 \\\n + 2\nasm"), "a.go")], cgo=True)
    assert found.line == 7


def test_c_has_to_be_asked_for() -> None:
    source = Source("a.go", program("int x;"), "a.go")
    assert uses_c([source])
    with pytest.raises(BuildError, match="cgo=True"):
        build([source])


def test_no_assembly_beside_c() -> None:
    sources = [Source("a.go", program("int x;"), "a.go"), Source("b.s", '.incbin "/etc/passwd"\n', "b.s")]
    (found,) = refusals(sources, cgo=True)
    assert (found.source, "no Go assembly" in found.message) == ("b.s", True)

"""What a text may not do: reach out of its directory, or lie about where it stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from underglass.errors import BuildError
from underglass.toolchain import Source, build
from underglass.toolchain.refusals import refusals

GO = {
    'import "C"': (1, "C compiler"),
    'package main\nimport (\n\t"fmt"\n\t"\\x43"\n)': (4, "C compiler"),
    "package main\nimport `C`": (2, "C compiler"),
    'import _ "embed"\n//go:embed /etc/passwd\nvar x string': (2, "go:embed"),
    "//line other.go:3\n": (1, "line directive"),
    "x\n  //line other.go:3\n": (2, "line directive"),
    "x /*line other.go:3:1*/ y": (1, "line directive"),
    "package main\n\0": (2, "NUL"),
}
ASSEMBLY = {
    '#include "/etc/passwd"': (1, "leads out"),
    '#include "../x"': (1, "leads out"),
    '#include ".."': (1, "leads out"),
    '#include "a\\\\b"': (1, "leads out"),
    '#include "\\x2fetc"': (1, "leads out"),
    '#include "go.mod"': (1, "leads out"),
    '#include "other.go"': (1, "leads out"),  # what is a string to Go may be a directive to the assembler
    '"\\\n#include "/etc/passwd"\n': (2, "inside a line"),  # a string ends where its line ends
    "#include <x>": (1, "leads out"),
    "#include": (1, "no file name"),
    'RET\n# /* a\n b */ include "/etc/passwd"': (2, "leads out"),
    '#define X #include "/etc/passwd"\nX': (1, "inside a line"),
    '#define X NOP; #include "/x"': (1, "inside a line"),
    '#define X \\\n#include "/etc/passwd"\nX': (2, "inside a line"),
    '#define H #\nH include "/etc/passwd"': (1, "inside a line"),
    '#line 3 "other.s"': (1, "line directive"),
    "#pragma once": (1, "no directive"),
    "# a comment": (1, "no directive"),
}
FINE = {
    "a.go": '// import "C"\nvar s = `//line x:1`\n// see //line in the manual\nvar t = "/*line x:1:1*/"',
    "b.go": "//go:linkname now runtime.nanotime\nfunc now() int64",
    "a.s": '// #include "/etc/passwd"\n#include "textflag.h"\n#include "go_asm.h"\n#ifdef X\n#endif\n',
    "b.s": '#define SUM(a, b) \\\n\tADDQ a, b; \\\n\tNOP\nDATA ·s(SB)/8, $"#include"\n',
}


@pytest.mark.parametrize(("text", "expected"), GO.items())
def test_refused_go(text: str, expected: tuple[int, str]) -> None:
    (found,) = refusals([Source("a.go", text, "cell 4")])
    assert (found.source, found.line) == ("cell 4", expected[0])
    assert expected[1] in found.message
    assert found.advice


@pytest.mark.parametrize(("text", "expected"), ASSEMBLY.items())
def test_refused_assembly(text: str, expected: tuple[int, str]) -> None:
    (found,) = refusals([Source("a.s", text, "cell 4")])
    assert found.line == expected[0]
    assert expected[1] in found.message


@pytest.mark.parametrize(("name", "text"), FINE.items())
def test_not_refused(name: str, text: str) -> None:
    assert refusals([Source(name, text, "cell 4")]) == ()


def test_a_file_outside_never_reaches_a_message(tmp_path: Path) -> None:
    secret = tmp_path / "secret.h"
    secret.write_text("SECRETWORD\n", encoding="utf-8")
    for text in (
        f'#include "{secret}"\n',
        f'#define X #include "{secret}"\nX\n',
        f'#\\\ninclude "{secret}"\n',
    ):
        with pytest.raises(BuildError) as caught:
            build([Source("a.s", text, "cell 1")])
        assert "SECRETWORD" not in str(caught.value)

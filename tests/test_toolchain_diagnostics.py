"""What the toolchain says, at the reader's place and in one paragraph: each case is built for real."""

from __future__ import annotations

import re

import pytest

from underglass.errors import BuildError
from underglass.toolchain import Diagnostic, Source, build, find_go
from underglass.toolchain.diagnostics import diagnose

CALLS = "package main\n\nfunc add()\n\nfunc main() { add() }\n"
TEXT = "TEXT ·add(SB), 4, $0-0\n"

# Go text (cell 1), assembly text (cell 2), how the message starts, what the advice holds
CASES = {
    "typo": (
        CALLS,
        TEXT + "\tMOVQQ AX, BX\n",
        'cell 2, line 2: unrecognized instruction "MOVQQ".',
        "mean MOVQ?",
    ),
    "intel": (
        CALLS,
        TEXT + "\tmov rax, 1\n",
        'cell 2, line 2: unrecognized instruction "mov".',
        "in capitals",
    ),
    "no header": (CALLS, "TEXT ·add(SB), NOSPLIT, $0\n", "cell 2, line 1: ", 'write #include "textflag.h"'),
    "wrong header": (
        CALLS,
        '#include "textflg.h"\n',
        'cell 2, line 1: there is no header named "textflg.h".',
        "tflag.h?",
    ),
    "register": (CALLS, TEXT + "\tMOVQ EAX, BX\n", "cell 2, line 2: ", "The register is called AX"),
    "at&t": (CALLS, TEXT + "\tMOVQ $1, 8(%rsp)\n", "cell 2, line 2: expected register; found %", "without %"),
    "scale": (CALLS, TEXT + "\tMOVQ (AX)(BX*3), CX\n", "cell 2, line 2: bad scale: 3", "1, 2, 4 or 8"),
    "label": (
        CALLS,
        TEXT + "\tNOP\n\tJMP foo\n\tRET\n",
        "cell 2, line 3: undefined label foo",
        "begins with foo:",
    ),
    "operands": (
        CALLS,
        TEXT + "\tMOVQ (AX), (BX)\n",
        "cell 2, line 2: main.add: invalid instruction: MOVQ",
        "memory",
    ),
    "uneven frame": (
        CALLS,
        "// a comment with $8-0\nTEXT ·add(SB), 0, $12-0\n\tRET\n",
        "cell 2, line 2: main.add has a frame that is no multiple of 8 bytes",
        "next multiple of 8",
    ),
    "frame size": (CALLS, "TEXT ·add(SB), 4\n", "cell 2, line 1: ", "$locals-args"),
    "push": (CALLS, TEXT + "\tPUSHQ AX\n\tRET\n", "cell 2, line 1: main.add: unbalanced PUSH/POP", "POPQ"),
    "selector": (
        CALLS,
        "TEXT ·add<ABIInternal>(SB), 4, $0\nRET\n",
        "cell 2, line 1: ABI selector",
        "is then ABI0",
    ),
    "two in a file": (
        CALLS,
        TEXT + "RET\n" + TEXT + "RET\n",
        "cell 2, line 3: symbol main.add redeclared",
        "Rename",
    ),
    "go and assembly": (
        CALLS.replace("add()\n\n", "add() {}\n\n"),
        TEXT + "RET\n",
        "cell 1, line 3: add defined",
        "Keep one",
    ),
    "no body": (CALLS, None, "cell 1, line 3: missing function body.", "TEXT ·name(SB)"),
    "other name": (
        CALLS,
        "TEXT ·ad(SB), 4, $0-0\nRET\n",
        "cell 1, line 5: main.main: relocation target",
        "mean ad?",
    ),
    "no target": (
        CALLS,
        TEXT + "\tCALL ·zip(SB)\n\tRET\n",
        "cell 2, line 2: main.add: relocation",
        "·zip(SB)",
    ),
    "chain": (
        CALLS,
        "TEXT ·add(SB), 4, $2000-0\n\tCALL ·b(SB)\n\tRET\nTEXT ·b(SB), 4, $400-0\n\tRET\n",
        "cell 2, line 1: main.add: nosplit stack over",
        "calls main.add<ABI0> (cell 2, line 1), which takes 2016 and calls main.b (cell 2, line 4), which",
    ),
    "no prototype": (
        CALLS.replace("func add()\n\n", ""),
        TEXT + "RET\n",
        "cell 1, line 3: undefined: add.",
        "// func add(",
    ),
    "prototype's type": (
        "package main\n",
        "// func add(x Zorp)\n" + TEXT + "RET\n",
        "cell 2, line 1: undefined: Zorp",
        "",
    ),
    "prototype's syntax": (
        "",
        "//  func add(x int) in t\n" + TEXT + "RET\n",
        "cell 2, line 1: syntax error",
        "",
    ),
    "near name": (
        "package main\nfunc total() {}\nfunc main() { totl() }\n",
        None,
        "cell 1, line 3: undefined: totl.",
        "total?",
    ),
    "package": (
        "package main\nfunc main() { fmt.Println() }\n",
        None,
        "cell 1, line 2: undefined: fmt.",
        'import "fmt"',
    ),
    "packages": (
        "package main\nfunc main() { rand.Int() }\n",
        None,
        "cell 1, line 2: undefined: rand.",
        "crypto/rand",
    ),
    "import": (
        'package main\nimport "os"\nfunc main() {}\n',
        None,
        'cell 1, line 2: "os" imported and not used.',
        "Take",
    ),
    "module": (
        'package main\nimport "example.com/y"\nfunc main() {}\n',
        None,
        "cell 1, line 2: ",
        "own sources",
    ),
    "not std": (
        'package main\nimport "nonsense"\nfunc main() {}\n',
        None,
        "cell 1, line 2: package nonsense",
        "own sources",
    ),
    "arguments": (
        "func f(a int) {}\nfunc main() { f() }\n",
        None,
        "cell 1, line 2: not enough arguments",
        "want (int)",
    ),
    "twice": (
        "func f() {}\nfunc f() {}\n",
        None,
        "cell 1, line 2: f redeclared",
        "declaration of f in cell 1, line 1",
    ),
    "statement": ("x := 1\n", None, "cell 1, line 1: syntax error: non-declaration", "func main() {"),
    "too large": ("var b [1<<45]byte\nfunc main() { b[3] = 1 }\n", None, "cell 1, line 2: ", "smaller"),
    "return": ("func f() int {}\n", None, "cell 1, line 1: missing return.", "Every path"),
}


def failed(go_text: str, asm_text: str | None) -> BuildError:
    sources = [Source("main.go", go_text, "cell 1")] if go_text else []
    if asm_text is not None:
        sources.append(Source("add.s", asm_text, "cell 2"))
    with pytest.raises(BuildError) as caught:
        build(sources)
    return caught.value


@pytest.mark.parametrize("case", CASES)
def test_place_and_advice(case: str) -> None:
    go_text, asm_text, start, advice = CASES[case]
    error = failed(go_text, asm_text)
    first = str(error).split("\n", maxsplit=1)[0]
    assert first.startswith(start)
    assert advice in first
    assert "underglass_stubs" not in str(error)
    assert not re.search(r"[/\\]workspaces[/\\]|site-packages|goroutine", str(error))
    assert len(error.diagnostics) == str(error).count("\n") + 1


def test_columns_are_the_readers() -> None:
    error = failed("func main() { foo() }\n", None)  # a package clause is put before it
    (diagnostic,) = error.diagnostics
    assert isinstance(diagnostic, Diagnostic)
    assert (diagnostic.line, diagnostic.column) == (1, 15)


def test_several_messages_keep_their_order_and_come_once() -> None:
    error = failed(CALLS, TEXT + "\tMOVQQ AX, BX\n\tADDD AX, BX\n\tRET\n")
    assert [d.line for d in error.diagnostics if isinstance(d, Diagnostic)] == [2, 3]


def test_crashes_of_go_itself_are_one_sentence() -> None:
    output = (
        "# underglass\nfatal error: runtime: out of memory\n\nruntime stack:\nruntime.throw(1)\n\t/x.go:3\n"
    )
    (found,) = diagnose(output, (), find_go())
    assert found.message == "a tool of Go ended by itself: fatal error: runtime: out of memory"
    assert "large array" in found.advice


def test_silence_and_unknown_words_are_still_diagnostics() -> None:
    go = find_go()
    assert diagnose("", (), go)[0].message
    assert diagnose("no such word known\n", (), go) == (Diagnostic("", None, None, "no such word known"),)

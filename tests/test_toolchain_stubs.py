"""What the build adds to the reader's sources."""

from __future__ import annotations

import re

from underglass.toolchain import Source, find_go
from underglass.toolchain.stubs import Plan, generate, plan

ADD = "// func add(x, y int64) int64\nTEXT ·add(SB), 4, $0-24\n\tRET\n"


def planned(**texts: str) -> Plan:
    """Return the plan of sources given as name_suffix=text."""
    names = {key: f"{key[:-3]}.go" if key.endswith("_go") else f"{key[:-2]}.s" for key in texts}
    sources = [Source(names[key], text, f"cell {i}") for i, (key, text) in enumerate(texts.items(), 1)]
    go = find_go()
    return plan(sources, go.language, go.root)


def test_assembly_alone_gets_a_declaration_and_a_main() -> None:
    found = planned(add_s=ADD)
    assert [p.name for p in found.generated] == ["add"]
    assert found.needs_main
    text = generate(found, keep=False)
    assert text is not None
    assert "/*line add.s:1:4*/func add(x, y int64) int64\n" in text
    assert "func main() {}\n" in text
    assert "init" not in text


def test_keep_passes_every_function_to_a_sink() -> None:
    go_text = (
        "package main\nfunc f() {}\nfunc g[T any]() {}\nfunc (t T) h() {}\nfunc _() {}\nfunc init() {}\n"
    )
    found = planned(add_s=ADD, m_go=go_text + "type T int\nfunc main() {}\nfunc declared()\n")
    text = generate(found, keep=True)
    assert text is not None
    assert re.findall(r"\tunderglassKeep\((\w+)\)", text) == ["f", "add"]
    assert "func main" not in text


def test_the_readers_declaration_counts() -> None:
    found = planned(add_s=ADD, m_go="package main\n\nfunc add(a int64, b int64) int64\nfunc main() {}\n")
    assert found.generated == ()
    assert [(p.text, p.source, p.line) for p in found.prototypes] == [
        ("func add(a int64, b int64) int64", "m.go", 3)
    ]
    (note,) = found.notes
    assert "the comment says func add(x, y int64) int64, but cell 2 declares" in note.message


def test_nothing_to_add_is_no_file() -> None:
    found = planned(m_go="package main\nfunc main() {}\n")
    assert generate(found, keep=True) is None


def test_local_functions_need_no_prototype() -> None:
    found = planned(add_s="TEXT ·x<>(SB), 4, $0\nRET\nTEXT runtime·y(SB), 4, $0\nRET\n")
    assert (found.prototypes, found.notes, found.problems) == ((), (), ())


def test_notes_for_what_go_cannot_call() -> None:
    found = planned(add_s="TEXT ·x(SB), 4, $0\nRET\nTEXT y(SB), 4, $0\nRET\n")
    assert [note.line for note in found.notes] == [1, 3]
    assert "x has no prototype" in found.notes[0].message
    assert "·y(SB)" in found.notes[1].advice


def test_imports_of_prototypes() -> None:
    found = planned(
        f_s="// func f(p unsafe.Pointer, r *rand.Rand, t tm.Time)\nTEXT ·f(SB), 4, $0-40\nRET\n",
        m_go='package main\nimport "math/rand"\nimport tm "time"\nvar _ rand.Rand\nvar _ tm.Time\n',
    )
    assert found.imports == ('unsafe "unsafe"', 'rand "math/rand"', 'tm "time"')


def test_ambiguous_and_unknown_packages_of_prototypes() -> None:
    found = planned(f_s="// func f(r *rand.Rand, z zip2.Zap)\nTEXT ·f(SB), 4, $0-40\nRET\n")
    first, second = found.problems
    assert "crypto/rand or math/rand" in first.message
    assert first.source == "cell 1"
    assert "zip2" in second.message


def test_sources_for_other_machines_are_left_out_with_a_note() -> None:
    found = planned(add_arm64_s=ADD, m_go="package main\nfunc main() {}\n")
    assert found.prototypes == ()
    (note,) = found.notes
    assert "its name ends in _arm64" in note.message


def test_another_package_is_no_program() -> None:
    (problem,) = planned(m_go="// lib\npackage lib\n").problems
    assert "package lib is no program" in problem.message
    assert problem.line == 2


def test_main_in_assembly() -> None:
    assert not planned(m_s="// func main()\nTEXT ·main(SB), 4, $0\nRET\n").needs_main

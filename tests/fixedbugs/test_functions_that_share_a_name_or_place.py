from __future__ import annotations

from underglass.program import Program
from underglass.toolchain import Source, build

HELPER = "TEXT ·{name}(SB), 4, $0-0\n\tCALL helper<>(SB)\n\tRET\n\nTEXT helper<>(SB), 4, $8\n\tRET\n"
MAIN = "package main\n\nfunc one()\nfunc two()\n\nfunc main() { one(); two() }\n"


def program() -> Program:
    built = build(
        [
            Source("main.go", MAIN, "main.go"),
            Source("one.s", HELPER.format(name="one"), "one.s"),
            Source("two.s", HELPER.format(name="two"), "two.s"),
        ]
    )
    return Program(built.elf)


def test_code_of_a_local_function_is_its_function_in_each_file():
    found = program()
    callees = []
    for name in ("one", "two"):
        function = found.function(name, "ABI0")
        call = next(i for i in found.instructions(function) if i.intel.startswith("call"))
        assert call.target is not None
        callees.append(found.function_at(call.target))
    first, second = callees
    assert first is not None
    assert second is not None
    assert first.name == second.name == "helper"
    assert first.address != second.address
    assert first.frame_size == second.frame_size == 8
    assert {first, second} <= set(found.all_functions)


def test_the_first_function_has_its_own_name():
    found = program()
    start = found.elf.symbols["runtime.text"][0]
    first = found.function_at(start)
    assert first is not None
    assert first.name != "runtime.text"
    assert first.name == found._table.record(0).name

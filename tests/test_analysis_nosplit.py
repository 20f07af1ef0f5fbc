from __future__ import annotations

import pytest

from agreement.nosplit import OWN, build, compare_with
from underglass.analysis.nosplit import NosplitBudget
from underglass.program import Program
from underglass.toolchain import find_go
from underglass.toolchain.chains import chains_of, limit_in


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """The program with a deep chain of its own, and the linker's report."""
    return build(OWN, tmp_path_factory.mktemp("own"))


def test_every_growth_is_the_linkers(own):
    found = compare_with(*own)
    assert found.different == ()
    assert found.functions > 1000


def chain_of(total: int) -> dict[str, str]:
    """A chain that takes `total` bytes: two frames, the caller's BP in each, and a return address."""
    text = f"TEXT ·first(SB), 4, ${total - 224}-0\n\tCALL second<>(SB)\n\tRET\n\n"
    text += "TEXT second<>(SB), 4, $200-0\n\tRET\n"
    go = "package main\n\nfunc first()\n\nfunc main() { first() }\n"
    return {"main.go": go, "a.s": text}


def link(sources: dict[str, str], folder, *flags: str):
    go = find_go()
    (folder / "go.mod").write_text(f"module example\n\ngo {go.language}\n")
    for name, text in sources.items():
        (folder / name).write_text(text)
    elf = folder / "program.elf"
    return elf, go.run(["build", "-trimpath", *flags, "-o", str(elf), "."], cwd=folder)


@pytest.mark.parametrize(("race", "limit"), [(False, 792), (True, 1592)])
def test_a_chain_that_has_nothing_left_links_and_one_of_8_more_does_not(race, limit, tmp_path):
    flags = ["-ldflags=-race"] if race else []
    elf, answer = link(chain_of(limit), tmp_path, *flags)
    assert answer.returncode == 0, answer.stderr
    program = Program(elf)
    chain = NosplitBudget(program, race=race).chain(program.function("main.first", "ABI0"))
    assert chain.limit == limit
    assert [step.symbol for step in chain.steps] == ["main.first", "second"]
    assert chain.left == 0
    _, answer = link(chain_of(limit + 8), tmp_path, *flags)
    assert answer.returncode != 0
    assert limit_in(answer.stderr) == limit
    told = chains_of(answer.stderr.splitlines(), limit)
    assert [c.left for c in told] == [-8]
    assert [s.symbol for s in told[0].steps] == [s.symbol for s in chain.steps]


def test_rooms_of_a_chain_are_those_of_its_frames(own):
    program = Program(own[0])
    budget = NosplitBudget(program)
    first = program.function("main.first", "ABI0")
    chain = budget.chain(first)
    assert chain.lefts[-1] == chain.left == budget.room(first).left
    assert {budget.room(f).left for f in program.functions.values() if f.name == "leaf"} == {chain.left}
    by_name = {s.symbol: s.grows for s in chain.steps}
    # link5 has $16 and the caller's BP, and has pushed AX when it calls.
    assert by_name["link5"] == 16 + 8 + 8 + 8
    assert budget.worst(1)[0] == chain
    assert [c.left for c in budget.worst(20)] == sorted(c.left for c in budget.worst(20))

    through = budget.chain(program.function("main.through", "ABI0"))
    assert [s.symbol for s in through.steps] == ["main.through", "indirect"]
    assert through.in_check

    to_go = budget.chain(program.function("main.fromAssembly", "ABIInternal"))
    assert [s.symbol for s in to_go.steps] == ["main.viaGo", "main.fromAssembly", "main.fromAssembly"]
    assert to_go.steps[1].place == "a wrapper"
    assert to_go.in_check
    assert budget.room(program.function("main.fromAssembly", "ABIInternal")).has_check


def test_what_neither_the_linker_nor_we_count(own):
    program = Program(own[0])
    budget = NosplitBudget(program)
    # A JMP through a pointer, a loop to the function's start, and an author's own SUBQ $2000, SP.
    for name in ("onwards", "spins"):
        assert budget.room(program.function(f"main.{name}", "ABI0")).growths == ()

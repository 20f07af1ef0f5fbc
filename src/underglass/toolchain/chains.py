"""Chains of NOSPLIT functions as records, and the linker's message about one that is too long, read.

A function without a stack check may use what its callers in the chain have left of the 800 bytes that lie
below the stack guard (Go 1.27, internal/abi/stack.go, StackNosplitBase).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate

__all__ = [
    "INDIRECT",
    "MORESTACK",
    "WRAPPER",
    "Chain",
    "ChainStep",
    "chains_of",
    "explain",
    "limit_in",
    "shown_name",
]

INDIRECT = "indirect"  # the linker's name for whatever a CALL through a register or memory reaches
MORESTACK = "runtime.morestack"
WRAPPER = "a wrapper"  # stands for the place of what the compiler has made
_LIMIT = re.compile(r"nosplit stack over (\d+) byte limit")
_SYMBOL = re.compile(r"(?P<symbol>.+)<(?P<version>\d+)>")
_GROWS = re.compile(r"grows (?P<bytes>\d+) bytes(?:, calls (?P<callee>.+))?")


@dataclass(frozen=True)
class ChainStep:
    """One function of a chain, and what it takes of the room that all of them share."""

    symbol: str  # the linker's name, without its ABI; "indirect" where the code names no function
    abi: str  # "ABI0", "ABIInternal"; "" for "indirect"
    grows: int  # bytes: what it has pushed since its entry and, if it calls, the return address
    calls: str  # the linker's name, without its ABI, of what it calls there; "" if these bytes are no call's
    place: str = ""  # "cell 7, line 3", where the sources are known
    call_place: str = ""  # of the call, likewise


@dataclass(frozen=True)
class Chain:
    """Functions that call one another without a stack check between them, the outermost first."""

    limit: int  # bytes below the root's entry that are there for certain
    steps: tuple[ChainStep, ...]
    again: str = ""  # the function of the chain that the last step calls, and so on without end; else ""

    @property
    def needs(self) -> int:
        """Bytes below the root's entry that the chain uses."""
        return sum(step.grows for step in self.steps)

    @property
    def left(self) -> int:
        """Bytes of the limit that stay free; negative where the chain is over it."""
        return self.limit - self.needs

    @property
    def lefts(self) -> tuple[int, ...]:
        """Bytes of the limit that are free after each step."""
        return tuple(self.limit - taken for taken in accumulate(step.grows for step in self.steps))

    @property
    def in_check(self) -> bool:
        """Whether the last function has a stack check: the chain ends there, in runtime.morestack."""
        return self.steps[-1].calls == MORESTACK


def chains_of(lines: Iterable[str], limit: int) -> tuple[Chain, ...]:
    """Return the chains in the lines that follow the linker's "nosplit stack over … limit".

    They are a tree: the root, then a line for each growth, four spaces deeper for each call, and at the end
    of a branch how far over it is (Go 1.27, cmd/link/internal/ld/stackcheck.go, report).

    >>> chains_of(["main.a<0>", "    grows 1008 bytes", "    216 bytes over limit"], 792)[0].left
    -216
    """
    path: list[tuple[str, int, str]] = []  # symbol, growth, callee
    root = ""
    found = []
    for line in lines:
        words = line.strip()
        grows = _GROWS.fullmatch(words)
        if grows:
            depth = max((len(line) - len(line.lstrip())) // 4 - 1, 0)
            symbol = path[depth - 1][2] if 0 < depth <= len(path) else root
            path[depth:] = [(symbol, int(grows["bytes"]), grows["callee"] or "")]
        elif path and (words.endswith("over limit") or words == "infinite cycle"):
            found.append(_chain(path, limit, is_cycle=words == "infinite cycle"))
        elif _SYMBOL.fullmatch(words):
            root, path = words, []
    return tuple(found)


def limit_in(message: str) -> int | None:
    """The limit that a message of the linker names; None if it is about something else."""
    found = _LIMIT.search(message)
    return int(found[1]) if found else None


def _chain(path: list[tuple[str, int, str]], limit: int, *, is_cycle: bool) -> Chain:
    steps = [ChainStep(*_split(symbol), grows, _split(callee)[0]) for symbol, grows, callee in path]
    last = path[-1][2]
    if last and not is_cycle and steps[-1].calls != MORESTACK:  # a function that takes nothing itself
        steps.append(ChainStep(*_split(last), 0, ""))
    return Chain(limit, tuple(steps), steps[-1].calls if is_cycle else "")


def _split(name: str) -> tuple[str, str]:
    """The linker writes <0> for ABI0, <1> for ABIInternal, and a higher number for assembly's `name<>`,
    which is ABI0 too (Go 1.27, cmd/internal/obj/link.go, ABI; cmd/link/internal/sym/symbol.go)."""
    found = _SYMBOL.fullmatch(name)
    if not found:
        return name, ""
    return found["symbol"], "ABIInternal" if found["version"] == "1" else "ABI0"


def shown_name(chain: Chain, step: ChainStep) -> str:
    """The name of a step, with its ABI where the chain has two functions of that name: one is a wrapper."""
    twice = any(s.symbol == step.symbol and s.abi != step.abi for s in chain.steps)
    return f"{step.symbol}<{step.abi}>" if twice else step.symbol


def explain(chain: Chain) -> str:
    """Return the chain as a sentence, function by function.

    >>> a = ChainStep("main.a", "ABI0", 32, "main.b")
    >>> b = ChainStep("main.b", "ABI0", 1008, "", "cell 2, line 9")
    >>> print(explain(Chain(792, (a, b))))
    main.a takes 32 of the 792 bytes and calls main.b (cell 2, line 9), which takes 1008: 248 bytes too many
    """
    text = ""
    for index, step in enumerate(chain.steps):
        place = f" ({step.place})" if step.place and index else ""
        unit = f" of the {chain.limit} bytes" if index == 0 else ""
        ends_in_check = step.calls == MORESTACK
        if step.symbol == INDIRECT:
            text += f" through a pointer, where the stack check of what it reaches takes {step.grows}"
        elif ends_in_check and index:
            text += f" {shown_name(chain, step)}{place}, whose stack check takes {step.grows}"
        else:
            which = ", which" if index else ""
            text += f" {shown_name(chain, step)}{place}{which} takes {step.grows}{unit}"
        text += " and calls" if step.calls and not ends_in_check else ""
    if chain.again:
        return f"{text.strip()} {chain.again} again, without end"
    fate = f"{-chain.left} bytes too many" if chain.left < 0 else f"{chain.left} bytes are left"
    return f"{text.strip()}: {fate}"

"""What a notebook cell asks for by one word: each view of a program, of a recorded call, of a whole run.

>>> from underglass import show
>>> show.abi(prog, "add")
>>> show.frame(trace, 12)

Each answer shows itself: alive or as a picture in a notebook and on a static page, as text elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import TYPE_CHECKING

from underglass.abi import abi0_layout, abi_internal_layout, named_types, parse_signature
from underglass.abi.dwarf import type_named
from underglass.analysis.inlining import inline_costs
from underglass.errors import UnderglassError
from underglass.goprogram import GoProgram
from underglass.kernel.given import facts_of, recording, runnable, spelled
from underglass.program import Abi, Program
from underglass.trace import Run
from underglass.views.abi import abi_picture
from underglass.views.cachelines import cache_line_picture
from underglass.views.callgraph import LIMIT, call_graph_picture
from underglass.views.compare import ComparisonTable
from underglass.views.frame import frame_picture
from underglass.views.gcmap import gcmap_picture
from underglass.views.inlining import inlining_picture
from underglass.views.memory_map import memory_map_picture
from underglass.views.nosplit import chain_picture
from underglass.views.stack_time import stack_time_picture
from underglass.views.structs import struct_picture
from underglass.views.timeline import timeline_picture
from underglass.views.wrapper import wrapper_picture

if TYPE_CHECKING:
    from collections.abc import Mapping

    from underglass.trace import Trace
    from underglass.views.calldot import InlineCost
    from underglass.views.callgraph import CallGraphPicture
    from underglass.views.predict import Predict
    from underglass.views.svg import Picture
    from underglass.views.widgets import Stepper
    from underglass.views.wrapper import WrapperPicture

__all__ = [
    "abi",
    "cache_lines",
    "call_graph",
    "compare",
    "frame",
    "gcmap",
    "inlining",
    "memory_map",
    "nosplit",
    "stack_time",
    "stepper",
    "struct",
    "timeline",
    "wrapper",
]


def stepper(
    trace: Trace, step: int = 0, *, predict: Iterable[Predict | int] = (), what_if: Trace | None = None
) -> Stepper:
    """Return the stepper of a recorded call, at a step; a trace alone shows itself so, at step 0.

    Where no kernel runs it steps all the same, and where there is no browser it is a table.

    Args:
        predict: steps at which the run waits until the reader has said what the instruction will do;
            a `Predict` says what to ask for and why it is so, a number asks for what changes first.
        what_if: a changed run (`trace.what_if`), to be shown beside this one.

    Raises:
        UnderglassError: a question about a step or a thing that the trace does not have.
    """
    from underglass.views.widgets import Stepper  # ipywidgets: not for those who draw frames only

    return Stepper(recording(trace), step=step, predict=predict, what_if=what_if)


def frame(trace: Trace, step: int, depth: int = 2, *, pointers: bool = False) -> Picture:
    """Return the picture of the innermost frames before instruction `step`.

    Args:
        depth: how many frames: the function that runs, its caller, and so on.
        pointers: mark the words that the garbage collector takes for pointers.
    """
    return frame_picture(recording(trace), step, depth, pointers=pointers)


def stack_time(trace: Trace) -> Picture:
    """Return the stack over time: SP at each step, a lane for each stack that the recording runs on."""
    return stack_time_picture(recording(trace))


def abi(program: GoProgram | Program, function: str) -> Picture:
    """Return where a function's arguments and results lie, ABI0 and ABIInternal side by side.

    Args:
        function: the function, "add" or "main.add", or a prototype, "func f(x int) (y []byte)", which
            may name the program's types.

    Raises:
        UnderglassError: no such function, or the prototype is none.
    """
    if function.split("(")[0].split()[:1] == ["func"]:
        signature = parse_signature(function, named_types(facts_of(program)))
    else:
        signature = runnable(program).signature(function)
    layouts = {"ABI0": abi0_layout(signature), "ABIInternal": abi_internal_layout(signature)}
    return abi_picture(signature, layouts)


def wrapper(program: GoProgram | Program, name: str) -> WrapperPicture:
    """Return the ABI wrapper of a function, a note at each of its instructions.

    Args:
        name: the function, "add" or "main.add".

    Raises:
        UnderglassError: the function has no wrapper; the message says why.
    """
    return wrapper_picture(facts_of(program), name)


def gcmap(
    program: GoProgram | Program, name: str, at: int | str | None = None, *, abi: Abi | None = None
) -> Picture:
    """Return which words of a function's frame are pointers while it waits in a call.

    Args:
        at: a source line, 12, or bytes from the entry, "+0x3a"; None is the first call.
        abi: which of two functions of one name.

    Raises:
        UnderglassError: no such function or place, or a line with several calls.
    """
    from underglass.analysis.gcmaps import call_sites, gc_map, sites_at

    facts = facts_of(program)
    function = facts.function(name, abi)
    if at is not None:
        places = sites_at(facts, function, str(at))
    else:
        places = tuple(site.address for site in call_sites(facts, function)[:1]) or (function.address,)
    maps = [gc_map(facts, function, pc) for pc in places]
    if len(maps) > 1:
        named = ", ".join(f'"+{held.pc - function.address:#x}" ({held.call})' for held in maps)
        raise UnderglassError(f"Line {at} of {name} has {len(maps)} calls. Name one by its place: {named}.")
    return gcmap_picture(maps[0])


def nosplit(program: GoProgram | Program, name: str | None = None, *, abi: Abi | None = None) -> Picture:
    """Return the longest chain of NOSPLIT functions through one, against the linker's limit.

    Args:
        name: the function; None takes the chain that leaves the least room of all.
        abi: which of two functions of one name.

    Raises:
        UnderglassError: no such function, or no function is NOSPLIT.
    """
    from underglass.analysis.nosplit import NosplitBudget  # reads the whole program: for those who ask

    facts = facts_of(program)
    function = facts.function(name, abi) if name is not None else None
    budget = NosplitBudget(facts)
    chains = (budget.chain(function),) if function is not None else budget.worst(1)
    if not chains:
        raise UnderglassError("The program has no NOSPLIT function that calls another one.")
    return chain_picture(chains[0])


def inlining(program: GoProgram | Program, name: str | None = None) -> Picture:
    """Return what the compiler inlined, and what each function's budget went for.

    Args:
        name: one function; None shows all of the reader's.

    Raises:
        UnderglassError: no such function, or the program's sources are not at hand.
    """
    from underglass.analysis.inlining import report
    from underglass.toolchain import Source
    from underglass.toolchain.inlining import inlining as ask

    sources = [Source(s.name, s.text, s.origin) for s in facts_of(program).sources]
    if not sources:
        raise UnderglassError(
            "What the compiler inlined is told of sources, and this program was opened as an executable. "
            "Build it from its .go and .s files."
        )
    return inlining_picture(report(ask(sources)), name)


def cache_lines(program: GoProgram | Program, name: str, *, abi: Abi | None = None) -> Picture:
    """Return a function's bytes in lines of 64, with the calls that lie across two.

    Args:
        abi: which of two functions of one name.

    Raises:
        UnderglassError: no such function.
    """
    facts = facts_of(program)
    return cache_line_picture(facts, facts.function(name, abi))


def struct(program: GoProgram | Program, type_: str, *only: str) -> Picture:
    """Return the layout of a type: fields, offsets, padding.

    Args:
        type_: a type of the program, "main.point" or "runtime.g", or one that Go can spell: "[]byte".
        only: the fields to show, for the long structs of the runtime.

    Raises:
        UnderglassError: no such type, or no such field.
    """
    facts = facts_of(program)
    own = named_types(facts).get(type_.removeprefix("main."))
    found = own or type_named(facts, type_) or spelled(facts, type_)
    known = sorted(one.name for one in getattr(found, "fields", ()))
    for name in only:
        if name not in known:
            near = get_close_matches(name, known, 3, 0.5) or known[:20]
            raise UnderglassError(f"{type_} has no field {name}. It has {', '.join(near) or 'no fields'}.")
    return struct_picture(found, only)


def memory_map(program: GoProgram | Program, title: str = "Memory map") -> Picture:
    """Return what lies where in memory when the program stands at the start of main.main."""
    return memory_map_picture(runnable(program).memory_map(), title)


def timeline(run: GoProgram | Program | Run) -> Picture:
    """Return which thread ran which goroutine, from boot to exit.

    Args:
        run: a run (`prog.record_run()`), or a program, which is run without arguments.

    Raises:
        GuestFault, LimitExceeded: the program did not end by itself.
    """
    return timeline_picture((run if isinstance(run, Run) else runnable(run).record_run()).timeline())


def compare(
    program: GoProgram | Program,
    name: str,
    other: str | None = None,
    *,
    abi: Abi | None = None,
    against: GoProgram | Program | None = None,
) -> ComparisonTable:
    """Return two functions side by side, aligned line by line.

    Args:
        name, other: two functions; without `other`, the function under its two ABIs.
        abi: which of two functions of one name.
        against: another program (other sources, another release of Go), whose function is on the right.

    Raises:
        UnderglassError: no such function.
    """
    from underglass.analysis.compare import compare as align

    left = facts_of(program)
    if other is None and against is None:
        return ComparisonTable(
            align((left, left.function(name, "ABIInternal")), (left, left.function(name, "ABI0")))
        )
    right = facts_of(against) if against is not None else left
    return ComparisonTable(
        align((left, left.function(name, abi)), (right, right.function(other or name, abi)))
    )


def call_graph(
    program: GoProgram | Program,
    focus: str = "main.main",
    depth: int = 3,
    *,
    callers: int = 0,
    runtime: bool = False,
    nosplit: bool = False,
    inlining: bool | Mapping[str, int | InlineCost] = False,
    limit: int | None = LIMIT,
) -> CallGraphPicture:
    """Return the picture of what a function calls, with the ABI of each and the wrappers between.

    A node opens its machine code: by a click, or by Enter where the arrow keys have taken the focus.

    Args:
        focus: the function, "add" or "main.add".
        depth: how many calls away from it to look.
        callers: show what calls it, too, up to so many calls away.
        runtime: show the runtime's functions one by one.
        nosplit: say at each function without a stack check how much stack its longest chain leaves.
        inlining: say at each function what inlining it costs: the compiler is asked, or the costs are given
            as function → nodes or verdict.
        limit: nodes; the functions farthest from the focus are folded, one node a package. None draws all.
    """
    facts = facts_of(program)
    costs = inline_costs(facts) if inlining is True else inlining or None
    return call_graph_picture(
        facts, focus, depth, callers=callers, runtime=runtime,
        nosplit=nosplit, inlining=costs, limit=limit,
    )  # fmt: skip

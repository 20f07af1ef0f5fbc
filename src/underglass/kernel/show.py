"""What a notebook cell asks for by one word: the stepper, a frame, a call graph, a wrapper."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from underglass.analysis.inlining import inline_costs
from underglass.program import Program
from underglass.views.callgraph import LIMIT, call_graph_picture
from underglass.views.frame import frame_picture
from underglass.views.wrapper import wrapper_picture

if TYPE_CHECKING:
    from collections.abc import Mapping

    from underglass.goprogram import GoProgram
    from underglass.trace import Trace
    from underglass.views.calldot import InlineCost
    from underglass.views.callgraph import CallGraphPicture
    from underglass.views.frame import FramePicture
    from underglass.views.predict import Predict
    from underglass.views.widgets import Stepper
    from underglass.views.wrapper import WrapperPicture

__all__ = ["call_graph", "frame", "stepper", "wrapper"]


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

    return Stepper(trace, step=step, predict=predict, what_if=what_if)


def frame(trace: Trace, step: int, depth: int = 2) -> FramePicture:
    """Return the picture of the innermost frames before instruction `step`.

    Args:
        depth: how many frames: the function that runs, its caller, and so on.
    """
    return frame_picture(trace, step, depth)


def wrapper(program: GoProgram | Program, name: str) -> WrapperPicture:
    """Return the ABI wrapper of a function, a note at each of its instructions.

    Args:
        name: the function, "add" or "main.add".

    Raises:
        UnderglassError: the function has no wrapper; the message says why.
    """
    facts = program if isinstance(program, Program) else program.program
    return wrapper_picture(facts, name)


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
    facts = program if isinstance(program, Program) else program.program
    costs = inline_costs(facts) if inlining is True else inlining or None
    return call_graph_picture(
        facts, focus, depth, callers=callers, runtime=runtime,
        nosplit=nosplit, inlining=costs, limit=limit,
    )  # fmt: skip

"""The frame diagram: the words of a frame at their real places, and who owns each of them."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from underglass.analysis.gcmaps import gc_map
from underglass.views.frames import call_frames, is_callers
from underglass.views.gcmap import LEGEND, gcmap_text, glyph_of
from underglass.views.palette import colour
from underglass.views.svg import MONO, SANS, Picture, document
from underglass.views.text import frame_text, plain_value

if TYPE_CHECKING:
    from underglass.analysis.gcmaps import GcMap
    from underglass.trace import Frame, Slot, Trace

__all__ = ["frame_picture", "frame_svg", "pointer_maps"]

_ROW, _GAP, _TOP = 26, 40, 18  # pixels: a word, the title line of a frame, above everything
_LEFT, _BOX, _RIGHT = 150, 310, 84  # the pointers, the words, the distances from SP

_STYLE = f"""\
.ug-words text{{font:13px {SANS};fill:var(--ug-ink)}}
.ug-words .mono{{font-family:{MONO}}}
.ug-words .small{{font-size:12px}}
.ug-words .muted{{fill:var(--ug-muted)}}
.ug-words .strong{{font-weight:600}}
.ug-words .word{{stroke:var(--ug-rule)}}
.ug-words .ABI0{{fill:var(--ug-abi0-tint)}}
.ug-words .ABIInternal{{fill:var(--ug-internal-tint)}}
.ug-words .ink-ABI0{{fill:var(--ug-abi0)}}
.ug-words .ink-ABIInternal{{fill:var(--ug-internal)}}
.ug-words .line{{stroke:var(--ug-ink);fill:none}}
.ug-words .brace{{stroke:var(--ug-muted);fill:none}}
"""


def frame_picture(trace: Trace, step: int, depth: int = 2, *, pointers: bool = False) -> Picture:
    """The diagram of `frame_svg` with `frame_text` as its other form."""
    text = frame_text(trace, step)
    if pointers:
        maps = pointer_maps(trace, step, call_frames(trace, step)[:depth])
        text = "\n\n".join([text, *map(gcmap_text, maps)])
    return Picture(frame_svg(trace, step, depth, pointers=pointers), text, "Frame diagram")


def pointer_maps(trace: Trace, step: int, frames: tuple[Frame, ...]) -> list[GcMap]:
    """What the runtime knows of each frame: the innermost at its instruction, the others at their calls."""
    innermost = trace.pc(step)
    return [
        gc_map(trace.program, frame.function, frame.pc, returned_to=i > 0 or frame.pc != innermost)
        for i, frame in enumerate(frames)
    ]


def frame_svg(trace: Trace, step: int, depth: int = 2, *, pointers: bool = False) -> str:
    """Return the frames before `step` as SVG, high addresses at the top.

    Each word has its name in assembly source on the left of its value and its distance from the
    hardware SP on the right; FP, pseudo-SP and SP point to the words they are the address of.
    The words of a frame carry the colour of the ABI of the function that owns them: the room for
    arguments and results is its caller's (Go 1.27, cmd/compile/abi-internal.md, "Stack layout").

    Args:
        depth: how many frames to draw, the innermost and its callers.
        pointers: mark each word as the garbage collector sees it, by the frames' pointer maps.
    """
    every = call_frames(trace, step)
    frames, callers = every[:depth], every[1 : depth + 1]
    drawing = _Drawing(trace, step, _marks(trace, step, frames) if pointers else None)
    below = [_top(frame) for frame in frames]
    for i in reversed(range(len(frames))):
        owner = callers[i] if i < len(callers) else None
        drawing.frame(frames[i], owner, above=below[i - 1] if i else 0, innermost=i == 0)
    return drawing.finish(frame_text(trace, step))


def _marks(trace: Trace, step: int, frames: tuple[Frame, ...]) -> dict[int, str]:
    """Guest address of each mapped word → its glyph.

    A word that the maps of two frames cover is a pointer if either says so.
    """
    found: dict[int, bool | None] = {}
    for frame, held in zip(frames, pointer_maps(trace, step, frames), strict=True):
        for word in held.words:
            at = frame.fp + word.offset
            if word.is_pointer is not None:
                found[at] = bool(found.get(at)) or word.is_pointer
            else:
                found.setdefault(at, None)
    return {at: glyph_of(known) for at, known in found.items()}


def _top(frame: Frame) -> int:
    return max((slot.address + slot.size for slot in frame.slots), default=frame.fp)


def _full(frame: Frame) -> str:
    return f"{frame.function.name.removeprefix('main.')} {frame.function.abi}"


class _Drawing:
    def __init__(self, trace: Trace, step: int, marks: dict[int, str] | None = None) -> None:
        self._trace, self._step, self._marks = trace, step, marks
        self._sp = trace.register(step, "SP")
        self._y = _TOP
        self._parts: list[str] = []
        self._width = _LEFT + _BOX + _RIGHT

    def frame(self, frame: Frame, caller: Frame | None, *, above: int, innermost: bool) -> None:
        """Draw a frame's words, but for those that the frame below it has drawn as its arguments."""
        function = frame.function
        name = function.name.removeprefix("main.")
        wrapper = ", a wrapper" if function.is_wrapper else ""
        state = "" if frame.complete or not innermost else ", not complete"
        self._text(_LEFT, self._y + 4, name, "mono strong")
        self._text(
            _LEFT + 9 * len(name) + 8,
            self._y + 4,
            f"{function.abi}{wrapper}",
            f"small strong ink-{function.abi}",
            function.abi,
        )
        self._text(
            _LEFT + _BOX, self._y + 4, f"frame ${function.frame_size}{state}", "small muted", anchor="end"
        )
        self._y += 14
        groups: list[tuple[str, str, int]] = []
        for slot in frame.slots:
            if slot.address < above:
                continue
            owner, abi = self._owner(slot, frame, caller)
            for offset in range((slot.size - 1) // 8 * 8, -1, -8):
                if not groups or groups[-1][0] != owner:
                    groups.append((owner, abi, self._y))
                self._word(slot, offset, frame, abi, innermost=innermost)
        # No group: the frame below names all of these words, as where SP moved behind the assembler's back.
        ends = [*(start for _, _, start in groups[1:]), self._y][: len(groups)]
        for (owner, _, start), end in zip(groups, ends, strict=True):
            self._brace(start, end, owner)
        self._y += _GAP

    @staticmethod
    def _owner(slot: Slot, frame: Frame, caller: Frame | None) -> tuple[str, str]:
        own = frame.function.abi
        if is_callers(slot):
            if caller is None:
                return "owned by the caller", own
            return f"owned by {_full(caller)}", caller.function.abi
        if slot.kind == "return address":
            return "pushed by CALL", own
        return f"owned by {_full(frame)}", own

    def _word(self, slot: Slot, offset: int, frame: Frame, abi: str, *, innermost: bool) -> None:
        address, size, y = slot.address + offset, min(8, slot.size - offset), self._y
        held = self._trace.memory(self._step, address, size)
        value = (
            "?"
            if held is None
            else plain_value(self._trace, self._step, int.from_bytes(held, "little"), size)
        )
        name = f"{slot.name} +{offset}" if offset else slot.expression or slot.name or slot.kind
        tint = "abi0-tint" if abi == "ABI0" else "internal-tint"
        self._parts.append(
            f'<rect class="word {abi}" x="{_LEFT}" y="{y}" width="{_BOX}" height="{_ROW}" '
            f'fill="{colour(tint)}" stroke="{colour("rule")}"/>'
        )
        base = y + 17
        if self._marks is not None:
            self._text(_LEFT + 8, base, self._marks.get(address - address % 8, ""), "strong")
        self._text(_LEFT + (10 if self._marks is None else 26), base, name, "mono")
        self._text(_LEFT + _BOX - 10, base, value, "mono", anchor="end")
        self._text(_LEFT + _BOX + 12, base, f"{address - self._sp}(SP)", "mono small muted", "muted")
        pointers = [("FP", frame.fp), ("pseudo-SP", frame.pseudo_sp)] if innermost else []
        marks = [label for label, at in [*pointers, ("SP", self._sp)] if at == address]
        if marks:
            self._text(_LEFT - 30, base, ", ".join(marks), "small strong", anchor="end")
            at = base - 4
            self._parts.append(
                f'<path class="line" d="M{_LEFT - 25} {at}H{_LEFT - 4}m-5 -4 5 4-5 4" '
                f'stroke="{colour("ink")}" fill="none"/>'
            )
        self._y += _ROW

    def _brace(self, start: int, end: int, words: str) -> None:
        x = _LEFT + _BOX + _RIGHT
        self._parts.append(
            f'<path class="brace" d="M{x} {start + 3}h5V{end - 3}h-5" '
            f'stroke="{colour("muted")}" fill="none"/>'
        )
        self._text(x + 13, (start + end) // 2 + 4, words, "small")
        self._width = max(self._width, x + 20 + 7 * len(words))

    def _text(
        self, x: int, y: int, words: str, classes: str, fill: str = "ink", anchor: str = "start"
    ) -> None:
        ink = {"ABI0": "abi0", "ABIInternal": "internal"}.get(fill, "muted" if "muted" in classes else fill)
        at = "" if anchor == "start" else f' text-anchor="{anchor}"'
        family = MONO if "mono" in classes else SANS
        weight = ' font-weight="600"' if "strong" in classes else ""
        size = 12 if "small" in classes else 13
        self._parts.append(
            f'<text class="{classes}" x="{x}" y="{y}"{at} fill="{colour(ink)}" font-size="{size}"{weight} '
            f'font-family="{html.escape(family)}">{html.escape(words)}</text>'
        )

    def finish(self, description: str) -> str:
        """The whole document, with its text alternative."""
        if self._marks is not None and self._parts:
            self._text(_LEFT, self._y - _GAP + 22, LEGEND, "small")
            self._y += 20
        height = max(self._y - _GAP + 14, 2 * _TOP)
        if not self._parts:
            self._text(0, _TOP, description, "muted")
        title = f"Stack of {self._trace.title} before step {self._step}"
        body = "".join(self._parts)
        return document(title, description, body, self._width, height, named="ug-words", style=_STYLE)

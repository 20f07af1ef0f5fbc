"""Verdicts for the tests of what comes out of grading: a class, and names and answers that mean harm."""

from __future__ import annotations

import random
from pathlib import Path

from underglass.grading.record import Answer, Part, Verdict

ROOT = Path(__file__).parent.parent
SOLUTIONS = {"05_frames": ROOT / "solutions" / "05_frames.ipynb"}

STRIKES = (
    "<script>window.bad = 1</script>",
    "</pre></code><img src=x onerror='window.bad = 1'>",
    "</title></style><svg onload=window.bad=1>",
    '" onmouseover="window.bad=1" autofocus onfocus="window.bad=1',
    "{{ 7 * 7 }}{% raw %}{# #}",
    "&lt;b&gt;&#60;script&#62;",
    "javascript:window.bad=1",
    "a\u202egnp.exe\u202c\u2066b\u0000\x1b[31m\x07",
    "half \ud83d of a pair \udcff",
    "=cmd|' /C calc'!A0",
    "-->]]><!--",
)
NAMES = (
    *STRIKES,
    "+1+1", "-1+1", "@SUM(A1)", "\t=1+1", "\r=1", "＝1+1", " =1+1", "\u200e=1+1", '"=1+1', "x;=1+1",
    "a,b\n=1+1", "../../etc/passwd", "..", ".", "", "CON", "con", "nul.txt", "Ada", "ada", "a" * 5000,
    "م" * 40, "עדה לאבלייס", "é" * 300, "c:\\windows\\x", "/", "Z̷̧̢͓͇a̸̛̲͎l̶̨̛g̵̛̖ơ̵",
)  # fmt: skip

TITLES = (
    "1 Read `y` from its slot",
    "1 Read `y` from its slot",
    "2 A frame with a local",
    "3 Two locals and a call",
)
IDS = ("words-check", "second-check", "squares-check", "spread-check")
OUT_OF = (2.0, 2.0, 3.0, 5.0)
JUDGES = (("words",), ("second",), ("squares",), ("spread",))

SPREAD = """\
%%asm
#include "funcdata.h"

// func spread(a, b int64) int64
TEXT ·spread(SB), 0, $40-24
	NO_LOCAL_POINTERS
	MOVQ a+0(FP), CX // the sum first
	ADDQ b+8(FP), CX
	MOVQ CX, s-8(SP)
	MOVQ a+0(FP), DX
	SUBQ b+8(FP), DX
	MOVQ DX, d-16(SP)
	MOVQ DX, 8(SP)
	MOVQ CX, 0(SP)
	CALL ·scale(SB)
	MOVQ s-8(SP), R8
	SUBQ d-16(SP), R8
	ADDQ 16(SP), R8
	MOVQ R8, ret+16(FP)
	RET
"""
SAID = (
    "spread(5, 3) gave 20, and 22 was expected. Cell 12, line 14, step 31, CALL ·scale(SB): scale has 24 "
    "bytes of arguments and results, and the frame has room for 8."
)


def verdict(
    student: str,
    points: tuple[float, ...] = OUT_OF,
    *,
    state: str = "graded",
    said: str = "",
    rules: tuple[str, ...] = (),
    text: str = SPREAD,
    notes: tuple[str, ...] = (),
    note: str = "",
    hidden: bool = False,
) -> Verdict:
    """A verdict of lab 5; `said`, `rules`, `hidden` are the last part's, `text` and `note` its answer's."""
    parts = tuple(
        Part(
            id, title, given, out_of,
            said if id == "spread-check" else "" if given == out_of else f"{id[:-6]} gave another value.",
            rules if id == "spread-check" else (),
            hidden and id == "spread-check",
            judges,
        )
        for id, title, given, out_of, judges in zip(IDS, TITLES, points, OUT_OF, JUDGES, strict=True)
    )  # fmt: skip
    answers = (
        Answer("words", "at_0, at_8, at_40 = 18, 30, 12", "by id"),
        Answer(
            "second",
            "%%asm\n// func second(x, y int64) int64\nTEXT ·second(SB), 0, $0-24\n\tRET",
            "untouched",
        ),
        Answer("squares", "", "missing"),
        Answer("spread", text, "by content" if note else "by id", note),
    )
    return Verdict(student, "05_frames", f"key of {student!a}", state, parts, answers, notes)


def a_class(count: int = 24) -> list[Verdict]:
    """A class with the usual spread of points, and a submission in each state."""
    dice = random.Random(5)
    made = []
    names = (
        "Ada", "Ben", "Chiara", "Dmitri", "Elif", "Femi", "Grace", "Hiro", "Ines", "Jonas", "Kofi", "Lin",
        "Maya", "Noor", "Omar", "Priya", "Quinn", "Rosa",
    )  # fmt: skip
    for i in range(count):
        points = tuple(dice.choice((0, out_of, out_of, out_of, out_of / 2)) for out_of in OUT_OF)
        broke = points[3] < 5 and dice.choice(
            [("outgoing-area",), ("register-across-call", "result-written"), ()]
        )
        made.append(
            verdict(
                f"{names[i % len(names)]} {'' if i < len(names) else i} Example".replace("  ", " "),
                points,
                said=SAID if points[3] < 5 else "",
                rules=broke or (),
                hidden=points[3] == 2.5,
                text=SPREAD.replace("MOVQ CX, 0(SP)", f"MOVQ ${i}, AX\n\tMOVQ CX, 0(SP)")
                if i > 2
                else SPREAD,
                note="A Markdown cell was taken for the answer." if i == 4 else "",
            )
        )
    nothing = (0.0, 0.0, 0.0, 0.0)
    return [
        *made,
        verdict(
            "Zoe Limit", (2.0, 2.0, 0.0, 0.0), state="limit", notes=("The build took more than 20 seconds.",)
        ),
        Verdict(
            "Yan Unreadable",
            "05_frames",
            "k",
            "unreadable",
            (),
            (),
            ("The file is no JSON: it ends at byte 4096.",),
        ),
        verdict("Xu Quarantined", nothing, state="quarantined", text=""),
    ]


def hostile() -> list[Verdict]:
    """Each strike as a name, an answer, a note and what was said."""
    return [
        verdict(
            name,
            (0.0, 2.0, 1.5, 2.5),
            said=STRIKES[i % len(STRIKES)],
            text=STRIKES[(i + 1) % len(STRIKES)] * 3,
            notes=(STRIKES[(i + 2) % len(STRIKES)],),
            note=STRIKES[(i + 3) % len(STRIKES)],
            rules=("outgoing-area", STRIKES[i % len(STRIKES)]),
        )
        for i, name in enumerate(NAMES)
    ]


def spread_by(dice: random.Random) -> str:
    """A right answer to `spread`, as one of many students might write it: free choices are drawn."""
    s, d = dice.sample(["AX", "BX", "CX", "DX", "SI", "DI", "R8", "R9", "R10", "R11"], 2)
    first = [f"MOVQ a+0(FP), {s}", f"ADDQ b+8(FP), {s}"]
    second = dice.choice([
        [f"MOVQ a+0(FP), {d}", f"SUBQ b+8(FP), {d}"],
        [f"MOVQ b+8(FP), {d}", f"NEGQ {d}", f"ADDQ a+0(FP), {d}"],
    ])  # fmt: skip
    keep = dice.sample(
        [f"MOVQ {s}, s-8(SP)", f"MOVQ {d}, d-16(SP)", f"MOVQ {s}, 0(SP)", f"MOVQ {d}, 8(SP)"], 4
    )
    after = dice.choice([
        ["MOVQ 16(SP), AX", "ADDQ s-8(SP), AX", "SUBQ d-16(SP), AX"],
        ["MOVQ s-8(SP), AX", "SUBQ d-16(SP), AX", "ADDQ 16(SP), AX"],
        ["MOVQ 16(SP), AX", "SUBQ d-16(SP), AX", "ADDQ s-8(SP), AX"],
        ["MOVQ s-8(SP), AX", "MOVQ d-16(SP), BX", "SUBQ BX, AX", "MOVQ 16(SP), BX", "ADDQ BX, AX"],
    ])  # fmt: skip
    parts = [first, second]
    dice.shuffle(parts)
    body = [
        "NO_LOCAL_POINTERS",
        *parts[0],
        *parts[1],
        *keep,
        "CALL ·scale(SB)",
        *after,
        "MOVQ AX, ret+16(FP)",
        "RET",
    ]
    return (
        '%%asm\n#include "funcdata.h"\n\n// func spread(a, b int64) int64\n'
        f"TEXT ·spread(SB), 0, ${dice.choice((40, 40, 40, 48))}-24\n"
        + "".join(f"\t{line}\n" for line in body)
    )


def disguised(text: str) -> str:
    """The same answer as one who copies writes it: other registers, labels, comments, names, white space."""
    for old, new in {
        "AX": "R12",
        "BX": "R13",
        "CX": "AX",
        "DX": "BX",
        "R8": "CX",
        "s-8": "sum-8",
        "d-16": "less-16",
    }.items():
        text = text.replace(old, new)
    lines = text.replace("\t", "        ").replace(", ", ",").split("\n")
    middle = len(lines) // 2
    return "\n".join(
        [*lines[:middle], "again: // my own idea", *(f"{line} // mine" for line in lines[middle:])]
    )


def a_class_with_a_copy(count: int, seed: int = 1) -> list[Verdict]:
    """Honest answers, and a last student who has copied the first one's."""
    dice = random.Random(seed)
    texts = [spread_by(dice) for _ in range(count - 1)]
    return [verdict(f"student {i:04}", text=text) for i, text in enumerate([*texts, disguised(texts[0])])]

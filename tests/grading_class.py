"""Synthetic classes: submissions of lab 5 that all differ, with the points that each has to get."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
LAB = "05_frames"
LAB_FILE = ROOT / "labs" / f"{LAB}.ipynb"
OUT_OF = 16.0

SECOND = """\
%%asm
// func second(x, y int64) int64
TEXT ·second(SB), 0, $0-24
	MOVQ y+8(FP), {0}
	MOVQ {0}, ret+16(FP)
	RET"""
SQUARES = """\
%%asm
// func squares(x, y int64) int64
TEXT ·squares(SB), 0, $8-24
	MOVQ x+0(FP), {0}
	IMULQ {0}, {0}
	MOVQ {0}, xx-8(SP)
	MOVQ y+8(FP), {0}
	IMULQ {0}, {0}
	SUBQ {0}, xx-8(SP)
	MOVQ xx-8(SP), {0}
	MOVQ {0}, ret+16(FP)
	RET"""
SPREAD = """\
%%asm
#include "funcdata.h"

// func spread(a, b int64) int64
TEXT ·spread(SB), 0, ${2}-24
	NO_LOCAL_POINTERS
	MOVQ a+0(FP), {0}
	MOVQ {0}, {1}
	ADDQ b+8(FP), {0}
	SUBQ b+8(FP), {1}
	MOVQ {0}, s-8(SP)
	MOVQ {1}, d-16(SP)
	MOVQ {0}, 0(SP)
	MOVQ {1}, 8(SP)
	CALL ·scale(SB)
	MOVQ 16(SP), {0}
	ADDQ s-8(SP), {0}
	SUBQ d-16(SP), {0}
	MOVQ {0}, ret+16(FP)
	RET"""
MORE = """\
%%asm
// func more(x, y int64) int64
TEXT ·more(SB), 0, $24-24
	MOVQ x+0(FP), AX
	MOVQ AX, 0(SP)
	ADDQ y+8(FP), AX
	MOVQ AX, 8(SP)
	CALL ·scale(SB)
	MOVQ 16(SP), AX
	SUBQ x+0(FP), AX
	MOVQ AX, ret+16(FP)
	RET"""
SIZES = "frame_size, args_size = 64, 24"
WORDS = "at_0, at_8, at_40 = 18, 30, 12"
RIGHT: Mapping[str, str] = {
    "words": WORDS,
    "second": SECOND.format("AX"),
    "sizes": SIZES,
    "squares": SQUARES.format("AX"),
    "more": MORE,
    "spread": SPREAD.format("AX", "BX", 40),
}
POINTS = {"words": 2.0, "second": 2.0, "sizes": 2.0, "squares": 3.0, "more": 2.0, "spread": 5.0}
_REGISTERS = ("AX", "BX", "CX", "DX", "SI", "DI", "R8", "R9", "R10", "R11", "R12", "R13")


def lab_notebook() -> dict[str, Any]:
    """Return the lab as a student gets it."""
    held: dict[str, Any] = json.loads(LAB_FILE.read_text(encoding="utf-8"))
    return held


def cell_of(notebook: dict[str, Any], name: str) -> dict[str, Any]:
    """Return a cell by its grade_id."""
    found: dict[str, Any] = next(
        c for c in notebook["cells"] if c["metadata"].get("nbgrader", {}).get("grade_id") == name
    )
    return found


def answered(answers: Mapping[str, str]) -> dict[str, Any]:
    """Return the lab with answers put in, by grade_id."""
    notebook = lab_notebook()
    for name, text in answers.items():
        cell_of(notebook, name)["source"] = text
    return notebook


def distinct(seed: int) -> tuple[dict[str, str], float]:
    """Return the answers of one student, unlike any other's, and their points; one in four errs."""
    draw = random.Random(seed)
    a, b = draw.sample(_REGISTERS, 2)
    answers = {
        "words": f"{WORDS}  # {seed}",
        "second": SECOND.format(a) + f"\n\t// {seed}",
        "sizes": f"{SIZES}  # {seed}",
        "squares": SQUARES.format(b) + f"\n\t// {seed}",
        "more": MORE + f"\n\t// {seed}",
        "spread": SPREAD.format(a, b, draw.choice((40, 48, 56, 64))) + f"\n\t// {seed}",
    }
    points = OUT_OF
    if draw.random() < 0.25:
        wrong, change = draw.choice(_MISTAKES)
        answers[wrong] = change(answers[wrong])
        points -= POINTS[wrong]
    return answers, points


_MISTAKES: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("words", lambda text: text.replace("18", "19")),
    ("second", lambda text: text.replace("y+8(FP)", "x+0(FP)")),
    ("second", lambda text: text.replace("RET", "REET")),
    ("squares", lambda text: text.replace("SUBQ", "ADDQ")),
    ("spread", lambda text: text.replace("CALL", "// CALL")),
)


def write_class(folder: Path, count: int, *, start: int = 0) -> dict[str, float]:
    """Write submissions in nbgrader's layout, and return the points of each student."""
    wanted = {}
    for number in range(start, start + count):
        answers, points = distinct(number)
        student = f"student-{number:04}"
        home = folder / student / LAB
        home.mkdir(parents=True)
        text = json.dumps(answered(answers), ensure_ascii=False, indent=1)
        (home / f"{LAB}.ipynb").write_text(text, encoding="utf-8")
        wanted[student] = points
    return wanted

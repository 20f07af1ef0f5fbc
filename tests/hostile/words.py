"""Names and texts that mean to become script, formulas or paths where somebody reads them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from grading_class import RIGHT, answered
from hostile.case import hostile

SCRIPT = "<script>alert(1)</script>"


@hostile(points=2.0, student="<img src=x onerror=alert(1)>")
def script_in_the_name(_: Path) -> Any:
    return answered({"words": RIGHT["words"]})


@hostile(points=2.0, student="=cmd|' !A0")
def formula_in_the_name(_: Path) -> Any:
    return answered({"words": RIGHT["words"]})


@hostile(points=2.0, student="..-..%2f..\\..\n\x1b[2J")
def path_in_the_name(_: Path) -> Any:
    return answered({"words": RIGHT["words"]})


@hostile(points=2.0, student="CON")
def device_in_the_name(_: Path) -> Any:
    return answered({"words": RIGHT["words"]})


@hostile(points=0.0)
def script_in_the_answers(_: Path) -> Any:
    return answered({
        "words": f"at_0 = '{SCRIPT}'\nat_8, at_40 = 30, 12",
        "second": f"%%asm\n// func second(x, y int64) int64\nTEXT ·second(SB), 0, $0-24\n\t{SCRIPT}\n\tRET",
    })  # fmt: skip


@hostile(points=2.0)
def script_in_the_output(_: Path) -> Any:
    notebook = answered({
        "words": RIGHT["words"],
        "second": "%%asm\n// func second(x, y int64) int64\nTEXT ·second(SB), 0, $8-24\n"
        "\tCALL ·say(SB)\n\tRET",
    })  # fmt: skip
    text = f'%%go\n//go:noinline\nfunc say() {{ panic("{SCRIPT}</pre>--><!--") }}'
    notebook["cells"].insert(0, {"cell_type": "code", "id": "own", "metadata": {}, "source": text})
    return notebook

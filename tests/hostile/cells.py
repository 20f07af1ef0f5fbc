"""Right answers in notebooks whose cells were deleted, doubled, moved, retyped or stripped: they count."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

from grading_class import OUT_OF, RIGHT, answered, cell_of
from hostile.case import hostile


@hostile(points=OUT_OF - 5)
def an_answer_deleted(_: Path) -> Any:
    notebook = answered(RIGHT)
    notebook["cells"].remove(cell_of(notebook, "spread"))
    return notebook


@hostile(points=OUT_OF)
def everything_else_deleted(_: Path) -> Any:
    notebook = answered(RIGHT)
    notebook["cells"] = [cell_of(notebook, name) for name in RIGHT]
    return notebook


@hostile(points=OUT_OF)
def doubled(_: Path) -> Any:
    notebook = answered(RIGHT)
    notebook["cells"] = [copy.deepcopy(c) for c in notebook["cells"] for _ in range(2)]
    return notebook


@hostile(points=OUT_OF)
def doubled_and_the_stub_is_last(_: Path) -> Any:
    notebook, stubs = answered(RIGHT), answered({})
    notebook["cells"] += [cell_of(stubs, name) for name in RIGHT]
    return notebook


@hostile(points=OUT_OF)
def turned_round(_: Path) -> Any:
    notebook = answered(RIGHT)
    notebook["cells"].reverse()
    return notebook


@hostile(points=OUT_OF)
def retyped(_: Path) -> Any:
    notebook = answered(RIGHT)
    for name in RIGHT:
        cell = cell_of(notebook, name)
        cell["cell_type"] = "markdown"
        del cell["outputs"], cell["execution_count"]
    return notebook


@hostile(points=OUT_OF)
def stripped(_: Path) -> Any:
    notebook = answered(RIGHT)
    for cell in notebook["cells"]:
        cell["metadata"] = {}
        del cell["id"]
    notebook["nbformat_minor"], notebook["metadata"] = 4, {}
    return notebook


@hostile(points=OUT_OF)
def metadata_of_other_types(_: Path) -> Any:
    notebook = answered(RIGHT)
    for index, cell in enumerate(notebook["cells"]):
        cell["metadata"] = ([], "nbgrader", {"nbgrader": 7}, {"nbgrader": {"grade_id": ["second"]}}, None)[
            index % 5
        ]
        cell["id"] = index
    return notebook


@hostile(points=OUT_OF)
def the_given_code_edited(_: Path) -> Any:
    notebook = answered(RIGHT)
    cell_of(notebook, "scale")["source"] = "%%go\nfunc scale(v, by int64) int64 { return 0 }"
    cell_of(notebook, "less")["source"] = "%%asm\n// gone"
    return notebook


@hostile(points=OUT_OF)
def sources_of_other_types(_: Path) -> Any:
    notebook = answered(RIGHT)
    for source in (None, 7, {"a": 1}, ["x", 3, None], [["%%asm"]]):
        notebook["cells"].append({"cell_type": "code", "source": source, "metadata": {}})
    notebook["cells"] += [None, 3, "cell", []]
    return notebook


@hostile(points=OUT_OF)
def half_a_pair(_: Path) -> bytes:
    notebook = answered(RIGHT)
    notebook["cells"].append({"cell_type": "code", "source": "%%asm\n// \ud800", "id": "\udfff"})
    return json.dumps(notebook).encode("ascii")

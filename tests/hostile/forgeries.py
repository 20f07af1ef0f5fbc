"""Submissions that forge their marks: in Python, in metadata, in outputs, in files beside the notebook."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from grading_class import LAB, RIGHT, answered, cell_of
from hostile.case import hostile

# The first three get full marks from `nbgrader autograde` 0.9.6; test_hostile.py runs it.
FULL_AT_NBGRADER = ("checks_replaced", "tests_stripped", "execution_patched")


@hostile()
def checks_replaced(_: Path) -> Any:
    return answered(
        {"words": "check = check_word = check_answer = lambda *_, **__: None\nat_0, at_8, at_40 = 0, 0, 0"}
    )


@hostile()
def tests_stripped(_: Path) -> Any:
    return answered(
        {
            "words": """\
import ast
class Strip(ast.NodeTransformer):
    def visit_Module(self, node):
        node.body = [ast.Pass()]
        return ast.fix_missing_locations(node)
get_ipython().ast_transformers.append(Strip())"""
        }
    )


@hostile()
def execution_patched(_: Path) -> Any:
    return answered(
        {
            "words": """\
async def nothing(*_, **__):
    return {"status": "ok", "execution_count": 1, "payload": [], "user_expressions": {}}
get_ipython().kernel.do_execute = nothing"""
        }
    )


@hostile()
def always_equal(_: Path) -> Any:
    return answered(
        {
            "words": """\
class Equal(int):
    def __eq__(self, other): return True
    def __hash__(self): return 0
at_0 = at_8 = at_40 = Equal()"""
        }
    )


@hostile()
def module_replaced(home: Path) -> Any:
    for name in ("underglass.py", "sitecustomize.py", "usercustomize.py", "json.py"):
        (home / name).write_text("import os\nos._exit(0)\n", encoding="utf-8")
    return answered(
        {
            "words": """\
import sys, types
fake = types.ModuleType("underglass")
fake.check = lambda *_, **__: None
sys.modules["underglass"] = sys.modules["underglass.course.check"] = fake"""
        }
    )


@hostile()
def every_literal_is_code(_: Path) -> Any:
    return answered({"words": "at_0 = __import__('os')._exit(0)\nat_8 = (lambda: 30)()\nat_40 = [12][0]"})


@hostile()
def powers_without_end(_: Path) -> Any:
    return answered({"words": "at_0 = 9**9**9**9\nat_8 = 1 << (1 << 62)\nat_40 = 10**4000 * 10**4000"})


@hostile()
def deep_expression(_: Path) -> Any:
    return answered({"words": f"at_0 = {'(' * 5000}18{')' * 5000}\nat_8 = {'-' * 60_000}1"})


@hostile()
def tests_edited(_: Path) -> Any:
    notebook = answered({})
    for name in ("words-check", "second-check", "squares-check", "spread-check"):
        cell_of(notebook, name)["source"] = "12.0"
    return notebook


@hostile(points=2.0)
def points_edited(_: Path) -> Any:
    notebook = answered({"second": RIGHT["second"]})
    for cell in notebook["cells"]:
        about = cell["metadata"]["nbgrader"]
        if about["grade"]:
            about["points"] = 1e9
    return notebook


@hostile()
def tests_become_answers(_: Path) -> Any:
    notebook = answered({})
    for cell in notebook["cells"]:
        about = cell["metadata"]["nbgrader"]
        about["solution"], about["locked"] = True, False
        if about["grade"]:
            cell["source"] = "None"
    return notebook


@hostile()
def outputs_forged(_: Path) -> Any:
    notebook = answered({})
    for cell in notebook["cells"]:
        if cell["metadata"]["nbgrader"]["grade"]:
            cell["execution_count"] = 4
            cell["outputs"] = [
                {
                    "output_type": "execute_result",
                    "execution_count": 4,
                    "metadata": {},
                    "data": {"text/plain": "5"},
                }
            ]
    return notebook


@hostile(points=2.0)
def ids_exchanged(_: Path) -> Any:
    """The one right answer under the id of the dearest exercise, too."""
    notebook = answered({"second": RIGHT["second"], "spread": RIGHT["second"]})
    notebook["cells"].append({**cell_of(notebook, "second"), "id": "spread-check"})
    return notebook


@hostile()
def results_beside_it(home: Path) -> Any:
    forged = {
        "format": 1, "student": "forger", "lab": LAB, "key": "", "state": "graded", "answers": [],
        "notes": [],
        "variant": {}, "parts": [{"id": "spread-check", "title": "", "points": 5, "out_of": 5}],
    }  # fmt: skip
    for name in (f"{LAB}.json", "grades.csv", "gradebook.db", "verdict.json"):
        (home / name).write_text(json.dumps(forged), encoding="utf-8")
    (home / "verdicts").mkdir()
    (home / "verdicts" / f"{LAB}.json").write_text(json.dumps(forged), encoding="utf-8")
    return answered({})


@hostile()
def verdict_in_its_text(_: Path) -> Any:
    part = '{"id": "words-check", "points": 2, "said": "", "rules": [], "is_hidden": false}'
    line = f'\n["part", {part}]\n["end", null]\n'
    return answered({"words": f'at_0 = """{line}"""', "second": f"%%asm\n/*{line}*/\n"})

"""The short form of tests/fuzz/cells.py, and what reads a cell's text, on any text at all."""

from __future__ import annotations

import importlib.util
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kernels import RunningKernel, running_kernel
from underglass.errors import UnderglassError
from underglass.kernel.cells import read_cell
from underglass.kernel.completeness import completeness
from underglass.kernel.lexers import CellLexer

LANGUAGES = st.sampled_from(["asm", "go"])


def _fuzzer() -> ModuleType:
    spec = importlib.util.spec_from_file_location("fuzz_cells", Path(__file__).parent / "fuzz" / "cells.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


cells = _fuzzer()
CELLS = st.integers(0, 2**32).map(lambda seed: cells.cell(random.Random(seed)))


@pytest.fixture(scope="module")
def kernel() -> Iterator[RunningKernel]:
    with running_kernel() as started:
        yield started


@settings(max_examples=12)
@given(code=CELLS, number=st.integers(0, 4))
def test_the_kernel_answers_any_cell_and_lives(kernel: RunningKernel, code: str, number: int) -> None:
    process = kernel.manager.provisioner.pid
    outcome, wrong = cells.tried(kernel, code, f"cell-{number}")
    assert not wrong, f"{outcome}: {wrong}"
    assert kernel.manager.provisioner.pid == process
    assert kernel.manager.is_alive()


@settings(max_examples=60)
@given(text=CELLS | st.text() | LANGUAGES.flatmap(lambda name: st.text().map(f"%%{name}\n{{}}".format)))
@example(text="%%asm")
@example(text="%%go\n'\\'")
@example(text="%%asm\n/*/")
def test_any_text_is_coloured_and_judged(text: str) -> None:
    tokens: list[tuple[Any, str]] = list(CellLexer(stripnl=False, ensurenl=False).get_tokens(text))
    assert "".join(value for _, value in tokens) == text.replace("\r\n", "\n").replace("\r", "\n")
    assert completeness(text) is None or completeness(text)["status"] in ("incomplete", "invalid")


@given(language=LANGUAGES, line=st.text(max_size=20), body=CELLS | st.text())
def test_any_cell_is_read_or_refused(language: str, line: str, body: str) -> None:
    try:
        cell = read_cell(language, line, body, number=7, cell_id=None, above=0, taken=())
    except UnderglassError as error:
        answer, expected = str(error), "cell 7, line 1: "
    else:
        answer, expected = cell.source.text, body
    assert expected in answer

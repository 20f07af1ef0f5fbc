"""A grader that is killed and resumed grades each submission once, and its table is the same."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

from grading_class import ROOT


def test_killed_and_resumed(tmp_path: Path) -> None:
    spec = importlib.util.spec_from_file_location("resume", ROOT / "tests" / "agreement" / "resume.py")
    assert spec is not None
    assert spec.loader is not None
    resume = sys.modules["resume"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(resume)
    counts = resume.compare(tmp_path, 8, 2)
    assert (counts.lost, counts.twice, counts.is_same) == (0, 0, True), counts
    assert counts.kills == 2

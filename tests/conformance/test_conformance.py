"""The fixed list of standard-library packages: their own tests pass in the machine as they do natively."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.mark.conformance
def test_the_standard_librarys_own_tests() -> None:
    ran = subprocess.run(
        [sys.executable, HERE / "run.py", "--ci", "--jobs", "2"], capture_output=True, text=True, check=False
    )
    print(ran.stdout)
    found = json.loads(ran.stdout.splitlines()[-1])
    results = found["results"]
    wrong = {name: row["machine"] for name, row in results.items() if row["machine"]["verdict"] != "pass"}
    native = {name for name, row in results.items() if row["native"] and row["native"]["verdict"] != "pass"}
    assert {name: row for name, row in wrong.items() if name not in native} == {}
    assert len(results) >= 15
    for name, row in results.items():
        if row["native"]:
            assert row["machine"]["passed"] >= 0.9 * row["native"]["passed"], name

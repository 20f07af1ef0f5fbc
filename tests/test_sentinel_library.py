"""The sentinel is quiet about the standard library: the short form of tests/agreement/sentinel.py."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path


def test_no_alarm_on_the_standard_librarys_assembly() -> None:
    command = [sys.executable, Path(__file__).parent / "agreement" / "sentinel.py", "--ci"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    print(ran.stdout, ran.stderr)
    assert ran.returncode == 0
    counted = re.search(
        r"(\d+) assembly functions .*\((\d+) with a prototype\), (\d+) activations, (\d+) alarms", ran.stdout
    )
    assert counted is not None
    functions, known, activations, alarms = map(int, counted.groups())
    assert functions >= 40
    assert known >= 25
    assert activations >= 100
    assert alarms == 0

"""`%load_ext underglass` in an IPython without our kernel."""

from __future__ import annotations

import subprocess
import sys

CODE = """
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell()
shell.run_line_magic("load_ext", "underglass")
shell.run_line_magic("reload_ext", "underglass")
shell.run_cell("%%go\\nfunc f(x int) int { return x + 1 }")
shell.run_cell("print(prog.call('f', 41))")
shell.run_cell("prog.call('f')")
shell.run_cell("%program")
shell.run_line_magic("unload_ext", "underglass")
print("go" in shell.magics_manager.magics["cell"])
"""


def test_the_extension_works_without_the_kernel() -> None:
    run = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines() == [
        "prog: f(x int) int",
        "42",
        "CallError: f takes 1 arguments (x int); 0 were given.",
        "cell 1: cell1.go: f",
        "False",
    ]

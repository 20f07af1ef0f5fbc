"""`doctor` said that the kernel was missing where no `python` is on the PATH: with pipx, or on Debian.

Jupyter starts a kernel whose program is `python` on the interpreter that it runs on itself.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager

from underglass.cli.doctor import examine


def kernel(folder: Path, program: str, patch: pytest.MonkeyPatch) -> bool:
    """Install a kernel that starts this program, and return what `doctor` says of it."""
    spec = folder / "kernels" / "underglass"
    spec.mkdir(parents=True)
    (spec / "kernel.json").write_text(
        json.dumps({"argv": [program, "-m", "underglass.kernel"], "display_name": "x", "language": "python"})
    )
    patch.setenv("JUPYTER_PATH", str(folder))
    patch.setenv("PATH", str(folder))
    (finding,) = (found for found in examine() if found.what == "kernel")
    return finding.is_there


@pytest.mark.parametrize("program", ["python", "python3", "python{}.{}".format(*sys.version_info)])
def test_jupyter_starts_it_on_its_own_interpreter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str
) -> None:
    assert kernel(tmp_path, program, monkeypatch)
    spec = KernelSpecManager(kernel_dirs=[str(tmp_path / "kernels")])
    started = KernelManager(kernel_name="underglass", kernel_spec_manager=spec).format_kernel_cmd()
    assert started[0] == sys.executable


def test_another_program_has_to_be_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not kernel(tmp_path, os.fspath(tmp_path / "python"), monkeypatch)

"""postBuild, which repo2docker and Binder run after environment.yml: by their rules, and run here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SCRIPT = ROOT / "postBuild"


def test_repo2docker_finds_both_files() -> None:
    """A folder binder/ or .binder/ would hide those at the top (repo2docker, buildpacks/base.py)."""
    assert (ROOT / "environment.yml").is_file()
    assert not (ROOT / "binder").exists()
    assert not (ROOT / ".binder").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="repo2docker makes Linux images; this needs a shell")
def test_it_runs_in_an_empty_home(tmp_path: Path) -> None:
    assert os.access(SCRIPT, os.X_OK)  # it is executed, not read by a shell
    environment = {
        **os.environ,
        "HOME": str(tmp_path),
        "PATH": f"{Path(sys.prefix, 'bin')}{os.pathsep}{os.environ['PATH']}",
    }
    run = subprocess.run([SCRIPT], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "Go's runtime" in run.stdout
    assert "All that is needed is there." in run.stdout
    (written,) = (tmp_path / ".jupyter" / "lab" / "user-settings").rglob("*.jupyterlab-settings")
    assert json.loads(written.read_text()) == {"fetchNews": "false", "checkForUpdates": False}


@pytest.mark.skipif(sys.platform == "win32", reason="repo2docker makes Linux images; this needs a shell")
def test_a_command_that_fails_ends_it(tmp_path: Path) -> None:
    """An image without a warm cache is no image: the build has to stop."""
    (tmp_path / "underglass").write_text("#!/bin/sh\nexit 3\n")
    (tmp_path / "underglass").chmod(0o755)
    environment = {**os.environ, "HOME": str(tmp_path), "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    assert subprocess.run([SCRIPT], cwd=ROOT, env=environment, capture_output=True).returncode == 3

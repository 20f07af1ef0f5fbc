"""The README's examples, run as they stand."""

from __future__ import annotations

import os
import re
import subprocess
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(language: str) -> list[str]:
    return [match[2] for match in FENCE.finditer(README) if match[1] == language]


def examples() -> list[tuple[str, str]]:
    """Return (command, output shown) of the console blocks."""
    found = []
    for block in blocks("console"):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            found.append((command, output))
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the README's two files."""
    (go,) = blocks("go")
    (assembly,) = blocks("asm")
    (tmp_path / "main.go").write_text(go, encoding="utf-8")
    (tmp_path / "add.s").write_text(assembly, encoding="utf-8")
    return tmp_path


@pytest.mark.skipif(os.name == "nt", reason="the README's quotes are a Unix shell's")
@pytest.mark.parametrize(("command", "output"), examples())
def test_command_prints_what_the_readme_shows(command: str, output: str, folder: Path) -> None:
    path = os.pathsep.join([sysconfig.get_path("scripts"), os.environ["PATH"]])
    run = subprocess.run(
        command, shell=True, cwd=folder, env={**os.environ, "PATH": path}, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    if output:
        assert run.stdout == output
    for page in re.findall(r"-o (\S+)", command):
        assert (folder / page).stat().st_size > 0


def test_python_example(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (example,) = [block for block in blocks("python") if block.startswith("import")]
    monkeypatch.chdir(folder)
    names: dict[str, object] = {}
    exec(compile(example, "README.md", "exec"), names)
    prog = names["prog"]
    assert prog.call("add", 23, 4) == 27  # type: ignore[attr-defined]
    assert len(names["trace"]) > 0  # type: ignore[arg-type]


def test_make_commands_are_targets() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    used = {
        line.split()[1] for block in blocks("sh") for line in block.splitlines() if line.startswith("make ")
    }
    assert used
    assert used <= targets


def test_links_lead_somewhere() -> None:
    for document in ("README.md", "CONTRIBUTING.md"):
        text = (ROOT / document).read_text(encoding="utf-8")
        for target in re.findall(r"\]\(([^):]+)\)", text):
            assert (ROOT / target).exists() or "NN_" in target, f"{document}: {target}"


def test_every_path_that_contributing_names_is_there() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = re.findall(r"`((?:\.devcontainer|book|labextension|labs|solutions|src|tests)/[\w./]*)`", text)
    made = {"book/NN_topic.ipynb", "solutions/NN_topic.ipynb", "labs/NN_topic.ipynb"}  # by the recipes
    made.add("src/underglass/course/questions/topic.yml")
    assert len(named) > 40
    assert made <= set(named)
    assert not sorted(path for path in set(named) - made if not (ROOT / path).exists())


def test_every_target_that_contributing_names_is_there() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert set(re.findall(r"`make ([a-z]+)", text)) <= set(targets)

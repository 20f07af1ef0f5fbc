"""environment.yml (conda, mamba, Binder) and pyproject.toml name the same packages and versions."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).parent.parent
CONDA_NAMES = {"python-graphviz": "graphviz"}  # conda-forge's "graphviz" is the C program


def requirement(text: str) -> tuple[str, str]:
    """Split "numpy>=2.0" into a name in normal form and its version bounds."""
    match = re.fullmatch(r"([A-Za-z0-9._-]+)(?:\[[^]]*\])?\s*(.*)", text.strip())
    assert match is not None, text
    return re.sub(r"[._-]+", "-", match[1]).lower(), match[2].replace(" ", "")


def test_the_same_packages_and_versions() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = dict(requirement(text) for text in project["dependencies"])
    wanted["python"] = project["requires-python"]

    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    assert environment["channels"] == ["conda-forge", "nodefaults"]
    found: dict[str, str] = {}
    for entry in environment["dependencies"]:
        lines = entry["pip"] if isinstance(entry, dict) else [entry]
        for line in lines:
            if line not in ("pip", "-e ."):
                name, bounds = requirement(line)
                name = CONDA_NAMES.get(name, name)
                assert name not in found, f"{name} is named twice"
                found[name] = bounds
    assert found == wanted


def test_the_package_itself_is_installed_by_conda_too() -> None:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    (pip,) = [entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict)]
    assert "-e ." in pip


def test_the_development_container_needs_pip_alone() -> None:
    text = (ROOT / ".devcontainer" / "devcontainer.json").read_text(encoding="utf-8")
    held = json.loads(text)
    assert re.fullmatch(r"python:3\.\d+", held["image"])  # Python and make are all that the project asks for
    assert "features" not in held
    extras = re.search(r"\.\[([\w,]+)\]", held["postCreateCommand"])
    assert extras
    offered = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert set(extras[1].split(",")) <= set(offered["optional-dependencies"])

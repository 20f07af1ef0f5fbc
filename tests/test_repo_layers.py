"""The layers of the library: an import may point to an earlier layer, never to a later one."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "src" / "underglass"

# From the bottom to the top; CONTRIBUTING.md says what each is for.
LAYERS = (
    "errors",
    "toolchain",
    "program",
    "abi",
    "machine",
    "trace",
    "analysis",
    "views",
    "goprogram",
    "course",
    "kernel",
    "grading",
    "cli",
)

MODULES = sorted(path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py"))
LONG_MODULES: dict[str, str] = {}  # module beyond 400 lines → why it is one thing all the same


def layer_of(module: str) -> str:
    """Return the layer of a path below the package; the root and __main__ see everything."""
    head = module.split("/")[0].removesuffix(".py")
    return "cli" if head in ("__init__", "__main__") else head


def imported_layers(tree: ast.Module, module: str) -> Iterator[tuple[int, str]]:
    """Yield (line, layer) of each import of the kit's own, wherever in the module it stands."""
    package = ["underglass", *module.split("/")[:-1]]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            stem = ".".join([*base, *([node.module] if node.module else [])])
            names = [f"{stem}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            parts = name.split(".")
            if parts[0] == "underglass":
                known = len(parts) > 1 and parts[1] in LAYERS
                # A name of the package itself (`from underglass import build`) is the facade's.
                yield node.lineno, parts[1] if known else "goprogram"


@pytest.mark.parametrize("module", MODULES)
def test_imports_point_down(module: str) -> None:
    tree = ast.parse((PACKAGE / module).read_text(encoding="utf-8"))
    here = layer_of(module)
    assert here in LAYERS, f"{module} belongs to no layer; name its layer in LAYERS"
    wrong = [
        f"{module}:{line} imports {layer}, which comes after {here}"
        for line, layer in imported_layers(tree, module)
        if LAYERS.index(layer) > LAYERS.index(here)
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("module", [m for m in MODULES if not m.endswith("__main__.py")])
def test_module_names_what_it_offers(module: str) -> None:
    tree = ast.parse((PACKAGE / module).read_text(encoding="utf-8"))
    assert ast.get_docstring(tree), f"{module} has no docstring"
    lists = [
        node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
    ]
    if not lists:
        public = [
            n.name
            for n in tree.body
            if isinstance(n, ast.ClassDef | ast.FunctionDef) and not n.name.startswith("_")
        ]
        assert not public, f"{module} has no __all__ but defines {', '.join(public)}"
        return
    names = ast.literal_eval(lists[0])
    # Its order is ruff's (RUF022): constants, then classes, then functions.
    assert len(names) == len(set(names)), f"{module}: __all__ names something twice"


@pytest.mark.parametrize("module", MODULES)
def test_module_is_short(module: str) -> None:
    lines = len((PACKAGE / module).read_text(encoding="utf-8").splitlines())
    assert lines <= 400 or module in LONG_MODULES, (
        f"{module} has {lines} lines: split it, or give the reason here"
    )


@pytest.mark.parametrize(
    ("source", "module", "layers"),
    [
        ("from underglass.errors import BuildError", "program/elf.py", ["errors"]),
        ("from ..trace import Trace", "program/elf.py", ["trace"]),
        ("from . import pclntab", "program/elf.py", ["program"]),
        ("from .. import views", "program/elf.py", ["views"]),
        ("from .cli import main", "__main__.py", ["cli"]),
        ("def f():\n    import underglass.kernel.magics", "views/text.py", ["kernel"]),
        ("from underglass import build", "course/lab.py", ["goprogram"]),
        ("import numpy, os.path", "abi/layout.py", []),
    ],
)
def test_the_reading_of_imports(source: str, module: str, layers: list[str]) -> None:
    assert [layer for _, layer in imported_layers(ast.parse(source), module)] == layers


def test_import_has_no_side_effects(tmp_path: Path) -> None:
    environment = {**os.environ, "HOME": str(tmp_path), "UNDERGLASS_CACHE": str(tmp_path / "cache")}
    run = subprocess.run(
        [sys.executable, "-W", "error::DeprecationWarning:underglass", "-c", "import underglass"],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout + run.stderr == ""
    assert list(tmp_path.iterdir()) == []

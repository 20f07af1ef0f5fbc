"""JupyterLab's extension: what is committed is what its sources make, and what is installed is that."""

from __future__ import annotations

import importlib.util
import json
import re
import sys
from pathlib import Path

from underglass.kernel import lexers

ROOT = Path(__file__).parent.parent
HERE = ROOT / "labextension"
INSTALLED = Path(sys.prefix, "share", "jupyter", "labextensions", "underglass")


def files(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_the_built_files_are_made_of_the_sources(tmp_path: Path) -> None:
    spec = importlib.util.spec_from_file_location("labextension_build", HERE / "build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.build(tmp_path)
    assert files(HERE / "built") == files(tmp_path), "run python labextension/build.py"


def test_jupyterlab_finds_what_to_load() -> None:
    package = json.loads((HERE / "built" / "package.json").read_text(encoding="utf-8"))
    built = package["jupyterlab"]["_build"]
    assert (HERE / "built" / built["load"]).is_file()
    assert f'version = "{package["version"]}"' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def test_it_is_small_and_loads_nothing_from_elsewhere() -> None:
    texts = files(HERE / "built")
    assert sum(map(len, texts.values())) < 20_000
    assert not [name for name, text in texts.items() if b"http" in text]


def test_the_package_has_installed_it() -> None:
    assert files(INSTALLED) == files(HERE / "built"), (
        "the environment's copy is not labextension/built: make lab installs it again"
    )


def test_it_knows_the_words_that_the_static_pages_know() -> None:
    """kernel/lexers.py, whose words are compared with the toolchain's, has the same alternatives."""
    text = re.sub(r'"\s*\+\s*"', "", (HERE / "src" / "asm.js").read_text(encoding="utf-8"))
    for words in (lexers._REGISTERS, lexers._FLAGS, "(?:TEXT|DATA|GLOBL|PCDATA|FUNCDATA|PCALIGN)"):
        assert words in text

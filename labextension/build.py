"""Make the JupyterLab extension that the wheel carries: `python labextension/build.py` writes built/.

The sources are modules that a browser runs as they are, so a build is a copy: into a folder named after the
hash of what is in it, since browsers keep what they have once loaded under an address.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import sys
from pathlib import Path

__all__ = ["build"]

HERE = Path(__file__).parent


def build(output: Path) -> None:
    """Make a prebuilt extension, as `share/jupyter/labextensions/underglass` holds it, in an empty folder."""
    sources = sorted((HERE / "src").glob("*.js"))
    texts = [source.read_bytes() for source in sources]
    digest = hashlib.sha256(b"\0".join(texts)).hexdigest()[:16]
    folder = output / "static" / digest
    folder.mkdir(parents=True)
    for source, text in zip(sources, texts, strict=True):
        (folder / source.name).write_bytes(text)
    package = {
        "name": "underglass",
        "version": _version(),
        "description": "Go assembly and Go in the cells of a notebook, highlighted",
        "license": "BSD-3-Clause",
        "jupyterlab": {
            "extension": True,
            "_build": {"load": f"static/{digest}/container.js", "extension": "./extension"},
        },
    }
    (output / "package.json").write_text(json.dumps(package, indent=2) + "\n", encoding="utf-8")
    install = {
        "packageManager": "python",
        "packageName": "underglass",
        "uninstallInstructions": "It goes with the package: pip uninstall underglass",
    }
    (output / "install.json").write_text(json.dumps(install, indent=2) + "\n", encoding="utf-8")


def _version() -> str:
    text = (HERE.parent / "pyproject.toml").read_text(encoding="utf-8")
    found = re.search(r'^version = "([^"]+)"', text, re.MULTILINE)
    assert found is not None, "pyproject.toml has no version"
    return found[1]


def main() -> int:
    """Replace labextension/built."""
    output = HERE / "built"
    if output.exists():
        shutil.rmtree(output)
    build(output)
    sys.stdout.write(f"{sum(p.stat().st_size for p in output.rglob('*') if p.is_file())} bytes in {output}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

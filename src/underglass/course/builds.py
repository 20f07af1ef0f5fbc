"""Which files of a package a build takes, and what gofmt makes of one: asked of the toolchain itself."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

from underglass.errors import UnderglassError
from underglass.toolchain import find_go
from underglass.toolchain.process import run

__all__ = ["files_of", "gofmt"]

_SECONDS = 20.0


def files_of(
    files: Mapping[str, str], goos: str = "linux", goarch: str = "amd64", *, go: str = "1.27"
) -> tuple[str, ...]:
    """Return the files that `go list` takes for a platform, by name.

    >>> files_of({"a.go": "package a\\n", "b_arm64.s": "", "c_linux_amd64.s": ""})
    ('a.go', 'c_linux_amd64.s')

    Args:
        files: name → text; one Go file at least belongs to the platform.
        go: the version in go.mod, on which some rules depend.

    Raises:
        UnderglassError: the toolchain rejects the package.
    """
    with tempfile.TemporaryDirectory(prefix="underglass-") as name:
        folder = Path(name)
        (folder / "go.mod").write_text(f"module example\n\ngo {go}\n", encoding="utf-8")
        for file, text in files.items():
            (folder / file).write_text(text, encoding="utf-8")
        form = "{{range .GoFiles}}{{.}}\n{{end}}{{range .SFiles}}{{.}}\n{{end}}"
        platform = {"GOOS": goos, "GOARCH": goarch}
        done = find_go().run(["list", "-f", form, "."], folder, env=platform, timeout=_SECONDS)
    if done.returncode:
        raise UnderglassError(f"Go rejects the package: {done.stderr.strip()}. Mend the files.")
    return tuple(sorted(done.stdout.split()))


def gofmt(text: str) -> str:
    """Return a Go file as gofmt writes it.

    Raises:
        UnderglassError: it does not parse.
    """
    go = find_go()
    with tempfile.TemporaryDirectory(prefix="underglass-") as name:
        file = Path(name, "text.go")
        file.write_text(text, encoding="utf-8")
        done = run(
            [str(go.root / "bin" / "gofmt"), file.name],
            cwd=Path(name),
            env=go.environment(None),
            timeout=_SECONDS,
        )
    if done.returncode:
        raise UnderglassError(f"gofmt rejects the text: {done.stderr.strip()}. Mend it.")
    return done.stdout

"""Tell which sources belong to a linux/amd64 build, as go/build decides it.

By the end of the name (go/build/build.go, goodOSArchFile) and by the `//go:build` line
(go/build/constraint/expr.go).
"""

from __future__ import annotations

import re

from underglass.toolchain.records import Source

__all__ = ["exclusion"]

# internal/syslist/syslist.go, Go 1.27
_SYSTEMS = (
    "aix android darwin dragonfly freebsd hurd illumos ios js linux nacl netbsd openbsd plan9 "
    "solaris wasip1 windows zos"
)
_MACHINES = (
    "386 amd64 amd64p32 arm armbe arm64 arm64be loong64 mips mipsle mips64 mips64le mips64p32 "
    "mips64p32le ppc ppc64 ppc64le riscv riscv64 s390 s390x sparc sparc64 wasm"
)
_TRUE = frozenset({"linux", "amd64", "unix", "gc", "amd64.v1"})
_CGO = _TRUE | {"cgo", "netgo", "osusergo"}
_LINE = re.compile(r"//go:build[ \t]+([^\n]*)")
_BLOCK = re.compile(r"^\s*/\*.*?\*/", re.DOTALL | re.MULTILINE)
_PIECE = re.compile(r"\s*(&&|\|\||[!()]|[\w.]+)")


def exclusion(source: Source, language: str, *, cgo: bool = False) -> tuple[int | None, str] | None:
    """Return why Go leaves a source out, with the line that says so, or None if it is built.

    >>> exclusion(Source("add_arm64.s", "", "add_arm64.s"), "1.27")
    (None, 'its name ends in _arm64')
    """
    stem = source.name.rsplit(".", 1)[0]
    if source.name.endswith("_test.go"):
        return None, "its name ends in _test"
    parts = stem.split("_")[1:]
    if parts and parts[-1] in _MACHINES.split():
        if parts[-1] != "amd64":
            return None, f"its name ends in _{parts[-1]}"
        parts.pop()
    if parts and parts[-1] in _SYSTEMS.split() and parts[-1] != "linux":
        return None, f"its name ends in _{parts[-1]}"
    # Comments of both kinds may come before the line, nothing else.
    header = _BLOCK.sub(lambda block: "\n" * block[0].count("\n"), source.text)
    for number, line in enumerate(header.split("\n"), 1):
        stripped = line.strip()
        if stripped and not stripped.startswith("//"):
            break
        found = _LINE.fullmatch(stripped)
        if found and not _holds(found.group(1), language, _CGO if cgo else _TRUE):
            return number, f"it says //go:build {found.group(1)}"
    return None


def _holds(expression: str, language: str, true: frozenset[str]) -> bool:
    """Evaluate a build expression; a malformed one counts as true, and Go reports it."""
    pieces = _PIECE.findall(expression)
    minor = int(language.split(".")[1])

    def tag(name: str) -> bool:
        release = re.fullmatch(r"go1\.(\d+)", name)
        return int(release.group(1)) <= minor if release else name in true

    def either(at: int) -> tuple[bool, int]:
        value, at = both(at)
        while pieces[at : at + 1] == ["||"]:
            right, at = both(at + 1)
            value = value or right
        return value, at

    def both(at: int) -> tuple[bool, int]:
        value, at = single(at)
        while pieces[at : at + 1] == ["&&"]:
            right, at = single(at + 1)
            value = value and right
        return value, at

    def single(at: int) -> tuple[bool, int]:
        negated = False
        while pieces[at] == "!":
            negated, at = not negated, at + 1
        if pieces[at] == "(":
            value, at = either(at + 1)
            return value != negated, at + 1
        return tag(pieces[at]) != negated, at + 1

    try:
        return either(0)[0]
    except (IndexError, RecursionError):
        return True

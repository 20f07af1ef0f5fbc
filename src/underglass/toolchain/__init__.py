"""Find Go, build and vet a reader's sources, and say what is wrong with them, where."""

from __future__ import annotations

from underglass.toolchain.go import Go, find_go
from underglass.toolchain.records import Build, Diagnostic, Prototype, Source
from underglass.toolchain.releases import go_release, installed_releases, on_releases
from underglass.toolchain.sources import read_files
from underglass.toolchain.vet import vet
from underglass.toolchain.workspace import build

__all__ = [
    "Build",
    "Diagnostic",
    "Go",
    "Prototype",
    "Source",
    "build",
    "find_go",
    "go_release",
    "installed_releases",
    "on_releases",
    "read_files",
    "vet",
]

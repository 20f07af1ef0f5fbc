"""Build a program with the real toolchain, in a directory that is kept and used again.

What was built once is found by its content and not built again.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from underglass.errors import BuildStopped, ToolchainMissing, UnderglassError
from underglass.toolchain import golex, locking, process, stubs
from underglass.toolchain.ccompiler import LINK, CCompiler, find_c_compiler
from underglass.toolchain.diagnostics import build_error, diagnose
from underglass.toolchain.go import Go, find_go
from underglass.toolchain.records import Build, Source
from underglass.toolchain.refusals import refusals, uses_c
from underglass.toolchain.sources import GENERATED, check_names

__all__ = ["FLAGS", "MEMORY", "build", "filled", "prepare"]

FLAGS = ("-trimpath", "-buildvcs=false")
_FORMAT = "1"  # part of each content key: raise it when the generated text changes its meaning
_KEPT = 256  # programs in the cache; each has about 2 MB
_IN_USE = 600.0  # seconds: what was built or asked for since may be open in another process
_WORKSPACES = 8
_FIRST_C = 900.0  # seconds: zig compiles a whole C library before its first program
_C_MEMORY = 4 << 30
MEMORY = 2 << 30  # bytes of data of each compiler, assembler or linker process
_LEVELS = ("v1", "v2", "v3", "v4")
_STOPPED = (
    "The build was stopped after {0:g} seconds. If it was the first one on a slow machine, run it again: "
    "what it has compiled is kept. Otherwise look for a very large array, constant or macro in the sources."
)
Progress = Callable[[str], None]


def build(
    sources: Iterable[Source],
    *,
    keep: bool = True,
    progress: Progress | None = None,
    timeout: float = 120.0,
    cpu: int | None = None,
    cgo: bool = False,
    any_linkname: bool = False,
    goamd64: str = "v1",
) -> Build:
    """Build sources into an ELF file for linux/amd64.

    Args:
        sources: Go and assembly of one package main; a missing `func main` is added.
        keep: keep every top-level function in the program, called or not, so that it can be
            called from outside.  Without it the program is the reader's own and no more.
        progress: told, in words, what takes long.
        timeout: seconds that the toolchain may run.
        cpu: seconds of processor time that each compiler, assembler or linker process may use, where the
            system can bound them (Linux).
        cgo: allow `import "C"`; a text that has it is compiled and linked, statically, by a C compiler.
        any_linkname: have the linker allow `//go:linkname` to symbols that their package does not offer.
        goamd64: the level of instructions that the program may count on, "v1" to "v4" (GOAMD64).

    Raises:
        BuildError: the sources are at fault, or the time was up.
        ToolchainMissing: there is no Go to build with, or no C compiler.
    """
    if goamd64 not in _LEVELS:
        raise UnderglassError(
            f"GOAMD64 has no level {goamd64!r}. Take one of {', '.join(_LEVELS)}; "
            "the machine here runs v1 and v2."
        )
    sources = tuple(sources)
    go = find_go()
    plan = prepare(sources, go, cgo=cgo)
    c = find_c_compiler(go) if uses_c(sources) else None
    generated = stubs.generate(plan, keep=keep)
    store = go.cache / "elf"
    link = _link(go, c, any_linkname=any_linkname)
    elf = store / f"{_key(sources, generated, go, c, link, goamd64)}.elf"
    done = Build(elf, sources, plan.prototypes, go.version, plan.notes)
    try:
        os.utime(elf)  # used just now: the cache drops what was not used for longest
        return done
    except FileNotFoundError:
        store.mkdir(parents=True, exist_ok=True)
    warm = go.cache / f"warm-{_warm_name(go, c, goamd64)}"
    if progress is not None and not warm.exists():
        progress(_first_words(c))
    if c is not None and not warm.exists():
        timeout = max(timeout, _FIRST_C)
    partial = store / f"{uuid.uuid4().hex}.partial"
    try:
        with filled(go, sources, generated) as workspace:
            answer = _go_build(go, workspace, partial, timeout, cpu, c, link, goamd64)
        if answer.returncode != 0 or not partial.exists():
            raise build_error(diagnose(answer.stderr + answer.stdout, sources, go))
        partial.replace(elf)
    finally:
        partial.unlink(missing_ok=True)
    warm.touch()
    _prune(store)
    return done


def prepare(sources: tuple[Source, ...], go: Go, *, cgo: bool = False) -> stubs.Plan:
    """Check sources and plan what to add to them.

    Raises:
        BuildError: something in them is not allowed, or wrong before any compiler sees it.
    """
    check_names(sources)
    refused = refusals(sources, cgo=cgo)
    if refused:
        raise build_error(refused)
    plan = stubs.plan(sources, go.language, go.root, cgo=uses_c(sources))
    if plan.problems:
        raise build_error(plan.problems)
    return plan


@contextmanager
def filled(go: Go, sources: Iterable[Source], generated: str | None) -> Iterator[Path]:
    """Hold a workspace that has exactly these files; it is free for others afterwards."""
    files = {source.name: _on_disk(source) for source in sources}
    files["go.mod"] = f"module underglass\n\ngo {go.language}\n"
    if generated is not None:
        files[GENERATED] = generated
    with locking.first_free(go.cache / "workspaces", _WORKSPACES) as workspace:
        temporary = workspace / ".tmp"
        with os.scandir(workspace) as entries:
            stale = [entry for entry in entries if entry.name not in files]
        for entry in stale:
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path, ignore_errors=True)
            else:
                Path(entry.path).unlink()
        temporary.mkdir()
        for name, text in files.items():
            data = text.encode("utf-8", "replace")
            path = workspace / name
            if not path.is_file() or path.read_bytes() != data:
                path.write_bytes(data)
        yield workspace


def _on_disk(source: Source) -> str:
    """Return a source's text as Go is to read it: with the package clause or line end it lacks."""
    if source.is_assembly:  # the assembler wants an end to the last line, too
        return source.text if source.text.endswith("\n") else source.text + "\n"
    if golex.parse(source.text).package is not None:
        return source.text
    if uses_c([source]):  # cgo would take the directive into a comment that follows it
        return f"package /*line {source.name}:1:1*/main; {source.text}"
    return f"package main; /*line {source.name}:1:1*/{source.text}"


def _warm_name(go: Go, c: CCompiler | None, goamd64: str) -> str:
    name = go.version.replace(" ", "_").replace("/", "_") + ("" if goamd64 == "v1" else f"-{goamd64}")
    return name if c is None else f"{name}-cgo-{hashlib.sha256(c.identity.encode()).hexdigest()[:16]}"


def _first_words(c: CCompiler | None) -> str:
    if c is None:
        return "first build: compiling the runtime, once"
    if c.is_zig:
        return "first build with C: compiling the C library and the runtime, once; it takes minutes"
    return "first build with C: compiling the runtime, once"


def _link(go: Go, c: CCompiler | None, *, any_linkname: bool) -> tuple[str, ...]:
    """What `go build` is told about linking.

    -checklinkname is of Go 1.23 (cmd/link/internal/ld/main.go); before it, the linker allowed any.
    """
    wanted = LINK if c else ()
    if not any_linkname or tuple(map(int, go.language.split("."))) < (1, 23):
        return wanted
    *others, ldflags = wanted or ("-ldflags=",)
    return (*others, f"{ldflags} -checklinkname=0")


def _go_build(
    go: Go,
    workspace: Path,
    output: Path,
    timeout: float,
    cpu: int | None,
    c: CCompiler | None,
    link: tuple[str, ...],
    goamd64: str,
) -> process.Completed:
    # Inside the workspace: what a killed go, C compiler or linker leaves behind goes with the next build.
    temporary = str(workspace / ".tmp")
    extra = {**c.environment(go.cache), **dict.fromkeys(("TMPDIR", "TMP", "TEMP"), temporary)} if c else {}
    try:
        done = go.run(
            ["build", *FLAGS, *link, "-o", str(output), "."],
            cwd=workspace,
            env={"GOTMPDIR": temporary, "GOAMD64": goamd64, **extra},
            timeout=timeout,
            memory=_C_MEMORY if c else MEMORY,
            cpu=cpu,
        )
    except process.TimedOut as error:
        raise BuildStopped(_STOPPED.format(timeout)) from error
    # Go's own processes say SIGXCPU (runtime/sigtab_linux_generic.go), and end; the kernel kills others.
    if cpu is not None and done.returncode and ("SIGXCPU" in done.stderr or "signal: killed" in done.stderr):
        raise BuildStopped(_STOPPED.format(cpu))
    return done


def _key(
    sources: Iterable[Source],
    generated: str | None,
    go: Go,
    c: CCompiler | None,
    link: tuple[str, ...],
    goamd64: str,
) -> str:
    """Return the content key: everything that the ELF depends on, and nothing else."""
    digest = hashlib.sha256()
    parts = [_FORMAT, go.version, str(go.root), *FLAGS, generated or "", *link]
    if goamd64 != "v1":
        parts.append(goamd64)
    if c is not None:
        parts.append(c.identity)
    for source in sorted(sources, key=lambda source: source.name):
        parts += [source.name, source.text]
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        digest.update(b"%d:" % len(data) + data)
    return digest.hexdigest()


def _prune(store: Path) -> None:
    """Drop the programs that were not used for longest, beyond the number kept."""
    try:
        with os.scandir(store) as entries:
            found = [(entry.stat().st_mtime, entry.path) for entry in entries]
        recent = time.time() - _IN_USE
        for used, path in sorted(found)[: max(0, len(found) - _KEPT)]:
            if used < recent:
                Path(path).unlink(missing_ok=True)
    except OSError as error:
        if not store.is_dir():
            raise ToolchainMissing(
                f"The cache directory {store} has gone: {error.strerror}. Build once more."
            ) from error

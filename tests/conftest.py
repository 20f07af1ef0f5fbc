"""What every test may use: a small built program, Chromium, a place of its own for Jupyter's files."""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from underglass.goprogram import GoProgram
    from underglass.toolchain import Build

ROOT = Path(__file__).parent.parent
find_chromium = runpy.run_path(str(ROOT / "book" / "pdf.py"))["find_chromium"]  # what prints the book

# The same examples on every machine and run (a found failure becomes a named test in fixedbugs/), and no
# deadline: the first build of a worker takes seconds.
settings.register_profile("underglass", derandomize=True, deadline=None, database=None)
settings.load_profile("underglass")

ADD_S = """\
#include "textflag.h"

// func add(x, y int64) int64
TEXT ·add(SB), NOSPLIT, $0-24
	MOVQ x+0(FP), AX
	ADDQ y+8(FP), AX
	MOVQ AX, ret+16(FP)
	RET
"""

MAIN_GO = """\
package main

func add(x, y int64) int64

func main() {
	println(add(23, 4))
}
"""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--screenshots", metavar="DIR", type=Path, default=None, help="write the browser tests' pages as PNG"
    )

    parser.addoption(
        "--site", metavar="DIR", type=Path, default=None, help="test this built book (`make site`) as it is"
    )

    parser.addoption(
        "--every-lab", action="store_true", help="have nbgrader grade all labs, not three (minutes)"
    )


def pytest_itemcollected(item: pytest.Item) -> None:
    names = getattr(item, "fixturenames", ())
    if "chromium" in names:
        item.add_marker(pytest.mark.browser)
    if "site" in names:
        item.add_marker(pytest.mark.site)


def in_ci() -> bool:
    """Say whether this is continuous integration, where nothing may be left out."""
    return os.environ.get("CI", "").lower() not in ("", "0", "false")


def pytest_runtest_setup() -> None:
    # A warning about our own code fails its test; one about a dependency's is the dependency's, and a release
    # of it must not turn everyone's tests red.  pytest restores the filters after each test.
    warnings.filterwarnings("error", module=r"underglass(\.|$)")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    report = yield
    if report.skipped and in_ci() and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid}: skipped in CI, where no test may be: {report.longrepr[2]}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Any:
    report = yield
    if report.skipped and in_ci():
        report.outcome = "failed"
        report.longrepr = f"{collector.nodeid}: skipped in CI, where no test may be: {report.longrepr[2]}"
    return report


@pytest.fixture(scope="session", autouse=True)
def _jupyter_of_its_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep Jupyter's and IPython's files of the person who runs the tests out, and ours out of theirs."""
    home = tmp_path_factory.mktemp("jupyter")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR"):
            (home / name.lower()).mkdir()
            patch.setenv(name, str(home / name.lower()))
        patch.setenv("JUPYTER_PLATFORM_DIRS", "1")
        patch.delenv("JUPYTER_PATH", raising=False)
        yield


@pytest.fixture(scope="session")
def add_files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The smallest program of the book as files: main.go, which calls add, and add.s."""
    folder = tmp_path_factory.mktemp("add")
    (folder / "main.go").write_text(MAIN_GO, encoding="utf-8")
    (folder / "add.s").write_text(ADD_S, encoding="utf-8")
    return folder / "main.go", folder / "add.s"


@pytest.fixture(scope="session")
def add_build() -> Build:
    """That program, built by the real toolchain."""
    from underglass.toolchain import Source, build

    return build([Source("main.go", MAIN_GO, "main.go"), Source("add.s", ADD_S, "add.s")])


@pytest.fixture(scope="session")
def add_program(add_files: tuple[Path, Path]) -> GoProgram:
    """That program as a reader holds it."""
    import underglass

    return underglass.build(*add_files)


@pytest.fixture(scope="session")
def chromium() -> Path:
    """The path of the system's Chromium; without one the test is skipped, in CI it fails."""
    found = find_chromium()
    if found is None:
        pytest.skip("no Chromium or Chrome on this machine; install one, or name it in $CHROMIUM")
    return found


@pytest.fixture(scope="session")
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The static book, built once a run, whichever worker asks first; warnings are errors."""
    from underglass.toolchain.locking import first_free

    given: Path | None = request.config.getoption("--site")
    if given is not None:
        return given.resolve()
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent  # the workers of a run have it in common
    with first_free(folder / "site", 1) as output:
        built = output / "built"
        if not built.exists():
            build_site(output)
            built.touch()
    return output / "html"


def build_site(output: Path) -> None:
    options = ["-W", "--keep-going", "-b", "html", "-d", str(output / "doctrees")]
    run = subprocess.run(
        [sys.executable, "-m", "sphinx", *options, str(ROOT / "book"), str(output / "html")],
        capture_output=True,
        text=True,
        env={**os.environ, "NO_COLOR": "1"},
    )
    assert run.returncode == 0, f"the static book does not build:\n{run.stdout[-4000:]}\n{run.stderr[-4000:]}"

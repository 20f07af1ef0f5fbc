"""The book without a checkout: `underglass lab` copies what the package carries."""

from __future__ import annotations

import ast
import importlib.util
import json
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from jupyterlab_server.workspaces_handler import WorkspacesManager

from underglass.cli import lab as cli_lab
from underglass.cli.command import _parser, main
from underglass.cli.layout import start_address
from underglass.course.shipped import FIRST, solutions_folder
from underglass.toolchain.warm import warm_from

ROOT = Path(__file__).parent.parent


def lab(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "underglass", "lab", *words], cwd=cwd, capture_output=True, text=True
    )


def test_every_chapter_and_lab_is_laid_out(tmp_path: Path) -> None:
    run = lab("--copy-only", cwd=tmp_path)
    assert run.returncode == 0, run.stderr
    for part in ("book", "labs"):
        made = {path.name for path in (tmp_path / "go-under-glass" / part).iterdir()}
        assert made == {path.name for path in (ROOT / part).glob("*.ipynb")}
    assert not (tmp_path / "go-under-glass" / "solutions").exists()


def test_a_teacher_gets_the_solutions_too(tmp_path: Path) -> None:
    run = lab("course", "--solutions", "--copy-only", cwd=tmp_path)
    assert run.returncode == 0, run.stderr
    made = {path.name for path in (tmp_path / "course" / "solutions").iterdir()}
    assert made == {path.name for path in (ROOT / "solutions").glob("*.ipynb")}


def test_solutions_are_the_packages_where_there_are_none_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`release` and `grade` ask this; tests/agreement/package.py runs both from the wheel alone."""
    monkeypatch.chdir(tmp_path)
    assert solutions_folder(None) == ROOT / "solutions"
    assert solutions_folder(Path("mine")) == Path("mine")
    (tmp_path / "solutions").mkdir()
    assert solutions_folder(None) == Path("solutions")


def test_the_readers_work_stays(tmp_path: Path) -> None:
    lab("mine", "--copy-only", cwd=tmp_path)
    notebook = tmp_path / "mine" / "labs" / "05_frames.ipynb"
    notebook.write_text("my answers")
    run = lab("mine", "--copy-only", cwd=tmp_path)
    assert run.stdout == f"{tmp_path / 'mine'}: as you left it.\n"
    assert notebook.read_text() == "my answers"
    notebook.rename(notebook.with_name("mine.ipynb"))
    run = lab("mine", "--copy-only", cwd=tmp_path)
    assert run.stdout == f"{tmp_path / 'mine'}: 05_frames.ipynb is new.\n"
    assert notebook.with_name("mine.ipynb").read_text() == "my answers"


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    run = lab("file", "--copy-only", cwd=tmp_path)
    assert run.returncode == 1
    assert run.stderr.startswith(f"underglass: {tmp_path / 'file'}")
    assert "cannot be written: " in run.stderr
    assert "Name a folder of your own" in run.stderr
    assert "Traceback" not in run.stderr


def test_each_folder_opens_in_its_own_layout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """tests/browser/test_lab_first_screen.py looks at it; here is what decides."""
    monkeypatch.setenv("JUPYTERLAB_WORKSPACES_DIR", str(tmp_path / "workspaces"))
    one, other = (start_address(tmp_path / name, FIRST) for name in ("one", "other"))
    assert one != other
    name = one.removeprefix("/lab/workspaces/").partition("/")[0]
    assert one == f"/lab/workspaces/{name}/tree/{FIRST}"
    assert start_address(tmp_path / "one", FIRST) == one  # no browser has had it open
    workspaces = WorkspacesManager(str(tmp_path / "workspaces"))
    held = workspaces.load(name)
    held["data"]["layout-restorer:data"]["main"] = {"dock": None}
    written = json.dumps({"data": held["data"], "metadata": {"id": name}})
    path = workspaces.save(name, written)
    assert start_address(tmp_path / "one", FIRST) == f"/lab/workspaces/{name}"
    assert path.read_text() == written


def test_a_layout_that_cannot_be_kept_is_no_obstacle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("JUPYTERLAB_WORKSPACES_DIR", str(tmp_path / "file" / "workspaces"))
    assert start_address(tmp_path, FIRST).endswith(f"/tree/{FIRST}")


def test_a_port_in_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path / "config"))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        words = ("--no-browser", f"--port={port}", "--ServerApp.port_retries=0")
        run = lab("mine", "--", *words, cwd=tmp_path)
    assert run.returncode == 1
    assert f"port {port} is not available" in run.stderr
    last = run.stderr.splitlines()[-1]
    assert last.startswith("underglass: JupyterLab ended with exit code 1")
    assert last.endswith("underglass lab -- --port 8899")
    assert "Traceback" not in run.stderr


@pytest.mark.skipif(os.name == "nt", reason="signals are Unix's")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_is_jupyterlabs_to_answer(number: int) -> None:
    """`underglass lab` killed JupyterLab at once after Ctrl-C, and left it behind at SIGTERM."""
    child = (
        "import signal, sys; signal.signal({0}, lambda *_: sys.exit(7)); "
        "print('up', flush=True); signal.pause()"
    )
    parent = (
        "import subprocess, sys; from underglass.cli.lab import _ended; "
        f"sys.exit(_ended(subprocess.Popen([sys.executable, '-c', {child.format(int(number))!r}])))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", parent], stdout=subprocess.PIPE, start_new_session=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"up\n"
        if number == signal.SIGINT:  # a terminal sends it to all
            os.killpg(process.pid, number)
        else:
            process.send_signal(number)
        assert process.wait(20) == 7


def test_the_first_build_is_told(tmp_path: Path) -> None:
    told = "from underglass.toolchain.warm import warm_up; print(warm_up(lambda done, of: print(done, of)))"
    cache = {**os.environ, "UNDERGLASS_CACHE": str(tmp_path / "cache")}
    first = subprocess.run([sys.executable, "-c", told], env=cache, capture_output=True, text=True)
    *steps, answer = first.stdout.splitlines()
    numbers = [tuple(map(int, step.split())) for step in steps]
    assert answer == "True"
    assert [done for done, _ in numbers] == sorted(done for done, _ in numbers)
    assert numbers[-1][0] > 30
    again = subprocess.run([sys.executable, "-c", told], env=cache, capture_output=True, text=True)
    assert again.stdout.splitlines()[-1] == "False"


def test_what_is_compiled_is_copied_once_and_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seed, cache = tmp_path / "seed", tmp_path / "cache"
    entry = seed / "go-build" / "00" / "00ff-d"
    entry.parent.mkdir(parents=True)
    entry.write_text("compiled")
    entry.chmod(0o755)
    (seed / "warm-go1.0").touch()
    monkeypatch.setenv("UNDERGLASS_CACHE", str(cache))
    assert warm_from(seed)
    assert (cache / "go-build" / "00" / "00ff-d").read_text() == "compiled"
    assert os.access(cache / "go-build" / "00" / "00ff-d", os.X_OK)  # objdump lies there
    assert (cache / "warm-go1.0").exists()
    (cache / "go-build" / "00" / "00ff-d").write_text("of my own")
    assert not warm_from(seed)
    assert (cache / "go-build" / "00" / "00ff-d").read_text() == "of my own"


def test_a_seed_with_nothing_in_it(tmp_path: Path) -> None:
    run = lab("course", "--seed", str(tmp_path / "none"), cwd=tmp_path)
    assert run.returncode == 1
    assert run.stderr.startswith(f"underglass: {tmp_path / 'none'} has no compiled Go runtime. Make one:")


def test_the_hub_has_to_be_in_the_same_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(cli_lab, "find_spec", lambda name: None if name == "jupyterhub" else found(name))
    monkeypatch.chdir(tmp_path)
    assert main(["lab", "--hub", "--"]) == 1
    assert "pip install jupyterhub" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_the_hubs_command_in_the_book_is_one() -> None:
    """appendix_teaching has the setting that starts a student's server; the hub adds words of its own."""
    text = (ROOT / "book" / "appendix_teaching.ipynb").read_text(encoding="utf-8")
    cells = json.loads(text)["cells"]
    (setting,) = re.findall(r"c\.Spawner\.cmd = (\[[^\]]*\])", "\n".join("".join(c["source"]) for c in cells))
    program, *words = ast.literal_eval(setting)
    assert program == "/opt/underglass/bin/underglass"
    assert words[-1] == "--"
    options = _parser().parse_args(words[:-1])
    assert options.hub
    assert options.seed == Path("/opt/underglass/cache")

"""A class on JupyterHub: N students at once, each with a chapter and a solved lab, through the hub's proxy.

    python tests/bench/hub.py --hub DIR --proxy FILE [--students 30] [--think 0]

DIR is an environment made as the book's page on teaching says: `pip install underglass jupyterhub`. FILE is
the command configurable-http-proxy of `npm install configurable-http-proxy`. The hub is a real one, with an
authenticator that asks for no password and a spawner that needs no system users, since neither changes what
a student's server costs; it runs in a folder of its own and is ended afterwards.

Prints one JSON line. `pss_mb` is a student's share of memory (proportional set size of the server and both
kernels, what they share divided among them) when all notebooks are open; `cpu_s` the processor time of the
same processes and of the toolchain they ran; `cell_s` is from sending a cell to its kernel's being idle. Exit
code 1: a cell failed that should not.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import secrets
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import psutil
from jupyter_client.session import Session
from jupyter_server.services.kernels.connection.base import deserialize_binary_message
from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest, HTTPResponse
from tornado.websocket import WebSocketClientConnection, websocket_connect

ROOT = Path(__file__).parent.parent.parent
START_LIMIT = 600.0  # seconds
CELL_LIMIT = 600.0  # seconds
MB = 1 << 20

_CONFIG = """\
c.JupyterHub.bind_url = "http://127.0.0.1:{port}"
c.JupyterHub.hub_port = {hub_port}
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{proxy_port}"
c.ConfigurableHTTPProxy.command = [{proxy!r}]
c.JupyterHub.db_url = "sqlite:///{work}/hub.sqlite"
c.JupyterHub.cookie_secret_file = "{work}/secret"
c.ConfigurableHTTPProxy.pid_file = "{work}/proxy.pid"
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allow_all = True
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = "{work}/home/{{username}}"
c.Spawner.cmd = [{underglass!r}, "lab", "--hub", "--seed", "{work}/cache", "--"]
c.Spawner.start_timeout = c.Spawner.http_timeout = {limit}
c.JupyterHub.services = [{{"name": "bench", "api_token": "{token}"}}]
c.JupyterHub.load_roles = [
    {{"name": "bench", "services": ["bench"],
      "scopes": ["admin:users", "admin:servers", "access:servers", "admin:server_state"]}}
]
"""


@dataclass
class Student:
    """What one student's session came to."""

    name: str
    server: int = 0  # its process
    spawn: float = 0.0  # seconds from asking for the server to its being ready
    cells: list[float] = field(default_factory=list)  # seconds each
    errors: list[str] = field(default_factory=list)
    pss: float = 0.0  # bytes, all notebooks open
    cpu: float = 0.0  # seconds


@dataclass(frozen=True)
class Cell:
    """A code cell, and whether it may end in an error."""

    where: str
    text: str
    may_fail: bool


class Hub:
    """Speaks with the hub and, through its proxy, with the students' servers."""

    def __init__(self, port: int, token: str) -> None:
        self.address, self.headers = f"127.0.0.1:{port}", {"Authorization": f"token {token}"}
        AsyncHTTPClient.configure(None, max_clients=1000)

    async def ask(self, method: str, path: str, body: Any = None) -> Any:
        data = json.dumps(body) if body is not None else "" if method == "POST" else None
        answer: HTTPResponse = await AsyncHTTPClient().fetch(
            HTTPRequest(
                f"http://{self.address}{path}", method, self.headers, data, request_timeout=START_LIMIT
            )
        )
        return json.loads(answer.body) if answer.body else None

    async def socket(self, path: str) -> WebSocketClientConnection:
        request = HTTPRequest(f"ws://{self.address}{path}", headers=self.headers, request_timeout=START_LIMIT)
        return await websocket_connect(request, max_message_size=100 * MB)


async def attend(hub: Hub, student: Student, chapter: str, lab: str, think: float) -> None:
    """Start a student's server, run a chapter and a solved lab, each in its kernel; leave both open."""
    began, name = time.monotonic(), student.name
    await hub.ask("POST", f"/hub/api/users/{name}")
    await hub.ask("POST", f"/hub/api/users/{name}/server", {})
    while True:
        server = (await hub.ask("GET", f"/hub/api/users/{name}"))["servers"].get("")
        if server and server["ready"]:
            break
        if server is None or time.monotonic() - began > START_LIMIT:
            raise SystemExit(f"hub.py: the hub could not start {name}'s server; its log is above.")
        await asyncio.sleep(0.5)
    student.spawn, student.server = time.monotonic() - began, server["state"]["pid"]
    read = await hub.ask("GET", f"/user/{name}/api/contents/book/{chapter}.ipynb")
    own_lab = await hub.ask("GET", f"/user/{name}/api/contents/labs/{lab}.ipynb")
    assert own_lab["content"]["cells"]
    solved = nbformat.read(ROOT / "solutions" / f"{lab}.ipynb", as_version=4)
    await run(hub, student, f"book/{chapter}.ipynb", cells(read["content"], chapter), think)
    await run(hub, student, f"labs/{lab}.ipynb", cells(solved, f"lab {lab}"), think)


def cells(notebook: Any, where: str) -> list[Cell]:
    """The code cells. A chapter's may fail if tagged so; a solution's if its stored outputs have an error."""
    is_run = any(cell.get("outputs") for cell in notebook["cells"])
    return [
        Cell(
            f"{where}, cell {number}",
            cell["source"],
            any(output["output_type"] == "error" for output in cell["outputs"])
            if is_run
            else "raises-exception" in cell["metadata"].get("tags", ()),
        )
        for number, cell in enumerate(notebook["cells"])
        if cell["cell_type"] == "code" and cell["source"].strip()
    ]


async def run(hub: Hub, student: Student, path: str, asked: list[Cell], think: float) -> None:
    """Run cells in a new kernel, one after the other."""
    base = f"/user/{student.name}/api/kernels"
    kernel = await hub.ask("POST", base, {"name": "underglass", "path": path})
    session = Session()
    channel = await hub.socket(f"{base}/{kernel['id']}/channels?session_id={session.session}")
    for cell in asked:
        began = time.monotonic()
        try:
            error = await asyncio.wait_for(execute(channel, session, cell.text), CELL_LIMIT)
        except TimeoutError:
            student.errors.append(f"{student.name}, {cell.where}: no answer in {CELL_LIMIT:.0f} s")
            break
        student.cells.append(time.monotonic() - began)
        if error and not cell.may_fail:
            student.errors.append(f"{student.name}, {cell.where}: {error}")
        await asyncio.sleep(think)
    channel.close()


async def execute(channel: WebSocketClientConnection, session: Session, text: str) -> str:
    """Run one cell and return its error, or ""."""
    content = {"code": text, "silent": False, "store_history": True, "allow_stdin": False}
    message = session.msg("execute_request", {**content, "stop_on_error": False, "user_expressions": {}})
    await channel.write_message(json.dumps({**message, "channel": "shell"}, default=str))
    error, is_idle, is_answered = "", False, False
    while not (is_idle and is_answered):
        data = await channel.read_message()
        if data is None:
            return "the connection was closed"
        got = json.loads(data) if isinstance(data, str) else deserialize_binary_message(data)
        if got["parent_header"].get("msg_id") != message["header"]["msg_id"]:
            continue
        kind, content = got["header"]["msg_type"], got["content"]
        if kind == "error":
            error = f"{content['ename']}: {content['evalue']}"
        is_idle |= kind == "status" and content["execution_state"] == "idle"
        is_answered |= kind == "execute_reply"
    return error


def weigh(process: psutil.Process, leave: set[int] = frozenset()) -> tuple[float, float]:  # type: ignore[assignment]
    """Bytes of memory and seconds of processor of a process and what it has started, `leave` left out."""
    memory = seconds = 0.0
    for part in [process, *process.children(recursive=True)]:
        try:
            if part.pid in leave or leave & {parent.pid for parent in part.parents()}:
                continue
            used, share = part.cpu_times(), part.memory_full_info()
        except psutil.Error:  # it has ended meanwhile
            continue
        memory += getattr(share, "pss", share.uss)
        seconds += used.user + used.system + getattr(used, "children_user", 0)
        seconds += getattr(used, "children_system", 0)
    return memory, seconds


def main() -> int:
    """Start the hub in a folder of its own, let the students in, print, end the hub."""
    options = _options()
    with tempfile.TemporaryDirectory(prefix="underglass-hub-", ignore_cleanup_errors=True) as folder:
        line = lesson(options, Path(folder))
    print(json.dumps(line))
    return 1 if line["errors"] else 0


def lesson(options: argparse.Namespace, work: Path) -> dict[str, Any]:
    """Start the hub, hold the lesson, end the hub, and return the figures."""
    port, hub_port, proxy_port = free_ports()
    token = secrets.token_hex(16)
    binaries = options.hub / "bin"
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "UNDERGLASS"))}
    environment["PATH"] = f"{binaries}{os.pathsep}{os.environ['PATH']}"
    subprocess.run(
        [binaries / "underglass", "warm"],
        env={**environment, "UNDERGLASS_CACHE": str(work / "cache")}, check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    (work / "home").mkdir()
    settings = {
        "port": port, "hub_port": hub_port, "proxy_port": proxy_port, "token": token, "work": work,
        "proxy": str(options.proxy), "underglass": str(binaries / "underglass"), "limit": int(START_LIMIT),
    }  # fmt: skip
    (work / "config.py").write_text(_CONFIG.format(**settings), encoding="utf-8")
    hub = psutil.Popen(
        [binaries / "jupyterhub", "--config", work / "config.py", "--log-level=ERROR"],
        env=environment, cwd=work, stdout=sys.stderr, start_new_session=True,
    )  # fmt: skip
    try:
        return asyncio.run(hold(Hub(port, token), hub, options))
    finally:
        parts = [hub, *hub.children(recursive=True)] if hub.is_running() else []
        hub.terminate()
        _, left = psutil.wait_procs(parts, timeout=60)
        for part in left:
            part.kill()


async def hold(hub: Hub, process: psutil.Process, options: argparse.Namespace) -> dict[str, Any]:
    """Wait for the hub, hold the lesson, and return the figures."""
    await wait_for(hub, process)
    load, began = os.getloadavg()[0], time.monotonic()
    students = [Student(f"student{number:03}") for number in range(1, options.students + 1)]
    await asyncio.gather(
        *(attend(hub, student, options.chapter, options.lab, options.think) for student in students)
    )
    wall = time.monotonic() - began
    for student in students:
        student.pss, student.cpu = weigh(psutil.Process(student.server))
        for error in student.errors:
            print(error, file=sys.stderr)
    of_hub = weigh(process, {student.server for student in students})
    seconds = [cell for student in students for cell in student.cells]
    return {
        "bench": "hub",
        "students": len(students),
        "chapter": options.chapter,
        "lab": options.lab,
        "think_s": options.think,
        "cores": os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / (1 << 30), 1),
        "load_before": round(load, 1),
        "cells": len(seconds),
        "errors": sum(len(student.errors) for student in students),
        "wall_s": round(wall),
        "spawn_s": _spread([student.spawn for student in students]),
        "cell_s": _spread(seconds),
        "pss_mb": _spread([student.pss / MB for student in students]),
        "cpu_s": _spread([student.cpu for student in students]),
        "hub_pss_mb": round(of_hub[0] / MB),
        "hub_cpu_s": round(of_hub[1], 1),
    }


async def wait_for(hub: Hub, process: psutil.Process) -> None:
    """Wait until the hub answers through its proxy."""
    began = time.monotonic()
    while True:
        try:
            await hub.ask("GET", "/hub/api/users")
            return
        except (OSError, HTTPClientError) as error:
            if not process.is_running() or time.monotonic() - began > START_LIMIT:
                raise SystemExit(f"hub.py: the hub does not answer: {error}. Its log is above.") from error
            await asyncio.sleep(0.5)


def free_ports() -> tuple[int, int, int]:
    """Three ports that nothing listens on."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]
    one, two, three = (listening.getsockname()[1] for listening in sockets)
    for listening in sockets:
        listening.close()
    return one, two, three


def _spread(values: list[float]) -> dict[str, float]:
    ordered = sorted(values)
    late = ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
    names = ("median", "p95", "max")
    return {
        n: round(v, 2) for n, v in zip(names, (statistics.median(values), late, ordered[-1]), strict=True)
    }


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--hub", type=Path, required=True, metavar="DIR", help="environment of the hub")
    parser.add_argument("--proxy", type=Path, required=True, metavar="FILE", help="configurable-http-proxy")
    parser.add_argument("--students", type=int, default=30, metavar="N")
    parser.add_argument("--think", type=float, default=0, metavar="S", help="seconds between two cells")
    parser.add_argument("--chapter", default="05_frames")
    parser.add_argument("--lab", default="05_frames")
    options = parser.parse_args()
    options.hub, options.proxy = options.hub.absolute(), options.proxy.absolute()
    if not 0 < options.students < 1000:
        parser.error("--students is a number from 1 to 999")
    for name in ("underglass", "jupyterhub"):
        if not (options.hub / "bin" / name).exists():
            parser.error(f"{options.hub} has no {name}. Make it: pip install underglass jupyterhub")
    if not options.proxy.exists():
        parser.error(f"there is no {options.proxy}. Make it: npm install configurable-http-proxy")
    if not (ROOT / "solutions" / f"{options.lab}.ipynb").exists():
        parser.error(f"solutions/ has no {options.lab}.ipynb")
    return options


if __name__ == "__main__":
    sys.exit(main())

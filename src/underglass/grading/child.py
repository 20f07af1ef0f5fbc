"""The process that handles one submission: a request on standard input, lines of JSON on standard output.

Nothing it says is believed beyond what a student's answers can earn: the grader checks each line and
writes the verdict itself. It ends when its standard input ends, so that it does not outlive the grader.
"""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import json
import os
import signal
import sys
import tempfile
import threading
import traceback
from collections.abc import Mapping
from typing import Any, BinaryIO

__all__ = ["main", "serve", "warm"]


def warm() -> None:
    """Import what a submission needs, and find what is looked for at first use."""
    from importlib import import_module

    from underglass.machine.cpu import Cpu
    from underglass.toolchain import find_go

    # nbformat, which the labs' modules import, takes most of a second.
    for name in (
        "grading.answers",
        "grading.lab",
        "grading.replay",
        "trace.sentinel",
        "course",
        "abi.values",
    ):
        import_module(f"underglass.{name}")
    find_go().run(["tool", "objdump", "-h"])
    Cpu()


def main() -> None:
    """Handle one submission as a process that was started for it."""
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    serve(requests, answers)


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Read the request, judge, and end the process."""
    code = 1
    try:
        request = json.loads(requests.readline())
        threading.Thread(target=_follow, args=(requests,), daemon=True).start()
        _settle(request)
        try:
            _grade(request, answers)
        except Exception:  # whatever a submission has brought about, it is told to the grader
            answers.write(json.dumps(["trouble", traceback.format_exc()[-4000:]]).encode() + b"\n")
            raise
        answers.flush()
        code = 0
    finally:
        os._exit(code)


def _follow(requests: BinaryIO) -> None:
    """End this process and what it has started when the grader has gone."""
    requests.read()
    _end_children()
    os._exit(1)


def _end_children() -> None:
    import psutil

    with contextlib.suppress(psutil.Error):
        for process in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.Error):
                process.kill()


def _settle(request: Mapping[str, Any]) -> None:
    """Work in a folder of its own, with an environment that holds nothing of the grader's."""
    folder = str(request["folder"])
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(request["environment"])
    tempfile.tempdir = folder
    if hasattr(signal, "SIGINT"):
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # a key pressed at the grader is the grader's
    sys.setrecursionlimit(1000)


def _grade(request: Mapping[str, Any], answers: BinaryIO) -> None:
    from underglass.grading.answers import Unreadable, find_answers, read_cells
    from underglass.grading.lab import read_plain
    from underglass.grading.replay import replay
    from underglass.machine import Limits

    def say(kind: str, held: object) -> None:
        answers.write(json.dumps([kind, held]).encode() + b"\n")
        answers.flush()

    lab = read_plain(request["lab"])
    try:
        cells = read_cells(base64.b64decode(request["notebook"]))
    except Unreadable as error:
        say("unreadable", str(error))
        return
    found = find_answers(lab, cells)
    say("answers", {"answers": [dataclasses.asdict(a) for a in found.answers], "notes": list(found.notes)})
    replay(
        lab,
        found,
        limits=Limits(**request["limits"]),
        build=request["build"],
        judged=lambda part: say("part", dataclasses.asdict(part)),
    )
    say("end", None)

"""A real kernel for tests: run a cell, get what a front end would show."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

ADD = """\
%%asm
#include "textflag.h"

// func add(x, y int64) int64
TEXT ·add(SB), NOSPLIT, $0-24
	MOVQ x+0(FP), AX
	ADDQ y+8(FP), AX
	MOVQ AX, ret+16(FP)
	RET
"""


@dataclass
class Shown:
    """What a cell gave."""

    status: str
    stdout: str = ""
    stderr: str = ""
    error: str = ""  # the traceback, its lines joined
    error_name: str = ""
    data: dict[str, Any] = field(default_factory=dict)  # of the last result or display

    @property
    def text(self) -> str:
        return str(self.data.get("text/plain", ""))


class RunningKernel:
    """The kernel `underglass`, as jupyter_client starts it."""

    def __init__(self, manager: KernelManager, client: BlockingKernelClient) -> None:
        self.manager, self.client = manager, client

    def run(self, code: str, *, timeout: float = 120, cell_id: str | None = None) -> Shown:
        return self.finish(self.start(code, cell_id), timeout)

    def start(self, code: str, cell_id: str | None = None) -> str:
        """Send a cell and return the message's id, without waiting."""
        session = self.client.session
        content = {
            "code": code,
            "silent": False,
            "store_history": True,
            "user_expressions": {},
            "allow_stdin": False,
            "stop_on_error": True,
        }
        message = session.msg("execute_request", content, metadata={"cellId": cell_id} if cell_id else None)
        self.client.shell_channel.send(message)
        return str(message["header"]["msg_id"])

    def finish(self, message_id: str, timeout: float = 120) -> Shown:
        """Wait until the cell is done."""
        shown, deadline = Shown(""), time.monotonic() + timeout
        while True:
            message = self.client.get_iopub_msg(timeout=max(deadline - time.monotonic(), 0.01))
            if message["parent_header"].get("msg_id") != message_id:
                continue
            kind, content = message["msg_type"], message["content"]
            if kind == "stream":
                setattr(shown, content["name"], getattr(shown, content["name"]) + content["text"])
            elif kind == "error":
                shown.error, shown.error_name = (
                    " ".join("\n".join(content["traceback"]).splitlines()),
                    content["ename"],
                )
            elif kind in ("execute_result", "display_data"):
                shown.data = content["data"]
            elif kind == "status" and content["execution_state"] == "idle":
                break
        while True:
            reply = self.client.get_shell_msg(timeout=max(deadline - time.monotonic(), 0.01))
            if reply["parent_header"].get("msg_id") == message_id:
                shown.status = reply["content"]["status"]
                return shown


@contextmanager
def running_kernel(**options: Any) -> Iterator[RunningKernel]:
    """Start a kernel and end it again; options as for `KernelManager.start_kernel`."""
    manager = KernelManager(kernel_name="underglass")
    manager.start_kernel(**options)
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=60)
        yield RunningKernel(manager, client)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)

"""A warm process that makes children: what they need is imported once, and each is a fork of that state.

It never sees a submission. It runs in an environment of its own, keeps one child at a time, and leaves it
unreaped until it is told to, so that the child's number is its own until then.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys

from underglass.grading.child import serve, warm

__all__ = ["main"]


def main(descriptor: int) -> None:
    """Serve on a Unix socket: `F` with two descriptors makes a child, `R` reaps it; the end ends both."""
    warm()
    child = 0
    with socket.socket(fileno=descriptor) as control:
        control.sendall(b"W")
        while True:
            message, descriptors, _, _ = socket.recv_fds(control, 1, 2)
            if message == b"F":
                child = _fork(control, *descriptors)
                for one in descriptors:
                    os.close(one)
                control.sendall(child.to_bytes(8, "little"))
            elif message == b"R":
                _, status = os.waitpid(child, 0)
                child = 0
                control.sendall(os.waitstatus_to_exitcode(status).to_bytes(8, "little", signed=True))
            else:  # the grader has gone
                if child:
                    with contextlib.suppress(ProcessLookupError, PermissionError):
                        os.killpg(child, signal.SIGKILL)
                return


def _fork(control: socket.socket, requests: int, answers: int) -> int:
    """Fork a child whose standard input and output are these; it has a session and no other descriptor."""
    child = os.fork()
    if child:
        return child
    try:
        os.setsid()
        control.close()
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        serve(os.fdopen(requests, "rb"), os.fdopen(answers, "wb"))
    finally:
        os._exit(1)
    return 0  # type: ignore[unreachable]


if __name__ == "__main__":
    main(int(sys.argv[1]))

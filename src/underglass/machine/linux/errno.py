"""Error numbers (errno(3)), and the exceptions by which a system call fails or waits."""

from __future__ import annotations

__all__ = [
    "E2BIG", "EACCES", "EAFNOSUPPORT", "EAGAIN", "EBADF", "EBUSY", "ECHILD", "EEXIST", "EFAULT", "EFBIG",
    "EINTR", "EINVAL", "EISDIR", "ELOOP", "EMFILE", "ENAMETOOLONG", "ENODEV", "ENOENT", "ENOEXEC",
    "ENOMEM", "ENOSPC", "ENOSYS", "ENOTDIR", "ENOTEMPTY", "ENOTSUP", "ENOTTY", "ENXIO", "EOVERFLOW",
    "EPERM", "EPIPE", "ERANGE", "EROFS", "ESPIPE", "ESRCH", "ETIMEDOUT", "ETXTBSY", "EXDEV",
    "Blocked", "SysError",
]  # fmt: skip

EPERM, ENOENT, ESRCH, EINTR, ENXIO, E2BIG, ENOEXEC, EBADF, ECHILD = 1, 2, 3, 4, 6, 7, 8, 9, 10
EAGAIN, ENOMEM, EACCES, EFAULT, EBUSY, EEXIST, EXDEV, ENODEV = 11, 12, 13, 14, 16, 17, 18, 19
ENOTDIR, EISDIR, EINVAL, EMFILE, ENOTTY, ETXTBSY, EFBIG, ENOSPC = 20, 21, 22, 24, 25, 26, 27, 28
ESPIPE, EROFS, EPIPE, ERANGE, ENAMETOOLONG, ENOSYS, ENOTEMPTY = 29, 30, 32, 34, 36, 38, 39
ELOOP, EOVERFLOW, ENOTSUP, EAFNOSUPPORT, ETIMEDOUT = 40, 75, 95, 97, 110


class SysError(Exception):
    """The call fails with `number`."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class Blocked(Exception):
    """The call cannot be done yet. Its thread waits, and the call is made again when that may help.

    Args:
        what: what it waits for, in a deadlock's report: "read 3".
        until: virtual time in ns at which the waiting ends with `timeout_result`.
        retries: False if only a wake-up by another call, a signal or the time ends the waiting.
        restarts: whether the call starts again after a handler with SA_RESTART (signal(7)).
        remaining: where a sleep that a signal ends puts the time that was left, or 0.
    """

    def __init__(
        self,
        what: str,
        until: int | None = None,
        *,
        timeout_result: int = 0,
        retries: bool = True,
        restarts: bool = True,
        remaining: int = 0,
    ) -> None:
        super().__init__(what)
        self.what, self.until, self.timeout_result = what, until, timeout_result
        self.retries, self.restarts, self.remaining = retries, restarts, remaining

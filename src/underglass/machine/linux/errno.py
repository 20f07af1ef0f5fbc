"""Error numbers (errno(3)), and the exception by which a system call returns one."""

from __future__ import annotations

__all__ = [
    "EAGAIN",
    "EBADF",
    "EEXIST",
    "EFAULT",
    "EINVAL",
    "EMFILE",
    "ENOENT",
    "ENOMEM",
    "ENOSYS",
    "EPERM",
    "EPIPE",
    "ESPIPE",
    "ESRCH",
    "ETIMEDOUT",
    "SysError",
]

EPERM, ENOENT, ESRCH, EBADF, EAGAIN, ENOMEM, EFAULT = 1, 2, 3, 9, 11, 12, 14
EEXIST, EINVAL, EMFILE, ESPIPE, EPIPE, ENOSYS, ETIMEDOUT = 17, 22, 24, 29, 32, 38, 110


class SysError(Exception):
    """The call fails with `number`."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number

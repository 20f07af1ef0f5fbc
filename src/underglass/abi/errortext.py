"""The text of an error, where its type is one whose Error method does no more than join its fields.

Go 1.27: errors/errors.go, errors/join.go, fmt/errors.go, io/fs/fs.go, os/error.go, os/file.go,
strconv/number.go, runtime/error.go, syscall/syscall_unix.go.
"""

from __future__ import annotations

from collections.abc import Callable

from underglass.abi.objects import Dynamic, Pointer

__all__ = ["text_of"]


class _Unknown(Exception):
    """The text cannot be told from the fields."""


def text_of(error: Dynamic) -> str | None:
    """What Error() returns, or None if that is not known."""
    try:
        return _text(error)
    except (_Unknown, RecursionError):
        return None


def _text(error: object) -> str:
    if not isinstance(error, Dynamic):
        raise _Unknown
    value = error.value
    if error.type == "syscall.Errno":
        return error.errno or f"errno {value}"
    if error.type in _WORDS and isinstance(value, str):
        return _WORDS[error.type] + value
    form = _FORMS.get(error.type)
    fields = value.value if isinstance(value, Pointer) else None
    if form is None or not isinstance(fields, dict):
        raise _Unknown
    try:
        return form(fields)
    except (KeyError, TypeError) as why:  # a type of that name with other fields, or fields not read
        raise _Unknown from why


def _plain(value: object) -> str:
    """A string field; one that is not UTF-8 has no text."""
    if not isinstance(value, str):
        raise _Unknown
    return value


def _quoted(value: object) -> str:
    """strconv.Quote, for text that it only puts quotes around."""
    text = _plain(value)
    if not (text.isascii() and text.isprintable()) or '"' in text or "\\" in text:
        raise _Unknown
    return f'"{text}"'


_WORDS = {"runtime.errorString": "runtime error: ", "runtime.plainError": ""}
_FORMS: dict[str, Callable[[dict[str, object]], str]] = {
    "*errors.errorString": lambda e: _plain(e["s"]),
    "*errors.joinError": lambda e: "\n".join(_text(one) for one in e["errs"]),  # type: ignore[attr-defined]
    "*fmt.wrapError": lambda e: _plain(e["msg"]),
    "*fmt.wrapErrors": lambda e: _plain(e["msg"]),
    "*io/fs.PathError": lambda e: f"{_plain(e['Op'])} {_plain(e['Path'])}: {_text(e['Err'])}",
    "*os.LinkError": lambda e: f"{_plain(e['Op'])} {_plain(e['Old'])} {_plain(e['New'])}: {_text(e['Err'])}",
    "*os.SyscallError": lambda e: f"{_plain(e['Syscall'])}: {_text(e['Err'])}",
    "*strconv.NumError": lambda e: (
        f"strconv.{_plain(e['Func'])}: parsing {_quoted(e['Num'])}: {_text(e['Err'])}"
    ),
}

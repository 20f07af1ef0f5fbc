"""Object files that GNU as has made, for what only GNU as can do; their source lies beside them."""

from __future__ import annotations

from importlib.resources import files

from underglass.errors import UnderglassError

__all__ = ["gnu_object"]


def gnu_object(name: str) -> bytes:
    """Return an object file for linux/amd64: "plain", 64 calls as they fall, or "bundled".

    Both come from `objects/bundled.s`, which says how (GNU Binutils 2.40).

    Raises:
        UnderglassError: there is no such object.
    """
    folder = files("underglass.course").joinpath("objects")
    known = sorted(f.name.removesuffix(".o") for f in folder.iterdir() if f.name.endswith(".o"))
    if name not in known:
        raise UnderglassError(f"There is no object {name!r}. There are: {', '.join(known)}.")
    return folder.joinpath(f"{name}.o").read_bytes()

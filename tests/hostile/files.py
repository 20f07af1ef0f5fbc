"""Files that are no notebooks, or are made to hurt who reads them."""

from __future__ import annotations

import io
import json
import os
import stat
import zipfile
from pathlib import Path
from typing import Any

from grading_class import LAB, OUT_OF, RIGHT, answered
from hostile.case import hostile

_NAME = f"{LAB}.ipynb"


@hostile(state="unreadable")
def malformed(_: Path) -> bytes:
    return json.dumps(answered(RIGHT)).encode()[:-40]


@hostile(state="unreadable")
def empty(_: Path) -> bytes:
    return b""


@hostile(state="unreadable")
def nothing_at_all(home: Path) -> None:
    (home / "readme.txt").write_text("I could not attend.", encoding="utf-8")


@hostile(state="unreadable")
def deeply_nested(_: Path) -> bytes:
    return b'{"cells": ' + b"[" * 2_000_000 + b"]" * 2_000_000 + b"}"


@hostile(state="unreadable")
def a_list(_: Path) -> bytes:
    return b"[1, 2, 3]"


@hostile(points=OUT_OF)
def not_a_number(_: Path) -> bytes:
    notebook = answered(RIGHT)
    notebook["metadata"]["score"] = float("nan")
    notebook["metadata"]["more"] = float("inf")
    return json.dumps(notebook).encode()


@hostile(state="unreadable")
def another_format(_: Path) -> Any:
    return {
        "nbformat": 3,
        "nbformat_minor": 0,
        "metadata": {},
        "worksheets": [{"cells": answered(RIGHT)["cells"]}],
    }


@hostile(state="unreadable")
def a_long_number(_: Path) -> bytes:
    return b'{"nbformat": ' + b"4" * 1_000_000 + b', "cells": []}'


@hostile(state="unreadable")
def too_many_cells(_: Path) -> Any:
    notebook = answered(RIGHT)
    notebook["cells"] += [{"cell_type": "code", "source": "", "metadata": {}}] * 100_000
    return notebook


@hostile(state="unreadable")
def a_hundred_megabytes(home: Path) -> None:
    with (home / _NAME).open("wb") as file:
        file.truncate(100 << 20)


@hostile(points=2.0)
def an_endless_cell(_: Path) -> Any:
    return answered({"words": RIGHT["words"], "second": RIGHT["second"] + "\n//" + "x" * 3_000_000})


@hostile(state="unreadable")
def latin_1(_: Path) -> bytes:
    return json.dumps(answered({"words": "# ü"}), ensure_ascii=False).encode("latin-1", "replace")


@hostile(state="unreadable")
def zip_bomb(home: Path) -> None:
    _zip(home, {_NAME: bytes(300 << 20)})


@hostile(state="unreadable")
def zip_that_lies_about_its_size(home: Path) -> None:
    data = bytearray(_zipped({_NAME: bytes(30 << 20)}))
    size, lie = (30 << 20).to_bytes(4, "little"), (1000).to_bytes(4, "little")
    (home / f"{LAB}.zip").write_bytes(bytes(data.replace(size, lie)))


@hostile(state="unreadable")
def zip_in_zip_in_zip(home: Path) -> None:
    inner = _zipped({_NAME: json.dumps(answered(RIGHT)).encode()})
    _zip(home, {f"{LAB}.zip": _zipped({f"{LAB}.zip": inner})})


@hostile(state="unreadable")
def path_traversal(home: Path) -> None:
    _zip(home, {f"../../../honest-000/{LAB}/{_NAME}": json.dumps(answered({})).encode()})


@hostile(state="unreadable")
def absolute_path(home: Path) -> None:
    _zip(home, {f"/tmp/underglass-was-here/{_NAME}": json.dumps(answered(RIGHT)).encode()})


@hostile(state="unreadable")
def damaged_zip(home: Path) -> None:
    (home / f"{LAB}.zip").write_bytes(_zipped({_NAME: json.dumps(answered(RIGHT)).encode()})[:-30])


@hostile(state="unreadable")
def symlink_in_a_zip(home: Path) -> None:
    with zipfile.ZipFile(home / f"{LAB}.zip", "w") as archive:
        link = zipfile.ZipInfo(_NAME)
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")


@hostile(state="unreadable")
def symlink_to_a_secret(home: Path) -> None:
    (home / _NAME).symlink_to("/etc/passwd")


@hostile(state="unreadable")
def symlink_to_another_submission(home: Path) -> None:
    (home / _NAME).symlink_to(home.parent.parent / "honest-000" / LAB / _NAME)


@hostile(state="unreadable")
def folder_that_is_a_symlink(home: Path) -> None:
    (home / "inner").symlink_to("/")
    (home / _NAME).mkdir()


@hostile(state="unreadable")
def a_pipe(home: Path) -> None:
    os.mkfifo(home / _NAME)


def _zipped(members: dict[str, bytes]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return held.getvalue()


def _zip(home: Path, members: dict[str, bytes]) -> None:
    (home / f"{LAB}.zip").write_bytes(_zipped(members))

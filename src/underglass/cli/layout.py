"""How JupyterLab looks when it opens a folder's book: at first the introduction, later what the reader left.

JupyterLab 4.6 keeps open files, panels and widths as a *workspace*, by default one for all that a reader
opens with it (jupyterlab_server 2.28, workspaces_handler.py). Each folder's book has a workspace of its own:
neither does the reader's other work show up in the book, nor the book there.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from pathlib import Path
from typing import Any

__all__ = ["ask_nothing", "start_address"]

_KEY = "layout-restorer:data"
# The file browser alone, wide enough for the chapters' names in a window of 1280 pixels.
_FIRST: dict[str, Any] = {
    _KEY: {
        "left": {"collapsed": False, "visible": True, "current": "filebrowser", "widgets": ["filebrowser"]},
        "right": {"collapsed": True, "visible": True, "widgets": []},
        "relativeSizes": [0.25, 0.75, 0],  # left, middle, right
    },
    "file-browser-filebrowser:cwd": {"path": "book"},
}


def ask_nothing() -> None:
    """Answer no, for JupyterLabs that this process starts, where the reader was not asked about news yet.

    The question depends on a setting alone, not on `LabApp.news_url` (JupyterLab 4.6, apputils-extension,
    announcements). Its default is read from `labconfig` in each folder of JUPYTER_CONFIG_PATH
    (jupyterlab_server 2.28, settings_utils.py); what the reader has set counts more.
    """
    folders = [str(Path(__file__).parent / "jupyter"), os.environ.get("JUPYTER_CONFIG_PATH", "")]
    os.environ["JUPYTER_CONFIG_PATH"] = os.pathsep.join(filter(None, folders))


def start_address(folder: Path, first: str) -> str:
    """Return what JupyterLab should open, as its `default_url`: a path below the server's address.

    Where the folder was not opened before, its workspace is made. A folder that cannot be written is no
    obstacle: the book then opens in JupyterLab's usual layout.

    Args:
        folder: JupyterLab's root, with chapters in `book`.
        first: the file that is opened the first time, below `folder`.
    """
    from jupyterlab.commands import get_workspaces_dir
    from jupyterlab_server.workspaces_handler import WorkspacesManager

    name = f"book-{hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:8]}"
    workspaces = WorkspacesManager(get_workspaces_dir())
    with contextlib.suppress(OSError, ValueError):
        held = workspaces.load(name)["data"]
        if "main" in held.get(_KEY, {}):  # JupyterLab wrote it, since a browser had it open
            return f"/lab/workspaces/{name}"
        workspaces.save(name, json.dumps({"data": _FIRST, "metadata": {"id": name}}))
    return f"/lab/workspaces/{name}/tree/{first}"

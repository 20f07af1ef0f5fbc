"""Locks between processes that build at once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from underglass.toolchain.locking import first_free

HOLDER = """\
import sys
from pathlib import Path
from underglass.toolchain.locking import first_free
with first_free(Path(sys.argv[1]), 2) as directory:
    print(directory.name, flush=True)
    sys.stdin.read()
"""


def test_each_holder_has_a_directory_of_its_own(tmp_path: Path) -> None:
    with first_free(tmp_path, 3) as one, first_free(tmp_path, 3) as two:
        assert (one.name, two.name) == ("0", "1")
        assert one.is_dir()
    with first_free(tmp_path, 3) as again:
        assert again == one


def test_another_process_is_kept_out_and_its_death_frees_the_lock(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline().strip() == "0"
        with first_free(tmp_path, 2) as mine:
            assert mine.name == "1"
        holder.kill()
        holder.wait()
    with first_free(tmp_path, 2) as mine:
        assert mine.name == "0"

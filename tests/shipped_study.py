"""Build the case study that has C in it, and write the program that the package carries.

    python tests/shipped_study.py

Those without a C compiler use it. Making it needs one; test_course_casestudy.py compares what is shipped
with a fresh build.
"""

from __future__ import annotations

import os
import shutil
import sys
from importlib.resources import files
from pathlib import Path

from underglass.course import case_study
from underglass.course.casestudy import SHIPPED
from underglass.toolchain import find_go
from underglass.toolchain.ccompiler import find_c_compiler

STUDY = "fastcgo"


def main() -> int:
    """Record one call, which has the program in its file."""
    if "UNDERGLASS_CC" not in os.environ and shutil.which("musl-gcc"):
        os.environ["UNDERGLASS_CC"] = "musl-gcc"
    path = Path(str(files("underglass.course").joinpath("programs", STUDY, SHIPPED)))
    find_c_compiler(find_go())  # without one the study would be the one that is there
    case_study(STUDY).record("viaBoth", 4).save(path)
    print(f"{path}: {path.stat().st_size:,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())

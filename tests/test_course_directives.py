"""The reference tables against the toolchain that they describe."""

from __future__ import annotations

import re

import pytest

from underglass.course import assembler_says
from underglass.course.builds import files_of, gofmt
from underglass.course.directives import (
    DATA_FLAGS,
    directive_table,
    flag_table,
    macro_table,
    preprocessor_table,
)
from underglass.errors import UnderglassError
from underglass.toolchain.go import find_go
from underglass.toolchain.textflags import text_flags


def test_each_flag_of_the_header_has_its_row() -> None:
    rows = {row[0].strip("`"): row for row in flag_table().rows}
    assert {name: int(row[1]) for name, row in rows.items()} == {n: f.value for n, f in text_flags().items()}
    assert all(row[3].endswith(".") for row in rows.values())


def test_the_flags_of_data_are_those_that_globl_looks_at() -> None:
    source = (find_go().root / "src/cmd/internal/obj/plist.go").read_text(encoding="utf-8")
    body = source[source.index("func (ctxt *Link) GloblPos(") :]
    body = body[: body.index("\n}\n")]
    assert set(re.findall(r"flag&([A-Z]+)", body)) == set(DATA_FLAGS)


def test_the_assembler_takes_each_macro() -> None:
    rows = macro_table().rows
    assert [row[0] for row in rows] == ["`GO_ARGS`", "`GO_RESULTS_INITIALIZED`", "`NO_LOCAL_POINTERS`"]
    for name, _, says in rows:
        text = f'#include "funcdata.h"\nTEXT ·f(SB), 4, $0-0\n\t{name[1:-1]}\n\tRET\n'
        assert assembler_says(text) == ""
        assert says.endswith(".")


def test_the_tables_have_directives_and_the_preprocessor_apart() -> None:
    assert {"`TEXT`", "`DATA`", "`GLOBL`", "`PCALIGN`"} <= {row[0] for row in directive_table().rows}
    assert all(row[0].startswith("`#") for row in preprocessor_table().rows)


def test_go_says_which_files_belong_to_a_platform() -> None:
    files = {"a.go": "package a\n", "b_arm64.s": "", "c_linux.s": "", "d.s": "//go:build windows\n"}
    assert files_of(files) == ("a.go", "c_linux.s")
    assert files_of(files, "windows", "arm64") == ("a.go", "b_arm64.s", "d.s")
    with pytest.raises(UnderglassError, match="Go rejects the package"):
        files_of({"a.go": "package"})


def test_gofmt_is_the_toolchain_s() -> None:
    assert gofmt("package a\nvar  x int\n") == "package a\n\nvar x int\n"
    with pytest.raises(UnderglassError, match="gofmt rejects"):
        gofmt("package\n")

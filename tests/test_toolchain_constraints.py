"""Which sources belong to a linux/amd64 build: compared with `go list`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from underglass.toolchain import Source, find_go
from underglass.toolchain.constraints import exclusion

PACKAGE = "package main\n"
FILES = {
    "a.go": PACKAGE,
    "a_test.go": PACKAGE,
    "a_linux.go": PACKAGE,
    "a_amd64.go": PACKAGE,
    "a_linux_amd64.go": PACKAGE,
    "a_darwin_amd64.go": PACKAGE,
    "a_linux_arm64.go": PACKAGE,
    "a_unix.go": PACKAGE,
    "linux.go": PACKAGE,
    "arm64.go": PACKAGE,
    "windows.go": PACKAGE,
    "b1.go": "//go:build linux && amd64\n\n" + PACKAGE,
    "b2.go": "// Copyright\n\n//go:build !linux\n\n" + PACKAGE,
    "b3.go": "//go:build ignore\n\n" + PACKAGE,
    "b4.go": "//go:build unix && (arm64 || !cgo) && go1.20\n\n" + PACKAGE,
    "b5.go": "//go:build go1.999\n\n" + PACKAGE,
    "b6.go": PACKAGE + "//go:build ignore\n",
    "b7.go": "//go:build !(linux || darwin) || amd64.v1 && gc\n\n" + PACKAGE,
    "b8.go": "/* Copyright\n*/\n\n//go:build arm64\n\n" + PACKAGE,
    "c.s": "",
    "c_arm64.s": "",
    "c_amd64.s": "",
    "d.s": "//go:build arm64\n\nTEXT ·x(SB), 4, $0\n",
}


def test_agrees_with_go_list(tmp_path: Path) -> None:
    go = find_go()
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "go.mod").write_text(f"module x\n\ngo {go.language}\n", encoding="utf-8")
    listed = json.loads(go.run(["list", "-json=GoFiles,SFiles"], cwd=tmp_path).stdout)
    ours = {name for name, text in FILES.items() if exclusion(Source(name, text, name), go.language) is None}
    assert ours == {*listed["GoFiles"], *listed["SFiles"]}


@pytest.mark.parametrize("expression", ["", "&&", "(", "linux &&", "!", "(linux", "!" * 5000, "(" * 5000])
def test_a_malformed_expression_is_left_to_go(expression: str) -> None:
    exclusion(Source("a.go", f"//go:build {expression}\n", "cell 1"), "1.27")


def test_the_line_is_named() -> None:
    source = Source("b2.go", FILES["b2.go"], "cell 1")
    assert exclusion(source, "1.27") == (3, "it says //go:build !linux")

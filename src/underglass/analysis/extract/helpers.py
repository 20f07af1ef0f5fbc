"""What the runtime's own helpers do, in Go that a stub may hold, and which of them nothing stands for."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["BOUNDS", "FAMILIES", "NO_RETURN", "SERVICES"]

SERVICES: Mapping[str, tuple[str, str, tuple[str, ...]]] = MappingProxyType(
    {
        "runtime.memequal": (
            "func {name}(p, q unsafe.Pointer, n uintptr) bool",
            "return unsafe.String((*byte)(p), n) == unsafe.String((*byte)(q), n)",
            ("unsafe",),
        ),
        "runtime.cmpstring": (
            "func {name}(s, t string) int",
            "return strings.Compare(s, t)",
            ("strings",),
        ),
        "runtime.decoderune": (
            "func {name}(s string, k int) (rune, int)",
            "r, n := utf8.DecodeRuneInString(s[k:])\n\treturn r, k + n",
            ("unicode/utf8",),
        ),
        "runtime.countrunes": (
            "func {name}(s string) int",
            "return utf8.RuneCountInString(s)",
            ("unicode/utf8",),
        ),
        "internal/stringslite.Index": (
            "func {name}(s, t string) int",
            "return strings.Index(s, t)",
            ("strings",),
        ),
        "internal/bytealg.IndexByteString": (
            "func {name}(s string, c byte) int",
            "return strings.IndexByte(s, c)",
            ("strings",),
        ),
        "internal/bytealg.IndexByte": (
            "func {name}(s []byte, c byte) int",
            "return bytes.IndexByte(s, c)",
            ("bytes",),
        ),
    }
)
"""Function → (declaration, body, imports) of what does the same (Go 1.27, runtime/stubs.go, utf8.go)."""

NO_RETURN: Mapping[str, str] = MappingProxyType(
    {
        "runtime.panicdivide": "var zero int\n\t_ = 1 / zero",
        "runtime.panicshift": "shift := -1\n\t_ = 1 << shift",
    }
)
"""Function without arguments that panics → a body that panics likewise."""

BOUNDS: Mapping[str, str] = MappingProxyType(
    {
        "Index": "_ = make([]struct{}, y)[x]",
        "SliceAlen": "_ = (*(*string)(unsafe.Pointer(&[2]int{0, y})))[:x]",
        "SliceAcap": "_ = make([]struct{}, 0, y)[:x]",
        "SliceB": "_ = make([]struct{}, y)[x:y]",
        "Slice3Acap": "_ = make([]struct{}, 0, y)[:0:x]",
        "Slice3B": "_ = make([]struct{}, 0, y)[:x:y]",
        "Slice3C": "_ = make([]struct{}, y)[x:y:y]",
    }
)
"""Kind of a failed bounds check → a body that fails with the same x and y. An empty struct takes no room."""

FAMILIES: Mapping[tuple[str, ...], str] = MappingProxyType(
    {
        (
            "gcWriteBarrier", "wbZero", "wbMove", "typedmem", "typedslice", "bulkBarrier",
        ): "writes a pointer to the heap, which takes a write barrier",
        (
            "newobject", "malloc", "makeslice", "growslice", "makechan", "makemap", "rawstring", "rawbyte",
            "concat", "slicebyte", "stringtoslice", "slicerune", "intstring", "convT", "moveSlice",
        ): "allocates memory",
        ("deferproc", "deferreturn", "deferrange"): "defers a call",
        (
            "gopanic", "panicdottype", "panicwrap", "panicnil", "goPanic", "panicunsafe", "panicrange",
            "panicSlice", "panicmakeslice",
        ): "panics with a value",
        ("gorecover",): "recovers from a panic",
        (
            "typeAssert", "assertE2I", "interfaceSwitch", "ifaceeq", "efaceeq", "getitab",
        ): "looks into an interface",
        (
            "mapaccess", "mapassign", "mapdelete", "mapiter", "mapclear", "mapIter",
            "internal/runtime/maps",
        ): "uses a map",
        ("chansend", "chanrecv", "selectgo", "selectnb", "closechan", "runtime.block"): "uses a channel",
        ("newproc", "goexit"): "starts a goroutine",
        ("duffzero", "duffcopy"): "enters the middle of a runtime function (duffzero, duffcopy)",
    }
)  # fmt: skip
"""Words in a callee's name → why the caller is refused."""

"""Which packages the conformance suite runs, what it leaves out, and what is known of the rest."""

from __future__ import annotations

__all__ = ["CAUSES", "CI", "NEEDS", "SKIPS", "THREADS"]

THREADS = 2000  # runtime's tests start many

# At most 4 minutes on 2 cores.
CI = (
    "bufio", "bytes", "cmp", "container/heap", "container/list", "container/ring", "encoding/binary",
    "encoding/hex", "errors", "hash/adler32", "hash/crc32", "io", "io/fs", "math/bits", "path/filepath", "sort",
    "strings", "text/tabwriter", "unicode/utf8",
)  # fmt: skip

_NETWORK, _GO = "needs a network", "needs the go command"

# Packages that are not run: all or nearly all of their tests need what no machine here has.
NEEDS: dict[str, str] = {
    "cmd": _GO,
    "crypto/internal/fips140deps": _GO,
    "crypto/tls": _NETWORK,
    "debug/buildinfo": _GO,
    "go/build": _GO,
    "go/importer": _GO,
    "go/internal/gcimporter": _GO,
    "go/internal/srcimporter": _GO,
    "internal/abi": _GO,
    "internal/coverage/cfile": _GO,
    "internal/godebugs": _GO,
    "internal/runtime/wasitest": _GO,
    "internal/testenv": _GO,
    "internal/copyright": "reads the whole Go repository",
    "net": _NETWORK,
    "net/http": _NETWORK,
    "net/http/cgi": _NETWORK,
    "net/http/fcgi": _NETWORK,
    "net/http/httptest": _NETWORK,
    "net/http/httputil": _NETWORK,
    "net/http/internal/http2": _NETWORK,
    "net/http/pprof": _NETWORK,
    "net/internal/cgotest": "needs cgo",
    "net/internal/socktest": _NETWORK,
    "net/rpc": _NETWORK,
    "net/rpc/jsonrpc": _NETWORK,
    "net/smtp": _NETWORK,
    "internal/nettest": _NETWORK,
    "log/syslog": _NETWORK,
    "expvar": _NETWORK,
    "os/exec": "starts the system's commands",
    "os/exec/internal/fdtest": "starts the system's commands",
    "plugin": "needs cgo",
}

# Tests left out both ways: package → (why, names).
SKIPS: dict[str, tuple[str, tuple[str, ...]]] = {
    "context": (_NETWORK, ("ExampleAfterFunc_connection",)),
    "os": (
        _NETWORK,
        ("TestGetPollFDAndNetwork", "TestLargeCopyViaNetwork", "TestSendFile", "TestSpliceFile"),
    ),
}

# Why a package fails in the machine, where that is known.
CAUSES: dict[str, str] = {}

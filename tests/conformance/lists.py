"""Which packages the conformance suite runs, what it leaves out, and what is known of the rest."""

from __future__ import annotations

__all__ = ["CAUSES", "CI", "NEEDS", "SKIPS", "THREADS"]

THREADS = 2000  # runtime's tests start many

# At most 4 minutes on 2 cores.
CI = (
    "bufio", "bytes", "cmp", "container/heap", "container/list", "container/ring", "encoding/binary",
    "encoding/hex", "errors", "hash/adler32", "hash/crc32", "io", "io/fs", "math/bits", "path/filepath",
    "sort", "strings", "text/tabwriter", "unicode/utf8",
)  # fmt: skip

_NETWORK, _COMMANDS, _GO = "needs a network", "starts the system's commands", "starts the go command"

# Packages that are not run: all or nearly all of their tests need what the machine does not have.
NEEDS: dict[str, str] = {
    "crypto/tls": _NETWORK,
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
    "os/exec": _COMMANDS,
    "os/exec/internal/fdtest": _COMMANDS,
    "plugin": "needs cgo",
}

# Tests left out both ways: package → test → why.
SKIPS: dict[str, dict[str, str]] = {
    "compress/gzip": {"Example_compressingReader": _NETWORK},
    "context": {"ExampleAfterFunc_connection": _NETWORK},
    "encoding/json": {"TestHTTPDecoding": _NETWORK},
    "go/types": {
        "ExampleInfo": _GO,
        "ExampleMethodSet": _GO,
        "ExampleScope": _GO,
    },
    "net/http/cookiejar": {"ExampleNew": _NETWORK},
    "os": {
        "TestExecutable": "expects its program not to lie in the root directory",
        "TestGetPollFDAndNetwork": _NETWORK,
        "TestLargeCopyViaNetwork": _NETWORK,
        "TestSendFile": _NETWORK,
        "TestSpliceFile": _NETWORK,
        "TestStartProcess": _COMMANDS,
    },
}

# Why a package fails in the machine, where that is known.
CAUSES: dict[str, str] = {
    "runtime": "one test opens its own source by the path that it was compiled at, the host's; its panic "
    "ends the tests behind it",
    "crypto/internal/fips140test": "one test starts a changed copy of its program, and a process "
    "in the machine can start only its own",
}

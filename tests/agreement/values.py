"""Python values against Go: random types, each through an identity function and back.

    python tests/agreement/values.py COUNT SEED

Each type has a function that returns its argument: compiled Go (ABIInternal), and for every third type an
assembly body that copies its bytes (ABI0). Some also have a function that boxes it as `any`, and those that
can be map keys one that makes a map of a list of them: what comes back is what went in, bit by bit. Prints
one line with the counts; exits 1 on a disagreement.
"""

from __future__ import annotations

import random
import struct
import sys
from collections.abc import Callable
from dataclasses import dataclass

import underglass
from underglass import Dynamic, Pointer

TYPES_A_PROGRAM = 500
VALUES_A_TYPE = 3
INTS = {f"{sign}int{bits}": bits // 8 for bits in (8, 16, 32, 64) for sign in ("", "u")} | {
    "int": 8, "uint": 8, "uintptr": 8, "byte": 1, "rune": 4,
}  # fmt: skip
FLOATS = {"float32": 4, "float64": 8, "complex64": 4, "complex128": 8}
Make = Callable[[int], object]
"""Makes a random value; the number says how much further it may nest."""


@dataclass(frozen=True)
class Type:
    """A random type."""

    text: str
    size: int
    align: int
    make: Make
    is_key: bool = True  # may be a map's key
    takes: bool = True  # Python can make it, not only nil


class Maker:
    """Random types for one program, and the declarations that they need."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.declarations: list[str] = []

    def type(self, depth: int) -> Type:
        """A random type that nests at most `depth` deep."""
        forms = [self.basic, self.basic, self.string, self.named]
        if depth:
            forms += [
                self.slice,
                self.array,
                self.struct,
                self.struct,
                self.struct,
                self.pointer,
                self.node,
                self.nil,
            ]
        return self.rng.choice(forms)(depth - 1)

    def basic(self, depth: int) -> Type:
        rng = self.rng
        name = rng.choice(["bool", *INTS, *FLOATS])
        if name == "bool":
            return Type(name, 1, 1, lambda n: rng.random() < 0.5)
        if name in INTS:
            size = INTS[name]
            low, high = (0, 2 ** (8 * size) - 1)
            if name[0] not in "ub":
                low, high = -(2 ** (8 * size - 1)), 2 ** (8 * size - 1) - 1
            return Type(name, size, size, lambda n: rng.choice([low, high, 0, 1, rng.randint(low, high)]))
        part = FLOATS[name]
        if name.startswith("float"):
            return Type(name, part, part, lambda n: self.float(part), is_key=False)
        return Type(name, 2 * part, part, lambda n: complex(self.float(part), self.float(part)), is_key=False)

    def float(self, size: int) -> float:
        """Any bit pattern: infinities, denormals, NaN with what they carry."""
        bits = self.rng.getrandbits(8 * size)
        exponent = 0xFF << 23 if size == 4 else 0x7FF << 52
        bits = self.rng.choice(
            [bits, bits, bits | exponent, bits & ~exponent, 0, 1 << 8 * size - 1, exponent]
        )
        if size == 8:
            return struct.unpack("<d", struct.pack("<Q", bits))[0]
        fraction, sign = bits & 0x7F_FFFF, bits >> 31
        if bits & exponent == exponent:  # by hand, since a conversion would make a NaN quiet
            return struct.unpack("<d", struct.pack("<Q", sign << 63 | 0x7FF << 52 | fraction << 29))[0]
        return struct.unpack("<f", struct.pack("<I", bits))[0]

    def string(self, depth: int) -> Type:
        return Type("string", 16, 8, lambda n: self.text())

    def text(self) -> object:
        raw = self.rng.choice(
            [
                b"",
                "Gö – 世界 🦫".encode(),
                bytes(self.rng.getrandbits(8) for _ in range(self.rng.randint(1, 40))),
            ]
        )
        try:
            return raw.decode()
        except UnicodeDecodeError:
            return raw

    def named(self, depth: int) -> Type:
        return self.declare(self.rng.choice([self.basic, self.string])(depth))

    def declare(self, kind: Type) -> Type:
        name = f"n{len(self.declarations)}"
        self.declarations.append(f"type {name} {kind.text}")
        return Type(name, kind.size, kind.align, kind.make, kind.is_key, kind.takes)

    def slice(self, depth: int) -> Type:
        element = self.type(depth)
        return Type(f"[]{element.text}", 24, 8, lambda n: self.items(element, n), is_key=False)

    def items(self, element: Type, n: int) -> object:
        if self.rng.random() < 0.2:
            return None
        return [element.make(n - 1) for _ in range(self.rng.randint(0, 3 if n > 0 else 0))]

    def array(self, depth: int) -> Type:
        element, length = self.type(depth), self.rng.choice([0, 1, 1, 2, 3])
        return Type(
            f"[{length}]{element.text}",
            element.size * length,
            element.align,
            lambda n: [element.make(n - 1) for _ in range(length)],
            element.is_key,
        )

    def struct(self, depth: int) -> Type:
        """Named fields, blank ones, embedded ones, and one of no size at the end."""
        members: list[tuple[str, str, Type]] = []  # name in Python, text in Go, type
        for index in range(self.rng.randint(0, 5)):
            kind, name = self.type(depth), f"f{index}"
            form = self.rng.random()
            if form < 0.15:
                members.append(("_", f"_ {kind.text}", kind))
            elif form < 0.3 and not kind.text.startswith(("*", "n")):
                kind = self.declare(kind)
                members.append((kind.text, kind.text, kind))
            else:
                members.append((name, f"{name} {kind.text}", kind))
        if self.rng.random() < 0.1:
            members.append(("end", "end struct{}", Type("struct{}", 0, 1, lambda n: {})))
        offset = 0
        for _, _, kind in members:
            offset = -(-offset // kind.align) * kind.align + kind.size
        align = max((kind.align for _, _, kind in members), default=1)
        if members and members[-1][2].size == 0 and offset:
            offset += 1
        text = f"struct {{ {'; '.join(text for _, text, _ in members)} }}"
        kind = Type(
            text,
            -(-offset // align) * align,
            align,
            lambda n: {name: kind.make(n - 1) for name, _, kind in members if name != "_"},
            all(kind.is_key and name != "_" for name, _, kind in members),
        )
        return self.declare(kind) if self.rng.random() < 0.5 else kind

    def pointer(self, depth: int) -> Type:
        element = self.type(depth)
        return Type(
            f"*{element.text}",
            8,
            8,
            lambda n: None if n <= 0 or self.rng.random() < 0.2 else Pointer(element.make(n - 1)),
            is_key=False,
        )

    def node(self, depth: int) -> Type:
        """A type that leads to itself; its values may be circles."""
        inner = self.type(depth)
        name = f"n{len(self.declarations)}"
        self.declarations.append(f"type {name} struct {{ v {inner.text}; next *{name}; kids []{name} }}")

        def make(n: int) -> object:
            kids = [{"v": inner.make(n - 1), "next": None, "kids": None}] if n > 0 else []
            value: dict[str, object] = {"v": inner.make(n - 1), "next": None, "kids": kids}
            if n > 0:
                value["next"] = Pointer(make(n - 1))
            return value

        def ring(n: int) -> object:
            nodes = [Pointer(make(0)) for _ in range(self.rng.randint(1, 4))]
            for one, other in zip(nodes, [*nodes[1:], nodes[0]], strict=True):
                one.value["next"] = other  # type: ignore[index]
            return nodes[0]

        if self.rng.random() < 0.5:
            return Type(f"*{name}", 8, 8, ring, is_key=False)
        size = -(-inner.size // 8) * 8 + 32
        return Type(name, size, 8, make, is_key=False)

    def nil(self, depth: int) -> Type:
        """What can only be passed as nil, or as an address."""
        key = self.rng.choice(["string", "int8", "[2]bool"])
        text, size, make = self.rng.choice(
            [
                (f"map[{key}]{self.type(depth).text}", 8, lambda n: None),
                ("any", 16, lambda n: None),
                ("error", 16, lambda n: None),
                (f"func({self.type(depth).text}) error", 8, lambda n: None),
                (f"chan {self.type(depth).text}", 8, lambda n: None),
                ("uintptr", 8, lambda n: self.rng.getrandbits(64)),
            ]
        )
        return Type(text, size, 8, make, is_key=False)


@dataclass
class Counts:
    """What was compared."""

    types: int = 0
    internal: int = 0
    abi0: int = 0
    boxed: int = 0
    maps: int = 0
    wrong: int = 0

    def __str__(self) -> str:
        return (
            f"values: {self.types} types; {self.internal} values through ABIInternal, {self.abi0} through "
            f"ABI0, {self.boxed} boxed as any, {self.maps} maps; {self.wrong} came back changed"
        )


def compare(count: int, seed: int) -> Counts:
    """Send values of `count` random types through their functions."""
    rng, counts = random.Random(seed), Counts()
    for start in range(0, count, TYPES_A_PROGRAM):
        maker = Maker(rng)
        kinds = [maker.type(4) for _ in range(min(TYPES_A_PROGRAM, count - start))]
        _compare(rng, kinds, maker.declarations, counts)
    return counts


def _compare(rng: random.Random, kinds: list[Type], declarations: list[str], counts: Counts) -> None:
    program = underglass.build(_go(kinds, declarations), _assembly(kinds))
    for number, kind in enumerate(kinds):
        counts.types += 1
        for _ in range(VALUES_A_TYPE):
            value = kind.make(4)
            _check(counts, kind, value, program.call(f"f{number}", value))
            counts.internal += 1
            if _in_assembly(number, kind):
                _check(counts, kind, value, program.call(f"a{number}", value, abi="ABI0"))
                counts.abi0 += 1
        if number % 4 == 0:
            value = kind.make(4)
            back = program.call(f"b{number}", value)
            wanted = Dynamic(back.type, value) if isinstance(back, Dynamic) else None
            _check(counts, kind, None if kind.text in ("any", "error") else wanted, back)
            counts.boxed += 1
        if kind.is_key:
            values = [kind.make(4) for _ in range(rng.choice([0, 1, 8, 30]))]
            back = program.call(f"m{number}", values)
            keys = list(back) if isinstance(back, dict) else [key for key, _ in back]
            found = dict(back)[keys[0]] if isinstance(back, dict) and keys else 0
            _check(counts, kind, _unique(values), _unique(keys))
            _check(counts, kind, len(_unique(values)), len(keys))
            assert found < max(len(values), 1)
            counts.maps += 1


def _check(counts: Counts, kind: Type, sent: object, back: object) -> None:
    if not same(sent, back):
        counts.wrong += 1
        print(f"{kind.text}: sent {sent!r}, got {back!r}", file=sys.stderr)


def _unique(values: list[object]) -> list[str]:
    return sorted({repr(value) for value in values})


def _go(kinds: list[Type], declarations: list[str]) -> str:
    lines = ["package main", *declarations]
    for number, kind in enumerate(kinds):
        lines.append(f"//go:noinline\nfunc f{number}(p {kind.text}) {kind.text} {{ return p }}")
        if _in_assembly(number, kind):
            lines.append(f"func a{number}(p {kind.text}) {kind.text}")
        if number % 4 == 0:
            lines.append(f"//go:noinline\nfunc b{number}(p {kind.text}) any {{ return p }}")
        if kind.is_key:
            lines.append(
                f"func m{number}(keys []{kind.text}) map[{kind.text}]int {{ m := map[{kind.text}]int{{}}; "
                "for i, k := range keys { m[k] = i }; return m }"
            )
    return "\n".join([*lines, "func main() {}\n"])


def _in_assembly(number: int, kind: Type) -> bool:
    """Every third; the wrapper, which is NOSPLIT, has no room for a larger argument and result."""
    return number % 3 == 0 and kind.size <= 256


def _assembly(kinds: list[Type]) -> str:
    """Copies of the argument's bytes to the result, which begins at the next whole word."""
    lines = []
    for number, kind in enumerate(kinds):
        if not _in_assembly(number, kind):
            continue
        size = kind.size
        result = -(-size // 8) * 8
        lines += [
            f"TEXT ·a{number}(SB), 4, $0-{2 * result}",  # NOSPLIT
            "\tLEAQ p+0(FP), SI",
            f"\tLEAQ ret+{result}(FP), DI",
            f"\tMOVQ ${size}, CX",
            "\tCLD\n\tREP; MOVSB\n\tRET\n",
        ]
    return "\n".join(lines)


def same(sent: object, back: object) -> bool:
    """Whether two values are alike bit by bit, circles of pointers included."""
    waiting, met = [(sent, back)], set()
    while waiting:
        a, b = waiting.pop()
        if type(a) is not type(b):
            return False
        if isinstance(a, Pointer):
            if (id(a), id(b)) not in met:
                met.add((id(a), id(b)))
                waiting.append((a.value, b.value))
        elif isinstance(a, Dynamic):
            waiting.append((a.value, b.value))
        elif isinstance(a, dict):
            if list(a) != list(b):
                return False
            waiting += zip(a.values(), b.values(), strict=True)
        elif isinstance(a, list):
            if len(a) != len(b):
                return False
            waiting += zip(a, b, strict=True)
        elif isinstance(a, complex):
            waiting += [(a.real, b.real), (a.imag, b.imag)]
        elif struct.pack("<d", a) != struct.pack("<d", b) if isinstance(a, float) else a != b:
            return False
    return True


if __name__ == "__main__":
    if len(sys.argv) != 3 or not all(word.isdigit() for word in sys.argv[1:]):
        sys.exit(__doc__)
    result = compare(int(sys.argv[1]), int(sys.argv[2]))
    print(result)
    sys.exit(result.wrong > 0)

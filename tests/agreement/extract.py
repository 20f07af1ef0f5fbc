"""Extracted functions beside the compiled ones: on seeded random inputs both return the same.

    python tests/agreement/extract.py [--quick]

Part 1: every function of extract_corpus.go is extracted or refused; those extracted are vetted, built into
one program with the originals, and called through reflect on the same random arguments, in the machine:
results, what the arguments point to, and the words of a panic must be equal. Part 2: every function of the
packages below, as compiled into a program that imports them: extracted (and assembled) or refused with a
reason; exported ones that need nothing else of their package are compared with the originals, too.
Prints the counts; exits 1 on a disagreement.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from underglass.analysis.extract import CannotExtract, Extraction, extract
from underglass.goprogram import build
from underglass.machine import Limits
from underglass.program import Function, Program
from underglass.toolchain import Source, find_go, vet

HERE = Path(__file__).parent
CORPUS = HERE / "extract_corpus.go"
PACKAGES = ("math", "math/bits", "sort", "strconv", "internal/strconv", "strings", "unicode", "unicode/utf8",
            "unicode/utf16", "hash/crc32", "container/heap")  # fmt: skip
ENDLESS = ("ack",)  # called by others with small arguments; on random ones it does not end
HARNESS = """\
package main

import (
	"fmt"
	"math"
	"math/rand"
	"reflect"
	"runtime/debug"
	"strings"
	"unsafe"
)

var edges = []uint64{0, 1, 2, 3, 7, 8, 31, 63, 64, 127, 128, 255, 256,
	1<<31 - 1, 1 << 31, 1<<32 - 1, 1 << 63, 1<<64 - 1}
var floats = []float64{0, math.Copysign(0, -1), 1, -1, 0.5, math.Inf(1), math.Inf(-1), math.NaN(), 1e300,
	-1e-300}

func number(r *rand.Rand) uint64 {
	switch r.Intn(3) {
	case 0:
		return edges[r.Intn(len(edges))]
	case 1:
		return uint64(r.Intn(24)) - 4
	}
	return r.Uint64()
}

func fill(v reflect.Value, r *rand.Rand, depth int) {
	v = reflect.NewAt(v.Type(), unsafe.Pointer(v.UnsafeAddr())).Elem()
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(r.Intn(2) == 0)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(int64(number(r)))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		v.SetUint(number(r))
	case reflect.Float32, reflect.Float64:
		if r.Intn(3) == 0 {
			v.SetFloat(floats[r.Intn(len(floats))])
		} else {
			v.SetFloat((r.Float64() - 0.5) * math.Pow(10, float64(r.Intn(20)-5)))
		}
	case reflect.Complex64, reflect.Complex128:
		v.SetComplex(complex(r.NormFloat64(), r.NormFloat64()))
	case reflect.String:
		words := []string{"yes", "a rather long affirmative answer", "", "no", "é世界", "\\xff\\xfe", "12345",
			"-0x1p3"}
		if r.Intn(2) == 0 {
			v.SetString(words[r.Intn(len(words))])
		} else {
			text := make([]byte, r.Intn(20))
			for i := range text {
				text[i] = byte(r.Intn(200) + 32)
			}
			v.SetString(string(text))
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), r.Intn(9), 12))
		for i := range v.Len() {
			fill(v.Index(i), r, depth)
		}
	case reflect.Array:
		for i := range v.Len() {
			fill(v.Index(i), r, depth)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), r, depth)
		}
	case reflect.Pointer:
		if depth < 5 && r.Intn(5) > 0 {
			v.Set(reflect.New(v.Type().Elem()))
			fill(v.Elem(), r, depth+1)
		}
	}
}

func show(b *strings.Builder, v reflect.Value, depth int) {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() || depth > 7 {
			b.WriteString("nil ")
			return
		}
		b.WriteString("&")
		show(b, v.Elem(), depth+1)
	case reflect.Slice, reflect.Array:
		fmt.Fprintf(b, "[%d ", v.Len())
		for i := range v.Len() {
			show(b, v.Index(i), depth)
		}
		b.WriteString("]")
	case reflect.Struct:
		b.WriteString("{")
		for i := range v.NumField() {
			show(b, v.Field(i), depth)
		}
		b.WriteString("}")
	case reflect.Float32, reflect.Float64:
		fmt.Fprintf(b, "%x ", math.Float64bits(v.Float()))
	default:
		fmt.Fprintf(b, "%v ", v)
	}
}

func outcome(f reflect.Value, seed int64) (told string) {
	r := rand.New(rand.NewSource(seed))
	arguments := make([]reflect.Value, f.Type().NumIn())
	for i := range arguments {
		arguments[i] = reflect.New(f.Type().In(i)).Elem()
		fill(arguments[i], r, 0)
	}
	defer func() {
		if x := recover(); x != nil {
			told = fmt.Sprint("panic: ", x)
		}
	}()
	call := f.Call
	if f.Type().IsVariadic() {
		call = f.CallSlice
	}
	var b strings.Builder
	for _, v := range append(call(arguments), arguments...) {
		show(&b, v, 0)
	}
	return b.String()
}

func compare(name string, original, extracted any, rounds int) {
	done := make(chan bool)
	go func() { // on a stack of its own, which has to grow
		wrong, distinct := 0, map[string]bool{}
		for seed := range rounds {
			want := outcome(reflect.ValueOf(original), int64(seed))
			got := outcome(reflect.ValueOf(extracted), int64(seed))
			distinct[want] = true
			if want != got {
				if wrong == 0 {
					fmt.Println("DIFFERS", name, seed, "want", want, "got", got)
				}
				wrong++
			}
		}
		if wrong == 0 {
			fmt.Println("EQUAL", name, len(distinct))
		}
		done <- true
	}()
	<-done
}

func main() {
	debug.SetGCPercent(20)
	pairs()
}
"""


@dataclass
class Tally:
    """What was tried and what became of it."""

    extracted: list[Extraction] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)
    crashes: list[str] = field(default_factory=list)

    @property
    def tried(self) -> int:
        return len(self.extracted) + sum(self.reasons.values()) + len(self.crashes)


def extract_all(program: Program, functions: Iterable[Function], prefix: str = "x_") -> Tally:
    """Extract each function, under a name that can stand beside the original's."""
    tally = Tally()
    wanted = list(functions)
    program.prefetch(wanted)
    for function in wanted:
        package = function.package
        name = prefix + re.sub(r"\W+", "_", function.name[len(package) + 1 :]).strip("_")
        try:
            tally.extracted.append(extract(program, function, name))
        except CannotExtract as refused:
            tally.reasons[refused.reason] += 1
        except Exception as error:  # noqa: BLE001  # a crash is what this looks for
            tally.crashes.append(f"{function.name}: {type(error).__name__}: {error}")
    return tally


def program_of(packages: Iterable[str]) -> str:
    """Go text that refers to every exported function of packages, so that the linker keeps them."""
    imports, uses = [], []
    for path in packages:
        if path.startswith("internal/"):
            continue
        short = path.rpartition("/")[2]
        files = [f for f in (find_go().root / "src" / path).glob("*.go") if not f.name.endswith("_test.go")]
        texts = [f.read_text(encoding="utf-8") for f in files]
        names = {name for text in texts for name in re.findall(r"^func ([A-Z]\w*)\(", text, re.MULTILINE)}
        imports.append(f'import "{path}"')
        uses += [f"\tkeep({short}.{name})" for name in sorted(names)]
    body = "\n".join(uses)
    return "\n".join(
        ["package main", *imports, "//go:noinline\nfunc keep(any) {}", f"func init() {{\n{body}\n}}"]
    )


def own_functions(program: Program, package: str) -> list[Function]:
    """The compiled functions of a package, wrappers left out."""
    return [
        f
        for f in program.functions.values()
        if f.package == package
        and not (f.is_wrapper or f.is_assembly)
        and not re.search(r"\.func\d|underglass|\.init|-fm$|\.\.|main\.main$", f.name)
    ]


def corpus_tally() -> tuple[Program, Tally]:
    program = build(Source("corpus.go", CORPUS.read_text(encoding="utf-8"), "corpus.go")).program
    return program, extract_all(program, own_functions(program, "main"))


def compared(
    held: Iterable[tuple[Extraction, str]], extra: list[Source], rounds: int, package: str = ""
) -> tuple[list[str], list[str]]:
    """Vet, build and run extracted functions beside the originals (Go expressions).

    Args:
        package: where the originals are, if not in `extra`.

    Returns:
        (lines of the run, what vet has to say).
    """
    pairs = list(held)
    calls = "".join(f'\tcompare("{original}", {original}, {e.name}, {rounds})\n' for e, original in pairs)
    imported = f'import "{package}"\n\n' if package else ""
    sources = [*extra, Source("harness.go", HARNESS, "harness.go")]
    sources.append(Source("pairs.go", f"package main\n\n{imported}func pairs() {{\n{calls}}}\n", "pairs.go"))
    for extraction, _ in pairs:
        sources.append(Source(f"{extraction.name}_asm.s", extraction.assembly, f"{extraction.name}.s"))
        sources.append(Source(f"{extraction.name}_asm.go", extraction.stub, f"{extraction.name}.go"))
    names = {e.name for e, _ in pairs}
    complaints = [str(d) for d in vet(sources) if d.source.rpartition(".")[0] in names]
    limits = Limits(instructions=20_000_000_000, seconds=300.0)
    ran = build(*sources, keep=False).run(limits=limits)
    return ran.stdout.splitlines(), complaints


def compare_corpus(tally: Tally, rounds: int) -> tuple[list[str], list[str]]:
    text = Source("corpus.go", CORPUS.read_text(encoding="utf-8"), "corpus.go")
    pairs = [(e, e.function.name.removeprefix("main.")) for e in tally.extracted]
    return compared([(e, name) for e, name in pairs if name not in ENDLESS], [text], rounds)


def compare_package(package: str, tally: Tally, rounds: int) -> tuple[list[str], list[str]]:
    """Those exported functions that name nothing of their package's own, moved into package main."""
    short = package.rpartition("/")[2]
    pairs = []
    for extraction in tally.extracted:
        name = extraction.function.name[len(package) + 1 :]
        stub = extraction.stub.replace(f"package {short}\n", "package main\n", 1)
        if (
            re.fullmatch(r"[A-Z]\w*", name)
            and not extraction.needs
            and name not in stub.replace(extraction.name, "")
        ):
            pairs.append((replace(extraction, stub=stub), f"{short}.{name}"))
    if not pairs or "internal" in package:
        return [], []
    return compared(pairs, [], rounds, package)


def report(title: str, tally: Tally, lines: list[str], complaints: list[str]) -> int:
    equal = sum(line.startswith("EQUAL") for line in lines)
    differ = [line for line in lines if not line.startswith("EQUAL")]
    reasons = "; ".join(f"{count} {reason}" for reason, count in tally.reasons.most_common())
    print(
        f"extract {title}: {tally.tried} functions tried, {len(tally.extracted)} extracted, "
        f"{equal} compared equal, {len(differ)} differ, {len(complaints)} complaints of vet, "
        f"{len(tally.crashes)} crashes"
    )
    written = sum(e.instructions for e in tally.extracted)
    same = sum(e.as_compiled for e in tally.extracted)
    raw = sum(len(re.findall(r"^\tBYTE", e.assembly, re.MULTILINE)) for e in tally.extracted)
    print(f"  {written} instructions, {same} come back as compiled, {raw} of them written as bytes")
    print(f"  refused: {reasons or 'none'}")
    for line in [*differ, *complaints, *tally.crashes][:20]:
        print(f"  {line}", file=sys.stderr)
    return len(differ) + len(complaints) + len(tally.crashes)


def main() -> int:
    rounds = 20 if "--quick" in sys.argv else 200
    _, tally = corpus_tally()
    wrong = report("corpus", tally, *compare_corpus(tally, rounds))
    whole = build(program_of(PACKAGES)).program
    for package in PACKAGES:
        held = extract_all(whole, own_functions(whole, package))
        wrong += report(package, held, *compare_package(package, held, rounds))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

// A line of source found by the address of a call: looked up once, and kept in a map that readers take no lock for.
package main

import (
	"fmt"
	"runtime"
	"sync/atomic"
)

// Line is a place in the source.
type Line struct {
	Function string
	Number   int
}

// lines is replaced as a whole; a map that it held is never written again.
var lines atomic.Pointer[map[uintptr]*Line]

// meanwhile is what happens between a copy and the exchange.
var meanwhile = func() {}

func init() { lines.Store(new(map[uintptr]*Line)) }

// newLine returns the line that calls it.
//
//go:noinline
func newLine() *Line {
	pc := caller()
	if line := (*lines.Load())[pc]; line != nil {
		return line
	}
	return keep(pc, lookUp(pc))
}

// keep adds a line to a copy of the map, until the copy is of the newest one.
func keep(pc uintptr, line *Line) *Line {
	for {
		old := lines.Load()
		if kept := (*old)[pc]; kept != nil {
			return kept
		}
		next := make(map[uintptr]*Line, len(*old)+1)
		for k, v := range *old {
			next[k] = v
		}
		next[pc] = line
		meanwhile()
		if lines.CompareAndSwap(old, &next) {
			return line
		}
	}
}

// lookUp reads the tables: the call is the instruction before a return address.
func lookUp(pc uintptr) *Line {
	return &Line{nameOf(pc - 1), lineOf(pc - 1)}
}

// fromTables is newLine without the map.
//
//go:noinline
func fromTables() *Line { return lookUp(caller()) }

// fromRuntime asks the runtime each time.
//
//go:noinline
func fromRuntime() *Line {
	pc, _, number, _ := runtime.Caller(1)
	return &Line{nameOf(pc), number}
}

//go:noinline
func viaMap() int { return newLine().Number }

//go:noinline
func viaTables() int { return fromTables().Number }

//go:noinline
func viaRuntime() int { return fromRuntime().Number }

// firstTwo calls viaMap twice in one run.
func firstTwo() (first, second int) { return viaMap(), viaMap() }

// together has many goroutines keep many lines, each giving way with its copy in hand, and returns how many are kept.
func together(goroutines, each int) int {
	lines.Store(new(map[uintptr]*Line))
	meanwhile = runtime.Gosched
	done := make(chan bool)
	for i := range goroutines {
		go func() {
			for j := range each {
				keep(uintptr(i*each+j+1), new(Line))
			}
			done <- true
		}()
	}
	for range goroutines {
		<-done
	}
	return len(*lines.Load())
}

func main() {
	a, b := newLine(), newLine()
	fmt.Println(*a, a.Number == b.Number, a == b, len(*lines.Load()))
	fmt.Println(viaMap() == viaMap(), viaTables() > 0, viaRuntime() > 0, together(4, 8))
}

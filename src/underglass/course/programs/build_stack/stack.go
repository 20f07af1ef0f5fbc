// Two ways to list the callers: by the chain of saved BPs, and by the runtime's tables.
package main

import (
	"fmt"
	"runtime"
	"strings"
)

// buildStack fills s with return addresses, and returns how many there are. The first is its caller's.
func buildStack(s []uintptr) int

var (
	found [16]uintptr // what both ways write to
	count int
)

//go:noinline
func byBP() { count = buildStack(found[:]) }

//go:noinline
func byTable() { count = runtime.Callers(2, found[:]) }

// outer, middle and inner are one function when they run: two of them are inlined.
//
//go:noinline
func outer(walk func()) { middle(walk) }

func middle(walk func()) { inner(walk) }

func inner(walk func()) { walk() }

func walkBP()    { outer(byBP) }
func walkTable() { outer(byTable) }

// lessBP and lessTable walk through a function in assembly that has no frame.
//
//go:noinline
func lessBP() { bareBP() }

//go:noinline
func lessTable() { bareTable() }

func bareBP()
func bareTable()

// perAddress names the one function that FuncForPC gives for each address.
func perAddress() string {
	var all []string
	for _, pc := range found[:count] {
		all = append(all, short(runtime.FuncForPC(pc-1).Name()))
	}
	return strings.Join(all, " ")
}

// perFrame names the functions that CallersFrames gives.
func perFrame() string {
	var all []string
	for frames := runtime.CallersFrames(found[:count]); ; {
		frame, more := frames.Next()
		all = append(all, short(frame.Function))
		if !more {
			return strings.Join(all, " ")
		}
	}
}

func short(name string) string { return strings.TrimPrefix(name, "main.") }

func main() {
	for _, walk := range []func(){walkBP, walkTable, lessBP, lessTable} {
		walk()
		fmt.Println(count)
		fmt.Println(perAddress())
		fmt.Println(perFrame())
	}
}

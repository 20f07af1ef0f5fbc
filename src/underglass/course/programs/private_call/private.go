// Functions, a type and a variable that their packages keep to themselves, reached by linkname and by assembly.
// Since Go 1.23 it links with -checklinkname=0 only.
package main

import (
	"fmt"
	"sort"
	_ "unsafe"
)

// lessSwap is a copy of sort's private type: same fields, same order.
type lessSwap struct {
	Less func(i, j int) bool
	Swap func(i, j int)
}

//go:linkname insertionSort sort.insertionSort_func
func insertionSort(data lessSwap, a, b int)

//go:linkname systemstack runtime.systemstack
func systemstack(f func())

var things = []int{5, 4, 3, 2, 1}

func main() {
	sort.Ints(nil) // links package sort
	sortMiddle()
	fmt.Println(things, goroutines() > 0)
	fmt.Println(onSystemStack())
}

// sortMiddle sorts all but the first and the last, by the function that assembly calls.
func sortMiddle() {
	less := func(i, j int) bool { return things[i] < things[j] }
	swap := func(i, j int) { things[i], things[j] = things[j], things[i] }
	sortPart(lessSwap{less, swap}, 1, len(things)-1)
}

// offset and the next two are where g and m have the fields that system.s reads.
var (
	offset  = offsetOf("*runtime.g", "goid")
	mOfG    = offsetOf("*runtime.g", "m")
	curgOfM = offsetOf("*runtime.m", "curg")
)

var here, user int64

// onSystemStack reads both numbers where the runtime's own code runs, on g0.
func onSystemStack() (onG0, curg int64) {
	systemstack(readBoth)
	return here, user
}

func readBoth() { here, user = goid(), curgid() }

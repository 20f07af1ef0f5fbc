package main

import "runtime"

// here returns its own return address: where it was called.
func here() uintptr

// caller returns the return address of the function that calls it: where that one was called.
func caller() uintptr

// nameOf returns the function that an address belongs to.
func nameOf(pc uintptr) string { return runtime.FuncForPC(pc).Name() }

// lineOf returns the line that an address belongs to.
func lineOf(pc uintptr) int {
	_, line := runtime.FuncForPC(pc).FileLine(pc)
	return line
}

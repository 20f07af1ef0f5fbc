// What Go makes of processor faults: each is recovered and printed.
package main

import (
	"errors"
	"fmt"
	"runtime"
)

func try(name string, f func()) {
	defer func() {
		r := recover()
		var err runtime.Error
		fmt.Println(name, errors.As(r.(error), &err), r)
	}()
	f()
}

var zero = 0

func main() {
	var list []int
	var table map[string]int
	var object any = "text"
	try("nil", func() { _ = *(*int)(nil) })
	try("far", func() { var p *[1 << 20]int; _ = p[5000] })
	try("divide", func() { fmt.Println(1 / zero) })
	try("index", func() { _ = list[zero] })
	try("map", func() { table["a"] = 1 })
	try("type", func() { _ = object.(int) })
}

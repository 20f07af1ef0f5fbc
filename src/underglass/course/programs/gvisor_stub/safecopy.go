// A model of gVisor's pkg/safecopy (commit 1084106): a load that reports a fault and does not end the program.
package main

import (
	"os"
	"reflect"
	"runtime"
	"syscall"
	"unsafe"
)

// handler takes a fault for its own if it happened between begin and end; else it goes on at former.
var begin, end, former uintptr

func main() {
	signal := byGo
	if len(os.Args) > 1 && os.Args[1] == "stub" {
		signal = byStub
	}
	println("load reports signal", signal())
}

func byGo() int64 {
	guard(reflect.ValueOf(load).Pointer())
	return attempt(closedPage())
}

func byStub() int64 {
	guard(addrOfLoad())
	return attempt(closedPage())
}

//go:noinline
func attempt(page uintptr) int64 {
	_, signal := load(page)
	return signal
}

func guard(first uintptr) {
	begin, end = first, endOf(first)
	var action struct{ handler, flags, restorer, mask uintptr }
	at := uintptr(unsafe.Pointer(&action))
	syscall.RawSyscall6(syscall.SYS_RT_SIGACTION, uintptr(syscall.SIGSEGV), 0, at, 8, 0, 0)
	former, action.handler = action.handler, addrOfHandler()
	syscall.RawSyscall6(syscall.SYS_RT_SIGACTION, uintptr(syscall.SIGSEGV), at, 0, 8, 0, 0)
}

// endOf returns where the function that holds an address ends.
func endOf(first uintptr) uintptr {
	last := first
	for runtime.FuncForPC(last) == runtime.FuncForPC(first) {
		last++
	}
	return last
}

// closedPage returns the address of a page that may not be read.
func closedPage() uintptr {
	page, _, _ := syscall.RawSyscall6(syscall.SYS_MMAP, 0, 4096, syscall.PROT_NONE,
		syscall.MAP_ANON|syscall.MAP_PRIVATE, 0, 0)
	return page
}

// A model of gVisor's ptrace platform: a function's text, copied to a mapping of its own and run there.
package main

import (
	"reflect"
	"syscall"
	"unsafe"
)

func copyByGo(x int64) int64 {
	return callAt(copied(reflect.ValueOf(triple).Pointer()), x)
}

func copyByStub(x int64) int64 {
	return callAt(copied(addrOfTriple()), x)
}

// copied copies the text of the function at first to a new page, and returns the page.
func copied(first uintptr) uintptr {
	size := endOf(first) - first
	page, _, _ := syscall.RawSyscall6(syscall.SYS_MMAP, 0, 4096,
		syscall.PROT_READ|syscall.PROT_WRITE,
		syscall.MAP_ANON|syscall.MAP_PRIVATE, 0, 0)
	to := unsafe.Slice((*byte)(unsafe.Pointer(page)), size)
	from := unsafe.Slice((*byte)(unsafe.Pointer(first)), size)
	copy(to, from)
	syscall.RawSyscall(syscall.SYS_MPROTECT, page, 4096,
		syscall.PROT_READ|syscall.PROT_EXEC)
	return page
}

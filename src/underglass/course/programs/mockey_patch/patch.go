// A model of what bytedance/mockey v1.4.4 does to a function: its entry becomes a jump to another one.
package main

import (
	"os"
	"reflect"
	"syscall"
	"unsafe"
)

// Patch says what was overwritten, and where the code went that stood there.
type Patch struct {
	target, proxy uintptr
	old           []byte
}

// patch makes target jump to hook, and proxy a function that does what target did.
func patch(target, hook any, proxy *func(int64) int64) *Patch {
	p := begin(target, proxy)
	write(p.target, jumpInto(funcValue(hook)))
	return p
}

// begin does all of it but the last step: after it the proxy runs, and the target is what it was.
func begin(target any, proxy *func(int64) int64) *Patch {
	at := reflect.ValueOf(target).Pointer()
	cut := cutAt(at, branchSize)
	p := &Patch{target: at, proxy: newPage(), old: append([]byte(nil), textAt(at, cut)...)}
	code := append(append([]byte(nil), p.old...), jumpTo(at+cut)...)
	copy(textAt(p.proxy, pageSize), code)
	syscall.RawSyscall(syscall.SYS_MPROTECT, p.proxy, pageSize, protRX)
	*(*unsafe.Pointer)(unsafe.Pointer(proxy)) = unsafe.Pointer(&p.proxy)
	return p
}

// unpatch puts back what was there.
func (p *Patch) unpatch() { write(p.target, p.old) }

// write copies code over the program's text while no other goroutine runs.
func write(to uintptr, code []byte) {
	stopped := stopTheWorld(resetDebugLog)
	data, size := unsafe.Pointer(&code[0]), uintptr(len(code))
	replaceCode(to, data, size, syscall.SYS_MPROTECT, protRW, protRX)
	startTheWorld(stopped)
}

func textAt(at, size uintptr) []byte { return unsafe.Slice((*byte)(unsafe.Pointer(at)), size) }

func newPage() uintptr {
	page, _, _ := syscall.RawSyscall6(syscall.SYS_MMAP, 0, pageSize, protRW,
		syscall.MAP_ANON|syscall.MAP_PRIVATE, 0, 0)
	return page
}

// funcValue returns the word that a func value is: where its code's address lies.
func funcValue(f any) uintptr { return (*[2]uintptr)(unsafe.Pointer(&f))[1] }

const (
	pageSize = 4096
	protRW   = syscall.PROT_READ | syscall.PROT_WRITE
	protRX   = syscall.PROT_READ | syscall.PROT_EXEC
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == "deep" {
		println(deep())
		return
	}
	println(price(40), patched(40), price(40))
}

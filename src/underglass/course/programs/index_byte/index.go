// The first place of a byte in a slice: a loop in Go, three steps in assembly, and the library's function.
package main

import (
	"bytes"
	"syscall"
)

const page = 4096

func main() {
	wrong := 0
	for n := 0; n < 70; n++ {
		b := atPageEnd(n)
		for at := -1; at < n; at++ {
			clear(b)
			if at >= 0 {
				b[at] = 7
			}
			for _, find := range []func([]byte, byte) int{indexGo, indexLoop, indexChunks, index, bytes.IndexByte} {
				if find(b, 7) != at {
					wrong++
				}
			}
		}
	}
	println("lengths 0 to 69 at the end of a page:", wrong, "wrong")
}

var room = twoPages()

// twoPages returns two pages in a row, the second of which may not be touched.
func twoPages() []byte {
	const access = syscall.PROT_READ | syscall.PROT_WRITE
	const kind = syscall.MAP_ANON | syscall.MAP_PRIVATE
	mapped, err := syscall.Mmap(-1, 0, 2*page, access, kind)
	if err == nil {
		err = syscall.Mprotect(mapped[page:], syscall.PROT_NONE)
	}
	if err != nil {
		panic(err)
	}
	return mapped
}

// atPageEnd returns n bytes whose last one is the last of its page.
func atPageEnd(n int) []byte { return room[page-n : page : page] }

func indexGo(b []byte, c byte) int {
	for i, held := range b {
		if held == c {
			return i
		}
	}
	return -1
}

func indexStd(b []byte, c byte) int { return bytes.IndexByte(b, c) }

// At the end of a page: one reads 16 bytes of a shorter slice, the other asks first.
func greedyAtEnd(n int) int  { return find16(atPageEnd(n), 0) }
func carefulAtEnd(n int) int { return index(atPageEnd(n), 0) }

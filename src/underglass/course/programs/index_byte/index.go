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

// atPageEnd returns n bytes whose last one is the last of its page. The page behind may not be touched.
func atPageEnd(n int) []byte {
	if room == nil {
		mapped, err := syscall.Mmap(-1, 0, 2*page, syscall.PROT_READ|syscall.PROT_WRITE,
			syscall.MAP_ANON|syscall.MAP_PRIVATE)
		if err == nil {
			err = syscall.Mprotect(mapped[page:], syscall.PROT_NONE)
		}
		if err != nil {
			panic(err)
		}
		room = mapped
	}
	return room[page-n : page : page]
}

var room []byte

func indexGo(b []byte, c byte) int {
	for i, held := range b {
		if held == c {
			return i
		}
	}
	return -1
}

func indexStd(b []byte, c byte) int { return bytes.IndexByte(b, c) }

// hitsGo adds up the places of a byte in one loop, and hitsStd asks the library for one after the other.
func hitsGo(b []byte, c byte) (sum int) {
	for i, held := range b {
		if held == c {
			sum += i
		}
	}
	return sum
}

func hitsStd(b []byte, c byte) (sum int) {
	for at := 0; ; at++ {
		next := bytes.IndexByte(b[at:], c)
		if next < 0 {
			return sum
		}
		at += next
		sum += at
	}
}

// At the end of a page: one reads 16 bytes of a shorter slice, the other asks first.
func greedyAtEnd(n int) int { return find16(atPageEnd(n), 0) }
func carefulAtEnd(n int) int { return index(atPageEnd(n), 7) }

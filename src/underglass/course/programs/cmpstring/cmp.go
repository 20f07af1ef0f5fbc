// Two strings in order: byte by byte in Go, 16 bytes at a time in assembly, and as the runtime does it.
package main

import (
	"bytes"
	"strings"
)

// words differ in the first byte, in the last, in length alone, and beyond the sign of a byte.
var words = []string{
	"", "a", "b", "ab", "abc", "Go", "go", "gopher", "gophers", "\x7f", "\x80", "goph\x80rs",
	"sixteen bytes...", "sixteen bytes..?", "sixteen bytes...and more", "sixteen bytes...and some",
	"a string that is longer than two chunks are", "a string that is longer than two chunks arE",
}

func main() {
	wrong := 0
	for _, a := range words {
		for _, b := range words {
			want := inGo(a, b)
			if order(a, b) != want || byRuntime(a, b) != want || slices([]byte(a), []byte(b)) != want {
				println("they differ over", a, b)
				wrong++
			}
		}
	}
	println(len(words)*len(words), "pairs,", wrong, "wrong")
}

// inGo compares the bytes in turn; where one string is the beginning of the other, the longer one is greater.
func inGo(a, b string) int {
	for i := 0; i < len(a) && i < len(b); i++ {
		if a[i] != b[i] {
			if a[i] < b[i] {
				return -1
			}
			return 1
		}
	}
	switch {
	case len(a) < len(b):
		return -1
	case len(a) > len(b):
		return 1
	}
	return 0
}

func byRuntime(a, b string) int { return strings.Compare(a, b) }

func less(a, b string) bool { return a < b }

func slices(a, b []byte) int { return bytes.Compare(a, b) }

// The number of the P that the goroutine runs on: read through g, and held by procPin.
package main

import (
	"os"
	"runtime"
	_ "unsafe"
)

// Where g has its m, m its p and its count of locks, and p its number.
var (
	mOfG   = offsetOf("*runtime.g", "m")
	pOfM   = offsetOf("*runtime.m", "p")
	lockOf = offsetOf("*runtime.m", "locks")
	idOfP  = offsetOf("*runtime.p", "id")
)

//go:linkname procPin runtime.procPin
func procPin() int

//go:linkname procUnpin runtime.procUnpin
func procUnpin()

func main() {
	switch os.Args[len(os.Args)-1] {
	case "block":
		blockPinned()
	case "roam":
		println(roam(50))
	default:
		id, same, before, inside, after := pinned()
		println(id, same, inside-before, after-before)
	}
}

// pinned reads the P and the m's locks before, between and behind procPin and procUnpin.
func pinned() (id int, same bool, before, inside, after int32) {
	before = locks()
	id = procPin()
	inside = locks()
	same = pid() == int32(id)
	procUnpin()
	return id, same, before, inside, locks()
}

// blockPinned waits while it is pinned: the scheduler ends the program.
func blockPinned() {
	answer := make(chan int)
	procPin()
	go func() { answer <- 1 }()
	<-answer
	procUnpin()
}

// roam notes its P, lets others run n times, and returns the first P, the last, and how often it changed.
func roam(n int) (first, last int32, moves int) {
	runtime.GOMAXPROCS(2)
	for range 3 {
		go busy()
	}
	first = pid()
	last = first
	for range n {
		runtime.Gosched()
		if now := pid(); now != last {
			last = now
			moves++
		}
	}
	return first, last, moves
}

var sum int

func busy() {
	for {
		for i := range 20000 {
			sum += i
		}
		runtime.Gosched()
	}
}

package main

import (
	"fmt"
	"runtime"
)

//go:noinline
func seven() int { return 7 }

// local returns a local that is assigned between newTag and try.
func local() int {
	n := 0
	t, err := newTag()
	if err != nil {
		return n
	}
	n = seven()
	try(t, errNo)
	return n
}

// shared is local, and others may know where its n is.
func shared() int {
	n := 0
	see(&n)
	t, err := newTag()
	if err != nil {
		return n
	}
	n = seven()
	try(t, errNo)
	return n
}

//go:noinline
func see(n *int) { seen = n }

var seen *int

// swap replaces the return address of the function that calls it, and returns what was there.
func swap(to uintptr) (from uintptr)

// hold runs a function while hold's own return address is 1, puts the address back, and returns.
//
//go:noinline
func hold(during func()) int {
	from := swap(1)
	during()
	swap(from)
	return frames
}

var frames int

func nothing() { frames = 0 }

// ask lists the callers.
func ask() {
	var pcs [16]uintptr
	frames = runtime.Callers(1, pcs[:])
}

// deep needs about 100 bytes of stack a call.
//
//go:noinline
func deep(n int) int {
	var room [8]int
	room[n&7] = n
	if n > 0 {
		return deep(n-1) + room[n&7]
	}
	return room[0]
}

// turn has the collector run while the goroutine that holds waits for its turn.
func turn() {
	done := make(chan bool)
	go func() { runtime.GC(); done <- true }()
	<-done
}

// survives has its stack copied between newTag and try.
func survives() string {
	noted = noted[:0]
	t, err := newTag()
	if err != nil {
		return fmt.Sprint(noted, err)
	}
	deep(1000)
	note(1)
	try(t, errNo)
	return "did not jump"
}

func rest()     { hold(nothing) }
func list() int { return hold(ask) }
func grow()     { hold(func() { deep(1000) }) }
func collect()  { hold(turn) }
func fail()     { hold(func() { panic("lost") }) }

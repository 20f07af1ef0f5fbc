package main

/*
extern int goTenfold(int);

long twiceDirect(long n) { return 2 * n; }
long backDirect(long n) { return goTenfold(n) + 1; }
long deepDirect(long n) {
	volatile long room[2048];
	for (int i = 0; i < 2048; i += 4) room[i] = n;
	return room[0] + room[2044];
}
*/
import "C"

import (
	"runtime"
	"unsafe"
)

// direct calls C on the goroutine's stack: in ABIInternal a fourth integer is in DI, where C has its first.
func direct(c unsafe.Pointer, n int) int {
	code := &struct{ pc unsafe.Pointer }{c}
	f := *(*func(_, _, _ uintptr, n int) int)(unsafe.Pointer(&code))
	return f(0, 0, 0, n)
}

func directTwice(n int) int {
	return direct(C.twiceDirect, n)
}

func directDeep(n int) int {
	return direct(C.deepDirect, n)
}

func directBack(n int) int {
	return direct(C.backDirect, n)
}

func deepViaC(n int) int {
	return int(C.deepDirect(C.long(n)))
}

// neighbours has one goroutine call deep while others wait, and sums up what they find in their own frames. The
// first goroutine to start gets the highest of the small stacks, so that those of the others lie below it.
func neighbours(deep func(int) int) int {
	start, gate, results := make(chan int), make(chan int), make(chan int)
	go func() { results <- deep(<-start) }()
	for i := range 16 {
		go func() {
			kept := i
			results <- kept + <-gate
		}()
	}
	runtime.Gosched()
	start <- 7
	total := <-results
	for range 16 {
		gate <- 0
		total += <-results
	}
	return total
}

func neighboursDirect() int {
	return neighbours(directDeep)
}

func neighboursViaC() int {
	return neighbours(deepViaC)
}

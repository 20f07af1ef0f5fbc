"""The C and Go of test_cgo.py."""

from __future__ import annotations

MAIN = r"""
package main

/*
#cgo CFLAGS: -DFACTOR=2
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern int goTenfold(int);
extern void goPanics(void);
extern void goHears(char *);

typedef struct { int x; double y; } pair;

static int twice(int n) { return FACTOR * n; }
static void hello(const char *s) { printf("C says %s, %d characters\n", s, (int)strlen(s)); fflush(stdout); }
static int fails(int n) { if (n < 0) { errno = EDOM; return -1; } return n; }
static int thereAndBack(int n) { return goTenfold(n) + 1; }
static void throughC(void) { goPanics(); }
static void speak(void) { char words[] = "words of C"; goHears(words); }
static double sum(pair p) { return p.x + p.y; }
static void *work(void *p) { *(int *)p = goTenfold(*(int *)p); return NULL; }
static int onThread(int n) {
	pthread_t t;
	if (pthread_create(&t, NULL, work, &n) != 0) return -1;
	pthread_join(t, NULL);
	return n;
}
static __thread int mine = 5;
static int counted(void) { return ++mine; }
*/
import "C"

import (
	"fmt"
	"os"
	"runtime"
	"unsafe"
)

func viaC(n int) int { return int(C.twice(C.int(n))) }

func viaBoth(n int) int { return int(C.thereAndBack(C.int(n))) }

func length(s string) int {
	c := C.CString(s)
	defer C.free(unsafe.Pointer(c))
	return int(C.strlen(c))
}

func root(x float64) float64 { return float64(C.sqrt(C.double(x))) }

func main() {
	runtime.LockOSThread()
	s := C.CString("a word of Go")
	C.hello(s)
	fmt.Println(C.GoString(s), C.GoStringN(s, 6), C.GoBytes(unsafe.Pointer(s), 3))
	C.free(unsafe.Pointer(s))
	numbers := (*[1 << 10]C.int)(C.malloc(4 << 10))
	numbers[1023] = 7
	numbers = (*[1 << 10]C.int)(C.realloc(unsafe.Pointer(numbers), 1<<20))
	fmt.Println(numbers[1023], C.sum(C.pair{x: 3, y: 0.25}))
	C.free(unsafe.Pointer(numbers))
	_, err := C.fails(-1)
	fmt.Println(err, C.counted(), C.counted())
	runtime.UnlockOSThread()

	C.speak()
	func() {
		defer func() { fmt.Println("recovered:", recover()) }()
		C.throughC()
	}()
	fmt.Println(viaC(21), viaBoth(4), length("four"), root(2), C.onThread(6))
	results := make(chan int)
	for i := range 20 {
		go func() {
			runtime.GC()
			results <- viaBoth(i)
		}()
	}
	total := 0
	for range 20 {
		total += <-results
	}
	fmt.Fprintln(os.Stderr, total)
	C.exit(3)
}
"""

EXPORTS = r"""
package main

import "C"

import "fmt"

//export goTenfold
func goTenfold(n C.int) C.int { return 10 * n }

//export goPanics
func goPanics() { panic("past C") }

//export goHears
func goHears(words *C.char) { fmt.Println("Go hears", C.GoString(words)) }
"""

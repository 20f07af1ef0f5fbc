package main

/*
extern int goTenfold(int);
extern void goPanics(void);

static int twice(int n) { return 2 * n; }
static int thereAndBack(int n) { return goTenfold(n) + 1; }
static void throughC(void) { goPanics(); }
*/
import "C"

func viaC(n int) int {
	return int(C.twice(C.int(n)))
}

func viaBoth(n int) int {
	return int(C.thereAndBack(C.int(n)))
}

func recovers() (said string) {
	defer func() { said = recover().(string) }()
	C.throughC()
	return "no panic"
}

func main() {
	println(viaC(21), viaBoth(4), recovers(), directTwice(21))
}

package main

import "C"

//export goTenfold
func goTenfold(n C.int) C.int {
	return 10 * n
}

//export goPanics
func goPanics() {
	panic("past C")
}

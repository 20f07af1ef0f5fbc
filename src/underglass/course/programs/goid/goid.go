// The number of the goroutine, in three ways: from the text of a traceback, through TLS, and through R14.
package main

import "runtime"

// offset is where g keeps its number; offsetOf asks the running program for it.
var offset = offsetOf("*runtime.g", "goid")

func main() {
	println(fromText(), fromTLS(), fromCaller())
	done := make(chan bool)
	go func() {
		println(fromText() == fromTLS(), fromTLS() == fromCaller(), fromTLS() > 1)
		done <- true
	}()
	<-done
}

// fromText reads the number from "goroutine 1 [running]:", the first words of a traceback.
func fromText() (id int64) {
	var text [64]byte
	n := runtime.Stack(text[:], false)
	for _, c := range text[len("goroutine "):n] {
		if c < '0' || '9' < c {
			break
		}
		id = 10*id + int64(c-'0')
	}
	return id
}

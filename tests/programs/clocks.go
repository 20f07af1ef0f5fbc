// Timers, a ticker, channels, select, a goroutine that spins until it is preempted.
package main

import (
	"fmt"
	"os"
	"sync/atomic"
	"time"
)

func main() {
	started := time.Now()
	time.Sleep(30 * time.Millisecond)
	fmt.Println(time.Since(started) >= 30*time.Millisecond)

	results := make(chan string)
	go func() {
		time.Sleep(5 * time.Millisecond)
		results <- "late"
	}()
	select {
	case <-results:
		fmt.Println("too early")
	case <-time.After(time.Millisecond):
		fmt.Println("timeout")
	}
	fmt.Println(<-results)

	ticker := time.NewTicker(time.Millisecond)
	for range 3 {
		<-ticker.C
	}
	ticker.Stop()

	var done atomic.Bool
	go func() {
		time.Sleep(time.Millisecond)
		done.Store(true)
	}()
	spins := 0
	for !done.Load() {
		spins++
	}
	fmt.Println(spins > 0)
	fmt.Fprintln(os.Stderr, "to stderr")
	os.Exit(3)
}

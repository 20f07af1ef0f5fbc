// Twenty goroutines, a mutex, a map, fmt, sort, deep recursion, seven collections, a recovered nil dereference.
package main

import (
	"fmt"
	"runtime"
	"sort"
	"sync"
)

//go:noinline
func depth(n int) int {
	var pad [8]int
	pad[n%8] = n
	if n == 0 {
		return 0
	}
	return depth(n-1) + 1 + pad[n%8] - n
}

func caught() (message string) {
	defer func() { message = fmt.Sprint(recover()) }()
	var nowhere *int
	*nowhere = 3
	return "not reached"
}

func main() {
	var group sync.WaitGroup
	var mutex sync.Mutex
	sums := map[int]int{}
	for i := range 20 {
		group.Add(1)
		go func() {
			defer group.Done()
			for j := range 50 {
				mutex.Lock()
				sums[i] += j * i
				mutex.Unlock()
				runtime.Gosched()
			}
		}()
	}
	group.Wait()
	keys := []int{}
	for key := range sums {
		keys = append(keys, key)
	}
	sort.Ints(keys)
	for _, key := range keys {
		fmt.Print(key, ":", sums[key], " ")
	}
	fmt.Println()
	fmt.Println(depth(10_000))
	for range 7 {
		runtime.GC()
	}
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	fmt.Println(stats.NumGC >= 7)
	fmt.Println(caught())
}

package main

import (
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"syscall"
	"time"
	"unsafe"
)

//go:noinline
func divide(a, b int) int { return a / b }

func try(name string, f func()) {
	defer func() {
		r := recover()
		if e, ok := r.(runtime.Error); ok {
			fmt.Println(name, e.Error())
		} else {
			fmt.Println(name, r)
		}
	}()
	f()
}

func main() {
	debug.SetPanicOnFault(true)
	try("nil", func() { var p *int; *p = 1 })
	try("divide", func() { divide(1, 0) })
	try("protected", func() {
		page, err := syscall.Mmap(-1, 0, 4096, syscall.PROT_READ, syscall.MAP_ANON|syscall.MAP_PRIVATE)
		if err != nil {
			panic(err)
		}
		defer syscall.Munmap(page)
		defer func() {
			r := recover().(interface{ Addr() uintptr })
			fmt.Println("at the page:", r.Addr() == uintptr(unsafe.Pointer(&page[0])))
		}()
		page[0] = 1
	})

	c := make(chan os.Signal, 8)
	signal.Notify(c, syscall.SIGUSR1, syscall.SIGHUP, syscall.SIGALRM)
	self := syscall.Getpid()
	for _, s := range []syscall.Signal{syscall.SIGUSR1, syscall.SIGHUP} {
		fmt.Println(syscall.Kill(self, s), <-c)
	}
	signal.Ignore(syscall.SIGHUP)
	fmt.Println(syscall.Kill(self, syscall.SIGHUP), signal.Ignored(syscall.SIGHUP))
	fmt.Println(syscall.Kill(self, 0), syscall.Kill(self, 99))
	fmt.Println(syscall.Tgkill(self, 1<<22, syscall.SIGUSR1))

	type itimerval struct{ interval, value syscall.Timeval }
	ticks := itimerval{syscall.Timeval{Usec: 2000}, syscall.Timeval{Usec: 1000}}
	syscall.Syscall(syscall.SYS_SETITIMER, 0, uintptr(unsafe.Pointer(&ticks)), 0)
	for range 3 {
		fmt.Println(<-c)
	}
	syscall.Syscall(syscall.SYS_SETITIMER, 0, uintptr(unsafe.Pointer(&itimerval{})), 0)

	// A read that waits is not ended by a signal: the runtime's handlers have SA_RESTART.
	r, w, _ := os.Pipe()
	var fds [2]int
	syscall.Pipe2(fds[:], 0)
	done := make(chan string)
	go func() {
		b := make([]byte, 4)
		n, err := syscall.Read(fds[0], b)
		done <- fmt.Sprint(n, err, string(b[:n]))
	}()
	time.Sleep(5 * time.Millisecond)
	syscall.Kill(self, syscall.SIGUSR1)
	fmt.Println(<-c)
	syscall.Write(fds[1], []byte("late"))
	fmt.Println(<-done)

	// Deadlines and closed ends.
	r.SetReadDeadline(time.Now().Add(3 * time.Millisecond))
	_, err := r.Read(make([]byte, 1))
	fmt.Println(os.IsTimeout(err))
	w.Close()
	_, err = r.Read(make([]byte, 1))
	fmt.Println(err)
	r2, w2, _ := os.Pipe()
	r2.Close()
	_, err = w2.Write([]byte("x"))
	fmt.Println(err)

	stop := time.After(50 * time.Millisecond)
	busy := make(chan bool)
	go func() {
		for { // no call: only a signal can take this goroutine off the processor
			select {
			case <-busy:
				return
			default:
			}
		}
	}()
	<-stop
	close(busy)
	syscall.Kill(self, syscall.SIGTERM)
	time.Sleep(time.Hour)
}

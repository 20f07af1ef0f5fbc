package main

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"sync"
	"syscall"
	"time"
	"unsafe"
)

type pollfd struct {
	fd      int32
	events  int16
	revents int16
}

func poll(fds []pollfd, timeout int) (int, syscall.Errno) {
	n, _, e := syscall.Syscall(syscall.SYS_POLL, uintptr(unsafe.Pointer(&fds[0])), uintptr(len(fds)), uintptr(timeout))
	return int(n), e
}

func futex(word *uint32, operation, value int, timeout *syscall.Timespec) syscall.Errno {
	_, _, e := syscall.Syscall6(syscall.SYS_FUTEX, uintptr(unsafe.Pointer(word)), uintptr(operation), uintptr(value),
		uintptr(unsafe.Pointer(timeout)), 0, 0xFFFFFFFF)
	return e
}

func main() {
	var p [2]int
	fmt.Println(syscall.Pipe2(p[:], syscall.O_NONBLOCK))
	fds := []pollfd{{int32(p[0]), 1, 0}, {int32(p[1]), 4, 0}, {999, 1, 0}, {-1, 1, 0}}
	fmt.Println(poll(fds, 0))
	fmt.Println(fds[0].revents, fds[1].revents, fds[2].revents, fds[3].revents)
	before := time.Now()
	fmt.Println(poll(fds[:1], 20))
	fmt.Println(time.Since(before) >= 20*time.Millisecond)
	_, err := syscall.Read(p[0], make([]byte, 1))
	fmt.Println(err)
	written := 0
	for {
		n, err := syscall.Write(p[1], make([]byte, 4096))
		if err != nil {
			fmt.Println(written, err)
			break
		}
		written += n
	}

	// Epoll tells an edge once, and the next one again.
	ep, _ := syscall.EpollCreate1(0)
	event := syscall.EpollEvent{Events: syscall.EPOLLIN | 1<<31, Fd: 7}
	var q [2]int
	syscall.Pipe2(q[:], 0)
	fmt.Println(syscall.EpollCtl(ep, syscall.EPOLL_CTL_ADD, q[0], &event))
	fmt.Println(syscall.EpollCtl(ep, syscall.EPOLL_CTL_ADD, q[0], &event))
	got := make([]syscall.EpollEvent, 4)
	for range 2 {
		syscall.Write(q[1], []byte("x"))
		n, err := syscall.EpollWait(ep, got, 0)
		fmt.Println(n, err, got[0].Fd, got[0].Events)
		n, err = syscall.EpollWait(ep, got, 0)
		fmt.Println(n, err)
	}
	syscall.Close(q[1])
	n, err := syscall.EpollWait(ep, got, 0)
	fmt.Println(n, err, got[0].Events)
	fmt.Println(syscall.EpollCtl(ep, syscall.EPOLL_CTL_DEL, 0x7000, nil))

	// Select.
	var set syscall.FdSet
	set.Bits[0] = 1 << p[0]
	n, err = syscall.Select(p[0]+1, &set, nil, nil, &syscall.Timeval{})
	fmt.Println(n, err, set.Bits[0] == 1<<p[0])

	// Futexes with timeouts.
	var word uint32
	runtime.LockOSThread()
	fmt.Println(futex(&word, 0, 1, nil) == syscall.EAGAIN)
	fmt.Println(futex(&word, 0, 0, &syscall.Timespec{Nsec: 1e6}) == syscall.ETIMEDOUT)
	fmt.Println(futex(&word, 9, 0, &syscall.Timespec{Nsec: 1}) == syscall.ETIMEDOUT)
	fmt.Println(futex(&word, 0, 0, &syscall.Timespec{Nsec: -1}) == syscall.EINVAL)

	// A full pipe between goroutines, each on a thread of its own.
	r, w, _ := os.Pipe()
	var wait sync.WaitGroup
	wait.Add(1)
	go func() {
		defer wait.Done()
		runtime.LockOSThread()
		for i := range 100 {
			w.Write(make([]byte, 3000+i))
		}
		w.Close()
	}()
	all, err := io.ReadAll(r)
	fmt.Println(len(all), err)
	wait.Wait()

	// dup, descriptors, and what they stand for.
	d, err := syscall.Dup(q[0])
	fmt.Println(err, syscall.Close(q[0]), syscall.Close(q[0]))
	_, err = syscall.Read(d, make([]byte, 4))
	fmt.Println(err)
	_, _, e := syscall.Syscall(syscall.SYS_FCNTL, uintptr(d), 3, 0)
	fmt.Println(e)
	var limit syscall.Rlimit
	fmt.Println(syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit), limit.Cur > 100)
	var usage syscall.Rusage
	fmt.Println(syscall.Getrusage(0, &usage))
	_, _, e = syscall.Syscall(1000, 0, 0, 0)
	fmt.Println(e)
}

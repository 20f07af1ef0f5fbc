package main

import "unsafe"

const codeSegment, dataSegment = 8, 16

// thread is known to trap.s, which takes the X registers from its first 512 bytes.
type thread struct {
	x       [512]byte // what FXSAVE64 writes; its address is a multiple of 16
	context uintptr   // SP, while another thread runs
	ready   bool
	stack   [256]uintptr
}

// trapFrame is what allTraps and the processor push, from the lowest address.
type trapFrame struct {
	AX, BX, CX, DX, BP, SI, DI           uintptr
	R8, R9, R10, R11, R12, R13, R14, R15 uintptr
	Trapno, Err                          uintptr
	IP, CS, FLAGS, SP, SS                uintptr // pushed by the processor, and popped by IRETQ
}

var (
	threads   [2]thread
	current   *thread
	scheduler uintptr // SP of schedule, while a thread runs
)

// start makes a thread that is about to return from a trap that never was, into f.
//
//go:nosplit
func start(n int, f func(), trapret uintptr) {
	t := &threads[n]
	fxsave(&t.x[0])
	end := uintptr(unsafe.Pointer(&t.stack[len(t.stack)-1])) // the word where f finds a return address
	sp := end - unsafe.Sizeof(trapFrame{})
	frame := (*trapFrame)(unsafe.Pointer(sp))
	frame.IP, frame.CS = funcPC(f), codeSegment
	frame.FLAGS, frame.SP, frame.SS = 2, end, dataSegment
	sp -= 16 // what swtch takes: BP, and where to go
	*(*[2]uintptr)(unsafe.Pointer(sp)) = [2]uintptr{0, trapret}
	t.context, t.ready = sp, true
}

// funcPC returns the code address of a Go function, which no wrapper stands before.
//
//go:nosplit
func funcPC(f func()) uintptr { return **(**uintptr)(unsafe.Pointer(&f)) }

// schedule lets the threads run in turn, until none is ready.
//
//go:nosplit
func schedule() {
	for n := 0; threads[0].ready || threads[1].ready; n = 1 - n {
		if threads[n].ready {
			setCurrent(&threads[n])
			swtch(&scheduler, threads[n].context)
		}
	}
}

// setCurrent stores a pointer without the write barrier, which belongs to the runtime.
//
//go:nosplit
func setCurrent(t *thread) { *(*uintptr)(unsafe.Pointer(&current)) = uintptr(unsafe.Pointer(t)) }

// onTrap is called by allTraps on the stack of the thread that trapped, and returns when it runs again.
//
//go:nosplit
//go:noinline
func onTrap(frame *trapFrame) {
	traps++
	if frame.Trapno != 32 { // 32 is the end of a turn, and anything else that of the thread
		current.ready = false
	}
	if frame.Trapno == 14 {
		faultAt = cr2()
	}
	swtch(&current.context, scheduler)
}

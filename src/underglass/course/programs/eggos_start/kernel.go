// A kernel of two threads, after eggos: its start, its traps, and a scheduler, without Go's runtime.
//
// Each function that runs is marked go:nosplit: the g of this kernel is 0, and a stack check would read it.
package main

import "unsafe"

var (
	magic, info uintptr    // what the boot loader handed over
	tls         [2]uintptr // FS points to its end
	idt         [256]gate  // what the processor does at a trap
	idtr        [5]uint16  // what LIDT reads: 2 bytes of limit, 8 of address
	order       [16]byte   // who ran, in order
	ran         int        // bytes of order
	traps       int
	faultAt     uintptr             // the address of the last page fault
	wild        uintptr = 0xdead000 // where no memory is
)

// gate is an entry of the table that LIDT loads (Intel SDM, volume 3, figure 6-8).
type gate struct {
	low, selector uint16
	stack, kind   uint8
	middle        uint16
	high, zero    uint32
}

func main() {
	println("this program starts on the bare machine, at rt0")
}

//go:nosplit
//go:noinline
func preinit(loader, table uintptr) {
	magic, info = loader, table
	trapret, fault, turn, last := entries()
	setGate(14, fault)
	setGate(32, turn)
	setGate(33, last)
	loadIDT()
	start(0, steady, trapret)
	start(1, faulty, trapret)
	schedule()
}

//go:nosplit
func setGate(vector int, pc uintptr) {
	idt[vector] = gate{
		low: uint16(pc), selector: codeSegment, kind: 0x8e, // present, for interrupts
		middle: uint16(pc >> 16), high: uint32(pc >> 32),
	}
}

//go:nosplit
func loadIDT() {
	at := uintptr(unsafe.Pointer(&idt))
	idtr[0] = uint16(unsafe.Sizeof(idt) - 1)
	for i := 1; i < 5; i++ {
		idtr[i] = uint16(at >> (16 * (i - 1)))
	}
	lidt(&idtr[0])
}

// steady takes three turns.
//
//go:nosplit
func steady() {
	for turn := 0; turn < 3; turn++ {
		note('a')
		yield()
	}
	exit()
}

// faulty takes two, and touches in its second what is not there.
//
//go:nosplit
func faulty() {
	note('b')
	yield()
	note('b')
	*(*byte)(unsafe.Pointer(wild)) = 1
	note('!')
	exit()
}

//go:nosplit
func note(who byte) {
	order[ran&15] = who
	ran++
}

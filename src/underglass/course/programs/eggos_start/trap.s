#include "textflag.h"

// A trap saves all of a thread, calls Go, and restores all of it: the registers in a trap frame on the
// thread's stack, the X registers at the head of its thread record.

// The processor pushes an error code for a page fault, and none for INT.
// func trap14()
TEXT ·trap14(SB), NOSPLIT|NOFRAME, $0-0
	PUSHQ $14
	JMP ·allTraps(SB)

// func trap32()
TEXT ·trap32(SB), NOSPLIT|NOFRAME, $0-0
	PUSHQ $0
	PUSHQ $32
	JMP ·allTraps(SB)

// func trap33()
TEXT ·trap33(SB), NOSPLIT|NOFRAME, $0-0
	PUSHQ $0
	PUSHQ $33
	JMP ·allTraps(SB)

// func allTraps()
TEXT ·allTraps(SB), NOSPLIT|NOFRAME, $0-0
	PUSHQ R15
	PUSHQ R14
	PUSHQ R13
	PUSHQ R12
	PUSHQ R11
	PUSHQ R10
	PUSHQ R9
	PUSHQ R8
	PUSHQ DI
	PUSHQ SI
	PUSHQ BP
	PUSHQ DX
	PUSHQ CX
	PUSHQ BX
	PUSHQ AX
	MOVQ ·current(SB), CX
	FXSAVE64 (CX)
	XORL BP, BP
	PUSHQ SP // the argument of onTrap: the frame
	CALL ·onTrap(SB)
	ADDQ $8, SP
	JMP ·trapret(SB)

// func trapret()
TEXT ·trapret(SB), NOSPLIT|NOFRAME, $0-0
	MOVQ ·current(SB), CX
	FXRSTOR64 (CX)
	POPQ AX
	POPQ BX
	POPQ CX
	POPQ DX
	POPQ BP
	POPQ SI
	POPQ DI
	POPQ R8
	POPQ R9
	POPQ R10
	POPQ R11
	POPQ R12
	POPQ R13
	POPQ R14
	POPQ R15
	ADDQ $16, SP // trap number and error code
	IRETQ

// swtch keeps this stack in old, and goes on where the other one was left, or at the address on its end.
// func swtch(old *uintptr, next uintptr)
TEXT ·swtch(SB), NOSPLIT|NOFRAME, $0-16
	MOVQ old+0(FP), AX
	MOVQ next+8(FP), CX
	PUSHQ BP
	MOVQ SP, (AX)
	MOVQ CX, SP
	POPQ BP
	RET

// Addresses that count their stack by hand are taken here: taken in Go, they are their wrappers'.
// func entries() (trapret, trap14, trap32, trap33 uintptr)
TEXT ·entries(SB), NOSPLIT, $0-32
	LEAQ ·trapret(SB), AX
	MOVQ AX, trapret+0(FP)
	LEAQ ·trap14(SB), AX
	MOVQ AX, trap14+8(FP)
	LEAQ ·trap32(SB), AX
	MOVQ AX, trap32+16(FP)
	LEAQ ·trap33(SB), AX
	MOVQ AX, trap33+24(FP)
	RET

// func fxsave(to *byte)
TEXT ·fxsave(SB), NOSPLIT, $0-8
	MOVQ to+0(FP), AX
	FXSAVE64 (AX)
	RET

// func yield()
TEXT ·yield(SB), NOSPLIT, $0-0
	INT $32
	RET

// func exit()
TEXT ·exit(SB), NOSPLIT, $0-0
	INT $33
	RET

#include "textflag.h"

// The start of a kernel in Go, after eggos (icexin/eggos, pull request 104): what has to be done in
// assembly before the first Go function, whose wrapper clears X15 and reads g through FS.

// func rt0()
TEXT ·rt0(SB), NOSPLIT|NOFRAME, $0-0
	MOVQ $0x80000, SP
	XORL BP, BP
	ADJSP $16
	MOVQ DI, 0(SP) // the loader's magic number
	MOVQ SI, 8(SP) // where its information lies
	CALL ·sseInit(SB)
	CALL ·fsInit(SB)
	CALL ·preinit(SB)
	HLT

// CR0: clear EM, bit 2, and set MP, bit 1. CR4: set OSFXSR and OSXMMEXCPT, bits 9 and 10.
// func sseInit()
TEXT ·sseInit(SB), NOSPLIT|NOFRAME, $0-0
	MOVQ CR0, AX
	ANDQ $~4, AX
	ORQ  $2, AX
	MOVQ AX, CR0
	MOVQ CR4, AX
	ORQ  $(3<<9), AX
	MOVQ AX, CR4
	RET

// The FS base, MSR 0xC0000100, becomes the end of ·tls: its last word, 0, is a fake g.
// func fsInit()
TEXT ·fsInit(SB), NOSPLIT|NOFRAME, $0-0
	MOVL $0xC0000100, CX
	LEAQ ·tls+16(SB), AX
	MOVQ AX, DX
	SHRQ $32, DX
	WRMSR
	RET

// func lidt(table *uint16)
TEXT ·lidt(SB), NOSPLIT, $0-8
	MOVQ table+0(FP), AX
	LIDT (AX)
	RET

// func cr2() uintptr
TEXT ·cr2(SB), NOSPLIT, $0-8
	MOVQ CR2, AX
	MOVQ AX, ret+0(FP)
	RET

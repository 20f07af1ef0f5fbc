#include "textflag.h"

// func triple(x int64) int64
TEXT ·triple(SB), NOSPLIT, $0-16
	MOVQ x+0(FP), AX
	LEAQ (AX)(AX*2), AX
	MOVQ AX, ret+8(FP)
	RET

// func addrOfTriple() uintptr
TEXT ·addrOfTriple(SB), NOSPLIT, $0-8
	MOVQ $·triple(SB), AX
	MOVQ AX, ret+0(FP)
	RET

// func callAt(code uintptr, x int64) int64
TEXT ·callAt(SB), NOSPLIT, $16-24
	MOVQ x+8(FP), AX
	MOVQ AX, 0(SP)
	MOVQ code+0(FP), AX
	CALL AX
	MOVQ 8(SP), AX
	MOVQ AX, ret+16(FP)
	RET

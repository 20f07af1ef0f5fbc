#include "textflag.h"

// func here() uintptr
TEXT ·here(SB), NOSPLIT, $0-8
	MOVQ retpc-8(FP), AX
	MOVQ AX, ret+0(FP)
	RET

// func caller() uintptr
TEXT ·caller(SB), NOSPLIT, $0-8
	MOVQ 8(BP), AX
	MOVQ AX, ret+0(FP)
	RET

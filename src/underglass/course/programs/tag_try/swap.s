#include "textflag.h"

// func swap(to uintptr) (from uintptr)
TEXT ·swap(SB), NOSPLIT, $0-16
	MOVQ to+0(FP), AX
	MOVQ 8(BP), CX
	MOVQ AX, 8(BP)
	MOVQ CX, from+8(FP)
	RET

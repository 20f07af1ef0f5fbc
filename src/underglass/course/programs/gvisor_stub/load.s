#include "textflag.h"

// func load(from uintptr) (value, signal int64)
TEXT ·load(SB), NOSPLIT, $0-24
	MOVQ $0, signal+16(FP)
	MOVQ from+0(FP), CX
	MOVQ (CX), AX
	MOVQ AX, value+8(FP)
	RET

// After a fault in load the thread goes on here, in load's frame.
TEXT ·afterFault(SB), NOSPLIT, $0-24
	MOVQ AX, value+8(FP)
	MOVQ DI, signal+16(FP)
	RET

// func addrOfLoad() uintptr
TEXT ·addrOfLoad(SB), NOSPLIT, $0-8
	MOVQ $·load(SB), AX
	MOVQ AX, ret+0(FP)
	RET

// func addrOfHandler() uintptr
TEXT ·addrOfHandler(SB), NOSPLIT, $0-8
	MOVQ $·handler(SB), AX
	MOVQ AX, ret+0(FP)
	RET

#include "funcdata.h"

// func sortPart(data lessSwap, a, b int)
TEXT ·sortPart(SB), 0, $32-32
	NO_LOCAL_POINTERS
	MOVQ data_Less+0(FP), AX
	MOVQ AX, 0(SP)
	MOVQ data_Swap+8(FP), AX
	MOVQ AX, 8(SP)
	MOVQ a+16(FP), AX
	MOVQ AX, 16(SP)
	MOVQ b+24(FP), AX
	MOVQ AX, 24(SP)
	CALL sort·insertionSort_func(SB)
	RET

// func goroutines() int
TEXT ·goroutines(SB), 4, $0-8
	MOVQ runtime·allglen(SB), AX
	MOVQ AX, ret+0(FP)
	RET

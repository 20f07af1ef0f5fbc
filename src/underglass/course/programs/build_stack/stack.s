#include "textflag.h"

// func buildStack(s []uintptr) int
TEXT ·buildStack(SB), NOSPLIT, $0-32
	MOVQ s_base+0(FP), DI
	MOVQ s_cap+16(FP), SI
	MOVQ BP, DX // a copy: BP is the caller's
	XORL CX, CX
next:
	TESTQ DX, DX
	JEQ done
	CMPQ CX, SI
	JCC done
	MOVQ 8(DX), AX
	MOVQ AX, (DI)(CX*8)
	INCQ CX
	MOVQ 0(DX), DX
	JMP next
done:
	MOVQ CX, ret+24(FP)
	RET

// func bareBP()
TEXT ·bareBP(SB), NOSPLIT|NOFRAME, $0-0
	CALL ·byBP(SB)
	RET

// func bareTable()
TEXT ·bareTable(SB), NOSPLIT|NOFRAME, $0-0
	CALL ·byTable(SB)
	RET

#include "textflag.h"

// func pid() int32
TEXT ·pid(SB), NOSPLIT, $0-4
	MOVQ (TLS), AX
	MOVQ ·mOfG(SB), CX
	MOVQ (AX)(CX*1), AX // g.m
	MOVQ ·pOfM(SB), CX
	MOVQ (AX)(CX*1), AX // m.p
	MOVQ ·idOfP(SB), CX
	MOVL (AX)(CX*1), AX // p.id
	MOVL AX, ret+0(FP)
	RET

// func locks() int32
TEXT ·locks(SB), NOSPLIT, $0-4
	MOVQ (TLS), AX
	MOVQ ·mOfG(SB), CX
	MOVQ (AX)(CX*1), AX
	MOVQ ·lockOf(SB), CX
	MOVL (AX)(CX*1), AX // m.locks
	MOVL AX, ret+0(FP)
	RET

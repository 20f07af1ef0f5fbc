#include "textflag.h"

// func goid() int64
TEXT ·goid(SB), NOSPLIT, $0-8
	MOVQ (TLS), R14
	MOVQ ·offset(SB), CX
	MOVQ (R14)(CX*1), R13
	MOVQ R13, ret+0(FP)
	RET

// func curgid() int64
TEXT ·curgid(SB), NOSPLIT, $0-8
	MOVQ (TLS), R14
	MOVQ ·mOfG(SB), CX
	MOVQ (R14)(CX*1), AX // g.m
	MOVQ ·curgOfM(SB), CX
	MOVQ (AX)(CX*1), AX // m.curg
	MOVQ ·offset(SB), CX
	MOVQ (AX)(CX*1), R13
	MOVQ R13, ret+0(FP)
	RET

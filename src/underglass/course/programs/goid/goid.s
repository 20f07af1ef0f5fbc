#include "textflag.h"

// func fromTLS() int64
TEXT ·fromTLS(SB), NOSPLIT, $0-8
	MOVQ (TLS), R14
	MOVQ ·offset(SB), CX
	MOVQ (R14)(CX*1), R13
	MOVQ R13, ret+0(FP)
	RET

// fromCaller trusts R14, which holds g when a Go function calls.
// func fromCaller() int64
TEXT ·fromCaller(SB), NOSPLIT, $0-8
	MOVQ ·offset(SB), CX
	MOVQ (R14)(CX*1), R13
	MOVQ R13, ret+0(FP)
	RET

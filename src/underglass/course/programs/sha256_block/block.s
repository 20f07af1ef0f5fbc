#include "textflag.h"

// XOR_TURNED takes x, turned right in each lane, into sum by exclusive or. t is scratch.
#define XOR_TURNED(right, left, x, t, sum) \
	MOVOU x, t; \
	PSRLL $right, t; \
	PXOR t, sum; \
	MOVOU x, t; \
	PSLLL $left, t; \
	PXOR t, sum

// SIGMA1 adds to X0 what FIPS 180-4 calls sigma 1 of each lane of x.
#define SIGMA1(x) \
	PXOR X3, X3; \
	XOR_TURNED(17, 15, x, X4, X3); \
	XOR_TURNED(19, 13, x, X4, X3); \
	PSRLL $10, x; \
	PXOR x, X3; \
	PADDL X3, X0

// func block(state *[8]uint32, p []byte)
TEXT ·block(SB), NOSPLIT, $272-32
	MOVQ p_base+8(FP), SI
	MOVQ p_len+16(FP), DX
	SHRQ $6, DX
	JEQ done
	MOVQ DX, left-8(SP)
	LEAQ ·k(SB), DI
again:
	MOVQ $0, R15
load:
	MOVL (SI)(R15*4), R12
	BSWAPL R12
	MOVL R12, (SP)(R15*4)
	INCQ R15
	CMPQ R15, $16
	JLT load
	ADDQ $64, SI
	MOVQ SI, at-16(SP)

schedule: // w[R15] to w[R15+3]
	MOVOU -64(SP)(R15*4), X0
	MOVOU -28(SP)(R15*4), X2
	PADDL X2, X0
	MOVOU -60(SP)(R15*4), X1
	PXOR X3, X3
	XOR_TURNED(7, 25, X1, X4, X3)
	XOR_TURNED(18, 14, X1, X4, X3)
	PSRLL $3, X1
	PXOR X1, X3
	PADDL X3, X0
	MOVQ -8(SP)(R15*4), X1 // the two words before
	SIGMA1(X1)
	MOVOU X0, X1
	PSLLO $8, X1 // the two new words, in the upper lanes
	SIGMA1(X1)
	MOVOU X0, (SP)(R15*4)
	ADDQ $4, R15
	CMPQ R15, $64
	JLT schedule

	MOVQ state+0(FP), SI
	MOVL (SI), AX
	MOVL 4(SI), BX
	MOVL 8(SI), CX
	MOVL 12(SI), DX
	MOVL 16(SI), R8
	MOVL 20(SI), R9
	MOVL 24(SI), R10
	MOVL 28(SI), R11
	MOVQ $0, R15

round: // a to h are AX, BX, CX, DX, R8, R9, R10, R11
	ADDL (SP)(R15*4), R11
	ADDL (DI)(R15*4), R11
	MOVL R8, R12
	RORL $14, R12
	XORL R8, R12
	RORL $5, R12
	XORL R8, R12
	RORL $6, R12
	ADDL R12, R11
	MOVL R9, R12
	XORL R10, R12
	ANDL R8, R12
	XORL R10, R12
	ADDL R12, R11
	MOVL AX, R12
	RORL $9, R12
	XORL AX, R12
	RORL $11, R12
	XORL AX, R12
	RORL $2, R12
	MOVL AX, R13
	ORL BX, R13
	ANDL CX, R13
	ADDL R11, DX
	ADDL R11, R12
	MOVL AX, R11
	ANDL BX, R11
	ORL R11, R13
	ADDL R13, R12
	MOVL R10, R11
	MOVL R9, R10
	MOVL R8, R9
	MOVL DX, R8
	MOVL CX, DX
	MOVL BX, CX
	MOVL AX, BX
	MOVL R12, AX
	INCQ R15
	CMPQ R15, $64
	JLT round

	ADDL AX, (SI)
	ADDL BX, 4(SI)
	ADDL CX, 8(SI)
	ADDL DX, 12(SI)
	ADDL R8, 16(SI)
	ADDL R9, 20(SI)
	ADDL R10, 24(SI)
	ADDL R11, 28(SI)
	MOVQ at-16(SP), SI
	DECQ left-8(SP)
	JNE again
done:
	RET

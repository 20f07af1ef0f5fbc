#include "textflag.h"

// func order(a, b string) int
TEXT ·order(SB), NOSPLIT, $0-40
	MOVQ a_base+0(FP), SI
	MOVQ a_len+8(FP), BX
	MOVQ b_base+16(FP), DI
	MOVQ b_len+24(FP), DX
	MOVQ BX, R8
	CMPQ DX, BX
	CMOVQLT DX, R8 // R8: the bytes that both have
	MOVQ $0, CX    // CX: of these, compared so far
chunk:
	LEAQ 16(CX), R9
	CMPQ R9, R8
	JGT rest
	MOVOU (SI)(CX*1), X0
	MOVOU (DI)(CX*1), X1
	PCMPEQB X0, X1
	PMOVMSKB X1, AX
	XORL $0xffff, AX // a bit is set where the bytes differ
	JNE differ
	MOVQ R9, CX
	JMP chunk
rest:
	CMPQ CX, R8
	JGE lengths
	MOVBLZX (SI)(CX*1), AX
	MOVBLZX (DI)(CX*1), R9
	CMPL AX, R9
	JNE decide
	INCQ CX
	JMP rest
differ:
	BSFL AX, AX
	ADDQ AX, CX
	MOVBLZX (SI)(CX*1), AX
	MOVBLZX (DI)(CX*1), R9
	CMPL AX, R9
decide:
	SETHI AX
	MOVBLZX AX, AX
	LEAQ -1(AX*2), AX // 1 and 0 become +1 and -1
	MOVQ AX, ret+32(FP)
	RET
lengths:
	CMPQ BX, DX
	SETGT AX
	SETLT CX
	SUBL CX, AX
	MOVBQSX AX, AX
	MOVQ AX, ret+32(FP)
	RET

#include "textflag.h"

// func index(b []byte, c byte) int
TEXT ·index(SB), NOSPLIT, $0-40
	MOVQ b_base+0(FP), SI
	MOVQ b_len+8(FP), BX
	MOVBLZX c+24(FP), AX
	MOVQ $0x0101010101010101, CX
	IMULQ CX, AX
	MOVQ AX, X0
	PUNPCKLQDQ X0, X0
	MOVQ SI, DI           // DI: the chunk
	LEAQ -16(SI)(BX*1), R8 // R8: the last chunk
	CMPQ BX, $16
	JLT short
	JMP enter
chunk:
	MOVOU (DI), X1
	PCMPEQB X0, X1
	PMOVMSKB X1, DX
	BSFL DX, DX
	JNE found
	ADDQ $16, DI
enter:
	CMPQ DI, R8
	JCS chunk
	MOVQ R8, DI // it overlaps what was searched, by up to 15 bytes
	MOVOU (DI), X1
	PCMPEQB X0, X1
	PMOVMSKB X1, DX
	BSFL DX, DX
	JNE found
none:
	MOVQ $-1, ret+32(FP)
	RET
found:
	SUBQ SI, DI
	ADDQ DX, DI
	MOVQ DI, ret+32(FP)
	RET
short:
	TESTQ BX, BX
	JEQ none
	MOVQ SI, CX
	ANDQ $0xfff, CX
	CMPQ CX, $0xff0
	JHI backwards // 16 bytes from SI on do not lie in one page
	MOVOU (SI), X1
	PCMPEQB X0, X1
	PMOVMSKB X1, DX
	BSFL DX, DX
	JEQ none
	CMPQ DX, BX
	JGE none // it lies behind the slice
	MOVQ DX, ret+32(FP)
	RET
backwards:
	MOVOU (R8), X1
	PCMPEQB X0, X1
	PMOVMSKB X1, DX
	MOVQ BX, CX
	SHLL CX, DX
	SHRL $16, DX // the bits of what lies before the slice are gone
	BSFL DX, DX
	JEQ none
	MOVQ DX, ret+32(FP)
	RET

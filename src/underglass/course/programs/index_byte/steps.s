#include "textflag.h"

// func indexLoop(b []byte, c byte) int
TEXT ·indexLoop(SB), NOSPLIT, $0-40
	MOVQ b_base+0(FP), SI
	MOVQ b_len+8(FP), BX
	MOVBLZX c+24(FP), AX
	MOVQ $0, CX
	JMP enter
next:
	CMPB AX, (SI)(CX*1)
	JEQ done
	INCQ CX
enter:
	CMPQ CX, BX
	JLT next
	MOVQ $-1, CX
done:
	MOVQ CX, ret+32(FP)
	RET

// find16 looks at 16 bytes, however many the slice has.
// func find16(b []byte, c byte) int
TEXT ·find16(SB), NOSPLIT, $0-40
	MOVQ b_base+0(FP), SI
	MOVBLZX c+24(FP), AX
	MOVQ $0x0101010101010101, CX
	IMULQ CX, AX
	MOVQ AX, X0
	PUNPCKLQDQ X0, X0
	MOVOU (SI), X1
	PCMPEQB X0, X1
	PMOVMSKB X1, DX
	MOVQ $-1, AX
	BSFL DX, CX
	CMOVQNE CX, AX
	MOVQ AX, ret+32(FP)
	RET

// func indexChunks(b []byte, c byte) int
TEXT ·indexChunks(SB), NOSPLIT, $0-40
	MOVQ b_base+0(FP), SI
	MOVQ b_len+8(FP), BX
	MOVBLZX c+24(FP), AX
	MOVQ $0x0101010101010101, CX
	IMULQ AX, CX
	MOVQ CX, X0
	PUNPCKLQDQ X0, X0
	MOVQ $0, CX
	JMP enter
chunk:
	MOVOU (SI)(CX*1), X1
	PCMPEQB X0, X1
	PMOVMSKB X1, R9
	BSFL R9, R9
	JNE found
	ADDQ $16, CX
enter:
	LEAQ 16(CX), DX
	CMPQ DX, BX
	JLE chunk
	JMP rest
next:
	CMPB AX, (SI)(CX*1)
	JEQ done
	INCQ CX
rest:
	CMPQ CX, BX
	JLT next
	MOVQ $-1, CX
	JMP done
found:
	ADDQ R9, CX
done:
	MOVQ CX, ret+32(FP)
	RET

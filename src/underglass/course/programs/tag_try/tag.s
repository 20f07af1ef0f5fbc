#include "textflag.h"

// func newTag() (t tag, err error)
TEXT ·newTag(SB), NOSPLIT, $0-32
	MOVQ retpc-8(FP), AX
	MOVQ AX, t_pc+0(FP)
	MOVQ 8(BP), AX // the caller's own return address
	MOVQ AX, t_parent+8(FP)
	MOVQ $0, err_itable+16(FP)
	MOVQ $0, err_data+24(FP)
	RET

// func try(t tag, err error) (ours bool)
TEXT ·try(SB), NOSPLIT, $0-33
	MOVQ 8(BP), AX
	CMPQ AX, t_parent+8(FP)
	SETEQ ours+32(FP)
	JNE out // the tag is another function's
	CMPQ err_itable+16(FP), $0
	JEQ out
	MOVQ t_pc+0(FP), AX
	MOVQ AX, retpc-8(FP) // the jump
out:
	RET

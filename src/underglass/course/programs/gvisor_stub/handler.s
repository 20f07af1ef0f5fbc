#include "textflag.h"

// What Linux calls at SIGSEGV. DI has the signal's number, SI a siginfo, DX the registers (ucontext).
TEXT ·handler(SB), NOSPLIT|NOFRAME, $0-0
	MOVQ 168(DX), CX // RIP of the instruction at fault
	CMPQ CX, ·begin(SB)
	JCS  notOurs
	CMPQ CX, ·end(SB)
	JCC  notOurs
	LEAQ ·afterFault(SB), CX
	MOVQ CX, 168(DX) // RIP: go on there
	MOVQ 16(SI), CX
	MOVQ CX, 144(DX) // RAX: the address at fault
	MOVQ DI, 104(DX) // RDI: the signal
	RET
notOurs:
	MOVQ ·former(SB), AX
	JMP  AX

#include "textflag.h"

#define NOP8 BYTE $0x90; BYTE $0x90; BYTE $0x90; BYTE $0x90; BYTE $0x90; BYTE $0x90; BYTE $0x90; BYTE $0x90
#define NOP64 NOP8; NOP8; NOP8; NOP8; NOP8; NOP8; NOP8; NOP8
#define NOP512 NOP64; NOP64; NOP64; NOP64; NOP64; NOP64; NOP64; NOP64
#define NOP4096 NOP512; NOP512; NOP512; NOP512; NOP512; NOP512; NOP512; NOP512

// The first page of a range, and the bytes from there to the end of its last page.
#define PAGES(addr, size, first, length) \
	MOVQ addr, first; \
	MOVQ size, length; \
	MOVQ first, AX; \
	ANDQ $0x0fff, AX; \
	ANDQ $~0x0fff, first; \
	ADDQ AX, length; \
	MOVQ length, CX; \
	ANDQ $0x0fff, CX; \
	MOVQ $0x1000, AX; \
	SUBQ CX, AX; \
	TESTQ CX, CX; \
	CMOVQNE AX, CX; \
	ADDQ CX, length

// func pages(addr, size uintptr) (first, length uintptr)
TEXT ·pages(SB), NOSPLIT, $0-32
	PAGES(addr+0(FP), size+8(FP), DI, SI)
	MOVQ DI, first+16(FP)
	MOVQ SI, length+24(FP)
	RET

// func replaceCode(addr uintptr, data unsafe.Pointer, size, mprotect, rw, rx uintptr)
TEXT ·replaceCode(SB), NOSPLIT, $0-48
	JMP  start
	NOP4096
start:
	PAGES(addr+0(FP), size+16(FP), DI, SI)
	MOVQ DI, R8
	MOVQ SI, R9
	MOVQ mprotect+24(FP), AX
	MOVQ rw+32(FP), DX
	SYSCALL
	MOVQ addr+0(FP), DI
	MOVQ data+8(FP), SI
	MOVQ size+16(FP), CX
	REP
	MOVSB
	MOVQ R8, DI
	MOVQ R9, SI
	MOVQ mprotect+24(FP), AX
	MOVQ rx+40(FP), DX
	SYSCALL
	JMP  end
	NOP4096
end:
	RET

// func replaceBare(addr uintptr, data unsafe.Pointer, size, mprotect, rw, rx uintptr)
TEXT ·replaceBare(SB), NOSPLIT, $0-48
	PAGES(addr+0(FP), size+16(FP), DI, SI)
	MOVQ DI, R8
	MOVQ SI, R9
	MOVQ mprotect+24(FP), AX
	MOVQ rw+32(FP), DX
	SYSCALL
	MOVQ addr+0(FP), DI
	MOVQ data+8(FP), SI
	MOVQ size+16(FP), CX
	REP
	MOVSB
	MOVQ R8, DI
	MOVQ R9, SI
	MOVQ mprotect+24(FP), AX
	MOVQ rx+40(FP), DX
	SYSCALL
	RET

// func neighbour(x int64) int64
TEXT ·neighbour(SB), NOSPLIT, $0-16
	MOVQ x+0(FP), AX
	MOVQ AX, ret+8(FP)
	RET

// func addrOfNeighbour() uintptr
TEXT ·addrOfNeighbour(SB), NOSPLIT, $0-8
	MOVQ $·neighbour(SB), AX
	MOVQ AX, ret+0(FP)
	RET

package main

import "encoding/binary"

const branchSize = 12 // bytes of jumpInto, and of jumpTo

// jumpInto is MOVQ $value, DX; JMP (DX): it enters the func value at that address, as Go's own calls do.
func jumpInto(value uintptr) []byte { return append(moveToDX(value), 0xff, 0x22) }

// jumpTo is MOVQ $code, DX; JMP DX.
func jumpTo(code uintptr) []byte { return append(moveToDX(code), 0xff, 0xe2) }

func moveToDX(value uintptr) []byte {
	return binary.LittleEndian.AppendUint64([]byte{0x48, 0xba}, uint64(value))
}

// cutAt returns the bytes of the first whole instructions that are size bytes or more.
func cutAt(at, size uintptr) uintptr {
	cut := uintptr(0)
	for cut < size {
		cut += length(textAt(at+cut, 15))
	}
	return cut
}

// length returns the bytes of one instruction of those that Go's compiler begins functions with; it panics
// at others. It reads prefixes, opcode, ModRM and SIB, displacement, and immediate, in this order.
func length(code []byte) uintptr {
	n, immediate, wide := uintptr(0), uintptr(4), false
	for code[n] == 0x66 || code[n] == 0xf2 || code[n] == 0xf3 || code[n] == 0x64 {
		if code[n] == 0x66 {
			immediate = 2
		}
		n++
	}
	if code[n]&0xf0 == 0x40 { // REX
		wide = code[n]&8 != 0
		n++
	}
	op := code[n]
	n++
	switch {
	case op == 0x0f:
		return twoBytes(code, n)
	case op&0xf0 == 0x50, op == 0x90, op == 0xc3, op == 0xcc: // PUSHQ, POPQ, NOP, RET, INT3
		return n
	case op&0xf0 == 0x70, op == 0xeb, op&0xc7 == 0x04, op == 0xa8: // Jcc and JMP rel8; AL and imm8
		return n + 1
	case op == 0xe8, op == 0xe9: // CALL, JMP rel32
		return n + 4
	case op&0xc7 == 0x05, op == 0xa9: // AX and imm32
		return n + immediate
	case op&0xf8 == 0xb8: // MOV imm, register
		if wide {
			return n + 8
		}
		return n + immediate
	case op == 0x80, op == 0x83, op == 0xc0, op == 0xc1, op == 0xc6, op == 0x6b:
		return n + operand(code[n:]) + 1
	case op == 0x81, op == 0xc7, op == 0x69:
		return n + operand(code[n:]) + immediate
	case op == 0xf6 && code[n]&0x38 == 0: // TESTB $imm
		return n + operand(code[n:]) + 1
	case op == 0xf7 && code[n]&0x38 == 0: // TESTL $imm
		return n + operand(code[n:]) + immediate
	case op < 0x40 && op&7 < 4, op >= 0x84 && op <= 0x8d, op == 0x63, op >= 0xd0 && op <= 0xd3, op >= 0xf6:
		return n + operand(code[n:])
	}
	panic("length: an opcode that is not in the list")
}

// twoBytes goes on after 0F.
func twoBytes(code []byte, n uintptr) uintptr {
	op := code[n]
	n++
	switch {
	case op == 0x05, op == 0x0b, op == 0xa2, op&0xf8 == 0xc8, op == 0x31: // SYSCALL, UD2, CPUID, BSWAP, RDTSC
		return n
	case op&0xf0 == 0x80: // Jcc rel32
		return n + 4
	case op == 0xba, op == 0xc2, op == 0xc6, op == 0x70, op == 0xa4, op == 0xac:
		return n + operand(code[n:]) + 1
	}
	return n + operand(code[n:])
}

// operand returns the bytes of ModRM, SIB and displacement.
func operand(code []byte) uintptr {
	mode, memory := code[0]>>6, code[0]&7
	if mode == 3 {
		return 1
	}
	n := uintptr(1)
	if memory == 4 {
		n++
		memory = code[1] & 7
	}
	switch {
	case mode == 1:
		return n + 1
	case mode == 2, memory == 5:
		return n + 4
	}
	return n
}

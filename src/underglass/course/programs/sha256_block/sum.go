// SHA-256 (FIPS 180-4): padding and tables in Go, a block in assembly with SSE2 alone.
package main

import (
	"crypto/sha256"
	"encoding/binary"
	"math"
)

const chunk = 64 // bytes in a block

// k has the first 32 bits of the fractions of the cube roots of 64 primes, and start those of 8 square roots.
var (
	k     [64]uint32
	start [8]uint32
)

// block takes whole blocks into the state. It keeps neither of the two pointers.
//
//go:noescape
func block(state *[8]uint32, p []byte)

func init() {
	found := 0
	for n := 2; found < len(k); n++ {
		if isPrime(n) {
			k[found] = fraction(math.Cbrt(float64(n)))
			if found < len(start) {
				start[found] = fraction(math.Sqrt(float64(n)))
			}
			found++
		}
	}
}

func isPrime(n int) bool {
	for d := 2; d*d <= n; d++ {
		if n%d == 0 {
			return false
		}
	}
	return true
}

func fraction(x float64) uint32 { return uint32((x - math.Floor(x)) * (1 << 32)) }

func main() {
	data := make([]byte, 200)
	wrong := 0
	for n := range data {
		data[n] = byte(7 * n)
		if sum(data[:n]) != sha256.Sum256(data[:n]) {
			wrong++
		}
	}
	println("lengths 0 to 199:", wrong, "wrong")
}

// sum is SHA-256 of data.
func sum(data []byte) (digest [32]byte) {
	state := start
	whole := len(data) / chunk * chunk
	block(&state, data[:whole])
	block(&state, padded(data[whole:], len(data)))
	for i, word := range state {
		binary.BigEndian.PutUint32(digest[4*i:], word)
	}
	return digest
}

// padded ends a message: a bit, zeros up to the end of a block, and in its last 8 bytes the length in bits.
func padded(rest []byte, length int) []byte {
	end := make([]byte, (len(rest)+8)/chunk*chunk+chunk)
	copy(end, rest)
	end[len(rest)] = 0x80
	binary.BigEndian.PutUint64(end[len(end)-8:], uint64(length)*8)
	return end
}

// oneBlock is the state after one block, from the start.
func oneBlock(p []byte) (state [8]uint32) {
	state = start
	block(&state, p)
	return state
}

func byLibrary(data []byte) [32]byte { return sha256.Sum256(data) }

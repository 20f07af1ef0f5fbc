// Functions of many kinds for tests/agreement/extract.py: each is compiled, extracted to assembly, and compared.
package main

import (
	"math"
	"math/bits"
	"strings"
	"unicode/utf8"
)

type point struct{ X, Y int64 }

type pixel struct {
	R, G, B uint8
	A       uint16
	W       float32
}

type tree struct {
	left, right *tree
	value       int
}

type celsius float64

type pair struct {
	name string
	n    int32
}

var primes = [...]int{2, 3, 5, 7, 11, 13, 17, 19}

var scale = 3

func addInt(x, y int) int { return x + y }

func addInt8(x, y int8) int8 { return x + y }

func subInt16(x, y int16) int16 { return x - y }

func mulInt32(x, y int32) int32 { return x * y }

func mulInt64(x, y int64) int64 { return x*y + 3 }

func addUint8(x, y uint8) uint8 { return x + 2*y }

func rotUint16(x uint16) uint16 { return x<<3 | x>>13 }

func mixUint32(x uint32) uint32 {
	x ^= x >> 16
	x *= 0x7feb352d
	x ^= x >> 15
	x *= 0x846ca68b
	return x ^ x>>16
}

func mixUint64(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

func shiftBy(x int64, n uint8) int64 { return x >> n }

func shiftLeft(x uint32, n uint) uint32 { return x << n }

func divide(x, y int64) int64 { return x / y }

func divmod32(x, y int32) (q, r int32) { return x / y, x % y }

func divideBy7(x int) int { return x / 7 }

func unsignedMod(x, y uint64) uint64 { return x % y }

func isEven(x int) bool { return x%2 == 0 }

func between(x, low, high int) bool { return low <= x && x < high }

func choose(c bool, x, y int) int {
	if c {
		return x
	}
	return y
}

func sign(x int) int {
	switch {
	case x < 0:
		return -1
	case x > 0:
		return 1
	}
	return 0
}

func gcd(x, y uint64) uint64 {
	for y != 0 {
		x, y = y, x%y
	}
	return x
}

func fibonacci(n uint8) uint64 {
	a, b := uint64(0), uint64(1)
	for range n {
		a, b = b, a+b
	}
	return a
}

func collatz(n uint16) int {
	steps, x := 0, uint64(n)
	for x > 1 {
		if x&1 == 0 {
			x >>= 1
		} else {
			x = 3*x + 1
		}
		steps++
	}
	return steps
}

func addFloat64(x, y float64) float64 { return x + y*1.5 }

func addFloat32(x, y float32) float32 { return x - y/3 }

func hypotenuse(x, y float64) float64 { return math.Sqrt(x*x + y*y) }

func fahrenheit(c celsius) float64 { return float64(c)*9/5 + 32 }

func toInt(x float64) int64 { return int64(x) }

func toFloat(x int64, y uint32) float64 { return float64(x) + float64(y) }

func toFloat32(x float64) float32 { return float32(x) }

func absolute(x float64) float64 { return math.Abs(x) }

func smaller(x, y float64) bool { return x < y }

func maximum(x, y float64) float64 { return max(x, y) }

func floatBits(x float64) uint64 { return math.Float64bits(x) }

func polynomial(x float64) float64 { return ((2*x-3)*x+0.5)*x - 7 }

func product(x, y complex128) complex128 { return x * y }

func length(s string) int { return len(s) }

func firstByte(s string) byte { return s[0] }

func byteAt(s string, i int) byte { return s[i] }

func countByte(s string, c byte) int {
	n := 0
	for i := 0; i < len(s); i++ {
		if s[i] == c {
			n++
		}
	}
	return n
}

func hashString(s string) uint32 {
	h := uint32(2166136261)
	for i := range len(s) {
		h = (h ^ uint32(s[i])) * 16777619
	}
	return h
}

func countRunes(s string) int {
	n := 0
	for _, r := range s {
		if r > 127 {
			n += 2
		} else {
			n++
		}
	}
	return n
}

func isYes(s string) bool { return s == "yes" || s == "a rather long affirmative answer" }

func sameString(s, t string) bool { return s == t }

func lessString(s, t string) bool { return s < t }

func prefix(s string, n int) string { return s[:n] }

func middle(s string, i, j int) string { return s[i:j] }

func digit(n uint) string { return "0123456789"[n%10 : n%10+1] }

func dayName(n int) string {
	switch n {
	case 0:
		return "Sunday"
	case 1:
		return "Monday"
	case 2:
		return "Tuesday"
	case 3:
		return "Wednesday"
	case 4:
		return "Thursday"
	case 5:
		return "Friday"
	case 6:
		return "Saturday"
	}
	return "no day"
}

func operate(op uint8, x, y int) int {
	switch op % 10 {
	case 0:
		return x + y
	case 1:
		return x - y
	case 2:
		return x * y
	case 3:
		return x & y
	case 4:
		return x | y
	case 5:
		return x ^ y
	case 6:
		return x &^ y
	case 7:
		return -x
	case 8:
		return ^y
	}
	return x<<7 - y
}

func sum(s []int) int {
	total := 0
	for _, x := range s {
		total += x
	}
	return total
}

func sumBytes(s []byte) (total uint64) {
	for _, x := range s {
		total += uint64(x)
	}
	return
}

func mean(s []float64) float64 {
	total := 0.0
	for _, x := range s {
		total += x
	}
	return total / float64(len(s))
}

func element(s []int32, i int) int32 { return s[i] }

func tail(s []int, i int) []int { return s[i:] }

func window(s []uint16, i, j int) []uint16 { return s[i:j:j] }

func index(s []int64, x int64) int {
	for i, y := range s {
		if x == y {
			return i
		}
	}
	return -1
}

func search(s []int, x int) (int, bool) {
	low, high := 0, len(s)
	for low < high {
		middle := int(uint(low+high) >> 1)
		if s[middle] < x {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low, low < len(s) && s[low] == x
}

func reverse(s []int) {
	for i, j := 0, len(s)-1; i < j; i, j = i+1, j-1 {
		s[i], s[j] = s[j], s[i]
	}
}

func insertionSort(s []int) {
	for i := 1; i < len(s); i++ {
		for j := i; j > 0 && s[j] < s[j-1]; j-- {
			s[j], s[j-1] = s[j-1], s[j]
		}
	}
}

func dot(p, q point) int64 { return p.X*q.X + p.Y*q.Y }

func swap(p point) point { return point{p.Y, p.X} }

func brightness(p pixel) float32 { return (float32(p.R) + float32(p.G) + float32(p.B)) * p.W / float32(p.A+1) }

func grey(n uint8) pixel { return pixel{n, n, n, 0xffff, 0.25} }

func move(p *point, dx, dy int64) {
	p.X += dx
	p.Y += dy
}

func (p point) manhattan() int64 { return max(p.X, -p.X) + max(p.Y, -p.Y) }

func (p *point) scaled(n int64) point { return point{p.X * n, p.Y * n} }

func sumArray(a [4]int) int { return a[0] + a[1]*2 + a[2]*3 + a[3]*4 }

func table(i int) int { return primes[i] * scale }

func localTable(i uint) int32 { return [...]int32{5, -3, 8, 1, 13, 21, -34, 55}[i%8] }

func manyArguments(a, b, c, d, e, f, g, h, i, j, k int, x float64) (int, int, float64) {
	return a + b + c + d, e*f - g + h ^ i - j + k, x * 2
}

func depth(t *tree) int {
	n := 0
	for t != nil {
		n, t = n+t.value, t.left
	}
	return n
}

func find(t *tree, x int) *tree {
	for t != nil && t.value != x {
		if x < t.value {
			t = t.left
		} else {
			t = t.right
		}
	}
	return t
}

func factorial(n uint8) uint64 {
	if n < 2 {
		return 1
	}
	return uint64(n) * factorial(n-1)
}

func ackermann(m, n uint8) int { return ack(int(m%3), int(n%8)) }

//go:noinline
func ack(m, n int) int {
	if m == 0 {
		return n + 1
	}
	if n == 0 {
		return ack(m-1, 1)
	}
	return ack(m-1, ack(m, n-1))
}

func sumOfHashes(s []string) (total uint64) {
	for _, x := range s {
		total = total*31 + uint64(hashOf(x))
	}
	return
}

//go:noinline
func hashOf(s string) uint32 { return hashString(s) }

func both(x int, y float64, s string) (int, float64, string) { return spread(x+1, y, s) }

//go:noinline
func spread(x int, y float64, s string) (int, float64, string) { return 2 * x, y + 0.5, s[len(s)/2:] }

func contains(s, t string) bool { return strings.Contains(s, t) }

func leading(x uint64) int { return bits.LeadingZeros64(x) + bits.OnesCount64(x) }

func wide(x, y uint64) (uint64, uint64) { return bits.Mul64(x, y) }

func carry(x, y uint64) (uint64, uint64) { return bits.Add64(x, y, 1) }

func swapped(x uint32) uint32 { return bits.ReverseBytes32(x) }

func validUTF8(s string) bool { return utf8.ValidString(s) }

func histogram(s []byte) int {
	var counts [16]int
	for _, x := range s {
		counts[x&15]++
	}
	best := 0
	for i, n := range counts {
		if n > counts[best] {
			best = i
		}
	}
	return best
}

func totalLength(p []pair) (n int) {
	for _, x := range p {
		n += len(x.name) * int(x.n)
	}
	return
}

func zeros(n int) [4]uint64 { return [4]uint64{0, uint64(n)} }

func describe(x any) bool { return x == nil }

func largeFrame(s []byte, n int) (total int) {
	var seen [256]uint16
	for _, x := range s {
		seen[x]++
	}
	for i, x := range seen {
		total += i * int(x)
	}
	return total + ack(0, n)
}

func callsTwice(s string, x float64) (int, float64) {
	n, y, _ := spread(len(s), x, s)
	m := ack(0, n)
	return m + len(s), y + x
}

func slice3(s []int32, i, j, k int) []int32 { return s[i:j:k] }

func sliceTo(s []int32, j uint8) []int32 { return s[:j] }

func shifted(x, n int) int { return x << n }

func byFour(x [2]int8, i uint) int8 { return x[i] }

func trig(x float64) float64 { return math.Floor(x) + math.FMA(x, 2, 1) }

func registers(AX, R8, g, SP int) int { return AX - R8*g + SP }

func blank(_ int, x int, _ string) (int, string) { return x, "ok" }

func variadic(xs ...int8) (n int8) {
	for _, x := range xs {
		n += x
	}
	return
}

func empty(e struct{}, x int) int { return x + 1 }

func bigArray(a [3]string, i int) string { return a[i] }

func parts(c complex64) (re, im float32) { return real(c) + 1, imag(c) }

func logic(a, b, c bool) bool { return a && b || !c }

func unsignedIndex(s []int, i uint) int { return s[i] }

func nested(p [1]pair) (string, int32) { return p[0].name, p[0].n + 1 }

func manyStrings(a, b, c, d, e, f string) int { return passStrings(a, b, c, d, e, f) + len(f) }

//go:noinline
func passStrings(a, b, c, d, e, f string) int { return len(a) + 2*len(b) + 3*len(c) + 4*len(d) + 5*len(e) + 6*len(f) }

//go:noinline
func passArray(a [3]int32, x int8) (b [2]int16, y bool) { return [2]int16{int16(a[0]), int16(a[2])}, x > int8(a[1]) }

func arrays(a [3]int32, x int8) ([2]int16, bool) {
	b, y := passArray(a, x)
	b[1]++
	return b, !y
}

// What is refused, each for a reason of its own.

func allocates(n int) *point { return &point{int64(n), 1} }

func appends(s []int, n int) []int { return append(s, n) }

func concatenates(s, t string) string { return s + t }

func writesPointer(t *tree, u *tree) { t.left = u }

func defers(f func()) (n int) {
	defer func() { n = 2 }()
	f()
	return 1
}

func recovers() (x any) {
	defer func() { x = recover() }()
	panic("p")
}

func closes(n int) func() int { return func() int { n++; return n } }

func callsValue(f func(int) int, n int) int { return f(n) }

func callsMethod(e error) string { return e.Error() }

func selects(c, d chan int) int {
	select {
	case x := <-c:
		return x
	case x := <-d:
		return -x
	}
}

func starts(c chan int) { go func() { c <- 1 }() }

func asserts(x any) int { return x.(int) }

func panics(n int) { panic(n) }

func generic[T ~int | ~uint8](x T) T { return x + 1 }

func usesGeneric(n int) int { return generic(n) }

func keepsPointer(t *tree, n int) int {
	u := find(t, n)
	k := ack(0, n)
	return k + u.value
}

func mapLookup(m map[string]int, k string) int { return m[k] }

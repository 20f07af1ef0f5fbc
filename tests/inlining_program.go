package main

import "encoding/binary"

type shape interface{ area() int }
type sq struct{ a int }

func (s sq) area() int { return s.a * s.a }

type wrap struct{ sq }

func use(s shape) int { return s.area() }
func dev() int        { var s shape = sq{3}; return s.area() }
func rec() (r int) {
	defer func() {
		if recover() != nil {
			r = 1
		}
	}()
	panic(3)
}
func must(b bool) {
	if !b {
		panic("no")
	}
}
func le(b []byte) uint32 { return binary.LittleEndian.Uint32(b) }
func app(s []int) []int  { return append(s[:len(s)], s[0:]...) }
func lab() int {
outer:
	for i := 0; i < 3; i++ {
		for {
			continue outer
		}
	}
	return 1
}
func sw(n int) int {
	switch n {
	case 1:
		fallthrough
	case 2:
		return 2
	default:
		return 3
	}
}
func sel(c chan int) int {
	select {
	case v := <-c:
		return v
	default:
		return 0
	}
}
func gen[T any](x T, f func(T) T) T { return f(x) }
func Map[T, U any](s []T, f func(T) U) []U {
	var r []U
	for _, x := range s {
		r = append(r, f(x))
	}
	return r
}
func closure() int {
	n := 0
	add := func(d int) { n += d }
	add(1)
	add(2)
	func() { n++ }()
	return n
}
func nested() func() func() int {
	return func() func() int { x := 1; return func() int { x++; return x } }
}

const debug = false

func dead(n int) int {
	if debug {
		println(n, n, n, n, n, n)
	}
	return n
}
func mk() map[string][]int             { return map[string][]int{"a": {1, 2}, "b": nil} }
func deref(p *[4]int, q **int) int     { return p[1] + **q + len(p) }
func blank(_ int, _ ...string) (_ int) { return }
func _()                               { println("never") }
func method() func() int               { return wrap{sq{2}}.area }
func expr() int                        { return sq.area(sq{2}) + wrap.area(wrap{}) }
func main() {
	println(use(sq{1}), dev(), rec(), le(nil), len(app(nil)), lab(), sw(1), sel(nil), gen(1, func(i int) int { return i }), len(Map([]int{1}, func(i int) string { return "" })), closure(), nested()()(), dead(1), len(mk()), deref(nil, nil), blank(1), method()(), expr())
	must(true)
	min, max := min(1, 2), max(3, 4)
	println(min, max)
}
